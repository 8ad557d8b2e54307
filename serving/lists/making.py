"""What the commands do: make a LIST, replay one, explain a relationship. Each is one entry in the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from serving.audit.checkpoints import Checkpoints
from serving.audit.log import Entry, Operation, record
from serving.lists import rankings, scoring
from serving.lists.feed_words import feed_sentence, feeds_alike
from serving.lists.publishing import publications, publish, refuse_older
from serving.lists.scoring import Advance, ScoringInputs
from serving.relationship.case_panel import case_panel, markers_on_record
from serving.relationship.circumstances import circumstances
from serving.relationship.reasons import theme_title
from serving.storage import address_of, connect, reading
from serving.storage.address import Address
from threat import lists
from threat.asof import on_record, show
from threat.errors import BadInput, ThreatError, UsageError
from threat.history.sorted_ids import is_in
from threat.history.store import Store
from threat.ids import parse_id, show_id
from threat.lists import ScoredList
from threat.policy import load_policy
from threat.release.documents.scored_list import FeedReach
from threat.trust.folder import Trust
from threat.trust.signing import Signer


@dataclass(frozen=True)
class ListOptions:
    """What a person may choose about a LIST.

    ``capacity``: None takes the policy's. ``publish``: show the list at the desk. ``rule``: rank by this rule whatever
    is in service. ``policy_path``: the force's own policy. ``previous``: id of the list that changes are compared with;
    None takes the published list. ``stale_ok``: publish although a feed is older than the policy allows. ``database``:
    the desk's, as ``serving.storage.address_of`` takes it.
    """

    capacity: int | None = None
    publish: bool = False
    rule: str | None = None
    policy_path: Path | None = None
    previous: str | None = None
    stale_ok: bool = False
    database: str | Path = ""


def make_list(
    store: Path,
    var: Path,
    as_of: int,
    options: ListOptions = ListOptions(),
    *,
    started_at: int,
    advance: Advance = lambda amount: None,
    trust: Trust | None = None,
) -> ScoredList:
    """Score, freeze and, when asked, publish a LIST. ``as_of`` and ``started_at`` are UTC seconds.

    With a model's list a list by rule is published as its substitute, which the desk shows from the moment the model
    is suspended. ``trust``: the keys that count; None opens those of this machine, and where there is a trust folder,
    the key for ``list`` signs both lists and their publication. Raises UsageError for a capacity under 1, an as-of
    after ``started_at``, a previous list that is not earlier, or a list to publish when a later one is published;
    BadInput for a batch loaded after ``started_at``, or a list to publish from a stale feed without ``stale_ok``.
    """
    trust = Trust.open() if trust is None else trust
    signer = trust.signer("list") if trust.exists else None
    database = address_of(var, options.database)
    inputs, remarks = _inputs(store, var, as_of, options, started_at, trust)
    if options.publish:
        # Before anything is scored: the list would be made in vain.
        refuse_older(database, as_of)
        if not options.stale_ok:
            refuse_stale(scoring.feeds_at(inputs.snapshot, as_of, inputs.policy), as_of, inputs.policy.time_zone)
    folder = var / "lists"
    made = _freeze(folder, inputs, started_at, advance, signer)
    made.remarks = remarks
    log = partial(log_command, database, "combination", "make list", at=started_at, trust=trust)
    if not options.publish:
        log(made.id, ranking=inputs.ranking.kind)
        return made
    shown = lists.Published(made.id)
    if inputs.ranking.kind == "model":
        # The note is frozen with the list: in other words, the same list would have another id.
        rule = rankings.named_rule(rankings.DEFAULT_RULE, "It stands by for the model's list.")
        standby = _freeze(folder, replace(inputs, ranking=rule), started_at, advance, signer)
        shown = lists.Published(made.id, inputs.ranking.id, standby.id)
    try:
        still = partial(_still_in_service, var, inputs, started_at)
        publish(var, made, shown, at=started_at, trust=trust, still=still, database=database)
    except UsageError as error:
        log(made.id, ranking=inputs.ranking.kind, not_published=error.problem)
        raise
    return made


def _still_in_service(var: Path, inputs: ScoringInputs, at: int) -> None:
    """Raise UsageError where the model was taken out of service while its list was made, which takes minutes."""
    if inputs.ranking.kind == "model" and rankings.current(var / "promotions.jsonl", at).id != inputs.ranking.id:
        raise UsageError(
            "The model was taken out of service while its list was made: the list is not shown.",
            value=inputs.ranking.id,
            way_out="threat score --publish again; what is in service by then ranks",
        )


def _inputs(
    store: Path, var: Path, as_of: int, options: ListOptions, started_at: int, trust: Trust
) -> tuple[ScoringInputs, tuple[str, ...]]:
    """The inputs of a scoring, and remarks on what was left out of them."""
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
    previous, remarks = _previous(var, as_of, options, trust)
    inputs = ScoringInputs(snapshot, as_of, ranking, policy, capacity, previous, stale_ok=options.stale_ok)
    return inputs, remarks


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


def _previous(var: Path, as_of: int, options: ListOptions, trust: Trust) -> tuple[ScoredList | None, tuple[str, ...]]:
    """The list that changes are compared with, and a remark where a damaged list was passed over for an earlier one.

    A list that a person names is taken or refused; a published list that does not open must not stop the next list.
    """
    folder, list_id = var / "lists", options.previous
    if not list_id:
        try:
            return lists.previous_to(folder, as_of, trust), ()
        except ThreatError as error:
            earlier = _earlier_published(folder, address_of(var, options.database), as_of, trust)
            compared = f"compared with {earlier.id}" if earlier else "compared with no list"
            return earlier, (f"{error.problem} The list is {compared}.",)
    previous = lists.open_list(folder, list_id, trust)
    if previous.basis.as_of >= as_of:
        raise UsageError(
            "The previous list is not earlier than this list.",
            value=f"{previous.id}, as of {show(previous.basis.as_of)}",
            where="--previous",
            way_out=f"a list whose as-of is before {show(as_of)}",
        )
    return previous, ()


def _earlier_published(folder: Path, database: Address, as_of: int, trust: Trust) -> ScoredList | None:
    """The latest list before ``as_of`` that the audit log says was published and that opens."""
    if not database.may_exist:
        return None
    engine = connect(database)
    try:
        with reading(engine) as connection:
            read = sorted(publications(connection), key=lambda publication: publication.order, reverse=True)
    finally:
        engine.dispose()
    for list_id in dict.fromkeys(publication.list for publication in read):
        with suppress(ThreatError):
            earlier = lists.open_list(folder, list_id, trust)
            if earlier.basis.as_of < as_of:
                return earlier
    return None


def _freeze(
    folder: Path, inputs: ScoringInputs, started_at: int, advance: Advance, signer: Signer | None
) -> ScoredList:
    scored = scoring.score(inputs, advance)
    basis = scoring.basis_of(inputs, scored, started_at)
    return lists.freeze(folder, basis, scored.must_see, scored.rows, scored.safeguarding, signer=signer)


def _require_past(as_of: int, started_at: int) -> None:
    if as_of > started_at:
        raise UsageError(
            "The as-of is after now: nothing is recorded ahead of now.",
            value=show(as_of),
            where="--as-of",
            way_out="an earlier date",
        )


def replay_list(  # noqa: PLR0913  what the command may choose
    store: Path,
    var: Path,
    list_id: str,
    *,
    started_at: int,
    policy_path: Path | None = None,
    advance: Advance = lambda amount: None,
    trust: Trust | None = None,
    database: str | Path = "",
) -> dict[str, Any]:
    """Score again from the snapshot that a LIST names, and compare every value.

    ``trust``: the keys that count for lists; None opens those of this machine. ``database``: the desk's, as
    ``serving.storage.address_of`` takes it. Returns ``{list, rows, same,
    differences, revoked}``; ``differences`` are sentences. ``revoked``: the bundle of the list was revoked since, and
    opened for this replay alone.
    """
    listed = lists.open_list(var / "lists", list_id, trust)
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
    snapshot = Store.open(store).snapshot(basis.snapshot, erased_ok=True)
    differences += [erasure.said for erasure in snapshot.erasures]
    # Of an erased person there is no relationship any more, and that has been said.
    if (
        not snapshot.erasures
        and not is_in(listed.rows["relationship_id"].to_numpy(), snapshot.relationships.relationship_id).all()
    ):
        differences.append("the list was made when a relationship had its source's reference for id, not its pair's")
    inputs = ScoringInputs(
        snapshot=snapshot,
        as_of=basis.as_of,
        ranking=ranking,
        policy=policy,
        capacity=basis.capacity,
        previous=lists.open_list(var / "lists", basis.previous, trust) if basis.previous else None,
        stale_ok=basis.stale_ok,
    )
    differences += scoring.differences(listed, scoring.score(inputs, advance))
    address = address_of(var, database)
    log_command(address, "combination", "replay list", list_id, started_at, trust, same=not differences)
    revoked = isinstance(ranking, rankings.ModelRanking) and ranking.bundle.revoked
    rows, same = len(listed), not differences
    return {"list": list_id, "rows": rows, "same": same, "differences": differences, "revoked": revoked}


def explain_relationship(
    store: Path,
    var: Path,
    reference: str,
    as_of: int,
    *,
    started_at: int,
    policy_path: Path | None = None,
    database: str | Path = "",
) -> dict[str, Any]:
    """Return score, reasons and panel of one relationship, by the ranking in service, as a JSON document.

    ``policy_path``: the force's own policy, which says in which zone days are said and how long an open stay lasts.
    ``database``: the desk's, as ``serving.storage.address_of`` takes it.

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
    address = address_of(var, database)
    log_command(address, "consultation", "explain", show_id("R", relationship_id), started_at, as_of=show(as_of))
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


def log_command(
    database: Address,
    operation: Operation,
    action: str,
    subject: str,
    at: int,
    trust: Trust | None = None,
    **detail: object,
) -> None:
    """Write what a command read or made into the audit log. ``at``: UTC seconds.

    A process that holds the key for ``audit`` also signs the head of the log.
    """
    engine = connect(database)
    try:
        sequence = record(engine, Entry("command line", "operator", operation, action, subject, detail=detail), at)
        Checkpoints(engine, Trust.open() if trust is None else trust).after(sequence, at)
    finally:
        engine.dispose()
