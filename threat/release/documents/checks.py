"""``checks.json``: what a training checked of itself. Each ``holds`` follows from the numbers next to it."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from threat.release.documents.document import Document, Part


class FutureRemoved(Part):
    """Features of sampled test rows, computed again from a history without anything known later."""

    what: str = Field(description="the check in words")
    rows: int = Field(ge=0, description="rows checked")
    features: int = Field(ge=0, description="features of each row")
    values_that_differ: int = Field(ge=0, description="values that came out otherwise; 0 means no leak")
    holds: bool = Field(description="true when no value differs")

    @model_validator(mode="after")
    def _computed(self) -> Self:
        _agree(self.holds, self.values_that_differ == 0)
        return self


class LateKnown(Part):
    """Events that had happened before a test row's as-of and were known only at or after it."""

    what: str = Field(description="what was counted, in words")
    rows: int = Field(ge=0, description="test rows")
    events: int = Field(ge=0, description="late events, once for each row an event is late for")
    rows_with_any: int = Field(ge=0, description="rows with a late event")
    share: float | None = Field(description="share of rows with a late event; null without rows")


class FoldDates(Part):
    """The dates of one fold, read off the rows that were used."""

    fold: str = Field(description="name of the fold")
    last_fit_as_of: str = Field(description="last as-of fitted on, UTC")
    last_fit_label_known: str = Field(description="when the label of that as-of is known, UTC")
    fit_date: str = Field(description="fit date, UTC")
    first_as_of_measured: str = Field(description="first as-of measured, UTC")
    holds: bool = Field(description="true when label known <= fit date <= first as-of measured")


class Dates(Part):
    """The dates of every fold."""

    what: str = Field(description="the rule in words")
    folds: tuple[FoldDates, ...] = Field(description="one entry per fold")
    holds: bool = Field(description="true when the dates of every fold hold")

    @model_validator(mode="after")
    def _computed(self) -> Self:
        _agree(self.holds, all(fold.holds for fold in self.folds))
        return self


class ContributionsSum(Part):
    """Whether tree contributions sum to the raw score."""

    what: str = Field(description="the check in words")
    rows: int = Field(ge=0, description="rows checked")
    largest_difference: float = Field(ge=0, description="largest |sum - score| / (1 + |score|) over the rows")
    threshold: float = Field(gt=0, description="largest difference allowed")
    holds: bool = Field(description="true when the largest difference is at most the threshold")

    @model_validator(mode="after")
    def _computed(self) -> Self:
        _agree(self.holds, self.largest_difference <= self.threshold)
        return self


class FallCause(Part):
    """A feature that lowered scores when a harm was added."""

    feature: str = Field(description="name of the feature")
    rows: int = Field(ge=1, description="fallen scores in which the contribution of this feature fell most")
    mean_change: float = Field(description="mean change of the feature's contribution in those rows, log odds")


class HarmOfKind(Part):
    """How scores move when one harm of one kind is added to each row."""

    kind: str = Field(description="kind of the harm, of the vocabulary")
    days_before: float = Field(gt=0, description="days from the harm to the row's as-of")
    rows: int = Field(ge=0, description="rows checked")
    fell: int = Field(ge=0, description="rows whose score fell by more than the threshold")
    largest_fall: float = Field(ge=0, description="largest fall, log odds")
    causes: tuple[FallCause, ...] = Field(description="features that lowered the fallen scores most, at most five")

    @property
    def share(self) -> float | None:
        """Share of rows whose score fell; None without rows."""
        return self.fell / self.rows if self.rows else None


class AddedHarm(Part):
    """How scores move when one recorded harm is added to a row. Version 1 has no figures by kind."""

    what: str = Field(description="the check in words")
    rows: int = Field(ge=0, description="rows checked")
    harms: int = Field(ge=0, description="harms added, one at a time")
    scores: int = Field(ge=0, description="scores compared: rows times harms")
    fell: int = Field(ge=0, description="scores that fell")
    largest_fall: float = Field(ge=0, description="largest fall, log odds")
    kinds_that_fell: tuple[str, ...] = Field(description="kinds of harm after which a score fell, sorted")
    threshold: float = Field(
        default=0.0, ge=0, description="log odds that a score may move down and not count as fallen"
    )
    kinds: tuple[HarmOfKind, ...] = Field(default=(), description="each kind of harm, a day before the as-of")
    older: tuple[HarmOfKind, ...] = Field(
        default=(), description="harms of longer ago; they count in the totals, not in the worst kind"
    )

    @model_validator(mode="after")
    def _computed(self) -> Self:
        parts = (*self.kinds, *self.older)
        if parts and (self.fell, self.scores) != (sum(part.fell for part in parts), sum(part.rows for part in parts)):
            raise ValueError("the totals are not those of the kinds")
        return self

    @property
    def share(self) -> float | None:
        """Share of scores that fell; None when none was compared."""
        return self.fell / self.scores if self.scores else None

    @property
    def worst(self) -> HarmOfKind | None:
        """The kind with the greatest share of fallen scores, of equals the first; None without figures by kind."""
        measured = [harm for harm in self.kinds if harm.rows]
        return max(measured, key=lambda harm: harm.fell / harm.rows, default=None)


class Checks(Document):
    """Leaks, dates, explanation and direction of a RUN's model."""

    FILE: ClassVar[str] = "checks.json"
    HOW_MADE: ClassVar[str] = "train again: threat train"
    VERSIONS_READ: ClassVar[tuple[int, ...]] = (1, 2)

    version: Literal[1, 2] = Field(default=2, description="version of this document")
    future_removed: FutureRemoved = Field(description="no feature knew the future")
    late_known: LateKnown = Field(description="what became known late, on all test rows")
    dates: Dates = Field(description="no fold's dates overlap")
    contributions_sum: ContributionsSum = Field(description="explanations are of the score")
    added_harm: AddedHarm = Field(description="one recorded harm more should not lower a score")


def _agree(holds: bool, computed: bool) -> None:
    """Raise ValueError when a check says other than its numbers: a verdict written by hand is no check."""
    if holds != computed:
        raise ValueError(f"holds is {holds}, but the numbers next to it say {computed}")
