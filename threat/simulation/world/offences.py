"""Compiled: what an incident is, and what follows it: its offence, the arrest, the courts, orders."""

from __future__ import annotations

from numba import njit

from threat.simulation.world.draws import draw, pick, wait
from threat.simulation.world.mechanism import (
    HAZARD_DEADLY,
    HAZARD_GRAVE,
    after_order,
    power,
)
from threat.simulation.world.output import Fact, note
from threat.simulation.world.run import Run
from threat.simulation.world.states import (
    ARREST,
    BAIL,
    BASE,
    BIT_ARRESTED,
    BIT_CHARGED,
    BREACHED,
    CHARGE,
    CONTROL,
    CONVICTION,
    CUSTODY,
    DEADLY,
    FAMILY,
    FIRST_DEADLY,
    FIRST_GRAVE,
    GRAVE,
    GRAVE_FAMILY,
    NO_END,
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
    Cluster,
    Floats,
    Record,
    Stream,
)

GRAVE_OFFENCES, DEADLY_OFFENCES = 5, 4
"""How many offences the tables of grave and of deadly incidents hold."""


@njit(cache=True)
def severity_in_mix(parameters: Record, severity: float) -> float:
    """Return the share of its severity ratio by which an ordinary offence is likelier, 0 to 1, rising with severity.

    A step at severity 1 was tried: it gave nearly equal relationships different offences, and unequal ones the same.
    """
    middle = parameters.mix_severity
    return severity * severity / (severity * severity + middle * middle)


@njit(cache=True)
def ordinary_weights(parameters: Record, relationship: Record, offences: Floats, out: Floats) -> None:
    """Fill ``out`` with how likely each ordinary offence but a breach is, up to a factor."""
    bend = severity_in_mix(parameters, relationship.severity)
    for i in range(BREACHED):
        weight = offences[BASE, i]
        if relationship.separated > 0.0:
            weight *= offences[SEPARATED, i]
        weight *= power(offences[CONTROL, i], relationship.control)
        if relationship.intimate == 0.0:
            weight *= offences[FAMILY, i]
        weight *= 1.0 + (offences[SEVERITY, i] - 1.0) * bend
        out[i] = weight


@njit(cache=True)
def restrained(subject: Record, relationship: Record, day: float) -> bool:
    """Return whether an order or bail is in force that an incident can breach."""
    return day < relationship.order_until or day < subject.bail_until


@njit(cache=True)
def grave_table(relationship: Record) -> int:
    """Return the row of the offence weights that grave incidents of a relationship follow."""
    return GRAVE if relationship.intimate > 0.0 else GRAVE_FAMILY


@njit(cache=True)
def draw_offence(run: Run, subject: Record, relationship: Record, day: float, hazard: int) -> int:
    """Return the offence of an incident that came by ``hazard`` (ordinary, grave or deadly)."""
    if hazard == HAZARD_DEADLY:
        return FIRST_DEADLY + pick(run.stream, run.offences[DEADLY], DEADLY_OFFENCES)
    if hazard == HAZARD_GRAVE:
        return FIRST_GRAVE + pick(run.stream, run.offences[grave_table(relationship)], GRAVE_OFFENCES)
    if restrained(subject, relationship, day) and draw(run.stream) < run.parameters.breach_share:
        return BREACHED
    ordinary_weights(run.parameters, relationship, run.offences, run.scratch)
    return pick(run.stream, run.scratch, BREACHED)


@njit(cache=True)
def by_gravity(offence: int, ordinary: float, grave: float, deadly: float) -> float:
    """Return the parameter that applies to an offence."""
    if offence >= FIRST_DEADLY:
        return deadly
    return grave if offence >= FIRST_GRAVE else ordinary


@njit(cache=True)
def arrest_and_charge(parameters: Record, offence: int, stream: Stream) -> int:
    """Return whether a crime leads to an arrest and a charge, as bits of a raw row."""
    p = parameters
    bits = 0
    if draw(stream) < by_gravity(offence, p.arrest_crime, p.arrest_grave, p.arrest_deadly):
        bits |= BIT_ARRESTED
        if draw(stream) < by_gravity(offence, p.charge_crime, p.charge_grave, p.charge_deadly):
            bits |= BIT_CHARGED
    return bits


