"""``evaluation.json``: every ranking measured on the complete test cohort of a RUN."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from threat.measuring.figure import Figure
from threat.release.documents.comparison import ComparedRanking, Comparison
from threat.release.documents.decision_curve import DecisionCurve
from threat.release.documents.document import Document, Part
from threat.release.documents.estimand import Estimand
from threat.release.documents.table_lines import TableLine, table_lines

MODEL = "score"
"""Name of the model's ranking: its column in ``predictions.parquet``."""


class Ties(Part):
    """Rows of one ranking that the list cannot tell apart."""

    capacity: int = Field(ge=1, description="places on each list")
    rows_tied_at_the_cut: int = Field(ge=0, description="rows that share the score at the last place of a list")
    rows_without_a_basis: int = Field(ge=0, description="rows the ranking has nothing to go on for")


class RankingFigures(Part):
    """One ranking with every figure of it."""

    name: str = Field(min_length=1, description="the ranking's column in predictions.parquet")
    title: str = Field(min_length=1, description="the ranking in words")
    figures: tuple[Figure, ...] = Field(description="its figures, and the model minus this ranking, paired")
    ties: Ties = Field(description="rows it cannot tell apart")
    same_order_as: str | None = Field(
        default=None,
        min_length=1,
        description="the first ranking of the table that orders all rows alike, ties included, so that every figure "
        "but those of probabilities is equal; null: none before this one, or a RUN of before",
    )

    def figure(self, name: str, capacity: int | None = None) -> Figure | None:
        """Return the figure ``name``, or None; of a figure by capacity, the one at ``capacity`` (None: the first)."""
        for figure in self.figures:
            if figure.name == name and (capacity is None or figure.slice.get("capacity", capacity) == capacity):
                return figure
        return None


class CalibrationBin(Part):
    """Rows of the test whose probability lies between two values, and how often the outcome followed."""

    low: float = Field(ge=0, le=1, description="smallest probability in the bin")
    high: float = Field(ge=0, le=1, description="largest probability in the bin")
    expected: float = Field(ge=0, le=1, description="mean probability of the bin")
    observed: Figure = Field(description="share of its rows with an outcome")


class Calibration(Part):
    """Whether the model's probabilities mean what they say."""

    slope: Figure = Field(description="slope of the outcome on the log odds of the probability; 1 is right")
    intercept: Figure = Field(description="intercept at that slope; 0 is right")
    observed_over_expected: Figure = Field(description="outcomes observed for each one expected; 1 is right")
    bins: tuple[CalibrationBin, ...] = Field(description="by quantiles of the probability, lowest first")


class FreshnessBand(Part):
    """Rows by days since the last domestic incident, with the figures of every ranking on them."""

    band: str = Field(min_length=1, description="the band in words")
    n: int = Field(ge=0, description="rows in the band")
    events: int = Field(ge=0, description="outcome events of those rows")
    figures: tuple[Figure, ...] = Field(description="recall and AUC within the band, ranking by ranking")


class HalfOfTest(Part):
    """One half of the test's lists, with the figures of every ranking on it and the model's calibration."""

    half: Literal["first", "second"] = Field(description="which half, in order of time")
    cycles: tuple[int, ...] = Field(min_length=1, description="numbers of its cycles, in order of time")
    n: int = Field(ge=0, description="rows of the half")
    events: int = Field(ge=0, description="outcome events that its rows could have foreseen, or that its lists missed")
    figures: tuple[Figure, ...] = Field(description="recall, mean recall and AUC in the half, ranking by ranking")
    calibration: Calibration | None = Field(description="of the model; null where it gives no probabilities")

    def figure(self, ranking: str, name: str) -> Figure | None:
        """Return a figure of a ranking, or None."""
        named = (figure for figure in self.figures if figure.name == name and figure.slice.get("ranking") == ranking)
        return next(named, None)


class ReplayedList(Part):
    """One list of the test as it would have run."""

    cycle: int = Field(description="number of the cycle")
    start: str = Field(description="when the cycle starts, UTC")
    n: int = Field(ge=0, description="rows of the cycle")
    with_outcome: int = Field(ge=0, description="rows with an outcome")
    listed: int = Field(ge=0, description="rows for review: the capacity, and whoever shares the last place")
    listed_with_outcome: int = Field(ge=0, description="rows for review with an outcome")
    new_since_last: int | None = Field(description="relationships not on the list before; null for the first list")


class LeadTime(Part):
    """Days from the first list that held a relationship to its outcome, over outcomes that some list held."""

    events: int = Field(ge=0, description="outcome events that some list held")
    median_days: float | None = Field(description="median; null without events")
    quarter_days: float | None = Field(description="lower quartile; null without events")
    three_quarter_days: float | None = Field(description="upper quartile; null without events")


