"""The state of a case, computed from the facts written about it. The stored state is compared with it every night."""

from __future__ import annotations

from collections.abc import Iterable

from serving.casework.facts import Fact
from serving.casework.transitions import NO_CASE, FromState, Table, transitions
from threat.asof import show
from threat.errors import IntegrityFailure, UsageError


def state_of(facts: Iterable[Fact], table: Table | None = None) -> FromState:
    """Return the state of a case after its facts, in the order in which they were written; ``none`` without any.

    Raises IntegrityFailure, naming the fact, for a sequence that no row of ``transitions.yaml`` allows. Acts
    that are not in use yet count: a case may have been worked on with a later version.

    >>> state_of([Fact("refer", 0, "engine"), Fact("grade", 60, "U-1", {"grade": "keep_in_view"})])
    'watching'
    """
    table = transitions() if table is None else table
    state: FromState = NO_CASE
    for place, fact in enumerate(facts, 1):
        try:
            state = table.after(fact.kind, state, fact.codes)
        except UsageError as error:
            raise IntegrityFailure(
                "The facts of a case have an order that no row of the table of acts allows.",
                value=f"{fact.kind} by {fact.by} at {show(fact.at)}, in the state {state}: {error.problem}",
                where=f"fact {place} of the case, act {fact.act_id or 'without an id'}",
                way_out="the case was changed without its acts, or by another version of the product; restore it",
            ) from error
    return state
