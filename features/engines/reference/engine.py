"""The reference engine by the contract of ``features.engines.contract``."""

from __future__ import annotations

from features.engines.reference.build import build, lineage


class ReferenceEngine:
    """Plain Python, slow, and meant to be obviously right; it also says which events are behind a value."""

    name = "reference"
    build = staticmethod(build)
    lineage = staticmethod(lineage)
