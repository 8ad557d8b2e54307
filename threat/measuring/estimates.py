"""Figures made from columns of a measure: the sample first, then its replicates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from threat.measuring import intervals
from threat.measuring.figure import Figure
from threat.measuring.ranked import Floats

NO_OUTCOMES = "no outcomes in the window"
_NOTHING = "nothing to measure it on"
_UNDEFINED = "not defined for these rows"
_TOO_FEW = "too few outcomes for an interval"


@dataclass(frozen=True, slots=True, kw_only=True)
class What:
    """What a figure measures: its name, its title, how many rows and outcome events, and what it is restricted to."""

    name: str
    title: str
    n: int
    events: int
    slice: Mapping[str, Any] = field(default_factory=dict)


def rate(what: What, above: Floats, below: Floats, evidence: intervals.Evidence) -> Figure:
    """The Figure of a rate ``above / below``, with the interval of ``intervals.of_rate``."""
    if not below[0] > 0:
        return missing(what, NO_OUTCOMES if what.events == 0 else _NOTHING)
    return _figure(what, min(1.0, float(above[0] / below[0])), intervals.of_rate(above, below, evidence))


def observed_over_expected(what: What, observed: Floats, expected: Floats, people: int) -> Figure:
    """The Figure of outcomes observed over those expected, with the interval of ``intervals.of_count``."""
    if not expected[0] > 0:
        return missing(what, "no expected outcomes")
    return _figure(what, float(observed[0] / expected[0]), intervals.of_count(observed, expected, people))


def measure(what: What, values: Floats, *, method: str = intervals.BOOTSTRAP) -> Figure:
    """The Figure of any other measure: percentile interval, or none with its reason where too little is defined.

    >>> what = What(name="auc", title="AUC", n=10, events=0)
    >>> measure(what, np.full(11, np.nan)).reason
    'no outcomes in the window'
    """
    if not np.isfinite(values[0]):
        return missing(what, NO_OUTCOMES if what.events == 0 else _UNDEFINED)
    interval = intervals.of_replicates(values)
    if interval is None:
        return _figure(what, float(values[0]), None, _TOO_FEW if len(values) > 1 else "no replicates were drawn")
    return _figure(what, float(values[0]), intervals.Interval(interval.low, interval.high, method))


def missing(what: What, reason: str) -> Figure:
    """The Figure of a measure that has no value, and why."""
    return Figure(
        name=what.name,
        title=what.title,
        value=None,
        n=what.n,
        events=what.events,
        interval=None,
        method="none",
        slice=dict(what.slice),
        reason=reason,
    )


def _figure(what: What, value: float, interval: intervals.Interval | None, reason: str = "") -> Figure:
    return Figure(
        name=what.name,
        title=what.title,
        value=value,
        n=what.n,
        events=what.events,
        interval=None if interval is None else (interval.low, interval.high),
        method="sample value" if interval is None else interval.method,
        slice=dict(what.slice),
        reason=reason,
    )
