"""Several boosters as one: a score is the mean of the members' scores, and the model stays one text."""

from __future__ import annotations

import re
from collections.abc import Sequence

import lightgbm as lgb

from training.models.missing_side import Ends, sided

_SCALED = frozenset({"leaf_value", "internal_value", "shrinkage"})
"""Lines of a tree that scale with its output: those that LightGBM's own Tree::Shrinkage multiplies."""
_TREES, _END = "\n\nTree=0\n", "end of trees\n"
_THREADS = re.compile(r"^\[num_threads: \d+\]$", re.MULTILINE)


def averaged(members: Sequence[lgb.Booster], ends: Ends = ()) -> lgb.Booster:
    """Return a booster of all the members' trees, each divided by the number of members.

    ``ends``: by column, what a missing figure counted as when the members were fitted (``missing_side``).

    Raw scores are sums over trees, so the raw score is the mean of the members' raw scores, and exact contributions
    (TreeSHAP is linear in the leaves) are the means of theirs. The members must have read the same columns; the header
    and the parameters are those of the first, but for the number of threads: it does not change a model, so it must
    not change the bytes that are signed. Raises ValueError without members.
    """
    if not members:
        raise ValueError("There are no members to average.")
    texts = [member.model_to_string(num_iteration=-1) for member in members]
    head, _, rest = texts[0].partition(_TREES)
    tail = rest[rest.index(_END) :]
    trees = [_scaled(sided(block, ends), len(members)) for text in texts for block in _blocks(text)]
    # Without the sizes of the trees LightGBM reads them one after another; it writes the sizes, and how often each
    # feature is used, anew.
    header = "\n".join(line for line in head.split("\n") if not line.startswith("tree_sizes="))
    body = "".join(f"Tree={number}\n{tree}\n\n\n" for number, tree in enumerate(trees))
    return lgb.Booster(model_str=f"{header}\n\n{body}{_THREADS.sub('[num_threads: 1]', tail)}")


def _blocks(text: str) -> list[str]:
    """The lines of every tree but the first, which numbers it."""
    trees = text[text.index(_TREES) + 2 : text.index(_END)]
    return [block.partition("\n")[2] for block in trees.split("\n\n\n") if block]


def _scaled(tree: str, members: int) -> str:
    """Return the lines of a tree with its output, and the share of it that was added, divided by ``members``."""
    lines = []
    for line in tree.split("\n"):
        key, _, values = line.partition("=")
        scaled = key in _SCALED and values
        lines.append(f"{key}={' '.join(repr(float(v) / members) for v in values.split(' '))}" if scaled else line)
    return "\n".join(lines)
