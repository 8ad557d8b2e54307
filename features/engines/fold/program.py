"""Compiling a catalogue to two flat integer programs, one per half of a row.

A *half* is one person's history: the subject's or the person at risk's. For each event the kernel computes one dispatch
key from (class, proactive, domestic, kind) and runs that key's instructions, each of which adds to an *accumulator*.
Definitions that read the same events share accumulators: windows of one selector are buckets of age, summed at the
end, so an event is added once however many windows hold it. ``kernel`` says what each operation does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.definitions import AT_RISK_SCOPES, DOMESTIC_READ, NEEDS_PERSON_AT_RISK, STAY, Definition
from features.engines.fold.inputs import Program
from features.engines.fold.operations import (
    CODE_VALUE,
    FLOAT_CELLS,
    FLOAT_CELLS_WITH_MARKS,
    NUMBERED,
    OTHER_CODE,
    READS,
    SUMMED,
    Op,
    Out,
)
from features.harm import harm_days
from features.validation import expand, read_kinds
from threat.asof import DAY
from threat.history.schema import DOMESTIC, REPORTED_BY
from threat.history.sightings import ROLE_AT_RISK, ROLE_SUBJECT
from threat.vocabulary import kinds

FOREVER = 1 << 61
"""Length in seconds of a window without end: longer than any age, and safe to add to."""

CLASSES: dict[str, tuple[int, ...]] = {
    "relationship": (0,),
    "subject_anyone": (0, 1, 2),
    "subject_others": (1,),
    "reversed": (3,),
    "subject_at_risk": (3, 4),
    "about_subject": (5,),
    "at_risk_anyone": (0, 1, 2),
    "at_risk_others": (1,),
    "at_risk_subject": (3, 4),
    "about_at_risk": (5,),
}
"""Classes of event each scope reads: in the half's own role towards the other party 0, another known person 1, nobody
known 2; in the opposite role, the other party acting 3 or anyone else 4; about the person alone 5."""

N_CLASSES = 6
_OTHER_PARTY = ("relationship", "subject_others", "reversed", "at_risk_others")


@dataclass(frozen=True, slots=True)
class Selector:
    """Which events an accumulator reads, apart from the window."""

    scope: str
    kinds: frozenset[str]
    codes: tuple[str, ...] = ()
    domestic: str = "any"
    reported_by: tuple[str, ...] = ()
    proactive: bool = False


@dataclass(frozen=True, slots=True)
class Half:
    """One half's program, and the columns of sightings that some instruction reads (of those in ``SOMETIMES``)."""

    program: Program
    uses: frozenset[str]

    @property
    def is_empty(self) -> bool:
        """No definition reads this half."""
        return not len(self.program.plain) + len(self.program.outputs)


@dataclass
class _Accumulator:
    op: Op
    selector: Selector
    aux: tuple[Any, ...] = ()
    edges: set[int] = field(default_factory=set)
    cell: int = -1
    second: int = -1
    map: int = 0
    number: int = 0

    def bucket(self, span: int) -> int:
        """The bucket that ends a window of that many seconds."""
        return sorted(self.edges).index(span)

    def upto(self, span: int) -> int:
        """The cell that holds a window's total once the buckets are added up."""
        return self.cell + self.bucket(span)


class _Reading(NamedTuple):
    """How one value is read: see ``Out``."""

    out: Out
    a: int
    b: int = 0
    c: int = 0
    window: int = 0
    factors: tuple[float, float] = (0.0, 0.0)


def compile_half(definitions: Sequence[Definition], at_risk: bool, code_names: tuple[str, ...]) -> Half:
    """The program of one half. ``definitions``: the whole catalogue, whose order is the columns."""
    return _Compiler(at_risk, code_names).run(definitions)


def span_of(days: float | None) -> int:
    """Seconds of a window, as ``threat.asof.in_look_back`` cuts it."""
    return FOREVER if days is None else int(days * DAY)


