"""``manifest.json``: what a store holds, as a chain of records, each signed by the key of the verb ``intake``.

Format 2 is a list of records, one for the history itself, then one for every batch and every erasure, in order. A
record names its place (the history, its number, the hash of the record before) and what it adds: of a batch the id, the
delivery, the counts, and by table the content hash of its rows and the files that hold them. So a batch that is
changed, left out, moved or put in is found, and so is a record of another history. What a chain cannot show by itself
is that its *last* records were cut off: ``threat.history.seen`` remembers the head, and every list and RUN names it.

Where no trust folder exists the records are chained and not signed. Format 1, a plain list of batches, still opens
there; ``threat sign-history`` makes a format 2 of it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from threat import untrusted
from threat.errors import BadInput, IntegrityFailure
from threat.files import write_whole
from threat.history.batches import EMPTY, Entry, Erasure, next_snapshot_id, without_erased
from threat.history.erasure_statement import check_statements
from threat.history.record_fields import batch_fields, entries_of_format_1, entry_of, erasure_of
from threat.history.record_types import PLACE, check_record
from threat.trust.belief import ChainBelief
from threat.trust.chain import START, canonical
from threat.trust.folder import Trust
from threat.trust.signing import Signer, sign, verify

FORMAT: Final = "threat-history/2"
FORMAT_1: Final = "threat-history/1"
FILE: Final = "manifest.json"
PAYLOAD_TYPE: Final = "application/vnd.threat.history-record+json"

LARGEST: Final = 2**30
"""Bytes of a manifest at most. It grows by some 2 kB with every batch, so other documents' 64 MB would close a history
of 29,000; this holds 400,000, which is one an hour for 45 years."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it is written: the document, and the signatures over it (none where it is not signed)."""

    document: dict[str, Any]
    signatures: tuple[Mapping[str, Any], ...]

    @property
    def hash(self) -> str:
        """Return the SHA-256 of the document in canonical form: what the next record names as ``previous``."""
        return hashlib.sha256(canonical(self.document)).hexdigest()


@dataclass(frozen=True, slots=True)
class Manifest:
    """The manifest of a store, verified.

    ``history``: id of the history, "" in format 1. ``entries``: the batches, as erasures left them. ``signed``: every
    record is signed by a key of the trust folder that was asked. ``snapshots``: the id of the snapshot after each
    record, with how many batches and erasures it counts. ``hashes``: of the records, in order.
    """

    history: str
    environment: str
    records: tuple[Record, ...]
    hashes: tuple[str, ...]
    entries: tuple[Entry, ...]
    erasures: tuple[Erasure, ...]
    snapshots: tuple[tuple[str, int, int], ...]
    signed: bool

    @property
    def is_chain(self) -> bool:
        """Tell whether the manifest is of format 2."""
        return bool(self.records)

    @property
    def head(self) -> str:
        """Return the hash of the newest record; START in format 1."""
        return self.hashes[-1] if self.hashes else START


def new_history(environment: str, signer: Signer | None) -> Manifest:
    """Return the manifest of a history that holds nothing yet."""
    return _read_records([_record(environment, uuid.uuid4().hex, (), {"kind": "history"}, signer)], signed=bool(signer))


def with_record(manifest: Manifest, fields: Mapping[str, Any], signer: Signer | None) -> Manifest:
    """Return a manifest with one more record. Raises ValueError for fields that no record of its kind has."""
    record = _record(manifest.environment, manifest.history, manifest.records, fields, signer)
    return _read_records([*manifest.records, record], signed=manifest.signed and signer is not None)


def _record(
    environment: str, history: str, before: Sequence[Record], fields: Mapping[str, Any], signer: Signer | None
) -> Record:
    place = {
        "environment": environment,
        "history": history,
        "previous": before[-1].hash if before else START,
        "sequence": len(before),
    }
    # Through JSON, so that the record is what a reader will find: lists for tuples, text for keys.
    document = json.loads(canonical({**fields, **place}))
    if signer is None:
        return Record(document, ())
    return Record(document, tuple(sign(document, PAYLOAD_TYPE, signer)["signatures"]))


