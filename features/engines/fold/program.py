"""Compiling a catalogue to two flat integer programs, one per half of a row.

A *half* is one person's history: the subject's or the person at risk's. For each event the kernel computes one dispatch
key from (class, proactive, domestic, kind) and runs that key's instructions, each of which adds to an *accumulator*.
Definitions that read the same events share accumulators: windows of one selector are buckets of age, summed at the
end, so an event is added once however many windows hold it. ``features.operations`` says what each operation does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.accumulators import FOREVER, Accumulator, Accumulators, Reading, Request, Selector
from features.definitions import AT_RISK_SCOPES, DOMESTIC_READ, NEEDS_PERSON_AT_RISK, Definition
from features.engines.fold.inputs import Program
from features.kinds_read import RELATIONSHIP_RECORDED
from features.operations import TRAITS, Op, Out
from features.statistics import STATISTICS
from features.statistics.state_is import codes_asked
from threat.asof import DAY
from threat.harm import days_by_number
from threat.history.schema import DOMESTIC, REPORTED_BY
from threat.history.sightings import ROLE_AT_RISK, ROLE_SUBJECT
from threat.vocabulary import kinds

CLASSES: dict[str, tuple[int, ...]] = {
    "relationship": (0, 6),
    "subject_anyone": (0, 1, 2, 6),
    "subject_others": (1,),
    "reversed": (3,),
    "subject_at_risk": (3, 4),
    "about_subject": (5,),
    "subject_all": (0, 1, 2, 5, 6),
    "subject_unnamed": (2, 5, 6),
    "at_risk_anyone": (0, 1, 2, 6),
    "at_risk_others": (1,),
    "at_risk_subject": (3, 4),
    "about_at_risk": (5,),
}
"""Classes of event each scope reads: in the half's own role towards the known other party 0, another known person 1,
nobody known 2; in the opposite role, the other party acting 3 or anyone else 4; about the person alone 5; in the half's
own role towards nobody known, where the other party of the row is not known either 6."""

N_CLASSES = 7
"""Number of the classes of event above."""
_OTHER_PARTY = ("relationship", "subject_others", "subject_unnamed", "reversed", "at_risk_others")


@dataclass(frozen=True, slots=True)
class Half:
    """One half's program, and the columns of sightings that some instruction reads (of those in ``SOMETIMES``)."""

    program: Program
    uses: frozenset[str]

    @property
    def is_empty(self) -> bool:
        """True when no definition reads this half."""
        return not len(self.program.plain) + len(self.program.outputs)


def compile_half(definitions: Sequence[Definition], at_risk: bool, code_names: tuple[str, ...]) -> Half:
    """Return the program of one half. ``definitions``: the whole catalogue, whose order is the columns."""
    return _Compiler(at_risk, code_names).run(definitions)


