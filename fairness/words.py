"""Counts and names of a report as people read them: the words of the page and of the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from fairness.suppression import PublicCharacteristic, PublicFairness, WithheldGroup
from threat.characteristics import title_of
from threat.measuring.counts import caught, plural
from threat.measuring.figure import Figure, Verdict
from threat.release.documents.fairness import CharacteristicReport, Fairness, GroupReport

Report = Fairness | PublicFairness
Characteristic = CharacteristicReport | PublicCharacteristic
Group = GroupReport | WithheldGroup

COUNTED_TWICE = "Somebody who was harmed twice counts twice among those later harmed."
"""What "later harmed" counts: outcome events, not people."""

_SMALL_RATE = 0.05
"""Rates below this are shown with four decimals: with two, a rate of 0.4 % would read 0.00."""


def name_of(report: Characteristic) -> str:
    """Return what a characteristic is called at the beginning of a line: ``Sex of the person at risk``."""
    title = title_of(report.characteristic, report.party)
    return title if report.party == "column" else title[0].upper() + title[1:]


def count(value: int | None) -> str:
    """Return a count with its thousands apart; ``withheld`` for None."""
    return "withheld" if value is None else f"{value:,}"


def everybody_caught(report: Report) -> str:
    """Return how many of all those later harmed were on the list; ``withheld`` where the count is too small to say."""
    overall = report.overall
    if overall.recall is None or overall.events is None:
        return "withheld"
    return caught((overall.recall.value or 0.0) * overall.events, overall.events)


def decimals(figure: Figure | None) -> str:
    """Return a figure with its interval in decimals; ``withheld`` for None, ``none`` without a value."""
    if figure is None:
        return "withheld"
    if figure.value is None:
        return "none"
    digits = 2 if figure.value >= _SMALL_RATE or figure.value == 0 else 4
    if figure.interval is None:
        return f"{figure.value:.{digits}f}"
    low, high = figure.interval
    return f"{figure.value:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def probability(value: float | None) -> str:
    """Return a probability with two decimals; empty for None."""
    return "" if value is None else f"{value:.2f}"


def ratio(group: GroupReport) -> str:
    """Return a group's recall over the best-served group's, with its interval; empty where none was compared."""
    if group.ratio is None:
        return ""
    if group.ratio_interval is None:
        return "1" if group.reference else f"{group.ratio:.2f}"
    return f"{group.ratio:.2f} ({group.ratio_interval[0]:.2f} to {group.ratio_interval[1]:.2f})"


def verdict_of(group: Group, report: Characteristic) -> str:
    """Return the verdict of a group of a characteristic in words.

    The group that the others are compared with is not said to pass: nothing was computed of that group alone.
    """
    if not group.reference:
        return group.verdict.words
    return "Compared with" if len(report.groups) > 1 else "Nothing to compare"


def is_shown(group: Group) -> bool:
    """Tell whether a group has a row of its own: its counts may be shown, and somebody of the group was harmed."""
    return isinstance(group, GroupReport) and group.events > 0


def shown(report: Characteristic) -> list[GroupReport]:
    """Return the groups of a characteristic that have a row of their own; ``not_shown`` says the others."""
    return [group for group in report.groups if isinstance(group, GroupReport) and is_shown(group)]


def not_shown(report: Characteristic, least: int) -> list[str]:
    """Return a sentence for each kind of group that has no row: how many, why, and which.

    ``least``: smallest count that may be published. A fail is said even where its counts are withheld.
    """
    without = [group for group in report.groups if isinstance(group, GroupReport) and not is_shown(group)]
    withheld = [group for group in report.groups if isinstance(group, WithheldGroup)]
    sentences = []
    if without:
        sentences.append(
            f"Not computed for {plural(len(without), 'group')}, of whom nobody was harmed: {_names(without)}."
        )
    if withheld:
        sentences.append(
            f"Not shown for {plural(len(withheld), 'group')}, because a count is below {least} or would give one "
            f"away: {_names(withheld)}."
        )
    if failed := [group for group in withheld if group.verdict == Verdict.FAIL]:
        sentences.append(f"Served worse than the line allows, though not shown: {_names(failed)}.")
    return sentences


def _names(groups: Sequence[Group]) -> str:
    return ", ".join(group.title for group in groups)
