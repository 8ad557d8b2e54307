"""The comparison by group on a terminal: the groups that the verdict depends on, or every group on request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

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
        f"RUN {report.run_id} against the champion, {'RUN' if champion.kind == 'run' else 'bundle of the RUN'} "
        f"{champion.run_id}, by group; lists of {report.capacity:,}.",
        _everyone(report.everyone),
        # Of every characteristic: "no group" must not be said while a group that is not shown is served worse.
        *_named(report.characteristics, "worse"),
        *_named(report.characteristics, "better"),
    ]
    for item in shown:
        lines += ["", *_table(item)]
    lines += ["", *_not_enough(shown)]
    if left := len(report.characteristics) - len(shown):
        lines += [
            f"Not shown: {plural(left, 'characteristic')} that the verdict of the audit does not depend on (--full)."
        ]
    return "\n".join([*lines, "", *(f"- {note}" for note in report.notes)])


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
    """Name the groups with a verdict in one line; say so where nobody has it."""
    groups = [
        f"{group.title} ({title_of(item.characteristic, item.party)})"
        for item in items
        for group in item.groups
        if group.verdict == verdict
    ]
    yield f"{SERVED_WORDS[verdict]} by the challenger: {', '.join(groups) or 'no group, as far as can be told'}."


def _not_enough(items: list[CharacteristicChange]) -> Iterator[str]:
    """Count the groups without enough evidence by the reason; no line where every group has a verdict."""
    groups = [group for item in items for group in item.groups]
    reasons = Counter(group.reason for group in groups if group.verdict == "not_enough_evidence")
    if reasons:
        yield f"Not enough evidence for {sum(reasons.values())} of {plural(len(groups), 'group')}:"
    yield from (f"  {number}: {reason}" for reason, number in reasons.most_common())


def _table(item: CharacteristicChange) -> Iterator[str]:
    title = title_of(item.characteristic, item.party)
    yield f"{title[0].upper()}{title[1:]}"
    yield (
        f"  {'group':<26}{'rows':>8}{'harmed':>7}{'champion':>9}{'challenger':>11}  {'difference':<27}"
        f"{'of places':>14}{'on':>6}{'off':>6}  verdict"
    )
    for group in item.groups:
        yield (
            f"  {group.title[:25]:<26}{group.n:>8,}{group.events:>7,}{_recall(group.champion):>9}"
            f"{_recall(group.challenger):>11}  {_signed(group.difference):<27}"
            f"{f'{_share(group.champion_share)} to {_share(group.challenger_share)}':>14}"
            f"{group.moved_on:>6,.0f}{group.moved_off:>6,.0f}  {SERVED_WORDS[group.verdict]}"
        )


def _recall(figure: Figure) -> str:
    return "none" if figure.value is None else f"{figure.value:.2f}"


def _share(share: float | None) -> str:
    return "none" if share is None else f"{share:.0%}"


def _signed(figure: Figure) -> str:
    if figure.value is None:
        return "none"
    if figure.interval is None:
        return f"{figure.value:+.3f}"
    low, high = figure.interval
    return f"{figure.value:+.3f} ({low:+.3f} to {high:+.3f})"
