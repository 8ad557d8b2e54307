"""Small forces that several tests read; made once."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_force import SMALL

from threat.simulation.force import write


@pytest.fixture(scope="session")
def small_force(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A force on disk: history/ and truth/."""
    out = tmp_path_factory.mktemp("force")
    write(SMALL, out)
    return out
