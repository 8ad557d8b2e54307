"""Compiled: the life of one cluster, what happens next, again and again until the end. Hazards: ``mechanism``."""

from __future__ import annotations

import numpy as np
from numba import njit

from threat.simulation.world.deaths import die, die_as_subject
from threat.simulation.world.draws import draw, wait
from threat.simulation.world.mechanism import (
    HAZARD_DEADLY,
    HAZARD_GRAVE,
    HAZARD_ORDINARY,
    HAZARDS,
    TARGET_DEADLY,
    TARGET_NONE,
    TARGET_SEVERE,
    after_incident,
    after_jump,
    armed_hazard,
    crime_hazard,
    deadly_gravity,
    fade,
    grave_gravity,
    hazards,
    may_separate,
    separate,
    severe_integral,
    suicidal_hazard,
)
from threat.simulation.world.offences import after_arrest, arrest_and_charge, draw_offence
from threat.simulation.world.output import (
    CLUSTER,
    FIRST_RELATION,
    FIRST_SUBJECT,
    ORDINAL,
    Fact,
    Output,
    note,
    note_change,
    note_subject,
)
from threat.simulation.world.run import SCRATCH, TALLIES, Run, Span, Watch
from threat.simulation.world.states import (
    ARMED,
    BIT_ARRESTED,
    BIT_ENTRY,
    BIT_ESCALATING,
    CRIME,
    DEATH,
    FIRST_HOMICIDE,
    INCIDENT,
    NEW_PARTNER,
    NO_END,
    NOT_CRIMED,
    PAST,
    PLAN,
    SEPARATION,
    SIGNAL,
    SUBJECT_SUICIDAL,
    SUBJECT_SUICIDE,
    Cluster,
    Clusters,
    Floats,
    Record,
)


@njit(cache=True)
def incident(run: Run, cluster: Cluster, row: int, day: float, hazard: int, entry: bool) -> None:
    """Let an incident happen that came by ``hazard``: its offence, the change of state, the consequences."""
    parameters, stream = run.parameters, run.stream
    relationship = cluster.relations[row]
    k = relationship.subject
    offence = draw_offence(run, cluster.subjects[k], relationship, day, hazard)
    bits = BIT_ENTRY if entry else 0
    if relationship.a1 > relationship.frequency * parameters.escalating:
        bits |= BIT_ESCALATING
    crimed = offence not in NOT_CRIMED
    # A draw only at homicides: a force without any keeps the rows it would have had.
    died = offence >= FIRST_HOMICIDE and draw(stream) < parameters.suicide_after_homicide
    if crimed and not died:
        bits |= arrest_and_charge(parameters, offence, stream)
    note(run.output, cluster, row, k, Fact(INCIDENT, offence, day, NO_END, bits))
    after_incident(parameters, cluster, row, offence)
    if died:
        die_as_subject(cluster, k)
        note_subject(run.output, cluster, k, SUBJECT_SUICIDE, day, 0)
    if bits & BIT_ARRESTED:
        after_arrest(run, cluster, row, day, offence, bits)
    if may_separate(relationship) and draw(stream) < parameters.separate_at_incident:
        separate(cluster, row, 1.0)
        note_change(run.output, cluster, row, day, SEPARATION)
    # The draw is made only where the knob is on: without it the force keeps the rows it always had.
    if parameters.plan_share > 0.0 and relationship.dead == 0.0 and draw(stream) < parameters.plan_share:
        relationship.plan_until = day + parameters.plan_days
        note(run.output, cluster, row, k, Fact(PLAN, 0, day, relationship.plan_until, 0))


@njit(cache=True)
def entry_chances(parameters: Record, subject: Record, relationship: Record, day: float) -> tuple[float, float]:
    """Return the chances that a first recorded incident is deadly, and that it is grave."""
    p = parameters
    deadly = deadly_gravity(p, subject, relationship, day)
    grave = grave_gravity(p, subject, relationship, day)
    return (
        min(p.entry_deadly * deadly / p.deadly_rate, p.entry_most),
        min(p.entry_grave * grave / p.grave_rate, p.entry_most),
    )


@njit(cache=True)
def become_active(output: Output, cluster: Cluster, row: int, day: float) -> None:
    """Let a relationship come to notice: a new partner ends what its subject had before."""
    relationship = cluster.relations[row]
    relationship.active = 1.0
    if relationship.intimate == 0.0:
        return
    for j in range(len(cluster.relations)):
        other = cluster.relations[j]
        former = j not in (row, relationship.mirror) and other.subject == relationship.subject
        if former and other.active > 0.0 and may_separate(other):
            separate(cluster, j, 1.0)
            note_change(output, cluster, j, day, SEPARATION)
    if row > 0 and relationship.mirror < 0:
        note_change(output, cluster, row, day, NEW_PARTNER)


