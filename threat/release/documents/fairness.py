"""``fairness.json``: who among those later harmed was on the list, group by group."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from threat.measuring.figure import Figure, Verdict
from threat.release.documents.document import Document, Part
from threat.release.documents.fairness_policy import FairnessPolicy, Party

MISSING = "not recorded"
"""Code of the group of rows whose characteristic nobody recorded."""


class JudgedGroup(Part):
    """What the whole report and the public report both say of a group: every field here is published."""

    code: str = Field(description="the group's code")
    title: str = Field(description="the group in words")
    reference: bool = Field(description="true for the best-served group others are compared with")
    verdict: Verdict = Field(description="of this group")
    reason: str = Field(description="why, in words")


class GroupReport(JudgedGroup):
    """One group of one characteristic."""

    n: int = Field(ge=0, description="rows")
    events: int = Field(ge=0, description="outcome events")
    people_with_events: int = Field(ge=0, description="persons with an outcome event")
    captured: float = Field(ge=0, description="outcome events on the list; ties at the cut count in part")
    selected: float = Field(ge=0, description="rows on the list; ties at the cut count in part")
    effective_events: float = Field(ge=0, description="independent events that recall is worth")
    recall: Figure = Field(description="recall: share of outcome events that were on the list")
    selection_rate: Figure = Field(description="share of rows on the list")
    precision: Figure = Field(description="share of listed rows with an outcome")
    false_positive_rate: Figure = Field(description="share of rows without an outcome that were listed")
    calibration: Figure = Field(description="outcomes observed for each one expected from the probabilities")
    calibration_verdict: Verdict = Field(description="whether calibration is within its bounds; decides nothing")
    ratio: float | None = Field(description="recall over the best-served group's; null where not compared")
    ratio_interval: tuple[float, float] | None = Field(description="95% interval of the ratio, or null")
    p_below: float | None = Field(description="probability that the ratio is below the line, or null")
    p_adjusted: float | None = Field(description="the same after adjusting for the groups compared, or null")


class JudgedCharacteristic(Part):
    """What the whole report and the public report both say of a characteristic: every field here is published."""

    party: Party = Field(description="whose characteristic")
    characteristic: str = Field(min_length=1, description="name of the characteristic")
    gate: bool = Field(description="true when the report's verdict depends on it")
    verdict: Verdict = Field(description="of the characteristic")
    reason: str = Field(description="why, in words")
    reference: str | None = Field(description="code of the best-served adequately sized group; null where none is")
    note: str = Field(description="how the characteristic is recorded; may be empty")


class CharacteristicReport(JudgedCharacteristic):
    """One characteristic of one party, divided into its groups."""

    groups: tuple[GroupReport, ...] = Field(description="every group, those of rows without a record among them")

    @property
    def name(self) -> str:
        """``person_at_risk/sex``: what an acceptance names."""
        return f"{self.party}/{self.characteristic}"


class Overall(Part):
    """Everybody together."""

    n: int = Field(ge=0, description="rows")
    events: int = Field(ge=0, description="outcome events")
    outside_events: int = Field(ge=0, description="of those, events that no row could have foreseen")
    selected: float = Field(ge=0, description="rows on the list; ties at the cut count in part")
    recall: Figure = Field(description="recall: share of outcome events that were on the list")


class Coverage(Part):
    """Whether one of the nine protected characteristics could be tested for one party."""

    characteristic: str = Field(description="as the Equality Act names it")
    party: Party = Field(description="whose characteristic")
    state: Literal["tested", "proxy_only", "not_recorded"] = Field(description="what the history allowed")
    audited_as: str = Field(default="", description="the characteristic that tested it; empty where none did")
    reason: str = Field(description="why, in words")


class WorstGroup(Part):
    """The group with the lowest ratio of one characteristic."""

    code: str = Field(description="the group's code")
    title: str = Field(description="the group in words")
    n: int = Field(ge=0, description="rows")
    events: int = Field(ge=0, description="outcome events")
    ratio: float = Field(ge=0, description="recall over the best-served group's")
    ratio_interval: tuple[float, float] | None = Field(description="95% interval of the ratio, or null")
    p_below: float | None = Field(description="probability that the ratio is below the line, or null")


class OtherCharacteristic(Part):
    """One characteristic in the audit of another ranking."""

    party: Party = Field(description="whose characteristic")
    characteristic: str = Field(min_length=1, description="name of the characteristic")
    gate: bool = Field(description="true when that ranking's verdict depends on it")
    verdict: Verdict = Field(description="of the characteristic")
    worst: WorstGroup | None = Field(description="the group with the lowest ratio; null where none was compared")


class OtherRanking(Part):
    """The same audit of a ranking the unit could use instead, in brief."""

    ranking: str = Field(min_length=1, description="name of the ranking")
    title: str = Field(min_length=1, description="the ranking in words")
    verdict: Verdict = Field(description="of that ranking")
    recall: Figure = Field(description="over everyone")
    characteristics: tuple[OtherCharacteristic, ...] = Field(description="what its verdict depends on")


class Audited(Part):
    """What the whole report and the public report both say of the audit: every field here is published."""

    ranking: str = Field(min_length=1, description="name of the ranking audited")
    title: str = Field(description="the ranking in words; may be empty for a table handed in")
    dataset: str = Field(description="what it was audited on, in words")
    capacity: float | None = Field(description="places on each list; null where a threshold selects")
    threshold: float | None = Field(description="score from which a row is selected; null where a capacity does")
    policy: FairnessPolicy = Field(description="the whole policy it was made under")
    replicates: int = Field(ge=0, description="bootstrap replicates behind the intervals")
    seed: int = Field(description="seed of those draws; of a RUN, the draws of its evaluation")
    verdict: Verdict = Field(description="over every characteristic that the verdict depends on")
    coverage: tuple[Coverage, ...] = Field(description="the nine protected characteristics; empty for a table")


class Fairness(Document, Audited):
    """The audit of one ranking. Of a table handed in, ``run_id`` and ``run_manifest_sha256`` are null."""

    FILE: ClassVar[str] = "fairness.json"
    ANNEX: ClassVar[bool] = True
    HOW_MADE: ClassVar[str] = "make it: threat audit RUN"
    MADE_AGAIN: ClassVar[str] = "audit again with this version of the product: threat audit RUN"

    version: Literal[2] = Field(default=2, description="version of this document")
    run_id: str | None = Field(description="the RUN, or null")
    run_manifest_sha256: str | None = Field(description="hash of the RUN's manifest, or null")
    overall: Overall = Field(description="everybody together")
    characteristics: tuple[CharacteristicReport, ...] = Field(description="every characteristic on record")
    others: tuple[OtherRanking, ...] = Field(description="the rankings the unit could use instead")
    notes: tuple[str, ...] = Field(description="what a reader must know before using the report")

    @property
    def gated(self) -> tuple[CharacteristicReport, ...]:
        """Characteristics that the verdict depends on."""
        return tuple(report for report in self.characteristics if report.gate)
