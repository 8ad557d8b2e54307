"""``card.json``: the model card. ``human.json``: what people provided for it."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from threat.measuring.figure import Figure
from threat.release.documents.document import Document, Part
from threat.release.documents.gate_policy import Environment, State

Text = Annotated[str, Field(min_length=1)]


class Table(Part):
    """A table of words."""

    columns: tuple[str, ...] = Field(min_length=1, description="heads of the columns")
    rows: tuple[tuple[str, ...], ...] = Field(min_length=1, description="cells, row by row")

    @model_validator(mode="after")
    def _rectangular(self) -> Self:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError("every row of a table has a cell for every column")
        return self


Value = Text | Annotated[tuple[Text, ...], Field(min_length=1)] | Table


class CardField(Part):
    """One field of the card: its value, who gives it, and where it is from."""

    id: str = Field(min_length=1, description="name of the field within its section")
    title: str = Field(min_length=1, description="the field in words")
    value: Value | None = Field(description="a sentence, a list or a table; null where nobody provided it")
    source: Literal["auto", "human"] = Field(description="auto: from the evidence; human: from a person")
    evidence: str = Field(description="the documents, or the person and the day")
    last_checked: date | None = Field(
        description="day of that evidence, or when it was given; null without a value, or where the evidence has no day"
    )
    provided: bool = Field(description="true when there is a value")
    mandatory: State | None = Field(
        description="state from which on no model is released without a value; null where a value is never required"
    )

    @model_validator(mode="after")
    def _said(self) -> Self:
        if self.provided != (self.value is not None):
            raise ValueError(f"{self.id} says provided {self.provided} and its value says otherwise")
        return self


class Section(Part):
    """A section of the card."""

    id: str = Field(min_length=1, description="name of the section")
    title: str = Field(min_length=1, description="the section in words")
    fields: tuple[CardField, ...] = Field(min_length=1, description="its fields, in order")


class ChartPoint(Part):
    """One point of a chart with its interval."""

    label: str = Field(description="what the point is of")
    value: float = Field(description="its value")
    low: float = Field(description="lower end of its 95% interval")
    high: float = Field(description="upper end of its 95% interval")
    target: float | None = Field(default=None, description="where the point should be; null without a target")


class Chart(Part):
    """A chart in a section of the card."""

    section: str = Field(min_length=1, description="name of the section")
    title: str = Field(min_length=1, description="the chart in words")
    sentence: str = Field(min_length=1, description="what the chart shows, for those who do not see it")
    points: tuple[ChartPoint, ...] = Field(min_length=1, description="its points, in order")


class Status(StrEnum):
    """How far a RUN has come, in the words of its card."""

    DRAFT = "draft"
    PASSED = "passed the gate"
    REFUSED = "refused by the gate"


class CardFigure(Part):
    """One figure of the card as a number, so that two cards can be compared."""

    id: str = Field(min_length=1, description="what it is, the same in every card: performance/score/auc")
    section: Literal["performance", "fairness"] = Field(description="section of the card that says it in words")
    of: Text = Field(description="the ranking, or the group of people, in words")
    figure: Figure = Field(description="the figure with its interval, rows and outcomes")


class Summary(Part):
    """The first page."""

    name: str = Field(description="the training in words")
    status: Status = Field(description="how far the RUN has come")
    environment: Environment | None = Field(description="where the gate's word counts; null before the gate")
    does: Text = Field(description="the decision it supports")
    does_not: tuple[Text, ...] = Field(min_length=1, description="what it must not be used for, sentence by sentence")
    decides: Text = Field(description="who decides")
    cannot_see: tuple[Text, ...] = Field(min_length=1, description="what no figure of the card can see")
    population: str = Field(description="who is ranked")
    outcome: str = Field(description="the outcome in words")
    horizon_days: int | None = Field(ge=1, description="days within which the outcome counts, or null")
    capacity: int | None = Field(ge=1, description="places on each list, or null")
    recall: Figure | None = Field(description="recall at capacity, or null")
    reach: str = Field(description="coverage times recall, in words: of all outcomes, how many the lists could meet")
    ceiling: str = Field(description="how near it comes to what records allow, or why nobody can say")
    quality: Table | None = Field(description="the model's figures with interval, rows and outcomes; null: unmeasured")
    comparators: Table | None = Field(description="the other rankings on the same rows; null where none was measured")
    compared: str = Field(default="", description="what the planned comparison found, in words; empty without one")
    worst_served: str = Field(description="the group treated worst, in words")
    alerts: tuple[Text, ...] = Field(description="groups that fail or alert, with the side on which they do")
    faults: tuple[Text, ...] = Field(default=(), description="what the audit found unasked; with any nothing passes")
    own_errors: Text = Field(description="how often an audit of these sizes errs by chance, in words")
    for_whom: Table | None = Field(description="what could be tested of each protected characteristic; null: no audit")
    verdicts: Table | None = Field(description="the gate's verdict on every check; null before the gate")
    conditions: tuple[Text, ...] = Field(description="acceptances by name with their controls, and conditions")
    signed: tuple[Text, ...] = Field(description="who signed, in which role and when")
    dissent: tuple[Text, ...] = Field(description="who dissented and why; and statements that did not count")
    missing: tuple[Text, ...] = Field(description="mandatory fields that nobody has filled, in words")
    limits: tuple[Text, Text, Text] = Field(description="the three gravest limits")
    version: str = Field(description="the RUN")
    expires: date | None = Field(description="last day on which every acceptance counts; null without any")


class Card(Document):
    """The model card of a RUN."""

    FILE: ClassVar[str] = "card.json"
    ANNEX: ClassVar[bool] = True
    HOW_MADE: ClassVar[str] = "make it: threat card RUN"
    MADE_AGAIN: ClassVar[str] = "make it again with this version of the product: threat card RUN"

    version: Literal[3] = Field(default=3, description="version of this document")
    evidence_until: date | None = Field(
        description="day of the latest evidence: the training, what people provided or signed, the gate; null: none"
    )
    run_id: str = Field(min_length=1, description="the RUN")
    run_manifest_sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="hash of the RUN's manifest")
    summary: Summary = Field(description="what fits on the first screen")
    sections: tuple[Section, ...] = Field(min_length=1, description="every section, in order")
    charts: tuple[Chart, ...] = Field(description="charts, by section")
    figures: tuple[CardFigure, ...] = Field(description="figures as numbers, small groups left out")
    not_yet_provided: int = Field(ge=0, description="fields that nobody has provided yet")

    def field(self, section: str, name: str) -> CardField | None:
        """Return a field by its section and name, or None."""
        return next(
            (field for part in self.sections if part.id == section for field in part.fields if field.id == name), None
        )


class Provided(Part):
    """What a person provided for one field."""

    value: Value = Field(description="a sentence, a list or a table")
    by: Text = Field(description="who provided it")
    on: date = Field(description="when")


class Human(Document):
    """What people provided for a card, by ``section.field``."""

    FILE: ClassVar[str] = "human.json"
    ANNEX: ClassVar[bool] = True
    HOW_MADE: ClassVar[str] = "hand it in: threat card RUN --human FILE"
    MADE_AGAIN: ClassVar[str] = "hand it in again: threat card RUN --human FILE"

    version: Literal[1] = Field(default=1, description="version of this document")
    fields: dict[str, Provided] = Field(description="what was provided, by section.field")
