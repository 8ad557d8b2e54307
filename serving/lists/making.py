"""What the commands do: make a LIST, replay one, explain a relationship. Each is one entry in the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from serving.audit import database
from serving.audit.log import Entry, Operation, record
from serving.lists import rankings, scoring
from serving.lists.feed_words import feed_sentence, feeds_alike
from serving.lists.scoring import Advance, ScoringInputs
from serving.relationship.case_panel import case_panel, markers_on_record
from serving.relationship.circumstances import circumstances
from serving.relationship.reasons import theme_title
from threat import lists
from threat.asof import on_record, show
from threat.errors import BadInput, UsageError
from threat.history.sorted_ids import is_in
from threat.history.store import Store
from threat.ids import parse_id, show_id
from threat.lists import ScoredList
from threat.policy import load_policy
from threat.release.documents.scored_list import FeedReach


@dataclass(frozen=True)
class ListOptions:
    """What a person may choose about a LIST.

    ``capacity``: None takes the policy's. ``publish``: show the list at the desk. ``rule``: rank by this rule whatever
    is in service. ``policy_path``: the force's own policy. ``previous``: id of the list that changes are compared with;
    None takes the published list. ``stale_ok``: publish although a feed is older than the policy allows.
    """

    capacity: int | None = None
    publish: bool = False
    rule: str | None = None
    policy_path: Path | None = None
    previous: str | None = None
    stale_ok: bool = False


def make_list(
    store: Path,
    var: Path,
    as_of: int,
    options: ListOptions = ListOptions(),
    *,
    started_at: int,
    advance: Advance = lambda amount: None,
) -> ScoredList:
    """Score, freeze and, when asked, publish a LIST. ``as_of`` and ``started_at`` are UTC seconds.

    With a model's list a list by rule is published as its substitute, which the desk shows from the moment the model
    is suspended. Raises UsageError for a capacity under 1, an as-of after ``started_at`` or a previous list that is not
    earlier; BadInput for a batch loaded after ``started_at``, or a list to publish from a stale feed without
    ``stale_ok``.
    """
    inputs = _inputs(store, var, as_of, options, started_at)
    if options.publish and not options.stale_ok:
        # Before anything is scored: the feed has to be mended first, and the list would be made in vain.
        refuse_stale(scoring.feeds_at(inputs.snapshot, as_of, inputs.policy), as_of, inputs.policy.time_zone)
    folder = var / "lists"
    made = _freeze(folder, inputs, started_at, advance)
    shown = lists.Published(made.id)
    if options.publish and inputs.ranking.kind == "model":
        # The note is frozen with the list: in other words, the same list would have another id.
        rule = rankings.named_rule(rankings.DEFAULT_RULE, "It stands by for the model's list.")
        standby = _freeze(folder, replace(inputs, ranking=rule), started_at, advance)
        shown = lists.Published(made.id, inputs.ranking.id, standby.id)
    # Logged before it is shown: a list that no entry accounts for is never on the desk.
    action = "publish list" if options.publish else "make list"
    log_command(var, "combination", action, made.id, started_at, ranking=inputs.ranking.kind)
    if options.publish:
        lists.publish(folder, shown)
    return made


def _inputs(store: Path, var: Path, as_of: int, options: ListOptions, started_at: int) -> ScoringInputs:
    policy = load_policy(options.policy_path)
    capacity = policy.capacity if options.capacity is None else options.capacity
    if capacity < 1:
        raise UsageError("The capacity is below 1.", value=capacity, way_out="--capacity 1 or more")
    _require_past(as_of, started_at)
    snapshot = Store.open(store).snapshot()
    scoring.require_loaded_before(snapshot, started_at)
    if options.rule:
        ranking: rankings.Ranking = rankings.named_rule(options.rule, "A rule was asked for.")
    else:
        ranking = rankings.current(var / "promotions.jsonl", started_at)
    previous = _previous(var / "lists", as_of, options.previous)
    return ScoringInputs(snapshot, as_of, ranking, policy, capacity, previous, stale_ok=options.stale_ok)


def refuse_stale(feeds: Sequence[FeedReach], as_of: int, zone: str) -> None:
    """Raise BadInput when a feed is further behind ``as_of`` than the policy allows: it may have stopped.

    ``zone``: in which the day of a record is said.
    """
    stale = [feed for feed in feeds if feed.stale]
    behind = [feed_sentence(alike, as_of, zone) for alike in feeds_alike(stale, zone)]
    if behind:
        raise BadInput(
            " ".join(behind),
            where="feeds of the history",
            way_out="load what is missing; where a feed is only quiet, load its delivery with --covers-until TIME; to "
            "publish all the same, marked on every page: --stale-ok",
        )


def _previous(folder: Path, as_of: int, list_id: str | None) -> ScoredList | None:
    if not list_id:
        return lists.previous_to(folder, as_of)
    previous = lists.open_list(folder, list_id)
    if previous.basis.as_of >= as_of:
        raise UsageError(
            "The previous list is not earlier than this list.",
            value=f"{previous.id}, as of {show(previous.basis.as_of)}",
            where="--previous",
            way_out=f"a list whose as-of is before {show(as_of)}",
        )
    return previous


def _freeze(folder: Path, inputs: ScoringInputs, started_at: int, advance: Advance) -> ScoredList:
    scored = scoring.score(inputs, advance)
    basis = scoring.basis_of(inputs, scored, started_at)
    return lists.freeze(folder, basis, scored.must_see, scored.rows, scored.safeguarding)


def _require_past(as_of: int, started_at: int) -> None:
    if as_of > started_at:
        raise UsageError(
            "The as-of is after now: nothing is recorded ahead of now.",
            value=show(as_of),
            where="--as-of",
            way_out="an earlier date",
        )


def replay_list(
    store: Path,
    var: Path,
    list_id: str,
    *,
    started_at: int,
    policy_path: Path | None = None,
    advance: Advance = lambda amount: None,
) -> dict[str, Any]:
    """Score again from the snapshot that a LIST names, and compare every value.

    Returns ``{list, rows, same, differences}``; ``differences`` are sentences.
    """
    listed = lists.open_list(var / "lists", list_id)
    basis = listed.basis
    ranking = rankings.of_list(basis, var / "promotions.jsonl")
    policy = load_policy(policy_path)
    if listed.version < 3:  # of before a policy named a zone: such a list said days in UTC
        policy = replace(policy, time_zone=basis.time_zone)
    differences = [
        f"{what} was {then}, is {now}"
        for what, then, now in (
            ("the policy", basis.policy, policy.version),
            ("the time zone of the policy", basis.time_zone, policy.time_zone),
            ("the catalogue", basis.catalogue, ranking.catalogue().version),
        )
        if then != now
    ]
    snapshot = Store.open(store).snapshot(basis.snapshot)
    if not is_in(listed.rows["relationship_id"].to_numpy(), snapshot.relationships.relationship_id).all():
        differences.append("the list was made when a relationship had its source's reference for id, not its pair's")
    inputs = ScoringInputs(
        snapshot=snapshot,
        as_of=basis.as_of,
        ranking=ranking,
        policy=policy,
        capacity=basis.capacity,
        previous=lists.open_list(var / "lists", basis.previous) if basis.previous else None,
        stale_ok=basis.stale_ok,
    )
    differences += scoring.differences(listed, scoring.score(inputs, advance))
    log_command(var, "combination", "replay list", list_id, started_at, same=not differences)
    return {"list": list_id, "rows": len(listed), "same": not differences, "differences": differences}


def explain_relationship(
    store: Path, var: Path, reference: str, as_of: int, *, started_at: int, policy_path: Path | None = None
) -> dict[str, Any]:
    """Return score, reasons and panel of one relationship, by the ranking in service, as a JSON document.

    ``policy_path``: the force's own policy, which says in which zone days are said and how long an open stay lasts.

    Raises UsageError for a relationship that was not on record at ``as_of``, or an ``as_of`` after ``started_at``.
    """
    _require_past(as_of, started_at)
    relationship_id = parse_id(reference)
    snapshot = Store.open(store).snapshot()
    recorded = snapshot.relationships
    if not ((recorded.relationship_id == relationship_id) & on_record(recorded.recorded_at, as_of)).any():
        raise UsageError(
            "This relationship was not on record at that as-of.",
            value=show_id("R", relationship_id),
            where=show(as_of),
            way_out="a later as-of, or a reference copied from a list of this history",
        )
    ranking, policy = rankings.current(var / "promotions.jsonl", started_at), load_policy(policy_path)
    rows = snapshot.rows([relationship_id], as_of)
    [stated] = circumstances(
        snapshot.sightings(), rows, as_of, policy.time_zone, policy.stays, undated=snapshot.undated
    )
    score, (base, reasons) = scoring.explain(snapshot, relationship_id, as_of, ranking, stated)
    marked = markers_on_record(snapshot, relationship_id, as_of)
    composed = case_panel(snapshot, relationship_id, as_of, policy.time_zone, reasons, marked)
    log_command(var, "consultation", "explain", show_id("R", relationship_id), started_at, as_of=show(as_of))
    return {
        "relationship": show_id("R", relationship_id),
        "as_of": show(as_of),
        "snapshot": snapshot.id,
        "ranking": ranking.kind,
        "ranking_title": ranking.title,
        "ranking_note": ranking.note,
        "score": score,
        "base": base,
        "reasons": [
            {
                "theme": reason.theme,
                "title": theme_title(reason.theme),
                "contribution": reason.contribution,
                "sentences": [
                    {"text": sentence.text, "events": [show_id("E", event) for event in sentence.event_ids]}
                    for sentence in reason.sentences
                ],
            }
            for reason in reasons
        ],
        "panel": composed.as_json(),
    }


def log_command(var: Path, operation: Operation, action: str, subject: str, at: int, **detail: object) -> None:
    """Write what a command read or made into the audit log of ``var``. ``at``: UTC seconds."""
    engine = database.connect(var / "desk.sqlite")
    try:
        record(engine, Entry("command line", "operator", operation, action, subject, detail=detail), at)
    finally:
        engine.dispose()
