"""Compiled: a particle filter over one cluster's latent states, given what was on record (``docs/truth.md``).

Between two records a particle moves freely in what is not recorded (separation, grievance, the subject's suicidality,
weapons, desistance) and is weighted by the silence: exp(-integral of the incident hazards). A record multiplies its
weight by the hazard of that incident and the chance of its offence, form and markers, and changes its state.
"""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math

import numpy as np
from numba import njit

from threat.simulation.truth.paths import copy, silent
from threat.simulation.world import life, mechanism
from threat.simulation.world.mechanism import HAZARDS, draw, excite, exp, fade, wait
from threat.simulation.world.offences import BREACHED, STALKED, STRANGLED, THREATENED, ordinary_weights
from threat.simulation.world.states import DEADLY, FIRST_DEADLY, FIRST_GRAVE, FIRST_HOMICIDE, GRAVE, GRAVE_FAMILY, PAST

OBSERVATION = np.dtype(
    [
        ("at", np.float64),
        ("what", np.int64),  # one of the constants below
        ("relation", np.int64),  # within the cluster
        ("subject", np.int64),
        ("offence", np.int64),  # or kind of order
        ("until", np.float64),
        ("entry", np.int64),
        ("parted", np.int64),  # a separation at that moment is on record
        ("first", np.int64),  # the item rows that belong to it
        ("last", np.int64),
    ]
)
SEEN_INCIDENT, SEEN_SIGNAL, SEEN_CUSTODY, SEEN_BAIL, SEEN_ORDER, SEEN_PARTING, SEEN_SUICIDAL, SEEN_DEATH = range(8)

CONDITIONS = ("separated", "controlling", "high_control", "severe", "mental", "firearm", "armed", "suicidal")
_GRAVE_KINDS, _DEADLY_KINDS = 5, 4
_NEVER = -1.0e300


@njit(cache=True)
def offence_chance(p, s, q, t, offence, tables, scratch):
    """The chance of an offence, given that an incident of its stream happened."""
    if offence >= FIRST_DEADLY:
        total = 0.0
        for i in range(_DEADLY_KINDS):
            total += tables[DEADLY, i]
        return tables[DEADLY, offence - FIRST_DEADLY] / total
    if offence >= FIRST_GRAVE:
        row = GRAVE if q.intimate > 0.0 else GRAVE_FAMILY
        total = 0.0
        for i in range(_GRAVE_KINDS):
            total += tables[row, i]
        return tables[row, offence - FIRST_GRAVE] / total
    restrained = t < q.order_until or t < s.bail_until
    if offence == BREACHED:
        return p.breach_share if restrained else 0.0
    ordinary_weights(q, tables, scratch)
    total = 0.0
    for i in range(BREACHED):
        total += scratch[i]
    return scratch[offence] / total * (1.0 - p.breach_share if restrained else 1.0)


@njit(cache=True)
def form_weight(s, q, first, last, answers, base, added):
    """Log chance of the answers and markers of one incident."""
    held = np.zeros(len(CONDITIONS))
    held[0] = q.separated
    held[1] = 1.0 if q.control > 0.0 else 0.0
    held[2] = 1.0 if q.control > 1.0 else 0.0
    held[3] = 1.0 if q.severity > 1.0 else 0.0
    held[4] = s.mental
    held[5] = s.firearm
    held[6] = s.armed
    held[7] = s.suicidal
    total = 0.0
    for i in range(first, last):
        share = base[i]
        for k in range(len(held)):
            share += added[i, k] * held[k]
        share = min(max(share, 1e-6), 1.0 - 1e-6)
        total += math.log(share if answers[i] > 0 else 1.0 - share)
    return total


