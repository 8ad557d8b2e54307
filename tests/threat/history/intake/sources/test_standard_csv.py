"""The standard shape: what the rows of each file become."""

from __future__ import annotations

from pathlib import Path

import yaml
from fixtures.case_force import Force, ev, pid
from fixtures.standard_export import GOOD, NOW, events, person, profile_text, write

from threat.asof import parse_as_of
from threat.history import Store
from threat.history import identities as identity_table
from threat.history import protected as protected_table
from threat.history.intake.load import load
from threat.history.schema import RELATIONSHIP_KINDS
from threat.ids import make_id, pair_ids


def test_all_seven_tables(tmp_path: Path) -> None:
    export = write(
        tmp_path / "export",
        persons=[
            "person,kind,birth_year,recorded_at",
            "anna,person,1980,2024-01-01",
            "council,organisation,,2024-01-01",
        ],
        identities=["person,names,recorded_at", 'anna,"Doe, Anna",2024-01-01'],
        protected=[
            "person,characteristic,code,scheme,source,recorded_at",
            "anna,sex,female,census,self,2024-01-01",
        ],
        person_links=["source_person,person,recorded_at,method,score", "anna2,anna,2024-02-01,rules,0.9"],
        relationships=["subject,person_at_risk,kind,recorded_at", "anna,ben,ex_partner,2024-01-05"],
        events=events(
            GOOD,
            GOOD | {"event": "", "kind": "harassment", "recorded_at": "2024-01-12T09:00:00Z"},
            {
                "event": "E3",
                "supersedes": "E1",
                "kind": "withdrawn",
                "occurred_at": "2024-03-01",
                "recorded_at": "2024-03-01",
            },
            {
                "event": "E4",
                "person": "ben",
                "kind": "self_harm",
                "occurred_at": "2024-03-02",
                "recorded_at": "2024-03-02",
            },
            {"event": "E5", "subject": "carl", "person_at_risk": "dora", "kind": "wounding", "domestic": "yes"}
            | {"occurred_at": "2024-07-01T12:00", "recorded_at": "2024-07-01T13:00"},
        ),
    )
    report = load("standard_csv", export, tmp_path / "store", NOW)
    assert (report.rows_in, report.rows_kept, report.rows_quarantined) == (11, 11, 0)
    snapshot = Store.open(tmp_path / "store").snapshot()
    people = {row["person_id"]: row for row in snapshot.table("persons").to_pylist()}
    # Who has no row of their own is a person all the same: nothing is added to what the source says.
    assert {person("anna"), person("council")} == set(people)
    assert people[person("anna")]["birth_year"] == 1980
    assert people[person("council")]["kind"] == "organisation"
    relationships = {
        (row["subject_id"], row["person_at_risk_id"]): row for row in snapshot.table("relationships").to_pylist()
    }
    assert relationships[person("anna"), person("ben")]["kind"] == "ex_partner"
    # A pair named by a domestic event stands from its recording, without a row.
    assert len(relationships) == 1
    inferred = int(pair_ids(person("carl"), person("dora"))[0])
    recorded = parse_as_of("2024-07-01T12:00+00:00")
    assert snapshot.relationships.stands([inferred] * 2, [recorded, recorded + 1]).tolist() == [False, True]
    assert snapshot.relationships.kind_at(inferred, NOW).tolist() == ["unknown"]
    rows = snapshot.table("events").to_pylist()
    first = rows[0]
    assert first["event_id"] == make_id("event", "E1", "standard_csv")
    assert first["incident_id"] == rows[1]["incident_id"] == make_id("incident", "I1", "standard_csv")
    assert first["occurred_at"] == parse_as_of("2024-01-10T10:00+00:00")
    assert rows[2]["supersedes_event_id"] == first["event_id"]
    assert rows[4]["occurred_at"] == parse_as_of("2024-07-01T11:00+00:00")
    assert protected_table.read(snapshot)["code"].tolist() == ["female"]
    names = identity_table.read(snapshot, [person("anna")], reason="a test", by="test")["names"]
    assert names.tolist() == ["Doe, Anna"]
    link = snapshot.table("person_links").to_pylist()[0]
    assert (link["source_person_id"], link["person_id"], link["score"]) == (person("anna2"), person("anna"), 0.9)


def test_one_reference_of_two_sources_is_two_relationships(tmp_path: Path) -> None:
    rows = ["relationship,subject,person_at_risk,recorded_at", "R1,anna,ben,2024-01-01"]
    export, store = write(tmp_path / "export", relationships=rows), tmp_path / "store"
    document = yaml.safe_load(profile_text("standard_csv")) | {"source_system": "another"}
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(document))
    for profile in ("standard_csv", str(tmp_path / "own.yaml")):
        assert load(profile, export, store, NOW).new["relationships"] == 1
    assert Store.open(store).snapshot().row_count("relationships") == 2


def test_every_kind_of_relationship_can_be_sent_and_not_related_ends_one() -> None:
    row = {"relationship": "r", "subject": "s", "person_at_risk": "v"}
    each = [
        row | {"relationship": kind, "person_at_risk": kind, "kind": kind, "recorded_at": "2023-01-01"}
        for kind in RELATIONSHIP_KINDS
    ]
    versions = [
        row | {"kind": kind, "recorded_at": day}
        for kind, day in [("ex_partner", "2023-01-01"), ("not_related", "2024-03-01")]
    ]
    force = Force({"events": [ev("stalking", "2024-01-10")], "relationships": [*each, *versions]})
    assert force.reasons() == {}
    assert [(pid("s"), pid("v")) in force.rows(day) for day in ("2024-02-01", "2024-04-01")] == [True, False]
