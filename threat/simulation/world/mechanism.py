"""The mechanism: one subject's relationships in continuous time (``docs/simulation.md``, "The mathematics").

Every hazard is constant between changes of state but for the self-exciting part, which only falls, so the sum just
after a change bounds what follows and thinning (Ogata 1981) is exact. No ``fastmath``; ``log`` and ``exp`` are ours.
"""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math

import numpy as np
from numba import njit

from threat.simulation.world.chance import atanh_series, exp_series
from threat.simulation.world.states import (
    BIT_ARMED,
    BIT_BAIL,
    BIT_DISTRESSED,
    BIT_GRIEVANCE,
    BIT_ORDER,
    BIT_SEPARATED,
    BIT_SUICIDAL,
    ORDER_SHIFT,
)

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_M1 = np.uint64(0xBF58476D1CE4E5B9)
_M2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_UNIT = 1.0 / 9007199254740992.0
_LN2 = 0.6931471805599453
_ROOT_HALF = 0.7071067811865476

_atanh = njit(cache=True)(atanh_series)
_exp = njit(cache=True)(exp_series)


@njit(cache=True)
def draw(luck):
    """The next uniform number of a stream; ``luck`` is its state, uint64[1]."""
    luck[0] += _GOLDEN
    x = luck[0]
    x = (x ^ (x >> _S30)) * _M1
    x = (x ^ (x >> _S27)) * _M2
    x = x ^ (x >> _S31)
    return np.float64(x >> _S11) * _UNIT


@njit(cache=True)
def log(x):
    m, e = math.frexp(x)
    if m < _ROOT_HALF:
        m *= 2.0
        e -= 1
    return _atanh((m - 1.0) / (m + 1.0)) + e * _LN2


@njit(cache=True)
def exp(x):
    if x < -700.0:
        return 0.0
    n = math.floor(x / _LN2 + 0.5)
    return math.ldexp(_exp(x - n * _LN2), int(n))


@njit(cache=True)
def wait(luck, mean):
    return -log(1.0 - draw(luck)) * mean


@njit(cache=True)
def power(base, level):
    """``base`` to the level 0, 1 or 2."""
    if level == 0.0:
        return 1.0
    return base if level == 1.0 else base * base


# Positions of one relationship's hazards.
_ORDINARY, _GRAVE, _DEADLY, _PART, _RISE, _FALL, _DISTRESS, _HARM, _ATTEMPT, _SUICIDE, _END = range(11)
HAZARDS = 11


@njit(cache=True)
def gravity(p, s, q, t, deadly):
    """Grave or deadly hazard per day: the part that stands still, before exposure and recent excitation."""
    h = q.severity
    family = q.intimate == 0.0
    if deadly:
        h *= p.deadly_rate * power(p.control_deadly, q.control) * (1.0 + p.grievance_deadly * q.grievance)
        if q.strangled > 0.0:
            h *= p.strangled_deadly
        if q.threatened > 0.0:
            h *= p.threatened_deadly
        if q.armed > 0.0 or s.armed > 0.0:
            h *= p.armed_deadly
        if s.firearm > 0.0:
            h *= p.firearm_deadly
        if s.suicidal > 0.0:
            h *= p.suicidal_deadly
        if family:
            h *= p.family_deadly
            if s.mental > 0.0:
                h *= p.family_mental_deadly
        if q.separated > 0.0:
            h *= p.separated_deadly * power(p.separated_control_deadly, q.control)
            if q.stalked > 0.0:
                h *= p.stalked_deadly
    else:
        h *= p.grave_rate * power(p.control_grave, q.control) * (1.0 + p.grievance_grave * q.grievance)
        if q.strangled > 0.0:
            h *= p.strangled_grave
        if q.threatened > 0.0:
            h *= p.threatened_grave
        if q.armed > 0.0 or s.armed > 0.0:
            h *= p.armed_grave
        if s.suicidal > 0.0:
            h *= p.suicidal_grave
        if q.separated > 0.0:
            h *= p.separated_grave
            if q.stalked > 0.0:
                h *= p.stalked_grave
    if t >= p.drift_day:
        h *= p.drift_factor
    return h


