"""The golden force: who is eligible, and the values the obvious rules must find, checked by plain Python."""

from __future__ import annotations

import pytest
from fixtures import golden_force as golden

from threat.asof import DAY, parse_as_of
from threat.eligibility import eligible
from threat.harm import days_of
from threat.history.snapshot import Snapshot
from threat.outcomes import label, occurrences
from threat.policy import load_policy
from threat.vocabulary import kinds


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return golden.build(tmp_path_factory.mktemp("golden") / "store").snapshot()


def incidents(snapshot: Snapshot, name: str) -> dict[int, tuple[int, float]]:
    """Visible domestic incidents of a pair with a harmful act: incident -> (latest occurrence, harm)."""
    rows = snapshot.rows(golden.relationship_id(name), golden.AS_OF)
    seen = snapshot.sightings()
    out: dict[int, tuple[int, float]] = {}
    number = {kind.number: kind for kind in kinds().values()}
    where = seen.rows_of(int(rows.subject[0]))
    for i in range(where.start, where.stop):
        kind = number[int(seen.kind[i])]
        if not (seen.visible_from[i] < golden.AS_OF <= seen.visible_until[i]) or seen.role[i] != 0:
            continue
        if seen.counterpart[i] < 0 or seen.persons[seen.counterpart[i]] != rows.at_risk[0]:
            continue
        if seen.domestic[i] != 1 or not (kind.crime or kind.name == "domestic_incident"):
            continue
        if not golden.AS_OF - 365 * DAY <= seen.occurred_at[i] < golden.AS_OF:
            continue
        at, harm = out.get(int(seen.incident_id[i]), (0, 0.0))
        out[int(seen.incident_id[i])] = (max(at, int(seen.occurred_at[i])), max(harm, days_of(kind.name)))
    return out


@pytest.mark.parametrize("name", golden.ORDER)
def test_values_of_the_obvious_rules(snapshot: Snapshot, name: str) -> None:
    found = incidents(snapshot, name)
    assert len(found) == golden.INCIDENTS_IN_A_YEAR[name]
    last = max(at for at, _ in found.values())
    assert (golden.AS_OF - last) / DAY == golden.DAYS_SINCE_LAST_INCIDENT[name]
    expected = sum(days_of(kind) for kind in golden.WORST_KIND_OF_EACH_INCIDENT[name])
    assert sum(harm for _, harm in found.values()) == pytest.approx(expected)


def test_no_rule_contradicts_the_order() -> None:
    harm = [sum(days_of(kind) for kind in golden.WORST_KIND_OF_EACH_INCIDENT[name]) for name in golden.ORDER]
    assert harm == sorted(harm, reverse=True)
    assert len(set(harm)) == len(harm)
    days = list(golden.DAYS_SINCE_LAST_INCIDENT.values())
    assert days == sorted(set(days))
    counts = list(golden.INCIDENTS_IN_A_YEAR.values())
    assert counts == sorted(counts, reverse=True)


def test_cohort_and_attrition(snapshot: Snapshot) -> None:
    cohort = eligible(snapshot, golden.AS_OF, load_policy())
    assert set(cohort.rows.relationship_id.tolist()) == {golden.relationship_id(name) for name in golden.ORDER}
    assert [(step.step, step.kept, step.dropped) for step in cohort.attrition] == [
        # Twelve that a source states, and the pair of S09's second record, which an event names.
        ("on record", 13, 0),
        ("known", 13, 0),
        ("subject", 13, 0),
        ("person_at_risk", 13, 0),
        ("one_person", 12, 1),
        ("twice", 11, 1),
        ("person_at_risk_dead", 11, 0),
        ("subject_dead", 11, 0),
        ("window", 10, 1),
        ("safeguarding", 10, 0),
    ]


@pytest.mark.parametrize("rung", golden.OUTCOMES_180_DAYS)
def test_outcomes(snapshot: Snapshot, rung: str) -> None:
    rows = snapshot.rows([golden.relationship_id(name) for name in golden.KINDS], golden.AS_OF)
    labels = label(occurrences(snapshot, rung), rows, 180)
    found = {name for name, value in zip(golden.KINDS, labels, strict=True) if value}
    assert found == golden.OUTCOMES_180_DAYS[rung]


@pytest.mark.parametrize(
    ("known_before", "expected"),
    [("2024-07-21", False), ("2024-07-22", True), ("2024-11-01", True), ("2024-11-02", False)],
)
def test_an_outcome_counts_from_its_recording_to_its_withdrawal(
    snapshot: Snapshot, known_before: str, expected: bool
) -> None:
    rows = snapshot.rows(golden.relationship_id("G02"), golden.AS_OF)
    assert bool(label(occurrences(snapshot, "Y2", parse_as_of(known_before)), rows, 180)[0]) is expected


def test_a_rule_is_met_when_its_last_kind_is_recorded(snapshot: Snapshot) -> None:
    found = occurrences(snapshot, "Y2")
    row = found[found["incident_id"] == golden.incident_id("c-5")].iloc[0]
    assert (row["occurred_at"], row["recorded_at"]) == (
        parse_as_of("2024-07-10T12:00+00:00"),
        parse_as_of("2024-07-20T15:00+00:00"),
    )
