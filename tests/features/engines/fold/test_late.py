"""What was known late: counted once for each event, as a plain count says."""

from __future__ import annotations

from fixtures.feature_histories import AS_OF, QUESTIONS, UNKNOWN, Happening, Link, histories, hit, rows, sightings
from hypothesis import HealthCheck, given, settings
from numpy.testing import assert_array_equal

from features import late_known
from threat.asof import DAY
from threat.vocabulary import kinds

ADVANCE = {k.number for k in kinds().values() if k.known_in_advance}


def test_late_known_counts_each_event_once():
    store = sightings(
        [
            hit(1, 10, lag=12),  # both parties are in it: once
            hit(2, 20, lag=1),  # known
            hit(3, 30, lag=30),  # recorded at as-of itself
            hit(4, 5, lag=9, subject=13),  # the person at risk's own
            hit(5, 5, lag=9, subject=13, at_risk=14),  # neither party's
            Happening("release", AS_OF - DAY, AS_OF + DAY, about=11, event_id=6),  # known in advance: not counted
        ]
    )
    assert_array_equal(late_known(store, rows([(11, 12, AS_OF), (11, UNKNOWN, AS_OF), (99, 12, AS_OF)])), [3, 2, 3])


def test_a_link_made_later_is_not_a_late_event():
    """The event was known of 14 all along; that 14 is 12 became known after as-of, and only then counts for 12."""
    store = sightings([hit(1, 10, at_risk=14)], [Link(14, 12, AS_OF + DAY)])
    assert_array_equal(late_known(store, rows([(11, 14, AS_OF), (11, 12, AS_OF)])), [0, 1])


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(histories(most=30))
def test_late_known_is_what_a_plain_count_says(history):
    store = sightings(*history)
    expected = []
    for subject, at_risk, as_of in zip(QUESTIONS.subject, QUESTIONS.at_risk, QUESTIONS.as_of, strict=True):
        unknown: set[int] = set()
        for person in (subject, at_risk):
            where = store.rows_of(person)
            rows_here = range(where.start, where.stop)
            seen = {int(store.event_id[j]) for j in rows_here if store.visible_from[j] < as_of}
            past = [j for j in rows_here if store.occurred_at[j] < as_of and store.kind[j] not in ADVANCE]
            unknown |= {int(store.event_id[j]) for j in past} - seen
        expected.append(len(unknown))
    assert_array_equal(late_known(store, QUESTIONS), expected)