@njit(cache=True)
def exposure(p, s, q, t):
    """0 in custody, before the first incident or after a death; less after desistance or under the unit's plan."""
    if q.active == 0.0 or q.dead > 0.0 or s.dead > 0.0 or t < s.custody_until:
        return 0.0
    x = 1.0
    if q.ended > 0.0:
        x *= p.ended_factor
    if t < q.plan_until:
        x *= p.plan_factor
    return x


@njit(cache=True)
def hazards(p, s, q, t, out):
    """Fill the hazards of one relationship, per day; returns their sum."""
    for i in range(HAZARDS):
        out[i] = 0.0
    if q.active == 0.0 or q.dead > 0.0:
        return 0.0
    x = exposure(p, s, q, t)
    excited = q.a0 + q.a1 + q.a2 + q.a3
    if x > 0.0:
        m = 1.0 + p.ordinary_grievance * q.grievance
        if q.separated > 0.0:
            m *= p.ordinary_separated
        if s.suicidal > 0.0:
            m *= p.ordinary_suicidal
        if t < q.order_until:
            m *= p.ordinary_order
        out[_ORDINARY] = x * m * (p.base_rate + excited)
        out[_GRAVE] = x * gravity(p, s, q, t, False) * (1.0 + p.recent_grave * excited)
        out[_DEADLY] = x * gravity(p, s, q, t, True) * (1.0 + p.recent_deadly * excited)
    if q.intimate > 0.0:
        out[_PART] = p.reconcile_rate if q.separated > 0.0 else p.separate_rate * (1.0 + p.separate_control * q.control)
    if q.grievance < 2.0:
        out[_RISE] = p.grievance_rise * (p.grievance_separated if q.separated > 0.0 else 1.0)
    if q.grievance > 0.0:
        out[_FALL] = p.grievance_fall
    if q.distressed > 0.0:
        out[_DISTRESS] = p.distress_off
        out[_HARM] = p.self_harm_rate
        out[_ATTEMPT] = p.attempt_rate
        out[_SUICIDE] = p.suicide_rate
    else:
        out[_DISTRESS] = p.distress_on * (1.0 + p.distress_control * q.control) * (1.0 + p.distress_recent * excited)
    if q.ended == 0.0:
        out[_END] = p.end_rate
    total = 0.0
    for i in range(HAZARDS):
        total += out[i]
    return total


@njit(cache=True)
def fade(p, rel, dt):
    """Let the excitation of every relationship fall for ``dt`` days."""
    d0, d1, d2, d3 = exp(-p.decay_0 * dt), exp(-p.decay_1 * dt), exp(-p.decay_2 * dt), exp(-p.decay_3 * dt)
    for r in range(len(rel)):
        q = rel[r]
        q.a0 *= d0
        q.a1 *= d1
        q.a2 *= d2
        q.a3 *= d3


@njit(cache=True)
def excite(p, q):
    cap = p.excitation_cap
    q.a0 = min(q.a0 + q.frequency * p.weight_0 * p.decay_0, cap)
    q.a1 = min(q.a1 + q.frequency * p.weight_1 * p.decay_1, cap)
    q.a2 = min(q.a2 + q.frequency * p.weight_2 * p.decay_2, cap)
    q.a3 = min(q.a3 + q.frequency * p.weight_3 * p.decay_3, cap)


@njit(cache=True)
def note(book, what, offence, relation, subject, s, q, t, until, extra):
    """Write one raw row; ``book`` is (rows, [used, first relation, first subject, cluster, ordinal])."""
    rows, place = book
    if place[0] < 0:  # nothing is written when running forward for the truth
        return
    i = place[0]
    if i < len(rows):
        row = rows[i]
        row.cluster = place[3]
        row.relation = place[1] + relation if relation >= 0 else -1
        row.subject = place[2] + subject
        row.ordinal = place[4]
        row.what = what
        row.offence = offence
        row.at = t
        row.until = until
        state = extra
        if relation >= 0:
            if q.separated > 0.0:
                state |= BIT_SEPARATED
            if q.distressed > 0.0:
                state |= BIT_DISTRESSED
            if t < q.order_until:
                state |= BIT_ORDER | (int(q.order_kind) << ORDER_SHIFT)
            if q.grievance > 0.0:
                state |= BIT_GRIEVANCE
        if s.suicidal > 0.0:
            state |= BIT_SUICIDAL
        if s.armed > 0.0:
            state |= BIT_ARMED
        if t < s.bail_until:
            state |= BIT_BAIL
        row.state = state
    place[0] += 1
    place[4] += 1
