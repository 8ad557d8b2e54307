"""Counts and shares as people read them: on the terminal, in the card and on the desk's pages."""

from __future__ import annotations

from threat.measuring.figure import Figure

_SHARES = 3
"""Decimals of counts that ties at the cut split into parts; further decimals are rounding of the quotient alone."""


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
