"""Numbers and codes as a governance reviewer reads them."""

from __future__ import annotations

from collections.abc import Sequence

from threat import rungs
from threat.characteristics import title_of
from threat.measuring.figure import Figure
from threat.release.documents.card import Table
from threat.release.documents.fairness import GroupReport, JudgedCharacteristic

PUBLISH = 10
"""Smallest count shown of what the fairness policy does not cover; equal to its ``publish_at_least``."""


def characteristic_words(report: JudgedCharacteristic) -> str:
    """Return what a characteristic of the fairness report is called, in running text."""
    return title_of(report.characteristic, report.party)


def outcome_words(rung: str) -> str:
    """Return the outcome a RUN was measured on: its rung, the rung's title and what counts as one."""
    return f"{rung}: {rungs.title_of(rung)}, counted as {rungs.meaning_of(rung)}"


def number(value: float) -> str:
    """Return a number with thousands by comma and no needless decimals.

    >>> number(12345.0), number(0.25)
    ('12,345', '0.25')
    """
    return f"{int(value):,}" if float(value).is_integer() else f"{value:,.3g}"


def count(value: int) -> str:
    """Return a count of rows or people as it may be shown: a small one only as small.

    >>> count(0), count(3), count(1_200)
    ('0', 'fewer than 10', '1,200')
    """
    return f"fewer than {PUBLISH}" if 0 < value < PUBLISH else number(value)


def day(text: str) -> str:
    """Return a time at midnight UTC as its date; any other time as it is."""
    return text.removesuffix("T00:00:00+00:00")


def share(value: float) -> str:
    """Return a proportion as a percentage with one decimal."""
    return f"{100 * value:.1f}%"


def figure_words(figure: Figure | None, *, signed: bool = False) -> str:
    """Return ``0.41 (0.35 to 0.47)``; the reason where there is no value, and a word where there is no interval."""
    if figure is None:
        return "not measured"
    if figure.value is None:
        return f"none: {figure.reason}"
    # Two decimals would show a small share or difference as 0.00.
    small = abs(figure.value) < 0.05 and figure.value != 0
    form = f"{'+' if signed else ''}.{4 if small else 2}f"
    if figure.interval is None:
        return f"{figure.value:{form}} (no interval: {figure.reason or 'too few outcomes'})"
    low, high = figure.interval
    return f"{figure.value:{form}} ({low:{form}} to {high:{form}})"


def withheld(groups: Sequence[GroupReport], least: int) -> list[str]:
    """Return why each group of one characteristic is not shown, in words; empty for a group that is shown.

    Rows, outcomes, or those caught or missed may be under ``least``. A group withheld alone could be had by subtracting
    the others from the total, so the next smallest is withheld with it.
    """
    reasons = [f"withheld (under {least})" if too_small(group, least) else "" for group in groups]
    shown = [i for i, reason in enumerate(reasons) if not reason]
    if len(reasons) - len(shown) == 1 and shown:
        smallest = min(shown, key=lambda i: (groups[i].events, groups[i].n))
        reasons[smallest] = "withheld (it would give a smaller group away)"
    return reasons


def too_small(group: GroupReport, least: int) -> bool:
    """Tell whether a group's rows, outcomes, or those caught or missed are fewer than may be published."""
    counts = (group.n, group.events, group.captured, group.events - group.captured)
    return any(count < least for count in counts)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table | None:
    """Return a table of words, or None when it would be empty."""
    if not rows:
        return None
    return Table(columns=tuple(columns), rows=tuple(tuple(row) for row in rows))
