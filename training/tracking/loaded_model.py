"""The model as MLflow loads it: this file is logged as code, next to the RUN's ``model/``. There is no pickle.

Needs the product installed where it is loaded. Scores what it is given; it neither checks a signature nor serves.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel

from threat.release.documents.model import BaseModel, Calibrator, ModelFeatures
from threat.release.ranking_model import RankingModel
from threat.release.scorer import probability


class LoadedModel(PythonModel):
    """Scores rows of features by the product's own scorer."""

    def load_context(self, context: Any) -> None:
        """Read trees, base, features and calibrator from the folder that was logged."""
        folder = Path(context.artifacts["model"])
        booster = lightgbm.Booster(model_str=(folder / "model.txt").read_text(encoding="utf-8"))
        features = ModelFeatures.parse((folder / "features.json").read_bytes(), "features.json")
        base = folder / "base.json"
        start = BaseModel.parse(base.read_bytes(), "base.json") if base.is_file() else None
        self.model = RankingModel.of(booster, start, features.names)
        self.calibrator = Calibrator.parse((folder / "calibrator.json").read_bytes(), "calibrator.json")

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Return ``score`` (log odds, what ranks) and ``probability`` of each row of features; NaN = missing."""
        # By name, in the model's order; the signature has refused a frame that lacks a column.
        values = np.ascontiguousarray(model_input[list(self.model.names)].to_numpy(dtype=np.float32))
        score = self.model.raw_score(values)
        columns = {"score": score, "probability": probability(self.calibrator, score)}
        return pd.DataFrame(columns, index=model_input.index)


set_model(LoadedModel())
