"""From the history to a LIST: eligible relationships, features, raw score, rank, reasons.

Nothing here reads the clock: ``as_of`` and ``started_at`` are handed in. The same inputs give the same rows on any
machine, which is what ``threat replay`` checks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features import Matrix, build
from serving.lists.freshness import freshness, last_recorded, new_records
from serving.lists.must_see import find as find_must_see
from serving.lists.order import rank_order, record_ranks
from serving.lists.rankings import Ranking
from serving.relationship.circumstances import Circumstance, as_reason, circumstances
from serving.relationship.reasons import IN_FORCE, Explained, SentenceWriter, check_sum, explain_model, explain_rule
from threat.asof import NEVER, show
from threat.eligibility import SafeguardingRow, eligible
from threat.errors import BadInput, IntegrityFailure
from threat.history.feeds import feeds
from threat.history.sightings import NO_PERSON, Rows, Sightings
from threat.history.snapshot import Snapshot
from threat.lists import ROWS, ScoredList
from threat.policy import Policy
from threat.release.documents.cohort import FilterStep
from threat.release.documents.scored_list import Basis, FeedReach, MustSee, Safeguarding

Advance = Callable[[float], None]
"""Tells a progress bar how much was done, in amounts that add up to 1."""


@dataclass(frozen=True)
class ScoringInputs:
    """Everything that a scoring reads.

    ``as_of``: UTC seconds. ``capacity``: how many relationships the unit reviews. ``previous``: the list that changes
    are compared with, or None. ``stale_ok``: publish although a feed is stale; marked on the list.
    """

    snapshot: Snapshot
    as_of: int
    ranking: Ranking
    policy: Policy
    capacity: int
    previous: ScoredList | None = None
    stale_ok: bool = False


@dataclass(frozen=True)
class Scored:
    """Rows of one scoring (schema ``ROWS``, rank order), the must-see items, and what eligibility kept and dropped.

    ``safeguarding``: the relationships that are not ranked with adults. ``feeds``: up to when each feed reaches.
    """

    rows: pa.Table
    must_see: list[MustSee]
    safeguarding: tuple[Safeguarding, ...]
    feeds: tuple[FeedReach, ...]
    attrition: tuple[FilterStep, ...]


def score(inputs: ScoringInputs, advance: Advance = lambda amount: None) -> Scored:
    """Score every eligible relationship at the as-of, rank the scores and explain those for review.

    Rows beyond capacity carry no reasons: ``explain`` gives them on demand. Raises IntegrityFailure for a score that is
    not finite, or reasons that do not add up to their score.
    """
    snapshot, as_of = inputs.snapshot, inputs.as_of
    cohort = eligible(snapshot, as_of, inputs.policy)
    sightings = snapshot.sightings()
    advance(0.2)
    matrix = build(sightings, cohort.rows, inputs.ranking.catalogue())
    advance(0.4)
    table = _rows(inputs, sightings, cohort.rows, matrix)
    items = find_must_see(
        sightings,
        relationships_at(snapshot, as_of),
        as_of,
        recorded_days=inputs.policy.must_see_recorded_days,
        release_days=inputs.policy.must_see_release_days,
        stays=inputs.policy.stays,
        names=inputs.policy.must_see_kinds,
    )
    advance(0.4)
    return Scored(
        rows=table,
        must_see=items,
        safeguarding=_safeguarding(snapshot, as_of, cohort.safeguarding, items),
        feeds=feeds_at(snapshot, as_of, inputs.policy),
        attrition=cohort.attrition,
    )


def feeds_at(snapshot: Snapshot, as_of: int, policy: Policy) -> tuple[FeedReach, ...]:
    """Return up to when each feed reaches at ``as_of``, and whether that is further behind than the policy allows."""
    return tuple(
        FeedReach(
            source=feed.source,
            reaches=feed.reaches,
            stated=feed.stated,
            latest_recorded_at=feed.latest_recorded_at,
            stale_after_days=feed.stale_after_days,
            stale=feed.stale,
        )
        for feed in feeds(snapshot, as_of, policy.stale_after_days, policy.stale_after_days_by_source)
    )


def _safeguarding(
    snapshot: Snapshot, as_of: int, children: Sequence[SafeguardingRow], items: Sequence[MustSee]
) -> tuple[Safeguarding, ...]:
    """Return the safeguarding queue with the must-see triggers of each relationship in it.

    Relationships with triggers come first, in the order of the must-see items; then who was known last to be so young.
    Of equal ones what is on record decides, before the id.
    """
    triggers = {item.relationship_id: item.triggers for item in items}
    place = {item.relationship_id: i for i, item in enumerate(items)}
    ids = np.array([child.relationship_id for child in children], dtype=np.int64)
    of_item = np.array([place.get(child.relationship_id, len(items)) for child in children], dtype=np.int64)
    known_since = np.array([child.known_since for child in children], dtype=np.int64)
    of_both = np.array([len(child.parties) * 2 + ("subject" in child.parties) for child in children], dtype=np.int64)
    records = record_ranks(snapshot.sightings(), snapshot.rows(ids, as_of))
    queue = [children[i] for i in np.lexsort((ids, records, of_both, -known_since, of_item)).tolist()]
    return tuple(
        Safeguarding(
            relationship_id=child.relationship_id,
            parties=child.parties,
            known_since=child.known_since,
            triggers=triggers.get(child.relationship_id, ()),
        )
        for child in queue
    )


def _rows(inputs: ScoringInputs, sightings: Sightings, rows: Rows, matrix: Matrix) -> pa.Table:
    """Return every row of the list (schema ``ROWS``), in rank order."""
    as_of, capacity, previous = inputs.as_of, inputs.capacity, inputs.previous
    raw = inputs.ranking.score(matrix) if len(rows) else np.zeros(0)
    if not np.isfinite(raw).all():
        raise IntegrityFailure(
            "The ranking gave a score that is not finite.",
            value=inputs.ranking.title,
            way_out="do not use this ranking",
        )
    rank, tied = rank_with_ties(raw)
    last = last_recorded(sightings, rows, as_of)
    new = new_records(sightings, rows, previous.basis.as_of, as_of) if previous else np.zeros(len(rows), np.int64)
    previous_rank = previous.rank_by_relationship if previous else {}
    zone, stays = inputs.policy.time_zone, inputs.policy.stays
    stated = circumstances(sightings, rows, as_of, zone, stays, undated=inputs.snapshot.undated)
    explained = _explained(sightings, inputs.ranking, matrix, raw, np.flatnonzero(rank <= capacity), stated)
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
            "previous_rank": [previous_rank.get(reference) for reference in rows.relationship_id.tolist()],
            "new_records": new.astype(np.int32),
            "base": [explained[i][0] if i in explained else None for i in range(len(rows))],
            "reasons": [
                [reason.as_row() for reason in explained[i][1]] if i in explained else None for i in range(len(rows))
            ],
            "circumstances": [[circumstance.as_row() for circumstance in of_row] for of_row in stated],
        },
        schema=ROWS,
    )
    return table.take(rank_order(rank, last, matrix, sightings))


def relationships_at(snapshot: Snapshot, as_of: int) -> Rows:
    """Every relationship in force at ``as_of``, eligible or not: a trigger is shown whatever the filters say."""
    recorded = snapshot.relationships
    rows = snapshot.rows(recorded.relationship_id[recorded.standing(as_of)], as_of)
    # A merge can make both parties one person: eligibility quarantines such a relationship, and nothing opens it here.
    keep = (rows.subject != NO_PERSON) & (rows.subject != rows.at_risk)
    return snapshot.rows(rows.relationship_id[keep], as_of)


def explain(
    snapshot: Snapshot,
    relationship_id: int,
    as_of: int,
    ranking: Ranking,
    stated: tuple[Circumstance, ...],
    *,
    expected: float | None = None,
) -> tuple[float, Explained]:
    """Return the raw score of one relationship at ``as_of``, with its base and reasons.

    ``stated``: what is in force around it. ``expected``: the score on its list; raises IntegrityFailure when this
    computation gives another score.
    """
    matrix, raw = scored_row(snapshot, relationship_id, as_of, ranking, expected=expected)
    return float(raw[0]), _explained(snapshot.sightings(), ranking, matrix, raw, np.array([0]), [stated])[0]


def scored_row(
    snapshot: Snapshot, relationship_id: int, as_of: int, ranking: Ranking, *, expected: float | None = None
) -> tuple[Matrix, NDArray[np.float64]]:
    """Return the figures of one relationship at ``as_of``, a matrix of one row, and its raw score, float64[1].

    ``expected``: the score on its list; raises IntegrityFailure when this computation gives another score.
    """
    rows = snapshot.rows([relationship_id], as_of)
    matrix = build(snapshot.sightings(), rows, ranking.catalogue(), parallel=False)
    raw = ranking.score(matrix)
    if expected is not None and float(raw[0]) != expected:
        raise IntegrityFailure(
            "The score computed now differs from the score on the list.",
            value=f"now {float(raw[0])!r}, list {expected!r}",
            way_out="threat replay LIST says what else differs",
        )
    return matrix, raw


def _explained(
    sightings: Sightings,
    ranking: Ranking,
    matrix: Matrix,
    raw: NDArray[np.float64],
    chosen: NDArray[np.intp],
    stated: Sequence[tuple[Circumstance, ...]],
) -> dict[int, Explained]:
    """Base and reasons of the chosen rows, by row number; each sum was checked against the raw score.

    ``stated``: what is in force around each row, which follows the reasons of any ranking.
    """
    if not len(chosen):
        return {}
    writer = SentenceWriter(sightings, matrix, ranking.catalogue())
    if ranking.kind == "model":
        names, parts = ranking.contributions(matrix, chosen)
        explained = explain_model(writer, names, parts, chosen)
    else:
        explained = explain_rule(writer, ranking.reads(), raw, chosen)
    for i, (base, reasons) in explained.items():
        check_sum(base, [reason.contribution for reason in reasons], float(raw[i]), f"row {i}")
    return {i: (base, (*reasons, *as_reason(stated[i]))) for i, (base, reasons) in explained.items()}


def rank_with_ties(scores: NDArray[np.float64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Rank scores, 1 for the highest, and count the rows that share each rank, int32[n] each.

    Equal scores share the smallest of their ranks:

    >>> rank, tied = rank_with_ties(np.array([0.5, 0.9, 0.5, 0.1]))
    >>> rank.tolist(), tied.tolist()
    ([2, 1, 2, 4], [2, 1, 2, 1])
    """
    if not len(scores):
        return np.zeros(0, np.int32), np.zeros(0, np.int32)
    _, inverse, counts = np.unique(-scores, return_inverse=True, return_counts=True)
    first = np.concatenate([[1], 1 + np.cumsum(counts)[:-1]])
    return first[inverse].astype(np.int32), counts[inverse].astype(np.int32)


