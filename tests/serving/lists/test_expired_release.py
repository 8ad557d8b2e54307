"""A model serves until the last day of what its release depends on, and not a second longer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from fixtures import evidence
from fixtures import golden_force as golden
from fixtures.desk_browser import STARTED_AT, client_of

from serving.lists import rankings
from serving.lists.making import ListOptions, explain_relationship, make_list
from threat.asof import DAY, parse_as_of
from threat.ids import show_id
from threat.release.documents.gate import Acceptance

LAST_DAY = "2025-02-10"
LAST_SECOND = parse_as_of("2025-02-11") - 1
SAID = "What the release of the model depends on ended on 10 February 2025."


def until(*days: str) -> list[Acceptance]:
    return [evidence.acceptance(expires=date.fromisoformat(day)) for day in days]


@pytest.fixture(scope="module")
def lasting_var(release: Callable[..., str], golden_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small model's list, published; the earlier of its two acceptances ends on LAST_DAY."""
    var = tmp_path_factory.mktemp("lasting")
    release(golden_store, var, accepted=until("2025-03-01", LAST_DAY))
    make_list(golden_store, var, golden.AS_OF, ListOptions(capacity=3, publish=True), started_at=STARTED_AT)
    return var


def test_the_desk_before_and_after(open_desk, lasting_var):
    at = [LAST_SECOND]
    desk = open_desk(lasting_var, clock=lambda: at[0])
    shown = {}
    for now in (LAST_SECOND, LAST_SECOND + 1):
        at[0] = now
        client = client_of(desk, "analyst")
        card = client.get("/api/v1/models/current/card")
        shown[now] = (client.get("/api/v1/queue").json()["listing"], card, client.get("/model-card").text)
    (before, card, page), (after, no_card, rule_page) = shown.values()
    assert (before["ranking"], card.status_code) == ("model", 200)
    assert SAID not in page
    assert (after["ranking"], after["ranking_note"], no_card.status_code) == ("rule", SAID, 404)
    assert no_card.json()["value"] == "suspended"
    assert "No model is in service. A rule orders the list" in rule_page
    assert SAID in rule_page
    assert (after["as_of"], after["capacity"]) == (before["as_of"], before["capacity"])


@pytest.mark.parametrize(("at", "kind", "note"), [(LAST_SECOND, "model", ""), (LAST_SECOND + 1, "rule", SAID)])
def test_the_commands_before_and_after(golden_store, lasting_var, at, kind, note):
    made = make_list(golden_store, lasting_var, golden.AS_OF + DAY, ListOptions(capacity=3), started_at=at)
    assert made.basis.ranking == kind
    assert made.basis.ranking_note.endswith(note)
    reference = show_id("R", golden.relationship_id("G01"))
    explained = explain_relationship(golden_store, lasting_var, reference, golden.AS_OF, started_at=at)
    assert explained["ranking"] == kind
    assert explained["ranking_note"].endswith(note)


def test_what_expired_can_still_be_read_for_replay(lasting_var, golden_store):
    from serving.lists.making import replay_list

    made = make_list(golden_store, lasting_var, golden.AS_OF, ListOptions(capacity=3), started_at=STARTED_AT)
    assert replay_list(golden_store, lasting_var, made.id, started_at=LAST_SECOND + DAY)["same"] is True


@pytest.mark.parametrize(
    ("accepted", "last"),
    [
        ((), None),
        (("2025-03-01",), date(2025, 3, 1)),
        (("2025-03-01", "2025-02-10"), date(2025, 2, 10)),
        (("2025-03-01", "2025-01-31"), date(2025, 1, 31)),
    ],
)
def test_the_last_day(release, golden_store, tmp_path, accepted, last):
    release(golden_store, tmp_path, accepted=until(*accepted))
    _, bundle = rankings.in_service(tmp_path / "promotions.jsonl", STARTED_AT)
    assert bundle is not None
    assert bundle.released.expires == last
