"""The mechanism: hazards of one relationship and what happens to its state (``docs/simulation.md``, "The mathematics").

Every hazard is constant between changes of state but for the self-exciting part, which only falls, so the sum just
after a change bounds what follows and thinning (Ogata 1981) is exact. The particle filter (``truth.filtering``) moves
its particles by the same functions, so that it mirrors this mechanism and cannot part from it.
"""

from __future__ import annotations

from numba import njit

from threat.simulation.world.deaths import die
from threat.simulation.world.draws import draw, exp
from threat.simulation.world.states import (
    ATTEMPT,
    FIRST_GRAVE,
    FIRST_HOMICIDE,
    GRIEVANCE,
    PERSON_DISTRESSED,
    RECONCILIATION,
    SELF_HARM,
    SEPARATION,
    STALKED,
    STRANGLED,
    SUICIDE,
    THREATENED,
    Cluster,
    Floats,
    Record,
    Stream,
)

(
    HAZARD_ORDINARY,
    HAZARD_GRAVE,
    HAZARD_DEADLY,
    HAZARD_PARTING,
    HAZARD_GRIEVANCE_RISE,
    HAZARD_GRIEVANCE_FALL,
    HAZARD_DISTRESS,
    HAZARD_SELF_HARM,
    HAZARD_ATTEMPT,
    HAZARD_SUICIDE,
    HAZARD_DESISTANCE,
) = range(11)
"""Positions of one relationship's hazards."""
HAZARDS = 11
"""Number of the positions above."""
MOST_GRIEVANCE = 2.0
"""Grievance has the levels 0, 1 and 2: ``power`` knows no other."""
TARGET_NONE, TARGET_DEADLY, TARGET_SEVERE = 0, 1, 2
"""Incidents that a run suppresses and whose hazard it sums: none, deadly (rung Y1), or grave and deadly (rung Y2)."""
_NOTHING = -1
"""What a jump that leaves no raw row returns: every kind of raw row is 0 or more."""


@njit(cache=True)
def power(base: float, level: float) -> float:
    """Return ``base`` to the level 0, 1 or 2."""
    if level == 0.0:
        return 1.0
    return base if level == 1.0 else base * base


@njit(cache=True)
def deadly_gravity(parameters: Record, subject: Record, relationship: Record, day: float) -> float:
    """Return the deadly hazard per day before exposure and recent excitation: the part that is constant."""
    h = relationship.severity
    h *= (
        parameters.deadly_rate
        * power(parameters.control_deadly, relationship.control)
        * (1.0 + parameters.grievance_deadly * relationship.grievance)
    )
    if relationship.strangled > 0.0:
        h *= parameters.strangled_deadly
    if relationship.threatened > 0.0:
        h *= parameters.threatened_deadly
    if relationship.armed > 0.0 or subject.armed > 0.0:
        h *= parameters.armed_deadly
    if subject.firearm > 0.0:
        h *= parameters.firearm_deadly
    if subject.suicidal > 0.0:
        h *= parameters.suicidal_deadly
    if relationship.intimate == 0.0:
        h *= parameters.family_deadly
        if subject.mental > 0.0:
            h *= parameters.family_mental_deadly
    if relationship.separated > 0.0:
        h *= parameters.separated_deadly * power(parameters.separated_control_deadly, relationship.control)
        if relationship.stalked > 0.0:
            h *= parameters.stalked_deadly
    if day >= parameters.drift_day:
        h *= parameters.drift_factor
    return h