def chained(entries: Sequence[Entry]) -> Manifest:
    """Return batches of format 1 as a chain, unsigned; each must say the content of its rows."""
    start = new_history("", None)
    records = list(start.records)
    for entry in entries:
        records.append(_record("", start.history, records, batch_fields(entry), None))
    return _read_records(records, signed=False)


def signed_by(manifest: Manifest, environment: str, signer: Signer) -> Manifest:
    """Return a chain whose every record is signed by one key, in an environment.

    Records of that environment stay as they are, so that the statements on erasures hold; those of no environment (of
    where nothing was signed, and no one can be erased) get it.
    """
    records: list[Record] = []
    for record in manifest.records:
        fields = {name: value for name, value in record.document.items() if name not in PLACE or name == "kind"}
        records.append(_record(environment, manifest.history, records, fields, signer))
    return _read_records(records, signed=True)


def write(path: Path, manifest: Manifest) -> None:
    """Replace the manifest of a store, in one step."""
    write_whole(path, _as_text(manifest.records))


def _as_text(records: Sequence[Record]) -> str:
    written = [{"record": record.document, "signatures": list(record.signatures)} for record in records]
    return json.dumps({"format": FORMAT, "records": written}, indent=1, sort_keys=True)


def read(path: Path, trust: Trust) -> Manifest:
    """Read and verify a manifest. Raises IntegrityFailure where it cannot be read, or does not verify.

    With a trust folder every record must be signed for ``intake``, in the environment of the folder.
    """
    try:
        data = untrusted.read(path, LARGEST)
    except (OSError, untrusted.MalformedError) as error:
        raise _unreadable(error, path) from None
    # By content: a desk asks ten times for one page, and a manifest of years takes a second to verify.
    return _verified(data, _Asked(path, trust))


def chain_name(history: str) -> str:
    """Return what a history is called where governance names chains."""
    return f"history {history}"


def history_id(store: Path) -> str:
    """Return the id of the history in a store, as its manifest says it; empty where there is none.

    Not verified: a history that is opened is. Raises IntegrityFailure for a manifest that cannot be read.
    """
    path = store / FILE
    return read(path, Trust.none()).history if path.is_file() else ""


@dataclass(frozen=True, eq=False)
class _Asked:
    """Who asks for a manifest: equal where the same keys judge it."""

    path: Path
    trust: Trust

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Asked) and (self.path, self.trust) == (other.path, other.trust)

    def __hash__(self) -> int:
        return hash((self.path, self.trust.environment, *sorted(self.trust.keys)))


@lru_cache(maxsize=16)
def _verified(data: bytes, asked: _Asked) -> Manifest:
    path, trust = asked.path, asked.trust
    try:
        document = untrusted.decode_object(data, largest=LARGEST)
        if document["format"] == FORMAT_1:
            manifest = _format_1(document)
        elif document["format"] == FORMAT:
            records = [_parsed(item) for item in document["records"]]
            # Written one way only: a byte that differs is a change, also where it changes no value.
            if _as_text(records).encode() != data:
                raise ValueError("it is not written as the product writes a manifest")
            manifest = _read_records(records, signed=False)
        else:
            raise ValueError(f"format {document['format']}")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, BadInput) as error:
        raise _unreadable(error, path) from None
    if not trust.exists:
        return manifest
    if not manifest.is_chain:
        raise _unsigned(path)
    belief = trust.belief(chain_name(manifest.history))
    for record in manifest.records:
        _check_signature(record, trust, belief, path)
    belief.require_heads(path, manifest.hashes)
    return replace(manifest, signed=True)


def _unreadable(error: Exception, path: Path) -> IntegrityFailure:
    return IntegrityFailure(
        "The manifest of the history cannot be read.",
        value=error,
        where=str(path),
        way_out="restore the store from a copy; do not edit it",
    )


