"""What statistics ask of a folding engine: accumulators, and how a value is read from them.

An accumulator is one operation over the events of one selector. Definitions that ask for the same one share it: their
windows are buckets of age in it, summed at the end, so an event is added once however many windows hold it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from features.definitions import Definition
from features.kinds_read import expand
from features.operations import Op, Out
from threat.asof import span

FOREVER = 1 << 61
"""Length in seconds of a window without end: longer than any age, and safe to add to."""


def span_of(days: float | None) -> int:
    """Return the seconds of a window; FOREVER for None."""
    return FOREVER if days is None else span(days)


@dataclass(frozen=True, slots=True)
class Selector:
    """The events that an accumulator reads, apart from the window."""

    scope: str
    kinds: frozenset[str]
    codes: tuple[str, ...] = ()
    domestic: str = "any"
    reported_by: tuple[str, ...] = ()
    proactive: bool = False


@dataclass
class Accumulator:
    """One operation over the events of one selector; ``edges``: the window lengths that some definition reads.

    The compiler gives it ``cell`` (its first cell), ``second`` (its first mark), ``map`` (its window map) and
    ``number`` (among operations numbered alike) once every definition has asked.
    """

    op: Op
    selector: Selector
    aux: tuple[Any, ...] = ()
    edges: set[int] = field(default_factory=set)
    cell: int = -1
    second: int = -1
    map: int = 0
    number: int = 0

    def bucket(self, span: int) -> int:
        """Return the bucket that ends a window of that many seconds."""
        return sorted(self.edges).index(span)

    def upto(self, span: int) -> int:
        """Return the cell that holds a window's total once the buckets are added up."""
        return self.cell + self.bucket(span)


class Reading(NamedTuple):
    """How one value is read: see ``Out``."""

    out: Out
    a: int
    b: int = 0
    c: int = 0
    window: int = 0
    factors: tuple[float, float] = (0.0, 0.0)


@dataclass
class Accumulators:
    """Every accumulator of one half, by what makes it distinct; ``pool``: cells of the slopes' periods."""

    at_risk: bool
    by_key: dict[tuple[object, ...], Accumulator] = field(default_factory=dict)
    pool: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Request:
    """One definition's request: its selectors, its window, and the accumulators of its half to ask for.

    ``matching`` selects the definition's events; ``among`` those of its ``among`` kinds, which codes, the domestic flag
    and reporters never narrow. ``span``: its window in seconds.
    """

    half: Accumulators
    matching: Selector
    among: Selector
    span: int

    @classmethod
    def of(cls, d: Definition, kinds: frozenset[str], half: Accumulators) -> Request:
        """Return the request of a definition that reads these kinds."""
        return cls(
            half=half,
            matching=Selector(d.scope, kinds, d.codes, d.domestic, d.reported_by, d.include_proactive),
            among=Selector(d.among_scope or d.scope, expand(d.among), proactive=d.include_proactive),
            span=span_of(d.window_days),
        )

    def need(
        self, op: Op, selector: Selector | None = None, *, spans: Sequence[int] | None = None, aux: tuple[Any, ...] = ()
    ) -> Accumulator:
        """Ask for an accumulator and return it; asked for again, the same one comes back.

        ``selector``: None for the definition's own events. ``spans``: windows in seconds that will be read, None for
        the definition's own; none at all (an empty list) for an operation without windows. ``aux``: whatever else makes
        it distinct.
        """
        selector = self.matching if selector is None else selector
        accumulator = self.half.by_key.setdefault((op, selector, aux), Accumulator(op, selector, aux))
        accumulator.edges |= {self.span} if spans is None else set(spans)
        return accumulator

    def count(self, op: Op) -> Reading:
        """Return the reading of an integer operation over the definition's window."""
        return Reading(Out.COUNT, self.need(op).upto(self.span))
