"""Compiled: a particle filter over one cluster's latent states, given what was on record (``docs/truth.md``).

Between two records a particle moves freely in what is not recorded (separation, grievance, the subject's suicidality,
weapons, desistance) and is weighted by the silence: exp(-integral of the incident hazards). A record multiplies its
weight by the hazard of that incident and the chance of its offence, form and markers, and changes its state. States
change by the mechanism's own functions (``after_incident``, ``after_jump``, ``become_active``).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from threat.simulation.truth.evidence import (
    SEEN_BAIL,
    SEEN_CUSTODY,
    SEEN_DEATH,
    SEEN_INCIDENT,
    SEEN_ORDER,
    SEEN_PARTING,
    SEEN_SIGNAL,
    SEEN_SUICIDAL,
    Evidence,
    form_weight,
    offence_chance,
)
from threat.simulation.truth.paths import Laws, copy_cluster, new_copy
from threat.simulation.world.deaths import die, die_as_subject, redraw_deaths
from threat.simulation.world.draws import draw, exp, wait
from threat.simulation.world.life import ahead, become_active, entry_chances, live
from threat.simulation.world.mechanism import (
    HAZARD_DEADLY,
    HAZARD_DESISTANCE,
    HAZARD_GRAVE,
    HAZARD_GRIEVANCE_FALL,
    HAZARD_GRIEVANCE_RISE,
    HAZARD_ORDINARY,
    HAZARD_PARTING,
    HAZARDS,
    TARGET_SEVERE,
    after_incident,
    after_jump,
    after_order,
    armed_hazard,
    fade,
    hazards,
    may_separate,
    ordinary_integral,
    separate,
    severe_integral,
    suicidal_hazard,
)
from threat.simulation.world.output import silent
from threat.simulation.world.run import SCRATCH, TALLIES, Run, Span, Watch
from threat.simulation.world.states import (
    FIRST_DEADLY,
    FIRST_GRAVE,
    PAST,
    Cluster,
    Floats,
    Record,
    Stream,
)

UNRECORDED = (HAZARD_PARTING, HAZARD_GRIEVANCE_RISE, HAZARD_GRIEVANCE_FALL, HAZARD_DESISTANCE)
"""Hazards by which a particle moves between records; the order is that of the draws."""
_NEVER = -1.0e300
"""Log chance of what a particle's state rules out; finite, so that sums of log weights stay numbers."""
_ALL_RULED_OUT = -1.0e200
"""Below it every particle is ruled out: far above ``_NEVER``, far below any sum of log chances that are possible."""
_RESAMPLE_BELOW = 0.5
"""Share of effective particles below which they are drawn anew: the usual half (Liu and Chen 1995)."""


class Question(NamedTuple):
    """What the filter is asked: severe harm in relationship ``watched`` from ``day`` on, by ``looks`` runs forward."""

    watched: int
    day: float
    horizons: Floats
    looks: int
    seed: Any  # uint64


class Weights(NamedTuple):
    """Log weights of the particles, and room for the picks of a resampling."""

    logs: Floats
    picks: NDArray[np.int64]


@njit(cache=True)
def drift(run: Run, cluster: Cluster, evidence: Evidence, day: float, end: float, work: Floats) -> float:
    """Move one particle from ``day`` to ``end`` with nothing on record; return the log weight of that silence."""
    parameters, weight = run.parameters, 0.0
    while day < end:
        _, stop = ahead(parameters, cluster, day, end, work)
        free = _free_hazard(parameters, cluster, work)
        # Nothing moves once everybody is dead.
        days = wait(run.stream, 1.0 / free) if free > 0.0 else end - day
        jump = day + days < stop
        until = day + days if jump else stop
        weight = _less_silence(parameters, cluster, day, until - day, work, weight)
        fade(parameters, cluster, until - day)
        day = until
        if jump:
            weight += _jump(parameters, cluster, evidence, draw(run.stream) * free, work)
    return weight