@njit(cache=True)
def after_arrest(run: Run, cluster: Cluster, row: int, day: float, offence: int, bits: int) -> None:
    """Write and remember what follows an arrest: stays, the courts' decisions, bail, an order."""
    parameters, stream = run.parameters, run.stream
    k = cluster.relations[row].subject
    subject = cluster.subjects[k]
    free = day + parameters.police_stay
    note(run.output, cluster, row, k, Fact(ARREST, offence, day, NO_END, bits))
    note(run.output, cluster, row, k, Fact(CUSTODY, POLICE, day, free, bits))
    subject.custody_until = max(subject.custody_until, free)
    charged = bits & BIT_CHARGED > 0
    remanded, convicted, sentenced = draw_justice(parameters, offence, charged, stream)
    served = wait(
        stream,
        by_gravity(
            offence, parameters.sentence_crime_mean, parameters.sentence_grave_mean, parameters.sentence_deadly_mean
        ),
    )
    decided = remand(run, cluster, row, free, bits) if remanded else await_trial(run, cluster, row, day, bits)
    if charged:
        charged_on = day + (1.0 if remanded else parameters.inquiry)
        note(run.output, cluster, row, k, Fact(CHARGE, offence, charged_on, NO_END, bits))
    if convicted:
        note(run.output, cluster, row, k, Fact(CONVICTION, offence, decided, NO_END, bits))
        if sentenced:
            note(run.output, cluster, row, k, Fact(CUSTODY, SENTENCE, decided, decided + served, bits))
            if remanded:
                subject.custody_until = max(subject.custody_until, decided + served)
            else:
                subject.next_from = decided
                subject.next_until = decided + served
    if offence < FIRST_DEADLY:
        may_order(run, cluster, row, day, bits)


@njit(cache=True)
def draw_justice(parameters: Record, offence: int, charged: bool, stream: Stream) -> tuple[bool, bool, bool]:
    """Return whether an arrested subject is remanded, convicted, and sentenced to custody."""
    p = parameters
    remanded = charged and draw(stream) < by_gravity(offence, p.remand_crime, p.remand_grave, p.remand_deadly)
    convicted = charged and draw(stream) < p.convict
    # Every deadly conviction ends in custody, without a draw.
    sentenced = convicted and (
        offence >= FIRST_DEADLY or draw(stream) < (p.sentence_grave if offence >= FIRST_GRAVE else p.sentence_crime)
    )
    return remanded, convicted, sentenced


@njit(cache=True)
def remand(run: Run, cluster: Cluster, row: int, free: float, bits: int) -> float:
    """Remand the subject from the day ``free`` on; return the day the remand ends, when the court decides."""
    k = cluster.relations[row].subject
    subject = cluster.subjects[k]
    until = free + wait(run.stream, run.parameters.remand_mean)
    note(run.output, cluster, row, k, Fact(CUSTODY, REMAND, free, until, bits))
    subject.custody_until = max(subject.custody_until, until)
    return until


@njit(cache=True)
def await_trial(run: Run, cluster: Cluster, row: int, day: float, bits: int) -> float:
    """Release the subject arrested on ``day``, on bail for some; return the day the court decides."""
    parameters, stream = run.parameters, run.stream
    k = cluster.relations[row].subject
    subject = cluster.subjects[k]
    free = day + parameters.police_stay
    decided = day + parameters.trial * (0.5 + draw(stream))
    if draw(stream) < parameters.bail_conditional:
        subject.bail_until = max(subject.bail_until, free + wait(stream, parameters.bail_mean))
        note(run.output, cluster, row, k, Fact(BAIL, 0, free, subject.bail_until, bits))
    return decided


@njit(cache=True)
def may_order(run: Run, cluster: Cluster, row: int, day: float, bits: int) -> None:
    """Make an order from the next day on, by chance, where none is in force."""
    parameters, stream = run.parameters, run.stream
    relationship = cluster.relations[row]
    if day < relationship.order_until:
        return
    granted = draw(stream) < parameters.order_arrest or (
        relationship.separated > 0.0 and draw(stream) < parameters.order_separated
    )
    if not granted:
        return
    kind = PROTECTION
    if relationship.stalked > 0.0 and relationship.separated > 0.0:
        kind = STALKING_ORDER
    elif bits & BIT_CHARGED:
        kind = RESTRAINING
    elif relationship.separated > 0.0:
        kind = NON_MOLESTATION
    relationship.order_kind = kind
    relationship.order_until = day + 1.0 + wait(stream, parameters.order_mean)
    fact = Fact(ORDER, kind, day + 1.0, relationship.order_until, bits)
    note(run.output, cluster, row, relationship.subject, fact)
    after_order(parameters, relationship, stream)
