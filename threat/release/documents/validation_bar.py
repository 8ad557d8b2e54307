"""Part ``bar`` of ``choices.json``: the model against the better of LightGBM from scratch and the regression."""

from __future__ import annotations

from pydantic import Field

from threat.measuring.figure import Figure
from threat.release.documents.comparison import VERDICT_WORDS, ComparisonVerdict, Power, power_words
from threat.release.documents.document import Part
from threat.release.documents.table_lines import and_list, in_running_text


class BarRanking(Part):
    """A ranking of the pooled validation rows, by fits that could not know a row's outcome."""

    name: str = Field(min_length=1, description="the approach, or elastic_net")
    title: str = Field(min_length=1, description="the ranking in words")
    mean_recall: float | None = Field(
        ge=0, le=1, description="of the rows with an outcome, the share listed, mean over the lengths; null without any"
    )


class ValidationBar(Part):
    """The model minus the better of its comparators, in pairs on the pooled validation rows.

    ``comparators``: LightGBM from scratch where it was tried and is not the model, and the regression. The better is
    the ranking of the higher mean recall on these very rows.
    """

    margin: float = Field(gt=0, description="mean recall that the model may lose and still be not worse")
    places: tuple[int, ...] = Field(min_length=1, description="lengths of list that recall is averaged over")
    people: int = Field(ge=0, description="distinct subjects of the rows with an outcome")
    model: BarRanking = Field(description="the approach of the model that ranks")
    comparators: tuple[BarRanking, ...] = Field(min_length=1, description="the rankings that the better is picked from")
    better: str = Field(min_length=1, description="name of the better of them")
    difference: Figure = Field(description="mean recall, model minus the better; n rows, events rows with an outcome")
    verdict: ComparisonVerdict = Field(description="what the interval of the difference says of the model")
    power: Power | None = Field(description="of this difference; null without an interval that can be trusted")
    reason: str = Field(default="", description="why the interval is not read; empty where it is")

    @property
    def met(self) -> bool:
        """Tell whether the interval can be read and its lower bound is above minus the margin."""
        interval = self.difference.interval
        return not self.reason and interval is not None and interval[0] > -self.margin

    @property
    def better_ranking(self) -> BarRanking:
        """The ranking that the model is compared with."""
        return next(ranking for ranking in self.comparators if ranking.name == self.better)

    @property
    def result(self) -> str:
        """Return the verdict and whether the bar is met, in words."""
        by_less = " by less than the margin" if self.met and self.verdict == "worse" else ""
        return f"{VERDICT_WORDS[self.verdict]}{by_less}, {'the bar is met' if self.met else 'the bar is not met'}"

    @property
    def difference_words(self) -> str:
        """Return the difference in mean recall with its interval, in words.

        Four decimals: an end of the interval that rounds to the margin must show on which side it is.
        """
        value, interval = self.difference.value, self.difference.interval
        if value is None or interval is None:
            return self.difference.reason or "not measured"
        return f"{value:+.4f} ({interval[0]:+.4f} to {interval[1]:+.4f})"

    @property
    def sentence(self) -> str:
        """Return what was compared and what came out, with its power."""
        places = and_list([f"{length:,}" for length in self.places])
        if self.reason:
            outcome = f"{self.reason}: {self.result}."
        else:
            power = "" if self.power is None else f" Power: {power_words([self.power])}."
            outcome = f"{self.difference_words}, margin {self.margin:g}: {self.result}.{power}"
        minus = _named(self.better_ranking)
        if len(self.comparators) > 1:
            minus = f"the better of {and_list([_named(ranking) for ranking in self.comparators])}"
        return (
            f"Bar on validation: mean recall over lists of {places}, {_named(self.model)} minus {minus}, on "
            f"{self.difference.events:,} rows with an outcome ({self.people:,} people): {outcome}"
        )

    @property
    def how_to_read(self) -> str:
        """Return what favours the model and what does not: everything was chosen on the rows that are compared."""
        said = "The model was chosen on these rows, which flatters it, as every penalty and number of rounds was."
        if len(self.comparators) > 1:
            said += " The better of the two was picked on them too, which makes the bar harder."
        said += " Recall is within the cohort here: the margin is stricter than on the test, which counts all outcomes."
        return f"{said} The test is what decides."


def _named(ranking: BarRanking) -> str:
    title = ranking.title if ranking.title.startswith("LightGBM") else in_running_text(ranking.title)
    return title if ranking.mean_recall is None else f"{title} ({ranking.mean_recall:.3f})"
