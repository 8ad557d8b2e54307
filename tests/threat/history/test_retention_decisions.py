"""A review that was held and a legal hold are signed records: they keep records, and an erasure is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from fixtures.history_rows import BATCH, events
from fixtures.trusted import Trusted
from typer.testing import CliRunner

from threat.asof import parse_as_of
from threat.errors import IntegrityFailure, UsageError
from threat.history import Store
from threat.history.commands import app
from threat.history.erasure import Asked, erase
from threat.history.retention import due, load_table
from threat.history.retention_decisions import FILE, Decisions, Hold, Review, decisions, lift_hold, record_hold
from threat.trust import records

ON = date(2025, 3, 2)
AT = parse_as_of("2025-03-02")
SHIPPED = Path(__file__).parents[3] / "threat" / "history" / "retention.yaml"


@pytest.fixture
def store(tmp_path: Path, trusted: Trusted, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Two people with an old grave record each, in the history of a force."""
    trusted.use(monkeypatch)
    rows = [
        {"event_id": number, "kind": "rape", "subject_id": subject, "person_at_risk_id": 6}
        | {"occurred_at": parse_as_of(day), "recorded_at": parse_as_of(day)}
        for number, (subject, day) in enumerate([(5, "2010-03-01"), (7, "2011-03-01")], start=1)
    ]
    made = Store.create(tmp_path / "store")
    made.append(BATCH, {"events": events(*rows)})
    return made


@pytest.fixture
def table(tmp_path: Path) -> Path:
    document = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    for row in document["classes"]:
        row["review_after_years"], row["then_every_years"] = 10, 5
    path = tmp_path / "table.yaml"
    path.write_text(yaml.safe_dump(document | {"version": "1", "owner": "IAO", "source": "made up"}), encoding="utf-8")
    return path


def asked(store: Store, *more: object) -> Any:
    return CliRunner().invoke(app, [*map(str, more), "--store", str(store.path)])


def grave(store: Store, table: Path, trusted: Trusted, day: str = "2025-03-02") -> list[int]:
    """Persons who are due in the gravest class on a day."""
    decided = decisions(store.path, trusted.trust)
    listed = due(store.snapshot(), load_table(table), parse_as_of(day), decided)
    return [row.person for row in listed if row.retention_class == "serious"]


def test_a_review_keeps_who_was_due_until_its_day(store: Store, table: Path, trusted: Trusted) -> None:
    shared = ("retention", "--table", table, "--as-of", "2025-03-02", "--review", "serious")
    said = (*shared, "--until", "2027-01-31", "--reason", "still of use", "--by", trusted.key("approval-dpo"))
    done = asked(store, *said, "--person", "P-0000000000000005")
    assert done.exit_code == 0, done.exception
    assert "  serious: 1" in done.stdout
    assert decisions(store.path, trusted.trust).reviews == (
        Review("serious", frozenset({5}), date(2027, 1, 31), "still of use", "Dee Pio", ON),
    )
    assert grave(store, table, trusted) == [7]
    assert grave(store, table, trusted, "2027-01-30") == [7]
    assert grave(store, table, trusted, "2027-01-31") == [5, 7]  # on its last day they are due again
    assert asked(store, *said).exit_code == 0  # of all who are left
    assert grave(store, table, trusted) == []
    nobody = asked(store, *said)
    assert str(nobody.exception).startswith("Nobody of this class is due for a review.")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"--until": "2030-03-03"}, "The day is too far off: the table reviews this class every 5 years."),
        ({"--until": "2025-03-02"}, "The day is not to come"),
        ({"--until": "soon"}, "This is no day."),
        ({"--reason": " "}, "The record lacks a word: reason."),
        ({"--review": "grave"}, "The table has no such class."),
        ({"--person": "P-0000000000000006"}, "The person is not due for a review in this class."),
        ({"--by": "evidence"}, "may not sign|has not the verb|verb approval"),
    ],
)
def test_a_review_that_cannot_be_records_nothing(
    store: Store, table: Path, trusted: Trusted, change: dict[str, str], words: str
) -> None:
    said = {"--review": "serious", "--until": "2030-03-02", "--reason": "why", "--by": "approval"} | change
    said["--by"] = str(trusted.key(said["--by"]))
    flags = [part for pair in said.items() for part in pair]
    refused = asked(store, "retention", "--table", table, "--as-of", "2025-03-02", *flags)
    assert isinstance(refused.exception, UsageError)
    with pytest.raises(UsageError, match=words):
        raise refused.exception
    assert not (store.path / FILE).exists()


