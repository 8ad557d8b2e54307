"""A comparison with the champion as text: what to know first, then lists, moves, reasons and figures."""

from __future__ import annotations

from threat.measuring.counts import plural
from threat.measuring.figure import Figure
from threat.measuring.list_length import ListLength
from threat.release.documents.champion import (
    ChampionComparison,
    ComparedModel,
    Moved,
    MovedRelationship,
    MovedRelationships,
)
from threat.release.documents.comparison import VERDICT_WORDS, words_of

_THEMES = 6
"""Themes printed: beyond those the differences are small; the document has every theme."""

_DIFFERENCES = {
    "recall": "recall at capacity",
    "mean_recall": "mean recall",
    "auc": "AUC",
    "brier": "Brier score (below 0: challenger better)",
}
"""Paired differences of the table of figures, in words."""


def champion_lines(comparison: ChampionComparison, examples: MovedRelationships) -> list[str]:
    """Write a comparison with the champion as text, the verdict and its power before any single figure."""
    length = ListLength(comparison.capacity, comparison.capacity_share).words
    return [
        f"Challenger {_named(comparison.challenger)} against champion {_named(comparison.champion)}",
        f"{comparison.rung} within {comparison.horizon_days} days; {comparison.n:,} rows on "
        f"{len(comparison.cycles)} lists, {comparison.events:,} outcome events; lists of {length}.",
        *comparison.cautions,
        "",
        *_verdict(comparison),
        "",
        *_overlap(comparison),
        *_moves(comparison, examples),
    ]


def _named(model: ComparedModel) -> str:
    return f"{'RUN' if model.kind == 'run' else 'bundle of RUN'} {model.run_id} ({model.manifest_sha256[:12]})"


def _verdict(comparison: ChampionComparison) -> list[str]:
    verdict = comparison.verdict
    power = verdict.power
    shown = (
        ""
        if power is None
        else f" Found at 80% power: {power.detectable:.3f}; a challenger exactly as good is found not worse in "
        f"{power.not_worse:.0%} of tests."
    )
    lines = [
        f"Verdict on the challenger: {VERDICT_WORDS[verdict.verdict]} (margin {comparison.margin:g}); "
        f"{words_of(verdict)}.{shown}",
        "Challenger minus champion, paired:",
    ]
    for name, words in _DIFFERENCES.items():
        figure = comparison.difference(name)
        if figure is not None:
            lines.append(f"  {words:<42} {_difference(figure, digits=5 if name == 'brier' else 3)}")
    return lines


def _difference(figure: Figure, digits: int) -> str:
    """Write a difference with its sign and interval; of Brier scores, which are small, with more digits."""
    if figure.value is None:
        return f"none: {figure.reason}"
    if figure.interval is None:
        return f"{figure.value:+.{digits}f}"
    low, high = figure.interval
    return f"{figure.value:+.{digits}f} ({low:+.{digits}f} to {high:+.{digits}f})"


def _overlap(comparison: ChampionComparison) -> list[str]:
    return [
        "Places that both fill with the same relationship, by length of list (least of any list):",
        *(
            f"  {overlap.places:>6,}  {overlap.share:>4.0%}  ({min(overlap.by_list):.0%})"
            for overlap in comparison.overlap
        ),
    ]


def _moves(comparison: ChampionComparison, examples: MovedRelationships) -> list[str]:
    if not comparison.moved_on.places:
        return [f"Nobody moves on or off lists of {comparison.capacity:,}."]
    lines = [
        f"Moved on to lists of {comparison.capacity:,}:  {_moved(comparison.moved_on)}",
        f"Moved off lists of {comparison.capacity:,}:    {_moved(comparison.moved_off)}",
    ]
    lines.append(
        "Why, by theme: challenger minus champion, mean log odds of the rows that moved; the widest gap between on and "
        "off first"
    )
    lines.append(f"  {'theme':<24} {'on':>7} {'off':>7} {'on less off':>12}")
    lines += [
        f"  {_words(theme.theme):<24} {_signed(theme.on):>7} {_signed(theme.off):>7} {_signed(theme.on_less_off):>12}"
        for theme in comparison.themes[:_THEMES]
    ]
    for title, moved in (("on", examples.on), ("off", examples.off)):
        lines += [f"  moved {title}: {_example(example)}" for example in moved]
    return lines


def _moved(moved: Moved) -> str:
    return (
        f"{_count(moved.places)} places of {plural(moved.relationships, 'relationship')}; "
        f"{_count(moved.rows_with_outcome)} with an outcome, {_count(moved.events)} outcome events"
    )


def _example(example: MovedRelationship) -> str:
    return (
        f"{example.relationship} on {example.as_of[:10]}: from {example.champion_rank:,} to "
        f"{example.challenger_rank:,}, most by {_words(example.theme)} ({example.difference:+.2f})"
    )


def _words(theme: str) -> str:
    return theme.replace("_", " ")


def _count(value: float) -> str:
    """Write a count that ties at a cut split into parts, without the zeros behind it."""
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.2f}"