def _unsigned(path: Path) -> IntegrityFailure:
    return IntegrityFailure(
        "The history is not signed, and a trust folder is in use here.",
        where=str(path),
        way_out="where the history is known to be sound, sign it with the key of intake: threat sign-history",
    )


def _check_signature(record: Record, trust: Trust, belief: ChainBelief, path: Path) -> None:
    """Refuse a record that no key of ``intake`` signed in this environment, or that is not believed in its place."""
    if not record.signatures:
        raise _unsigned(path)
    where = f"{path}, record {record.document['sequence'] + 1}"
    envelope = {
        "payload": base64.b64encode(canonical(record.document)).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [dict(signature) for signature in record.signatures],
    }
    try:
        _, key = verify(envelope, PAYLOAD_TYPE, trust.keys, verb="intake", ended=True)
    except IntegrityFailure as failure:
        raise IntegrityFailure(
            "The record was not signed for intake, or was changed after it was signed.",
            value=failure.value,
            where=where,
            way_out="restore the store from a copy; where the key was lost or replaced: threat sign-history",
        ) from None
    if record.document["environment"] != trust.environment:
        raise IntegrityFailure(
            "The record is of another environment than the trust folder.",
            value=record.document["environment"] or "none",
            where=where,
            way_out=f"name the trust folder of that environment; this one is {trust.environment}",
        )
    signers = [key]
    if record.document["kind"] == "erasure":
        signers += check_statements(record.document, trust, where)
    for signer in signers:
        if not belief.require(record.document["sequence"], record.hash, signer, where):
            raise IntegrityFailure("The history has a record that was excluded, and none can be.", where=where)


def _parsed(item: Mapping[str, Any]) -> Record:
    untrusted.require_fields(item, {"record": dict, "signatures": list})
    if not all(isinstance(signature, dict) for signature in item["signatures"]):
        raise TypeError("a signature that is no object")
    return Record(item["record"], tuple(item["signatures"]))


def _read_records(records: Sequence[Record], *, signed: bool) -> Manifest:
    """Read a chain. Raises ValueError, KeyError or TypeError where a record is not in its place or lacks its fields."""
    entries: list[Entry] = []
    erasures: list[Erasure] = []
    at, batches = EMPTY, 0
    snapshots = [(EMPTY, 0, 0)]
    previous = START
    hashes: list[str] = []
    if not records:
        raise ValueError("it has no record")
    first = records[0].document
    for number, record in enumerate(records):
        document = record.document
        check_record(document)
        place = (document["sequence"], document["previous"], document["history"], document["environment"])
        if place != (number, previous, first["history"], first["environment"]):
            raise ValueError(f"record {number + 1} is not in its place")
        if (document["kind"] == "history") != (number == 0):
            raise ValueError(f"record {number + 1} is of the kind {document['kind']}")
        previous = record.hash
        hashes.append(previous)
        if document["kind"] == "batch":
            entries.append(entry_of(document))
            batches += 1
            at = next_snapshot_id(at, document["batch_id"])
        elif document["kind"] == "erasure":
            erasures.append(erasure_of(document, batches, previous))
            entries = without_erased(entries, erasures[-1])
            at = next_snapshot_id(at, f"erasure {previous}")
        snapshots.append((at, batches, len(erasures)))
    if len({entry.batch_id for entry in entries}) != len(entries):
        raise ValueError("two batches have one id")
    return Manifest(
        str(first["history"]),
        str(first["environment"]),
        tuple(records),
        tuple(hashes),
        tuple(entries),
        tuple(erasures),
        tuple(dict.fromkeys(snapshots)),
        signed,
    )


def _format_1(document: Mapping[str, Any]) -> Manifest:
    entries = entries_of_format_1(document)
    snapshots = [(EMPTY, 0, 0)]
    for number, entry in enumerate(entries, 1):
        snapshots.append((next_snapshot_id(snapshots[-1][0], entry.batch_id), number, 0))
    return Manifest("", "", (), (), tuple(entries), (), tuple(snapshots), signed=False)
