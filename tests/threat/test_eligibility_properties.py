"""What holds of eligibility for any history: custody takes nobody out, the future changes nothing."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
from fixtures.drawn import drawn
from fixtures.history_rows import BATCH, events, persons
from hypothesis import given
from hypothesis import strategies as st

from threat.asof import DAY
from threat.eligibility import Cohort, eligible
from threat.history import Store
from threat.policy import load_policy

AS_OF = 3_000 * DAY
PEOPLE = (1, 2, 3, 4)
_day = st.integers(0, 2_999)


@st.composite
def happenings(draw: st.DrawFn) -> dict[str, Any]:
    """An act of one person towards another, recorded at once or years later."""
    subject, at_risk = draw(st.sampled_from([(a, b) for a in PEOPLE for b in PEOPLE if a != b]))
    occurred, lag = draw(_day), draw(st.sampled_from([0, 0, 1, 400, 2_000]))
    return {
        "subject_id": subject,
        "person_at_risk_id": at_risk,
        "kind": draw(st.sampled_from(["stalking", "coercive_control", "threat_to_kill"])),
        "occurred_at": occurred * DAY,
        "recorded_at": (occurred + lag) * DAY,
        "domestic": draw(st.sampled_from(["yes", "yes", "no"])),
    }


@st.composite
def stays(draw: st.DrawFn) -> dict[str, Any]:
    begun, long = draw(_day), draw(st.sampled_from([None, 1, 300, 1_500]))
    return {
        "person_id": draw(st.sampled_from(PEOPLE)),
        "kind": "custody",
        "occurred_at": begun * DAY,
        "until": None if long is None else (begun + long) * DAY,
        "domestic": "unknown",
    }


def cohort(rows: list[dict[str, Any]], as_of: int = AS_OF) -> Cohort:
    """Who is considered. The pairs of the acts are on record from their first act on."""
    first: dict[tuple[int, int], int] = {}
    for row in rows:
        if "subject_id" in row:
            pair = (row["subject_id"], row["person_at_risk_id"])
            first[pair] = min(row["recorded_at"], first.get(pair, row["recorded_at"]))
    numbered = [row | {"event_id": number} for number, row in enumerate(rows, 1)]
    pairs = [
        {"relationship_id": 10 * subject + at_risk, "subject_id": subject, "person_at_risk_id": at_risk}
        | {"kind": "ex_partner", "recorded_at": recorded}
        for (subject, at_risk), recorded in first.items()
    ]
    with tempfile.TemporaryDirectory() as folder:
        store = Store.create(Path(folder) / "history")
        tables = {"persons": persons(*PEOPLE), "events": events(*numbered)}
        if pairs:
            tables["relationships"] = pa.Table.from_pylist(pairs)
        store.append(BATCH, tables)
        return eligible(store.snapshot(), as_of, load_policy())


def pairs(found: Cohort) -> set[tuple[int, int]]:
    return set(zip(found.rows.subject.tolist(), found.rows.at_risk.tolist(), strict=True))


FEW = drawn(20)
"""Each example writes two stores to disk, which takes longer than an example may by default."""

acts = st.lists(happenings(), min_size=1, max_size=6)


@FEW
@given(acts, st.lists(stays(), min_size=1, max_size=3))
def test_custody_never_shortens_eligibility(rows: list[dict[str, Any]], inside: list[dict[str, Any]]) -> None:
    assert pairs(cohort(rows)) <= pairs(cohort(rows + inside))


@FEW
@given(acts, st.lists(stays(), max_size=2), st.one_of(happenings(), stays()), _day)
def test_what_is_recorded_later_changes_nothing_before(
    rows: list[dict[str, Any]], inside: list[dict[str, Any]], later: dict[str, Any], day: int
) -> None:
    recorded = max(later.get("recorded_at", later["occurred_at"]), day * DAY)
    before = cohort(rows + inside, recorded)
    after = cohort([*rows, *inside, later | {"recorded_at": recorded}], recorded)
    assert pairs(after) == pairs(before)
    assert [step.kept for step in after.attrition[2:]] == [step.kept for step in before.attrition[2:]]


@FEW
@given(acts, st.lists(stays(), max_size=2), st.sampled_from(PEOPLE), _day, st.sampled_from(["death", "murder"]))
def test_a_death_on_record_removes_exactly_that_persons_relationships(
    rows: list[dict[str, Any]], inside: list[dict[str, Any]], dead: int, day: int, kind: str
) -> None:
    gone = {"person_id": dead, "kind": kind, "occurred_at": day * DAY, "domestic": "unknown"}
    before, after = cohort(rows + inside), cohort([*rows, *inside, gone])
    assert pairs(after) == {pair for pair in pairs(before) if dead not in pair}
    steps = {step.step: step.dropped for step in after.attrition}
    assert steps["person_at_risk_dead"] + steps["subject_dead"] == len({pair for pair in known(rows) if dead in pair})


def known(rows: list[dict[str, Any]]) -> set[tuple[int, int]]:
    return {
        (row["subject_id"], row["person_at_risk_id"])
        for row in rows
        if "subject_id" in row and row["recorded_at"] < AS_OF
    }
