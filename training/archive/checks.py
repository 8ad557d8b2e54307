"""Checking an archive with nothing but the archive: no history, no service, no network. Each check is red or green."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from threat.errors import BadInput, IntegrityFailure, ThreatError
from threat.files import sha256_of
from threat.measuring.figure import Verdict
from threat.release.documents.document import document_bytes, json_object
from threat.trust.chain import canonical
from threat.trust.folder import Trust
from training.archive import governance, promotion, public
from training.archive.build import FORMAT, INDEX, PAYLOAD_TYPE, SIGNATURE, TRUST, VERB
from training.archive.opened import Archive, NotChecked

Colour = Literal["green", "red", "not checked"]


@dataclass(frozen=True, slots=True)
class Line:
    """One check of an archive. ``says``: what was found, in words."""

    check: str
    colour: Colour
    says: str


def verify(folder: Path, trust_folder: Path | None = None) -> list[Line]:
    """Check an archive and return a line for each check, those that need nothing else first.

    ``trust_folder``: the key list to go by; None: the one in the archive, whose root must be compared with another
    source. Raises BadInput where the folder is no archive.
    """
    if not (folder / INDEX).is_file() or not (folder / SIGNATURE).is_file():
        raise BadInput("This folder is no archive of a release.", where=str(folder), way_out="threat archive RUN")
    index = json_object(document_bytes(folder / INDEX), INDEX)
    if index.get("format") != FORMAT:
        raise BadInput("The archive is of another format.", value=index.get("format"), way_out=FORMAT)
    files = index.get("files")
    if not isinstance(files, dict) or not all(isinstance(digest, str) for digest in files.values()):
        raise BadInput("The index of the archive lacks its files.", where=INDEX, way_out="ask for the archive again")
    try:
        archive = Archive(folder, index, Trust.open(trust_folder or folder / TRUST), trust_folder is None)
    except ThreatError as error:
        return [Line("keys", "red", _words(error))]
    checks = _GOVERNANCE if index.get("kind") == "governance" else _PUBLIC
    whole = _line("files", _files, archive)
    if whole.colour == "red":
        # Nothing is computed from files that were changed: the other checks would only repeat that.
        return [whole, *(Line(name, "not checked", "files were changed") for name, _ in checks)]
    return [whole, *(_line(name, check, archive) for name, check in checks)]


def _line(name: str, check: Callable[[Archive], str], archive: Archive) -> Line:
    try:
        said = check(archive)
    except ThreatError as error:
        return Line(name, "red", _words(error))
    except (LookupError, TypeError, AttributeError, ValueError, OSError) as error:
        # A forged file may be anything at all: whatever it does to a reader, the check did not hold.
        return Line(name, "red", f"cannot be read: {type(error).__name__}: {error}")
    return Line(name, "not checked" if isinstance(said, NotChecked) else "green", said)


def _words(error: ThreatError) -> str:
    return error.problem if error.value is None else f"{error.problem} {error.value}"


def _files(archive: Archive) -> str:
    """Check that the archive holds exactly the files of its index, each with its hash."""
    expected = {str(name): digest for name, digest in archive.index["files"].items()}
    present = dict(_hashes(archive.folder))
    if wrong := sorted(name for name in expected.keys() | present.keys() if expected.get(name) != present.get(name)):
        raise IntegrityFailure("Files were changed, added or removed:", value=", ".join(wrong))
    return f"{len(expected)} files as the index says"


def _hashes(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            raise IntegrityFailure("The archive is wrong: a link is in it.", value=name)
        if path.is_file() and name not in {INDEX, SIGNATURE}:
            yield name, sha256_of(path)


def _signature(archive: Archive) -> str:
    """Check that a key for promotion signed the index."""
    envelope = json_object(document_bytes(archive.folder / SIGNATURE), SIGNATURE)
    signed, key = archive.trust.verify(envelope, PAYLOAD_TYPE, VERB)
    if canonical(signed) != (archive.folder / INDEX).read_bytes():
        raise IntegrityFailure("The signature is of another index than the archive's.")
    return f"signed by {key.name} ({key.environment})"


def _keys(archive: Archive) -> str:
    """Say whose keys were gone by."""
    root = next((key for key in archive.trust.keys.values() if key.registered_by == key.key_id), None)
    fingerprint = "no root" if root is None else f"root {root.name}, {root.key_id}"
    if archive.carried:
        return NotChecked(f"the archive's own key list, {fingerprint}; compare that with the force's own word")
    return f"the key list that was named, {fingerprint}"


def _verdict(archive: Archive) -> str:
    """Check that the verdict follows from its checks, and say what it is."""
    gate = archive.gate
    follows = Verdict.all_of(check.verdict for check in gate.checks if check.required)
    required = {check.name for check in gate.checks if check.required}
    if follows != gate.verdict or required != set(gate.policy.required[gate.to]):
        raise IntegrityFailure("The verdict does not follow from its checks.", value=gate.verdict.value)
    dissent = f"; {len(gate.dissents)} dissents" if gate.dissents else ""
    return f"{gate.verdict.words.lower()} for {gate.to} in the {gate.environment}, on {gate.on}{dissent}"


_Checks = tuple[tuple[str, Callable[[Archive], str]], ...]
_COMMON: _Checks = (("signature", _signature), ("keys", _keys))
_PUBLIC: _Checks = (
    *_COMMON,
    ("verdict", _verdict),
    ("card", public.card),
    ("audit", public.audit),
    ("record", public.record),
    ("totals", public.totals),
)
_GOVERNANCE: _Checks = (
    *_COMMON,
    ("run", governance.run),
    ("evidence", governance.evidence),
    ("promotion", promotion.check),
    ("figures", governance.figures),
    ("audit", governance.audit),
    ("card", governance.card),
    ("digest", governance.digest),
    ("verdict", _verdict),
)
"""The checks of each kind of archive, in the order they are shown: what is cheap and decides all else first."""
