"""A choice made on validation by the one rule of ``training.models.choosing``: every option with its figures."""

from __future__ import annotations

from pydantic import Field

from threat.release.documents.document import Part


class ComparedOption(Part):
    """One option on the pooled validation rows, compared in pairs with the best option."""

    name: str = Field(min_length=1, description="name of the option")
    mean_recall: float | None = Field(
        ge=0, le=1, description="of the rows with an outcome, the share listed, mean over the lengths; null without any"
    )
    difference: float | None = Field(description="mean recall minus that of the best option; null without outcomes")
    standard_error: float | None = Field(
        ge=0, description="of the difference, over draws of subjects; null for the best option or without outcomes"
    )

    @property
    def detectable(self) -> float | None:
        """Least true difference from the best that such a validation finds with 80% power (2.8 standard errors)."""
        return None if self.standard_error is None else 2.8 * self.standard_error


class OptionChoice(Part):
    """The simplest option whose mean recall is within one standard error of the best."""

    chosen: str = Field(min_length=1, description="the simplest option within one standard error of the best")
    best: str = Field(min_length=1, description="the option of the highest mean recall")
    options: tuple[ComparedOption, ...] = Field(min_length=1, description="every option, the simplest first")
    rows: int = Field(ge=0, description="pooled validation rows")
    rows_with_outcome: int = Field(ge=0, description="of those, rows with an outcome")
    subjects: int = Field(ge=0, description="distinct subjects of those rows")
    lists: int = Field(ge=0, description="lists of those rows")
    places: tuple[int, ...] = Field(min_length=1, description="lengths of list that recall was averaged over")
