"""The installation that is attacked: one for a module, put back after every attack."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures.attacked import Installation, install
from fixtures.trusted import Trusted, make_trusted


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A force's installation; the tests of the module find its trust."""
    place = tmp_path_factory.mktemp("attacked")
    with pytest.MonkeyPatch.context() as patched:
        make_trusted(place).use(patched)
        yield install(place)


@pytest.fixture
def made(whole: Installation, tmp_path: Path) -> Iterator[Installation]:
    """The installation, to attack at will: what is served and whom it trusts are put back afterwards."""
    places = (whole.var, whole.trusted.folder)
    for number, place in enumerate(places):
        shutil.copytree(place, tmp_path / f"kept-{number}")
    yield whole
    for number, place in enumerate(places):
        shutil.rmtree(place)
        shutil.copytree(tmp_path / f"kept-{number}", place)


@pytest.fixture
def attacker(tmp_path: Path) -> Trusted:
    """Keys of the attacker's own making, of a force with the same names."""
    return make_trusted(tmp_path / "attacker")