class _Compiler:
    """Gathers what the definitions of one half ask for, gives each accumulator its cells, and writes the program."""

    def __init__(self, at_risk: bool, code_names: tuple[str, ...]) -> None:
        self.at_risk, self.code_names = at_risk, code_names
        self.half = Accumulators(at_risk)
        self.rates: list[float] = []
        self.tables: list[list[float]] = []

    def run(self, definitions: Sequence[Definition]) -> Half:
        """Compile the half's definitions."""
        mine = [(c, d) for c, d in enumerate(definitions) if (d.scope in AT_RISK_SCOPES) == self.at_risk]
        # Twice: cells have places only when every definition has asked for its accumulators and windows.
        for _, d in mine:
            self.read(d)
            self.gate(d)
        cells = self.lay_out()
        plain: list[tuple[int, int]] = []
        outputs: list[tuple[int, ...]] = []
        factors: list[tuple[float, float]] = []
        for column, d in mine:
            r = self.read(d)
            needs_other = d.scope in NEEDS_PERSON_AT_RISK and not self.at_risk
            gate = self.gate(d)
            if r.out is Out.COUNT and not needs_other and gate < 0:
                plain.append((column, r.a))
            else:
                outputs.append((int(r.out), column, r.a, r.b, r.c, r.window, needs_other, gate))
                factors.append(r.factors)
        return self.assemble(plain, outputs, factors, cells)

    def read(self, d: Definition) -> Reading:
        """Let the definition's statistic ask for its accumulators, and return how its value is read from them."""
        statistic = STATISTICS[d.statistic]
        return statistic.fold(d, Request.of(d, statistic.kinds_read(d), self.half))

    def gate(self, d: Definition) -> int:
        """Return the float cell that is 1 where the kind of the relationship is one that the definition speaks of.

        -1 for a definition that speaks of every relationship.
        """
        if not d.relationship_kinds:
            return -1
        request = Request.of(d, frozenset(), self.half)
        stated = Selector("relationship", frozenset({RELATIONSHIP_RECORDED}))
        return request.need(Op.LAST_CODE, stated, spans=(), aux=codes_asked(d.relationship_kinds)).cell

    def lay_out(self) -> tuple[NDArray[np.int64], int]:
        """Give every accumulator its cells; the pool of the first pass is thrown away."""
        self.half.pool.clear()
        start: list[int] = []
        floats = 0
        counters = {"incident": 0, "counterpart": 0, "harm": 0}
        for a in self.half.by_key.values():
            traits = TRAITS[a.op]
            width = traits.fixed or max(1, len(a.edges))
            if traits.is_float:
                a.cell, floats = floats, floats + width
            if traits.cells == "marked":
                a.second = len(start)
                start += [0] * width
            elif traits.cells == "integers":
                a.cell = len(start)
                start += [0] * width
            if a.op is Op.STAY:
                start.append(a.aux[0])  # the age that stays have reached: at first, the beginning of the window
            if traits.numbered:
                a.number = counters[traits.numbered]
                counters[traits.numbered] += 1
            if a.op is Op.LAST_HARM:
                start.append(a.number)  # next to its mark, which takes the place of the number in the instruction
            if a.op is Op.WEIGHTED:
                a.number = len(self.rates)
                self.rates.append(a.aux[0] * float(DAY))
            if a.op in (Op.LAST_CODE, Op.RUN):
                values, otherwise = a.aux
                a.number = len(self.tables)
                self.tables.append([dict(values).get(code, otherwise) for code in ("", *self.code_names)])
        self.counters = counters
        return np.array(start or [0], np.int64), floats

    def assemble(
        self,
        plain: list[tuple[int, int]],
        outputs: list[tuple[int, ...]],
        factors: list[tuple[float, float]],
        cells: tuple[NDArray[np.int64], int],
    ) -> Half:
        """Write instructions by dispatch key, and everything else that the kernel reads, as arrays."""
        accumulators = list(self.half.by_key.values())
        edges = sorted({edge for a in accumulators for edge in a.edges or {FOREVER}})
        maps: dict[tuple[int, ...], int] = {}
        filters: dict[tuple[tuple[str, ...], tuple[str, ...]], int] = {((), ()): 0}
        by_key: dict[str, dict[int, list[tuple[int, ...]]]] = {"back": {}, "ahead": {}, "stays": {}}
        for a in accumulators:
            a.map = maps.setdefault(_window_map(sorted(a.edges), edges), len(maps))
            chosen = filters.setdefault((a.selector.codes, a.selector.reported_by), len(filters))
            row = (int(a.op), chosen, a.cell, a.map, a.second if TRAITS[a.op].cells == "marked" else a.number)
            if a.op is Op.LAST_CODE:
                row = (int(a.op), chosen, a.cell, a.second, a.number)
            where = by_key[TRAITS[a.op].stream]
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
            outputs=np.array(outputs, np.int64).reshape(-1, 8),
            factors=np.array(factors, np.float64).reshape(-1, 2),
            pool=np.array(self.half.pool or [0], np.int32),
            rates=np.array(self.rates or [0.0], np.float64),
            harm=days_by_number().copy() if self.uses_harm() else np.zeros(1),
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
        """Return first cell and number of the buckets of every accumulator whose buckets are added up."""
        runs = [
            (a.cell, len(a.edges))
            for a in self.half.by_key.values()
            if TRAITS[a.op].summed and len(a.edges) > 1 and TRAITS[a.op].is_float == floats
        ]
        return np.array(runs, np.int32).reshape(-1, 2)

    def uses_harm(self) -> bool:
        """Return True when some accumulator reads the harm of kinds."""
        return any(TRAITS[a.op].reads_harm for a in self.half.by_key.values())

    def uses(self, accumulators: list[Accumulator]) -> frozenset[str]:
        """Return the columns of sightings that some accumulator reads."""
        out: set[str] = set()
        for a in accumulators:
            out |= TRAITS[a.op].reads
            if a.selector.scope in _OTHER_PARTY:
                out.add("counterpart")
            if a.selector.codes or a.selector.reported_by:
                out |= {"code", "reported_by"}
        return frozenset(out)

    def filter_row(self, codes: tuple[str, ...], reporters: tuple[str, ...]) -> list[bool]:
        """Return what a filter lets through, by (code, reporter); an empty tuple lets every one through."""
        return [
            (not codes or code in codes) and (not reporters or reporter in reporters)
            for code in ("", *self.code_names)
            for reporter in REPORTED_BY
        ]


def dispatch_keys(selector: Selector) -> list[int]:
    """Return the keys of the events that a selector may read.

    A key is ((class * 2 + proactive) * domestic values + domestic) * kinds + kind.
    """
    out = []
    for kind_class in CLASSES[selector.scope]:
        for proactive in (0, 1) if selector.proactive else (0,):
            for number, domestic in enumerate(DOMESTIC):
                if domestic in DOMESTIC_READ[selector.domestic]:
                    base = ((kind_class * 2 + proactive) * len(DOMESTIC) + number) * len(kinds())
                    out += [base + kinds()[name].number for name in selector.kinds]
    return out


def _window_map(windows: list[int], edges: list[int]) -> tuple[int, ...]:
    """Return the bucket of each edge: the first of ``windows`` that is as long; -1 beyond the longest.

    >>> _window_map([30, 90], [7, 30, 90, 365])
    (0, 0, 1, -1, -1)
    """
    out = []
    for edge in (*edges, FOREVER + 1):
        longer = [i for i, window in enumerate(windows) if window >= edge]
        out.append(longer[0] if longer else -1 if windows else 0)
    return tuple(out)
