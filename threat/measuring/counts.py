"""Counts and shares as people read them: on the terminal, in the card and on the desk's pages."""

from __future__ import annotations

from collections.abc import Sequence

from threat.measuring.figure import Figure

_SHARES = 3
"""Decimals of counts that ties at the cut split into parts; further decimals are rounding of the quotient alone."""


LEAST = 10
"""Smallest count that is printed where small ones are withheld; the fairness policy's ``publish_at_least``."""


def hidden(counts: Sequence[int], least: int = LEAST) -> list[bool]:
    """Tell for each count of a table with a known total whether it is hidden: the small ones, and what gives them away.

    Small are 1 to ``least`` - 1. Where the small counts together are under ``least``, their sum, which is the total
    minus the others, would say too much: the next larger count is hidden with them.

    >>> hidden([40, 3, 25]), hidden([40, 3, 8]), hidden([40, 25, 0]), hidden([3])
    ([False, True, True], [False, True, True], [False, False, False], [True])
    """
    out = [0 < count < least for count in counts]
    together = sum(count for count, hide in zip(counts, out, strict=True) if hide)
    larger = [place for place, count in enumerate(counts) if count >= least]
    if 0 < together < least and larger:
        out[min(larger, key=lambda place: counts[place])] = True
    return out


def plural(number: int, noun: str) -> str:
    """Return a count with its noun.

    >>> plural(1, "group"), plural(1_200, "group")
    ('1 group', '1,200 groups')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def caught(captured: float, events: int) -> str:
    """Return how many of those later harmed were on the list.

    ``captured`` has parts where rows tie at the cut and share the places that are left:

    >>> caught(28.0, 165), caught(1_200.4, 2_000)
    ('28 of 165', 'about 1,200 of 2,000')
    """
    captured = round(captured, _SHARES)
    return f"{'' if captured.is_integer() else 'about '}{captured:,.0f} of {events:,}"


def percent(figure: Figure | None) -> str:
    """Return a share as percentages with its likely range, the 95% interval; empty without a value.

    >>> shares = {"name": "recall", "title": "Recall", "n": 90, "events": 10, "method": "Wilson 95%"}
    >>> percent(Figure(value=0.172, interval=(0.094, 0.261), **shares))
    '17% (likely 9% to 26%)'
    """
    if figure is None or figure.value is None:
        return ""
    if figure.interval is None:
        return f"{figure.value:.0%}"
    low, high = figure.interval
    return f"{figure.value:.0%} (likely {low:.0%} to {high:.0%})"
