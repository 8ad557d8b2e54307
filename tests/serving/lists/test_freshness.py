"""How fresh records are, in words, and what does not make a relationship fresh."""

from __future__ import annotations

import pytest
from fixtures import golden_force as golden
from fixtures.feature_histories import Happening, rows, sightings
from fixtures.golden_lists import names_in_order, published_list

from serving.lists.freshness import freshness, new_records
from threat.asof import DAY


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0.0, "under 1 day"),
        (0.99, "under 1 day"),
        (1.0, "1 to 7 days"),
        (7.99, "1 to 7 days"),
        (8.0, "8 to 90 days"),
        (90.99, "8 to 90 days"),
        (91.0, "over 90 days"),
    ],
)
def test_freshness(days, words):
    assert freshness(golden.AS_OF - int(days * DAY), golden.AS_OF) == words


def test_freshness_of_the_golden_force(rule_var):
    listed = published_list(rule_var)
    fresh = dict(zip(names_in_order(listed), listed.rows["freshness"].to_pylist(), strict=True))
    assert fresh["G01"] == "1 to 7 days"
    assert fresh["G07"] == "8 to 90 days"  # what was recorded after the as-of does not make it fresh
    assert fresh["G09"] == "8 to 90 days"  # the unit's own visit does not either


@pytest.mark.parametrize(("seconds_after", "counted"), [(-1, 0), (0, 1), (1, 1)])
def test_what_was_recorded_in_the_second_of_the_list_before_is_new(seconds_after: int, counted: int) -> None:
    """The list before knew what was recorded before its as-of, so the very second is not lost between the two."""
    since = golden.AS_OF - 7 * DAY
    recorded = since + seconds_after
    records = sightings([Happening("stalking", recorded, recorded, subject=1, at_risk=2, event_id=1)])
    assert new_records(records, rows([(1, 2, golden.AS_OF)]), since, golden.AS_OF).tolist() == [counted]
