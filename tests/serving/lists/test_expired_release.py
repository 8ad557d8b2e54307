"""A model serves until the last day of what its release depends on, and not a second longer."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from fixtures import evidence
from fixtures import golden_force as golden
from fixtures.desk_browser import STARTED_AT, client_of
from typer.testing import CliRunner

from serving.desk.governance.standing import what_ranks
from serving.lists import rankings
from serving.lists.making import ListOptions, explain_relationship, make_list
from threat.asof import DAY, parse_as_of
from threat.ids import show_id
from threat.release import kept
from threat.release.bundle import Bundle
from threat.release.documents.approvals import Approvals
from threat.release.documents.gate import Acceptance
from threat.release.envelopes import statement, verified_statements
from threat.release.lapses import service_until
from threat.release.statements import Withdrawal
from threat.trust.demonstration import signers_by_role
from threat.trust.folder import Trust
from training.gate.commands import app as gate_commands

LAST_DAY = "2025-02-10"
LAST_SECOND = parse_as_of("2025-02-11") - 1
ENDED = "What the release of the model depends on ended on 10 February 2025"
SAID = f"{ENDED}: the acceptance of person_at_risk/sex in fairness."


def until(*days: str) -> list[Acceptance]:
    """Acceptances that end so, each of another thing: the last is of person_at_risk/sex."""
    things = ("subject/sex", "person_at_risk/sex")[2 - len(days) :]
    return [
        evidence.acceptance(about=about, expires=date.fromisoformat(day))
        for about, day in zip(things, days, strict=True)
    ]


@pytest.fixture(scope="module")
def lasting_var(release: Callable[..., str], golden_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small model's list, published; the earlier of its two acceptances ends on LAST_DAY."""
    var = tmp_path_factory.mktemp("lasting")
    release(golden_store, var, accepted=until("2025-03-01", LAST_DAY), approved=True)
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


def test_a_withdrawn_approval_stops_the_model_at_the_next_request(open_desk, lasting_var, golden_store, tmp_path):
    """Nobody runs a verb: the withdrawal is kept, and the desk, the next list and the command say so."""
    var = shutil.copytree(lasting_var, tmp_path / "var")
    client, chain = client_of(open_desk(var, clock=lambda: LAST_SECOND)), var / kept.FILE
    before = client.get("/api/v1/queue").json()["listing"]
    trust = Trust.open()
    sro, validator = (signers_by_role(trust)[role] for role in ("SRO", "validator"))
    [approval] = verified_statements(bundle_of(var).read(Approvals).envelopes(), trust)
    for signer, seen in ((validator, "model"), (sro, "rule")):  # not somebody in another role
        said = Withdrawal(on=date(2025, 2, 9), statement=approval.sha256, reason="in doubt")
        kept.keep_withdrawal(chain, statement(said, signer), signer, trust, at=LAST_SECOND)
        after = client.get("/api/v1/queue").json()["listing"]
        assert after["ranking"] == seen
    words = (
        "The approval of DEMONSTRATION SRO (SRO), which the release of the model depends on, was withdrawn by "
        "DEMONSTRATION SRO on 2025-02-09: in doubt."
    )
    assert (before["ranking"], after["ranking_note"], after["as_of"]) == ("model", words, before["as_of"])
    assert words in client.get("/").text
    standing = what_ranks(open_desk(var, clock=lambda: LAST_SECOND))  # on the last day of an acceptance, too
    assert (standing.by_model, standing.note, standing.since, standing.until) == (False, words, "", "")
    made = make_list(golden_store, var, golden.AS_OF + DAY, ListOptions(capacity=3), started_at=LAST_SECOND)
    assert made.basis.ranking_note.endswith(words)
    service = service_until(var, LAST_SECOND)
    assert service.says == f"run-1 (live) is not served: {words[:-1]}. The rule ranking is."
    chain.write_bytes(chain.read_bytes()[:-20])  # damaged, it says nothing: no list is shown
    assert client.get("/api/v1/queue").status_code == 503


def test_until_when_the_model_may_be_served(lasting_var):
    service = service_until(lasting_var, LAST_SECOND)
    assert service.says == (
        "run-1 is live until 10 February 2025, which is the end of: the acceptance of person_at_risk/sex in fairness."
    )
    assert service_until(lasting_var, LAST_SECOND + 1).lapsed == SAID.removesuffix(".")
    # By the clock of the command it is over; without promotions it says nothing of service.
    said = CliRunner().invoke(gate_commands, ["gate-events", "--var", str(lasting_var)])
    assert said.exit_code == 0, said.exception
    assert said.stdout.endswith(f"run-1 (live) is not served: {SAID} The rule ranking is.\n")
    nothing = CliRunner().invoke(gate_commands, ["gate-events", "--var", str(lasting_var / "lists"), "--json"])
    assert sorted(json.loads(nothing.stdout)) == ["needed", "policy_version"]


def bundle_of(var: Path) -> Bundle:
    _, bundle = rankings.in_service(var / "promotions.jsonl", STARTED_AT)
    assert bundle is not None
    return bundle


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
        (("2025-03-01", "2025-01-31"), date(2025, 1, 31)),
        (("2025-01-31", "2025-03-01"), date(2025, 1, 31)),
    ],
)
def test_the_last_day(release, golden_store, tmp_path, accepted, last):
    release(golden_store, tmp_path, accepted=until(*accepted))
    _, bundle = rankings.in_service(tmp_path / "promotions.jsonl", STARTED_AT)
    assert bundle is not None
    assert bundle.released.expires == last
