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

    Small are 1 to ``least`` - 1. The total minus the shown counts is the sum of the hidden ones, of which each is 1 or
    more: the next larger counts are hidden with them until each may be anything from 1 to ``least``.

    >>> hidden([40, 3, 25]), hidden([40, 3, 8]), hidden([40, 25, 0]), hidden([3])
    ([False, True, True], [False, True, True], [False, False, False], [True])
    """
    out = [0 < count < least for count in counts]
    larger = sorted((place for place, count in enumerate(counts) if count >= least), key=lambda place: counts[place])
    unsaid = [count for count, hide in zip(counts, out, strict=True) if hide]
    for place in larger if unsaid else []:
        if sum(unsaid) - (len(unsaid) - 1) >= least:
            break
        out[place] = True
        unsaid.append(counts[place])
    return out


def stand_ins(counts: Sequence[int], least: int = LEAST) -> list[int]:
    """Return the counts of a table with a known total as they may be handed on: ``least`` - 1 for each that is hidden.

    Asked again of these, ``hidden`` answers the same.

    >>> stand_ins([40, 3, 25]), stand_ins([40, 8, 9]), stand_ins([40, 0, 25])
    ([40, 9, 9], [40, 9, 9], [40, 0, 25])
    """
    return [least - 1 if hide else count for count, hide in zip(counts, hidden(counts, least), strict=True)]


def is_given_away(part: int, whole: int, least: int = LEAST) -> bool:
    """Tell whether a part that is large enough to be said leaves a small rest of its whole.

    >>> is_given_away(95, 100), is_given_away(60, 100), is_given_away(100, 100), is_given_away(3, 7)
    (True, False, False, False)
    """
    return part >= least and 0 < whole - part < least


def counts_in_words(counts: Sequence[int]) -> list[str]:
    """Return the counts of a table with a known total in words; of those that are hidden, not even which are small.

    >>> counts_in_words([1_200, 3, 25, 0])
    ['1,200', 'under 10, or next to such', 'under 10, or next to such', '0']
    """
    return [
        f"under {LEAST}, or next to such" if hide else f"{count:,}"
        for count, hide in zip(counts, hidden(counts), strict=True)
    ]


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
