"""What the commands do: make a LIST, replay one, explain a relationship. Each is one entry in the audit log."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from serving.audit import database
from serving.audit.log import Entry, Operation, record
from serving.lists import rankings, scoring
from serving.lists.reasons import theme_title
from threat import lists
from threat.asof import show
from threat.eligibility import load_policy
from threat.errors import UsageError
from threat.history.store import Store
from threat.ids import parse_id, show_id
from threat.lists import ScoredList

Advance = Callable[[float], None]


def make_list(
    store: Path,
    var: Path,
    as_of: int,
    *,
    started_at: int,
    capacity: int | None = None,
    publish: bool = False,
    rule: str | None = None,
    policy_path: Path | None = None,
    previous: str | None = None,
    advance: Advance = lambda amount: None,
) -> ScoredList:
    """Score, freeze and, when asked, publish a LIST.

    ``as_of`` and ``started_at`` are UTC seconds. ``capacity``: None takes the policy's. ``rule``: rank by this rule
    whatever is in service. ``previous``: the LIST that changes are told against; None takes the published one.
    With a model's list a list by rule is published to stand by: the desk shows it from the moment the model is
    suspended. Raises UsageError for a capacity under 1 or an as-of after ``started_at``.
    """
    policy = load_policy(policy_path)
    capacity = policy.capacity if capacity is None else capacity
    if capacity < 1:
        raise UsageError("A unit reviews at least one relationship.", value=capacity, way_out="--capacity 1 or more")
    _require_past(as_of, started_at)
    snapshot = Store.open(store).snapshot()
    scoring.require_loaded_before(snapshot, started_at)
    ranking = (
        rankings.named_rule(rule, "A rule was asked for.")
        if rule
        else rankings.current(var / "promotions.jsonl", started_at)
    )
    folder = var / "lists"
    before = lists.open_list(folder, previous) if previous else lists.previous_to(folder, as_of)
    if before is not None and before.asked.as_of >= as_of:
        raise UsageError(
            "The previous list lies before this one.", value=before.id, way_out=f"one before {show(as_of)}"
        )

    def made_by(order: rankings.Ranking) -> ScoredList:
        scored = scoring.score(snapshot, as_of, order, policy, capacity=capacity, previous=before, advance=advance)
        asked = scoring.asked(
            snapshot, as_of, order, policy, scored, capacity=capacity, started_at=started_at, previous=before
        )
        return lists.freeze(folder, asked, [item.as_dict() for item in scored.must_see], scored.rows)

    made = made_by(ranking)
    shown = lists.Published(made.id)
    if publish and ranking.kind == "model":
        standby = made_by(rankings.named_rule(rankings.DEFAULT_RULE, "It stands by for the model's list."))
        shown = lists.Published(made.id, ranking.id, standby.id)
    _log(var, "combination", "publish list" if publish else "make list", made.id, started_at, ranking=ranking.kind)
    if publish:
        lists.publish(folder, shown)
    return made


def _require_past(as_of: int, started_at: int) -> None:
    if as_of > started_at:
        raise UsageError(
            "An as-of lies in the past: nothing is recorded ahead of now.", value=show(as_of), way_out="an earlier date"
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
    """Score again from the snapshot a LIST names, and compare every value: ``{list, rows, same, differences}``."""
    listed = lists.open_list(var / "lists", list_id)
    asked = listed.asked
    snapshot = Store.open(store).snapshot(asked.snapshot)
    ranking = rankings.of_list(asked, var / "promotions.jsonl")
    policy = load_policy(policy_path)
    differences = [
        f"{what} was {then}, is {now}"
        for what, then, now in (
            ("the policy", asked.policy, policy.version),
            ("the catalogue", asked.catalogue, ranking.catalogue().version),
        )
        if then != now
    ]
    previous = lists.open_list(var / "lists", asked.previous) if asked.previous else None
    again = scoring.score(
        snapshot, asked.as_of, ranking, policy, capacity=asked.capacity, previous=previous, advance=advance
    )
    differences += scoring.same_rows(listed, again)
    _log(var, "combination", "replay list", list_id, started_at, same=not differences)
    return {"list": list_id, "rows": len(listed), "same": not differences, "differences": differences}


def explain_relationship(store: Path, var: Path, reference: str, as_of: int, *, started_at: int) -> dict[str, Any]:
    """Score and reasons of one relationship with the ranking in service, as a JSON document.

    Raises UsageError for a relationship that was not on record at ``as_of``, or an ``as_of`` after ``started_at``.
    """
    _require_past(as_of, started_at)
    relationship_id = parse_id(reference)
    snapshot = Store.open(store).snapshot()
    known = snapshot.relationships
    if not ((known.relationship_id == relationship_id) & (known.recorded_at < as_of)).any():
        raise UsageError(
            "This relationship was not on record at that as-of.",
            value=show_id("R", relationship_id),
            where=show(as_of),
            way_out="a later as-of, or a reference copied from a list of this history",
        )
    ranking = rankings.current(var / "promotions.jsonl", started_at)
    score, base, reasons = scoring.explain(snapshot, relationship_id, as_of, ranking)
    _log(var, "consultation", "explain", show_id("R", relationship_id), started_at, as_of=show(as_of))
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
                    {"text": said.text, "events": [show_id("E", event) for event in said.event_ids]}
                    for said in reason.sentences
                ],
            }
            for reason in reasons
        ],
    }


def _log(var: Path, operation: Operation, action: str, subject: str, at: int, **detail: object) -> None:
    engine = database.connect(var / "desk.sqlite")
    try:
        record(engine, Entry("command line", "operator", operation, action, subject, detail=detail), at)
    finally:
        engine.dispose()
