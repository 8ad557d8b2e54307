"""Erasure: nothing of the person is left in any file, all of everybody else is as it was, and what went is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from fixtures.erasures import (
    DELIVERIES,
    PEOPLE,
    Delivery,
    history_of,
    person_id,
    reference,
    rows_of,
    traces,
    words_of,
)
from fixtures.signed_history import manifest_of
from fixtures.trusted import Trusted
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from threat.errors import BadInput, IntegrityFailure, ThreatError, UsageError
from threat.history import Store, erasure, quarantine
from threat.history.erasure import Asked, erase
from threat.history.erasure_statement import PAYLOAD_TYPE
from threat.history.manifest import with_record, write
from threat.ids import show_id
from threat.trust.signing import sign

AT = 20_000
NAME = {person_id(name): name for name in PEOPLE}
EVENT_ID, SUPERSEDES, PARTIES = 0, 3, (4, 5, 6)
"""Places of these columns in a row of events."""


def asked(name: str, trusted: Trusted, *keys: str, names: tuple[str, ...] = ()) -> Asked:
    by = tuple(trusted.key(key) for key in keys or ("approval", "approval-owner"))
    return Asked(person_id(name), "court order 12 of 2026", by, AT, names)


def expected_events(rows: list[tuple[Any, ...]], gone: set[int]) -> list[tuple[Any, ...]]:
    """The rule in plain Python: an event of nobody else goes, and so does what withdraws it and names nobody."""
    going = {
        row[EVENT_ID]
        for row in rows
        if any(row[at] in gone for at in PARTIES) and all(row[at] is None or row[at] in gone for at in PARTIES)
    }
    grown = True
    while grown:
        more = {row[EVENT_ID] for row in rows if all(row[at] is None for at in PARTIES) and row[SUPERSEDES] in going}
        grown, going = not more <= going, going | more
    return [
        tuple(None if at in PARTIES and value in gone else value for at, value in enumerate(row))
        for row in rows
        if row[EVENT_ID] not in going
    ]


def check_erased(store: Store, name: str, trusted: Trusted) -> None:
    before = rows_of(store)
    store.snapshot().sightings()
    # The request gives the names: a quarantined row may hold a name of somebody whose identity was never loaded.
    them = [NAME[int(person)] for person in erasure.same_person(store.snapshot(), person_id(name))]
    names = tuple(words_of(other)["names"] for other in them)
    try:
        done = erase(store, asked(name, trusted, names=names))
    except BadInput:
        assert traces(store.path, [reference(name), *names], [person_id(name)]) == []
        assert rows_of(store) == before
        return
    gone = {int(shown[2:], 16) for shown in done.persons}
    assert person_id(name) in gone
    words = [word for person in gone for word in (*words_of(NAME[person]).values(), reference(NAME[person]))]
    words += [f"code-{NAME[person]}-qzx" for person in gone]
    assert traces(store.path, words, gone) == []
    after = rows_of(store)
    for table, rows in before.items():
        if table == "events":
            expected = expected_events(rows, gone)
        elif table == "quarantine":
            said = [word.lower() for word in words]
            expected = [row for row in rows if not any(word in row[0].lower() for word in said)]
        else:
            expected = [row for row in rows if not gone & {value for value in row if isinstance(value, int)}]
        assert after.get(table, []) == expected, table
    again = Store.open(store.path)
    again.verify(full=True)
    assert set(again.snapshot().sightings().persons.tolist()) & gone == set()


@pytest.mark.parametrize("examples", [4, pytest.param(150, marks=pytest.mark.long)])
def test_whatever_was_loaded_nothing_of_the_person_is_left(
    examples: int, force_trusted: Trusted, monkeypatch: pytest.MonkeyPatch
) -> None:
    force_trusted.use(monkeypatch)

    @settings(
        max_examples=examples,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(deliveries=DELIVERIES, name=st.sampled_from(PEOPLE))
    def check(deliveries: list[Delivery], name: str) -> None:
        with TemporaryDirectory() as folder:
            check_erased(history_of(Path(folder) / "store", deliveries), name, force_trusted)

    check()


@pytest.fixture
def store(tmp_path: Path, force_trusted: Trusted, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Anna and Ben, who was also recorded as Cora; Dev has nothing to do with them."""
    force_trusted.use(monkeypatch)
    first = Delivery(
        persons=("anna", "ben", "dev"),
        relationships=(("ben", "anna"),),
        events=(("ben", "anna", None, None), ("ben", None, None, None), (None, None, "dev", None)),
        quarantined=(("ben", "subject"), ("dev", "torn")),
    )
    second = Delivery(persons=("cora",), links=(("cora", "ben", False),), events=(("cora", "anna", None, None),))
    return history_of(tmp_path / "store", [first, second])