class TestCohort(Part):
    """The complete cohort of the test."""

    __test__: ClassVar[bool] = False  # its name begins as those that pytest collects

    kind: Literal["monthly", "incident"] = Field(description="who is a row when")
    n: int = Field(ge=0, description="rows")
    relationships: int = Field(ge=0, description="distinct relationships")
    subjects: int = Field(ge=0, description="distinct subjects")
    lists: int = Field(ge=1, description="lists, one per cycle")
    start: str = Field(description="start of the first cycle, UTC")
    last_as_of: str = Field(description="last as-of, UTC")


class Resampling(Part):
    """How the intervals were drawn."""

    bootstrap: int = Field(ge=0, description="replicates")
    seed: int = Field(description="seed of the draws")


class Measured(Part):
    """Rankings measured on the same rows with the same draws."""

    capacity: int = Field(ge=1, description="places on each list")
    capacity_share: float | None = Field(
        default=None, gt=0, le=1, description="the places as a share of the mean list, where they were given so"
    )
    rankings: tuple[RankingFigures, ...] = Field(description="every ranking, the model first")
    calibration: Calibration | None = Field(description="of the model; null where it gives no probabilities")
    freshness: tuple[FreshnessBand, ...] = Field(description="by days since the last domestic incident; may be empty")
    halves: tuple[HalfOfTest, ...] = Field(
        default=(), description="the first and the second half of the lists; empty: one list, or version 1"
    )
    decision: DecisionCurve | None = Field(
        default=None, description="net benefit over thresholds and lengths of list; null in a RUN of before"
    )
    warnings: tuple[str, ...] = Field(description="what a reader must know before using the figures")

    @model_validator(mode="after")
    def _fold_into_a_line_of_the_table(self) -> Self:
        """Refuse a ranking folded into a ranking that has no line of its own: its figures would be on no line."""
        kept: set[str] = set()
        for ranking in self.rankings:
            if ranking.same_order_as is None:
                kept.add(ranking.name)
            elif ranking.same_order_as not in kept:
                raise ValueError(f"{ranking.name} is ordered as {ranking.same_order_as}, which has no line before it")
        return self

    @property
    def first_alike(self) -> dict[str, str]:
        """Of each ranking that orders the rows as an earlier one does, that earlier ranking's name."""
        return {item.name: item.same_order_as for item in self.rankings if item.same_order_as is not None}

    @property
    def lines(self) -> tuple[TableLine[RankingFigures], ...]:
        """The table as it is printed: rankings that order the rows alike on one line, the model's own line first."""
        return table_lines(self.rankings, self.first_alike)

    def ranking(self, name: str) -> RankingFigures | None:
        """Return the ranking of that name, or None."""
        return next((ranking for ranking in self.rankings if ranking.name == name), None)

    def figure(self, ranking: str, name: str, capacity: int | None = None) -> Figure | None:
        """Return a figure of a ranking at ``capacity`` (None: the capacity of the evaluation), or None."""
        named = self.ranking(ranking)
        return None if named is None else named.figure(name, self.capacity if capacity is None else capacity)


class Evaluation(Measured, Document):
    """What ``threat train`` measured, once, on the test of a RUN. Version 1 has no halves and no share."""

    FILE: ClassVar[str] = "evaluation.json"
    HOW_MADE: ClassVar[str] = "train again: threat train"

    VERSIONS_READ: ClassVar[tuple[int, ...]] = (1, 2)

    version: Literal[1, 2] = Field(default=2, description="version of this document")
    rung: str = Field(pattern=r"^Y[0-5]$", description="the outcome, a rung of threat/outcomes.csv")
    horizon_days: int = Field(ge=1, description="days within which the outcome counts")
    cohort: TestCohort = Field(description="what was measured on")
    replay: tuple[ReplayedList, ...] = Field(description="the model's lists as they would have run")
    no_probability: str = Field(default="", description="why calibration is null, in a sentence; empty where it is not")
    comparison: Comparison | None = Field(
        default=None, description="the comparison planned before the test was opened; null in a RUN of before"
    )
    estimand: Estimand | None = Field(
        default=None, description="what the figures are figures of, in counts; null in a RUN of before"
    )
    lead_time: LeadTime = Field(description="how far ahead of their outcome relationships were listed")
    settings: Resampling = Field(description="how the intervals were drawn")

    @property
    def compared_lines(self) -> tuple[TableLine[ComparedRanking], ...]:
        """The planned comparison as it is printed, folded as the table is; it says where a ranking equals the model."""
        compared = () if self.comparison is None else self.comparison.rankings
        return table_lines(compared, self.first_alike, outside={MODEL: "the model"})

    @property
    def headline(self) -> Figure | None:
        """The model's recall at capacity, or None."""
        return self.figure(MODEL, "recall_at_capacity")
