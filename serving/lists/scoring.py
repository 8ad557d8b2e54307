"""From the history to a LIST: eligible relationships, features, raw score, rank, reasons.

Nothing here reads the clock: ``as_of`` and ``started_at`` are handed in. The same snapshot, as-of, ranking and policy
give the same rows on any machine, which is what ``threat replay`` checks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from serving.lists.must_see import MustSee
from serving.lists.must_see import find as find_must_see
from serving.lists.reasons import Chosen, Reason, Teller, check_sum, explain_model, explain_rule
from threat.asof import DAY, show, visible
from threat.errors import BadInput, IntegrityFailure
from threat.history.sightings import NO_PERSON, Rows, Sightings
from threat.lists import ROWS, Asked, ScoredList, at_rank_order

if TYPE_CHECKING:
    from serving.lists.rankings import Ranking
    from threat.eligibility import Policy
    from threat.history.snapshot import Snapshot

FRESHNESS = ((1, "under 1 day"), (8, "1 to 7 days"), (91, "8 to 90 days"))
"""How long ago the latest record about either party was made, as (upper bound in days, words)."""
OLDER = "over 90 days"


@dataclass(frozen=True)
class Scored:
    """Rows of one scoring (schema ``ROWS``, rank order), the must-see items, and what eligibility kept and dropped."""

    rows: pa.Table
    must_see: list[MustSee]
    attrition: list[dict[str, Any]]


def score(
    snapshot: Snapshot,
    as_of: int,
    ranking: Ranking,
    policy: Policy,
    *,
    capacity: int,
    previous: ScoredList | None = None,
    advance: Callable[[float], None] = lambda amount: None,
) -> Scored:
    """Score every eligible relationship at ``as_of`` (UTC seconds).

    ``previous``: the list that changes are told against. ``advance``: called with amounts that add up to 1 as the work
    goes on. Rows within capacity carry reasons; for others ``explain`` gives them on demand.
    """
    from features import build
    from threat.eligibility import eligible

    cohort = eligible(snapshot, as_of, policy)
    sightings = snapshot.sightings()
    advance(0.2)
    rows: Rows = cohort.rows
    matrix = build(sightings, rows, ranking.catalogue())
    advance(0.4)
    raw = ranking.score(matrix) if len(rows) else np.zeros(0)
    if not np.isfinite(raw).all():
        raise IntegrityFailure("A score is a finite number.", value=ranking.title, way_out="do not use this ranking")
    rank, tied = rank_with_ties(raw)
    last = last_recorded(sightings, rows, as_of)
    new = new_records(sightings, rows, previous.asked.as_of, as_of) if previous else np.zeros(len(rows), np.int64)
    before: dict[int, int] = {} if previous is None else previous.rank_by_relationship
    chosen = np.flatnonzero(rank <= capacity)
    reasons, bases = _reasons(sightings, rows, matrix, raw, ranking, chosen)
    table = pa.table(
        {
            "relationship_id": rows.relationship_id,
            "subject_id": rows.subject,
            "person_at_risk_id": pa.array(rows.at_risk, mask=rows.at_risk == NO_PERSON),
            "rank": rank,
            "tied": tied,
            "score": raw,
            "band": [band(int(place), capacity) for place in rank],
            "freshness": [freshness(int(at), as_of) for at in last],
            "last_recorded_at": last,
            "previous_rank": [before.get(reference) for reference in rows.relationship_id.tolist()],
            "new_records": new.astype(np.int32),
            "base": [bases.get(i) for i in range(len(rows))],
            "reasons": [[reason.as_row() for reason in reasons[i]] if i in reasons else None for i in range(len(rows))],
        },
        schema=ROWS,
    )
    items = find_must_see(
        sightings,
        _standing(snapshot, as_of),
        as_of,
        recorded_days=policy.must_see_recorded_days,
        release_days=policy.must_see_release_days,
        names=policy.must_see_kinds,
    )
    advance(0.4)
    return Scored(at_rank_order(table), items, list(cohort.attrition))


def _standing(snapshot: Snapshot, as_of: int) -> Rows:
    """Every relationship that stands at ``as_of``, eligible or not: a trigger is shown whatever the filters say."""
    known = snapshot.relationships
    rows = snapshot.rows(known.relationship_id[visible(known.recorded_at, known.withdrawn_at, as_of)], as_of)
    keep = (rows.subject != NO_PERSON) & (rows.subject != rows.at_risk)
    return snapshot.rows(rows.relationship_id[keep], as_of)


def explain(
    snapshot: Snapshot, relationship_id: int, as_of: int, ranking: Ranking, *, expected: float | None = None
) -> tuple[float, float, tuple[Reason, ...]]:
    """Raw score, base and reasons of one relationship at ``as_of``.

    ``expected``: the score its list holds; IntegrityFailure when this computation gives another.
    """
    from features import build

    sightings = snapshot.sightings()
    rows = snapshot.rows([relationship_id], as_of)
    matrix = build(sightings, rows, ranking.catalogue(), parallel=False)
    raw = ranking.score(matrix)
    if expected is not None and float(raw[0]) != expected:
        raise IntegrityFailure(
            "The score computed now is the score on the list.",
            value=f"now {float(raw[0])!r}, list {expected!r}",
            way_out="threat replay LIST says what else differs",
        )
    reasons, bases = _reasons(sightings, rows, matrix, raw, ranking, np.array([0]))
    return float(raw[0]), bases[0], reasons[0]


def _reasons(
    sightings: Sightings, rows: Rows, matrix: Any, raw: NDArray[np.float64], ranking: Ranking, chosen: NDArray[np.intp]
) -> tuple[dict[int, tuple[Reason, ...]], dict[int, float]]:
    """Reasons and base values of the chosen rows, by row number; their sum with the base is the raw score."""
    if not len(chosen):
        return {}, {}
    teller = Teller(sightings, rows, matrix, ranking.catalogue())
    if ranking.kind == "model":
        names, parts = ranking.contributions(Chosen(matrix, chosen))
        found = explain_model(teller, names, parts, chosen)
    else:
        found = explain_rule(teller, ranking.reads(), raw, chosen)
    for i, (base, reasons) in found.items():
        check_sum(base, [reason.contribution for reason in reasons], float(raw[i]), f"row {i}")
    return {i: reasons for i, (_, reasons) in found.items()}, {i: base for i, (base, _) in found.items()}


def rank_with_ties(scores: NDArray[np.float64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Rank (1 = highest; equal scores share the smallest: 1, 2, 2, 4) and the number sharing it, int32[n] each."""
    if not len(scores):
        return np.zeros(0, np.int32), np.zeros(0, np.int32)
    unique, inverse, counts = np.unique(-scores, return_inverse=True, return_counts=True)
    first = np.concatenate([[1], 1 + np.cumsum(counts)[:-1]])
    assert len(first) == len(unique)
    return first[inverse].astype(np.int32), counts[inverse].astype(np.int32)


