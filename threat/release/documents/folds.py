"""``folds.json``: every date a reviewer needs to check that nothing was learnt from the future."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from threat.release.documents.document import Document, Part


class MeasuredCycle(Part):
    """A cycle that a fold is measured on."""

    cycle: int = Field(ge=0, description="number of the cycle")
    start: str = Field(description="when the cycle starts, UTC")


class FoldPlan(Part):
    """One fold: what it may be fitted on, and what it is measured on."""

    name: str = Field(min_length=1, description="validation_1, validation_2, ... or test")
    fit_date: str = Field(description="nothing used to fit was learnt after it, UTC")
    fit_from: str = Field(description="start of the first cycle fitted on, UTC")
    fit_last_as_of: str = Field(description="last as-of fitted on, UTC")
    fit_cycles: int = Field(ge=1, description="cycles fitted on")
    measured_from: str = Field(description="start of the first cycle measured on, UTC")
    measured_last_as_of: str = Field(description="last as-of measured on, UTC")
    measured_cycles: tuple[MeasuredCycle, ...] = Field(description="the cycles measured on, in order of time")


class TestOpening(Part):
    """How often the test was opened: choosing among RUNs by their test is tuning on it."""

    __test__: ClassVar[bool] = False  # its name begins as those that pytest collects

    times_opened_in_this_run: int = Field(ge=0, description="by this RUN")
    earlier_runs_that_opened_it: tuple[str, ...] = Field(
        description="ids of RUNs that opened it before, by the ledger of the history and by the folder of the RUN"
    )
    ledger_lines: int = Field(default=0, ge=0, description="number of the ledger's line of this opening; 0: no ledger")
    ledger_sha256: str | None = Field(default=None, description="hash of that line; null: a RUN from before the ledger")
    start: str = Field(description="start of the first cycle of the test, UTC")
    last_as_of: str = Field(description="last as-of of the test, UTC")


class Folds(Document):
    """The forward-chained folds of a RUN, the test last."""

    FILE: ClassVar[str] = "folds.json"
    HOW_MADE: ClassVar[str] = "train again: threat train"

    version: Literal[1] = Field(default=1, description="version of this document")
    label_knowledge: str = Field(description="labels are known up to this date, UTC")
    horizon_days: int = Field(ge=1, description="days within which the outcome counts")
    embargo_days: int = Field(ge=0, description="days after a label window for late records to arrive")
    rule: str = Field(description="the rule that the dates obey, in words")
    folds: tuple[FoldPlan, ...] = Field(min_length=1, description="in order of time, the test last")
    test_opening: TestOpening = Field(description="how often the test was opened")

    @property
    def test(self) -> FoldPlan:
        """The test fold."""
        return self.folds[-1]
