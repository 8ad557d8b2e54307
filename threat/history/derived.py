"""Arrays derived from a snapshot, kept on disk as whole folders: ``derived/<snapshot>/<name>-<layout>/``.

A *sidecar* (``sidecar.json``) in each folder names the snapshot, the code that made the arrays and the SHA-256 of every
file, and is signed by the key of ``intake``. Arrays are opened only where all of that holds; anything else is rebuilt
and reported. A process without that key cannot sign: it uses what is signed, and builds the rest into a folder of its
own account, outside the store, which nobody else can write.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from threat import untrusted
from threat.errors import BadInput, IntegrityFailure
from threat.files import sync_folder, write_whole
from threat.history.seen import Seen, cache_folder, hashes_of
from threat.history.tables import Tables
from threat.terminal import warn
from threat.trust.chain import canonical
from threat.trust.signing import Signer, sign

KEPT = 5
"""Snapshots whose arrays stay on disk: today's list, the list before it, a training and two spare."""

SIDECAR: Final = "sidecar.json"
PAYLOAD_TYPE: Final = "application/vnd.threat.derived-arrays+json"

_LAST = "meta.json"
"""Written last of what ``build`` makes; the folder is renamed into place when the sidecar is written too."""


def open_or_build(tables: Tables, name: str, layout: str, build: Callable[[Path], str]) -> Path:
    """Return the folder of some arrays of a snapshot, built on first use and whenever they do not verify.

    ``layout``: a short word that changes with the meaning of the arrays. ``build`` writes them into an empty folder and
    returns what ``meta.json`` is to say. Two processes may build at once: one result is kept.
    """
    arrays = _Arrays(tables, name, layout)
    in_store = tables.store_path / "derived"
    wrong = arrays.wrong_with(in_store)
    if wrong is None:
        return arrays.folder(in_store)
    signer = tables.integrity.trust.may_sign("intake") if arrays.must_be_signed and tables.integrity else None
    if wrong:
        warn(f"Arrays of snapshot {tables.id} are rebuilt: {wrong} ({arrays.folder(in_store)}).")
    if arrays.must_be_signed and signer is None:
        account = _account_folder(tables)
        if arrays.wrong_with(account, ours=True) is None:
            return arrays.folder(account)
        _say_once(f"This process has no key of intake: arrays are made for this account alone, in {account}.")
        return arrays.built(account, build, None)
    return arrays.built(in_store, build, signer)


class _Arrays:
    """Some arrays of a snapshot, wherever they are kept."""

    def __init__(self, tables: Tables, name: str, layout: str) -> None:
        self.tables, self.name, self.layout = tables, name, layout
        self.must_be_signed = tables.integrity is not None and tables.integrity.trust.exists

    def folder(self, place: Path) -> Path:
        """Return their folder below a place."""
        return place / self.tables.content_id / f"{self.name}-{self.layout}"

    def wrong_with(self, place: Path, *, ours: bool = False) -> str | None:
        """Return what is wrong with the arrays at a place: None for nothing, "" where there are none.

        ``ours``: the place is of this account alone, so that no signature is asked for.
        """
        folder = self.folder(place)
        if not folder.is_dir():
            return ""
        try:
            said = self._said(folder, ours=ours)
        except (OSError, ValueError, KeyError, TypeError, BadInput) as error:
            return f"their sidecar cannot be read ({type(error).__name__})"
        except IntegrityFailure:
            return "their sidecar is not signed for intake"
        expected = self._statement(said.get("files"))
        if said != expected:
            differs = sorted(key for key in {*said, *expected} if said.get(key) != expected.get(key))
            return f"they were made of another {' and '.join(differs)}"
        return self._changed(folder, said["files"])

    def _said(self, folder: Path, *, ours: bool) -> dict[str, Any]:
        document = untrusted.decode_object(untrusted.read(folder / SIDECAR))
        if not self.must_be_signed or ours:
            said = dict(document["statement"])
        else:
            assert self.tables.integrity is not None
            said, _ = self.tables.integrity.trust.verify(document["envelope"], PAYLOAD_TYPE, "intake")
        if not all(isinstance(digest, str) for digest in dict(said["files"]).values()):
            raise TypeError("a hash that is no text")
        return said

    def _changed(self, folder: Path, listed: dict[str, str]) -> str | None:
        """Return which files are not those of the sidecar: other bytes, absent, or one too many."""
        there = {path.name for path in folder.iterdir()} - {SIDECAR}
        if there != set(listed):
            return f"files are missing or too many: {', '.join(sorted(there ^ set(listed)))}"
        # Below the store where they are there, else outside of it: what is remembered is by path from the store.
        relative = Path(os.path.relpath(folder, self.tables.store_path))
        wanted = [(str(relative / name), digest) for name, digest in sorted(listed.items())]
        seen = self.tables.integrity.seen if self.tables.integrity else Seen(None)
        changed = seen.changed_files(self.tables.store_path, wanted)
        seen.save()
        return f"{', '.join(Path(path).name for path, _ in changed)} was changed" if changed else None

    def _statement(self, listed: Any) -> dict[str, Any]:
        """Return what a sidecar of these arrays has to say."""
        integrity = self.tables.integrity
        return {
            "code": code_version(),
            "environment": integrity.trust.environment if integrity else "",
            "files": listed,
            "history": integrity.history if integrity else "",
            "layout": self.layout,
            "name": self.name,
            "snapshot": self.tables.content_id,
        }

    def built(self, place: Path, build: Callable[[Path], str], signer: Signer | None) -> Path:
        """Build the arrays at a place, in the stead of any that are there, and return their folder."""
        folder = self.folder(place)
        temporary = folder.with_name(f".{folder.name}-{uuid.uuid4().hex}-{os.getpid()}")
        temporary.mkdir(parents=True, mode=0o700)
        try:
            write_whole(temporary / _LAST, build(temporary))
            names = sorted(path.name for path in temporary.iterdir())
            hashes = hashes_of(temporary / name for name in names)
            statement = self._statement(dict(zip(names, hashes, strict=True)))
            sidecar = (
                {"statement": statement} if signer is None else {"envelope": sign(statement, PAYLOAD_TYPE, signer)}
            )
            write_whole(temporary / SIDECAR, canonical(sidecar))
            _discard(folder)
            try:
                temporary.rename(folder)
                sync_folder(folder.parent)
            except OSError:
                # Another process was faster; what it made is judged as everything else is.
                if self.wrong_with(place, ours=signer is None) is not None:
                    raise
            _let_go(place, self.name)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        return folder


