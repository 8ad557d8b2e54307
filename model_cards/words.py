"""Numbers and codes as a governance reviewer reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from threat import rungs
from threat.characteristics import title_of
from threat.measuring.figure import Verdict

PUBLISH = 10
"""Smallest count shown where no policy says otherwise."""


def verdict_words(value: str) -> str:
    """Return a verdict of a document in words."""
    return Verdict(value).words


def characteristic_words(entry: Mapping[str, Any]) -> str:
    """Return what a characteristic of the fairness report is called, in running text."""
    return title_of(entry["characteristic"], entry["party"])


def outcome_words(rung: str) -> str:
    """Return the outcome a RUN was measured on: its rung, the rung's title and what counts as one."""
    return f"{rung}: {rungs.title_of(rung)}, counted as {rungs.meaning_of(rung)}"


def number(value: float) -> str:
    """Thousands by comma, no needless decimals."""
    return f"{int(value):,}" if float(value).is_integer() else f"{value:,.3g}"


def day(text: object) -> str:
    """A time at midnight UTC as its date; any other time as it is."""
    return str(text).removesuffix("T00:00:00+00:00")


def share(value: float) -> str:
    """A proportion as a percentage with one decimal."""
    return f"{100 * value:.1f}%"


def figure_words(figure: Mapping[str, Any] | None, *, signed: bool = False) -> str:
    """``0.41 (0.35 to 0.47)``; the reason where there is no value, and a word where there is no interval."""
    if figure is None:
        return "not measured"
    if figure["value"] is None:
        return f"none: {figure.get('reason') or 'not measured'}"
    small = abs(figure["value"]) < 0.05 and figure["value"] != 0
    form = f"{'+' if signed else ''}.{4 if small else 2}f"
    if figure["interval"] is None:
        return f"{figure['value']:{form}} (no interval: {figure.get('reason') or 'too few outcomes'})"
    low, high = figure["interval"]
    return f"{figure['value']:{form}} ({low:{form}} to {high:{form}})"


def withheld(groups: Sequence[Mapping[str, Any]], least: int) -> list[str]:
    """Why each group of one characteristic is not shown, in words; empty for one that is.

    Rows, outcomes, or those caught or missed may be under ``least``. A group withheld alone could be had by subtracting
    the others from the total, so the next smallest is withheld with it.
    """
    out = [f"withheld (under {least})" if too_small(group, least) else "" for group in groups]
    shown = [i for i, why in enumerate(out) if not why]
    if len(out) - len(shown) == 1 and shown:
        smallest = min(shown, key=lambda i: (groups[i]["events"], groups[i]["n"]))
        out[smallest] = "withheld (it would give a smaller group away)"
    return out


def too_small(group: Mapping[str, Any], least: int) -> bool:
    """True when a group's rows, outcomes, or those caught or missed are fewer than may be published."""
    counts = (group["n"], group["events"], group["captured"], group["events"] - group["captured"])
    return any(count < least for count in counts)


def table(columns: list[str], rows: list[list[str]]) -> dict[str, Any] | None:
    """A table of words, or None when it would be empty."""
    return {"columns": columns, "rows": rows} if rows else None
