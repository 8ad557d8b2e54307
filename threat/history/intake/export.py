"""The files of an export: which they are, where they lie, and the hash of all of them."""

from __future__ import annotations

from pathlib import Path

from threat.errors import BadInput, UsageError
from threat.files import sha256_of
from threat.history.intake.profile import File, Profile


def find_files(profile: Profile, path: Path) -> list[tuple[File, Path]]:
    """Return the files of an export in the profile's order, packed (``.gz``) or not.

    ``path``: the folder, or a file where the profile reads one. Raises BadInput when a file is missing, UsageError for
    one file of several.
    """
    if not path.exists():
        raise BadInput("There is nothing to load here.", value=path, way_out="name the folder or file of the export")
    if path.is_file():
        return [(_only_file(profile, path), path)]
    files, missing = [], []
    for file in profile.files:
        plain = file.path.removesuffix(".gz")
        names = dict.fromkeys([file.path, f"{plain}.gz", plain])
        present = [path / name for name in names if (path / name).is_file()]
        if present:
            files.append((file, present[0]))
        elif not file.optional:
            missing.append(file.path)
    if missing or not files:
        raise BadInput(
            "The export lacks files the profile reads.",
            value=", ".join(missing or [file.path for file in profile.files]),
            where=str(path),
            way_out="export it again",
        )
    return files


def _only_file(profile: Profile, path: Path) -> File:
    """Return the file of the profile that a single path can be."""
    named = [file for file in profile.files if file.path == path.name] or list(profile.files)
    if len(named) != 1 or any(not file.optional and file is not named[0] for file in profile.files):
        names = ", ".join(file.path for file in profile.files)
        raise UsageError(
            "This file alone is not the export: the profile reads several.",
            value=path,
            way_out=f"name the folder with {names}",
        )
    return named[0]


def sha256_of_export(files: list[tuple[File, Path]]) -> str:
    """Return the SHA-256 of an only file, or of every file's name and SHA-256, as the batch keeps it."""
    if len(files) == 1:
        return sha256_of(files[0][1])
    return sha256_of("".join(f"{file.name}:{sha256_of(path)}\n" for file, path in files).encode())
