"""The one comparison that is written down before the test is opened: its plan, with its power, and its result."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from threat.measuring.figure import Figure
from threat.release.documents.document import Part

ComparisonVerdict = Literal["better", "not_worse", "worse", "not_enough_evidence", "not_measured"]

VERDICT_WORDS: dict[ComparisonVerdict, str] = {
    "better": "better",
    "not_worse": "not worse",
    "worse": "worse",
    "not_enough_evidence": "not enough evidence",
    "not_measured": "not measured",
}
"""What is said of the model, by verdict."""

REGRESSION = "elastic_net"
"""Name of the regression's ranking: a model that loses to it has no reason to be there, so that is said first."""

PROMISE = (
    "What is promised is a model that is not worse, calibrated and explained: to show a gain of 0.02 in AUC takes "
    "about 1,000 outcomes."
)
"""Why the margin is what it is; the figure is that of ``docs/training.md``, at 80% power."""


class Power(Part):
    """What a paired difference can show, from its standard error.

    ``not_worse``: chance that a model exactly as good is found not worse, the whole interval above minus the margin.
    ``detectable``: difference that excludes 0 in 80 of 100 tests.
    """

    standard_error: float = Field(ge=0, description="of the paired difference in mean recall")
    not_worse: float = Field(ge=0, le=1, description="chance to find a model exactly as good not worse")
    detectable: float = Field(ge=0, description="difference found at 80% power, two-sided at 5%")


class PlannedRanking(Part):
    """One ranking that the model is to be compared with."""

    name: str = Field(min_length=1, description="name of the ranking")
    title: str = Field(min_length=1, description="the ranking in words")
    power: Power | None = Field(description="expected of the test; null where validation cannot tell")


class ComparisonPlan(Part):
    """The comparison as it was planned on validation, before the test was opened."""

    rows_with_outcome: int = Field(ge=0, description="rows of validation with an outcome")
    people: int = Field(ge=0, description="distinct subjects of those rows")
    days: float = Field(gt=0, description="days of outcomes that validation covers")
    test_days: float = Field(gt=0, description="days of outcomes that the test covers")
    rankings: tuple[PlannedRanking, ...] = Field(description="in the order of the settings")


class ComparedRanking(Part):
    """The model minus one ranking."""

    name: str = Field(min_length=1, description="name of the ranking")
    title: str = Field(min_length=1, description="the ranking in words")
    difference: Figure | None = Field(description="mean recall, model minus this ranking; null where not measured")
    verdict: ComparisonVerdict = Field(description="what the interval of the difference says of the model")
    power: Power | None = Field(description="of the test as it was; null without an interval that can be trusted")
    reason: str = Field(default="", description="why the interval is not read; empty where it is")


class Comparison(Part):
    """The comparison as it came out.

    ``better``: the whole interval is above 0. ``worse``: it is below 0. ``not_worse``: it is above minus the margin.
    Anything else is not enough evidence, and so is a comparison in which neither ranking caught ten outcomes.
    """

    version: str = Field(min_length=1, description="version of the settings of the comparison")
    measure: Literal["mean_recall"] = Field(description="the one measure that is compared")
    margin: float = Field(gt=0, description="mean recall that a model may lose and still be not worse")
    places: tuple[int, ...] = Field(description="lengths of list that recall is averaged over")
    events: int = Field(ge=0, description="outcome events of the test")
    plan: ComparisonPlan | None = Field(description="what was planned on validation; null where nothing was")
    rankings: tuple[ComparedRanking, ...] = Field(description="every ranking compared with, in the planned order")

    @property
    def lost(self) -> str:
        """Return the sentence that must come first where the model loses to the regression; empty otherwise."""
        ranking = next((ranking for ranking in self.rankings if ranking.name == REGRESSION), None)
        if ranking is None or ranking.verdict != "worse":
            return ""
        return f"The model loses to the {ranking.title[0].lower()}{ranking.title[1:]}: {words_of(ranking)}."

    @property
    def terms(self) -> str:
        """Return what is compared, by which margin, and with how much power, in sentences."""
        places = ", ".join(f"{length:,}" for length in self.places)
        said = (
            f"Comparison written down before the test was opened ({self.version}): mean recall over lists of {places}, "
            f"model minus each ranking, margin {self.margin:g}."
        )
        planned = [] if self.plan is None else [ranking.power for ranking in self.plan.rankings]
        if self.plan is not None:
            words = power_words([power for power in planned if power is not None])
            said += (
                f" Planned on {self.plan.rows_with_outcome:,} rows of validation with an outcome "
                f"({self.plan.people:,} people), in recall within the cohort: "
                f"{words or 'too few to say what the test can tell'}."
            )
        measured = [ranking.power for ranking in self.rankings if ranking.power is not None]
        if words := power_words(measured):
            said += f" With the {self.events:,} outcome events of the test, in recall of all of them: {words}."
        return said

    @property
    def in_short(self) -> str:
        """Return every verdict in one sentence, the model's losses first."""
        order: tuple[ComparisonVerdict, ...] = ("worse", "better", "not_worse", "not_enough_evidence", "not_measured")
        parts = []
        for verdict in order:
            titles = [f"{item.title[0].lower()}{item.title[1:]}" for item in self.rankings if item.verdict == verdict]
            if titles:
                parts.append(f"{VERDICT_WORDS[verdict]}: {', '.join(titles)}")
        return f"Mean recall of the model, margin {self.margin:g}; " + "; ".join(parts) + "."


def words_of(ranking: ComparedRanking) -> str:
    """Return the difference in mean recall with its interval, in words."""
    difference = ranking.difference
    if difference is None or difference.value is None:
        return "mean recall not compared"
    if difference.interval is None:
        return f"mean recall {difference.value:+.3f}"
    low, high = difference.interval
    if ranking.reason:
        return f"mean recall {difference.value:+.3f}; {ranking.reason}"
    return f"mean recall {difference.value:+.3f} ({low:+.3f} to {high:+.3f})"


def verdict_of(difference: Figure | None, margin: float) -> ComparisonVerdict:
    """Return what the interval of a difference, model minus ranking, says of the model.

    Better: wholly above 0. Worse: wholly below 0, however little. Not worse: wholly above minus the margin. Anything
    else is not enough evidence; a ranking that is not in the table is not measured.

    >>> figure = Figure(name="d", title="D", value=0.0, n=9, events=9, interval=(-0.01, 0.01), method="paired")
    >>> verdict_of(figure, margin=0.02), verdict_of(figure, margin=0.005)
    ('not_worse', 'not_enough_evidence')
    """
    if difference is None:
        return "not_measured"
    if difference.interval is None:
        return "not_enough_evidence"
    low, high = difference.interval
    if low > 0 or high < 0:
        return "better" if low > 0 else "worse"
    return "not_worse" if low > -margin else "not_enough_evidence"


def power_words(powers: list[Power]) -> str:
    """Return the range of what can be detected and of the power at the margin, in words; empty without any."""
    if not powers:
        return ""
    detectable, chances = [power.detectable for power in powers], [power.not_worse for power in powers]
    return (
        f"differences of {_range([f'{value:.3f}' for value in (min(detectable), max(detectable))])} are found at 80% "
        f"power, and a model exactly as good is found not worse in "
        f"{_range([f'{value:.0%}' for value in (min(chances), max(chances))])} of tests"
    )


def _range(ends: list[str]) -> str:
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"
