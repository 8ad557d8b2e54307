"""Whether this process could change whom it believes: a service must not be able to write its own trust folder."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from threat.errors import UsageError
from threat.trust.folder import DEFAULT_FOLDER, FOLDER_VARIABLE, Trust


def changeable_by_this_user(folder: Path) -> tuple[Path, str] | None:
    """Return the first place through which this process could change the trust folder, and how; None when it cannot.

    Looked at are the folder, everything in the folder, and every folder above the folder, as named and with links
    followed: who can write a folder can rename what is inside and put another folder in its place. An owner counts as
    a writer, because an owner can change the mode. Root counts as a writer of everything.
    """
    if os.geteuid() == 0:
        return folder, "the process runs as root"
    named, followed = Path(os.path.abspath(folder)), folder.resolve()
    inside = sorted(followed.rglob("*"))
    for place in dict.fromkeys((*inside, followed, named)):
        if how := _writes(place):
            return place, how
    above = dict.fromkeys((*_steps(named), *followed.parents))
    for place in above:
        if how := _replaces_inside(place):
            return place, how
    return None


def require_guarded(trust: Trust, *, development: bool) -> str:
    """Return why the trust is that of development, empty when the trust is guarded.

    Raises UsageError, unless ``development``, where no trust folder exists or this process could change the folder.
    """
    if trust.folder is None:
        problem = "No trust folder exists, so nothing that is served could be verified."
        where = str(DEFAULT_FOLDER)
        way_out = f"make a trust folder as another user (threat new-trust), or name the folder: {FOLDER_VARIABLE}"
    else:
        way_in = changeable_by_this_user(trust.folder)
        if way_in is None:
            return ""
        problem = "The trust folder can be changed by the user that this service runs as."
        where = f"{way_in[0]} ({way_in[1]})"
        way_out = "give the folder, and every folder above, to another user, and run the service as a user of its own"
    if development:
        return problem
    raise UsageError(problem, where=where, way_out=f"{way_out}; on a developer's machine: --development")


def _steps(named: Path) -> list[Path]:
    """Return the folders above a path, and above every link on the way, nearest first."""
    steps: list[Path] = []
    for place in named.parents:
        steps.append(place)
        if place.is_symlink():
            steps += place.resolve().parents
    return steps


def _writes(place: Path) -> str:
    """Return how this user can write a file or folder; empty when the user cannot."""
    if place.lstat().st_uid == os.geteuid():
        return "owned by this user"
    return "writable by this user" if os.access(place, os.W_OK, effective_ids=True) else ""


def _replaces_inside(folder: Path) -> str:
    """Return how this user can replace what is in a folder.

    In a sticky folder (as /tmp) only the owners of folder and entry rename an entry, so write permission alone is no
    way in.
    """
    how = _writes(folder)
    if how == "writable by this user" and folder.stat().st_mode & stat.S_ISVTX:
        return ""
    return how