@njit(cache=True)
def grave_gravity(parameters: Record, subject: Record, relationship: Record, day: float) -> float:
    """Return the grave hazard per day before exposure and recent excitation: the part that is constant."""
    h = relationship.severity
    h *= (
        parameters.grave_rate
        * power(parameters.control_grave, relationship.control)
        * (1.0 + parameters.grievance_grave * relationship.grievance)
    )
    if relationship.strangled > 0.0:
        h *= parameters.strangled_grave
    if relationship.threatened > 0.0:
        h *= parameters.threatened_grave
    if relationship.armed > 0.0 or subject.armed > 0.0:
        h *= parameters.armed_grave
    if subject.suicidal > 0.0:
        h *= parameters.suicidal_grave
    if relationship.separated > 0.0:
        h *= parameters.separated_grave
        if relationship.stalked > 0.0:
            h *= parameters.stalked_grave
    if day >= parameters.drift_day:
        h *= parameters.drift_factor
    return h


@njit(cache=True)
def exposure(parameters: Record, subject: Record, relationship: Record, day: float) -> float:
    """Return the factor of exposure: 0 in custody, before the first incident or after a death; otherwise above 0.

    It is below 1 after desistance or under the unit's plan.
    """
    if relationship.active == 0.0 or relationship.dead > 0.0 or subject.dead > 0.0 or day < subject.custody_until:
        return 0.0
    x = 1.0
    if relationship.ended > 0.0:
        x *= parameters.ended_factor
    if day < relationship.plan_until:
        x *= parameters.plan_factor
    return x


@njit(cache=True)
def hazards(parameters: Record, subject: Record, relationship: Record, day: float, out: Floats) -> float:
    """Fill ``out`` with the hazards of one relationship, per day; return their sum."""
    for i in range(HAZARDS):
        out[i] = 0.0
    if relationship.active == 0.0 or relationship.dead > 0.0:
        return 0.0
    _incident_hazards(parameters, subject, relationship, day, out)
    _state_hazards(parameters, relationship, out)
    total = 0.0
    for i in range(HAZARDS):
        total += out[i]
    return total


@njit(cache=True)
def _incident_hazards(parameters: Record, subject: Record, relationship: Record, day: float, out: Floats) -> None:
    """Fill the hazards of ordinary, grave and deadly incidents."""
    x = exposure(parameters, subject, relationship, day)
    if x == 0.0:
        return
    excited = excitation(relationship)
    m = 1.0 + parameters.ordinary_grievance * relationship.grievance
    if relationship.separated > 0.0:
        m *= parameters.ordinary_separated
    if subject.suicidal > 0.0:
        m *= parameters.ordinary_suicidal
    if day < relationship.order_until:
        m *= parameters.ordinary_order
    grave = grave_gravity(parameters, subject, relationship, day)
    deadly = deadly_gravity(parameters, subject, relationship, day)
    out[HAZARD_ORDINARY] = x * m * (parameters.base_rate + excited)
    out[HAZARD_GRAVE] = x * grave * (1.0 + parameters.recent_grave * excited)
    out[HAZARD_DEADLY] = x * deadly * (1.0 + parameters.recent_deadly * excited)


@njit(cache=True)
def _state_hazards(parameters: Record, relationship: Record, out: Floats) -> None:
    """Fill the hazards of changes of state and of harm that the person at risk does to herself or himself."""
    separated = relationship.separated > 0.0
    if relationship.intimate > 0.0:
        if separated:
            out[HAZARD_PARTING] = parameters.reconcile_rate
        else:
            out[HAZARD_PARTING] = parameters.separate_rate * (1.0 + parameters.separate_control * relationship.control)
    if relationship.grievance < MOST_GRIEVANCE:
        out[HAZARD_GRIEVANCE_RISE] = parameters.grievance_rise * (parameters.grievance_separated if separated else 1.0)
    if relationship.grievance > 0.0:
        out[HAZARD_GRIEVANCE_FALL] = parameters.grievance_fall
    if relationship.distressed > 0.0:
        out[HAZARD_DISTRESS] = parameters.distress_off
        out[HAZARD_SELF_HARM] = parameters.self_harm_rate
        out[HAZARD_ATTEMPT] = parameters.attempt_rate
        out[HAZARD_SUICIDE] = parameters.suicide_rate
    else:
        by_control = 1.0 + parameters.distress_control * relationship.control
        by_recent = 1.0 + parameters.distress_recent * excitation(relationship)
        out[HAZARD_DISTRESS] = parameters.distress_on * by_control * by_recent
    if relationship.ended == 0.0:
        out[HAZARD_DESISTANCE] = parameters.end_rate


