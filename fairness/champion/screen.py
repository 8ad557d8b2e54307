"""The comparison by group on a terminal: the groups that the verdict depends on, or every group on request."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence

from fairness.screen import COLUMNS
from fairness.words import next_to_chance
from threat.characteristics import title_of
from threat.measuring.counts import caught, plural
from threat.measuring.figure import Figure
from threat.release.documents.fairness_champion import (
    SERVED_WORDS,
    CharacteristicChange,
    FairnessWithChampion,
    GroupChange,
    ServedVerdict,
)


def champion_screen(report: FairnessWithChampion, *, full: bool) -> str:
    """Write the comparison as text; ``full``: every characteristic, not only those the audit's verdict depends on.

    Groups served worse or better are named whichever characteristic divides them.
    """
    shown = [item for item in report.characteristics if full or item.gate]
    champion = report.champion
    lines = [
        *_wrapped(
            f"{SERVED_WORDS[report.verdict]}: RUN {report.run_id} against the champion, "
            f"{'RUN' if champion.kind == 'run' else 'bundle of the RUN'} {champion.run_id}, by group; lists of "
            f"{report.capacity:,}."
        ),
        *(_wrapped(next_to_chance(report.alerts, "group")) if report.alerts is not None else ()),
        *_wrapped(_everyone(report.everyone)),
        # Of every characteristic: "no group" must not be said while a group that is not shown is served worse.
        *_named(report.characteristics, "worse"),
        *_named(report.characteristics, "alert"),
        *_named(report.characteristics, "better"),
    ]
    for item in shown:
        lines += ["", *_table(item)]
    lines += ["", *_not_enough(shown)]
    if left := len(report.characteristics) - len(shown):
        lines += [
            f"Not shown: {plural(left, 'characteristic')} that the verdict of the audit does not depend on (--full)."
        ]
    notes = (_LEGEND, *report.notes)
    return "\n".join([*lines, "", *(line for note in notes for line in _wrapped(f"- {note}"))])


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, COLUMNS, initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False)


_LEGEND = (
    "Change: recall, challenger over champion, over the same of everybody else recorded; P: probability that it is "
    "below the line. On, off: places that move."
)


def _everyone(everyone: GroupChange) -> str:
    of_challenger, of_champion = (
        caught((recall.value or 0.0) * everyone.events, everyone.events)
        for recall in (everyone.challenger, everyone.champion)
    )
    return (
        f"{of_challenger[0].upper()}{of_challenger[1:]} later harmed were on the challenger's lists, {of_champion} on "
        f"the champion's: recall {_signed(everyone.difference)}."
    )


def _named(items: Sequence[CharacteristicChange], verdict: ServedVerdict) -> Iterator[str]:
    """Name the groups with a verdict; say so where nobody has it."""
    groups = [
        f"{group.title} ({title_of(item.characteristic, item.party)})"
        for item in items
        for group in item.groups
        if group.verdict == verdict
    ]
    if verdict == "alert" and not groups:
        return
    words = "Perhaps served worse (alert)" if verdict == "alert" else SERVED_WORDS[verdict]
    yield from _wrapped(f"{words} by the challenger: {', '.join(groups) or 'no group, as far as can be told'}.")


def _not_enough(items: list[CharacteristicChange]) -> Iterator[str]:
    """Count the groups without enough evidence; no line where every group has a verdict."""
    groups = [group for item in items for group in item.groups]
    without = [group for group in groups if group.verdict == "not_enough_evidence"]
    if not without:
        return
    uncompared = Counter(group.reason for group in without if group.p_beyond is None)
    yield f"Not enough evidence for {len(without)} of {plural(len(groups), 'group')}:"
    if few := len(without) - uncompared.total():
        yield f"  {few}: too few outcomes caught by either list, or too near the line"
    for reason, number in uncompared.most_common():
        yield from _wrapped(f"{number}: {reason}", "  ")


def _table(item: CharacteristicChange) -> Iterator[str]:
    title = title_of(item.characteristic, item.party)
    yield f"{title[0].upper()}{title[1:]}"
    yield (
        f"  {'group':<16}{'harmed':>7}{'champion':>9}{'challenger':>11}  {'difference':<22}{'change':>7}{'P':>5}"
        f"{'on':>5}{'off':>5}  verdict"
    )
    for group in item.groups:
        yield (
            f"  {group.title[:15]:<16}{group.events:>7,}{_recall(group.champion):>9}{_recall(group.challenger):>11}  "
            f"{_signed(group.difference, 2):<22}{_decimals(group.change):>7}{_decimals(group.p_beyond):>5}"
            f"{group.moved_on:>5,.0f}{group.moved_off:>5,.0f}  {_SHORT[group.verdict]}"
        )


_SHORT: dict[ServedVerdict, str] = {
    "better": "better", "worse": "worse", "alert": "alert", "alike": "alike", "not_enough_evidence": "too few",
}  # fmt: skip
"""The verdicts in the column of a table."""


def _decimals(value: float | None) -> str:
    return "none" if value is None else f"{value:.2f}"


def _recall(figure: Figure) -> str:
    return "none" if figure.value is None else f"{figure.value:.2f}"


def _signed(figure: Figure, digits: int = 3) -> str:
    """Return a difference with its interval.

    >>> from threat.measuring.figure import Figure
    >>> _signed(Figure(name="d", title="d", value=0.1, n=9, events=3, interval=(-0.05, 0.25), method="m", reason=""), 2)
    '+0.10 (-0.05 to +0.25)'
    """
    if figure.value is None:
        return "none"
    if figure.interval is None:
        return f"{figure.value:+.{digits}f}"
    low, high = figure.interval
    return f"{figure.value:+.{digits}f} ({low:+.{digits}f} to {high:+.{digits}f})"
