"""A unit at work in a database of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures.casework_decisions import DecidingUnit
from fixtures.casework_unit import Unit

from serving.storage import connect


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