def period_edges(span: int, periods: int) -> list[int]:
    """Longest age in seconds within the newest 1, 2, ... periods: age - 1 < newest * span / periods."""
    return [-(-newest * span // periods) for newest in range(1, periods + 1)]


class _Compiler:
    def __init__(self, at_risk: bool, code_names: tuple[str, ...]) -> None:
        self.at_risk, self.code_names = at_risk, code_names
        self.accumulators: dict[tuple[object, ...], _Accumulator] = {}
        self.pool: list[int] = []
        self.rates: list[float] = []
        self.tables: list[list[float]] = []

    def need(self, op: Op, selector: Selector, spans: Sequence[int] = (), *aux: Any) -> _Accumulator:
        found = self.accumulators.setdefault((op, selector, aux), _Accumulator(op, selector, aux))
        found.edges |= set(spans)
        return found

    def run(self, definitions: Sequence[Definition]) -> Half:
        mine = [(c, d) for c, d in enumerate(definitions) if (d.scope in AT_RISK_SCOPES) == self.at_risk]
        for _, d in mine:
            self.write(d)
        cells = self.lay_out()
        plain: list[tuple[int, int]] = []
        outputs: list[tuple[int, ...]] = []
        factors: list[tuple[float, float]] = []
        for column, d in mine:
            r = self.write(d)
            needs_other = d.scope in NEEDS_PERSON_AT_RISK and not self.at_risk
            if r.out is Out.COUNT and not needs_other:
                plain.append((column, r.a))
            else:
                outputs.append((int(r.out), column, r.a, r.b, r.c, r.window, needs_other))
                factors.append(r.factors)
        return self.assemble(plain, outputs, factors, cells)

    def write(self, d: Definition) -> _Reading:
        """Ask for the definition's accumulators and say how its value is read from them.

        Called twice: the first pass gathers accumulators and windows, the second reads their final cells.
        """
        own = Selector(d.scope, read_kinds(d), d.codes, d.domestic, d.reported_by, d.include_proactive)
        among = Selector(d.scope, expand(d.among), proactive=d.include_proactive)
        span = span_of(d.window_days)
        match d.statistic:
            case "count" | "rows_visible":
                return _Reading(Out.COUNT, self.need(Op.COUNT, own, [span]).upto(span))
            case "incidents":
                return _Reading(Out.COUNT, self.need(Op.INCIDENTS, own, [span]).upto(span))
            case "distinct_counterparts":
                return _Reading(Out.COUNT, self.need(Op.COUNTERPARTS, own, [span]).upto(span))
            case "in_custody" | "order_in_force":
                return _Reading(Out.COUNT, self.need(Op.OPEN, own).cell)
            case "sum":
                return _Reading(Out.SUM, self.need(Op.HARM if d.of == "harm" else Op.SUM, own, [span]).upto(span))
            case "recency_weighted":
                return _Reading(Out.SUM, self.need(Op.WEIGHTED, own, [span], d.half_life_days).upto(span))
            case "max":
                op, out = (Op.MAX_HARM, Out.MAX_HARM) if d.of == "harm" else (Op.MAX_VALUE, Out.MAX_VALUE)
                highest = self.need(op, own, [span])
                return _Reading(out, highest.cell, highest.bucket(span) + 1, highest.second)
            case "last":
                last = self.need(Op.LAST_HARM if d.of == "harm" else Op.LAST_VALUE, own)
                return _Reading(Out.LAST, last.cell, c=last.second, window=span)
            case "state_yes" | "state_unanswered" | "grade":
                last = self.need(Op.LAST_CODE, own, (), d.statistic)
                return _Reading(Out.LAST, last.cell, c=last.second, window=span)
            case "days_since_last":
                return _Reading(Out.AGE, self.need(Op.NEWEST, own).cell, window=span)
            case "days_since_first" | "history_days":
                oldest = self.need(Op.OLDEST, own, [span])
                return _Reading(Out.OLDEST, oldest.cell, oldest.bucket(span) + 1)
            case "days_since_end":
                return _Reading(Out.STORED, self.need(Op.ENDED, own).cell)
            case "days_until":
                return _Reading(Out.STORED, self.need(Op.UNTIL, own).cell)
            case "window_ratio":
                longer = span_of(d.long_window_days)
                n = self.need(_AMOUNT[d.of], own, [span, longer])
                out = Out.RATIO_OF_SUMS if d.of == "harm" else Out.RATIO
                days = float(d.window_days or 0), float(d.long_window_days or 1)
                return _Reading(out, n.upto(span), c=n.upto(longer), factors=days)
            case "slope":
                assert d.periods is not None
                edges = period_edges(span, d.periods)
                n = self.need(_AMOUNT[d.of], own, edges)
                self.pool += [n.upto(edge) for edge in edges]
                out = Out.SLOPE_OF_SUMS if d.of == "harm" else Out.SLOPE
                return _Reading(out, len(self.pool) - d.periods, d.periods)
            case "share":
                both = self.need(Op.COUNT, replace(own, kinds=own.kinds & among.kinds), [span])
                return _Reading(Out.SHARE, both.upto(span), c=self.need(Op.COUNT, among, [span]).upto(span))
            case "late_share":
                late = self.need(Op.LATE, own, [span])
                return _Reading(Out.SHARE, late.upto(span), c=self.need(Op.COUNT, own, [span]).upto(span))
            case "mean_gap" | "last_gap" | "gap_ratio":
                return _Reading(_GAP[d.statistic], self.need(Op.GAPS, own, [span], span).cell)
            case "rate_at_liberty":
                held = Selector("about_at_risk" if self.at_risk else "about_subject", frozenset({STAY}))
                stay = self.need(Op.STAY, held, (), span)
                return _Reading(Out.RATE, self.need(Op.INCIDENTS, own, [span]).upto(span), c=stay.cell, window=span)
            case "days_in_custody":
                return _Reading(Out.DAYS, self.need(Op.STAY, own, (), span).cell)
            case "breach_after":
                breach = self.need(Op.BREACH, own, [span], own, span, among)
                self.need(Op.ORDERED, among, [span], own, span, among).cell = breach.cell
                return _Reading(Out.BREACH, breach.cell)
        raise AssertionError(d.statistic)

    def lay_out(self) -> tuple[NDArray[np.int64], int]:
        """Give every accumulator its cells; the pool of the first pass is thrown away."""
        self.pool.clear()
        start: list[int] = []
        floats = 0
        counters = {"incident": 0, "counterpart": 0, "harm": 0}
        for a in self.accumulators.values():
            width = max(1, len(a.edges))
            if a.op in FLOAT_CELLS:
                a.cell, floats = floats, floats + width
                if a.op in FLOAT_CELLS_WITH_MARKS:
                    a.second = len(start)
                    start += [0] * width
            elif a.op is not Op.ORDERED:
                a.cell = len(start)
                start += [0] * (4 if a.op in (Op.GAPS, Op.BREACH) else width)
                if a.op is Op.STAY:
                    start.append(a.aux[0])
            if a.op in NUMBERED:
                a.number = counters[NUMBERED[a.op]]
                counters[NUMBERED[a.op]] += 1
            if a.op is Op.WEIGHTED:
                a.number = len(self.rates)
                self.rates.append(a.aux[0] * float(DAY))
            if a.op is Op.LAST_CODE:
                a.number = len(self.tables)
                self.tables.append(
                    [CODE_VALUE[a.aux[0]].get(code, OTHER_CODE[a.aux[0]]) for code in ("", *self.code_names)]
                )
        self.counters = counters
        return np.array(start or [0], np.int64), floats

    def assemble(
        self,
        plain: list[tuple[int, int]],
        outputs: list[tuple[int, ...]],
        factors: list[tuple[float, float]],
        cells: tuple[NDArray[np.int64], int],
    ) -> Half:
        accumulators = list(self.accumulators.values())
        edges = sorted({edge for a in accumulators for edge in a.edges or {FOREVER}})
        maps: dict[tuple[int, ...], int] = {}
        filters: dict[tuple[tuple[str, ...], tuple[str, ...]], int] = {((), ()): 0}
        by_key: dict[str, dict[int, list[tuple[int, ...]]]] = {"back": {}, "ahead": {}, "stays": {}}
        for a in accumulators:
            a.map = maps.setdefault(_window_map(sorted(a.edges), edges), len(maps))
            chosen = filters.setdefault((a.selector.codes, a.selector.reported_by), len(filters))
            row = (int(a.op), chosen, a.cell, a.map, a.second if a.op in FLOAT_CELLS_WITH_MARKS else a.number)
            if a.op is Op.LAST_CODE:
                row = (int(a.op), chosen, a.cell, a.second, a.number)
            where = by_key["ahead" if a.op is Op.UNTIL else "stays" if a.op is Op.STAY else "back"]
            for key in dispatch_keys(a.selector):
                where.setdefault(key, []).append(row)
        n_keys = N_CLASSES * 2 * len(DOMESTIC) * len(kinds())
        flat: list[tuple[int, ...]] = []
        offsets: dict[str, NDArray[np.int32]] = {}
        streams = np.zeros(len(kinds()), np.uint8)
        for bit, (stream, rows) in enumerate(by_key.items()):
            bounds = np.zeros(n_keys + 1, np.int32)
            for key in range(n_keys):
                bounds[key] = len(flat)
                flat += rows.get(key, [])
                if key in rows:
                    streams[key % len(kinds())] |= 1 << bit
            bounds[n_keys] = len(flat)
            offsets[stream] = bounds
        start, n_floats = cells
        uses = self.uses(accumulators)
        program = Program(
            acting=ROLE_AT_RISK if self.at_risk else ROLE_SUBJECT,
            instructions=np.array(flat or [(0,) * 5], np.int32),
            **offsets,
            streams=streams,
            edges=np.array(edges or [FOREVER], np.int64),
            maps=np.array(list(maps) or [(0, 0)], np.int16).reshape(max(1, len(maps)), -1),
            filters=np.array([self.filter_row(*chosen) for chosen in filters], np.bool_),
            tables=np.array(self.tables or [[0.0]], np.float64),
            start=start,
            n_floats=max(1, n_floats),
            sums=self.runs(floats=False),
            float_sums=self.runs(floats=True),
            plain=np.array(plain, np.int32).reshape(-1, 2),
            outputs=np.array(outputs, np.int64).reshape(-1, 7),
            factors=np.array(factors, np.float64).reshape(-1, 2),
            pool=np.array(self.pool or [0], np.int32),
            rates=np.array(self.rates or [0.0], np.float64),
            harm=np.array([harm_days().get(name, 0.0) for name in kinds()] if self.uses_harm() else [0.0], np.float64),
            n_incident_bits=self.counters["incident"],
            n_counterpart_bits=self.counters["counterpart"],
            n_harm=self.counters["harm"],
            reads_counterpart="counterpart" in uses,
            reads_code="code" in uses,
            any_ahead=bool(by_key["ahead"]),
            any_stays=bool(by_key["stays"]),
        )
        return Half(program, uses)

    def runs(self, *, floats: bool) -> NDArray[np.int32]:
        """First cell and number of the buckets of every accumulator whose buckets are added up."""
        runs = [
            (a.cell, len(a.edges))
            for a in self.accumulators.values()
            if a.op in SUMMED and len(a.edges) > 1 and (a.op in FLOAT_CELLS) == floats
        ]
        return np.array(runs, np.int32).reshape(-1, 2)

    def uses_harm(self) -> bool:
        return any(a.op in (Op.HARM, Op.MAX_HARM, Op.LAST_HARM) for a in self.accumulators.values())

    def uses(self, accumulators: list[_Accumulator]) -> frozenset[str]:
        out = set()
        for a in accumulators:
            out |= READS.get(a.op, set())
            if a.selector.scope in _OTHER_PARTY:
                out.add("counterpart")
            if a.selector.codes or a.selector.reported_by:
                out |= {"code", "reported_by"}
        return frozenset(out)

    def filter_row(self, codes: tuple[str, ...], reporters: tuple[str, ...]) -> list[bool]:
        return [
            (not codes or code in codes) and (not reporters or reporter in reporters)
            for code in ("", *self.code_names)
            for reporter in REPORTED_BY
        ]


def dispatch_keys(selector: Selector) -> list[int]:
    """Keys of the events a selector may read: ((class * 2 + proactive) * domestic values + domestic) * kinds + kind."""
    out = []
    for kind_class in CLASSES[selector.scope]:
        for proactive in (0, 1) if selector.proactive else (0,):
            for number, domestic in enumerate(DOMESTIC):
                if domestic in DOMESTIC_READ[selector.domestic]:
                    base = ((kind_class * 2 + proactive) * len(DOMESTIC) + number) * len(kinds())
                    out += [base + kinds()[name].number for name in selector.kinds]
    return out


def _window_map(own: list[int], edges: list[int]) -> tuple[int, ...]:
    """Bucket of each position among all edges: the first own edge that is as long; -1 beyond the longest."""
    out = []
    for edge in (*edges, FOREVER + 1):
        longer = [i for i, mine in enumerate(own) if mine >= edge]
        out.append(longer[0] if longer else -1 if own else 0)
    return tuple(out)


_AMOUNT = {None: Op.COUNT, "incidents": Op.INCIDENTS, "harm": Op.HARM}
_GAP = {"mean_gap": Out.MEAN_GAP, "last_gap": Out.LAST_GAP, "gap_ratio": Out.GAP_RATIO}
