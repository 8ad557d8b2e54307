"""Licences of everything in a lock, by what the installed packages say of themselves, under a policy that is data.

``licences_accepted.csv`` is the policy: the licences that are accepted or refused, each with why. ``licences_said.csv``
reads older spellings as SPDX names. ``licences_of_packages.csv`` names the licence of a package that does not say it in
a way that can be read, with where a person read it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).parent

_PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)")


@dataclass(frozen=True, slots=True)
class Locked:
    """A package of a lock: its name as the lock spells it, and every version that the lock pins."""

    name: str
    versions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LicenceRead:
    """The licence of a package: an SPDX expression, where it was read, and why it is refused (empty: accepted)."""

    name: str
    version: str
    licence: str
    read_in: str
    refused: str = ""


def locked_packages(lock: Path) -> list[Locked]:
    """Return the packages of a lock in its order; versions for several Pythons or platforms are together."""
    versions: dict[str, list[str]] = {}
    for line in lock.read_text(encoding="utf-8").splitlines():
        if (pin := _PIN.match(line)) and not line.startswith((" ", "#")):
            versions.setdefault(pin["name"], []).append(pin["version"])
    return [Locked(name, tuple(pinned)) for name, pinned in versions.items()]


def installed_version(name: str) -> str:
    """Return the version that is installed here; empty for a package that is not."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def read_licences(packages: list[Locked]) -> list[LicenceRead]:
    """Return the licence of each package, judged by the policy.

    A package that is locked for other platforms alone is not installed here: its licence is in
    ``licences_of_packages.csv``, or it is refused as unknown.
    """
    accepted, said, of_package = (
        _table("licences_accepted", "licence"),
        _table("licences_said", "said"),
        _table("licences_of_packages", "package"),
    )
    read = []
    for package in packages:
        version = installed_version(package.name) or package.versions[-1]
        licence, read_in = _licence_of(package.name, accepted, said, of_package)
        read.append(LicenceRead(package.name, version, licence, read_in, refusal(licence, accepted)))
    return read


def refusal(expression: str, accepted: Mapping[str, Mapping[str, str]]) -> str:
    """Return why a licence expression is refused by the policy; empty when it is accepted.

    >>> policy = {"MIT": {"accepted": "yes", "why": ""}, "GPL-3.0-only": {"accepted": "no", "why": "copyleft"}}
    >>> refusal("MIT", policy), refusal("GPL-3.0-only OR MIT", policy), refusal("MIT AND GPL-3.0-only", policy)
    ('', '', 'GPL-3.0-only: copyleft')
    >>> refusal("Beerware", policy), refusal("", policy)
    ('Beerware: the policy does not name it', 'no licence is known')
    """
    if not expression:
        return "no licence is known"
    if "(" in expression:
        # No package says so today; OR inside AND would need a parser, and a guess would accept too much.
        return f"{expression}: an expression with brackets is not read"
    reasons = [_refusal_of_all(choice.split(" AND "), accepted) for choice in expression.split(" OR ")]
    return "" if "" in reasons else reasons[0]


def _refusal_of_all(licences: list[str], accepted: Mapping[str, Mapping[str, str]]) -> str:
    for licence in licences:
        line = accepted.get(licence)
        if line is None:
            return f"{licence}: the policy does not name it"
        if line["accepted"] != "yes":
            return f"{licence}: {line['why']}"
    return ""


@cache
def _metadata_of(name: str) -> metadata.PackageMetadata | None:
    try:
        return metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return None


def _licence_of(
    name: str,
    accepted: Mapping[str, Mapping[str, str]],
    said: Mapping[str, Mapping[str, str]],
    of_package: Mapping[str, Mapping[str, str]],
) -> tuple[str, str]:
    """The licence of a package and where it was read; an empty licence where nothing that is there can be read."""
    if name in of_package:
        return of_package[name]["licence"], of_package[name]["why"]
    document = _metadata_of(name)
    if document is None:
        return "", "not installed here"
    if expression := _first(document, "License-Expression"):
        return expression, "its License-Expression"
    classifiers = [
        line.rpartition(" :: ")[2] for line in document.get_all("Classifier") or [] if line.startswith("License ::")
    ]
    # The free text before the classifier: "BSD License" is several licences, "BSD-2-Clause" is one.
    first_line = _first(document, "License").strip().partition("\n")[0]
    if first_line in said:
        return said[first_line]["licence"], "its License"
    if first_line and all(part in accepted for part in re.split(" AND | OR ", first_line)):
        return first_line, "its License"
    named = [said[classifier]["licence"] for classifier in classifiers if classifier in said]
    return (" AND ".join(named), "its classifiers") if named else ("", "nothing that can be read")


def _first(document: metadata.PackageMetadata, name: str) -> str:
    return str((document.get_all(name) or [""])[0])


def _table(name: str, key: str) -> dict[str, dict[str, str]]:
    with (HERE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return {row[key]: row for row in csv.DictReader(file)}
