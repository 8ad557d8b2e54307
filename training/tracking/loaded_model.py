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

from threat.release.documents.model import Calibrator, ModelFeatures
from threat.release.scorer import probability, raw_score


class RankingModel(PythonModel):
    """Scores rows of features by the product's own scorer."""

    def load_context(self, context: Any) -> None:
        """Read model, features and calibrator from the folder that was logged."""
        folder = Path(context.artifacts["model"])
        self.booster = lightgbm.Booster(model_str=(folder / "model.txt").read_text(encoding="utf-8"))
        self.features = ModelFeatures.parse((folder / "features.json").read_bytes(), "features.json")
        self.calibrator = Calibrator.parse((folder / "calibrator.json").read_bytes(), "calibrator.json")

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Return ``score`` (log odds, what ranks) and ``probability`` of each row of features; NaN = missing."""
        # By name, in the model's order; the signature has refused a frame that lacks a column.
        values = np.ascontiguousarray(model_input[list(self.features.names)].to_numpy(dtype=np.float32))
        score = raw_score(self.booster, values)
        found = {"score": score, "probability": probability(self.calibrator, score)}
        return pd.DataFrame(found, index=model_input.index)


set_model(RankingModel())
