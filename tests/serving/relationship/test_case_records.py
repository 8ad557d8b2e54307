"""The records of two parties: each visible event once, with who did what to whom, from either party's history."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures import golden_force as golden

from serving.relationship.case_records import CaseRecord, case_records
from threat.history.sightings import NO_PERSON
from threat.history.snapshot import Snapshot
from threat.history.store import Store


@pytest.fixture
def snapshot(golden_store: Path) -> Snapshot:
    return Store.open(golden_store).snapshot()


def of(snapshot: Snapshot, name: str, as_of: int = golden.AS_OF) -> dict[int, CaseRecord]:
    rows = snapshot.rows([golden.relationship_id(name)], as_of)
    return case_records(snapshot.sightings(), (int(rows.subject[0]), int(rows.at_risk[0])), as_of)


def test_every_visible_record_of_either_party_is_there_once_and_nothing_else(snapshot: Snapshot) -> None:
    sightings = snapshot.sightings()
    for name in golden.KINDS:
        rows = snapshot.rows([golden.relationship_id(name)], golden.AS_OF)
        visible: set[int] = set()
        for person in (int(rows.subject[0]), int(rows.at_risk[0])):
            if person != NO_PERSON:
                span = sightings.rows_of(person)
                visible |= set(sightings.event_id[span][sightings.visible_at(golden.AS_OF, span)].tolist())
        assert set(of(snapshot, name)) == visible


def test_the_same_records_the_other_way_round_say_the_other_way(snapshot: Snapshot) -> None:
    towards, back = of(snapshot, "G06"), of(snapshot, "G10")  # the same two persons, roles reversed
    swapped = {
        "this_way": "other_way",
        "other_way": "this_way",
        "subject": "person_at_risk",
        "person_at_risk": "subject",
        "subject_to_others": "person_at_risk_to_others",
        "others_to_subject": "others_to_person_at_risk",
        "person_at_risk_to_others": "subject_to_others",
        "others_to_person_at_risk": "others_to_subject",
    }
    assert {event: swapped[record.way] for event, record in towards.items()} == {
        event: record.way for event, record in back.items()
    }
    assert {"this_way", "other_way"} <= {record.way for record in towards.values()}


def test_some_events_come_with_the_other_records_of_their_incidents_alone(snapshot: Snapshot) -> None:
    rows = snapshot.rows([golden.relationship_id("G01")], golden.AS_OF)
    parties = (int(rows.subject[0]), int(rows.at_risk[0]))
    every = of(snapshot, "G01")
    strangled = next(record for record in every.values() if record.kind.name == "non_fatal_strangulation")
    chosen = case_records(snapshot.sightings(), parties, golden.AS_OF, [strangled.event_id])
    assert chosen == {event: r for event, r in every.items() if r.incident_id == strangled.incident_id}
    assert case_records(snapshot.sightings(), parties, golden.AS_OF, []) == {}


def test_must_see_kinds_come_before_kinds_like_them_and_these_before_other_harm(snapshot: Snapshot) -> None:
    named = {record.kind.name: record for record in of(snapshot, "G01").values()}
    order = sorted(named, key=lambda name: named[name].severity, reverse=True)
    assert order.index("non_fatal_strangulation") < order.index("coercive_control") < order.index("assault_with_injury")
