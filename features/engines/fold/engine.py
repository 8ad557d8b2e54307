"""The fold engine by the contract of ``features.engines.contract``."""

from __future__ import annotations

from features.engines.fold.build import build


class FoldEngine:
    """Compiled, for batches and for a server: one pass over each person's sorted history."""

    name = "fold"
    build = staticmethod(build)
