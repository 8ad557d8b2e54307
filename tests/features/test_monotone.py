"""Adding one harm may not lower a score: scorers that obey and scorers that do not, and the histories in between."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures.feature_histories import QUESTIONS, UNKNOWN, Happening, Link, histories, sightings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from features.engines.fold.build import build
from features.load import load_catalogue
from features.matrix import Matrix
from features.monotone import HARM_EVENTS, HARM_KINDS, HarmEvent, Violation, add, violations, worlds
from threat.asof import DAY
from threat.errors import UsageError
from threat.harm import days_of
from threat.history.sightings import Rows
from threat.vocabulary import kinds

T0 = 1_700_000_000
NO_CRIMES_COUNTED = ("strangulation_reported", "threat_to_children", "surveillance", "attempted_entry")
SUBJECT, AT_RISK, OTHER = 11, 22, 33
ENDS = np.array([-1.0 if end is None else end for end in load_catalogue().read_by_models().least_risk])
"""Figures without a direction are never below 0: a missing one stays a value of its own."""
SENSITIVE_HARM = "honour_based_abuse_ever"
"""A sensitive figure may have no direction; the harms that move it are rare, and every RUN measures what they do."""
CATALOGUE = load_catalogue().only(
    (
        "domestic_incidents_90d",
        "days_since_domestic_incident",
        "others_domestic_incidents_ever",
        "persons_at_risk_1095d",
        "person_at_risk_incidents_365d",
        "subject_suicidality_ever",
        "domestic_incident_gap_mean",
        "strangulation_incidents_ever",
    )
)


def happening(
    i: int, kind: str, day: float, subject: int = SUBJECT, at_risk: int = AT_RISK, **more: object
) -> Happening:
    at = T0 + int(day * DAY)
    return Happening(kind, at, at, subject, at_risk, event_id=i, incident_id=i, domestic="yes", **more)  # type: ignore[arg-type]


HISTORY = sightings(
    [
        happening(1, "assault_with_injury", -300),
        happening(2, "domestic_incident", -40),
        happening(3, "stalking", -20, at_risk=OTHER),
        happening(4, "domestic_incident", -10, at_risk=UNKNOWN),
        happening(5, "domestic_incident", -5, subject=AT_RISK, at_risk=SUBJECT),
        Happening("self_harm", T0 - 7 * DAY, T0 - 7 * DAY, about=SUBJECT, event_id=6, incident_id=6),
        happening(7, "threat_to_kill", 3),
    ]
)
ROWS = Rows(
    relationship_id=np.array([101, 102, 103, 104], np.int64),
    subject=np.array([SUBJECT, SUBJECT, AT_RISK, SUBJECT], np.int64),
    at_risk=np.array([AT_RISK, OTHER, SUBJECT, UNKNOWN], np.int64),
    as_of=np.array([T0, T0 - 30 * DAY, T0, T0], np.int64),
)


def column(name: str, weight: float = 1.0):
    def score(matrix: Matrix) -> NDArray[np.float64]:
        return weight * np.nan_to_num(matrix.column(name).astype(np.float64))

    return score


def test_a_private_copy_gives_the_same_matrix() -> None:
    private, copies = worlds(HISTORY, ROWS)
    whole = load_catalogue()
    before = build(HISTORY, ROWS, whole, parallel=False).values
    after = build(private, copies, whole, parallel=False).values
    np.testing.assert_array_equal(before, after)


def test_a_private_copy_of_merged_persons_gives_the_same_matrix() -> None:
    merged = sightings(
        [happening(1, "assault_with_injury", -50, subject=99), happening(2, "stalking", -30, at_risk=77)],
        [Link(99, SUBJECT, T0 - 20 * DAY), Link(77, AT_RISK, T0 - 10 * DAY)],
    )
    one = Rows(*(array[:1] for array in (ROWS.relationship_id, ROWS.subject, ROWS.at_risk, ROWS.as_of)))
    private, copies = worlds(merged, one)
    before = build(merged, one, load_catalogue(), parallel=False)
    assert before.column("domestic_incidents_90d").tolist() == [2.0]
    np.testing.assert_array_equal(before.values, build(private, copies, load_catalogue(), parallel=False).values)


def test_one_harm_is_added_to_each_row_and_to_no_other() -> None:
    private, copies = worlds(HISTORY, ROWS)
    more = build(add(private, copies, HarmEvent("domestic_incident")), copies, CATALOGUE, parallel=False)
    assert more.column("domestic_incidents_90d").tolist() == [2.0, 1.0, 2.0, 2.0]
    assert more.column("days_since_domestic_incident").tolist() == [1.0, 1.0, 1.0, 1.0]
    # The person at risk meets it too, where somebody is known to be at risk.
    assert more.column("person_at_risk_incidents_365d").tolist()[:3] == [3.0, 1.0, 2.0]
    assert np.isnan(more.column("person_at_risk_incidents_365d")[3])


def test_a_scorer_that_counts_harm_never_falls() -> None:
    assert violations(column("domestic_incidents_90d"), HISTORY, ROWS, CATALOGUE) == []


def test_a_scorer_that_likes_old_incidents_is_found_out() -> None:
    found = violations(
        column("days_since_domestic_incident"), HISTORY, ROWS, CATALOGUE, [HarmEvent("threat_to_kill", days_before=2.0)]
    )
    event = HarmEvent("threat_to_kill", days_before=2.0)
    assert found == [
        Violation(0, 101, event, 40.0, 2.0),
        Violation(2, 103, event, 5.0, 2.0),
        Violation(3, 104, event, 10.0, 2.0),
    ]


def test_missing_filled_high_is_found_out() -> None:
    """The classic trap: never recorded is treated as worst, so the first record lowers the score."""

    def score(matrix: Matrix) -> NDArray[np.float64]:
        return np.nan_to_num(-matrix.column("domestic_incident_gap_mean").astype(np.float64), nan=0.0)

    found = violations(score, HISTORY, ROWS, CATALOGUE, [HarmEvent("domestic_incident")])
    assert [(v.row, v.before) for v in found] == [(2, 0.0), (3, 0.0)]


def test_a_fall_within_the_tolerance_is_no_violation() -> None:
    scorer = column("strangulation_incidents_ever", -1e-9)
    events = [HarmEvent("non_fatal_strangulation")]
    assert len(violations(scorer, HISTORY, ROWS, CATALOGUE, events)) == 4
    assert violations(scorer, HISTORY, ROWS, CATALOGUE, events, tolerance=1e-6) == []


def test_an_event_about_one_person_reaches_only_that_person() -> None:
    private, copies = worlds(HISTORY, ROWS)
    more = build(add(private, copies, HarmEvent("self_harm")), copies, CATALOGUE, parallel=False)
    assert more.column("subject_suicidality_ever").tolist() == [2.0, 1.0, 1.0, 2.0]


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (HarmEvent("asault"), "Not a kind"),
        (HarmEvent("weapon_used", code="spoon"), "no such code"),
        (HarmEvent("stalking", days_before=0.0), "before the as-of"),
        (HarmEvent("stalking", domestic="maybe"), "not a value of domestic"),
    ],
)
def test_an_event_that_cannot_be_is_refused(event: HarmEvent, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        violations(column("domestic_incidents_90d"), HISTORY, ROWS, CATALOGUE, [event])


def test_every_kind_of_harm_is_added_and_each_that_has_harm_days_counts_as_a_domestic_incident() -> None:
    between = [k for k in kinds().values() if k.in_incident]
    assert {event.kind for event in HARM_KINDS} == {k.name for k in between} - {"murder", "manslaughter"}
    assert [event for event in HARM_EVENTS if event not in HARM_KINDS] == [
        HarmEvent("assault_with_injury", days_before=200.0)
    ]
    private, copies = worlds(HISTORY, ROWS)
    plain = build(private, copies, load_catalogue(), parallel=False).column("domestic_incidents_ever")
    for event in HARM_EVENTS:
        more = build(add(private, copies, event), copies, load_catalogue(), parallel=False)
        counted = 1.0 if days_of(event.kind) or event.kind in NO_CRIMES_COUNTED else 0.0
        assert (more.column("domestic_incidents_ever") - plain).tolist() == [counted] * 4, event


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(histories(most=40, names=tuple(kinds())), st.sampled_from(HARM_EVENTS))
def test_one_more_harm_moves_what_a_model_reads_the_way_of_its_direction_or_not_at_all(history, event):
    """So trees that keep directions, and a base whose signs are bound, cannot score lower after a harm."""
    read = load_catalogue().read_by_models()
    private, copies = worlds(sightings(*history), QUESTIONS)
    before, after = (
        np.where(np.isnan(values), ENDS, values)
        for values in (
            build(private, copies, read, parallel=False).values,
            build(add(private, copies, event), copies, read, parallel=False).values,
        )
    )
    moved = np.where(before == after, 0.0, np.sign(after - before))
    directions = np.array([d.direction for d in read])
    against = ((moved != 0) & (moved != directions)).any(axis=0)
    assert [read.names[j] for j in np.flatnonzero(against) if read.names[j] != SENSITIVE_HARM] == []
