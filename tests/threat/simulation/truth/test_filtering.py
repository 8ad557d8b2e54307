"""The particle filter changes a particle as the mechanism changes the force."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from threat.simulation import force, parameters
from threat.simulation.truth import filtering
from threat.simulation.truth.evidence import (
    CONDITIONS,
    OBSERVATION,
    SEEN_CUSTODY,
    SEEN_DEATH,
    SEEN_INCIDENT,
    SEEN_ORDER,
    SEEN_PARTING,
    Evidence,
    offence_chance,
)
from threat.simulation.world import mechanism, states
from threat.simulation.world.deaths import die_as_subject
from threat.simulation.world.output import silent
from threat.simulation.world.run import SCRATCH, Run
from threat.simulation.world.states import OFFENCES, RELATION, SUBJECT, Cluster

NEVER_SEPARATES: Any = parameters.mechanism({"separate_at_incident": 0.0})[0]


def couple(**relation: float) -> Cluster:
    subjects, relations = np.zeros(1, SUBJECT), np.zeros(1, RELATION)
    for name in ("custody_until", "next_from", "next_until", "bail_until"):
        subjects[name] = states.PAST
    relations["mirror"] = -1
    for name, value in ({"active": 1, "intimate": 1, "frequency": 0.3, "severity": 1.2} | relation).items():
        relations[name] = value
    relations["order_until"] = relations["plan_until"] = states.PAST
    return Cluster(subjects, relations)


def copied(cluster: Cluster) -> Cluster:
    return Cluster(cluster.subjects.copy(), cluster.relations.copy())


def observe(cluster: Cluster, what: int, offence: int = 0, until: float = -1.0, relation: int = 0) -> float:
    """Change the couple by one record on day 10; return its log chance."""
    record = np.zeros(1, OBSERVATION)
    record["at"], record["what"], record["offence"], record["until"] = 10.0, what, offence, until
    record["relation"] = relation
    nothing = np.zeros(0)
    evidence = Evidence(
        record, np.zeros(0, np.int64), nothing, np.zeros((0, len(CONDITIONS))), np.zeros((0, 5)), 0.5, 0.5
    )
    run = Run(NEVER_SEPARATES, force.offence_tables(), np.zeros(1, np.uint64), np.zeros(SCRATCH), silent())
    return float(filtering.observe(run, cluster, evidence, record[0], np.zeros((1, mechanism.HAZARDS))))


@pytest.mark.parametrize("offence", [i for i in range(len(OFFENCES)) if OFFENCES[i] != "breach"])
def test_a_recorded_incident_changes_a_particle_as_it_changed_the_force(offence: int) -> None:
    particle = couple()
    state = copied(particle)
    assert observe(particle, SEEN_INCIDENT, offence) > filtering._NEVER
    mechanism.after_incident(NEVER_SEPARATES, state, 0, offence)
    assert particle.relations.tobytes() == state.relations.tobytes()
    assert particle.subjects.tobytes() == state.subjects.tobytes()


def test_a_breach_without_an_order_rules_a_particle_out() -> None:
    breach = OFFENCES.index("breach")
    assert observe(couple(), SEEN_INCIDENT, breach) == filtering._NEVER
    particle = couple()
    observe(particle, SEEN_ORDER, states.PROTECTION, until=100.0)
    assert particle.relations[["order_kind", "order_until"]][0].tolist() == (states.PROTECTION, 100.0)
    assert observe(particle, SEEN_INCIDENT, breach) > filtering._NEVER


def test_partings_deaths_and_stays_are_the_mechanisms() -> None:
    particle = couple()
    assert observe(particle, SEEN_PARTING, offence=1) == pytest.approx(np.log(NEVER_SEPARATES["separate_rate"]))
    assert particle.relations["separated"][0] == 1.0
    assert observe(particle, SEEN_PARTING, offence=1) == filtering._NEVER  # the pair had parted already
    observe(particle, SEEN_CUSTODY, until=50.0)
    observe(particle, SEEN_CUSTODY, until=20.0)
    assert particle.subjects["custody_until"][0] == 50.0
    observe(particle, SEEN_DEATH)
    assert particle.relations["dead"][0] == 1.0
    assert particle.subjects["dead"][0] == 0.0


def test_the_death_of_a_subject_is_the_mechanisms_and_leaves_nothing_to_move() -> None:
    particle = couple()
    state = copied(particle)
    observe(particle, SEEN_DEATH, relation=-1)
    die_as_subject(state, 0)
    assert particle.relations.tobytes() == state.relations.tobytes()
    assert particle.subjects.tobytes() == state.subjects.tobytes()
    nothing = np.zeros(0)
    evidence = Evidence(
        np.zeros(0, OBSERVATION),
        np.zeros(0, np.int64),
        *(nothing, np.zeros((0, len(CONDITIONS))), np.zeros((0, 5))),
        *(0.5, 0.5),
    )
    run = Run(NEVER_SEPARATES, force.offence_tables(), np.zeros(1, np.uint64), np.zeros(SCRATCH), silent())
    weight = filtering.drift(run, particle, evidence, 10.0, 400.0, np.zeros((1, mechanism.HAZARDS)))
    assert weight == 0.0
    assert run.stream[0] == 0  # not one random number was drawn
    assert particle.relations.tobytes() == state.relations.tobytes()


def test_the_chances_of_offences_add_up_to_one_for_each_hazard() -> None:
    cluster = couple(control=2.0)
    run = Run(NEVER_SEPARATES, force.offence_tables(), np.zeros(1, np.uint64), np.zeros(SCRATCH), silent())
    for bail_until in (states.PAST, 99.0):
        cluster.subjects["bail_until"] = bail_until
        chances = [
            offence_chance(run, cluster.subjects[0], cluster.relations[0], 10.0, i) for i in range(len(OFFENCES))
        ]
        for first, last in ((0, 15), (15, 20), (20, 24)):
            assert sum(chances[first:last]) == pytest.approx(1.0)
