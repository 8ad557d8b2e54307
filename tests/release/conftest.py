"""A small, real LightGBM model in a sealed RUN, with a gate that passed in the demonstration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from threat.release.runs import Run
from threat.release.signing import Signer, demonstration_signer

FEATURES = ["incidents_90d", "days_since_last", "breaches_all", "history_days"]
PASSED = {"verdict": "pass", "environment": "demonstration", "policy_version": "test", "checks": []}


@pytest.fixture(scope="session")
def model_text() -> str:
    import lightgbm

    draw = np.random.default_rng(7)
    x = draw.normal(size=(600, 4))
    x[draw.random(x.shape) < 0.15] = np.nan
    y = (np.nan_to_num(x[:, 0]) + 0.5 * np.nan_to_num(x[:, 2]) + draw.normal(size=600) > 1).astype(int)
    data = lightgbm.Dataset(x, y, feature_name=FEATURES)
    options = {"objective": "binary", "num_leaves": 7, "verbosity": -1, "num_threads": 1, "seed": 1}
    return str(lightgbm.train(options, data, 8).model_to_string())


@pytest.fixture
def make_run(tmp_path: Path, model_text: str) -> Any:
    def make(run_id: str = "run-1", gate: dict[str, Any] | None = None, text: str | None = None) -> Run:
        run = Run.create(tmp_path / "runs", run_id)
        run.write_text("model/model.txt", model_text if text is None else text)
        run.write_json("model/features.json", {"catalogue_version": "c1", "names": FEATURES, "constraints": [0] * 4})
        run.write_json("model/calibrator.json", {"method": "platt", "slope": 1.0, "intercept": 0.0})
        run.write_json("evaluation.json", {"rung": "Y2", "run": run_id})
        run.seal()
        run.add("gate.json", PASSED if gate is None else gate)
        run.add("card.json", {"schema_version": "1.0"})
        return run

    return make


@pytest.fixture
def var(tmp_path: Path) -> Path:
    return tmp_path / "var"


@pytest.fixture
def signer(var: Path) -> Signer:
    return demonstration_signer(var / "keys", "release service", role="service", purposes=("bundle", "promotion"))


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