@njit(cache=True)
def _free_hazard(parameters: Record, cluster: Cluster, work: Floats) -> float:
    """Return the sum of the hazards by which a particle moves; ``work``: the hazards of each relationship."""
    free = 0.0
    for row in range(len(cluster.relations)):
        if cluster.relations[row].active > 0.0 and cluster.relations[row].dead == 0.0:
            of_row = 0.0
            for hazard in UNRECORDED:
                of_row += work[row, hazard]
            free += of_row
    for k in range(len(cluster.subjects)):
        free += suicidal_hazard(parameters, cluster, k) + armed_hazard(parameters, cluster.subjects[k])
    return free


@njit(cache=True)
def _less_silence(parameters: Record, cluster: Cluster, day: float, days: float, work: Floats, weight: float) -> float:
    """Return the log weight less the summed hazard of all incidents over the next ``days``, none of them on record."""
    for row in range(len(cluster.relations)):
        relationship = cluster.relations[row]
        if relationship.active > 0.0 and relationship.dead == 0.0:
            subject = cluster.subjects[relationship.subject]
            weight -= severe_integral(parameters, subject, relationship, day, days, TARGET_SEVERE)
            weight -= ordinary_integral(parameters, relationship, days, work[row, HAZARD_ORDINARY])
    return weight


@njit(cache=True)
def _jump(parameters: Record, cluster: Cluster, evidence: Evidence, u: float, work: Floats) -> float:
    """Choose by ``u`` which state changes; return the log chance that the change is not on record."""
    for row in range(len(cluster.relations)):
        relationship = cluster.relations[row]
        if relationship.active == 0.0 or relationship.dead > 0.0:
            continue
        for hazard in UNRECORDED:
            u -= work[row, hazard]
            if u < 0.0:
                after_jump(cluster, row, hazard)
                return math.log(1.0 - evidence.separation_recorded) if hazard == HAZARD_PARTING else 0.0
    for k in range(len(cluster.subjects)):
        subject = cluster.subjects[k]
        u -= suicidal_hazard(parameters, cluster, k)
        if u < 0.0:
            subject.suicidal = 1.0 - subject.suicidal
            return math.log(1.0 - evidence.suicidality_recorded) if subject.suicidal > 0.0 else 0.0
        u -= armed_hazard(parameters, subject)
        if u < 0.0:
            subject.armed = 1.0 - subject.armed
            return 0.0
    return 0.0


@njit(cache=True)
def _log(chance: float) -> float:
    return math.log(chance) if chance > 0.0 else _NEVER


@njit(cache=True)
def observe(run: Run, cluster: Cluster, evidence: Evidence, record: Record, work: Floats) -> float:
    """Change one particle by one record; return the log chance of that record."""
    if record.what == SEEN_INCIDENT:
        return _observe_incident(run, cluster, evidence, record, work)
    if record.what == SEEN_PARTING:
        return _observe_parting(run, cluster, record, work)
    subject = cluster.subjects[record.subject]
    if record.what == SEEN_SUICIDAL:
        chance = 0.0 if subject.suicidal > 0.0 else suicidal_hazard(run.parameters, cluster, record.subject)
        subject.suicidal = 1.0
        return _log(chance)
    if record.what == SEEN_CUSTODY:
        subject.custody_until = max(subject.custody_until, record.until)
    elif record.what == SEEN_BAIL:
        subject.bail_until = max(subject.bail_until, record.until)
    elif record.what == SEEN_DEATH:
        if record.relation >= 0:
            die(cluster, record.relation)
        else:
            die_as_subject(cluster, record.subject)
    elif record.what == SEEN_SIGNAL:
        become_active(run.output, cluster, record.relation, record.at)
    elif record.what == SEEN_ORDER:
        relationship = cluster.relations[record.relation]
        relationship.order_kind, relationship.order_until = float(record.offence), record.until
        after_order(run.parameters, relationship, run.stream)
    return 0.0


