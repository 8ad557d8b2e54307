"""The base of every answer, references, and the few words that several answers share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

RelationshipRef = Annotated[str, Field(pattern=r"^R-[0-9a-f]{16}$", examples=["R-0123456789abcdef"])]
EventRef = Annotated[str, Field(pattern=r"^E-[0-9a-f]{16}$")]
PersonRef = Annotated[str, Field(pattern=r"^(P-[0-9a-f]{16}|unknown)$")]
Band = Literal["review", "next", "beyond"]
BandOrNone = Literal[Band, "ungraded", "sealed", "safeguarding", "not_ranked"]
"""The band of any relationship: of one without a band, why. Ungraded: no person has graded it on this list, so its
place is not shown. Sealed: graded, and nothing of the order is shown of it."""

Direction = Literal[
    "this_way", "other_way", "subject", "person_at_risk", "subject_elsewhere", "person_at_risk_elsewhere"
]
Lane = Literal["this_way", "other_way", "subject_elsewhere", "person_at_risk_elsewhere", "one_person"]

Precision = Literal["second", "day"]
"""How exactly a source dates: a day is the local day, at no known hour."""

OccurredPrecision = Literal[Precision, "unknown"]
"""Unknown: of a death that happened some time before it was recorded; the time given is that of its recording."""


class Answer(BaseModel):
    """Base of every answer: no field that isn't declared."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Problem(Answer):
    """An error as RFC 9457 lays out, with this product's four parts: problem, value, where, way out."""

    type: str
    title: str
    status: int
    detail: str
    problem: str
    value: str
    where: str
    way_out: str


class Health(Answer):
    """Whether the desk can answer, and whether a list is published."""

    status: Literal["ok"]
    version: str
    list_published: bool
