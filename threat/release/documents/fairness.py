"""``fairness.json``: who among those later harmed was on the list, group by group."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from threat.measuring.figure import Figure, Verdict
from threat.release.documents.document import Document, Part
from threat.release.documents.fairness_policy import FairnessPolicy, FigureName, Party
from threat.release.documents.fairness_verdict import FairnessVerdict

MISSING = "not recorded"
"""Code of the group of rows whose characteristic nobody recorded."""


class JudgedGroup(Part):
    """What the whole report and the public report both say of a group: every field here is published."""

    code: str = Field(description="the group's code")
    title: str = Field(description="the group in words")
    verdict: FairnessVerdict = Field(description="of this group")
    reason: str = Field(description="why, in words")


class Power(Part):
    """How often audits of these sizes would say what, were this cell the only one treated otherwise."""

    ratio: float = Field(gt=0, description="true rate of the group over everybody else's, the worse way: 0.6 or 1/0.6")
    fails: float = Field(ge=0, le=1, description="share of audits in which the cell fails")
    alerts: float = Field(ge=0, le=1, description="share in which the cell fails or alerts")
    passes: float = Field(ge=0, le=1, description="share in which the cell passes")


class ComparedFigure(Part):
    """One cell: one figure of one group, compared with everybody else of the characteristic who is recorded."""

    figure: FigureName = Field(description="the figure compared")
    gate: bool = Field(description="true where the verdict of the report depends on it")
    effective: float = Field(ge=0, description="independent cases that the group's figure is worth")
    others: float | None = Field(description="the same figure of everybody else recorded; null without a case")
    others_effective: float = Field(ge=0, description="independent cases that everybody else's figure is worth")
    ratio: float | None = Field(description="the group's figure over everybody else's; null where not compared")
    ratio_interval: tuple[float, float] | None = Field(description="95% interval of the ratio, or null")
    p_beyond: float | None = Field(
        description="probability that the ratio is beyond the line: below it for recall and precision, above 1 over "
        "it for misses and false alarms; null where not compared"
    )
    p_adjusted: float | None = Field(
        description="probability of no breach, adjusted (Holm) over all cells that decide, or over all that do not; "
        "null where not compared"
    )
    verdict: FairnessVerdict = Field(description="of this cell")
    reason: str = Field(description="why, in words")
    power: tuple[Power, ...] = Field(description="at true ratios of 0.8, 0.6 and 0.5; empty where it decides nothing")
    needed_to_fail: int | None = Field(
        description="independent cases of the group for a fail in 8 of 10 audits at a true ratio of 0.6; null where "
        "it decides nothing or cannot be said"
    )
    needed_to_pass: int | None = Field(description="the same for a pass in 8 of 10 audits at a true ratio of 1")


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
    false_omission_rate: Figure = Field(description="share of rows not listed that had an outcome")
    calibration: Figure = Field(description="outcomes observed for each one expected from the probabilities")
    calibration_verdict: Verdict = Field(description="whether calibration is within its bounds; decides nothing")
    compared: tuple[ComparedFigure, ...] = Field(description="the four figures, each compared with everybody else's")

    def of(self, figure: FigureName) -> ComparedFigure | None:
        """Return the cell of one figure, or None."""
        return next((cell for cell in self.compared if cell.figure == figure), None)

    @property
    def worst(self) -> ComparedFigure | None:
        """The cell of recall, or of the figure that decides, that is furthest on the wrong side; None without one."""
        deciding = [cell for cell in self.compared if cell.gate and cell.p_beyond is not None]
        return max(deciding, key=lambda cell: cell.p_beyond or 0.0, default=None)


class JudgedCharacteristic(Part):
    """What the whole report and the public report both say of a characteristic: every field here is published."""

    party: Party = Field(description="whose characteristic")
    characteristic: str = Field(min_length=1, description="name of the characteristic")
    gate: bool = Field(description="true when the report's verdict depends on it")
    figures: tuple[FigureName, ...] = Field(description="the figures that its verdict is made of")
    verdict: FairnessVerdict = Field(description="of the characteristic")
    reason: str = Field(description="why, in words")
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


class Fault(Part):
    """Something found that nobody asked about, with which nothing can pass."""

    kind: str = Field(min_length=1, description="what was found, in words")
    cell: str = Field(default="", description="party/characteristic that it concerns; empty: the whole report")
    counts: str = Field(min_length=1, description="where, and the counts that show it")
    way_out: str = Field(min_length=1, description="what to do")


class WorstGroup(Part):
    """The group of one characteristic that is most probably beyond the line."""

    code: str = Field(description="the group's code")
    title: str = Field(description="the group in words")
    n: int = Field(ge=0, description="rows")
    events: int = Field(ge=0, description="outcome events")
    figure: FigureName = Field(description="the figure compared")
    ratio: float = Field(ge=0, description="the figure over everybody else's")
    ratio_interval: tuple[float, float] | None = Field(description="95% interval of the ratio, or null")
    p_beyond: float | None = Field(description="probability that the ratio is beyond the line, or null")


class OtherCharacteristic(Part):
    """One characteristic in the audit of another ranking."""

    party: Party = Field(description="whose characteristic")
    characteristic: str = Field(min_length=1, description="name of the characteristic")
    gate: bool = Field(description="true when that ranking's verdict depends on it")
    verdict: FairnessVerdict = Field(description="of the characteristic")
    worst: WorstGroup | None = Field(description="the group most probably beyond the line; null where none compared")


class Share(Part):
    """A simulated share with its 95% interval (Wilson)."""

    value: float = Field(ge=0, le=1, description="share of the draws")
    interval: tuple[float, float] = Field(description="95% interval")


class OwnRates(Part):
    """What an audit of this report's own sizes and rates would say by chance."""

    draws: int = Field(ge=1, description="simulated audits behind each share")
    cells: int = Field(ge=0, description="cells that decide and could be compared")
    false_fail: Share = Field(description="share of audits with any fail where every group is treated alike")
    false_alert: Share = Field(description="share that say fail or alert where every group is treated alike")
    any_alert: Share = Field(description="share with any cell that looks worse than the line, likewise")
    false_pass: Share = Field(description="largest share over the cells that pass at a true ratio of 0.6")


