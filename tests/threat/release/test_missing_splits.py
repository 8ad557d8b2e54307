"""A split of missing from not missing: LightGBM writes its threshold as inf, and the bundle takes it."""

from __future__ import annotations

import numpy as np
import pytest

from threat.errors import IntegrityFailure
from threat.release import tree_structure


@pytest.fixture(scope="module")
def text() -> str:
    import lightgbm

    draw = np.random.default_rng(3)
    x = draw.normal(size=(400, 2))
    x[draw.random(400) < 0.5, 0] = np.nan
    y = np.isnan(x[:, 0]).astype(int)
    data = lightgbm.Dataset(x, y, feature_name=["a", "b"])
    return str(lightgbm.train({"objective": "binary", "verbosity": -1, "num_threads": 1}, data, 3).model_to_string())


def test_a_split_on_missing_is_well_formed_and_no_canary_is_drawn_there(text):
    assert any(line.startswith("threshold=") and "inf" in line.split("=")[1].split(" ") for line in text.split("\n"))
    shape = tree_structure.check(text.encode(), ["a", "b"], "model.txt")
    assert all(np.isfinite(points).all() for points in shape.thresholds.values())


@pytest.mark.parametrize("word", ["-inf", "nan", "INF", "infinity", "1e999"])
def test_other_endless_thresholds_are_refused(text, word):
    tampered = text.replace("=inf", f"={word}").replace(" inf", f" {word}")
    sizes = [len(block) for block in _blocks(tampered)]
    tampered = "\n".join(
        "tree_sizes=" + " ".join(map(str, sizes)) if line.startswith("tree_sizes=") else line
        for line in tampered.split("\n")
    )
    with pytest.raises(IntegrityFailure, match="not well formed") as caught:
        tree_structure.check(tampered.encode(), ["a", "b"], "model.txt")
    assert "finite" in str(caught.value) or "number" in str(caught.value)


def _blocks(text: str) -> list[str]:
    body = text[text.index("Tree=0\n") : text.index("end of trees")]
    return [f"Tree={part}" for part in body.split("Tree=")[1:]]