@njit(cache=True)
def suicidal_hazard(parameters: Record, cluster: Cluster, subject_row: int) -> float:
    """Return the hazard per day that a subject becomes suicidal, or ceases to be."""
    subject = cluster.subjects[subject_row]
    if subject.dead > 0.0:
        return 0.0
    if subject.suicidal > 0.0:
        return parameters.suicidal_off
    h = parameters.suicidal_on
    if subject.mental > 0.0:
        h *= parameters.suicidal_mental
    for row in range(len(cluster.relations)):
        relationship = cluster.relations[row]
        left = relationship.active > 0.0 and relationship.separated > 0.0 and relationship.grievance > 0.0
        if relationship.subject == subject_row and left:
            return h * parameters.suicidal_separated
    return h


@njit(cache=True)
def armed_hazard(parameters: Record, subject: Record) -> float:
    """Return the hazard per day that a subject gets hold of a weapon, or loses it."""
    if subject.dead > 0.0:
        return 0.0
    return parameters.weapon_off if subject.armed > 0.0 else parameters.weapon_on


@njit(cache=True)
def crime_hazard(parameters: Record, subject: Record, day: float) -> float:
    """Return the hazard per day of a crime that harms nobody in particular: drugs, driving, possession."""
    if subject.dead > 0.0 or day < subject.custody_until:
        return 0.0
    return subject.crime_rate * (parameters.crime_substance if subject.substance > 0.0 else 1.0)


@njit(cache=True)
def excitation(relationship: Record) -> float:
    """Return what recent incidents add to the ordinary hazard, per day."""
    return relationship.a0 + relationship.a1 + relationship.a2 + relationship.a3


@njit(cache=True)
def excitation_area(parameters: Record, relationship: Record, days: float) -> float:
    """Return the integral of the excitation over the next ``days``, if nothing happens in them."""
    return (
        relationship.a0 * (1.0 - exp(-parameters.decay_0 * days)) / parameters.decay_0
        + relationship.a1 * (1.0 - exp(-parameters.decay_1 * days)) / parameters.decay_1
        + relationship.a2 * (1.0 - exp(-parameters.decay_2 * days)) / parameters.decay_2
        + relationship.a3 * (1.0 - exp(-parameters.decay_3 * days)) / parameters.decay_3
    )


@njit(cache=True)
def severe_integral(
    parameters: Record, subject: Record, relationship: Record, day: float, days: float, target: int
) -> float:
    """Return the target's hazard summed over ``days`` from ``day``: exact, as only the excitation moves."""
    x = exposure(parameters, subject, relationship, day)
    if x == 0.0:
        return 0.0
    area = excitation_area(parameters, relationship, days)
    deadly = deadly_gravity(parameters, subject, relationship, day)
    total = x * deadly * (days + parameters.recent_deadly * area)
    if target == TARGET_SEVERE:
        grave = grave_gravity(parameters, subject, relationship, day)
        total += x * grave * (days + parameters.recent_grave * area)
    return total


@njit(cache=True)
def ordinary_integral(parameters: Record, relationship: Record, days: float, hazard_now: float) -> float:
    """Return the hazard of ordinary incidents summed over the next ``days``, from its value now."""
    area = excitation_area(parameters, relationship, days)
    per_unit = hazard_now / (parameters.base_rate + excitation(relationship))
    return per_unit * (parameters.base_rate * days + area)


