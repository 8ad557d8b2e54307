"""``decisions_audit.json``: the audit of what people decided, next to the list that they decided about."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from threat.release.documents.document import Part
from threat.release.documents.fairness import Fairness
from threat.release.documents.fairness_policy import Party

Effect = Literal["narrows", "widens", "not_enough_evidence"]


class GapChange(Part):
    """What people's decisions do to one group's recall, next to everybody else's who is recorded."""

    party: Party = Field(description="whose characteristic")
    characteristic: str = Field(min_length=1, description="name of the characteristic")
    code: str = Field(description="the group's code")
    title: str = Field(description="the group in words")
    events: int = Field(ge=0, description="outcome events of the group")
    listed: float = Field(ge=0, description="of those, events on the model's list")
    taken: float = Field(ge=0, description="of those, events of cases that people took up")
    ratio_of_list: float | None = Field(description="recall of the list over everybody else's; null without a case")
    ratio_of_decisions: float | None = Field(description="the same of the cases taken up")
    change: float | None = Field(description="the second ratio over the first; null where either is null or 0")
    change_interval: tuple[float, float] | None = Field(description="95% interval of the change, or null")
    effect: Effect = Field(description="whether the decisions bring the group nearer to everybody else, or further off")
    reason: str = Field(description="why, in words")


class DecisionsAudit(Part):
    """Three audits of the same cases; who decided is in none of them."""

    decisions: int = Field(ge=0, description="cases of which a decision is recorded")
    unknown_outcomes: int = Field(ge=0, description="of those, cases whose time to an outcome is not over")
    model: Fairness = Field(description="of all cases, those on the model's list")
    person: Fairness | None = Field(description="of the cases on the list, those taken up; null where none was listed")
    both: Fairness = Field(description="of all cases, those taken up, whether listed or added")
    changes: tuple[GapChange, ...] = Field(description="list and decisions compared, for groups the verdict depends on")
