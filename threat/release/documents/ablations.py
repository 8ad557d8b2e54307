"""``ablations.json``: what a RUN's lists on validation lose where the model is fitted without some of its features."""

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


class Ablations(Document):
    """Ablations by theme and of the sensitive features, on the validation rows alone: the test stays closed."""

    FILE: ClassVar[str] = "ablations.json"
    ANNEX: ClassVar[bool] = True
    HOW_MADE: ClassVar[str] = "measure them: threat evaluate RUN --ablate --store STORE"
    MADE_AGAIN: ClassVar[str] = "measure again: threat evaluate RUN --ablate --store STORE"

    version: Literal[1] = Field(default=1, description="version of this document")
    measured_on: str = Field(min_length=1, description="which rows, in words")
    places: tuple[int, ...] = Field(min_length=1, description="lengths of list that recall is averaged over")
    mean_recall: Figure = Field(description="of the whole model, on the same rows")
    groups: tuple[Ablation, ...] = Field(description="the largest loss first")