def band(rank: int, capacity: int) -> str:
    """The band of a rank: review up to the capacity, next up to twice it, then beyond."""
    return "review" if rank <= capacity else "next" if rank <= 2 * capacity else "beyond"


def freshness(recorded_at: int, as_of: int) -> str:
    """How long before ``as_of`` the latest record was made, in words."""
    days = (as_of - recorded_at) / DAY
    return next((words for bound, words in FRESHNESS if days < bound), OLDER)


def last_recorded(sightings: Sightings, rows: Rows, as_of: int) -> NDArray[np.int64]:
    """When the latest visible record about either party was made, int64[n] UTC seconds; 0 when there is none."""
    seen = visible(sightings.visible_from, sightings.visible_until, as_of) & ~sightings.proactive
    recorded = np.where(seen, sightings.visible_from, 0)
    per_person = _reduce(np.maximum, recorded, sightings)
    return np.maximum(_of(per_person, sightings, rows.subject), _of(per_person, sightings, rows.at_risk))


def new_records(sightings: Sightings, rows: Rows, since: int, as_of: int) -> NDArray[np.int64]:
    """Events about either party that became visible in ``[since, as_of)``, each once, int64[n]."""
    seen = visible(sightings.visible_from, sightings.visible_until, as_of)
    fresh = seen & (sightings.visible_from >= since) & ~sightings.proactive
    per_person = _reduce(np.add, fresh.astype(np.int64), sightings)
    total = _of(per_person, sightings, rows.subject) + _of(per_person, sightings, rows.at_risk)
    shared: dict[tuple[int, int], int] = {}
    hits = np.flatnonzero(fresh & (sightings.counterpart != NO_PERSON))
    owners = sightings.persons[np.searchsorted(sightings.offsets, hits, side="right") - 1]
    for owner, other in zip(owners.tolist(), sightings.persons[sightings.counterpart[hits]].tolist(), strict=True):
        shared[owner, other] = shared.get((owner, other), 0) + 1
    if shared:
        pairs = zip(rows.subject.tolist(), rows.at_risk.tolist(), strict=True)
        total -= np.array([shared.get(pair, 0) for pair in pairs], dtype=np.int64)
    return total


