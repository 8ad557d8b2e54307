"""Small forces that several tests read; made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from threat.simulation.force import Settings, write

SMALL = Settings(relationships=2500, years=4, seed=11)


@pytest.fixture(scope="session")
def small_force(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A force on disk: history/ and truth/."""
    out = tmp_path_factory.mktemp("force")
    write(SMALL, out)
    return out