def band(rank: int, capacity: int) -> str:
    """Return the band of a rank: for review up to the capacity, next up to twice the capacity, then beyond.

    >>> [band(rank, capacity=50) for rank in (50, 51, 100, 101)]
    ['review', 'next', 'next', 'beyond']
    """
    return "review" if rank <= capacity else "next" if rank <= 2 * capacity else "beyond"


def require_loaded_before(snapshot: Snapshot, started_at: int) -> None:
    """Raise BadInput unless every batch was loaded by ``started_at``: nobody could have made the list otherwise."""
    late = [entry for entry in snapshot.entries if entry.batch.loaded_at > started_at]
    if late:
        raise BadInput(
            "The history holds a batch that was loaded after the list was started.",
            value=f"batch {late[0].batch_id} loaded {show(late[0].batch.loaded_at)}",
            where=f"started {show(started_at)}",
            way_out="check the clock of this machine and of the one that loaded the batch",
        )


def differences(listed: ScoredList, again: Scored) -> list[str]:
    """Say in sentences how a second scoring differs from a LIST; empty when every value is the same.

    What a LIST of an earlier version does not say is not compared; nor is the order of rows of equal rank and of items
    of equal time, which went by id before and says nothing.
    """
    says_all = listed.version > 1
    sentences = []
    if listed.rows.num_rows != again.rows.num_rows:
        sentences.append(f"{listed.rows.num_rows} rows then, {again.rows.num_rows} now")
    else:
        rows_then, rows_now = (table.sort_by(_BY_RANK_AND_ID) for table in (listed.rows, again.rows))
        for name in ROWS.names:
            if rows_then[name].combine_chunks().equals(rows_now[name].combine_chunks()):
                continue
            then, now = rows_then[name].to_pylist(), rows_now[name].to_pylist()
            if not says_all:
                now = [_as_said_before(name, value) for value in now]
            where = [i for i, (a, b) in enumerate(zip(then, now, strict=True)) if a != b]
            if where:
                sentences.append(f"{name} differs in {len(where)} rows, first at rank {rows_then['rank'][where[0]]}")
    if _by_id(listed.must_see) != _by_id(again.must_see):
        sentences.append("must-see items differ")
    if says_all and _by_id(listed.safeguarding) != _by_id(again.safeguarding):
        sentences.append("the safeguarding queue differs")
    if says_all and listed.basis.feeds != again.feeds:
        sentences.append("how far the feeds reach differs")
    return sentences


