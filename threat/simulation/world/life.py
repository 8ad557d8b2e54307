"""The life of one cluster: what happens next, again and again, until the end. Compiled; hazards: ``mechanism``."""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np
from numba import njit

from threat.simulation.world import mechanism as m
from threat.simulation.world.mechanism import HAZARDS, draw, excite, fade, hazards, note, wait
from threat.simulation.world.offences import (
    STALKED,
    STRANGLED,
    THREATENED,
    consequences,
    justice,
    ordinary_offence,
    pick,
)
from threat.simulation.world.states import (
    ARMED,
    ATTEMPT,
    BIT_ARRESTED,
    BIT_ENTRY,
    BIT_ESCALATING,
    CRIME,
    DEADLY,
    FIRST_DEADLY,
    FIRST_GRAVE,
    FIRST_HOMICIDE,
    GRAVE,
    GRAVE_FAMILY,
    GRIEVANCE,
    INCIDENT,
    NEW_PARTNER,
    NOT_CRIMED,
    PAST,
    PERSON_DISTRESSED,
    PLAN,
    RECONCILIATION,
    SELF_HARM,
    SEPARATION,
    SIGNAL,
    SUBJECT_SUICIDAL,
    SUICIDE,
)

_GRAVE_OFFENCES, _DEADLY_OFFENCES = 5, 4
_SCRATCH = 32
"""Room for one weight per offence."""


@njit(cache=True)
def incident(p, subjects, rel, r, t, stream, entry, luck, tables, scratch, book):
    """One incident of relationship ``r``: offence, changes, consequences. ``stream``: 0 ordinary, 1 grave, 2 deadly."""
    q = rel[r]
    k = q.subject
    s = subjects[k]
    if stream == 2:
        offence = FIRST_DEADLY + pick(luck, tables[DEADLY], _DEADLY_OFFENCES)
    elif stream == 1:
        offence = FIRST_GRAVE + pick(luck, tables[GRAVE if q.intimate > 0.0 else GRAVE_FAMILY], _GRAVE_OFFENCES)
    else:
        offence = ordinary_offence(p, s, q, t, luck, tables, scratch)
    bits = BIT_ENTRY if entry else 0
    if q.a1 > q.frequency * p.escalating:
        bits |= BIT_ESCALATING
    crimed = offence not in NOT_CRIMED
    if crimed:
        bits |= justice(p, offence, luck)
    note(book, INCIDENT, offence, r, k, s, q, t, -1.0, bits)
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
        bury(subjects, rel, q)
    excite(p, q)
    if crimed:
        consequences(p, s, q, r, k, t, offence, bits, luck, book)
    if q.intimate > 0.0 and q.separated == 0.0 and q.dead == 0.0 and draw(luck) < p.separate_at_incident:
        part(p, rel, r, 1.0)
        note(book, SEPARATION, 0, r, k, s, q, t, -1.0, 0)
    if p.plan_share > 0.0 and q.dead == 0.0 and draw(luck) < p.plan_share:
        q.plan_until = t + p.plan_days
        note(book, PLAN, 0, r, k, s, q, t, q.plan_until, 0)


@njit(cache=True)
def bury(subjects, rel, q):
    """The person at risk has died: what they did as a subject ends too."""
    if q.mirror >= 0:
        rel[q.mirror].dead = 1.0
        subjects[rel[q.mirror].subject].dead = 1.0


@njit(cache=True)
def part(p, rel, r, apart):
    q = rel[r]
    q.separated = apart
    if q.mirror >= 0:
        rel[q.mirror].separated = apart


@njit(cache=True)
def entry_chances(p, s, q, t):
    """The chances that a first recorded incident is deadly, and that it is grave."""
    deadly = min(p.entry_deadly * m.gravity(p, s, q, t, True) / p.deadly_rate, p.entry_most)
    grave = min(p.entry_grave * m.gravity(p, s, q, t, False) / p.grave_rate, p.entry_most)
    return deadly, grave


@njit(cache=True)
def enter(p, subjects, rel, r, t, luck, tables, scratch, book):
    """A relationship comes to notice: by an incident or, for a few, by a request to the disclosure scheme."""
    q = rel[r]
    q.active = 1.0
    s = subjects[q.subject]
    if q.intimate > 0.0:
        for j in range(len(rel)):
            other = rel[j]
            former = j not in (r, q.mirror) and other.subject == q.subject and other.intimate > 0.0
            if former and other.active > 0.0 and other.separated == 0.0 and other.dead == 0.0:
                part(p, rel, j, 1.0)
                note(book, SEPARATION, 0, j, q.subject, s, other, t, -1.0, 0)
        if r > 0 and q.mirror < 0:
            note(book, NEW_PARTNER, 0, r, q.subject, s, q, t, -1.0, 0)
    if draw(luck) < p.entry_signal:
        note(book, SIGNAL, 0, r, q.subject, s, q, t, -1.0, 0)
        return
    u = draw(luck)
    deadly, grave = entry_chances(p, s, q, t)
    stream = 2 if u < deadly else (1 if u < deadly + grave else 0)
    incident(p, subjects, rel, r, t, stream, True, luck, tables, scratch, book)


