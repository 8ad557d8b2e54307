"""``cohort.json``: how the rows of a training came about, and what its figures do not hold."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from threat.release.documents.document import Document, Part
from threat.release.documents.drift import Drift
from threat.release.documents.settings import FitRows


class FilterStep(Part):
    """One filter of eligibility: rows kept and dropped, and why."""

    step: str = Field(min_length=1, description="name of the filter")
    kept: int = Field(ge=0, description="relationships kept")
    dropped: int = Field(ge=0, description="relationships dropped")
    reason: str = Field(description="the rule in words; may be empty")


class CycleAttrition(Part):
    """The filters of one cycle, in order."""

    cycle: int = Field(ge=0, description="number of the cycle")
    as_of: str = Field(description="as-of of the cycle, UTC")
    steps: tuple[FilterStep, ...] = Field(description="the filters in order")


class LeftOutRows(Part):
    """Rows of which nothing was left to foresee, though nobody could know: on the lists, in no fit and in no figure."""

    death_not_yet_recorded: int = Field(ge=0, description="a party had died by the as-of; it came on record later")
    outcome_not_yet_recorded: int = Field(ge=0, description="an outcome was over by the as-of; on record later")

    @property
    def rows(self) -> int:
        """Rows left out for either reason."""
        return self.death_not_yet_recorded + self.outcome_not_yet_recorded


class CompetingDeaths(Part):
    """Deaths within the horizon that are no outcome: what could have happened to these rows no longer could."""

    rows: int = Field(ge=0, description="rows without an outcome of which a party died within the horizon")
    people: int = Field(ge=0, description="distinct persons who died so")


class UnseenSevere(Part):
    """Severe incidents that no rung counts, or only a lower one, for one reason."""

    reason: str = Field(min_length=1, description="name of the reason")
    title: str = Field(min_length=1, description="the reason in words")
    incidents: int = Field(ge=0, description="distinct incidents")


class SilentDefinitions(Part):
    """Features that tell no row from another in these records."""

    empty: tuple[str, ...] = Field(description="missing on every row used")
    constant: tuple[str, ...] = Field(description="one value, or missing, on every row used")


class FitCounts(Part):
    """Rows that one fold was fitted on."""

    relationships: int = Field(ge=0, description="distinct relationships")
    rows: int = Field(ge=0, description="rows")
    rows_with_outcome: int = Field(ge=0, description="rows with an outcome")
    sampled_rows: int = Field(ge=0, description="rows after sampling those without an outcome")
    subjects: int = Field(ge=0, description="distinct subjects")
    left_out: LeftOutRows = Field(description="further rows of the fold, not fitted on")


class CohortAttrition(Document):
    """What each filter kept, cycle by cycle, and what each fold was fitted on. Version 2: no fit rows, no drift."""

    FILE: ClassVar[str] = "cohort.json"
    HOW_MADE: ClassVar[str] = "train again: threat train"

    VERSIONS_READ: ClassVar[tuple[int, ...]] = (2, 3)

    version: Literal[2, 3] = Field(default=3, description="version of this document")
    cycles: tuple[CycleAttrition, ...] = Field(description="one entry per cycle, in order of time")
    fit_rows: FitRows | None = Field(default=None, description="rows that were fitted on; null: the cohort's own")
    fit: dict[str, FitCounts] = Field(description="rows fitted on, by name of the fold")
    test_left_out: LeftOutRows = Field(
        description="rows of the test that take places on the lists and are not measured"
    )
    competing_deaths: CompetingDeaths = Field(description="deaths by another cause on the rows measured in the test")
    unseen_severe: tuple[UnseenSevere, ...] = Field(
        description="severe incidents of people on record that no rung counts, or only a lower one, by reason"
    )
    silent_features: SilentDefinitions = Field(description="features that tell no row from another")
    drift: Drift | None = Field(default=None, description="the test's features and the fit rows'; null in version 2")

    @property
    def unseen_incidents(self) -> int:
        """Severe incidents that no rung counts, or only a lower one; an incident has one reason."""
        return sum(unseen.incidents for unseen in self.unseen_severe)