def _reduce(operation: np.ufunc, values: NDArray[np.int64], sightings: Sightings) -> NDArray[np.int64]:
    """``operation`` over each person's sightings; 0 for a person without any."""
    out = np.zeros(len(sightings.persons), dtype=np.int64)
    starts, ends = sightings.offsets[:-1], sightings.offsets[1:]
    some = ends > starts
    if some.any():
        out[some] = operation.reduceat(values, starts[some])
    return out


def _of(per_person: NDArray[np.int64], sightings: Sightings, persons: NDArray[np.int64]) -> NDArray[np.int64]:
    if not len(sightings.persons):
        return np.zeros(len(persons), dtype=np.int64)
    at = np.minimum(np.searchsorted(sightings.persons, persons), len(sightings.persons) - 1)
    return np.where(sightings.persons[at] == persons, per_person[at], 0)


def require_loaded_before(snapshot: Snapshot, started_at: int) -> None:
    """Raise BadInput unless every batch was loaded by ``started_at``: a list can't rest on what came later."""
    late = [entry for entry in snapshot.entries if entry.batch.loaded_at > started_at]
    if late:
        raise BadInput(
            "A list rests on batches loaded before it was started.",
            value=f"batch {late[0].batch_id} loaded {show(late[0].batch.loaded_at)}",
            where=f"started {show(started_at)}",
            way_out="check the clock of this machine and of the one that loaded the batch",
        )


def same_rows(listed: ScoredList, again: Scored) -> list[str]:
    """What differs between a LIST and a scoring made again: sentences, empty when nothing does."""
    found = []
    if listed.rows.num_rows != again.rows.num_rows:
        found.append(f"{listed.rows.num_rows} rows then, {again.rows.num_rows} now")
    else:
        for name in ROWS.names:
            then, now = listed.rows[name].combine_chunks(), again.rows[name].combine_chunks()
            if not then.equals(now):
                pairs = zip(then.to_pylist(), now.to_pylist(), strict=True)
                where = [i for i, (a, b) in enumerate(pairs) if a != b]
                found.append(f"{name} differs in {len(where)} rows, first at rank {int(listed.rank[where[0]])}")
    if listed.must_see != [item.as_dict() for item in again.must_see]:
        found.append("must-see items differ")
    return found


def asked(
    snapshot: Snapshot,
    as_of: int,
    ranking: Ranking,
    policy: Policy,
    scored: Scored,
    *,
    capacity: int,
    started_at: int,
    previous: ScoredList | None,
) -> Asked:
    """What a LIST says it was computed from."""
    return Asked(
        as_of=as_of,
        snapshot=snapshot.id,
        ranking=ranking.kind,
        ranking_id=ranking.id,
        ranking_title=ranking.title,
        ranking_note=ranking.note,
        demonstration=ranking.demonstration,
        capacity=capacity,
        catalogue=ranking.catalogue().version,
        policy=policy.version,
        started_at=started_at,
        previous=previous.id if previous else "",
        previous_as_of=previous.asked.as_of if previous else 0,
        previous_ranking_id=previous.asked.ranking_id if previous else "",
        attrition=scored.attrition,
    )
