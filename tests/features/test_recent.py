"""The matrix of a shorter record is the matrix of a history whose older records were taken out by hand, row by row."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures.feature_definitions import catalogue, definitions
from fixtures.feature_histories import AS_OF, QUESTIONS, UNKNOWN, Happening, histories, hit, rows, sightings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.engines.registry import ENGINES
from features.load import load_catalogue
from features.recent import build_recent
from threat.asof import DAY
from threat.errors import UsageError
from threat.vocabulary import kinds

EVERY = pytest.mark.parametrize("engine", [pytest.param(engine, id=name) for name, engine in ENGINES.items()])
QUICK = settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
LENGTHS = st.sampled_from([7, 30, 90, 365, 730, 1500])
drawn = given(history=histories(), wanted=st.lists(definitions(), min_size=1, max_size=12), days=LENGTHS)
STAYS = ("custody", "hold", "mental_health_detention")
ORDERS = ("bail_granted", "non_molestation_order", "restraining_order", "protection_order", "stalking_order")


def kept_by_hand(happening: Happening, start: int) -> bool:
    if happening.kind == "relationship_recorded" or happening.occurred_at >= start:
        return True
    return happening.kind in (*STAYS, *ORDERS) and happening.until > start


def test_the_kinds_that_are_kept_until_they_are_over_are_these():
    assert {kind.name for kind in kinds().values() if kind.lasts in ("stay", "order")} == {*STAYS, *ORDERS}


@EVERY
@QUICK
@drawn
def test_a_row_has_the_values_of_a_history_without_its_older_records(engine, history, wanted, days):
    happenings, links = history
    asked = catalogue(wanted)
    cut = build_recent(sightings(happenings, links), QUESTIONS, days, asked, build_matrix=engine.build)
    whole = engine.build(sightings(happenings, links), QUESTIONS, asked).values
    for i in range(len(QUESTIONS)):
        row = QUESTIONS.take(slice(i, i + 1))
        start = int(row.as_of[0]) - days * DAY
        recent = sightings([each for each in happenings if kept_by_hand(each, start)], links)
        np.testing.assert_array_equal(cut.matrix.values[i], engine.build(recent, row, asked).values[0])
        if not cut.older[i]:
            np.testing.assert_array_equal(cut.matrix.values[i], whole[i])


@EVERY
@settings(QUICK, max_examples=6)
@given(history=histories(most=60, names=tuple(kinds())))
def test_a_length_beyond_the_record_gives_the_whole_matrix_bit_for_bit(engine, history):
    store = sightings(*history)
    cut = build_recent(store, QUESTIONS, 36_500, build_matrix=engine.build)
    assert cut.matrix.values.tobytes() == engine.build(store, QUESTIONS).values.tobytes()
    assert not cut.older.any()


NAMES = ("violence_incidents_ever", "in_custody", "any_order_in_force", "living_together", "kind_partner")


def read(happening: Happening, *, at_risk: int = 12) -> tuple[list[float], bool]:
    """What a row reads of the last 365 days of a history of one event, and whether something was cut."""
    cut = build_recent(sightings([happening]), rows([(11, at_risk, AS_OF)]), 365, load_catalogue().only(NAMES))
    return np.nan_to_num(cut.matrix.values[0], nan=-1).tolist(), bool(cut.older[0])


def at(days: float, kind: str, **parts: object) -> Happening:
    occurred_at = AS_OF - int(days * DAY)
    parties = {"subject": 11, "at_risk": 12} if kinds()[kind].about == "relationship" else {"about": 11}
    return Happening(kind, occurred_at, occurred_at, event_id=1, incident_id=1, **parties, **parts)


SECOND = 1.5 / DAY  # one whole second: `at` rounds down
START = AS_OF - 365 * DAY
NOTHING = [0, 0, 0, 0, -1]
TABLE = [
    # happened exactly 365 days before: inside; a second earlier: outside
    (hit(1, 365, domestic="yes"), [1, 0, 0, 0, -1], False),
    (hit(1, 365 + SECOND, domestic="yes"), NOTHING, True),
    # recorded within the 365 days, happened before: by when it happened
    (hit(1, 400, lag=100, domestic="yes"), NOTHING, True),
    # not on record at the as-of: not there to be cut
    (hit(1, 400, lag=400, domestic="yes"), NOTHING, False),
    # a course of conduct goes by its end
    (at(364, "assault_with_injury", began_at=AS_OF - 900 * DAY, domestic="yes"), [1, 0, 0, 0, -1], False),
    # a stay that is open, one that ended at the first second of the 365 days, and a second later
    (at(900, "custody"), [0, 1, 0, 0, -1], False),
    (at(900, "custody", until=START), NOTHING, True),
    (at(900, "custody", until=START + 1), NOTHING, False),
    # an order in force; what the two are to each other; living together has no end of its own
    (at(900, "restraining_order"), [0, 0, 1, 0, -1], False),
    (at(9_000, "relationship_recorded", code="current_partner"), [0, 0, 0, 0, 1], False),
    (at(900, "cohabitation"), NOTHING, True),
    (at(300, "cohabitation"), [0, 0, 0, 1, -1], False),
]


@pytest.mark.parametrize(("happening", "values", "older"), TABLE)
def test_what_a_row_reads_of_the_last_365_days(happening, values, older):
    assert read(happening) == (values, older)


def test_a_stay_that_was_open_is_read_whole():
    asked = load_catalogue().only(["days_in_custody_ever"])
    stay = at(900, "custody", until=AS_OF - 100 * DAY)
    cut = build_recent(sightings([stay]), rows([(11, 12, AS_OF)]), 365, asked)
    assert cut.matrix.values[0, 0] == 800


def test_every_row_has_a_cut_of_its_own():
    asked = rows([(11, 12, AS_OF), (11, 12, AS_OF - 30 * DAY), (12, 11, AS_OF), (11, UNKNOWN, AS_OF)])
    wanted = load_catalogue().only(["violence_incidents_ever", "subject_violence_365d"])
    cut = build_recent(sightings([hit(1, 380, domestic="yes"), hit(2, 10, domestic="yes")]), asked, 365, wanted)
    expected = [[1, 1], [1, 1], [0, 0], [0, 1]]
    assert cut.matrix.values.tolist() == expected
    assert cut.older.tolist() == [True, False, True, True]


def test_more_rows_than_are_copied_at_once(monkeypatch):
    monkeypatch.setattr("features.recent._AT_ONCE", 2)
    store = sightings([hit(number, number * 7, domestic="yes") for number in range(1, 90)])
    asked = rows([(11, 12, AS_OF - 40 * number * DAY) for number in range(5)])
    cut = build_recent(store, asked, 70, load_catalogue().only(["violence_incidents_ever"]))
    assert cut.matrix.values[:, 0].tolist() == [10, 10, 10, 10, 10]
    assert cut.matrix.rows is asked


def test_rows_nobody_can_score_are_refused():
    with pytest.raises(UsageError, match="not another than the person at risk"):
        build_recent(sightings([]), rows([(11, 11, AS_OF)]), 365)


def test_no_history_at_all():
    cut = build_recent(sightings([]), QUESTIONS, 365, load_catalogue().only(["violence_incidents_ever"]))
    assert cut.matrix.values[:, 0].tolist() == [0, 0, 0, 0, 0, 0]
    assert not cut.older.any()
