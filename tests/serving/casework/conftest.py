"""A unit at work in a database of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures.casework_decisions import DecidingUnit
from fixtures.casework_nights import WatchingUnit
from fixtures.casework_unit import Unit

from serving.audit.log import verify
from serving.casework.checks import compare
from serving.casework.sealing import Sealer
from serving.storage import connect, reading

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


@pytest.fixture
def watching(tmp_path: Path) -> Iterator[WatchingUnit]:
    """Whatever a test does, heads are as facts say and each act has its entry."""
    engine = connect(tmp_path / "desk.sqlite")
    unit = WatchingUnit(engine)
    yield unit
    with reading(engine) as connection:
        assert compare(connection).incidents == ()
    assert verify(engine).entries == unit.rows()[0]
    engine.dispose()
