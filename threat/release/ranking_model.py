"""The model that ranks: LightGBM's trees, and the base that they were added to where there is one.

The one place where training and serving take a score and its parts. Unpickles nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from threat.errors import IntegrityFailure
from threat.release import tree_structure
from threat.release.base import Base, Matrix
from threat.release.documents.model import BaseModel
from threat.release.model_files import TREES
from threat.release.scorer import raw_score

Floats = NDArray[np.float64]

TOLERANCE = 1e-6
"""Largest allowed gap between a raw score and the sum of its contributions, relative to 1 + |score|."""


@dataclass(frozen=True, slots=True)
class Contributions:
    """What makes up raw scores, log odds: ``expected``, what each feature adds, and what time at liberty adds.

    ``by_feature``: float64 (n, d), base and trees together. ``liberty``: float64[n], 0 for a model without a base.
    ``expected``: float64[n], the same in every row.
    """

    by_feature: Floats
    liberty: Floats
    expected: Floats

    def total(self) -> Floats:
        """Return the sum of the parts of each row, float64[n]."""
        return self.by_feature.sum(axis=1) + self.liberty + self.expected


@dataclass(frozen=True, slots=True)
class RankingModel:
    """A booster (``lightgbm.Booster``), the base that its trees were added to, and the names of the columns it reads.

    ``base`` None: the trees are the whole model.
    """

    booster: Any
    base: Base | None
    names: tuple[str, ...]

    @classmethod
    def of(cls, booster: Any, base: BaseModel | None, names: Sequence[str]) -> RankingModel:
        """Return the model that reads columns ``names``. Raises IntegrityFailure where the base reads another one."""
        return cls(booster, None if base is None else Base.of(base, names), tuple(names))

    @classmethod
    def read(cls, files: Mapping[str, bytes], names: Sequence[str], where: str) -> RankingModel:
        """Return the model in the files of a RUN or bundle, bytes by name; ``where`` names their folder in errors.

        Raises IntegrityFailure for trees or a base that are malformed or do not read ``names``.
        """
        import lightgbm  # heavy: only when a model is read

        tree_structure.check(files[TREES], names, f"{where}/{TREES}")
        booster = lightgbm.Booster(model_str=files[TREES].decode())
        data = files.get(BaseModel.FILE)
        return cls.of(booster, None if data is None else BaseModel.parse(data, f"{where}/{BaseModel.FILE}"), names)

    def raw_score(self, values: Matrix, *, threads: int = 1) -> Floats:
        """Return the log odds, float64[n], of ``values`` (n, d); NaN = missing. Rankings use this number."""
        trees = raw_score(self.booster, values, threads=threads)
        # LightGBM leaves the scores that its fit started from out of its predictions.
        return trees if self.base is None else self.base.score(values) + trees

    def contributions(self, values: Matrix, *, threads: int = 1) -> Contributions:
        """Return the exact contributions of ``values`` (n, d); each row sums to its raw score.

        Of the trees: LightGBM's own path-dependent TreeSHAP (Lundberg et al. 2020, "From local explanations to global
        understanding with explainable AI for trees"). Of the base: coefficient times distance from the fit mean. Raises
        IntegrityFailure where a row does not sum.
        """
        parts, gap = self.unchecked_contributions(values, threads=threads)
        if len(gap) and not gap.max() <= TOLERANCE:
            raise IntegrityFailure(
                "The contributions of a score do not sum to the score.",
                value=f"row {int(gap.argmax())} differs by {gap.max():.3g}",
                way_out="do not show this explanation; the model file or the library is at fault",
            )
        return parts

    def unchecked_contributions(self, values: Matrix, *, threads: int = 1) -> tuple[Contributions, Floats]:
        """Return the contributions, and how far each row is from its raw score, float64[n].

        The distance is ``|sum - score| / (1 + |score|)``: absolute for small scores, relative for large ones.
        """
        trees = np.asarray(self.booster.predict(values, pred_contrib=True, num_threads=threads), dtype=np.float64)
        trees = trees.reshape(len(values), -1)
        by_feature, liberty, expected = trees[:, :-1], np.zeros(len(values)), trees[:, -1]
        if self.base is not None:
            of_base, liberty, expected_of_base = self.base.contributions(values)
            by_feature, expected = by_feature + of_base, expected + expected_of_base
        parts = Contributions(by_feature, liberty, expected)
        raw = self.raw_score(values, threads=threads)
        return parts, np.abs(parts.total() - raw) / (1 + np.abs(raw))
