"""The watch over connections: one that nobody closed is a warning on every Python, and so fails the suite."""

from __future__ import annotations

import gc
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from serving.storage import connect


def test_a_connection_that_nobody_closed_warns(tmp_path: Path) -> None:
    opened = sqlite3.connect(tmp_path / "a.sqlite")
    del opened  # it is in a cycle of its own, so that it lives until the collector comes
    with pytest.warns(ResourceWarning, match="unclosed database"):
        gc.collect()


def test_one_that_was_closed_does_not(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.sqlite")) as opened:
        opened.execute("SELECT 1")
    del opened
    gc.collect()


def test_an_engine_that_was_disposed_of_leaves_none_open(tmp_path: Path) -> None:
    engine = connect(tmp_path / "desk.sqlite")
    engine.dispose()
    del engine
    gc.collect()
