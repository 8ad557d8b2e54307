"""The public report on a terminal."""

from __future__ import annotations

from fairness.published.words import HEADS, cells_of, everybody, name_of, withheld_words
from threat.release.documents.fairness_public import PublicCharacteristic, PublicFairness

_WIDTHS = (10, 14, 22, 12, 10, 14)
"""Columns of the cells between the group's title and its verdict: the heads, and two spaces."""


def public_screen(report: PublicFairness, *, full: bool) -> str:
    """Return the public report in lines: those characteristics that decide, or with ``full`` every one."""
    shown = [item for item in report.characteristics if full or item.gate]
    lines = [f"{report.verdict.words}: {report.dataset}", f"  {everybody(report)}"]
    for item in shown:
        lines += ["", *_table(item)]
    if left := len(report.characteristics) - len(shown):
        lines += ["", f"Also reported: {left}. Every characteristic: --full."]
    lines += ["", *(withheld_words(kind) for kind in report.withholding)]
    return "\n".join([*lines, *(f"- {note}" for note in report.notes)])


def _table(item: PublicCharacteristic) -> list[str]:
    mark = "" if item.gate else " (reported, not gated)"
    return [
        f"{name_of(item)}{mark}: {item.verdict.words}",
        _line(HEADS[0], HEADS[1:]),
        *(_line(group.title, cells_of(group)) for group in item.groups),
    ]


def _line(title: str, cells: tuple[str, ...]) -> str:
    *numbers, verdict = cells
    padded = "".join(f"{cell:>{width}}" for cell, width in zip(numbers, _WIDTHS, strict=True))
    return f"  {title[:33]:<34}{padded}  {verdict}"
