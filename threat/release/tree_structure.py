"""Structural check of a LightGBM text model before LightGBM may read it: its reader can hang or abort on a bad file.

Checked: the header, the byte size of every tree against ``tree_sizes``, array lengths against ``num_leaves``, feature
and child indices within bounds, every node and leaf reached exactly once from the root (so no cycle), finite numbers,
and no part of the format this product does not use (categorical splits, linear trees, several classes).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from threat.errors import IntegrityFailure

_HEADER = frozenset(
    {
        "version",
        "num_class",
        "num_tree_per_iteration",
        "label_index",
        "max_feature_idx",
        "objective",
        "average_output",
        "feature_names",
        "monotone_constraints",
        "feature_infos",
        "tree_sizes",
    }
)
_PER_NODE = ("split_feature", "split_gain", "threshold", "decision_type", "left_child", "right_child")
_PER_NODE_OPTIONAL = ("internal_value", "internal_weight", "internal_count")
_PER_LEAF = ("leaf_value",)
_PER_LEAF_OPTIONAL = ("leaf_weight", "leaf_count")
_SINGLE = ("num_leaves", "num_cat", "is_linear", "shrinkage")
_TREE = frozenset((*_PER_NODE, *_PER_NODE_OPTIONAL, *_PER_LEAF, *_PER_LEAF_OPTIONAL, *_SINGLE))

_MOST_TREES = 20_000
"""Trees at most: ten seeds of 2,000 rounds, the most that the settings of a training allow. A file beyond the bound is
refused, not parsed."""
_MOST_LEAVES = 100_000
"""Leaves of a tree at most. The presets of training allow at most 16: a tree beyond the bound is refused."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a well-formed model file holds. ``thresholds``: by feature index, the split points in file order."""

    features: tuple[str, ...]
    trees: int
    leaves: int
    thresholds: dict[int, list[float]]


def check(data: bytes, features: Sequence[str], where: str) -> Shape:
    """Check the bytes of ``model.txt`` and return its shape.

    ``features``: the names the model must take, in order. Raises IntegrityFailure with the first thing that is wrong.
    """
    try:
        return _check(data, tuple(features))
    except _Wrong as wrong:
        raise IntegrityFailure(
            "The model file is not well formed, so it is not given to LightGBM.",
            value=str(wrong),
            where=where,
            way_out="do not use this bundle; build it again from its RUN",
        ) from None


class _Wrong(Exception):
    pass


def _check(data: bytes, features: tuple[str, ...]) -> Shape:
    _require_text(data)
    start = data.find(b"\n\nTree=0\n") + 2
    if start < 2:
        raise _Wrong("no trees")
    header = _header(data[:start].decode())
    _require_features(header, features)
    if (header["num_class"], header["num_tree_per_iteration"]) != ("1", "1"):
        raise _Wrong("more than one class")
    sizes = [_integer(size) for size in header["tree_sizes"].split(" ")]
    if not 0 < len(sizes) <= _MOST_TREES or min(sizes) <= 0:
        raise _Wrong("tree_sizes out of bounds")
    leaves, position, thresholds = 0, start, dict[int, list[float]]()
    for number, size in enumerate(sizes):
        block = data[position : position + size]
        if len(block) != size or not block.startswith(f"Tree={number}\n".encode()) or not block.endswith(b"\n\n\n"):
            raise _Wrong(f"tree {number} does not have the size that tree_sizes gives")
        leaves += _tree(block.decode(), number, len(features), thresholds)
        position += size
    if not data[position:].startswith(b"end of trees\n"):
        raise _Wrong("something is between the last tree and 'end of trees'")
    _tail(data[position:].decode())
    return Shape(features, len(sizes), leaves, thresholds)


