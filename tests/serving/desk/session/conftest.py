"""A provider, once for all files, and desks whose people sign in there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures import identity_provider
from fixtures.identity_provider import IdentityProvider, ServedDesk


@pytest.fixture(scope="session")
def provider() -> Iterator[IdentityProvider]:
    with identity_provider.running() as running:
        yield running


@pytest.fixture(scope="module")
def desk_of_provider(
    provider: IdentityProvider, golden_store: Path, rule_var: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServedDesk]:
    database = tmp_path_factory.mktemp("served") / "desk.sqlite"
    with identity_provider.desk_at(provider, golden_store, rule_var, database, acr_values=("phr", "phrh")) as desk:
        yield desk


@pytest.fixture
def served(desk_of_provider: ServedDesk) -> ServedDesk:
    """The desk of a file, at the time that it is."""
    desk_of_provider.now[0] = int(time.time())
    return desk_of_provider
