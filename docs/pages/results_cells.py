"""Figures as cells of the results page."""

from __future__ import annotations

from threat.measuring.figure import Figure

LEAST = 10
"""Fewest people or outcomes that anything is printed about; the page of a public data set, so stricter than a card."""


def percent(figure: Figure | None, *, public: bool = False) -> str:
    """``12.3% (10.1 to 14.5)``; a dash where there is no figure; withheld where it is of fewer than ten events."""
    if figure is None or figure.value is None:
        return "-"
    if public and figure.events < LEAST:
        return "withheld"
    text = f"{figure.value:.1%}"
    if figure.interval is None:
        return text
    low, high = figure.interval
    return f"{text} ({low * 100:.1f} to {high * 100:.1f})"


def number(figure: Figure | None, digits: int, *, signed: bool = False, public: bool = False) -> str:
    """A figure and its interval with so many decimals; rules as in ``percent``."""
    if figure is None or figure.value is None:
        return "-"
    if public and figure.events < LEAST:
        return "withheld"
    form = f"{'+' if signed else ''}.{digits}f"
    text = format(figure.value, form)
    if figure.interval is not None:
        low, high = (format(bound, form) for bound in figure.interval)
        text += f" ({low} to {high})"
    return text
