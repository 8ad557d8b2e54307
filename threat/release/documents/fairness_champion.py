"""``fairness_with_champion.json``: by group, who is served better or worse by a challenger than by the champion."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from threat.measuring.figure import Figure
from threat.release.documents.champion import ComparedModel
from threat.release.documents.document import Document, Part
from threat.release.documents.fairness import Alerts
from threat.release.documents.fairness_policy import FairnessPolicy, Party

ServedVerdict = Literal["better", "worse", "alert", "alike", "not_enough_evidence"]

SERVED_WORDS: dict[ServedVerdict, str] = {
    "better": "Served better",
    "worse": "Served worse",
    "alert": "Alert",
    "alike": "Served alike",
    "not_enough_evidence": "Not enough evidence",
}
"""What is said of a group under the challenger, by verdict."""


class GroupChange(Part):
    """One group on both models' lists. Counts are in part where rows tie at a cut."""

    code: str = Field(description="the group's code")
    title: str = Field(description="the group in words")
    n: int = Field(ge=0, description="rows")
    events: int = Field(ge=0, description="outcome events")
    people_with_events: int = Field(ge=0, description="persons with an outcome event")
    challenger: Figure = Field(description="recall: share of outcome events on the challenger's lists")
    champion: Figure = Field(description="the same on the champion's lists")
    difference: Figure = Field(description="recall, challenger minus champion, paired")
    change: float | None = Field(
        description="recall, challenger over champion, over the same of everybody else recorded; "
        "null where not compared"
    )
    effective: float = Field(ge=0, description="independent outcomes caught by either list that the change is worth")
    p_beyond: float | None = Field(description="probability that the change is below the policy's line, or null")
    p_adjusted: float | None = Field(
        description="probability that it is not, adjusted (Holm) over all groups that decide, or over all others; null "
        "where not compared"
    )
    challenger_share: float | None = Field(description="of the places on the challenger's lists; null without places")
    champion_share: float | None = Field(description="of the places on the champion's lists; null without places")
    moved_on: float = Field(ge=0, description="places that the challenger gives to the group and the champion does not")
    moved_off: float = Field(
        ge=0, description="places that the champion gives to the group and the challenger does not"
    )
    events_on: float = Field(ge=0, description="outcome events credited to the rows that moved on")
    events_off: float = Field(ge=0, description="outcome events credited to the rows that moved off")
    verdict: ServedVerdict = Field(description="what the change says of the group, next to everybody else's")
    reason: str = Field(min_length=1, description="why, in words")


class CharacteristicChange(Part):
    """One characteristic of one party, divided into its groups."""

    party: Party = Field(description="whose characteristic")
    characteristic: str = Field(min_length=1, description="name of the characteristic")
    gate: bool = Field(description="true where the verdict of the audit depends on it")
    note: str = Field(description="how the characteristic is recorded; may be empty")
    groups: tuple[GroupChange, ...] = Field(description="every group, rows without a record among them")


class FairnessWithChampion(Document):
    """Who benefits by group where a challenger replaces the champion. For governance: nothing in it is withheld."""

    FILE: ClassVar[str] = "fairness_with_champion.json"
    ANNEX: ClassVar[bool] = True
    VERSIONED_FROM_THE_START: ClassVar[bool] = True
    HOW_MADE: ClassVar[str] = "compare by group: threat audit-champion RUN"
    MADE_AGAIN: ClassVar[str] = "compare again: threat audit-champion RUN"

    version: Literal[2] = Field(default=2, description="version of this document")
    run_id: str = Field(min_length=1, description="the challenger's RUN")
    run_manifest_sha256: str = Field(min_length=64, max_length=64, description="hash of its manifest")
    champion: ComparedModel = Field(description="the model that it would replace")
    capacity: int = Field(ge=1, description="places on each list")
    policy: FairnessPolicy = Field(description="the fairness policy whose rule was applied")
    replicates: int = Field(ge=0, description="draws of subjects behind every interval")
    seed: int = Field(description="seed of the draws")
    verdict: ServedVerdict = Field(description="of the whole, by the characteristics that the audit depends on")
    alerts: Alerts | None = Field(
        description="what the groups that look served worse amount to, next to chance; null where none was compared"
    )
    everyone: GroupChange = Field(description="everybody together")
    characteristics: tuple[CharacteristicChange, ...] = Field(description="every characteristic on record")
    notes: tuple[str, ...] = Field(description="what a reader must know before using the figures")
