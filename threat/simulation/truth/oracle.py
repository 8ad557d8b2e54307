"""The latent oracle: the risk of severe harm that the whole latent state carries, for any relationships and instants.

risk = 1 - mean over draws of exp(-H), H the integrated hazard of the relationship's grave and deadly incidents (rung
Y2), or of its deadly incidents alone (rung Y1), over the horizon, under usual policing: plans in force go on, no new
plan is made. See ``docs/truth.md``.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from threat.asof import DAY
from threat.errors import BadInput, UsageError
from threat.simulation import force, parameters
from threat.simulation.force import Settings
from threat.simulation.records.pairs import RECORDS, relationship_ids, unknown_persons
from threat.simulation.truth.paths import Forward, Laws, Questions, look_ahead
from threat.simulation.world import chance
from threat.simulation.world.mechanism import TARGET_DEADLY, TARGET_SEVERE
from threat.simulation.world.population import Population, relation_keys

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]

HORIZONS = (180, 365)
"""Days; the columns of every risk."""
TARGETS = {"Y1": TARGET_DEADLY, "Y2": TARGET_SEVERE}
"""The mechanism's target of each rung that the oracle has an answer to."""
_PURPOSES = {TARGET_DEADLY: "look ahead, deadly", TARGET_SEVERE: "look ahead"}
"""Names of the streams of random numbers. Shared streams would tie the errors of the two risks of a row together, and a
list ranked by the severe risk would be flattered when the deadly risk judges it."""


@dataclass(frozen=True, slots=True)
class Risks:
    """What the oracle says of each row.

    ``risk``, ``error`` (rows, 2): mean and its Monte Carlo standard error, by HORIZONS; ``halves`` (rows, 2, 2): the
    means over even and over odd draws, for ranking on one half and judging on the other; ``true_relation`` (rows): the
    relation behind the record, the same for second records of one relation.
    """

    risk: F64
    error: F64
    halves: F64
    true_relation: I64


@dataclass(frozen=True, slots=True)
class Drawing:
    """How to draw: the number of runs forward for each row, their seed, and the target asked about (``mechanism``).

    ``suppressed``: as ``paths.Forward`` says.
    """

    draws: int
    seed: int
    target: int = TARGET_SEVERE
    suppressed: bool = True


def risks(
    settings: Settings,
    relationship_id: I64,
    as_of: I64,
    *,
    draws: int = 64,
    seed: int = 0,
    threads: int = 1,
    advance: Callable[[float], None] = lambda amount: None,
) -> Risks:
    """Return the latent risk of severe harm (Y2) of each (relationship record, as-of in UTC seconds).

    Any threads give the same numbers. Other rungs: ``drawn_risks``.

    Raises UsageError for fewer than two draws, BadInput for a relationship that this force does not hold.
    """
    return drawn_risks(settings, relationship_id, as_of, Drawing(draws, seed), threads, advance)


def drawn_risks(
    settings: Settings,
    relationship_id: I64,
    as_of: I64,
    drawing: Drawing,
    threads: int = 1,
    advance: Callable[[float], None] = lambda amount: None,
) -> Risks:
    """Return the latent risk by a way of drawing; shapes, units and errors are those of ``risks``."""
    draws = drawing.draws
    if draws < 2 or draws % 2:
        raise UsageError(
            f"The number of draws, {draws}, is odd or below 2.",
            value=draws,
            way_out="an even number: half of the draws rank, half judge",
        )
    n, shape = len(relationship_id), (len(relationship_id), len(HORIZONS))
    total, square = np.zeros((*shape, 2)), np.zeros(shape)
    true, answered = np.zeros(n, np.int64), np.zeros(n, bool)
    order = np.argsort(relationship_id, kind="stable")
    wanted = relationship_id[order]

    def answer_block(block: tuple[int, int]) -> None:
        number, size = block
        people = force.draw(settings, number, size)
        keys = relation_keys(people)
        ids = relationship_ids(people, unknown_persons(people)).ravel()
        first = np.searchsorted(wanted, ids, side="left")
        count = np.searchsorted(wanted, ids, side="right") - first
        relation = np.repeat(np.arange(len(ids)) // RECORDS, count)
        step = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
        rows = order[np.repeat(first, count) + step]
        if not len(rows):
            return
        answered[rows] = True
        true[rows] = chance.ids(keys)[relation]
        sort = np.lexsort((relation, as_of[rows], people.cluster[relation]))
        rows, relation = rows[sort], relation[sort]
        total[rows], square[rows] = ahead(settings, people, relation, as_of[rows], drawing)

    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(answer_block, [block for block in force.plan(settings) if block[1]]):
            advance(1.0)
    if not answered.all():
        raise BadInput(
            "Relationships asked about are not of this force.",
            value=f"{int((~answered).sum())} of {n}",
            way_out="give the force that the records came from",
        )
    mean = total.sum(axis=2) / draws
    spread = np.maximum(square / draws - mean * mean, 0.0)
    return Risks(mean, np.sqrt(spread / (draws - 1)), total / (draws / 2), true)


def laws(settings: Settings) -> Laws:
    """Return the parameters of the force's own path and of runs forward, in which no new plan is made.

    Raises UsageError for a control force: its people and records are not those that the truth is told from.
    """
    if settings.knobs.world in parameters.controls():
        raise UsageError(
            "The truth about a control force is not computed.",
            value=settings.knobs.world,
            way_out="ask about a force of a world of parameters.yaml",
        )
    overrides = settings.knobs.overrides(settings.epoch)
    past, future = parameters.mechanism(overrides), parameters.mechanism(overrides | {"plan_share": 0.0})
    return Laws(past, future, force.offence_tables())


def ahead(settings: Settings, people: Population, relation: I64, as_of: I64, drawing: Drawing) -> tuple[F64, F64]:
    """Return sums over draws for relation rows of one block, sorted by cluster and as-of.

    They are (rows, 2, 2) and (rows, 2), as ``paths.Forward`` says.
    """
    total, square = np.zeros((len(relation), len(HORIZONS), 2)), np.zeros((len(relation), len(HORIZONS)))
    cluster = people.cluster[relation]
    keys = chance.derive(relation_keys(people)[relation], _PURPOSES[drawing.target], drawing.seed)
    questions = Questions(
        cluster,
        (as_of - settings.epoch) / DAY,
        relation - people.relation_offsets[cluster],
        chance.derive(keys, "as-of", as_of),
    )
    forward = Forward(np.array(HORIZONS, np.float64), drawing.draws, drawing.target, drawing.suppressed, total, square)
    look_ahead(laws(settings), force.clusters(people), force.path(settings), questions, forward)
    return total, square
