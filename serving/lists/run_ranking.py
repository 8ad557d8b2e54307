"""The model of a RUN as a ranking, released or not: to read its sentences, never to order a list that is shown."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from features import Catalogue, Matrix, load_catalogue
from serving.lists.rankings import matching_catalogue
from threat.release.documents.model import ModelFeatures
from threat.release.model_files import ranking_files
from threat.release.ranking_model import Contributions, RankingModel
from threat.release.runs import Run


@dataclass(frozen=True)
class RunRanking:
    """The model of a sealed RUN, whose files were verified when it was opened."""

    run: Run
    kind: Literal["model", "rule"] = "model"
    demonstration: bool = True
    note: str = "Read for its sentences; no gate let it through."

    @classmethod
    def open(cls, directory: Path) -> RunRanking:
        """Open the model of a RUN.

        Raises UsageError when there is no RUN or it has no model, IntegrityFailure when it was changed, its trees or
        base are malformed, or it was made with another catalogue than the installed one.
        """
        ranking = cls(Run.open(directory))
        matching_catalogue(ranking._features.catalogue_version)
        return ranking

    @property
    def id(self) -> str:
        return self.run.manifest_sha256

    @property
    def title(self) -> str:
        return f"Model of the RUN {self.run.id}, not released"

    @cached_property
    def _features(self) -> ModelFeatures:
        return self.run.read(ModelFeatures)

    @cached_property
    def _model(self) -> RankingModel:
        return RankingModel.read(ranking_files(self.run), self._features.names, str(self.run.directory))

    def catalogue(self) -> Catalogue:
        return load_catalogue()

    def reads(self) -> tuple[str, ...]:
        return self._features.names

    def score(self, matrix: Matrix) -> NDArray[np.float64]:
        return self._model.raw_score(self._values(matrix, slice(None)))

    def contributions(self, matrix: Matrix, chosen: NDArray[np.intp]) -> tuple[tuple[str, ...], Contributions]:
        return self.reads(), self._model.contributions(self._values(matrix, chosen))

    def _values(self, matrix: Matrix, rows: NDArray[np.intp] | slice) -> NDArray[np.float32]:
        at = {name: i for i, name in enumerate(matrix.names)}
        return np.ascontiguousarray(matrix.values[rows][:, [at[name] for name in self.reads()]])
