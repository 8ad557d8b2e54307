"""Publication of a LIST: an entry of the audit log and ``current.json``, in one transaction; what the desk may show.

Publications are numbered, and their order is that of their as-ofs: of two at once the later as-of wins, whichever was
ready first. Where a trust folder exists, the desk shows what ``current.json`` names only when the file is signed, the
log holds its publication, and the log holds no later publication. So an older list that is put back is refused, though
it was signed, and so is a list that nobody published.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection, Engine, select

from serving.audit.checkpoints import Checkpoints, verify_log
from serving.audit.log import Entry, append, vouch
from serving.audit.tables import AUDIT_ENTRIES
from serving.storage import address_of, connect, reading, writing
from serving.storage.address import Address
from threat import lists, untrusted
from threat.asof import show
from threat.errors import IntegrityFailure, UsageError
from threat.files import sha256_of
from threat.lists import Published, ScoredList
from threat.release.documents.scored_list import ListFile
from threat.trust.folder import Trust

ACTION = "publish list"


@dataclass(frozen=True, slots=True)
class Publication:
    """A publication as the audit log holds it.

    ``entry``: number of the entry. ``as_of``: UTC seconds, ``sequence``: number of the publication; both 0 in an entry
    of before they were logged. ``pointer``: SHA-256 of ``current.json``.
    """

    entry: int
    list: str
    as_of: int = 0
    sequence: int = 0
    pointer: str = ""

    @property
    def order(self) -> tuple[int, int, int]:
        """The place among publications: by as-of, number, entry."""
        return self.as_of, self.sequence, self.entry


def publications(connection: Connection, after: int = 0) -> list[Publication]:
    """Return the publications that the log holds after entry ``after``, in the order of their entries."""
    entry = AUDIT_ENTRIES.c
    query = select(entry.sequence, entry.subject, entry.detail).where(
        entry.action == ACTION, entry.outcome == "done", entry.sequence > after
    )
    return [_publication(*row) for row in connection.execute(query.order_by(entry.sequence))]


def _publication(entry: int, list_id: str, detail: str) -> Publication:
    try:
        said = untrusted.decode_object(detail.encode(errors="replace"))
    except untrusted.MalformedError:
        said = {}
    numbers = {name: said.get(name, 0) for name in ("as_of_seconds", "publication")}
    if not all(type(number) is int for number in numbers.values()):
        numbers = dict.fromkeys(numbers, 0)  # no publication of this product, so it stands for no place in the order
    return Publication(entry, list_id, numbers["as_of_seconds"], numbers["publication"], str(said.get("pointer", "")))


def latest(connection: Connection) -> Publication | None:
    """Return the publication of the latest as-of that the log holds; of one as-of the last. None for none."""
    return max(publications(connection), key=lambda publication: publication.order, default=None)


def refuse_older(database: Address, as_of: int) -> None:
    """Raise UsageError where a list of a later as-of is published already. ``as_of``: UTC seconds."""
    if not database.may_exist:
        return
    engine = connect(database)
    try:
        with reading(engine) as connection:
            _refuse_older(latest(connection), as_of)
    finally:
        engine.dispose()


def _refuse_older(publication: Publication | None, as_of: int) -> None:
    if publication is not None and publication.as_of > as_of:
        raise UsageError(
            f"The as-of {show(as_of)} is before that of the published list, so this list is not shown.",
            value=f"published as of {show(publication.as_of)}",
            where=publication.list,
            way_out=f"publish a list as of {show(publication.as_of)} or later; without --publish an older list is made "
            "and kept",
        )


def publish(
    var: Path,
    made: ScoredList,
    shown: Published,
    *,
    at: int,
    trust: Trust,
    still: Callable[[], None] = lambda: None,
    database: Address | None = None,
) -> None:
    """Publish a LIST: its entry in the audit log and ``current.json``, both or neither.

    ``shown``: the LIST with its bundle and its substitute. ``at``: UTC seconds. ``still``: raises where the list may no
    longer be published, asked as the last thing. ``database``: the desk's; None for the file in ``var``. Raises
    UsageError where a later as-of was published meanwhile.
    """
    folder = var / "lists"
    signer = trust.signer("list") if trust.exists else None
    engine = connect(database or address_of(var))
    current = folder / lists.CURRENT
    before = current.read_bytes() if current.exists() else None
    written = False
    try:
        # The write lock of the log makes one of two publications the later one.
        with writing(engine) as connection:
            still()
            earlier = latest(connection)
            _refuse_older(earlier, made.basis.as_of)
            number = 1 + max((publication.sequence for publication in publications(connection)), default=0)
            pointer = lists.pointer_of(replace(shown, as_of=made.basis.as_of, sequence=number), signer)
            detail: dict[str, object] = {
                "ranking": made.basis.ranking,
                "as_of": show(made.basis.as_of),
                "as_of_seconds": made.basis.as_of,
                "publication": number,
                "pointer": sha256_of(pointer),
                "sha256": sha256_of(folder / made.id / ListFile.FILE),
                "standby": shown.standby,
                "snapshot": made.basis.snapshot,
            }
            entry = Entry("command line", "operator", "combination", ACTION, made.id, detail=detail)
            sequence, digest = append(connection, entry, at)
            # Inside the transaction: a file that cannot be written takes its entry back with it.
            written = True
            lists.publish(folder, pointer)
        vouch(engine, sequence, digest, at)
        Checkpoints(engine, trust).after(sequence, at)
    except BaseException:
        # The commit itself failed, or the process is being ended: no file without its entry.
        if written and not _holds(engine, current):
            with suppress(OSError):
                current.unlink(missing_ok=True) if before is None else lists.publish(folder, before)
        raise
    finally:
        engine.dispose()


def _holds(engine: Engine, current: Path) -> bool:
    """Tell whether the log holds the publication of ``current.json`` as it is now."""
    with suppress(Exception), reading(engine) as connection:
        digest = sha256_of(current)
        return any(publication.pointer == digest for publication in publications(connection))
    return False


class PublishedList:
    """What the desk may show, by the audit log of ``var``; safe for threads.

    The log is read whole, with its checkpoint and witness, whenever ``current.json`` is another; at every other request
    only the entries that are new.
    """

    def __init__(self, var: Path, trust: Trust | None = None, database: Address | None = None) -> None:
        self._var, self._given_trust = var, trust
        self._database = database or address_of(var)
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._read: list[Publication] = []
        self._last_entry = 0
        self._checked = ""

    def current(self) -> Published:
        """Return what is published; empty when nothing was.

        Raises IntegrityFailure, where a trust folder exists, for a list that is not signed, whose publication the log
        does not hold, or that an older publication names; and for a log that does not verify.
        """
        trust = Trust.open() if self._given_trust is None else self._given_trust
        chosen, pointer = lists.read_pointer(self._var / "lists", trust)
        if not trust.exists:
            return chosen
        with self._lock:
            if not self._database.may_exist:
                if chosen.list:
                    raise _refused("The published list is in no audit log: there is none.", chosen.list)
                return chosen
            engine = self._read_on(pointer, trust)
            try:
                self._check(chosen, pointer)
            except IntegrityFailure:
                # ``publish`` writes the file before its entry is committed, and a reader does not wait for a writer.
                # So a refusal stands only if it is the same when nobody writes.
                with writing(engine):
                    chosen, pointer = lists.read_pointer(self._var / "lists", trust)
                    self._read_on(pointer, trust)
                self._check(chosen, pointer)
            self._checked = pointer
        return chosen

    def _read_on(self, pointer: str, trust: Trust) -> Engine:
        """Read the publications that are new; all of them, and the whole chain, for another ``current.json``."""
        if self._engine is None:
            self._engine = connect(self._database)
        if pointer != self._checked:
            verify_log(self._engine, trust)
            self._read, self._last_entry = [], 0
        with reading(self._engine) as connection:
            self._read += publications(connection, self._last_entry)
        self._last_entry = max((publication.entry for publication in self._read), default=0)
        return self._engine

    def _check(self, chosen: Published, pointer: str) -> None:
        last = max(self._read, key=lambda publication: publication.order, default=None)
        if not chosen.list:
            if last is not None:
                raise _refused("The file that names the published list is gone.", last.list)
            return
        if not any(read.pointer == pointer and read.list == chosen.list for read in self._read):
            raise _refused("The audit log does not hold the publication of this list.", chosen.list)
        if last is not None and (last.as_of, last.sequence) > (chosen.as_of, chosen.sequence):
            raise _refused(
                "An older list was put in the place of the published list.",
                f"{chosen.list}, and the audit log holds the later {last.list}",
            )

    def close(self) -> None:
        """Close the connections to the log."""
        if self._engine is not None:
            self._engine.dispose()


def _refused(problem: str, value: str) -> IntegrityFailure:
    return IntegrityFailure(
        problem,
        value=value,
        where=lists.CURRENT,
        way_out="publish today's list again (threat score --publish), and find out who wrote the file",
    )
