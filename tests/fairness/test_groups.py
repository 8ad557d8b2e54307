"""Groups read from a history drawn by hand: four relationships, six people, one merge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fixtures import evidence

from fairness.groups import Parties, characteristics, coverage, ethnicity_table
from fairness.policy import load_policy
from fairness.population import Characteristic
from threat.history.batches import Batch
from threat.history.snapshot import Snapshot
from threat.history.store import Store

YEAR = 365 * 86_400
AS_OF = 50 * YEAR  # late 2019
# Subjects 1, 2, 3, 4; persons at risk 11, 12, 13, unknown. Person 99 was merged into 12.
PROTECTED = [
    (1, "sex", "M", "sex", "observed"),
    (2, "sex", "M", "sex", "observed"),
    (2, "sex", "F", "sex", "self"),
    (11, "sex", "F", "sex", "self"),
    (12, "sex", "F", "sex", "observed"),
    (13, "sex", "M", "sex", "observed"),
    (11, "ethnicity", "W3", "18+1", "self"),
    (11, "ethnicity", "White", "5+1", "observed"),
    (99, "ethnicity", "O1", "16+1", "self"),
    (13, "ethnicity", "Asian", "5+1", "observed"),
    (1, "ethnicity", "O1", "18+1", "self"),
    (2, "ethnicity", "NS", "18+1", "self"),
    (3, "ethnicity", "B2", "18+1", "self"),
]
NAMES = ("person_id", "characteristic", "code", "scheme", "source")
EVENTS = [
    # record, subject, person at risk, person, recorded_at
    (1, 1, 11, None, AS_OF - 100),
    (2, 1, 11, None, AS_OF - 50),
    (2, None, None, 1, AS_OF - 50),  # the same record again
    (3, 1, 11, None, AS_OF),  # not known yet
    (4, None, None, 11, AS_OF - 10),
    (5, 2, 99, None, AS_OF - 10),
]


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    store = Store.create(tmp_path_factory.mktemp("store") / "history")
    people = [1, 2, 3, 4, 11, 12, 13, 99]
    born = {1: 1985, 2: 1950, 11: 2002, 12: 1995, 13: 1990}
    columns = list(zip(*PROTECTED, strict=True))
    n = len(EVENTS)
    store.append(
        Batch(profile="test", loaded_at=AS_OF),
        {
            "persons": pa.table(
                {
                    "person_id": people,
                    "kind": ["person"] * len(people),
                    "birth_year": pa.array([born.get(one) for one in people], pa.int16()),
                    "recorded_at": [0] * len(people),
                }
            ),
            "person_links": pa.table(
                {
                    "source_person_id": [99], "person_id": [12], "recorded_at": [AS_OF - 5],
                    "withdrawn_at": pa.array([None], pa.int64()), "method": ["test"],
                }
            ),
            "relationships": pa.table(
                {
                    "relationship_id": [101, 102, 103, 104], "recorded_at": [1] * 4, "subject_id": [1, 2, 3, 4],
                    "person_at_risk_id": pa.array([11, 12, 13, None], pa.int64()),
                    "kind": ["ex_partner", "current_partner", "parent", "unknown"],
                }
            ),
            "protected": pa.table(
                {
                    **dict(zip(NAMES, map(list, columns), strict=True)),
                    "recorded_at": [1] * len(PROTECTED),
                    "withdrawn_at": pa.nulls(len(PROTECTED), pa.int64()),
                }
            ),
            "events": pa.table(
                {
                    "event_id": list(range(1, n + 1)),
                    "record_id": [one[0] for one in EVENTS],
                    "incident_id": [one[0] for one in EVENTS],
                    "subject_id": pa.array([one[1] for one in EVENTS], pa.int64()),
                    "person_at_risk_id": pa.array([one[2] for one in EVENTS], pa.int64()),
                    "person_id": pa.array([one[3] for one in EVENTS], pa.int64()),
                    "kind": ["arrest" if one[1] is None else "stalking" for one in EVENTS],
                    "occurred_at": [one[4] - 1 for one in EVENTS],
                    "recorded_at": [one[4] for one in EVENTS],
                    "domestic": ["yes"] * n, "proactive": [False] * n, "reported_by": ["unknown"] * n,
                    "assertion": ["fact"] * n, "source_system": ["test"] * n,
                }
            ),
        },
    )  # fmt: skip
    return store.snapshot()


def ids(*values: int) -> Any:
    return np.array(values, dtype=np.int64)


ROWS = Parties(ids(1, 2, 3, 4), ids(11, 12, 13, -1), ids(101, 102, 103, 104), ids(*[AS_OF] * 4))
OUTSIDE = Parties(ids(2), ids(99), ids(-1), ids(AS_OF))
NOBODY = Parties(ids(), ids(), ids(), ids())


@pytest.fixture(scope="module")
def found(snapshot: Snapshot) -> dict[tuple[str, str], Characteristic]:
    return {(one.party, one.name): one for one in characteristics(snapshot, ROWS, OUTSIDE, load_policy())}


@pytest.mark.parametrize(
    ("party", "name", "codes", "outside"),
    [
        ("subject", "sex", ["M", "F", None, None], ["F"]),  # one's own answer before an officer's
        ("person_at_risk", "sex", ["F", "F", "M", None], ["F"]),
        (
            "person_at_risk",
            "ethnicity",
            ["W3", "O1", None, None],
            ["O1"],
        ),  # merged record found; observed never imputes
        ("person_at_risk", "ethnicity_group", ["W", "A", None, None], ["A"]),  # O1 of the older scheme is Chinese
        ("person_at_risk", "ethnicity_observed", ["White", None, "Asian", None], [None]),
        ("person_at_risk", "white_minority", ["White minority", None, None, None], [None]),
        ("subject", "ethnicity_group", ["O1 (not in the roll-up table)", "NS", "B", None], ["NS"]),
        ("subject", "age_band", ["25-34", "65 or over", None, None], ["65 or over"]),
        ("person_at_risk", "age_band", ["under 18", "18-24", "25-34", None], ["18-24"]),
        ("subject", "records_before", ["2-3", "1", "none", "none"], ["1"]),
        ("person_at_risk", "records_before", ["2-3", "1", "none", None], ["1"]),
        ("relationship", "kind", ["ex_partner", "current_partner", "parent", None], [None]),
        ("relationship", "same_sex", ["different-sex couple", "same-sex couple", "family", None], [None]),
        ("person_at_risk", "disability", [None] * 4, [None]),  # the gate rests on it, so it is there, empty
    ],
)
def test_codes(found: Any, party: str, name: str, codes: list[str | None], outside: list[str | None]) -> None:
    one = found[party, name]
    assert [None if code is None or code != code else code for code in one.codes] == codes
    assert [None if code is None or code != code else code for code in one.outside] == outside


def test_notes_say_where_a_code_comes_from(found: Any) -> None:
    assert found["subject", "sex"].note == "self-defined where recorded, otherwise observed"
    assert found["person_at_risk", "ethnicity"].note == "self-defined"
    assert found["person_at_risk", "ethnicity"].titles["W3"] == "White: Gypsy or Irish Traveller"


def test_coverage_is_never_blank(found: Any) -> None:
    table = coverage(list(found.values()))
    assert len(table) == 18
    states = {(one["party"], one["characteristic"]): one["state"] for one in table}
    assert states["person_at_risk", "sex"] == "tested"
    assert states["person_at_risk", "race"] == "tested"
    assert states["person_at_risk", "disability"] == "not_recorded"
    assert states["person_at_risk", "sexual_orientation"] == "proxy_only"
    assert states["subject", "marriage_civil_partnership"] == "proxy_only"
    assert states["subject", "pregnancy_maternity"] == "not_recorded"
    assert all(one["reason"] for one in table)


def test_the_roll_up_table() -> None:
    table = ethnicity_table()
    by_group: dict[str, list[str]] = {}
    for (scheme, code), row in table.items():
        if scheme == "18+1":
            by_group.setdefault(row["group"], []).append(code)
    assert {group: len(codes) for group, codes in by_group.items()} == {"W": 4, "M": 4, "A": 5, "B": 3, "O": 2, "NS": 1}
    assert table["16+1", "O1"]["group"] == "A"
    assert ("18+1", "O1") not in table


@pytest.mark.parametrize(
    ("code", "scheme", "group"),
    [
        ("White", "5+1", "W"),
        ("B", "5+1", "B"),
        ("X", "5+1", "X (not in the roll-up table)"),
        ("W4", "18+1", "W4 (not in the roll-up table)"),
        ("hispanic", "jail_race", "hispanic"),
    ],
)
def test_only_observed_ethnicity_is_used_and_said(tmp_path: Path, code: str, scheme: str, group: str) -> None:
    store = Store.create(tmp_path / "history")
    store.append(
        Batch(profile="test", loaded_at=AS_OF),
        {
            "persons": pa.table({"person_id": [11], "kind": ["person"], "recorded_at": [0]}),
            "protected": pa.table(
                {
                    "person_id": [11], "characteristic": ["ethnicity"], "code": [code], "scheme": [scheme],
                    "source": ["observed"], "recorded_at": [1], "withdrawn_at": pa.nulls(1, pa.int64()),
                }
            ),
        },
    )  # fmt: skip
    rows = Parties(ids(1), ids(11), ids(-1), ids(AS_OF))
    found = {(one.party, one.name): one for one in characteristics(store.snapshot(), rows, NOBODY, load_policy())}
    one = found["person_at_risk", "ethnicity_group"]
    assert list(one.codes) == [group]
    assert "observed by an officer" in one.note
    assert ("person_at_risk", "ethnicity_observed") not in found


def test_an_empty_history_still_names_what_the_gate_rests_on(tmp_path: Path) -> None:
    snapshot = Store.create(tmp_path / "history").snapshot()
    rows = Parties(ids(1, -1), ids(-1, -1), ids(5, 6), ids(AS_OF, AS_OF))
    found = characteristics(snapshot, rows, NOBODY, load_policy())
    assert {(one.party, one.name) for one in found} >= {(one.party, one.characteristic) for one in load_policy().gate}


def test_the_audit_of_a_run(snapshot: Snapshot, tmp_path: Path) -> None:
    from fairness.runs import audit_run
    from threat.errors import BadInput, UsageError
    from threat.release.runs import Run

    def run(name: str, **change: Any) -> Run:
        made = Run.create(tmp_path / "runs", name)
        columns = {
            "relationship_id": ROWS.relationship, "subject_id": ROWS.subject, "person_at_risk_id": ROWS.person_at_risk,
            "as_of": ROWS.as_of, "fold": [0, 0, 0, 0], "label": [1, 0, 1, 0], "credit": [1.0, 0.0, 1.0, 0.0],
            "score": [4.0, 3.0, 2.0, 1.0], "probability": [0.5, 0.2, 0.1, 0.1], "rule_x": [1.0, 1.0, 2.0, 0.0],
        } | change  # fmt: skip
        pq.write_table(
            pa.table({key: value for key, value in columns.items() if value is not None}),
            made.path("predictions.parquet"),
        )
        outside = {"subject_id": [2], "person_at_risk_id": [99], "as_of": [AS_OF], "credit": [1.0]}
        pq.write_table(pa.table(outside), made.path("outside.parquet"))
        made.write(evidence.snapshot(id=snapshot.id))
        titles = (evidence.ranking("score", title="Model"), evidence.ranking("rule_x", title="Rule"))
        made.write(evidence.evaluation(capacity=1, rankings=titles))
        made.seal()
        return made

    made = run("r1")
    report = audit_run(made, snapshot, load_policy())
    assert report["run_manifest_sha256"] == made.manifest_sha256
    assert report["title"] == "Model"
    assert report["verdict"] == "not_enough_evidence"
    assert report["overall"]["recall"]["value"] == pytest.approx(1 / 3)
    assert report["overall"]["outside_events"] == 1
    sex = next(
        one for one in report["characteristics"] if (one["party"], one["characteristic"]) == ("person_at_risk", "sex")
    )
    assert sex["gate"] is True
    assert {group["code"]: (group["n"], group["events"], group["captured"]) for group in sex["groups"]} == {
        "F": (2, 2, 1.0), "M": (1, 1, 0.0), "not recorded": (1, 0, 0.0),
    }  # fmt: skip
    assert [other["ranking"] for other in report["others"]] == ["rule_x"]
    assert report["others"][0]["recall"]["value"] == pytest.approx(1 / 3)
    assert len(report["coverage"]) == 18
    assert audit_run(made, snapshot, load_policy(), ranking="rule_x")["ranking"] == "rule_x"
    with pytest.raises(UsageError, match="no such ranking"):
        audit_run(made, snapshot, load_policy(), ranking="rule_y")
    with pytest.raises(BadInput, match="lack a column"):
        audit_run(run("r2", credit=None), snapshot, load_policy())
