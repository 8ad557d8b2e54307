"""Every engine that meets the contract, by name. Tests run on each, so that a new engine is tested by its line here."""

from __future__ import annotations

from features.engines.contract import Engine
from features.engines.fold.engine import FoldEngine
from features.engines.reference.engine import ReferenceEngine

ENGINES: dict[str, Engine] = {engine.name: engine for engine in (ReferenceEngine(), FoldEngine())}