_CODE: Final = (("threat.history", ".py"), ("threat", ".csv"), ("threat", "asof.py"), ("threat", "ids.py"))
"""What decides what the arrays say: packages, and how the names of their files end."""


@cache
def code_version() -> str:
    """Return a hash, 16 hexadecimal digits, of the code that derives arrays and of the vocabulary of their words."""
    whole = hashlib.sha256()
    for package, ending in _CODE:
        for item in sorted(files(package).iterdir(), key=lambda item: item.name):
            if item.name.endswith(ending):
                whole.update(f"\x1e{package}/{item.name}\x1f".encode() + item.read_bytes())
    return whole.hexdigest()[:16]


@cache
def _say_once(sentence: str) -> None:
    """Report a thing that does not change while a process runs."""
    warn(sentence)


def _account_folder(tables: Tables) -> Path:
    """Return the folder of this account for arrays of a history, without those of before its latest erasure.

    Where the account can keep nothing, a folder of this process, which ends with it.
    """
    assert tables.integrity is not None
    folder = cache_folder()
    if folder is None:
        return _of_process()
    account = folder / "derived" / f"{tables.integrity.history}-{tables.integrity.erasures}"
    for before in account.parent.glob(f"{tables.integrity.history}-*"):
        if before != account:
            shutil.rmtree(before, ignore_errors=True)
    account.mkdir(parents=True, exist_ok=True, mode=0o700)
    return account


@cache
def _of_process() -> Path:
    import atexit
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="threat-derived-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _discard(folder: Path) -> None:
    """Delete a folder of arrays; killed half-way, it is under a name that nothing opens."""
    doomed = folder.with_name(f".{folder.name}-{uuid.uuid4().hex}-{os.getpid()}")
    with suppress(OSError):  # none there, or another process was faster
        folder.rename(doomed)
    shutil.rmtree(doomed, ignore_errors=True)


def read_array(folder: Path, name: str) -> NDArray[np.generic]:
    """Return an array of a folder, memory-mapped, so that processes share its pages."""
    path = folder / f"{name}.npy"
    # An empty array cannot be mapped.
    array = np.load(path) if path.stat().st_size < _PAGE else np.load(path, mmap_mode="r")
    return np.asarray(array)


_PAGE = 4096
"""Bytes of a page of memory: mapping a smaller file saves nothing."""


def _let_go(derived: Path, name: str) -> None:
    """Delete all but the arrays built last, and what a killed build left.

    A store loaded every night would otherwise grow by a copy a night. Arrays can be built again, and a process that
    has mapped them keeps its pages.
    """
    for left in derived.glob(f"*/.{name}-*"):
        if not _runs(int(left.name.rpartition("-")[2])):
            shutil.rmtree(left, ignore_errors=True)
    built = sorted(derived.glob(f"*/{name}-*/{_LAST}"), key=lambda path: path.stat().st_mtime_ns)
    for path in built[:-KEPT]:
        _discard(path.parent)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)  # signal 0 asks and does nothing
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
