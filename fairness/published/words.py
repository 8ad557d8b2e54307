"""Counts and shares of the public report in words; nothing here sees an exact count."""

from __future__ import annotations

from threat.characteristics import title_of
from threat.measuring.counts import plural
from threat.release.documents.fairness_public import PublicCharacteristic, PublicFairness, PublicGroup, Withholding

HEADS = ("Group", "Rows", "Later harmed", "Of those on the list", "Share", "Listed", "False alarms", "Verdict")


def name_of(item: PublicCharacteristic) -> str:
    """Return what a characteristic is called at the beginning of a line."""
    title = title_of(item.characteristic, item.party)
    return title if item.party == "column" else title[0].upper() + title[1:]


def count(value: float | None) -> str:
    """Return a published count; ``withheld`` for None.

    >>> count(1240.0), count(None)
    ('1,240', 'withheld')
    """
    return "withheld" if value is None else f"{value:,.0f}"


def share(value: float | None) -> str:
    """Return a share of two published counts in whole percent; empty where either is withheld.

    >>> share(0.375), share(None)
    ('about 38%', '')
    """
    return "" if value is None else f"about {value:.0%}"


def cells_of(group: PublicGroup) -> tuple[str, ...]:
    """Return the cells of a group's row, in the order of ``HEADS`` without the first."""
    return (
        count(group.rows), count(group.events), count(group.caught), share(group.recall), count(group.listed),
        count(group.false_alarms), group.verdict.words,
    )  # fmt: skip


def everybody(report: PublicFairness) -> str:
    """Return how many rows there are, how many were later harmed, and which share of those was on the list."""
    overall = report.overall
    if overall.events is None or overall.recall is None:
        return f"{overall.rows:,} rows. How many were later harmed is withheld: too few in all."
    return f"{overall.rows:,} rows; {overall.events:,} later harmed, of whom {overall.recall:.0%} were on the list."


def withheld_words(item: Withholding) -> str:
    """Return how many counts of a kind are withheld, in a sentence.

    >>> withheld_words(Withholding(kind="false_alarms", groups=9, too_small=2, withheld=3))
    'False alarms: withheld for 3 of 9 groups, of which 2 are too small and 1 would give another away.'
    """
    name = item.kind.replace("_", " ").capitalize()
    if not item.withheld:
        return f"{name}: published for all {plural(item.groups, 'group')}."
    besides = item.withheld - item.too_small
    return (
        f"{name}: withheld for {item.withheld} of {plural(item.groups, 'group')}, of which {item.too_small} are too "
        f"small and {besides} would give another away."
    )
