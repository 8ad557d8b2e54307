"""``ablations.json``: what a RUN's lists on validation lose with some features, or all older records, taken out."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from threat.measuring.figure import Figure
from threat.release.documents.document import Document, Part


class Ablation(Part):
    """The model fitted again without a group of features, all else equal."""

    name: str = Field(min_length=1, description="the theme of the catalogue, or sensitive")
    features: tuple[str, ...] = Field(min_length=1, description="names of the features that were blanked")
    lost: Figure = Field(description="mean recall of the whole model minus that without the group, paired")


class HistoryAblation(Part):
    """The model fitted again where every row, fitted on or measured, reads its last months alone, all else equal."""

    months: int = Field(ge=1, description="how far back each row reads")
    days: int = Field(ge=1, description="the same in days of 24 hours before the as-of of the row")
    rows: int = Field(ge=0, description="rows measured")
    rows_with_older: int = Field(ge=0, description="of these, rows with a record that is older and was taken out")
    fit_rows: int = Field(ge=0, description="rows fitted on, added over the fits")
    fit_rows_with_older: int = Field(ge=0, description="of these, rows with a record that is older and was taken out")
    lost: Figure = Field(
        description="mean recall with the whole history minus that with the last months, paired; without a value where "
        "no row has an older record"
    )


class Ablations(Document):
    """Ablations by theme, of the sensitive features and of older records, on the validation rows alone.

    The test stays closed. Before version 2 no history was shortened.
    """

    FILE: ClassVar[str] = "ablations.json"
    ANNEX: ClassVar[bool] = True
    HOW_MADE: ClassVar[str] = "measure them: threat evaluate RUN --ablate --store STORE"
    MADE_AGAIN: ClassVar[str] = "measure again: threat evaluate RUN --ablate --store STORE"

    VERSIONS_READ: ClassVar[tuple[int, ...]] = (1, 2)

    version: Literal[1, 2] = Field(default=2, description="version of this document")
    measured_on: str = Field(min_length=1, description="which rows, in words")
    places: tuple[int, ...] = Field(min_length=1, description="lengths of list that recall is averaged over")
    mean_recall: Figure = Field(description="of the whole model, on the same rows")
    groups: tuple[Ablation, ...] = Field(description="the largest loss first")
    history: tuple[HistoryAblation, ...] = Field(default=(), description="the shortest history first")