def _require_text(data: bytes) -> None:
    """Refuse bytes that are not UTF-8, and the two bytes on which LightGBM's reader and this one differ."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        raise _Wrong("not UTF-8") from None
    if b"\x00" in data or b"\r" in data:
        raise _Wrong("a byte that LightGBM never writes")


def _require_features(header: dict[str, str], features: tuple[str, ...]) -> None:
    """Refuse a header whose features, or values per feature, are not those of ``features``."""
    if tuple(header["feature_names"].split(" ")) != features:
        raise _Wrong("its features are not those of features.json, in that order")
    if _integer(header["max_feature_idx"]) != len(features) - 1:
        raise _Wrong("max_feature_idx does not match the number of features")
    for key in ("feature_infos", "monotone_constraints"):
        if key in header and len(header[key].split(" ")) != len(features):
            raise _Wrong(f"{key} does not match the number of features")


def _header(text: str) -> dict[str, str]:
    lines = text.rstrip("\n").split("\n")
    if lines[:2] != ["tree", "version=v4"]:
        raise _Wrong("not a LightGBM text model of version 4")
    header: dict[str, str] = {}
    for line in lines[1:]:
        key, _, value = line.partition("=")
        if key not in _HEADER or key in header:
            raise _Wrong(f"header line {key[:40]!r} is unknown or repeated")
        header[key] = value
    missing = {"num_class", "num_tree_per_iteration", "max_feature_idx", "feature_names", "tree_sizes"} - header.keys()
    if missing:
        raise _Wrong(f"header lacks {', '.join(sorted(missing))}")
    return header


def _tree(text: str, number: int, n_features: int, thresholds: dict[int, list[float]]) -> int:
    """Check tree ``number``, add its split points to ``thresholds``, and return how many leaves it has."""
    fields = _fields(text, number)
    n_leaves = _leaves(fields, number)
    if n_leaves > 1:  # a tree of a single leaf has no splits
        _splits(fields, number, n_leaves, n_features, thresholds)
    return n_leaves


def _fields(text: str, number: int) -> dict[str, str]:
    """Return the values of tree ``number`` by name: no unknown, repeated or missing name."""
    fields: dict[str, str] = {}
    for line in text.rstrip("\n").split("\n")[1:]:
        key, _, value = line.partition("=")
        if key not in _TREE or key in fields:
            raise _Wrong(f"tree {number}: line {key[:40]!r} is unknown or repeated")
        fields[key] = value
    missing = {"num_leaves", "num_cat", "leaf_value"} - fields.keys()
    if missing:
        raise _Wrong(f"tree {number}: lacks {', '.join(sorted(missing))}")
    return fields


def _leaves(fields: dict[str, str], number: int) -> int:
    """Check the values that every tree has, a tree of one leaf too, and return the number of leaves."""
    n_leaves = _integer(fields["num_leaves"])
    if not 0 < n_leaves <= _MOST_LEAVES:
        raise _Wrong(f"tree {number}: num_leaves out of bounds")
    if fields["num_cat"] != "0" or fields.get("is_linear", "0") != "0":
        raise _Wrong(f"tree {number}: categorical splits and linear leaves are not used here")
    _number(fields.get("shrinkage", "1"))
    for key in (*_PER_LEAF, *_PER_LEAF_OPTIONAL):
        if fields.get(key):
            _numbers(fields[key], n_leaves, f"tree {number}: {key}")
    return n_leaves


def _splits(
    fields: dict[str, str], number: int, n_leaves: int, n_features: int, thresholds: dict[int, list[float]]
) -> None:
    """Check the splits (one fewer than leaves) and add each split point to ``thresholds``, by feature index."""
    n_splits = n_leaves - 1
    if any(not fields.get(key) for key in _PER_NODE):
        raise _Wrong(f"tree {number}: lacks its splits")
    for key in ("split_gain", *_PER_NODE_OPTIONAL):
        if fields.get(key):
            _numbers(fields[key], n_splits, f"tree {number}: {key}")
    split = _integers(fields["split_feature"], n_splits, f"tree {number}: split_feature")
    if min(split) < 0 or max(split) >= n_features:
        raise _Wrong(f"tree {number}: split_feature out of bounds")
    # A split of missing from not missing has the threshold inf: every finite value goes left.
    words = fields["threshold"].split(" ")
    _numbers(" ".join("0" if word == "inf" else word for word in words), n_splits, f"tree {number}: threshold")
    for feature, word in zip(split, words, strict=True):
        if word != "inf":
            thresholds.setdefault(feature, []).append(float(word))
    kinds = _integers(fields["decision_type"], n_splits, f"tree {number}: decision_type")
    if any(kind not in {0, 2, 4, 6, 8, 10} for kind in kinds):
        raise _Wrong(f"tree {number}: a decision type that is not a numeric split")
    left = _integers(fields["left_child"], n_splits, f"tree {number}: left_child")
    right = _integers(fields["right_child"], n_splits, f"tree {number}: right_child")
    _reach(left, right, n_leaves, number)


def _reach(left: list[int], right: list[int], n_leaves: int, number: int) -> None:
    """Every node but the root, and every leaf (``~index``), is the child of exactly one node above it."""
    seen: set[int] = {0}
    for node, children in enumerate(zip(left, right, strict=True)):
        for child in children:
            inside = node < child < n_leaves - 1 if child >= 0 else ~child < n_leaves
            if not inside or child in seen:
                raise _Wrong(f"tree {number}: node {node} has a child out of bounds or one that is reached twice")
            seen.add(child)
    if len(seen) != 2 * n_leaves - 1:
        raise _Wrong(f"tree {number}: a node is never reached")


def _tail(text: str) -> None:
    """After the trees: importances, parameters (read back by LightGBM: one ``[name: value]`` a line), nothing else."""
    if not text.endswith("\n") or text.count("\nparameters:\n") != 1 or text.count("\nend of parameters\n") != 1:
        raise _Wrong("the part after the trees is not complete")
    _, _, rest = text.partition("\nparameters:\n")
    parameters, _, _ = rest.partition("\nend of parameters\n")
    for line in parameters.strip("\n").split("\n"):
        if line and not (line.startswith("[") and line.endswith("]") and ": " in line):
            raise _Wrong("a parameter line cannot be read")


def _integer(text: str) -> int:
    if not text.removeprefix("-").isascii() or not text.removeprefix("-").isdigit() or len(text) > 12:
        raise _Wrong(f"{text[:40]!r} is not a whole number")
    return int(text)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise _Wrong(f"{text[:40]!r} is not a number") from None
    if not math.isfinite(value):
        raise _Wrong(f"{text[:40]!r} is not finite")
    return value


def _integers(text: str, length: int, what: str) -> list[int]:
    values = [_integer(part) for part in text.split(" ")]
    if len(values) != length:
        raise _Wrong(f"{what} has {len(values)} entries, {length} expected")
    return values


def _numbers(text: str, length: int, what: str) -> list[float]:
    values = [_number(part) for part in text.split(" ")]
    if len(values) != length:
        raise _Wrong(f"{what} has {len(values)} entries, {length} expected")
    return values