@njit(cache=True)
def ahead(p, subjects, rel, t, end, work):
    """The sum of all hazards at ``t``, and the next day (``end`` at the latest) at which a state changes by itself."""
    total = 0.0
    stop = end
    if t < p.drift_day:
        stop = min(stop, p.drift_day)
    for r in range(len(rel)):
        q = rel[r]
        s = subjects[q.subject]
        total += hazards(p, s, q, t, work[r])
        if q.active == 0.0:
            begin = max(q.entry, s.custody_until)
            if s.dead == 0.0 and q.dead == 0.0:
                stop = min(stop, max(begin, t))
        if t < q.order_until:
            stop = min(stop, q.order_until)
        if t < q.plan_until:
            stop = min(stop, q.plan_until)
    own = 0.0
    for k in range(len(subjects)):
        s = subjects[k]
        if t < s.custody_until:
            stop = min(stop, s.custody_until)
        if t < s.bail_until:
            stop = min(stop, s.bail_until)
        if t < s.next_from:
            stop = min(stop, s.next_from)
        own += subject_hazard(p, subjects, rel, k, t)
    return total + own, stop


@njit(cache=True)
def live(p, subjects, rel, start, end, grid, luck, tables, scratch, book, target, watched, tally):
    """Run one cluster from ``start`` to ``end`` (days), changing its states in place.

    ``target`` 0: everything happens. 1 or 2: deadly, or grave and deadly, incidents of relationship ``watched`` are
    suppressed and their hazard is summed into ``tally[0]`` (the latent oracle). ``tally[1]`` becomes 1 when one occurs.
    ``grid``: days, rising, at which waiting times are drawn afresh (they have no memory), so that a replay can stop
    there, look ahead, and go on along the same path.
    """
    t = start
    work = np.zeros((len(rel), HAZARDS))
    place = np.searchsorted(grid, t, side="right")
    while t < end:
        while place < len(grid) and grid[place] <= t:
            place += 1
        total, stop = ahead(p, subjects, rel, t, min(end, grid[place]) if place < len(grid) else end, work)
        dt = wait(luck, 1.0 / total) if total > 0.0 else end - t
        jump = t + dt < stop
        until = t + dt if jump else stop
        if target > 0:
            tally[0] += integral(p, subjects[rel[watched].subject], rel[watched], t, until - t, target, work[watched])
        fade(p, rel, until - t)
        t = until
        if not jump:
            if t >= end:
                break
            arrivals(p, subjects, rel, t, luck, tables, scratch, book)
            continue
        u = draw(luck) * total
        happen(p, subjects, rel, t, u, luck, tables, scratch, book, target, watched, tally, work)


@njit(cache=True)
def integral(p, s, q, t, dt, target, work):
    """The target's hazard over ``dt`` days from ``t``: exact, as only the excitation moves."""
    x = m.exposure(p, s, q, t)
    if x == 0.0:
        return 0.0
    area = (
        q.a0 * (1.0 - m.exp(-p.decay_0 * dt)) / p.decay_0
        + q.a1 * (1.0 - m.exp(-p.decay_1 * dt)) / p.decay_1
        + q.a2 * (1.0 - m.exp(-p.decay_2 * dt)) / p.decay_2
        + q.a3 * (1.0 - m.exp(-p.decay_3 * dt)) / p.decay_3
    )
    h = x * m.gravity(p, s, q, t, True) * (dt + p.recent_deadly * area)
    if target == 2:
        h += x * m.gravity(p, s, q, t, False) * (dt + p.recent_grave * area)
    return h


@njit(cache=True)
def subject_hazard(p, subjects, rel, k, t):
    s = subjects[k]
    if s.dead > 0.0:
        return 0.0
    return suicidal_hazard(p, rel, s, k) + armed_hazard(p, s) + crime_hazard(p, s, t)


@njit(cache=True)
def suicidal_hazard(p, rel, s, k):
    if s.suicidal > 0.0:
        return p.suicidal_off
    h = p.suicidal_on
    if s.mental > 0.0:
        h *= p.suicidal_mental
    for r in range(len(rel)):
        if rel[r].subject == k and rel[r].active > 0.0 and rel[r].separated > 0.0 and rel[r].grievance > 0.0:
            return h * p.suicidal_separated
    return h


@njit(cache=True)
def armed_hazard(p, s):
    return p.weapon_off if s.armed > 0.0 else p.weapon_on


