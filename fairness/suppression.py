"""The public rendering of a report: small cells withheld. Governance inside the force sees the whole report."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from threat.measuring.figure import Figure
from threat.release.documents.document import Part
from threat.release.documents.fairness import (
    Audited,
    CharacteristicReport,
    Fairness,
    GroupReport,
    JudgedCharacteristic,
    JudgedGroup,
    Overall,
)


class WithheldGroup(JudgedGroup):
    """A group with a count too small to publish, or that would give one away: its verdict, and no number."""

    withheld: Literal[True] = Field(default=True, description="always true")
    reason: str = Field(description="why its numbers are withheld")


class PublicCharacteristic(JudgedCharacteristic):
    """One characteristic as it may be published."""

    groups: tuple[GroupReport | WithheldGroup, ...] = Field(description="every group, those withheld among them")


class PublicOverall(Part):
    """Everybody together; what is withheld is null."""

    n: int = Field(ge=0, description="rows")
    events: int | None = Field(description="outcome events")
    outside_events: int | None = Field(description="of those, events that no row could have foreseen")
    selected: float | None = Field(description="rows on the list")
    recall: Figure | None = Field(description="recall: share of outcome events that were on the list")


class PublicFairness(Audited):
    """The audit of one ranking as it may be published. Other rankings are left out: their groups hold counts too."""

    public: Literal[True] = Field(default=True, description="always true")
    overall: PublicOverall = Field(description="everybody together")
    characteristics: tuple[PublicCharacteristic, ...] = Field(description="every characteristic on record")
    notes: tuple[str, ...] = Field(description="what was withheld")


def public(report: Fairness) -> PublicFairness:
    """Return the report with every count below the policy's ``publish_at_least`` withheld, and all that gives one away.

    Verdicts, names and reasons in words stay. Where one group of a characteristic is withheld, the next smallest is
    too: otherwise subtracting the others from the total would give it.
    """
    least = report.policy.publish_at_least
    return PublicFairness(
        ranking=report.ranking,
        title=report.title,
        dataset=report.dataset,
        capacity=report.capacity,
        threshold=report.threshold,
        policy=report.policy,
        replicates=report.replicates,
        seed=report.seed,
        verdict=report.verdict,
        overall=_overall(report.overall, least),
        characteristics=tuple(_characteristic(item, least) for item in report.characteristics),
        coverage=report.coverage,
        notes=(f"Counts below {least} are withheld, with what would give them away.",),
    )


def _characteristic(report: CharacteristicReport, least: int) -> PublicCharacteristic:
    withheld = {group.code for group in report.groups if _small(group.n, group.events, group.captured, least)}
    others = [group for group in report.groups if group.code not in withheld]
    if len(withheld) == 1 and others:
        withheld.add(min(others, key=lambda group: (group.events, group.n)).code)
    return PublicCharacteristic(
        party=report.party,
        characteristic=report.characteristic,
        gate=report.gate,
        verdict=report.verdict,
        reason=report.reason,
        figures=report.figures,
        note=report.note,
        groups=tuple(_withheld(group, least) if group.code in withheld else group for group in report.groups),
    )


def _overall(overall: Overall, least: int) -> PublicOverall:
    captured = (overall.recall.value or 0.0) * overall.events
    if _small(overall.n, overall.events, captured, least):
        return PublicOverall(n=overall.n, events=None, outside_events=None, selected=None, recall=None)
    return PublicOverall(
        n=overall.n,
        events=overall.events,
        outside_events=None if overall.outside_events < least else overall.outside_events,
        selected=overall.selected,
        recall=overall.recall,
    )


def _small(n: int, events: int, captured: float, least: int) -> bool:
    """True when rows, outcome events, those on the list, or those missed are fewer than may be published."""
    return any(count < least for count in (n, events, captured, events - captured))


def _withheld(group: GroupReport, least: int) -> WithheldGroup:
    return WithheldGroup(
        code=group.code,
        title=group.title,
        verdict=group.verdict,
        reason=f"withheld: a count is below {least}, or would give one away",
    )
