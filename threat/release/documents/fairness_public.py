"""``fairness_public.json``: the audit of one ranking as it may be published, made of ``fairness.json`` alone."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from threat.release.documents.document import Document, Part
from threat.release.documents.fairness import Audited, JudgedCharacteristic, JudgedGroup
from threat.release.documents.fairness_policy import FigureName, Party
from threat.release.documents.fairness_verdict import FairnessVerdict


class PublicGroup(JudgedGroup):
    """One group as it may be published: each count to the nearest step, or null where withheld.

    Shares are made of these published counts and of nothing else, so no share tells more than the counts do.
    """

    rows: float | None = Field(ge=0, description="rows")
    events: float | None = Field(ge=0, description="outcome events")
    caught: float | None = Field(ge=0, description="outcome events on the list")
    listed: float | None = Field(ge=0, description="rows on the list")
    false_alarms: float | None = Field(ge=0, description="rows on the list known to have no outcome")

    @property
    def recall(self) -> float | None:
        """Recall, of the published counts."""
        return _share(self.caught, self.events)

    @property
    def selection_rate(self) -> float | None:
        """Share of rows on the list, of the published counts."""
        return _share(self.listed, self.rows)

    @property
    def false_alarm_rate(self) -> float | None:
        """Share of the listed rows known to have no outcome, of the published counts."""
        return _share(self.false_alarms, self.listed)

    @property
    def is_withheld(self) -> bool:
        """True when none of its counts is published."""
        return all(getattr(self, name) is None for name in ("rows", "events", "caught", "listed", "false_alarms"))


def _share(part: float | None, whole: float | None) -> float | None:
    """Return a share, at most 1: a part may round up where its whole rounds down."""
    return None if part is None or not whole else min(1.0, part / whole)


class PublicCharacteristic(JudgedCharacteristic):
    """One characteristic as it may be published."""

    groups: tuple[PublicGroup, ...] = Field(description="every group, those withheld among them")


class PublicOverall(Part):
    """Everybody together; what is withheld is null."""

    rows: int = Field(ge=0, description="rows")
    events: int | None = Field(description="outcome events")
    outside_events: float | None = Field(description="of those, events that no row could have foreseen, to the step")
    listed: float | None = Field(description="rows on the list")
    recall: float | None = Field(description="recall: share of outcome events that were on the list")


class Withholding(Part):
    """How much of a kind of count is published."""

    kind: str = Field(description="what is counted")
    groups: int = Field(ge=0, description="groups of the report")
    too_small: int = Field(ge=0, description="of those, groups of which the count is too small to publish")
    withheld: int = Field(ge=0, description="groups of which it is withheld, those among them")


class PublicCell(Part):
    """One figure of one group that decides and fails or alerts: its verdict, without a number."""

    party: Party = Field(description="whose characteristic")
    characteristic: str = Field(min_length=1, description="name of the characteristic")
    group: str = Field(description="the group in words")
    figure: FigureName = Field(description="the figure compared")
    verdict: FairnessVerdict = Field(description="fail or alert")


class PublicAlerts(Part):
    """The cells that look worse than the line next to what chance gives: no probability, which is of exact counts."""

    cells: int = Field(ge=1, description="cells that decide and could be compared")
    alerting: int = Field(ge=0, description="of those, cells that look worse than the line: alerts and fails")
    by_chance: int = Field(ge=0, description="to be expected where every group is treated alike, to a whole number")
    beyond_chance: bool = Field(
        description="true where they weigh more, taken together, than what chance gives: the report is an alert"
    )


class PublicRates(Part):
    """What audits of the report's own sizes would say by chance, in whole percents and so without their intervals."""

    draws: int = Field(ge=1, description="simulated audits behind each share")
    cells: int = Field(ge=0, description="cells that decide and could be compared")
    false_fail: int = Field(ge=0, le=100, description="percent of audits with any fail where all are treated alike")
    false_alert: int = Field(ge=0, le=100, description="percent that say fail or alert where all are treated alike")
    any_alert: int = Field(ge=0, le=100, description="percent with any cell that looks worse than the line, likewise")
    false_pass: int = Field(ge=0, le=100, description="largest percent over the cells that pass at a ratio of 0.6")


class PublicFault(Part):
    """Something found that nobody asked about, without its counts: those are of small groups as often as not."""

    kind: str = Field(min_length=1, description="what was found, in words")
    cell: str = Field(default="", description="party/characteristic that it concerns; empty: the whole report")
    way_out: str = Field(min_length=1, description="what to do")


class PublicRanking(Part):
    """The verdict on a ranking that the unit could use instead."""

    ranking: str = Field(min_length=1, description="name of the ranking")
    title: str = Field(min_length=1, description="the ranking in words")
    verdict: FairnessVerdict = Field(description="of that ranking")


class PublicFairness(Document, Audited):
    """The audit as it may be published. Figures of other rankings, intervals and chances tell counts: not in here."""

    FILE: ClassVar[str] = "fairness_public.json"
    ANNEX: ClassVar[bool] = True
    HOW_MADE: ClassVar[str] = "make it: threat audit RUN"
    MADE_AGAIN: ClassVar[str] = "audit again with this version of the product: threat audit RUN"

    version: Literal[2] = Field(default=2, description="version of this document")
    public: Literal[True] = Field(default=True, description="always true")
    run_id: str | None = Field(description="the RUN, or null")
    run_manifest_sha256: str | None = Field(description="hash of the RUN's manifest, or null")
    least: int = Field(ge=1, description="smallest count published; no withheld count can be had any closer")
    step: float = Field(ge=0, description="counts of groups are to the nearest of these")
    overall: PublicOverall = Field(description="everybody together")
    characteristics: tuple[PublicCharacteristic, ...] = Field(description="every characteristic on record")
    withholding: tuple[Withholding, ...] = Field(description="how many counts of each kind are withheld")
    worse: tuple[PublicCell, ...] = Field(description="every figure of a group that decides and fails or alerts")
    alerts: PublicAlerts | None = Field(description="what they amount to next to chance; null where not simulated")
    faults: tuple[PublicFault, ...] = Field(description="what was found unasked; with any of them nothing passes")
    own_rates: PublicRates | None = Field(description="false verdicts by chance at the report's sizes, or null")
    others: tuple[PublicRanking, ...] = Field(description="verdicts on the rankings the unit could use instead")
    notes: tuple[str, ...] = Field(description="what was withheld, and what this report cannot tell")