@njit(cache=True)
def enter(run: Run, cluster: Cluster, row: int, day: float) -> None:
    """Let a relationship come to notice by an incident or, for a few, a request to the disclosure scheme."""
    relationship = cluster.relations[row]
    become_active(run.output, cluster, row, day)
    if draw(run.stream) < run.parameters.entry_signal:
        note_change(run.output, cluster, row, day, SIGNAL)
        return
    u = draw(run.stream)
    deadly, grave = entry_chances(run.parameters, cluster.subjects[relationship.subject], relationship, day)
    hazard = HAZARD_DEADLY if u < deadly else (HAZARD_GRAVE if u < deadly + grave else HAZARD_ORDINARY)
    incident(run, cluster, row, day, hazard, True)


@njit(cache=True)
def ahead(parameters: Record, cluster: Cluster, day: float, end: float, work: Floats) -> tuple[float, float]:
    """Return the sum of all hazards on ``day``, and the next day at which a state changes by itself.

    That day is ``end`` at the latest. Fills ``work`` (relationships, HAZARDS).
    """
    total = 0.0
    stop = end
    if day < parameters.drift_day:
        stop = min(stop, parameters.drift_day)
    for row in range(len(cluster.relations)):
        relationship = cluster.relations[row]
        subject = cluster.subjects[relationship.subject]
        total += hazards(parameters, subject, relationship, day, work[row])
        if relationship.active == 0.0 and subject.dead == 0.0 and relationship.dead == 0.0:
            stop = min(stop, max(relationship.entry, subject.custody_until, day))
        if day < relationship.order_until:
            stop = min(stop, relationship.order_until)
        if day < relationship.plan_until:
            stop = min(stop, relationship.plan_until)
        if relationship.dead == 0.0 and day < relationship.dies:
            stop = min(stop, relationship.dies)
    of_subjects = 0.0
    for k in range(len(cluster.subjects)):
        subject = cluster.subjects[k]
        if day < subject.custody_until:
            stop = min(stop, subject.custody_until)
        if day < subject.bail_until:
            stop = min(stop, subject.bail_until)
        if day < subject.next_from:
            stop = min(stop, subject.next_from)
        if subject.dead == 0.0 and day < subject.dies:
            stop = min(stop, subject.dies)
        of_subjects += subject_hazard(parameters, cluster, k, day)
    return total + of_subjects, stop


@njit(cache=True)
def subject_hazard(parameters: Record, cluster: Cluster, subject_row: int, day: float) -> float:
    """Return the sum of a subject's hazards, per day."""
    subject = cluster.subjects[subject_row]
    if subject.dead > 0.0:
        return 0.0
    suicidal = suicidal_hazard(parameters, cluster, subject_row)
    return suicidal + armed_hazard(parameters, subject) + crime_hazard(parameters, subject, day)


@njit(cache=True)
def live(run: Run, cluster: Cluster, span: Span, watch: Watch) -> None:
    """Run one cluster through a span, changing its states in place.

    Without a target everything happens. With one, such incidents of the watched relationship are suppressed and their
    hazard is summed (the latent oracle).
    """
    parameters, grid, day, end = run.parameters, span.grid, span.start, span.end
    work = np.zeros((len(cluster.relations), HAZARDS))
    place = np.searchsorted(grid, day, side="right")
    while day < end:
        while place < len(grid) and grid[place] <= day:
            place += 1
        total, stop = ahead(parameters, cluster, day, min(end, grid[place]) if place < len(grid) else end, work)
        days = wait(run.stream, 1.0 / total) if total > 0.0 else end - day
        jump = day + days < stop
        until = day + days if jump else stop
        if watch.target != TARGET_NONE:
            watched = cluster.relations[watch.row]
            subject = cluster.subjects[watched.subject]
            watch.tally[0] += severe_integral(parameters, subject, watched, day, until - day, watch.target)
        fade(parameters, cluster, until - day)
        day = until
        if jump:
            happen(run, cluster, day, draw(run.stream) * total, watch, work)
        elif day < end:
            arrivals(run, cluster, day)


@njit(cache=True)
def arrivals(run: Run, cluster: Cluster, day: float) -> None:
    """Let happen what is due on ``day``: deaths, sentences that begin, relationships that come to notice."""
    deaths(run, cluster, day)
    for k in range(len(cluster.subjects)):
        subject = cluster.subjects[k]
        if subject.next_from > PAST and subject.next_from <= day:
            subject.custody_until = max(subject.custody_until, subject.next_until)
            subject.next_from = PAST
    for row in range(len(cluster.relations)):
        relationship = cluster.relations[row]
        subject = cluster.subjects[relationship.subject]
        due = relationship.active == 0.0 and relationship.entry <= day and day >= subject.custody_until
        if due and relationship.dead == 0.0 and subject.dead == 0.0:
            enter(run, cluster, row, day)


