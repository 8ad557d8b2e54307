"""What must not move a feature does not, and what must take an event away does.

Through the whole shipped catalogue and the fold engine; ``test_engines_agree`` ties the reference to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from fixtures.feature_histories import AS_OF, QUESTIONS, Happening, Link, happenings, histories, rows, sightings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from features.engines.fold.build import build
from features.load import load_catalogue
from threat.asof import DAY, NEVER
from threat.history.sightings import Rows, Sightings
from threat.vocabulary import kinds

EVERY_KIND = tuple(kinds())
HISTORIES = histories(most=40, names=EVERY_KIND)
QUICK = settings(deadline=None, max_examples=20, suppress_health_check=list(HealthCheck))
LONG = settings(QUICK, max_examples=1000)

late_happenings = st.integers(0, 10_000).flatmap(lambda n: happenings(30_000 + n, EVERY_KIND))


def always(*drawn: st.SearchStrategy[object]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make two tests of a property: a quick one, and one at length behind ``long``."""

    def two(prove: Callable[..., None]) -> Callable[..., None]:
        globals()[f"{prove.__name__}_at_length"] = pytest.mark.long(LONG(given(*drawn)(prove)))
        return QUICK(given(*drawn)(prove))

    return two


def values(store: Sightings, asked: Rows = QUESTIONS) -> np.ndarray:
    return build(store, asked, load_catalogue(), parallel=False).values


def later(h: Happening, lag: int) -> Happening:
    """The same event, recorded at as-of or after it."""
    return replace(h, recorded_at=AS_OF + lag, withdrawn_at=NEVER)


@always(
    HISTORIES, st.lists(late_happenings, min_size=1, max_size=12), st.lists(st.sampled_from([0, 1, DAY]), min_size=12)
)
def test_nothing_recorded_from_as_of_on_changes_anything(history, extra, lags):
    events, links = history
    future = [later(h, lag) for h, lag in zip(extra, lags, strict=False)]
    after = [replace(e, withdrawn_at=min(e.withdrawn_at, AS_OF)) for e in events]  # withdrawn at as-of: still visible
    more_links = [*links, Link(13, 11, AS_OF), Link(12, 13, AS_OF + 1)]
    before = values(sightings(events, links))
    assert_array_equal(values(sightings([*events, *future], links)), before)
    assert_array_equal(values(sightings([*events, *future], more_links)), before)
    assert_array_equal(values(sightings(after, links)), before)


@always(HISTORIES, st.integers(0, 10_000))
def test_moving_the_record_past_as_of_takes_the_event_away(history, choice):
    events, links = history
    if not events:
        return
    i = choice % len(events)
    without = events[:i] + events[i + 1 :]
    assert_array_equal(values(sightings([*without, later(events[i], 0)], links)), values(sightings(without, links)))


@always(HISTORIES, st.randoms(use_true_random=False))
def test_the_order_of_input_changes_nothing(history, random):
    events, links = history
    shuffled = list(events)
    random.shuffle(shuffled)
    assert_array_equal(values(sightings(shuffled, links)), values(sightings(events, links)))


@always(HISTORIES, st.randoms(use_true_random=False))
def test_any_numbering_of_events_incidents_and_rows_gives_the_same_figures(history, random):
    """Ties are decided by what the records say: no figure depends on how a source numbers them."""
    events, links = history
    ids = random.sample(range(1, 10**6), len(events))
    incidents = dict(zip(range(1, 7), random.sample(range(1, 10**6), 6), strict=True))
    numbered = [
        replace(e, event_id=ids[i], incident_id=incidents.get(e.incident_id, e.incident_id))
        for i, e in enumerate(events)
    ]
    random.shuffle(numbered)
    np.testing.assert_allclose(values(sightings(numbered, links)), values(sightings(events, links)), rtol=1e-6)


@always(HISTORIES, st.permutations(range(len(QUESTIONS))))
def test_the_order_of_rows_changes_nothing(history, order):
    store = sightings(*history)
    picked = Rows(*(getattr(QUESTIONS, f)[order] for f in ("relationship_id", "subject", "at_risk", "as_of")))
    assert_array_equal(values(store, picked), values(store)[order])


@always(HISTORIES, st.sampled_from([1, -DAY, 3_600, -1_700_000_000, 10**9]))
def test_shifting_all_times_changes_nothing(history, shift):
    events, links = history
    moved = [
        replace(
            e,
            occurred_at=e.occurred_at + shift,
            recorded_at=e.recorded_at + shift,
            until=e.until if e.until == NEVER else e.until + shift,
            began_at=e.began_at + shift if e.began_at else 0,
            withdrawn_at=e.withdrawn_at if e.withdrawn_at == NEVER else e.withdrawn_at + shift,
        )
        for e in events
    ]
    moved_links = [
        replace(
            k,
            recorded_at=k.recorded_at + shift,
            withdrawn_at=k.withdrawn_at if k.withdrawn_at == NEVER else k.withdrawn_at + shift,
        )
        for k in links
    ]
    asked = replace(QUESTIONS, as_of=QUESTIONS.as_of + shift)
    assert_array_equal(values(sightings(moved, moved_links), asked), values(sightings(events, links)))


@always(HISTORIES, HISTORIES)
def test_strangers_change_nothing(history, others):
    """Events between persons who are none of the parties, and who share no incident with them."""
    events, links = history
    strangers = [
        replace(
            e,
            event_id=e.event_id + 10**6,
            incident_id=e.incident_id + 10**6,
            subject=e.subject + 1000 if e.subject > 0 else e.subject,
            at_risk=e.at_risk + 1000 if e.at_risk > 0 else e.at_risk,
            about=e.about + 1000 if e.about > 0 else e.about,
        )
        for e in others[0]
    ]
    assert_array_equal(values(sightings([*events, *strangers], links)), values(sightings(events, links)))


def test_an_event_known_late_is_a_figure_only_once_known():
    """The strangulation of 60 days ago was disclosed 2 days ago: absent 7 days ago, present now."""
    h = Happening(
        "non_fatal_strangulation", AS_OF - 60 * DAY, AS_OF - 2 * DAY, 11, 12, event_id=1, incident_id=1, domestic="yes"
    )
    asked = rows([(11, 12, AS_OF - 7 * DAY), (11, 12, AS_OF - 2 * DAY), (11, 12, AS_OF - 2 * DAY + 1), (11, 12, AS_OF)])
    wanted = load_catalogue().only(["strangulation_incidents_ever", "days_since_strangulation"])
    found = build(sightings([h]), asked, wanted, parallel=False).values
    assert_array_equal(
        found, np.array([[0, np.nan], [0, np.nan], [1, 58 + 1 / DAY], [1, 60]], np.float32), err_msg="count and recency"
    )
