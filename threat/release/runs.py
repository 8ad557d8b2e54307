"""A RUN: one directory holding the evidence of one training, closed by a manifest of hashes.

While a RUN is open, files are written into it. ``seal`` lists every file with its SHA-256 and size in
``manifest.json``; from then on nothing in it may change. What is made later (fairness report, verdict, card) is
added as an *annex*: ``annexes.json`` names the manifest it belongs to and every annex ever added, so the order in
which evidence arrived can be read back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, TypeVar

from threat import untrusted
from threat.errors import IntegrityFailure, UsageError
from threat.files import is_unfinished, sha256_of, whole_folder, write_whole
from threat.release.documents.document import JsonFile, document_bytes
from threat.release.documents.manifest import Annexes, AnnexFacts, FileFacts, RunManifest

if TYPE_CHECKING:
    # Arrow loads when a table is read: commands that read none start at once.
    import pyarrow as pa

MANIFEST = RunManifest.FILE
ANNEXES = Annexes.FILE
_Document = TypeVar("_Document", bound=JsonFile)


@dataclass(frozen=True, slots=True)
class Run:
    """A RUN directory.

    ``Run.create`` starts one, ``Run.open`` verifies and opens a sealed one. ``directory`` is the RUN's own directory,
    ``id`` its name. ``opened_as``: hash of the manifest that ``open`` verified; empty for a RUN that was not opened.
    ``facts``: of the sealed files, as that manifest lists them: what is read later is compared with these.
    """

    directory: Path
    id: str
    opened_as: str = field(default="", compare=False)
    facts: Mapping[str, FileFacts] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def create(cls, directory: str | Path, run_id: str, question: Sequence[JsonFile] = ()) -> Run:
        """Start a RUN in the new directory ``directory / run_id``, which holds the documents ``question`` at once.

        Raises UsageError when the directory exists already, or the id is no plain name.
        """
        path = cls.place(directory, run_id)
        whole_folder(path, {document.FILE: document.encode() for document in question})
        return cls(path, run_id)

    @staticmethod
    def place(directory: str | Path, run_id: str) -> Path:
        """Return where a new RUN goes. Raises UsageError when that exists, or the id is no plain name."""
        if not run_id or run_id != PurePosixPath(run_id).name or run_id.startswith("."):
            raise UsageError(
                "The id of the RUN is not a plain directory name.", value=run_id, way_out="letters, digits, - and _"
            )
        path = Path(directory) / run_id
        if path.exists():
            raise UsageError(
                "There is a RUN of this id already. A RUN is never overwritten.",
                where=str(path),
                way_out="give another id, or remove the old directory",
            )
        return path

    @classmethod
    def open(cls, directory: str | Path) -> Run:
        """Open a sealed RUN after verifying every file and annex against its hash.

        Raises UsageError when there is no such directory, IntegrityFailure when the RUN was never sealed, its manifest
        or annexes are malformed, or a file is missing, added, changed or a symbolic link, and BadInput for a manifest
        or annexes of another version.
        """
        path = Path(directory)
        if not path.is_dir():
            raise UsageError("There is no such RUN.", where=str(path), way_out="list them: ls var/runs")
        if not (path / MANIFEST).is_file():
            raise IntegrityFailure(
                "The RUN was never sealed: it has no manifest.",
                where=str(path / MANIFEST),
                way_out="its training did not finish. Finish it: threat train --resume RUN",
            )
        data = document_bytes(path / MANIFEST)
        manifest = RunManifest.parse(data, str(path / MANIFEST))
        run = cls(path, manifest.run_id, sha256_of(data), manifest.files)
        run._verify(manifest)
        return run

    @property
    def sealed(self) -> bool:
        """True once ``seal`` has been called."""
        return (self.directory / MANIFEST).exists()

    @property
    def manifest_sha256(self) -> str:
        """Hash of the manifest: one string that stands for all the evidence of the training (not the annexes).

        Of an opened RUN, of the manifest that was verified.
        """
        return self.opened_as or sha256_of(self.directory / MANIFEST)

    def sealed_sha256(self) -> dict[str, str]:
        """Return the SHA-256 of every sealed file by name, as the manifest lists them: of an opened RUN, as verified.

        Raises IntegrityFailure for a malformed manifest, BadInput for one of another version.
        """
        files = self.facts if self.opened_as else RunManifest.read_file(self.directory / MANIFEST).files
        return {name: facts.sha256 for name, facts in files.items()}

    def path(self, name: str) -> Path:
        """Return the path of the file ``name`` (``model/model.txt``). Its directory is made while the RUN is open.

        Raises UsageError for a name that leaves the RUN.
        """
        relative = PurePosixPath(name)
        if relative.is_absolute() or ".." in relative.parts or not relative.parts or "\\" in name:
            raise UsageError("The name leads outside the RUN.", value=name, way_out="for example model/model.txt")
        path = self.directory / relative
        if not self.sealed:
            path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def has(self, name: str) -> bool:
        """True when the file or annex ``name`` is there."""
        return self.path(name).is_file()

    def find(self, kind: type[_Document]) -> _Document | None:
        """Return the document of that type, or None when the RUN has none.

        Raises BadInput for a document of another version, IntegrityFailure for a malformed one.
        """
        path = self.path(kind.FILE)
        return kind.parse(self.data(kind.FILE), str(path)) if path.is_file() else None

    def data(self, name: str) -> bytes:
        """Return the bytes of a file, read once; of a sealed file of an opened RUN, those that were verified.

        Raises IntegrityFailure for a sealed file that was changed since the RUN was opened, or is too large.
        """
        facts = self.facts.get(name)
        return document_bytes(self.path(name)) if facts is None else self._verified(name, facts)

    def table(self, name: str) -> pa.Table:
        """Return the table in a Parquet file, as ``data`` reads it. Raises IntegrityFailure for anything else."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return pq.read_table(pa.BufferReader(self.data(name)))
        except pa.ArrowException as error:
            raise IntegrityFailure("The table cannot be read.", value=error, where=str(self.path(name))) from None

    def read(self, kind: type[_Document]) -> _Document:
        """Return the document of that type, as ``find`` does. Raises UsageError when the RUN has none."""
        document = self.find(kind)
        if document is None:
            raise UsageError(f"The RUN {self.id} has no {kind.FILE}.", where=str(self.directory), way_out=kind.HOW_MADE)
        return document

    def write(self, document: JsonFile) -> Path:
        """Write a document under its own name: into an open RUN, or, where its type is an annex, to a sealed one.

        Raises UsageError for an annex of an open RUN, and for any other document of a sealed RUN.
        """
        if document.ANNEX:
            return self.add(document.FILE, document.encode())
        self._require_open(document.FILE)
        path = self.path(document.FILE)
        write_whole(path, document.encode())
        return path

    def write_text(self, name: str, text: str) -> Path:
        """Write a UTF-8 text file into an open RUN. Raises UsageError once it is sealed."""
        self._require_open(name)
        path = self.path(name)
        write_whole(path, text.encode())
        return path

    def read_json(self, name: str) -> Any:
        """Read a JSON file or annex. Raises UsageError when it isn't there, IntegrityFailure when it isn't JSON."""
        path = self.path(name)
        if not path.is_file():
            raise UsageError(
                "The RUN has no such file.", value=name, where=str(self.directory), way_out=_HOW_MADE.get(name, "")
            )
        try:
            return untrusted.decode(self.data(name))
        except untrusted.MalformedError as error:
            raise IntegrityFailure(f"The document cannot be read: {error}.", where=str(path)) from None

    def seal(self) -> None:
        """Write ``manifest.json`` with the SHA-256 and size of every file. Raises UsageError when sealed already."""
        self._require_open(MANIFEST)
        files = {name: _describe(self.directory / name) for name in sorted(self._files())}
        write_whole(self.directory / MANIFEST, RunManifest(run_id=self.id, files=files).encode())

    def add(self, name: str, document: Any) -> Path:
        """Add an annex to a sealed RUN: a JSON document, or text or bytes as they are (``card.html``).

        An annex made again replaces the file and is listed once more after the earlier entry; the same content twice
        changes nothing. Raises UsageError for an open RUN or for the name of a sealed file.
        """
        if not self.sealed:
            raise UsageError(
                "This RUN is not sealed. An annex belongs to a sealed RUN.", value=name, where=str(self.directory)
            )
        if name in {MANIFEST, ANNEXES} or name in RunManifest.read_file(self.directory / MANIFEST).files:
            raise UsageError(
                "The RUN has a sealed file of this name already. A sealed file is never replaced.",
                value=name,
                where=str(self.directory),
            )
        data = document.encode() if isinstance(document, str) else document
        if not isinstance(data, bytes):
            data = _encode(document)
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        entry = AnnexFacts(name=name, sha256=sha256_of(data), size=len(data))
        entries = self.annexes()
        if entry != next((earlier for earlier in reversed(entries) if earlier.name == name), None):
            entries = (*entries, entry)
        write_whole(path, data)
        annexes = Annexes(manifest_sha256=self.manifest_sha256, annexes=entries)
        write_whole(self.directory / ANNEXES, annexes.encode())
        return path

    def verify_again(self) -> None:
        """Verify every file and annex again, as ``open`` does.

        Raises IntegrityFailure for a file that was changed, and for another RUN where the opened RUN was.
        """
        again = Run.open(self.directory)
        if self.opened_as not in {"", again.opened_as}:
            raise _replaced(self.directory)

    def verified_files(self, manifest_sha256: str, wanted: Callable[[str], bool]) -> dict[str, bytes]:
        """Return the bytes, by name, of the files and annexes whose name is ``wanted``.

        Each file is read once, and compared as it was read with the manifest that has the hash ``manifest_sha256``, or
        with the annexes. Raises IntegrityFailure for another manifest, and for a file that is missing or was changed.
        """
        data = document_bytes(self.directory / MANIFEST)
        if sha256_of(data) != manifest_sha256:
            raise _replaced(self.directory)
        added = {entry.name: FileFacts(sha256=entry.sha256, size=entry.size) for entry in self.annexes()}
        expected = added | RunManifest.parse(data, str(self.directory / MANIFEST)).files
        return {name: self._verified(name, facts) for name, facts in sorted(expected.items()) if wanted(name)}

    def verified_whole(self) -> dict[str, bytes]:
        """Return the bytes of every file of an opened RUN by name, manifest and list of annexes among them.

        Each is read once, as ``verified_files`` does. Raises as it does.
        """
        lists = {name: self.directory / name for name in (MANIFEST, ANNEXES)}
        data = {name: document_bytes(path) for name, path in lists.items() if path.is_file()}
        if sha256_of(data[MANIFEST]) != self.opened_as:
            raise _replaced(self.directory)
        return data | self.verified_files(self.opened_as, lambda _: True)

    def _verified(self, name: str, facts: FileFacts) -> bytes:
        path = self.path(name)
        try:
            data = untrusted.read(path, facts.size)
        except OSError as error:
            raise IntegrityFailure("The RUN lacks a file of its manifest.", value=error, where=str(path)) from None
        except untrusted.MalformedError:  # larger, or a pipe by now
            data = None
        if data is None or FileFacts(sha256=sha256_of(data), size=len(data)) != facts:
            raise IntegrityFailure("The RUN holds a file that was changed.", value=name, where=str(path))
        return data

    def hashes(self) -> dict[str, str]:
        """Return the SHA-256 of every file as it is now, by name."""
        return {name: sha256_of(self.directory / name) for name in self._files()}

    def annexes(self) -> tuple[AnnexFacts, ...]:
        """Return every annex ever added, oldest first; a name's last entry is the current one."""
        path = self.directory / ANNEXES
        return Annexes.read_file(path).annexes if path.exists() else ()

    def _require_open(self, name: str) -> None:
        if self.sealed:
            raise UsageError(
                "This RUN was sealed already. A sealed RUN does not change.",
                value=name,
                where=str(self.directory),
                way_out="add it as an annex",
            )

    def _files(self) -> Iterator[str]:
        for path in sorted(self.directory.rglob("*")):
            if path.is_symlink():
                raise IntegrityFailure("The RUN holds a symbolic link, which no RUN may.", where=str(path))
            if path.is_file() and not is_unfinished(path):
                yield path.relative_to(self.directory).as_posix()

    def _verify(self, manifest: RunManifest) -> None:
        expected = dict(manifest.files)
        path = self.directory / ANNEXES
        if path.exists():
            annexes = Annexes.read_file(path)
            if annexes.manifest_sha256 != self.manifest_sha256:
                raise IntegrityFailure("The annexes belong to another manifest.", where=str(path))
            for entry in annexes.annexes:
                if entry.name in manifest.files:
                    raise IntegrityFailure("The annexes name a file that was sealed already.", value=entry.name)
                expected[entry.name] = FileFacts(sha256=entry.sha256, size=entry.size)
        present = set(self._files()) - {MANIFEST, ANNEXES}
        problems = [f"{name}: missing" for name in sorted(expected.keys() - present)]
        problems += [f"{name}: not in the manifest" for name in sorted(present - expected.keys())]
        problems += [
            f"{name}: changed"
            for name in sorted(present & expected.keys())
            if _describe(self.directory / name) != expected[name]
        ]
        if problems:
            raise IntegrityFailure(
                "The RUN differs from its manifest.",
                value="; ".join(problems),
                where=str(self.directory),
                way_out="do not use this RUN; restore it from a copy or train again",
            )


def _replaced(directory: Path) -> IntegrityFailure:
    return IntegrityFailure(
        "The RUN is another than was judged: its manifest was replaced.",
        where=str(directory),
        way_out="release again, from a folder that nobody else writes: threat release RUN",
    )


_HOW_MADE = {
    "fairness.json": "make it: threat audit RUN",
    "card.json": "make it: threat card RUN",
    "gate.json": "make it: threat release RUN",
}


def _encode(document: Any) -> bytes:
    text = json.dumps(document, indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False, default=_plain)
    return f"{text}\n".encode()


def _plain(value: Any) -> Any:
    """NumPy scalars and arrays as plain Python; anything else is a programming error."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Path):
        return value.as_posix()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _describe(path: Path) -> FileFacts:
    return FileFacts(sha256=sha256_of(path), size=path.stat().st_size)
