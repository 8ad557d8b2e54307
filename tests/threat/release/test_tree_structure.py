"""The structural check of a model file: what LightGBM writes passes, what could harm its reader does not."""

from __future__ import annotations

import re
from typing import Any

import pytest

from threat.errors import IntegrityFailure
from threat.release.tree_structure import check

FEATURES = ["incidents_90d", "days_since_last", "breaches_all", "history_days"]


def test_what_lightgbm_writes_passes(model_text: str) -> None:
    shape = check(model_text.encode(), FEATURES, "model.txt")
    assert shape.features == tuple(FEATURES)
    assert shape.trees == 8
    sizes = [int(one) for one in re.findall(r"^num_leaves=(\d+)$", model_text, re.MULTILINE)]
    assert shape.leaves == sum(sizes)
    assert sum(map(len, shape.thresholds.values())) == sum(sizes) - 8
    assert set(shape.thresholds) <= {0, 1, 2, 3}


@pytest.mark.parametrize(
    "options", [{"boosting": "rf"}, {"num_leaves": 2}, {"min_data_in_leaf": 5_000}, {"max_depth": 1}]
)
def test_other_shapes_pass(options: dict[str, Any]) -> None:
    import lightgbm
    import numpy as np

    draw = np.random.default_rng(3)
    x = draw.normal(size=(400, 2))
    y = (x[:, 0] > 0).astype(int)
    plain = {"objective": "binary", "verbosity": -1, "num_threads": 1, "bagging_freq": 1, "bagging_fraction": 0.6}
    text = lightgbm.train(plain | options, lightgbm.Dataset(x, y, feature_name=["a", "b"]), 3).model_to_string()
    assert check(text.encode(), ["a", "b"], "m").trees >= 1


def numbers_of(text: str, key: str) -> list[tuple[int, str]]:
    """Position and digit of every digit on the lines of one key."""
    out = []
    for line in re.finditer(rf"^{key}=(.*)$", text, re.MULTILINE):
        out += [(line.start(1) + i, digit) for i, digit in enumerate(line.group(1)) if digit.isdigit()]
    return out


@pytest.mark.parametrize(
    "key",
    ["left_child", "right_child", "num_leaves", "tree_sizes", "max_feature_idx", "num_class", "num_cat", "is_linear"],
)
def test_every_changed_digit_that_steers_the_reader_is_found(model_text: str, key: str) -> None:
    places = numbers_of(model_text, key)
    assert places
    for position, digit in places:
        for other in {"0", "1", "7"} - {digit}:
            changed = model_text[:position] + other + model_text[position + 1 :]
            with pytest.raises(IntegrityFailure, match="not given to LightGBM"):
                check(changed.encode(), FEATURES, "model.txt")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("tree\n", "forest\n", "version 4"),
        ("version=v4", "version=v5", "version 4"),
        ("label_index=0", "label_index=0\nlabel_index=0", "unknown or repeated"),
        ("label_index=0", "surprise=0", "unknown or repeated"),
        ("Tree=0", "Tree=9", "no trees"),
        ("Tree=3", "Tree=4", "size that tree_sizes gives"),
        ("end of trees", "and of trees", "between the last tree"),
        ("parameters:", "settings:", "not complete"),
        ("[objective: binary]", "objective: binary", "parameter line"),
        ("incidents_90d", "incidents_91d", "not those of features.json"),
        ("\n\n", "\r\n\n", "never writes"),
    ],
)
def test_damage_is_named(model_text: str, old: str, new: str, words: str) -> None:
    assert old in model_text
    with pytest.raises(IntegrityFailure) as caught:
        check(model_text.replace(old, new, 1).encode(), FEATURES, "model.txt")
    assert words in str(caught.value.value)


def with_number(text: str, key: str, value: str) -> str:
    """The model with the first number of a line replaced, and the tree's declared size put right."""
    line = re.search(rf"^{key}=(\S+)", text, re.MULTILINE)
    assert line is not None
    changed = text[: line.start(1)] + value + text[line.end(1) :]
    size = re.search(r"tree_sizes=(\d+)", changed)
    assert size is not None
    grown = int(size.group(1)) + len(value) - len(line.group(1))
    return changed[: size.start(1)] + str(grown) + changed[size.end(1) :]


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e400", "abc", ""])
@pytest.mark.parametrize("key", ["threshold", "leaf_value", "split_gain"])
def test_only_finite_numbers(model_text: str, key: str, value: str) -> None:
    changed = with_number(model_text, key, value).encode()
    if (key, value) == ("threshold", "inf"):  # LightGBM's own split of missing from not missing
        assert check(changed, FEATURES, "model.txt").trees == 8
        return
    with pytest.raises(IntegrityFailure) as caught:
        check(changed, FEATURES, "model.txt")
    assert str(caught.value.value).endswith(("is not finite", "is not a number"))


def test_a_feature_out_of_bounds(model_text: str) -> None:
    line = re.search(r"^split_feature=(\d)", model_text, re.MULTILINE)
    assert line is not None
    changed = model_text[: line.start(1)] + "4" + model_text[line.end(1) :]
    with pytest.raises(IntegrityFailure) as caught:
        check(changed.encode(), FEATURES, "model.txt")
    assert caught.value.value == "tree 0: split_feature out of bounds"


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_file_cut_short(model_text: str, share: float) -> None:
    with pytest.raises(IntegrityFailure):
        check(model_text.encode()[: int(len(model_text) * share)], FEATURES, "model.txt")


def test_not_text() -> None:
    with pytest.raises(IntegrityFailure) as caught:
        check(b"\xff\xfe\n\nTree=0\n", FEATURES, "model.txt")
    assert caught.value.value == "not UTF-8"
