"""The files of a model that ranks, and the one hash that names them."""

from __future__ import annotations

from collections.abc import Mapping

from threat.files import sha256_of
from threat.release.documents.model import BaseModel
from threat.release.runs import Run

TREES = "model/model.txt"
"""LightGBM's text: every model has it."""
RANKING_FILES = (TREES, BaseModel.FILE)
"""The files that a raw score is computed from; a model without a base lacks the second."""


def model_sha256(files: Mapping[str, bytes]) -> str:
    """Return the hash that names a model: ``choices.json``, the gate and a bundle's manifest say it.

    ``files``: bytes by name; any but RANKING_FILES are ignored. A model without a base has the hash of its trees, as
    every model had before there were bases. With a base it is the hash of what
    ``sha256sum model/model.txt model/base.json`` prints.

    >>> model_sha256({TREES: b"trees"}) == sha256_of(b"trees")
    True
    >>> lines = f"{sha256_of(b'trees')}  model/model.txt\\n{sha256_of(b'{}')}  model/base.json\\n"
    >>> model_sha256({TREES: b"trees", "model/base.json": b"{}"}) == sha256_of(lines.encode())
    True
    """
    if BaseModel.FILE not in files:
        return sha256_of(files[TREES])
    lines = [f"{sha256_of(files[name])}  {name}\n" for name in RANKING_FILES]
    return sha256_of("".join(lines).encode())


def ranking_files(run: Run) -> dict[str, bytes]:
    """Return the bytes of those of RANKING_FILES that a RUN has, by name."""
    return {name: run.data(name) for name in RANKING_FILES if run.has(name)}
