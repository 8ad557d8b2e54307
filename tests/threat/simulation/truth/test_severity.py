"""What crimes against people outside say about severity: as much as in the population, and nothing when unplanted."""

from __future__ import annotations

import numpy as np
import pytest

from threat.simulation import parameters
from threat.simulation.truth.severity import severities
from threat.simulation.world import outside, population
from threat.simulation.world.states import RAW

BLOCK = population.ContactBlock(seed=6, number=0, clusters=60_000, first_day=0.0, days=30.0, start_year=2017)
DAYS = 5 * 365.0


@pytest.mark.parametrize("planted", [0.0, 0.4, 0.8])
def test_severity_given_the_crimes_on_record_is_the_populations(
    planted: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(parameters.values("population"), "outside_severity", planted)
    people = population.draw(BLOCK)
    rows, _ = outside.crimes(people, np.zeros(0, RAW), DAYS)
    first = people.subject_offsets[:-1]
    count = np.bincount(rows["subject"], minlength=len(people.subjects))[first]
    severity = np.log(people.relations["severity"][people.relation_offsets[:-1]])
    means = []
    for crimes in (0, 1, 3):
        true = severity[count == crimes]
        drawn = np.log(severities(np.random.default_rng(crimes), 4000, crimes, DAYS))
        error = np.sqrt(true.var() / len(true) + drawn.var() / 1000)  # some draws are alike
        assert drawn.mean() == pytest.approx(true.mean(), abs=3.5 * error)
        assert drawn.std() == pytest.approx(true.std(), rel=0.1)
        means.append(drawn.mean())
    assert (means[2] - means[0] > 0.4) == (planted > 0)


def test_no_crime_is_ruled_out() -> None:
    drawn = severities(np.random.default_rng(1), 200, 60, 100.0)
    assert np.isfinite(drawn).all()
    assert np.log(drawn).mean() > 0.3