@njit(cache=True)
def deaths(run: Run, cluster: Cluster, day: float) -> None:
    """Let die of other causes who is due by ``day``; whoever is both subject and at risk dies once, as subject."""
    for k in range(len(cluster.subjects)):
        subject = cluster.subjects[k]
        if subject.dead == 0.0 and subject.dies <= day:
            die_as_subject(cluster, k)
            note_subject(run.output, cluster, k, DEATH, day, 0)
    for row in range(len(cluster.relations)):
        relationship = cluster.relations[row]
        if relationship.mirror < 0 and relationship.dead == 0.0 and relationship.dies <= day:
            die(cluster, row)
            note_change(run.output, cluster, row, day, DEATH)


@njit(cache=True)
def happen(run: Run, cluster: Cluster, day: float, u: float, watch: Watch, work: Floats) -> None:
    """Choose by ``u`` (below the bound) what happens on ``day``; nothing, when the excitation has fallen."""
    for row in range(len(cluster.relations)):
        relationship = cluster.relations[row]
        subject = cluster.subjects[relationship.subject]
        total = hazards(run.parameters, subject, relationship, day, work[row])
        u -= total
        if u < 0.0:
            happen_to_relationship(run, cluster, row, day, choose(work[row], u + total), watch)
            return
    for k in range(len(cluster.subjects)):
        if cluster.subjects[k].dead == 0.0:
            u = happen_to_subject(run, cluster, k, day, u)
            if u < 0.0:
                return


@njit(cache=True)
def choose(hazards_of_row: Floats, u: float) -> int:
    """Return the hazard in which ``u`` falls, below their sum."""
    for i in range(HAZARDS - 1):
        u -= hazards_of_row[i]
        if u < 0.0:
            return i
    return HAZARDS - 1


@njit(cache=True)
def happen_to_relationship(run: Run, cluster: Cluster, row: int, day: float, hazard: int, watch: Watch) -> None:
    """Let what a hazard stands for happen, unless the run suppresses it."""
    if hazard > HAZARD_DEADLY:
        what = after_jump(cluster, row, hazard)
        if what >= 0:
            note_change(run.output, cluster, row, day, what)
        return
    if row == watch.row and hazard != HAZARD_ORDINARY:
        watch.tally[TARGET_SEVERE] = 1.0
        if hazard == HAZARD_DEADLY:
            watch.tally[TARGET_DEADLY] = 1.0
        if watch.target == TARGET_SEVERE or (watch.target == TARGET_DEADLY and hazard == HAZARD_DEADLY):
            return
    incident(run, cluster, row, day, hazard, False)


@njit(cache=True)
def happen_to_subject(run: Run, cluster: Cluster, subject_row: int, day: float, u: float) -> float:
    """Choose by ``u`` what happens to a subject; return what is left of ``u``, below 0 when something did."""
    parameters, subject = run.parameters, cluster.subjects[subject_row]
    u -= suicidal_hazard(parameters, cluster, subject_row)
    if u < 0.0:
        subject.suicidal = 1.0 - subject.suicidal
        if subject.suicidal > 0.0:
            note_subject(run.output, cluster, subject_row, SUBJECT_SUICIDAL, day, 0)
        return u
    u -= armed_hazard(parameters, subject)
    if u < 0.0:
        subject.armed = 1.0 - subject.armed
        if subject.armed > 0.0:
            note_subject(run.output, cluster, subject_row, ARMED, day, 0)
        return u
    u -= crime_hazard(parameters, subject, day)
    if u < 0.0:
        bits = BIT_ARRESTED if draw(run.stream) < parameters.arrest_crime else 0
        note_subject(run.output, cluster, subject_row, CRIME, day, bits)
    return u


@njit(cache=True)
def run_all(parameters: Record, offences: Floats, clusters: Clusters, span: Span, output: Output) -> None:
    """Run every cluster of a block through a span; fill ``output``, whose cursor counts the rows wanted.

    ``parameters``: a record array of length 1.
    """
    run = Run(parameters[0], offences, np.zeros(1, np.uint64), np.zeros(SCRATCH), output)
    unwatched = Watch(TARGET_NONE, 0, np.zeros(TALLIES))
    cursor = output.cursor
    for c in range(len(clusters.keys)):
        run.stream[0] = clusters.keys[c]
        s0, s1 = clusters.subject_offsets[c], clusters.subject_offsets[c + 1]
        r0, r1 = clusters.relation_offsets[c], clusters.relation_offsets[c + 1]
        cursor[FIRST_RELATION], cursor[FIRST_SUBJECT], cursor[CLUSTER], cursor[ORDINAL] = r0, s0, c, 0
        live(run, Cluster(clusters.subjects[s0:s1], clusters.relations[r0:r1]), span, unwatched)
