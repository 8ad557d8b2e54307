"""``comparison_with_champion.json``: what changes for whom where a challenger's lists replace the champion's."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from threat.measuring.figure import Figure
from threat.release.documents.comparison import ComparedRanking
from threat.release.documents.document import Document, Part
from threat.release.documents.evaluation import Resampling

CHAMPION = "champion"
"""Name of the champion's ranking: its column in ``champion_scores.parquet``."""
CHAMPION_SCORES = "champion_scores.parquet"
"""Annex next to the comparison: the champion's raw score of every test row, in the order of ``predictions.parquet``."""

_HOW_MADE = "compare them: threat compare RUN --champion BUNDLE_OR_RUN --store STORE"
_MADE_AGAIN = "compare again: threat compare RUN --champion BUNDLE_OR_RUN --store STORE"

FitDateIs = Literal["exact", "at_latest", "unknown"]


class ComparedModel(Part):
    """One of the two models, and what is known of how it was fitted."""

    kind: Literal["run", "bundle"] = Field(description="where it was read from")
    run_id: str = Field(min_length=1, description="id of the RUN that trained it")
    manifest_sha256: str = Field(min_length=64, max_length=64, description="hash that names the RUN or bundle")
    catalogue_version: str = Field(min_length=1, description="version of the feature catalogue it was fitted with")
    features: int = Field(ge=1, description="columns it reads")
    rung: str = Field(description="outcome it was fitted to; empty where its documents cannot be read")
    horizon_days: int = Field(ge=0, description="days within which that outcome counts; 0 where not known")
    cohort: Literal["monthly", "incident", ""] = Field(
        description="whose rows it was chosen and calibrated on; empty where not known"
    )
    fit_date: str | None = Field(description="nothing it was fitted on was learnt after it, UTC; null where not known")
    fit_date_is: FitDateIs = Field(
        description="at_latest: a bundle names the start of its own test alone, which no fit date comes after"
    )


class Overlap(Part):
    """How many places of lists of one length both models fill with the same rows."""

    places: int = Field(ge=1, description="places on each list")
    share: float = Field(ge=0, le=1, description="of the places of all lists, those that both fill with the same row")
    by_list: tuple[float, ...] = Field(description="the same list by list, in the order of cycles")


class Moved(Part):
    """Rows that one model lists and the other does not; of rows that tie at a cut, the part of the place.

    A relationship can move on several lists. Rows left out of every figure take places and have no outcome.
    """

    places: float = Field(ge=0, description="places that change hands")
    relationships: int = Field(ge=0, description="distinct relationships")
    subjects: int = Field(ge=0, description="distinct subjects")
    rows_with_outcome: float = Field(ge=0, description="of the places, those of rows with an outcome")
    events: float = Field(ge=0, description="outcome events credited to those rows")


class ThemeMoves(Part):
    """How much more the challenger than the champion makes of one theme, mean log odds of the rows that moved.

    Each model's contributions are centred on its own mean over the test, so that a shift of all rows is no reason.
    """

    theme: str = Field(min_length=1, description="theme of the catalogue, or time_at_liberty")
    on: float | None = Field(description="challenger minus champion, rows that moved on; null where none did")
    off: float | None = Field(description="the same of rows that moved off; null where none did")
    on_less_off: float | None = Field(description="what parts the two: the themes are in the order of its size")


class MovedRelationship(Part):
    """A relationship that moved, as an example."""

    relationship: str = Field(pattern=r"^R-[0-9a-f]{16}$", description="id of the relationship, as lists show it")
    as_of: str = Field(description="as-of of its row, UTC")
    champion_rank: int = Field(ge=1, description="place on the champion's list; equal scores share the first")
    challenger_rank: int = Field(ge=1, description="place on the challenger's list, likewise")
    theme: str = Field(min_length=1, description="theme that moved it most in the direction in which it moved")
    difference: float = Field(description="challenger minus champion of that theme, centred, log odds")


class MovedRelationships(Document):
    """Examples of who moves, which are rows about people: they stay with the RUN, and no page, card or mirror has them.

    Highest on the lists of the model that lists them, among those that moved by a whole place.
    """

    FILE: ClassVar[str] = "moved_relationships.json"
    ANNEX: ClassVar[bool] = True
    VERSIONED_FROM_THE_START: ClassVar[bool] = True
    HOW_MADE: ClassVar[str] = _HOW_MADE
    MADE_AGAIN: ClassVar[str] = _MADE_AGAIN

    version: Literal[1] = Field(default=1, description="version of this document")
    champion_manifest_sha256: str = Field(min_length=64, max_length=64, description="hash that names the champion")
    on: tuple[MovedRelationship, ...] = Field(description="listed by the challenger and not by the champion")
    off: tuple[MovedRelationship, ...] = Field(description="listed by the champion and not by the challenger")


class ChampionComparison(Document):
    """A challenger compared with a champion on the challenger's own complete test cohort."""

    FILE: ClassVar[str] = "comparison_with_champion.json"
    ANNEX: ClassVar[bool] = True
    VERSIONED_FROM_THE_START: ClassVar[bool] = True
    HOW_MADE: ClassVar[str] = _HOW_MADE
    MADE_AGAIN: ClassVar[str] = _MADE_AGAIN

    version: Literal[1] = Field(default=1, description="version of this document")
    challenger: ComparedModel = Field(description="the RUN whose test both rank")
    champion: ComparedModel = Field(description="the model that it would replace")
    rung: str = Field(pattern=r"^Y[0-5]$", description="the outcome that is measured: the challenger's")
    horizon_days: int = Field(ge=1, description="days within which the outcome counts")
    test_start: str = Field(description="start of the test's first cycle, UTC")
    n: int = Field(ge=0, description="rows on the lists")
    events: int = Field(ge=0, description="outcome events, outside the cohort too")
    cycles: tuple[int, ...] = Field(min_length=1, description="numbers of the cycles, in order")
    capacity: int = Field(ge=1, description="places on each list")
    capacity_share: float | None = Field(description="those places as a share of the mean list, where given so")
    may_have_seen_the_test: bool | None = Field(
        description="whether the champion may have been fitted on outcomes of the test; null where not known"
    )
    cautions: tuple[str, ...] = Field(description="what a reader must know before using the figures")
    overlap: tuple[Overlap, ...] = Field(min_length=1, description="by length of list, the shortest first")
    moved_on: Moved = Field(description="listed by the challenger and not by the champion, at the capacity")
    moved_off: Moved = Field(description="listed by the champion and not by the challenger, at the capacity")
    themes: tuple[ThemeMoves, ...] = Field(description="why rows moved, the largest first; empty where none did")
    rows_centred_on: int = Field(ge=0, description="drawn test rows behind the means that contributions are centred on")
    margin: float = Field(gt=0, description="mean recall that a challenger may lose and still be not worse")
    verdict: ComparedRanking = Field(description="mean recall, challenger minus champion, with its power")
    challenger_figures: tuple[Figure, ...] = Field(description="as in evaluation.json")
    champion_figures: tuple[Figure, ...] = Field(
        description="the same of the champion, and the challenger minus the champion, paired"
    )
    settings: Resampling = Field(description="how the intervals were drawn: as those of evaluation.json")
    champion_scores_sha256: str = Field(
        min_length=64, max_length=64, description="hash of champion_scores.parquet, made with this document"
    )

    def difference(self, name: str) -> Figure | None:
        """Return the figure ``name`` of the challenger minus that of the champion, or None."""
        return next((figure for figure in self.champion_figures if figure.name == f"{name}_difference"), None)