@njit(cache=True)
def drift(p, subjects, rel, t, end, luck, known, marked, work):
    """Move one particle from ``t`` to ``end``, nothing on record in between. Returns the log weight of that silence.

    ``known``: chance that a separation is recorded; ``marked``: that an onset of suicidality is.
    """
    weight = 0.0
    while t < end:
        _, stop = life.ahead(p, subjects, rel, t, end, work)
        free = 0.0
        for r in range(len(rel)):
            if rel[r].active > 0.0 and rel[r].dead == 0.0:
                free += work[r, 3] + work[r, 4] + work[r, 5] + work[r, 10]
        for k in range(len(subjects)):
            free += life.suicidal_hazard(p, rel, subjects[k], k) + life.armed_hazard(p, subjects[k])
        dt = wait(luck, 1.0 / free)
        jump = t + dt < stop
        until = t + dt if jump else stop
        span = until - t
        for r in range(len(rel)):
            q = rel[r]
            if q.active == 0.0 or q.dead > 0.0:
                continue
            weight -= life.integral(p, subjects[q.subject], q, t, span, 2, work[r])
            excited = q.a0 + q.a1 + q.a2 + q.a3
            area = (
                q.a0 * (1.0 - exp(-p.decay_0 * span)) / p.decay_0
                + q.a1 * (1.0 - exp(-p.decay_1 * span)) / p.decay_1
                + q.a2 * (1.0 - exp(-p.decay_2 * span)) / p.decay_2
                + q.a3 * (1.0 - exp(-p.decay_3 * span)) / p.decay_3
            )
            weight -= work[r, 0] / (p.base_rate + excited) * (p.base_rate * span + area)
        fade(p, rel, span)
        t = until
        if not jump:
            continue
        u = draw(luck) * free
        done = False
        for r in range(len(rel)):
            q = rel[r]
            if done or q.active == 0.0 or q.dead > 0.0:
                continue
            for what in (3, 4, 5, 10):
                u -= work[r, what]
                if u < 0.0:
                    done = True
                    if what == 3:
                        life.part(p, rel, r, 1.0 - q.separated)
                        weight += math.log(1.0 - known)
                    elif what == 4:
                        q.grievance += 1.0
                    elif what == 5:
                        q.grievance -= 1.0
                    else:
                        q.ended = 1.0
                    break
        for k in range(len(subjects)):
            s = subjects[k]
            if done:
                break
            u -= life.suicidal_hazard(p, rel, s, k)
            if u < 0.0:
                done = True
                s.suicidal = 1.0 - s.suicidal
                if s.suicidal > 0.0:
                    weight += math.log(1.0 - marked)
                break
            u -= life.armed_hazard(p, s)
            if u < 0.0:
                done = True
                s.armed = 1.0 - s.armed
    return weight


@njit(cache=True)
def enter(p, rel, r):
    """A relationship comes to notice; earlier partners of its subject part (as ``life.enter``)."""
    q = rel[r]
    q.active = 1.0
    if q.intimate == 0.0:
        return
    for j in range(len(rel)):
        other = rel[j]
        earlier = j not in (r, q.mirror) and other.subject == q.subject and other.active > 0.0 and other.dead == 0.0
        if earlier and other.intimate > 0.0 and other.separated == 0.0:
            life.part(p, rel, j, 1.0)


@njit(cache=True)
def observe(p, subjects, rel, seen, luck, tables, answers, base, added, known, work, scratch):
    """Change one particle by one record; returns the log chance of that record."""
    k = seen.subject
    s = subjects[k]
    if seen.what == SEEN_CUSTODY:
        s.custody_until = max(s.custody_until, seen.until)
        return 0.0
    if seen.what == SEEN_BAIL:
        s.bail_until = max(s.bail_until, seen.until)
        return 0.0
    if seen.what == SEEN_SUICIDAL:
        chance = 0.0 if s.suicidal > 0.0 else life.suicidal_hazard(p, rel, s, k)
        s.suicidal = 1.0
        return math.log(chance) if chance > 0.0 else _NEVER
    r, t, offence = seen.relation, seen.at, seen.offence
    q = rel[r]
    if seen.what == SEEN_DEATH:
        q.dead = 1.0
        life.bury(subjects, rel, q)
        return 0.0
    if seen.what == SEEN_SIGNAL:
        enter(p, rel, r)
        return 0.0
    if seen.what == SEEN_ORDER:
        q.order_kind, q.order_until = float(offence), seen.until
        if q.grievance < 2.0 and draw(luck) < p.order_grievance:
            q.grievance += 1.0
        return 0.0
    if seen.what == SEEN_PARTING:
        apart = float(offence)
        mechanism.hazards(p, s, q, t, work[r])
        chance = 0.0 if q.separated == apart else work[r, 3]
        life.part(p, rel, r, apart)
        return math.log(chance) if chance > 0.0 else _NEVER
    stream = 2 if offence >= FIRST_DEADLY else (1 if offence >= FIRST_GRAVE else 0)
    if seen.entry > 0:
        enter(p, rel, r)
        deadly, grave = life.entry_chances(p, s, q, t)
        chance = deadly if stream == 2 else (grave if stream == 1 else 1.0 - deadly - grave)
    else:
        mechanism.hazards(p, s, q, t, work[r])
        chance = work[r, stream]
    chance *= offence_chance(p, s, q, t, offence, tables, scratch)
    if chance <= 0.0:
        return _NEVER
    weight = math.log(chance) + form_weight(s, q, seen.first, seen.last, answers, base, added)
    if offence in (STRANGLED, FIRST_GRAVE):
        q.strangled = 1.0
    elif offence == THREATENED:
        q.threatened = 1.0
    elif offence == STALKED:
        q.stalked = 1.0
    elif offence in (FIRST_GRAVE + 1, FIRST_GRAVE + 2):
        q.armed = 1.0
    if offence >= FIRST_HOMICIDE:
        q.dead = 1.0
        life.bury(subjects, rel, q)
    excite(p, q)
    if q.intimate > 0.0 and q.separated == 0.0 and q.dead == 0.0:
        share = p.separate_at_incident
        if seen.parted > 0:
            weight += math.log(share * known)
            life.part(p, rel, r, 1.0)
        else:
            weight += math.log(1.0 - share * known)
            if draw(luck) < share * (1.0 - known) / (1.0 - share * known):
                life.part(p, rel, r, 1.0)
    elif seen.parted > 0:
        return _NEVER
    return weight