def test_nobody_erases_a_person_under_a_legal_hold(store: Store, table: Path, trusted: Trusted) -> None:
    held = ("legal-hold", "P-0000000000000005", "--reference", "C/12", "--by", trusted.key("approval-dpo"))
    done = asked(store, *held, "--authority", "Coroner")
    assert done.stdout.startswith("P-0000000000000005 is held for Coroner (C/12) until it is lifted.")
    listed = asked(store, "retention", "--table", table, "--as-of", "2030-01-01").stdout
    assert (
        "P-0000000000000005  serious  last record 2010-03-01, due since 2025-03-01; under the legal hold C/12" in listed
    )
    two = (trusted.key("approval"), trusted.key("approval-owner"))
    wanted = Asked(5, "asked by themselves", two, parse_as_of("2031-01-01"))
    before = store.manifest().head
    with pytest.raises(UsageError, match="The person is under a legal hold") as refused:
        erase(Store.open(store.path), wanted)
    assert str(refused.value.value).startswith("Coroner, C/12, signed by Dee Pio on ")
    assert Store.open(store.path).manifest().head == before
    other = asked(store, *held, "--lift", "--reason", "released")
    assert other.exit_code == 0, other.exception
    assert erase(Store.open(store.path), wanted).persons == ("P-0000000000000005",)


def test_a_hold_ends_after_its_last_day_and_is_lifted_by_its_reference(store: Store, trusted: Trusted) -> None:
    signer, trust = trusted.signer("approval"), trusted.trust
    hold = Hold(5, "Coroner", "C/12", date(2025, 6, 30), "Vera Lid", ON)
    record_hold(store.path, hold, trust, signer)
    record_hold(store.path, replace(hold, reference="IOPC 3", until=None), trust, signer)
    decided = decisions(store.path, trust)
    assert decided.holds_on([5, 6], date(2025, 6, 30)) == [hold, replace(hold, reference="IOPC 3", until=None)]
    assert [each.reference for each in decided.holds_on([5], date(2025, 7, 1))] == ["IOPC 3"]
    assert decided.holds_on([6], ON) == []
    with pytest.raises(UsageError, match="No such hold is in force") as refused:
        lift_hold(store.path, replace(hold, reference="another"), "released", ON, trust, signer)
    assert refused.value.way_out == "in force: C/12, IOPC 3"
    lift_hold(store.path, hold, "released", ON, trust, signer)
    assert [each.reference for each in decisions(store.path, trust).holds] == ["IOPC 3"]


def test_of_a_revoked_key_holds_stay_and_reviews_and_lifts_go(store: Store, trusted: Trusted) -> None:
    """Whoever steals a person's key lifts no hold once the key is revoked, and a hold is not lost with its key."""
    first, second, trust = trusted.signer("approval"), trusted.signer("approval-owner"), trusted.trust
    hold = Hold(5, "Coroner", "C/12", None, "Vera Lid", ON)
    record_hold(store.path, hold, trust, first)
    lift_hold(store.path, hold, "stolen word", ON, trust, second)
    assert decisions(store.path, trust).holds == ()

    def without(*keys: str) -> Any:
        revoked = {key: replace(trust.keys[key], state="revoked") for key in keys}
        return replace(trust, keys={**trust.keys, **revoked})

    assert decisions(store.path, without(second.key.key_id)).holds == (hold,)
    assert decisions(store.path, without(first.key.key_id, second.key.key_id)).holds == (hold,)


def test_a_record_by_a_key_for_something_else_or_of_another_form_is_refused(store: Store, trusted: Trusted) -> None:
    path = store.path / FILE
    assert decisions(store.path, trusted.trust) == Decisions()
    records.append(path, {"kind": "hold"}, "application/vnd.threat.retention+json", trusted.signer("intake"))
    with pytest.raises(IntegrityFailure, match="No key trusted for approval"):
        decisions(store.path, trusted.trust)
    path.unlink()
    records.append(path, {"kind": "hold"}, "application/vnd.threat.retention+json", trusted.signer("approval"))
    with pytest.raises(IntegrityFailure, match="lacks a field"):
        decisions(store.path, trusted.trust)