def test_a_person_and_everyone_found_to_be_that_person(store: Store, force_trusted: Trusted) -> None:
    before = store.snapshot()
    done = erase(store, asked("ben", force_trusted))
    assert set(done.persons) == {show_id("P", person_id(name)) for name in ("ben", "cora")}
    assert (done.reason, done.erased_at, done.by) == ("court order 12 of 2026", AT, ("Vera Lid", "Sam Owner"))
    assert done.counts == {
        "events": 3,
        "identities": 2,
        "person_links": 1,
        "persons": 2,
        "persons-repeated": 2,
        "protected": 2,
        "quarantine": 1,
        "relationships": 1,
    }
    after = store.snapshot()
    assert after.table("events", ["event_id", "subject_id", "person_at_risk_id"]).to_pylist() == [
        {"event_id": 1, "subject_id": None, "person_at_risk_id": person_id("anna")},
        {"event_id": 3, "subject_id": None, "person_at_risk_id": None},
        {"event_id": 4, "subject_id": None, "person_at_risk_id": person_id("anna")},
    ]
    assert quarantine.read(after)["record"].tolist() == ['E9,"ref-dev-qzx",stalking,"never closed']
    assert (after.id != before.id, after.batches) == (True, before.batches)
    assert store.verify(full=True) == 7


def test_what_was_computed_from_the_rows_of_before_says_that_they_are_gone(
    store: Store, force_trusted: Trusted
) -> None:
    before = store.snapshot()
    before.sightings()
    erase(store, asked("ben", force_trusted))
    assert not (store.path / "derived").exists()
    with pytest.raises(BadInput, match="Rows of this snapshot were erased since") as refused:
        store.snapshot(before.id)
    assert "3 of events" in str(refused.value)
    left = store.snapshot(before.id, erased_ok=True)
    assert (left.id, left.content_id) == (before.id, f"{before.id}-{left.erasures[-1].hash[:8]}")
    assert [each.reason for each in left.erasures] == ["court order 12 of 2026"]
    assert left.table("events").num_rows == 3
    left.sightings()
    assert [folder.name for folder in (store.path / "derived").iterdir()] == [left.content_id]


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        (("approval",), "not the keys of two people"),
        (("approval", "approval"), "not the keys of two people"),
        (("approval", "approval-owner", "approval-equality"), "not the keys of two people"),
        (("approval", "intake"), "This key does not sign for approval"),
    ],
)
def test_two_people_or_nothing(store: Store, force_trusted: Trusted, keys: tuple[str, ...], says: str) -> None:
    before, files = (store.path / "manifest.json").read_bytes(), rows_of(store)
    with pytest.raises(UsageError, match=says):
        erase(store, asked("ben", force_trusted, *keys))
    assert ((store.path / "manifest.json").read_bytes(), rows_of(store)) == (before, files)


def test_a_reason_and_a_person_of_the_history(store: Store, force_trusted: Trusted) -> None:
    with pytest.raises(UsageError, match="No reason is given"):
        erase(store, Asked(person_id("ben"), " no ", (), AT))
    with pytest.raises(BadInput, match="No row of the history names this person"):
        erase(store, Asked(77, "a slip of the pen", asked("ben", force_trusted).by, AT))


def test_without_a_trust_folder_nobody_is_erased(tmp_path: Path, force_trusted: Trusted, no_trust: None) -> None:
    plain = history_of(tmp_path / "plain", [Delivery(persons=("anna",))])
    with pytest.raises(UsageError, match="Nothing can be signed for intake here"):
        erase(plain, asked("anna", force_trusted))