@njit(cache=True)
def _observe_parting(run: Run, cluster: Cluster, record: Record, work: Floats) -> float:
    """Separate or reconcile as recorded; return the log of the hazard, or _NEVER where the pair already was so."""
    row, separated = record.relation, float(record.offence)
    relationship = cluster.relations[row]
    hazards(run.parameters, cluster.subjects[record.subject], relationship, record.at, work[row])
    chance = 0.0 if relationship.separated == separated else work[row, HAZARD_PARTING]
    separate(cluster, row, separated)
    return _log(chance)


@njit(cache=True)
def _observe_incident(run: Run, cluster: Cluster, evidence: Evidence, record: Record, work: Floats) -> float:
    """Let a recorded incident happen; return the log chance of its hazard, offence, answers and separation."""
    row, offence, parameters = record.relation, record.offence, run.parameters
    relationship, subject = cluster.relations[row], cluster.subjects[record.subject]
    hazard = HAZARD_DEADLY if offence >= FIRST_DEADLY else (HAZARD_GRAVE if offence >= FIRST_GRAVE else HAZARD_ORDINARY)
    if record.entry > 0:
        become_active(run.output, cluster, row, record.at)
        deadly, grave = entry_chances(parameters, subject, relationship, record.at)
        chance = deadly if hazard == HAZARD_DEADLY else (grave if hazard == HAZARD_GRAVE else 1.0 - deadly - grave)
    else:
        hazards(parameters, subject, relationship, record.at, work[row])
        chance = work[row, hazard]
    chance *= offence_chance(run, subject, relationship, record.at, offence)
    if chance <= 0.0:
        return _NEVER
    weight = math.log(chance) + form_weight(subject, relationship, evidence, record)
    after_incident(parameters, cluster, row, offence)
    if not may_separate(relationship):
        return _NEVER if record.parted > 0 else weight
    return weight + _separation_at_incident(run, cluster, row, evidence.separation_recorded, record.parted > 0)


@njit(cache=True)
def _separation_at_incident(run: Run, cluster: Cluster, row: int, recorded_share: float, parted: bool) -> float:
    """Separate the pair if that is on record, and by chance if it may have gone unrecorded; return the log chance."""
    share = run.parameters.separate_at_incident
    if parted:
        separate(cluster, row, 1.0)
        return math.log(share * recorded_share)
    if draw(run.stream) < share * (1.0 - recorded_share) / (1.0 - share * recorded_share):
        separate(cluster, row, 1.0)
    return math.log(1.0 - share * recorded_share)


@njit(cache=True)
def resample(weights: Weights, stream: Stream) -> None:
    """Fill the picks by systematic resampling."""
    logs, n = weights.logs, len(weights.logs)
    top = logs.max()
    total = 0.0
    for i in range(n):
        total += math.exp(logs[i] - top)
    step, u, i = total / n, draw(stream) * total / n, 0
    reached = math.exp(logs[0] - top)
    for j in range(n):
        while reached < u and i < n - 1:
            i += 1
            reached += math.exp(logs[i] - top)
        weights.picks[j] = i
        u += step


@njit(cache=True)
def effective_number(logs: Floats) -> float:
    """Return how many equally weighted particles the weights are worth."""
    top = logs.max()
    total, square = 0.0, 0.0
    for i in range(len(logs)):
        w = math.exp(logs[i] - top)
        total += w
        square += w * w
    return total * total / square


@njit(cache=True)
def shuffle(weights: Weights, particles: Cluster, spare: Cluster, stream: Stream, share: float) -> float:
    """Resample when no more than ``share`` of the particles count (1: always); return the effective number before."""
    n = len(weights.logs)
    effective = effective_number(weights.logs)
    if effective <= share * n + 1e-6:
        resample(weights, stream)
        for j in range(n):
            copy_cluster(particle(particles, weights.picks[j]), particle(spare, j))
        for j in range(n):
            copy_cluster(particle(spare, j), particle(particles, j))
            weights.logs[j] = 0.0
    return effective


