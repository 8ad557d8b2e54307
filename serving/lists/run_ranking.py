"""The model of a RUN as a ranking, released or not: to read its sentences, never to order a list that is shown."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from features import Catalogue, Matrix, load_catalogue
from serving.lists.rankings import matching_catalogue
from threat.release import scorer, tree_structure
from threat.release.documents.model import ModelFeatures
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

        Raises UsageError when there is no RUN or it has no model, IntegrityFailure when it was changed, its trees are
        malformed, or it was made with another catalogue than the installed one.
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
    def _booster(self) -> Any:
        import lightgbm  # heavy: only when a model is read

        path = self.run.path("model/model.txt")
        text = path.read_bytes()
        tree_structure.check(text, self._features.names, str(path))
        return lightgbm.Booster(model_str=text.decode())

    def catalogue(self) -> Catalogue:
        return load_catalogue()

    def reads(self) -> tuple[str, ...]:
        return self._features.names

    def score(self, matrix: Matrix) -> NDArray[np.float64]:
        return scorer.raw_score(self._booster, self._values(matrix, slice(None)))

    def contributions(self, matrix: Matrix, chosen: NDArray[np.intp]) -> tuple[tuple[str, ...], NDArray[np.float64]]:
        return self.reads(), scorer.contributions(self._booster, self._values(matrix, chosen))

    def _values(self, matrix: Matrix, rows: NDArray[np.intp] | slice) -> NDArray[np.float32]:
        at = {name: i for i, name in enumerate(matrix.names)}
        return np.ascontiguousarray(matrix.values[rows][:, [at[name] for name in self.reads()]])
