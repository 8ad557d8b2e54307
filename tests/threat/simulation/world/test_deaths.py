"""Who dies of what, when, and that a run forward does not know it ahead."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fixtures.raw_rows import PEOPLE

from threat.simulation import parameters
from threat.simulation.world import mechanism, population, states
from threat.simulation.world.deaths import death_days, die_as_subject, redraw_deaths
from threat.simulation.world.population import DAYS_PER_YEAR
from threat.simulation.world.states import OFFENCES, RAW, RELATION, SUBJECT, Cluster

PARAMETERS: Any = parameters.mechanism()[0]
AGEING = PARAMETERS["ageing"]
MURDER, ASSAULT = OFFENCES.index("murder"), OFFENCES.index("assault_with_injury")


def raw(*rows: tuple[int, int, int, float]) -> Any:
    """Raw rows (what, relation, offence, at) of the first cluster's subject."""
    out = np.zeros(len(rows), RAW)
    for i, (what, relation, offence, at) in enumerate(rows):
        out[i] = (0, relation, 0, i, what, offence, 0, at, states.NO_END)
    return out


SUBJECT_ROW, AT_RISK_ROW = int(PEOPLE.subject_rows[0]), int(PEOPLE.at_risk_person[0])


@pytest.mark.parametrize(
    ("row", "person"),
    [
        ((states.DEATH, -1, 0, 9.0), SUBJECT_ROW),
        ((states.SUBJECT_SUICIDE, -1, 0, 9.0), SUBJECT_ROW),
        ((states.DEATH, 0, 0, 9.0), AT_RISK_ROW),
        ((states.SUICIDE, 0, 0, 9.0), AT_RISK_ROW),
        ((states.INCIDENT, 0, MURDER, 9.0), AT_RISK_ROW),
        ((states.INCIDENT, 0, ASSAULT, 9.0), None),
        ((states.SUBJECT_SUICIDAL, -1, 0, 9.0), None),
        ((states.CRIME, -1, 0, 9.0), None),
    ],
)
def test_a_raw_row_says_who_died(row: tuple[int, int, int, float], person: int | None) -> None:
    day = death_days(PEOPLE, raw((states.INCIDENT, 0, ASSAULT, 3.0), row))
    assert np.flatnonzero(np.isfinite(day)).tolist() == ([] if person is None else [person])
    assert person is None or day[person] == 9.0


def cluster() -> Cluster:
    """A mutual couple (relationships 0 and 1) and a further person at risk of the first subject (2)."""
    subjects, relations = np.zeros(2, SUBJECT), np.zeros(3, RELATION)
    relations["subject"], relations["mirror"], relations["active"] = [0, 1, 0], [1, 0, -1], 1.0
    for table in (subjects, relations):
        table["mortality"] = 0.0016 / DAYS_PER_YEAR
    return Cluster(subjects, relations)


def test_the_death_of_a_subject_ends_every_pair_of_that_subject() -> None:
    ended = cluster()
    die_as_subject(ended, 0)
    assert ended.subjects["dead"].tolist() == [1.0, 0.0]
    assert ended.relations["dead"].tolist() == [1.0, 1.0, 1.0]
    other = cluster()
    die_as_subject(other, 1)
    assert other.relations["dead"].tolist() == [1.0, 1.0, 0.0]


def test_the_dead_have_no_hazards() -> None:
    ended = cluster()
    die_as_subject(ended, 0)
    subject, out = ended.subjects[0], np.zeros(mechanism.HAZARDS)
    assert mechanism.suicidal_hazard(PARAMETERS, ended, 0) == 0.0
    assert mechanism.armed_hazard(PARAMETERS, subject) == 0.0
    subject["crime_rate"] = 1.0
    assert mechanism.crime_hazard(PARAMETERS, subject, 5.0) == 0.0
    for row in range(3):
        assert mechanism.hazards(PARAMETERS, subject, ended.relations[row], 5.0, out) == 0.0


def test_lives_drawn_anew_last_as_long_as_the_law_says_and_are_one_for_a_mutual_couple() -> None:
    day, stream, drawn = 1000.0, np.array([7], np.uint64), []
    people = cluster()
    for _ in range(4000):
        redraw_deaths(PARAMETERS, people, day, stream)
        assert people.relations["dies"][0] == people.subjects["dies"][1]
        assert people.relations["dies"][1] == people.subjects["dies"][0]
        drawn.append(people.relations["dies"][2])
    years = (np.array(drawn) - day) / DAYS_PER_YEAR
    assert years.min() > 0
    # Surviving t years from age 40 + 1000 days: exp(-(h / a)(exp(a t) - 1)).
    hazard, rate = 0.0016 * np.exp(AGEING * day), AGEING * DAYS_PER_YEAR
    for t in (10, 30, 45):
        survives = np.exp(-hazard / rate * (np.exp(rate * t) - 1))
        assert (years > t).mean() == pytest.approx(survives, abs=3.5 * np.sqrt(survives * (1 - survives) / 4000))


def test_persons_die_as_often_as_their_age_says_and_never_before_first_contact() -> None:
    block = population.ContactBlock(seed=4, number=0, clusters=20_000, first_day=0.0, days=30.0, start_year=2017)
    people = population.draw(block)
    assert (people.subjects["dies"] > 0).all()
    at_risk = people.at_risk_person
    age = 2017 - people.born[at_risk]
    died = people.relations["dies"] < 5 * DAYS_PER_YEAR
    for low, high in ((20, 45), (45, 65), (65, 90)):
        here = (age >= low) & (age < high)
        hazard = people.relations["mortality"][here] * DAYS_PER_YEAR
        rate = AGEING * DAYS_PER_YEAR
        expected = (1 - np.exp(-hazard / rate * (np.exp(rate * 5) - 1))).sum()
        assert died[here].sum() == pytest.approx(expected, abs=4 * np.sqrt(expected) + 0.03 * expected)
    yearly = people.relations["mortality"] * DAYS_PER_YEAR
    forty = (age == 40) & people.male[at_risk]
    assert yearly[forty] == pytest.approx(np.full(forty.sum(), 0.0016))
    assert yearly[(age == 48) & people.male[at_risk]][0] == pytest.approx(0.0032, rel=1e-3)
    assert yearly[(age == 40) & ~people.male[at_risk]][0] == pytest.approx(0.0016 * 0.62)