@njit(cache=True)
def fade(parameters: Record, cluster: Cluster, days: float) -> None:
    """Let the excitation of every relationship fall for ``days``."""
    fall_0, fall_1 = exp(-parameters.decay_0 * days), exp(-parameters.decay_1 * days)
    fall_2, fall_3 = exp(-parameters.decay_2 * days), exp(-parameters.decay_3 * days)
    for row in range(len(cluster.relations)):
        relationship = cluster.relations[row]
        relationship.a0 *= fall_0
        relationship.a1 *= fall_1
        relationship.a2 *= fall_2
        relationship.a3 *= fall_3


@njit(cache=True)
def excite(parameters: Record, relationship: Record) -> None:
    """Add the excitation of one incident."""
    cap, frequency = parameters.excitation_cap, relationship.frequency
    relationship.a0 = min(relationship.a0 + frequency * parameters.weight_0 * parameters.decay_0, cap)
    relationship.a1 = min(relationship.a1 + frequency * parameters.weight_1 * parameters.decay_1, cap)
    relationship.a2 = min(relationship.a2 + frequency * parameters.weight_2 * parameters.decay_2, cap)
    relationship.a3 = min(relationship.a3 + frequency * parameters.weight_3 * parameters.decay_3, cap)


@njit(cache=True)
def after_incident(parameters: Record, cluster: Cluster, row: int, offence: int) -> None:
    """Change the state of a relationship as an incident with this offence does."""
    relationship = cluster.relations[row]
    if offence in (STRANGLED, FIRST_GRAVE):
        relationship.strangled = 1.0
    elif offence == THREATENED:
        relationship.threatened = 1.0
    elif offence == STALKED:
        relationship.stalked = 1.0
    elif offence in (FIRST_GRAVE + 1, FIRST_GRAVE + 2):  # wounding or injury with a weapon
        relationship.armed = 1.0
    if offence >= FIRST_HOMICIDE:
        die(cluster, row)
    excite(parameters, relationship)


@njit(cache=True)
def after_order(parameters: Record, relationship: Record, stream: Stream) -> None:
    """Let a new order add grievance, by chance."""
    if relationship.grievance < MOST_GRIEVANCE and draw(stream) < parameters.order_grievance:
        relationship.grievance += 1.0


@njit(cache=True)
def after_jump(cluster: Cluster, row: int, hazard: int) -> int:
    """Change the state of a relationship as a hazard other than an incident's does.

    Returns what a raw row says of it (a constant of ``states``), or -1 where nobody could write it down.
    """
    relationship = cluster.relations[row]
    if hazard == HAZARD_PARTING:
        separate(cluster, row, 1.0 - relationship.separated)
        return SEPARATION if relationship.separated > 0.0 else RECONCILIATION
    if hazard == HAZARD_GRIEVANCE_RISE:
        relationship.grievance += 1.0
        return GRIEVANCE
    if hazard == HAZARD_DISTRESS:
        relationship.distressed = 1.0 - relationship.distressed
        return PERSON_DISTRESSED if relationship.distressed > 0.0 else _NOTHING
    if hazard == HAZARD_SUICIDE:
        die(cluster, row)
        return SUICIDE
    if hazard in (HAZARD_SELF_HARM, HAZARD_ATTEMPT):
        return SELF_HARM if hazard == HAZARD_SELF_HARM else ATTEMPT
    if hazard == HAZARD_GRIEVANCE_FALL:
        relationship.grievance -= 1.0
    elif hazard == HAZARD_DESISTANCE:
        relationship.ended = 1.0
    return _NOTHING


@njit(cache=True)
def separate(cluster: Cluster, row: int, separated: float) -> None:
    """Separate (1) or reconcile (0) a pair, in both directions."""
    relationship = cluster.relations[row]
    relationship.separated = separated
    if relationship.mirror >= 0:
        cluster.relations[relationship.mirror].separated = separated


@njit(cache=True)
def may_separate(relationship: Record) -> bool:
    """Return whether an incident can be followed by a separation."""
    return relationship.intimate > 0.0 and relationship.separated == 0.0 and relationship.dead == 0.0