@njit(cache=True)
def crime_hazard(p, s, t):
    if t < s.custody_until:
        return 0.0
    return s.crime_rate * (p.crime_substance if s.substance > 0.0 else 1.0)


@njit(cache=True)
def arrivals(p, subjects, rel, t, luck, tables, scratch, book):
    """What is due at ``t``: sentences that begin, relationships that come to notice."""
    for k in range(len(subjects)):
        s = subjects[k]
        if s.next_from > PAST and s.next_from <= t:
            s.custody_until = max(s.custody_until, s.next_until)
            s.next_from = PAST
    for r in range(len(rel)):
        q = rel[r]
        s = subjects[q.subject]
        if q.active == 0.0 and q.entry <= t and t >= s.custody_until and q.dead == 0.0 and s.dead == 0.0:
            enter(p, subjects, rel, r, t, luck, tables, scratch, book)


@njit(cache=True)
def happen(p, subjects, rel, t, u, luck, tables, scratch, book, target, watched, tally, work):
    """Choose by ``u`` (below the bound) what happened at ``t``; nothing, when the excitation has fallen."""
    for r in range(len(rel)):
        q = rel[r]
        s = subjects[q.subject]
        u -= hazards(p, s, q, t, work[r])
        if u >= 0.0:
            continue
        h = work[r]
        u += h[0] + h[1] + h[2] + h[3] + h[4] + h[5] + h[6] + h[7] + h[8] + h[9] + h[10]
        what = HAZARDS - 1
        for i in range(HAZARDS - 1):
            u -= h[i]
            if u < 0.0:
                what = i
                break
        k = q.subject
        if what <= 2:
            if r == watched and what > 0:
                tally[1] = 1.0
            if not (r == watched and what > 0 and (target == 2 or (target == 1 and what == 2))):
                incident(p, subjects, rel, r, t, what, False, luck, tables, scratch, book)
        elif what == 3:
            apart = 1.0 - q.separated
            part(p, rel, r, apart)
            note(book, SEPARATION if apart > 0.0 else RECONCILIATION, 0, r, k, s, q, t, -1.0, 0)
        elif what == 4:
            q.grievance += 1.0
            note(book, GRIEVANCE, 0, r, k, s, q, t, -1.0, 0)
        elif what == 5:
            q.grievance -= 1.0
        elif what == 6:
            q.distressed = 1.0 - q.distressed
            if q.distressed > 0.0:
                note(book, PERSON_DISTRESSED, 0, r, k, s, q, t, -1.0, 0)
        elif what == 7:
            note(book, SELF_HARM, 0, r, k, s, q, t, -1.0, 0)
        elif what == 8:
            note(book, ATTEMPT, 0, r, k, s, q, t, -1.0, 0)
        elif what == 9:
            note(book, SUICIDE, 0, r, k, s, q, t, -1.0, 0)
            q.dead = 1.0
            bury(subjects, rel, q)
        else:
            q.ended = 1.0
        return
    for k in range(len(subjects)):
        s = subjects[k]
        if s.dead > 0.0:
            continue
        u -= suicidal_hazard(p, rel, s, k)
        if u < 0.0:
            s.suicidal = 1.0 - s.suicidal
            if s.suicidal > 0.0:
                note(book, SUBJECT_SUICIDAL, 0, -1, k, s, rel[0], t, -1.0, 0)
            return
        u -= armed_hazard(p, s)
        if u < 0.0:
            s.armed = 1.0 - s.armed
            if s.armed > 0.0:
                note(book, ARMED, 0, -1, k, s, rel[0], t, -1.0, 0)
            return
        u -= crime_hazard(p, s, t)
        if u < 0.0:
            bits = 0
            if draw(luck) < p.arrest_crime:
                bits = BIT_ARRESTED
            note(book, CRIME, 0, -1, k, s, rel[0], t, -1.0, bits)
            return


@njit(cache=True)
def run_all(
    p_record, subjects, relations, subject_offsets, relation_offsets, seeds, start, end, grid, tables, rows, place
):
    """Every cluster of a block, from ``start`` to ``end``. Fills ``rows``; ``place[0]`` is the number wanted."""
    p = p_record[0]
    luck = np.zeros(1, np.uint64)
    scratch = np.zeros(_SCRATCH)
    tally = np.zeros(2)
    book = (rows, place)
    for c in range(len(seeds)):
        luck[0] = seeds[c]
        place[1], place[2], place[3], place[4] = relation_offsets[c], subject_offsets[c], c, 0
        live(
            p,
            subjects[subject_offsets[c] : subject_offsets[c + 1]],
            relations[relation_offsets[c] : relation_offsets[c + 1]],
            start,
            end,
            grid,
            luck,
            tables,
            scratch,
            book,
            0,
            0,
            tally,
        )
