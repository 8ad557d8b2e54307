"""Erasure of a person: their rows leave every file of a history, and a signed record says what became of which file.

Who is erased: the person asked for, and everyone found to be that person at the end of the history. What is erased:

- every row of ``persons``, ``identities`` and ``protected`` of them, every link and every stated relationship that
  names them, in the repeated rows too;
- events (and rows of ``known_earlier``) that name nobody else, and withdrawals of these that name nobody;
- of events that also name somebody else, their part in it alone: the event stays, with an unknown person in their
  stead, because it is a record of the other person's life too;
- quarantined rows that name them (``threat.history.erased_words``).

Everything else stays as it was, in its order. Arrays derived from any snapshot go. What stays of the person is the id,
a hash: in the record of the erasure and in the access log of identities, which say that it happened.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from threat.asof import NEVER, instant
from threat.errors import BadInput, UsageError
from threat.files import move_into_place, sha256_of
from threat.history.batches import QUARANTINE, Change, Entry, Erasure, Part
from threat.history.content import content_of
from threat.history.erased_words import ErasedWords
from threat.history.erasure_statement import VERB, require_two_people, statements
from threat.history.retention_decisions import refuse_under_hold
from threat.history.schema import REPEATED
from threat.history.sightings import NO_PERSON
from threat.history.snapshot import Snapshot
from threat.history.sorted_ids import is_in
from threat.history.store import Store
from threat.history.tables import read_rows_of
from threat.history.writer import ROWS_PER_GROUP
from threat.ids import show_id

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

MIN_REASON = 5
"""Characters: as for opening an identity, the least that can name a purpose."""

_NAMES_THEM = {
    "persons": ("person_id",),
    "identities": ("person_id",),
    "protected": ("person_id",),
    "person_links": ("source_person_id", "person_id"),
    "relationships": ("subject_id", "person_at_risk_id"),
}
"""Tables of which a row goes when one of these columns names the person."""

_PARTIES = ("subject_id", "person_at_risk_id", "person_id")
"""Columns of ``events`` and ``known_earlier`` that name somebody."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked: ``person`` (an id), why, the private key files of the two people, and when (UTC seconds).

    ``names``: of the person, as the request gives them. They are looked for in quarantined rows next to the names on
    record, which there may be none of, and are kept nowhere.
    """

    person: int
    reason: str
    by: tuple[Path, ...]
    at: int
    names: tuple[str, ...] = ()


def erase(store: Store, asked: Asked) -> Erasure:
    """Erase a person from a history and return the record of it.

    Nothing is changed unless all of it is: the files without the person are written first, then the manifest, and then
    the files with the person are deleted. Raises UsageError without a trust folder, the key of ``intake``, a reason or
    the keys of two people, for a person under a legal hold, or while another process writes; BadInput where no row
    names the person; IntegrityFailure where the store does not verify.
    """
    if len(asked.reason.strip()) < MIN_REASON:
        raise UsageError("No reason is given for the erasure.", value=asked.reason, way_out="--reason, in a few words")
    store.trust.signer("intake")
    signers = [store.trust.signer(VERB, key) for key in asked.by]
    require_two_people(store.trust, signers)
    with store.writing():
        store.sweep()
        snapshot, whole = store.snapshot(), store.manifest()
        persons = same_person(snapshot, asked.person)
        refuse_under_hold(store.path, persons.tolist(), instant(asked.at).date(), store.trust)
        shown = [show_id("P", int(person)) for person in persons]
        place = store.path / "incoming" / uuid.uuid4().hex
        place.mkdir(parents=True, mode=0o700)
        try:
            changes = _Rewriting(store.path, place, persons, snapshot, asked.names).changes()
            if not changes:
                raise BadInput("No row of the history names this person.", value=shown[0], where=str(store.path))
            # Arrays hold ids of persons. They go first: they can be made again, and a kill here leaves none behind.
            shutil.rmtree(store.path / "derived", ignore_errors=True)
            record: dict[str, Any] = {
                "persons": shown,
                "reason": asked.reason.strip(),
                "erased_at": asked.at,
                "by": [signer.key.name for signer in signers],
                "changes": [asdict(change) for change in changes],
            }
            # Signed once it is known what becomes of which file, so that the key of intake can change none of it.
            place_of = {"environment": whole.environment, "history": whole.history, "previous": whole.head}
            signed = statements(place_of | record, signers)
            after = store.add_record({"kind": "erasure", **record, "statements": signed})
        finally:
            # What no record lists: the files with the person, or, where it failed, the ones that were to replace them.
            store.sweep()
        shutil.rmtree(store.path / "derived", ignore_errors=True)
    return after.erasures[-1]


def same_person(snapshot: Snapshot, person: int) -> Ints:
    """Return the ids, sorted, that are known to be the same person as ``person`` at the end of a history.

    Somebody on record as unknown or as an organisation is nobody's other id: the id alone.
    """
    linked = np.unique(np.append(snapshot.links.person, person))
    survivors = snapshot.links.resolve(linked, NEVER)
    is_now = int(snapshot.links.resolve([person], NEVER)[0])
    if is_now == NO_PERSON:
        return np.array([person], dtype=np.int64)
    return np.unique(np.append(linked[survivors == is_now], [is_now, person])).astype(np.int64)


@dataclass
class _Rewriting:
    """The parts of a store, written again without some persons.

    ``place``: where files are written until all are. ``names``: of the persons, besides those on record.
    """

    store: Path
    place: Path
    persons: Ints
    snapshot: Snapshot
    names: tuple[str, ...]
    _events: Ints = field(init=False)

    def changes(self) -> list[Change]:
        """Write and place every part that names the persons again; return what became of which file."""
        self._events = self._events_of_nobody_else()
        rows = read_rows_of("identities", self.snapshot.part_paths("identities"), self.persons.tolist())
        systems = {entry.batch.profile.partition("@")[0] for entry in self.snapshot.entries}
        systems |= set(pc.unique(self.snapshot.table("events", ["source_system"]).column(0)).to_pylist())
        names = [*rows.column("names").drop_null().to_pylist(), *self.names]
        words = ErasedWords.of(self.persons, sorted(systems), names)
        out = []
        for entry in self.snapshot.entries:
            for table, parts in entry.parts.items():
                out += self._table(entry, table, parts)
            if entry.quarantine is not None:
                out += self._quarantine(entry, entry.quarantine, words)
        return out

    def _events_of_nobody_else(self) -> Ints:
        """Return the ids, sorted, of the events that go: they name the persons and nobody else, in no version."""
        ids, names_them, names_others, supersedes, names = [], [], [], [], []
        for table in ("events", "known_earlier"):
            for path in self.snapshot.part_paths(table):
                rows = pq.read_table(path, columns=["event_id", "supersedes_event_id", *_PARTIES])
                parties = [pc.fill_null(rows.column(name), NO_PERSON).to_numpy() for name in _PARTIES]
                them = [is_in(party, self.persons) for party in parties]
                others = [(party != NO_PERSON) & ~of_them for party, of_them in zip(parties, them, strict=True)]
                ids.append(rows.column("event_id").to_numpy())
                supersedes.append(pc.fill_null(rows.column("supersedes_event_id"), NO_PERSON).to_numpy())
                names_them.append(np.any(them, axis=0))
                names_others.append(np.any(others, axis=0))
                names.append(np.any([party != NO_PERSON for party in parties], axis=0))
        if not ids:
            return np.zeros(0, dtype=np.int64)
        event, target = np.concatenate(ids), np.concatenate(supersedes)
        kept = np.unique(event[np.concatenate(names_others)])
        going = np.unique(event[np.concatenate(names_them)])
        going = going[~is_in(going, kept)]
        nameless = ~np.concatenate(names) & ~is_in(event, kept)
        while True:
            # A withdrawal that names nobody is about what it withdraws, and so is a withdrawal of that.
            more = event[nameless & is_in(target, going) & ~is_in(event, going)]
            if not len(more):
                return going
            going = np.unique(np.append(going, more))

    def _table(self, entry: Entry, table: str, parts: Sequence[Part]) -> list[Change]:
        """Write a table of a batch again, if a row of it names the persons."""
        name = table.removesuffix(REPEATED)
        kept, removed, without = [], 0, 0
        for path, _, _ in parts:
            rows = pq.read_table(self.store / path)
            goes, loses = self._touched(name, rows)
            removed, without = removed + int(goes.sum()), without + int((loses & ~goes).sum())
            kept.append(self._without_parties(rows, loses).filter(pa.array(~goes)))
        if not removed + without:
            return []
        rows = pa.concat_tables(kept).unify_dictionaries()
        number = int(parts[-1][0].rpartition("-")[2].removesuffix(".parquet")) + 1
        target = f"parts/{table}/{entry.batch_id}-{number:04d}.parquet"
        after = self._written(rows, target)
        return [Change(entry.batch_id, table, tuple(parts), after, content_of(rows), removed, without)]

    def _touched(self, table: str, rows: pa.Table) -> tuple[Mask, Mask]:
        """Return which rows of a table go, and which lose a party."""
        none = np.zeros(rows.num_rows, dtype=np.bool_)
        if table in _NAMES_THEM:
            return np.any([self._names(rows, column) for column in _NAMES_THEM[table]], axis=0), none
        goes = is_in(rows.column("event_id").to_numpy(), self._events)
        return goes, np.any([self._names(rows, column) for column in _PARTIES], axis=0)

    def _names(self, rows: pa.Table, column: str) -> Mask:
        return is_in(pc.fill_null(rows.column(column), NO_PERSON).to_numpy(), self.persons)

    def _without_parties(self, rows: pa.Table, loses: Mask) -> pa.Table:
        """Return rows with the unknown person in place of the persons."""
        if not loses.any():
            return rows
        for column in _PARTIES:
            place = rows.schema.get_field_index(column)
            named = pa.array(self._names(rows, column))
            unknown = pa.scalar(None, rows.schema.field(column).type)
            rows = rows.set_column(place, rows.schema.field(column), pc.if_else(named, unknown, rows.column(column)))
        return rows

    def _quarantine(self, entry: Entry, part: Part, words: ErasedWords) -> list[Change]:
        """Write the quarantined rows of a batch again, if one of them names the persons."""
        rows = pq.read_table(self.store / part[0])
        goes = np.array([words.name_them(record) for record in rows.column("record").to_pylist()], dtype=np.bool_)
        if not goes.any():
            return []
        rows = rows.filter(pa.array(~goes))
        number = int(part[0].partition("-")[2].removesuffix(".parquet") or 0) + 1
        after = self._written(rows, f"quarantine/{entry.batch_id}-{number:04d}.parquet")
        return [Change(entry.batch_id, QUARANTINE, (part,), after, content_of(rows), int(goes.sum()), 0)]

    def _written(self, rows: pa.Table, target: str) -> tuple[Part, ...]:
        """Write rows as a part, safely on disk; no part where no row is left."""
        if not rows.num_rows:
            return ()
        file = self.place / uuid.uuid4().hex
        words = [item.name for item in rows.schema if pa.types.is_dictionary(item.type)]
        pq.write_table(
            _only_used_words(rows), file, compression="zstd", use_dictionary=words, row_group_size=ROWS_PER_GROUP
        )
        digest = sha256_of(file)
        move_into_place(file, self.store / target)
        return ((target, rows.num_rows, digest),)


def _only_used_words(rows: pa.Table) -> pa.Table:
    """Return rows whose dictionaries hold the words of these rows alone: a word that only an erased row had goes."""
    for place, item in enumerate(rows.schema):
        if pa.types.is_dictionary(item.type):
            plain = rows.column(place).cast(item.type.value_type)
            rows = rows.set_column(place, item, plain.dictionary_encode().cast(item.type))
    # What pandas or a writer of before noted of the whole is not of these rows.
    return rows.replace_schema_metadata(None)