@njit(cache=True)
def particle(particles: Cluster, j: int) -> Cluster:
    """Return the cluster that particle ``j`` carries."""
    return Cluster(particles.subjects[j], particles.relations[j])


@njit(cache=True, nogil=True)
def posterior_risk(laws: Laws, particles: Cluster, evidence: Evidence, question: Question, out: Floats) -> float:
    """Filter one row and look ahead; fill ``out`` (horizons) with the mean of 1 - exp(-H) over the runs forward.

    ``particles``: subjects (N, s) and relations (N, r) drawn from the prior, changed in place. Returns the least
    effective number of particles met, or 0 when every particle was ruled out.
    """
    past = Run(laws.past[0], laws.offences, np.full(1, question.seed), np.zeros(SCRATCH), silent())
    least = _filter(past, particles, evidence, question.day)
    if least > 0.0:
        # One stream for both: the filter's draws go on into the runs forward.
        future = Run(laws.future[0], past.offences, past.stream, past.scratch, past.output)
        _look_ahead(future, particles, evidence.pending, question, out)
    return least


@njit(cache=True)
def _filter(run: Run, particles: Cluster, evidence: Evidence, end: float) -> float:
    """Move all particles through the evidence to the day ``end``; return the least effective number, or 0."""
    n = len(particles.subjects)
    work = np.zeros((particles.relations.shape[1], HAZARDS))
    weights, spare = Weights(np.zeros(n), np.zeros(n, np.int64)), new_copy(particles)
    logs, day, least = weights.logs, evidence.observations[0].at, float(n)
    for i in range(len(evidence.observations)):
        record = evidence.observations[i]
        for j in range(n):
            logs[j] += drift(run, particle(particles, j), evidence, day, record.at, work)
            logs[j] += observe(run, particle(particles, j), evidence, record, work)
        day = record.at
        if logs.max() < _ALL_RULED_OUT:
            return 0.0
        # Custody and bail weigh every particle alike.
        if record.what not in (SEEN_CUSTODY, SEEN_BAIL):
            least = min(least, shuffle(weights, particles, spare, run.stream, _RESAMPLE_BELOW))
    for j in range(n):
        logs[j] += drift(run, particle(particles, j), evidence, day, end, work)
    # What follows is not weighted, so that the particles must count alike.
    return min(least, shuffle(weights, particles, spare, run.stream, 1.0))


@njit(cache=True)
def _look_ahead(run: Run, particles: Cluster, pending: Floats, question: Question, out: Floats) -> None:
    """Run particles forward, evenly chosen, and fill ``out`` with the mean chance of severe harm by horizon."""
    horizons, looks, nowhere = question.horizons, question.looks, np.zeros(0)
    watch = Watch(TARGET_SEVERE, question.watched, np.zeros(TALLIES))
    for j in range(looks):
        cluster = particle(particles, j * len(particles.subjects) // looks)
        sentence(run, cluster, pending, question.day)
        redraw_deaths(run.parameters, cluster, question.day, run.stream)
        watch.tally[:] = 0.0
        day = question.day
        for h in range(len(horizons)):
            live(run, cluster, Span(day, question.day + horizons[h], nowhere), watch)
            day = question.day + horizons[h]
            out[h] += (1.0 - exp(-watch.tally[0])) / looks


@njit(cache=True)
def sentence(run: Run, cluster: Cluster, pending: Floats, day: float) -> None:
    """Draw what a court may yet decide on charges that are pending."""
    parameters, stream = run.parameters, run.stream
    for i in range(len(pending)):
        subject = cluster.subjects[int(pending[i, 0])]
        if draw(stream) >= parameters.convict * pending[i, 3]:
            continue
        served = wait(stream, pending[i, 4])
        if pending[i, 2] > PAST:
            subject.custody_until = max(subject.custody_until, pending[i, 2] + served)
            continue
        begin = pending[i, 1] + parameters.trial * (0.5 + draw(stream))
        if begin > day:
            subject.next_from, subject.next_until = begin, begin + served
