"""What an incident is and what follows it: its offence, the arrest, the courts, orders. Compiled."""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from numba import njit

from threat.simulation.world import mechanism as m
from threat.simulation.world.mechanism import draw, note, wait
from threat.simulation.world.states import (
    ARREST,
    BAIL,
    BASE,
    BIT_ARRESTED,
    BIT_CHARGED,
    CHARGE,
    CONTROL,
    CONVICTION,
    CUSTODY,
    FAMILY,
    FIRST_DEADLY,
    FIRST_GRAVE,
    NON_MOLESTATION,
    ORDER,
    POLICE,
    PROTECTION,
    REMAND,
    RESTRAINING,
    SENTENCE,
    SEPARATED,
    SEVERITY,
    STALKING_ORDER,
)

STALKED, THREATENED, STRANGLED, BREACHED = 5, 8, 9, 14
"""Positions, in ``OFFENCES``, of the offences that change a relationship's state."""


@njit(cache=True)
def pick(luck, table, n):
    total = 0.0
    for i in range(n):
        total += table[i]
    u = draw(luck) * total
    for i in range(n - 1):
        u -= table[i]
        if u < 0.0:
            return i
    return n - 1


@njit(cache=True)
def ordinary_weights(q, tables, out):
    """Fill ``out`` with how likely each ordinary offence but a breach is, up to a factor."""
    for i in range(BREACHED):
        w = tables[BASE, i]
        if q.separated > 0.0:
            w *= tables[SEPARATED, i]
        w *= m.power(tables[CONTROL, i], q.control)
        if q.intimate == 0.0:
            w *= tables[FAMILY, i]
        if q.severity > 1.0:
            w *= tables[SEVERITY, i]
        out[i] = w


@njit(cache=True)
def ordinary_offence(p, s, q, t, luck, tables, scratch):
    restrained = t < q.order_until or t < s.bail_until
    if restrained and draw(luck) < p.breach_share:
        return BREACHED
    ordinary_weights(q, tables, scratch)
    return pick(luck, scratch, BREACHED)


@njit(cache=True)
def justice(p, offence, luck):
    """Whether a crime leads to an arrest and a charge, as state bits."""
    deadly, grave = offence >= FIRST_DEADLY, offence >= FIRST_GRAVE
    bits = 0
    if draw(luck) < (p.arrest_deadly if deadly else (p.arrest_grave if grave else p.arrest_crime)):
        bits |= BIT_ARRESTED
        if draw(luck) < (p.charge_deadly if deadly else (p.charge_grave if grave else p.charge_crime)):
            bits |= BIT_CHARGED
    return bits


@njit(cache=True)
def consequences(p, s, q, r, k, t, offence, bits, luck, book):
    """What follows an arrest, written and remembered."""
    deadly, grave = offence >= FIRST_DEADLY, offence >= FIRST_GRAVE
    charged = bits & BIT_CHARGED
    free = t + p.police_stay
    if bits & BIT_ARRESTED:
        note(book, ARREST, offence, r, k, s, q, t, -1.0, bits)
        note(book, CUSTODY, POLICE, r, k, s, q, t, free, bits)
        s.custody_until = max(s.custody_until, free)
        remanded = charged and draw(luck) < (
            p.remand_deadly if deadly else (p.remand_grave if grave else p.remand_crime)
        )
        convicted = charged and draw(luck) < p.convict
        sentenced = convicted and (deadly or draw(luck) < (p.sentence_grave if grave else p.sentence_crime))
        served = wait(
            luck, p.sentence_deadly_mean if deadly else (p.sentence_grave_mean if grave else p.sentence_crime_mean)
        )
        if remanded:
            out = free + wait(luck, p.remand_mean)
            note(book, CUSTODY, REMAND, r, k, s, q, free, out, bits)
            s.custody_until = max(s.custody_until, out)
            decided = out
        else:
            decided = t + p.trial * (0.5 + draw(luck))
            if draw(luck) < p.bail_conditional:
                s.bail_until = max(s.bail_until, free + wait(luck, p.bail_mean))
                note(book, BAIL, 0, r, k, s, q, free, s.bail_until, bits)
        if charged:
            note(book, CHARGE, offence, r, k, s, q, t + (1.0 if remanded else p.inquiry), -1.0, bits)
        if convicted:
            note(book, CONVICTION, offence, r, k, s, q, decided, -1.0, bits)
            if sentenced:
                note(book, CUSTODY, SENTENCE, r, k, s, q, decided, decided + served, bits)
                if remanded:
                    s.custody_until = max(s.custody_until, decided + served)
                else:
                    s.next_from = decided
                    s.next_until = decided + served
        if not deadly and t >= q.order_until:
            granted = draw(luck) < p.order_arrest or (q.separated > 0.0 and draw(luck) < p.order_separated)
            if granted:
                kind = PROTECTION
                if q.stalked > 0.0 and q.separated > 0.0:
                    kind = STALKING_ORDER
                elif charged:
                    kind = RESTRAINING
                elif q.separated > 0.0:
                    kind = NON_MOLESTATION
                q.order_kind = kind
                q.order_until = t + 1.0 + wait(luck, p.order_mean)
                note(book, ORDER, kind, r, k, s, q, t + 1.0, q.order_until, bits)
                if q.grievance < 2.0 and draw(luck) < p.order_grievance:
                    q.grievance += 1.0