@njit(cache=True)
def resample(logs, luck, picks):
    """Systematic resampling by log weights; returns the effective number there was."""
    n = len(logs)
    top = logs.max()
    total, square = 0.0, 0.0
    for i in range(n):
        w = math.exp(logs[i] - top)
        total += w
        square += w * w
    step, u, i = total / n, draw(luck) * total / n, 0
    reached = math.exp(logs[0] - top)
    for j in range(n):
        while reached < u and i < n - 1:
            i += 1
            reached += math.exp(logs[i] - top)
        picks[j] = i
        u += step
    return total * total / square


@njit(cache=True, nogil=True)
def run(
    past,
    future,
    subjects,
    rel,
    seen,
    answers,
    base,
    added,
    pending,
    tables,
    end,
    watched,
    horizons,
    known,
    marked,
    seed,
    looks,
    out,
):
    """Filter one row and look ahead. ``subjects`` (N, s) and ``rel`` (N, r): particles drawn from the prior, changed.

    ``pending``: charges not yet decided, (subject, day of the crime, end of remand or PAST, chance of a sentence if
    convicted, mean days served). ``out`` (horizons): the mean of 1 - exp(-H) over ``looks`` particles. Returns the
    least effective number of particles met, or 0 when every particle was ruled out.
    """
    p, q = past[0], future[0]
    n = len(subjects)
    luck = np.full(1, seed)
    work, scratch = np.zeros((rel.shape[1], HAZARDS)), np.zeros(32)
    logs, picks = np.zeros(n), np.zeros(n, np.int64)
    spare_subjects, spare_rel = subjects.copy(), rel.copy()
    t, least = seen[0].at, float(n)
    for i in range(len(seen)):
        now = seen[i]
        for j in range(n):
            logs[j] += drift(p, subjects[j], rel[j], t, now.at, luck, known, marked, work)
            logs[j] += observe(p, subjects[j], rel[j], now, luck, tables, answers, base, added, known, work, scratch)
        t = now.at
        if logs.max() < -1.0e200:
            return 0.0
        if now.what not in (SEEN_CUSTODY, SEEN_BAIL):
            least = min(least, shuffle(logs, luck, picks, subjects, rel, spare_subjects, spare_rel, 0.5))
    for j in range(n):
        logs[j] += drift(p, subjects[j], rel[j], t, end, luck, known, marked, work)
    least = min(least, shuffle(logs, luck, picks, subjects, rel, spare_subjects, spare_rel, 1.0))
    tally, book, nowhere = np.zeros(2), silent(), np.zeros(0)
    for j in range(looks):
        i = j * n // looks
        sentence(q, subjects[i], pending, end, luck)
        tally[0], tally[1] = 0.0, 0.0
        at = end
        for h in range(len(horizons)):
            life.live(
                q, subjects[i], rel[i], at, end + horizons[h], nowhere, luck, tables, scratch, book, 2, watched, tally
            )
            at = end + horizons[h]
            out[h] += (1.0 - exp(-tally[0])) / looks
    return least


@njit(cache=True)
def shuffle(logs, luck, picks, subjects, rel, spare_subjects, spare_rel, share):
    """Resample when no more than ``share`` of the particles count; 1: always, for what follows is not weighted."""
    n = len(logs)
    top = logs.max()
    total, square = 0.0, 0.0
    for i in range(n):
        w = math.exp(logs[i] - top)
        total += w
        square += w * w
    effective = total * total / square
    if effective <= share * n + 1e-6:
        resample(logs, luck, picks)
        for j in range(n):
            copy(subjects[picks[j]], spare_subjects[j])
            copy(rel[picks[j]], spare_rel[j])
        for j in range(n):
            copy(spare_subjects[j], subjects[j])
            copy(spare_rel[j], rel[j])
            logs[j] = 0.0
    return effective


@njit(cache=True)
def sentence(p, subjects, pending, t, luck):
    """What a court may yet decide on charges that stand."""
    for i in range(len(pending)):
        s = subjects[int(pending[i, 0])]
        if draw(luck) >= p.convict * pending[i, 3]:
            continue
        served = wait(luck, pending[i, 4])
        if pending[i, 2] > PAST:
            s.custody_until = max(s.custody_until, pending[i, 2] + served)
            continue
        begin = pending[i, 1] + p.trial * (0.5 + draw(luck))
        if begin > t:
            s.next_from, s.next_until = begin, begin + served
