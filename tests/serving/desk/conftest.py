"""A desk over the list of a drawn family, and a reviewer who reads it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures import family_force
from fixtures.desk_browser import NOW, Browser, client_of

from serving.desk.service import Desk


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    var = tmp_path_factory.mktemp("family")
    force = family_force.publish(var)
    desk = Desk(force.store, var, clock=lambda: NOW, database_path=Path(force.dir.name) / "desk.sqlite")
    yield desk
    desk.close()


@pytest.fixture
def reviewer(family: Desk) -> Browser:
    return client_of(family)
