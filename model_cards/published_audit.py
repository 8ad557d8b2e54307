"""The groups of an audit as they may be published: counts to the nearest step, verdicts by name, no interval.

A card is published, so its groups are those of ``fairness_public.json``: exact counts, intervals and ratios next to
the published counts would give a withheld count away.
"""

from __future__ import annotations

from collections.abc import Iterator

from model_cards.words import characteristic_words, table
from threat.measuring.counts import plural
from threat.measuring.figure import Figure
from threat.measuring.titles import recall_title
from threat.release.documents.card import CardFigure, Value
from threat.release.documents.fairness_public import PublicFairness, PublicGroup
from threat.release.documents.fairness_verdict import FairnessVerdict

WITHHELD = "withheld"

_WORSE = (FairnessVerdict.FAIL, FairnessVerdict.ALERT)


def worst_served(report: PublicFairness) -> str:
    """Name the groups that fail or alert, then the smallest share on the list that may be published."""
    lines = [f"Fairness verdict: {report.verdict.words.lower()}."]
    named = {verdict: [name for _, name, group in _groups(report) if group.verdict == verdict] for verdict in _WORSE}
    lines += [f"{verdict.words}: {', '.join(names)}." for verdict, names in named.items() if names]
    shares = [(group.recall, name, group) for _, name, group in _groups(report) if group.recall is not None]
    if not shares:
        return " ".join([*lines, "No group is large enough to publish."])
    share, name, group = min(shares, key=lambda entry: entry[:2])
    return " ".join(
        [
            *lines,
            "Smallest share on the list of those later harmed, of groups whose counts are published: "
            f"{name}, about {group.caught:,.0f} of {group.events:,.0f} ({share:.0%}).",
        ]
    )


def by_group_field(report: PublicFairness) -> Value:
    """Return both sides of every group that the verdict depends on, withheld counts said to be withheld."""
    rows = [
        [
            characteristic_words(characteristic),
            group.title,
            _of(group.caught, group.events, group.recall),
            _of(group.listed, group.rows, group.selection_rate),
            _of(group.false_alarms, group.listed, group.false_alarm_rate),
            group.verdict.words,
        ]
        for characteristic in report.characteristics
        if characteristic.gate
        for group in characteristic.groups
    ]
    heads = (
        "Characteristic",
        "Group",
        "People at risk: on the list, of those later harmed",
        "On the list, of all rows",
        "Subjects: no outcome, of those listed",
        "Verdict",
    )
    return table(heads, rows) or "The verdict depends on no characteristic"


def not_shown_field(report: PublicFairness) -> Value:
    """Say how many counts of each kind are withheld; a group whose counts are withheld has its verdict all the same."""
    lines = [
        f"{entry.kind[0].upper()}{entry.kind[1:]}: {plural(entry.withheld, 'group')} of {entry.groups} withheld, "
        f"{entry.too_small} of them under {report.least}"
        for entry in report.withholding
        if entry.withheld
    ]
    if not lines:
        return "None"
    return (f"Counts are to the nearest {report.step:g}; a group whose counts are withheld has its verdict", *lines)


def figures_of_groups(report: PublicFairness) -> Iterator[CardFigure]:
    """Return the published share on the list of each group that the verdict depends on."""
    for path, name, group in _groups(report):
        if group.recall is None or group.rows is None or group.events is None:
            continue
        recall = Figure(
            name="recall",
            title=recall_title(report.capacity),
            value=group.recall,
            n=round(group.rows),
            events=round(group.events),
            interval=None,
            method=f"of counts to the nearest {report.step:g}",
            reason="an interval would give exact counts away",
        )
        yield CardFigure(id=f"fairness/{path}/{group.code}/recall", section="fairness", of=name, figure=recall)


def _of(part: float | None, whole: float | None, share: float | None) -> str:
    if part is None or whole is None or share is None:
        return WITHHELD
    return f"about {part:,.0f} of {whole:,.0f} ({share:.0%})"


def _groups(report: PublicFairness) -> Iterator[tuple[str, str, PublicGroup]]:
    """Return every group that the verdict depends on: the path of its characteristic, its name in words, itself."""
    for characteristic in report.characteristics:
        if characteristic.gate:
            path = f"{characteristic.party}/{characteristic.characteristic}"
            for group in characteristic.groups:
                yield path, f"{group.title} ({characteristic_words(characteristic)})", group