class Alerts(Part):
    """The cells that look worse than the line, next to those of audits of a fair ranking of the same sizes."""

    cells: int = Field(ge=1, description="cells that decide and could be compared")
    alerting: int = Field(ge=0, description="of those, cells that look worse than the line: alerts and fails")
    by_chance: float = Field(ge=0, description="as many are to be expected where every group is treated alike")
    as_many: float = Field(gt=0, le=1, description="share of such audits with at least as many")
    as_strong: float = Field(
        gt=0, le=1, description="share of such audits whose alerts weigh at least as much together (truncated product)"
    )
    beyond_chance: bool = Field(
        description="true where that share is at most the policy's alert_level: the report is an alert"
    )


class OtherRanking(Part):
    """The same audit of a ranking the unit could use instead, in brief."""

    ranking: str = Field(min_length=1, description="name of the ranking")
    title: str = Field(min_length=1, description="the ranking in words")
    verdict: FairnessVerdict = Field(description="of that ranking")
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
    verdict: FairnessVerdict = Field(description="over every characteristic that the verdict depends on")
    coverage: tuple[Coverage, ...] = Field(description="the nine protected characteristics; empty for a table")


class Fairness(Document, Audited):
    """The audit of one ranking. Of a table handed in, ``run_id`` and ``run_manifest_sha256`` are null."""

    FILE: ClassVar[str] = "fairness.json"
    ANNEX: ClassVar[bool] = True
    HOW_MADE: ClassVar[str] = "make it: threat audit RUN"
    MADE_AGAIN: ClassVar[str] = "audit again with this version of the product: threat audit RUN"

    version: Literal[4] = Field(default=4, description="version of this document")
    run_id: str | None = Field(description="the RUN, or null")
    run_manifest_sha256: str | None = Field(description="hash of the RUN's manifest, or null")
    overall: Overall = Field(description="everybody together")
    characteristics: tuple[CharacteristicReport, ...] = Field(description="every characteristic on record")
    alerts: Alerts | None = Field(
        description="what the cells that look worse than the line amount to; null where no cell could be compared, "
        "and of an audit in brief where none looks worse"
    )
    own_rates: OwnRates | None = Field(
        description="false verdicts by chance at these sizes; null where nothing decides"
    )
    faults: tuple[Fault, ...] = Field(default=(), description="what was found unasked; with any of them nothing passes")
    others: tuple[OtherRanking, ...] = Field(description="the rankings the unit could use instead")
    notes: tuple[str, ...] = Field(description="what a reader must know before using the report")

    @property
    def gated(self) -> tuple[CharacteristicReport, ...]:
        """Characteristics that the verdict depends on."""
        return tuple(report for report in self.characteristics if report.gate)
