"""A unit at work in a database of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures.casework_decisions import DecidingUnit
from fixtures.casework_unit import Unit

from serving.casework.sealing import Sealer
from serving.storage import connect

_SEALED = Sealer.sealed


@pytest.fixture(autouse=True)
def sealed_as_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A unit here says how many are sealed; only the desks of other tests seal nothing."""
    monkeypatch.setattr(Sealer, "sealed", _SEALED)


@pytest.fixture
def unit(tmp_path: Path) -> Iterator[Unit]:
    engine = connect(tmp_path / "desk.sqlite")
    yield Unit(engine)
    engine.dispose()


@pytest.fixture
def deciding(tmp_path: Path) -> Iterator[DecidingUnit]:
    engine = connect(tmp_path / "desk.sqlite")
    yield DecidingUnit(engine)
    engine.dispose()
