"""Which offence an incident is: how severity bends the mix, without a step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from threat.simulation import parameters
from threat.simulation.force import offence_tables
from threat.simulation.truth.evidence import offence_chance
from threat.simulation.world.offences import ordinary_weights, severity_in_mix
from threat.simulation.world.output import silent
from threat.simulation.world.population import ContactBlock, draw
from threat.simulation.world.run import SCRATCH, Run
from threat.simulation.world.states import BREACHED, OFFENCES, PAST, RELATION, SEVERITY, SUBJECT

PARAMETERS: Any = parameters.mechanism()[0]
TABLES = offence_tables()
SEVERITIES = st.floats(0.0, 100.0)
STEEPEST = 0.66 / PARAMETERS["mix_severity"]
"""No slope of V² / (V² + m²) is above 9 / (8 √3 m), about 0.65 / m."""


def relationship(severity: float) -> Any:
    record = np.zeros(1, RELATION)
    record["intimate"], record["severity"], record["order_until"] = 1.0, severity, PAST
    return record[0]


def weights(severity: float) -> np.ndarray:
    out = np.zeros(SCRATCH)
    ordinary_weights(PARAMETERS, relationship(severity), TABLES, out)
    return out[:BREACHED]


@given(SEVERITIES, st.floats(0.0, 1.0))
def test_a_little_more_severity_bends_the_mix_a_little_more_and_never_back(severity: float, more: float) -> None:
    less, bend = (severity_in_mix(PARAMETERS, v) for v in (severity, severity + more))
    assert 0.0 <= less <= bend < 1.0
    assert bend - less <= STEEPEST * more + 1e-12


@given(SEVERITIES)
def test_each_offence_lies_between_no_severity_and_the_whole_ratio(severity: float) -> None:
    ratio = weights(severity) / weights(0.0)
    whole = TABLES[SEVERITY, :BREACHED]
    assert (ratio >= np.minimum(1.0, whole) - 1e-12).all()
    assert (ratio <= np.maximum(1.0, whole) + 1e-12).all()
    np.testing.assert_allclose(ratio, 1.0 + (whole - 1.0) * severity_in_mix(PARAMETERS, severity))


def test_the_mean_bend_is_the_share_of_relationships_that_are_more_severe_than_most() -> None:
    """The mean mix is that of a step at a severity of 1, which this curve takes the place of."""
    severity = draw(ContactBlock(3, 0, 20_000, 0.0, 30.0, 2020)).relations["severity"]
    bends = np.array([severity_in_mix(PARAMETERS, v) for v in severity])
    assert bends.mean() == pytest.approx((severity > 1.0).mean(), abs=0.01)
    assert bends.mean() == pytest.approx(0.2912, abs=0.01)


@given(SEVERITIES)
def test_the_filters_chances_of_the_offences_add_up_and_follow_the_weights(severity: float) -> None:
    run = Run(PARAMETERS, TABLES, np.zeros(1, np.uint64), np.zeros(SCRATCH), silent())
    subject = np.zeros(1, SUBJECT)
    subject["bail_until"] = PAST
    chances = [offence_chance(run, subject[0], relationship(severity), 0.0, offence) for offence in range(BREACHED)]
    assert sum(chances) == pytest.approx(1.0)
    np.testing.assert_allclose(chances, weights(severity) / weights(severity).sum())


def test_threats_to_kill_are_likelier_the_more_severe_and_calls_without_a_crime_less() -> None:
    drawn = {v: weights(v) / weights(v).sum() for v in (0.2, 1.0, 1.1, 5.0)}
    threat, call = OFFENCES.index("threat_to_kill"), OFFENCES.index("domestic_incident")
    assert sorted(drawn, key=lambda v: drawn[v][threat]) == [0.2, 1.0, 1.1, 5.0]
    assert sorted(drawn, key=lambda v: -drawn[v][call]) == [0.2, 1.0, 1.1, 5.0]
    # On either side of the old step the mix is nearly the same.
    assert drawn[1.1][threat] / drawn[1.0][threat] == pytest.approx(1.03, abs=0.02)