def forged(store: Store, trusted: Trusted, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Append the record of an erasure once more, changed, signed by a stolen key of intake."""
    whole = store.manifest()
    record = manifest_of(store.path)["records"][-1]["record"]
    fields = {name: record[name] for name in ("kind", "persons", "reason", "erased_at", "by", "statements")}
    write(store.path / "manifest.json", with_record(whole, change(fields | {"changes": []}), trusted.signer("intake")))


def test_the_key_of_intake_alone_erases_nobody(store: Store, force_trusted: Trusted) -> None:
    erase(store, asked("ben", force_trusted))
    forged(store, force_trusted, lambda fields: fields)
    # The statements name the place in the history for which the two people signed.
    with pytest.raises(IntegrityFailure, match="statement about another erasure"):
        Store.open(store.path)


def test_a_name_in_quarantine_goes_where_no_identity_was_ever_loaded(
    tmp_path: Path, force_trusted: Trusted, monkeypatch: pytest.MonkeyPatch
) -> None:
    force_trusted.use(monkeypatch)
    delivery = Delivery(events=(("anna", None, None, None),), quarantined=(("anna", "name"), ("ben", "name")))
    store = history_of(tmp_path / "store", [delivery])
    name = words_of("anna")["names"]
    assert erase(store, asked("anna", force_trusted, names=(name.lower(),))).counts == {"events": 1, "quarantine": 1}
    assert traces(store.path, [name], [person_id("anna")]) == []
    assert words_of("ben")["names"].upper() in quarantine.read(store.snapshot())["record"].item()


@pytest.mark.parametrize(
    ("field", "value"),
    [("changes", []), ("by", ["Vera Lid", "Eve Equal"]), ("erased_at", AT + 86_400), ("reason", "another")],
)
def test_what_an_erasure_does_is_the_word_of_the_two_people(
    store: Store, force_trusted: Trusted, field: str, value: object
) -> None:
    """A thief of the key of intake signs the newest record anew, with their own account of what became of the rows."""
    before = store.manifest()
    erase(store, asked("ben", force_trusted))
    record = manifest_of(store.path)["records"][-1]["record"]
    fields = {name: record[name] for name in ("kind", "persons", "reason", "erased_at", "by", "statements", "changes")}
    changed = with_record(before, fields | {field: value}, force_trusted.signer("intake"))
    write(store.path / "manifest.json", changed)
    again = Store(store.path)
    again.seen.forget()
    with pytest.raises(IntegrityFailure, match="statement about another erasure"):
        again.manifest()


def test_an_erasure_of_before_is_believed_as_what_was_signed(store: Store, force_trusted: Trusted) -> None:
    """Its two people signed whom and why, at this place; then what became of the rows was the word of intake."""
    before = store.manifest()
    erase(store, asked("ben", force_trusted))
    record = manifest_of(store.path)["records"][-1]["record"]
    said = {name: record[name] for name in ("environment", "history", "persons", "previous", "reason")}
    signers = [force_trusted.signer(name) for name in ("approval", "approval-owner")]
    fields = {name: record[name] for name in ("kind", "persons", "reason", "erased_at", "by", "changes")}
    fields["statements"] = [sign(said, PAYLOAD_TYPE, signer) for signer in signers]
    write(store.path / "manifest.json", with_record(before, fields, force_trusted.signer("intake")))
    again = Store(store.path)
    again.seen.forget()
    assert [erased.by for erased in again.manifest().erasures] == [("Vera Lid", "Sam Owner")]
    assert again.verify(full=True) == 7


def test_an_erasure_that_fails_half_way_has_changed_nothing(
    store: Store, force_trusted: Trusted, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows_of(store)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(erasure.Store, "add_record", full)
        with pytest.raises(OSError, match="No space left"):
            erase(store, asked("ben", force_trusted))
    assert (rows_of(store), store.strays()) == (before, [])
    assert store.verify(full=True) == 13
    erase(store, asked("ben", force_trusted))
    assert store.strays() == []


def test_two_erasures_one_after_the_other(store: Store, force_trusted: Trusted) -> None:
    start = store.snapshot().id
    erase(store, asked("ben", force_trusted))
    middle = store.snapshot().id
    erase(store, asked("anna", force_trusted))
    assert store.snapshot().table("events", ["event_id"]).to_pylist() == [{"event_id": 3}]
    assert [len(store.snapshot(each, erased_ok=True).erasures) for each in (start, middle)] == [2, 1]
    assert traces(store.path, words_of("anna").values(), [person_id("anna")]) == []
    assert Store.open(store.path).verify(full=True) > 0
    with pytest.raises(ThreatError, match="erased since"):
        store.snapshot(middle)
