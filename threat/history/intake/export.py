"""The files of an export: which they are, where they are, and the hash of all of them."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

from threat.errors import BadInput, UsageError
from threat.files import sha256_of
from threat.history.intake.profile import File, Profile


def find_files(profile: Profile, path: Path) -> list[tuple[File, Path]]:
    """Return the files of an export in the profile's order, packed (``.gz``) or not.

    ``path``: the folder, or a file where the profile reads one. Raises BadInput when a file is missing, comes twice, or
    is neither read nor ignored by the profile; UsageError for one file of several.
    """
    if not path.exists():
        raise BadInput("There is nothing to load here.", value=path, way_out="name the folder or file of the export")
    if path.is_file():
        return [(_only_file(profile, path), path)]
    _refuse_strays(profile, path)
    files, missing = [], []
    for file in profile.files:
        present = [path / name for name in _names(file) if (path / name).is_file()]
        if len(present) > 1:
            raise BadInput(
                f"The export has the file {file.name} twice.",
                value=", ".join(item.name for item in present),
                where=str(path),
                way_out="take out the older of the two; nothing was loaded",
            )
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


def _names(file: File) -> list[str]:
    """Return the names that a file of the profile may have, packed or not."""
    plain = file.path.removesuffix(".gz")
    return list(dict.fromkeys([file.path, f"{plain}.gz", plain]))


def _refuse_strays(profile: Profile, path: Path) -> None:
    """Refuse a folder with anything in it that the profile neither reads nor ignores: its rows would go unnoticed."""
    allowed = {name for file in profile.files for name in _names(file)}
    # A file of a profile may be in a folder of the export: then the folder is allowed, not everything in it.
    folders = {parent.as_posix() for name in allowed for parent in Path(name).parents}
    strays = []
    for item in sorted({path / folder for folder in folders}):
        for entry in sorted(item.iterdir()) if item.is_dir() else []:
            name = entry.relative_to(path).as_posix()
            # Names with a dot in front are written by operating systems and synchronisers, never by an export.
            is_allowed = name in (folders if entry.is_dir() else allowed) or entry.name.startswith(".")
            if not is_allowed and not any(fnmatchcase(name, pattern) for pattern in profile.ignored_files):
                strays.append(name + "/" * entry.is_dir())
    if strays:
        raise BadInput(
            "The export holds files that the profile does not read.",
            value=", ".join(strays),
            where=str(path),
            way_out=(
                f"the profile reads {', '.join(file.path for file in profile.files)}; rename or remove the others, or "
                "list them under ignored_files; nothing was loaded"
            ),
        )


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
