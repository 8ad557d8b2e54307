"""Whether a process could change whom it believes: every way in is found and named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from fixtures.trusted import Trusted

from threat.errors import UsageError
from threat.trust import guard
from threat.trust.folder import Trust
from threat.trust.guard import changeable_by_this_user, require_guarded

SERVICE = 54_321
"""User id of a service that owns nothing here."""


@pytest.fixture
def of_another(trusted: Trusted, monkeypatch: pytest.MonkeyPatch) -> dict[Path, bool]:
    """The trust folder as a service sees it that owns nothing; a place set to True is writable by the service."""
    writable: dict[Path, bool] = {}
    monkeypatch.setattr(os, "geteuid", lambda: SERVICE)
    monkeypatch.setattr(os, "access", lambda place, mode, effective_ids: writable.get(Path(place), False))
    return writable


def test_a_folder_of_another_user_is_guarded(trusted: Trusted, of_another: dict[Path, bool]) -> None:
    assert changeable_by_this_user(trusted.folder) is None
    assert require_guarded(trusted.trust, development=False) == ""


def test_every_writable_place_on_the_way_is_a_way_in(trusted: Trusted, of_another: dict[Path, bool]) -> None:
    places = [trusted.folder / "keys.jsonl", trusted.folder / "trust.json", trusted.folder, *trusted.folder.parents]
    for place in places:
        of_another.clear()
        of_another[place] = True
        expected = None if place.stat().st_mode & 0o1000 else (place, "writable by this user")
        assert changeable_by_this_user(trusted.folder) == expected, place


def test_a_link_that_the_service_could_replace_is_a_way_in(
    trusted: Trusted, of_another: dict[Path, bool], tmp_path: Path
) -> None:
    (tmp_path / "etc").mkdir()
    link = tmp_path / "etc" / "trust"
    link.symlink_to(trusted.folder)
    assert changeable_by_this_user(link) is None
    of_another[tmp_path / "etc"] = True
    assert changeable_by_this_user(link) == (tmp_path / "etc", "writable by this user")


def test_the_owner_and_root_count_as_writers(trusted: Trusted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert changeable_by_this_user(trusted.folder) == (trusted.folder, "the process runs as root")
    owner = trusted.folder.stat().st_uid
    if owner:
        monkeypatch.setattr(os, "geteuid", lambda: owner)
        assert changeable_by_this_user(trusted.folder) == (trusted.folder / "keys.jsonl", "owned by this user")


def test_a_service_that_could_change_its_trust_starts_for_development_alone(
    trusted: Trusted, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = trusted.folder / "keys.jsonl"
    monkeypatch.setattr(guard, "changeable_by_this_user", lambda folder: (way, "owned by this user"))
    problem = "The trust folder can be changed by the user that this service runs as."
    with pytest.raises(UsageError, match="can be changed by the user") as caught:
        require_guarded(trusted.trust, development=False)
    assert caught.value.where == f"{way} (owned by this user)"
    assert "--development" in caught.value.way_out
    assert require_guarded(trusted.trust, development=True) == problem
    with pytest.raises(UsageError, match="No trust folder exists"):
        require_guarded(Trust.none(), development=False)
    assert require_guarded(Trust.none(), development=True).startswith("No trust folder exists")
