"""What every statistic says of itself. One statistic is one file of this folder, and one line of the registry.

A statistic's file holds its meaning with a runnable example, what a definition must give it, whether its figures may
have a direction, its value and lineage in plain Python (what the reference engine does), the operations it asks of the
fold, and its words for sentences and for the data dictionary. Engines, validation, sentences and dictionary ask it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import ClassVar, Literal

from features.accumulators import Reading, Request
from features.definitions import DOMESTIC_READ, Definition
from features.events import Answer, Event, Matches, Visible, known_in_advance
from features.kinds_read import expand
from features.statistics.forms import NUMBER, Form
from threat.asof import happened
from threat.vocabulary import Kind

PARTS = ("window_days", "long_window_days", "periods", "half_life_days", "of", "among", "among_scope")
"""Fields of a definition that only some statistics take."""


class Statistic(ABC):
    """One way to make a figure of events. The class docstring is its exact meaning, with an example that runs."""

    name: ClassVar[str]
    words: ClassVar[str]
    """The figure in the words of the data dictionary."""

    nothing: ClassVar[str]
    """What the figure is when nothing is on record, in the words of the dictionary."""

    needs: ClassVar[frozenset[str]] = frozenset()
    """Parts of a definition that must be given, of ``PARTS``."""

    takes: ClassVar[frozenset[str]] = frozenset({"window_days"})
    """Parts that may be given as well."""

    of: ClassVar[tuple[str | None, ...]] = ()
    """What it can be of, where it takes ``of``; None: of events."""

    names_kinds: ClassVar[bool] = True
    """A definition must name kinds; without them, False reads every kind that happens."""

    reads_ahead: ClassVar[bool] = False
    """It reads kinds known in advance, which no look-back window holds, and only those."""

    theme: ClassVar[str | None] = None
    """The one theme of the vocabulary whose kinds it reads; None: any."""

    codes: ClassVar[tuple[str, ...]] = ()
    """Codes that its kinds must have, since the figure is read from them."""

    ties: ClassVar[str] = ""
    """What decides among events of one instant, and which instant an incident of several records has, in the words of
    the dictionary; empty where neither can matter."""

    codes_ask: ClassVar[bool] = False
    """The codes of a definition say what the figure asks for, and do not narrow the events that it reads."""

    more_events: ClassVar[Literal[-1, 1]] = 1
    """The way that one more event moves its figures, and so the only direction that they may have."""

    among_starts_time: ClassVar[bool] = False
    """Its ``among`` kinds say from when a time runs to the events read: they forbid no direction, as kinds read do."""

    no_direction: ClassVar[str] = ""
    """Why its figures may never have a direction; empty when they may."""

    form: ClassVar[Form] = NUMBER
    """The values it can have, and how they are said."""

    shown: ClassVar[float] = 3.0
    """An ordinary value, to show a sentence with."""

    has_window: ClassVar[bool] = True
    """The dictionary says how far back it looks."""

    among_words: ClassVar[str] = "among"
    """What links its kinds with its ``among`` kinds, in the dictionary."""

    long_window_words: ClassVar[str] = "against"
    """What the long window is for, in the dictionary."""

    @abstractmethod
    def answer(self, d: Definition, matches: Matches) -> Answer:
        """Return the value of the definition for these events, and the events behind it."""

    @abstractmethod
    def fold(self, d: Definition, request: Request) -> Reading:
        """Ask the fold for the accumulators of the definition; return how its value is read from them.

        Called twice: first to gather what all definitions ask for, then, with every cell in its place, to read.
        """

    def problems(self, d: Definition) -> Iterable[tuple[str, object]]:
        """Yield what is wrong with a definition beyond its parts: a sentence and the value it speaks of."""
        return ()

    def kind_problem(self, kind: Kind) -> str:
        """Return why the statistic cannot read a kind; the empty string when it can."""
        if self.reads_ahead and not kind.known_in_advance:
            return f"{self.name} reads only kinds known in advance, not this kind."
        if self.theme is not None and kind.theme != self.theme:
            return f"{self.name} reads only kinds of {self.theme}, not this kind."
        return ""

    def sums_floats(self, d: Definition) -> bool:
        """Return True when the value is a sum of floats, which engines may round differently (``engines.contract``)."""
        return d.of == "harm"

    def kinds_read(self, d: Definition) -> frozenset[str]:
        """Return the kind names that the definition reads: its own, or all where it names none and needs none."""
        names = d.kinds or (() if self.names_kinds else ("@any",))
        return expand(names, in_advance=self.reads_ahead)

    def matches(self, d: Definition, in_scope: Iterable[Event], as_of: int, visible: Visible | None = None) -> Matches:
        """Return what the definition reads among visible events, in the total order.

        ``in_scope``: those of the roles and parties that its scope means. ``visible``: those that its ``among_scope``
        means, and all of the person's; None: the same events.
        """
        in_scope = [e for e in in_scope if d.include_proactive or not e.proactive]
        visible = visible or Visible(in_scope, in_scope)
        read, among = self.kinds_read(d), expand(d.among)
        matching = [
            e
            for e in in_scope
            if e.kind in read
            and (not d.codes or self.codes_ask or e.code in d.codes)
            and e.domestic in DOMESTIC_READ[d.domestic]
            and (not d.reported_by or e.reported_by in d.reported_by)
        ]
        return Matches(
            as_of=as_of,
            window_days=d.window_days,
            past=[e for e in matching if not known_in_advance(e.kind)],
            ahead=[e for e in matching if known_in_advance(e.kind) and not happened(e.occurred_at, as_of)],
            wider=[e for e in visible.in_among_scope if e.kind in among and (d.include_proactive or not e.proactive)],
            history=visible.history,
        )

    def example(self, *events: Event, stays: Iterable[Event] = (), **parts: object) -> float:
        """Return the value at instant 0 for events in scope, as the examples of this folder show it.

        ``stays``: the person's stays in custody. ``parts``: fields of the definition; any kind that happens is read
        unless ``kinds`` says otherwise.
        """
        fields = {"kinds": ("@any",), "scope": "subject_anyone", **parts}
        words = dict.fromkeys(("name", "theme", "sentence", "source", "unit", "missing"), "example")
        d = Definition(statistic=self.name, **words, **fields)  # type: ignore[arg-type]
        in_order = sorted(events, key=lambda e: e.order)
        return self.answer(d, self.matches(d, in_order, 0, Visible(in_order, list(stays)))).value
