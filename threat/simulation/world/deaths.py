"""What a death does to a cluster (compiled), when the living die of other causes, and who of a block has died."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from threat.simulation.world.draws import exp, log, wait
from threat.simulation.world.population import Population
from threat.simulation.world.states import (
    DEATH,
    FIRST_HOMICIDE,
    INCIDENT,
    SUBJECT_SUICIDE,
    SUICIDE,
    Cluster,
    Record,
    Stream,
)

OF_THE_SUBJECT = (DEATH, SUBJECT_SUICIDE)
"""Raw rows by which the subject has died where they name no relationship."""
OF_THE_PERSON_AT_RISK = (DEATH, SUICIDE)
"""Raw rows by which the person at risk has died where they name a relationship."""


@njit(cache=True)
def die(cluster: Cluster, row: int) -> None:
    """Let the person at risk die: the pair ends, and so does what that person did as a subject."""
    relationship = cluster.relations[row]
    relationship.dead = 1.0
    if relationship.mirror >= 0:
        die_as_subject(cluster, cluster.relations[relationship.mirror].subject)


@njit(cache=True)
def die_as_subject(cluster: Cluster, subject_row: int) -> None:
    """Let a subject die: every pair that the subject was part of ends, in both directions."""
    cluster.subjects[subject_row].dead = 1.0
    for row in range(len(cluster.relations)):
        relationship = cluster.relations[row]
        if relationship.subject == subject_row:
            relationship.dead = 1.0
            if relationship.mirror >= 0:
                cluster.relations[relationship.mirror].dead = 1.0


@njit(cache=True)
def redraw_deaths(parameters: Record, cluster: Cluster, day: float, stream: Stream) -> None:
    """Draw anew when the living of a cluster die of other causes: after ``day``.

    A force's own days of death are drawn ahead of its path; a run forward must not know them. Gompertz's law:
    hazard m exp(a t), so the life left from a hazard h on is log(1 + E a / h) / a, E exponential of mean 1.
    """
    for k in range(len(cluster.subjects)):
        subject = cluster.subjects[k]
        if subject.dead == 0.0:
            subject.dies = day + _life_left(parameters.ageing, subject.mortality, day, stream)
    for row in range(len(cluster.relations)):
        relationship = cluster.relations[row]
        if relationship.mirror >= 0:
            relationship.dies = cluster.subjects[cluster.relations[relationship.mirror].subject].dies
        elif relationship.dead == 0.0:
            relationship.dies = day + _life_left(parameters.ageing, relationship.mortality, day, stream)


@njit(cache=True)
def _life_left(ageing: float, mortality: float, day: float, stream: Stream) -> float:
    """Return the days from ``day`` to a death by other causes; ``mortality``: its hazard on day 0."""
    return log(1.0 + wait(stream, 1.0) * ageing / (mortality * exp(ageing * day))) / ageing


def death_days(people: Population, raw: NDArray[Any]) -> NDArray[np.float64]:
    """Return the day of each person's death, infinite for the living; ``raw``: a block's raw rows (RAW).

    The death of a person at risk after the subject's is not drawn: their relationship has ended.
    """
    day = np.full(len(people.person_keys), np.inf)
    between = raw["relation"] >= 0
    of_subject = ~between & np.isin(raw["what"], OF_THE_SUBJECT)
    killed = (raw["what"] == INCIDENT) & (raw["offence"] >= FIRST_HOMICIDE)
    of_at_risk = between & (killed | np.isin(raw["what"], OF_THE_PERSON_AT_RISK))
    np.minimum.at(day, people.subject_rows[raw["subject"][of_subject]], raw["at"][of_subject])
    np.minimum.at(day, people.at_risk_person[raw["relation"][of_at_risk]], raw["at"][of_at_risk])
    return day
