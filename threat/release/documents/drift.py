"""How far the rows of a test are from the rows that the model was fitted on: features grow with the record."""

from __future__ import annotations

from pydantic import Field

from threat.release.documents.document import Part


class FeatureDrift(Part):
    """One feature on the rows of the test, compared with the fit rows."""

    feature: str = Field(min_length=1, description="name of the feature")
    fit_rows: int = Field(ge=0, description="fit rows with a value, before weighting")
    test_rows: int = Field(ge=0, description="rows of the test with a value")
    beyond: int = Field(ge=0, description="rows of the test whose value is above the fit rows' 99th percentile")
    shift: float = Field(description="mean of the test minus mean of the fit rows, in standard deviations of those")

    @property
    def share_beyond(self) -> float | None:
        """Share of the test rows with a value that are above the fit rows' 99th percentile; None without any."""
        return self.beyond / self.test_rows if self.test_rows else None


class Drift(Part):
    """Every feature that varies on the fit rows, the largest shift first, and the length of record by itself."""

    least_shift: float = Field(gt=0, description="standard deviations from which a feature counts as shifted")
    shifted: int = Field(ge=0, description="features whose mean shifted by more, in either direction")
    length_of_record: FeatureDrift | None = Field(description="the subject's length of record; null where left out")
    features: tuple[FeatureDrift, ...] = Field(description="every feature that varies on the fit rows")
