"""``expected_captures.json``: what a RUN's lists would meet by the truth of a synthetic force."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from threat.measuring.figure import Figure
from threat.release.documents.document import Document, Part


class ListCaptures(Part):
    """One list."""

    as_of: str = Field(description="as-of of the list, UTC")
    n: int = Field(ge=0, description="rows of its cohort")
    captures: float = Field(ge=0, description="expected outcomes met by the list")


class RankingCaptures(Part):
    """One ranking judged by the truth."""

    name: str = Field(min_length=1, description="name of the ranking")
    title: str = Field(min_length=1, description="the ranking in words")
    figures: tuple[Figure, ...] = Field(description="expected captures, and its shares of what can be reached")
    lists: tuple[ListCaptures, ...] = Field(description="list by list")

    def figure(self, name: str) -> Figure | None:
        """Return the figure of that name, or None."""
        return next((figure for figure in self.figures if figure.name == name), None)


class TriedRecipe(Part):
    """One recipe of the ceiling, measured on subjects of the reference force that it was not fitted on."""

    name: str = Field(min_length=1, description="name of the recipe")
    title: str = Field(min_length=1, description="the recipe in words")
    rounds: int = Field(ge=0, description="trees")
    deviance_explained: float = Field(le=1, description="share of the deviance of the latent risk explained")
    captured: float = Field(ge=0, le=1, description="share of the latent risk that lists of k/4 to 4k hold, the mean")
    standard_error: float = Field(
        default=0.0, ge=0, description="of the difference in captured from the recipe with the most, over subjects"
    )


class CeilingFit(Part):
    """The records-only ceiling: the same records, a far larger independent force to learn from."""

    rows: int = Field(ge=1, description="rows of the reference force")
    recipe: str = Field(default="trees", min_length=1, description="the recipe that is the ceiling")
    tried: tuple[TriedRecipe, ...] = Field(default=(), description="every recipe")
    rounds: int = Field(ge=0, description="trees")
    draws: int = Field(ge=1, description="runs forward per row")
    mean_risk: float = Field(ge=0, le=1, description="mean latent risk of those rows")
    deviance_explained: float = Field(le=1, description="share of the deviance explained on held-out subjects")


class CheckedRanking(Part):
    """One ranking on the rows of the particle check."""

    name: str = Field(min_length=1, description="name of the ranking")
    title: str = Field(min_length=1, description="the ranking in words")
    figures: tuple[Figure, ...] = Field(description="AUC by the true risk, and the risk in the top twentieth")


class MeanRisk(Part):
    """Mean risk of the same rows by two roads; alike means the filter mirrors the mechanism."""

    oracle: float = Field(ge=0, le=1, description="from the latent truth")
    filter: float = Field(ge=0, le=1, description="from the records, by particles")


class ParticleCheck(Part):
    """The records-only ceiling by another road: a particle filter on the records, on a sample of rows."""

    rows: int = Field(ge=0, description="rows filtered")
    left_out: dict[str, int] = Field(description="rows left out, by reason")
    least_effective: tuple[float, float] = Field(description="effective particles of a row: 5% and median")
    particles: int = Field(ge=1, description="particles of a row")
    mean_risk: MeanRisk = Field(description="mean risk of those rows")
    rankings: tuple[CheckedRanking, ...] = Field(description="every ranking on those rows")


class DeadlyRisk(Part):
    """The deadly part of the risk (rung Y1) on lists whose outcome is severe harm (rung Y2)."""

    expected_outcomes_per_list: float = Field(ge=0, description="by the truth, in the cohort of a list")
    mean_risk: float = Field(ge=0, le=1, description="mean latent risk of a row")
    mean_monte_carlo_error: float = Field(ge=0, description="mean Monte Carlo error of one row's risk")


class ExpectedCaptures(Document):
    """Expected captures of every ranking of a RUN. Only a synthetic force has them: a real force has no truth."""

    FILE: ClassVar[str] = "expected_captures.json"
    ANNEX: ClassVar[bool] = True
    HOW_MADE: ClassVar[str] = "make it, of a synthetic force: threat expected-captures RUN --force FOLDER"
    MADE_AGAIN: ClassVar[str] = "make it again: threat expected-captures RUN --force FOLDER"
    # Version 1 knew severe harm alone: no rung, no deadly risk.
    VERSIONS_READ: ClassVar[tuple[int, ...]] = (1, 2)

    version: Literal[1, 2] = Field(default=2, description="version of this document")
    run_id: str = Field(min_length=1, description="the RUN")
    draws: int = Field(ge=1, description="runs forward per row")
    seed: int = Field(description="seed of the draws")
    capacity: int = Field(ge=1, description="places on each list")
    rung: Literal["Y1", "Y2"] = Field(default="Y2", description="the outcome")
    horizon_days: int = Field(ge=1, description="days within which the outcome counts")
    n: int = Field(ge=0, description="rows of the test")
    relations: int = Field(ge=0, description="distinct true relationships")
    realised_rows: int = Field(ge=0, description="rows that saw an outcome")
    expected_outcomes_per_list: float = Field(ge=0, description="by the truth, in the cohort of a list")
    mean_risk: float = Field(ge=0, le=1, description="mean latent risk of a row")
    mean_monte_carlo_error: float = Field(ge=0, description="mean Monte Carlo error of one row's risk")
    deadly: DeadlyRisk | None = Field(default=None, description="the deadly part of the risk; null: not asked for")
    rankings: tuple[RankingCaptures, ...] = Field(description="every ranking, and the oracles")
    ceiling: CeilingFit | None = Field(default=None, description="how the ceiling was fitted; null without one")
    particle_check: ParticleCheck | None = Field(default=None, description="the check by particles, or null")

    @property
    def shares_of_ceiling(self) -> dict[str, Figure]:
        """Share of what the records-only ceiling reaches, by name of the ranking; empty where no ceiling was fitted."""
        shares = {ranking.name: ranking.figure("share_of_ceiling") for ranking in self.rankings}
        return {name: share for name, share in shares.items() if share is not None}