_BY_RANK_AND_ID = [("rank", "ascending"), ("relationship_id", "ascending")]


def _by_id(items: Sequence[MustSee] | Sequence[Safeguarding]) -> list[tuple[object, ...]]:
    """Return what items say, in an order of their ids."""
    said = []
    for item in items:
        triggers = tuple(sorted(item.triggers, key=lambda trigger: trigger.event_id))
        of_item = item.model_copy(update={"triggers": triggers})
        said.append((item.relationship_id, tuple(trigger.event_id for trigger in triggers), of_item))
    return sorted(said, key=lambda ids_and_item: ids_and_item[:2])


def _as_said_before(name: str, value: Any) -> Any:
    """Return the value of a row as a LIST of version 1 would say it: without what is in force."""
    if name == "circumstances":
        return []
    return [reason for reason in value if reason["theme"] != IN_FORCE] if name == "reasons" and value else value


def basis_of(inputs: ScoringInputs, scored: Scored, started_at: int) -> Basis:
    """Return what ``list.json`` says a LIST was computed from. ``started_at``: UTC seconds."""
    ranking, previous = inputs.ranking, inputs.previous
    return Basis(
        as_of=inputs.as_of,
        snapshot=inputs.snapshot.id,
        ranking=ranking.kind,
        ranking_id=ranking.id,
        ranking_title=ranking.title,
        ranking_note=ranking.note,
        demonstration=ranking.demonstration,
        capacity=inputs.capacity,
        catalogue=ranking.catalogue().version,
        policy=inputs.policy.version,
        time_zone=inputs.policy.time_zone,
        stays={kind: None if seconds == NEVER else seconds for kind, seconds in inputs.policy.stays.items()},
        started_at=started_at,
        previous=previous.id if previous else "",
        previous_as_of=previous.basis.as_of if previous else 0,
        previous_ranking_id=previous.basis.ranking_id if previous else "",
        attrition=scored.attrition,
        feeds=scored.feeds,
        stale_ok=inputs.stale_ok and any(feed.stale for feed in scored.feeds),
    )
