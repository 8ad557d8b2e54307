"""What happens to a state, and how long hazards sum up: the functions that mechanism and particle filter share."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from threat.simulation import parameters
from threat.simulation.world import mechanism, states
from threat.simulation.world.states import OFFENCES, RELATION, SUBJECT, Cluster

PARAMETERS: Any = parameters.mechanism()[0]
MARKS = ("strangled", "threatened", "armed", "stalked")


def pair(**relation: float) -> Cluster:
    """A couple that harms both ways: relationship 0 and its mirror 1."""
    subjects, relations = np.zeros(2, SUBJECT), np.zeros(2, RELATION)
    for name in ("custody_until", "next_from", "next_until", "bail_until"):
        subjects[name] = states.PAST
    relations["subject"], relations["mirror"] = [0, 1], [1, 0]
    for name, value in ({"active": 1, "intimate": 1, "frequency": 0.5, "severity": 1.0} | relation).items():
        relations[name] = value
    relations["order_until"] = relations["plan_until"] = states.PAST
    return Cluster(subjects, relations)


@pytest.mark.parametrize(
    ("offence", "mark"),
    [
        ("non_fatal_strangulation", "strangled"),
        ("strangulation_with_injury", "strangled"),
        ("threat_to_kill", "threatened"),
        ("stalking", "stalked"),
        ("wounding_with_weapon", "armed"),
        ("injury_with_weapon", "armed"),
        ("rape", ""),
        ("attempted_murder", ""),
        ("domestic_incident", ""),
    ],
)
def test_an_incident_leaves_the_mark_of_its_offence_and_excites(offence: str, mark: str) -> None:
    cluster = pair()
    mechanism.after_incident(PARAMETERS, cluster, 0, OFFENCES.index(offence))
    assert {name for name in MARKS if cluster.relations[name][0] > 0} == ({mark} if mark else set())
    added = sum(0.5 * PARAMETERS[f"weight_{i}"] * PARAMETERS[f"decay_{i}"] for i in range(4))
    assert mechanism.excitation(cluster.relations[0]) == pytest.approx(added)
    assert mechanism.excitation(cluster.relations[1]) == 0.0
    assert cluster.relations["dead"].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("offence", ["manslaughter", "murder"])
def test_a_homicide_ends_what_the_victim_did_too(offence: str) -> None:
    cluster = pair()
    mechanism.after_incident(PARAMETERS, cluster, 0, OFFENCES.index(offence))
    assert cluster.relations["dead"].tolist() == [1.0, 1.0]
    assert cluster.subjects["dead"].tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("hazard", "before", "field", "after", "written"),
    [
        (mechanism.HAZARD_PARTING, {"separated": 0}, "separated", 1.0, states.SEPARATION),
        (mechanism.HAZARD_PARTING, {"separated": 1}, "separated", 0.0, states.RECONCILIATION),
        (mechanism.HAZARD_GRIEVANCE_RISE, {"grievance": 1}, "grievance", 2.0, states.GRIEVANCE),
        (mechanism.HAZARD_GRIEVANCE_FALL, {"grievance": 1}, "grievance", 0.0, -1),
        (mechanism.HAZARD_DISTRESS, {"distressed": 0}, "distressed", 1.0, states.PERSON_DISTRESSED),
        (mechanism.HAZARD_DISTRESS, {"distressed": 1}, "distressed", 0.0, -1),
        (mechanism.HAZARD_SELF_HARM, {}, "dead", 0.0, states.SELF_HARM),
        (mechanism.HAZARD_ATTEMPT, {}, "dead", 0.0, states.ATTEMPT),
        (mechanism.HAZARD_SUICIDE, {}, "dead", 1.0, states.SUICIDE),
        (mechanism.HAZARD_DESISTANCE, {}, "ended", 1.0, -1),
    ],
)
def test_a_jump_changes_one_state_and_says_what_is_written(
    hazard: int, before: dict[str, float], field: str, after: float, written: int
) -> None:
    cluster = pair(**before)
    assert mechanism.after_jump(cluster, 0, hazard) == written
    assert cluster.relations[field][0] == after
    assert cluster.relations["separated"][0] == cluster.relations["separated"][1]


def test_a_separation_is_of_both_directions() -> None:
    cluster = pair()
    mechanism.separate(cluster, 1, 1.0)
    assert cluster.relations["separated"].tolist() == [1.0, 1.0]


def test_an_order_adds_grievance_only_below_the_most() -> None:
    angering = parameters.mechanism({"order_grievance": 1.0})[0]
    cluster = pair(grievance=1.0)
    for expected in (2.0, 2.0):
        mechanism.after_order(angering, cluster.relations[0], np.zeros(1, np.uint64))
        assert cluster.relations["grievance"][0] == expected


@pytest.mark.parametrize("target", [mechanism.TARGET_DEADLY, mechanism.TARGET_SEVERE])
def test_integrals_are_the_hazards_summed_over_small_steps(target: int) -> None:
    cluster = pair(control=2.0, separated=1.0)
    for _ in range(3):
        mechanism.after_incident(PARAMETERS, cluster, 0, OFFENCES.index("stalking"))
    relationship, subject, out = cluster.relations[0], cluster.subjects[0], np.zeros(mechanism.HAZARDS)
    mechanism.hazards(PARAMETERS, subject, relationship, 0.0, out)
    severe = mechanism.severe_integral(PARAMETERS, subject, relationship, 0.0, 90.0, target)
    ordinary = mechanism.ordinary_integral(PARAMETERS, relationship, 90.0, out[mechanism.HAZARD_ORDINARY])
    step, sums = 0.01, np.zeros(mechanism.HAZARDS)
    mechanism.fade(PARAMETERS, cluster, step / 2)  # the middle of each step
    for i in range(9000):
        mechanism.hazards(PARAMETERS, subject, cluster.relations[0], (i + 0.5) * step, out)
        sums += out * step
        mechanism.fade(PARAMETERS, cluster, step)
    first = mechanism.HAZARD_DEADLY if target == mechanism.TARGET_DEADLY else mechanism.HAZARD_GRAVE
    assert severe == pytest.approx(sums[first : mechanism.HAZARD_DEADLY + 1].sum(), rel=1e-5)
    assert ordinary == pytest.approx(sums[mechanism.HAZARD_ORDINARY], rel=1e-5)


@pytest.mark.parametrize(
    ("party", "change"),
    [
        ("relation", {"active": 0}),
        ("relation", {"dead": 1}),
        ("subject", {"dead": 1}),
        ("subject", {"custody_until": 9}),
    ],
)
def test_there_is_no_exposure_before_contact_after_death_and_in_custody(party: str, change: dict[str, float]) -> None:
    cluster = pair()
    assert mechanism.exposure(PARAMETERS, cluster.subjects[0], cluster.relations[0], 5.0) == 1.0
    for name, value in change.items():
        (cluster.relations if party == "relation" else cluster.subjects)[name][0] = value
    assert mechanism.exposure(PARAMETERS, cluster.subjects[0], cluster.relations[0], 5.0) == 0.0


def test_fading_is_exponential() -> None:
    cluster = pair()
    mechanism.after_incident(PARAMETERS, cluster, 0, 0)
    before = cluster.relations["a1"][0]
    mechanism.fade(PARAMETERS, cluster, 10.0)
    assert cluster.relations["a1"][0] == pytest.approx(before * math.exp(-10.0 * PARAMETERS["decay_1"]))
