"""A LIST: one scored ranking, frozen. ``list.json`` says what it was computed from, ``rows.parquet`` holds every row.

The id of a LIST is a hash of its content: ``list.json`` names the SHA-256 of ``rows.parquet``, and the id ends in the
hash of ``list.json``. Opening one recomputes both. ``current.json`` next to the LISTs names the published one.

Where a trust folder exists, both are signed with the key for ``list``: ``signature.json`` next to ``list.json`` holds
the whole hash of ``list.json``, and ``current.json`` is itself a signed document. What is not signed, or signed by a
key that is not for lists, is refused. Whether a list was really published is in the audit log, which the desk asks
(``serving.lists.publishing``).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from threat import untrusted
from threat.errors import BadInput, IntegrityFailure, UsageError
from threat.files import sha256_of, whole_folder, write_whole
from threat.release.documents.scored_list import Basis, ListFile, MustSee, Safeguarding
from threat.trust.chain import canonical
from threat.trust.folder import Trust
from threat.trust.signing import Signer, sign

LIST_TYPE: Final = "application/vnd.threat.list+json"
POINTER_TYPE: Final = "application/vnd.threat.publication+json"
SIGNATURE: Final = "signature.json"
CURRENT: Final = "current.json"
_LARGEST: Final = 2**30
"""Bytes of a file of a list at most, rows with their reasons included: a national list takes a tenth of it."""

_SENTENCE = pa.struct([("feature", pa.string()), ("text", pa.string()), ("event_ids", pa.list_(pa.int64()))])
_REASON = pa.struct(
    [
        ("theme", pa.string()),
        ("contribution", pa.float64()),
        ("sentences", pa.list_(_SENTENCE)),
    ]
)

_CIRCUMSTANCE = pa.struct(
    [
        ("what", pa.string()),  # custody | bail | order | release_due | death
        ("kind", pa.string()),
        ("code", pa.string()),  # empty: none
        ("whom", pa.string()),  # subject | person_at_risk | pair
        ("since", pa.int64()),
        ("until", pa.int64()),  # null: no end on record
        ("event_id", pa.int64()),
        ("text", pa.string()),
    ]
)

ROWS = pa.schema(
    [
        pa.field("relationship_id", pa.int64(), nullable=False),
        pa.field("subject_id", pa.int64(), nullable=False),
        pa.field("person_at_risk_id", pa.int64()),  # null: unknown
        pa.field("rank", pa.int32(), nullable=False),  # equal scores share the smallest rank: 1, 2, 2, 4
        pa.field("tied", pa.int32(), nullable=False),  # rows with this score, itself among them
        pa.field("score", pa.float64(), nullable=False),
        pa.field("band", pa.string(), nullable=False),
        pa.field("freshness", pa.string(), nullable=False),
        pa.field("last_recorded_at", pa.int64(), nullable=False),
        pa.field("previous_rank", pa.int32()),  # null: not on the previous list, or there was none
        pa.field("new_records", pa.int32(), nullable=False),  # recorded since the previous list's as-of
        pa.field("base", pa.float64()),  # what the contributions start from; null: not explained here
        pa.field("reasons", pa.list_(_REASON)),  # by theme; base + contributions = score
        # What is in force at the as-of, on every row; a list of before it was stated reads as one that states nothing.
        pa.field("circumstances", pa.list_(_CIRCUMSTANCE)),
    ]
)

BAND_TITLES = {
    "review": "For review",
    "next": "Next in order",
    "beyond": "Beyond today's capacity",
}
"""Bands are places in the order, not sizes of risk: up to capacity k, up to 2k, the rest."""


class ScoredList:
    """A LIST in memory: ``id``, ``basis``, ``must_see`` (as shown) and ``rows`` (schema ``ROWS``, in rank order).

    ``safeguarding``: the relationships that are not ranked with adults, by id. ``version``: of its ``list.json``; a
    list of version 1 says nothing of circumstances, feeds and safeguarding. ``remarks``: sentences for whoever made it,
    of what went wrong on the way; not part of the LIST.
    """

    def __init__(
        self,
        list_id: str,
        basis: Basis,
        must_see: Sequence[MustSee],
        rows: pa.Table,
        safeguarding: Sequence[Safeguarding] = (),
        version: int = ListFile.of_version(),
    ) -> None:
        self.remarks: tuple[str, ...] = ()
        self.id = list_id
        self.basis = basis
        self.must_see = tuple(must_see)
        self.safeguarding = tuple(safeguarding)
        self.rows = rows
        self.version = version

    def __len__(self) -> int:
        return int(self.rows.num_rows)

    @cached_property
    def _position(self) -> dict[int, int]:
        return {int(value): i for i, value in enumerate(self.rows["relationship_id"].to_numpy())}

    @cached_property
    def rank(self) -> NDArray[np.int32]:
        """Rank per row, int32[n]."""
        return np.asarray(self.rows["rank"].to_numpy(), dtype=np.int32)

    @property
    def rank_by_relationship(self) -> dict[int, int]:
        """Rank by relationship id."""
        return dict(zip(self.rows["relationship_id"].to_pylist(), self.rank.tolist(), strict=True))

    @property
    def selected(self) -> int:
        """Number of rows for review. Ties at the edge stay in, so there may be more than the capacity."""
        return int((self.rank <= self.basis.capacity).sum())

    @property
    def ties(self) -> dict[str, int]:
        """Rows that share a rank: see ``count_ties``."""
        return count_ties(self.rank, self.basis.capacity)

    def position(self, relationship_id: int) -> int | None:
        """Return the row number of a relationship in rank order, from 0; None when it is not on the LIST."""
        return self._position.get(relationship_id)

    def row(self, relationship_id: int) -> dict[str, Any] | None:
        """Return the row of a relationship as a dictionary, or None when it is not on the LIST."""
        i = self.position(relationship_id)
        return None if i is None else self.row_at(i)

    def row_at(self, i: int) -> dict[str, Any]:
        """Row ``i`` in rank order as a dictionary."""
        return dict(self.rows.slice(i, 1).to_pylist()[0])


def count_ties(rank: NDArray[np.int32], capacity: int) -> dict[str, int]:
    """Count the ``groups`` of rows that share a rank, the ``rows`` in such groups, and those ``at_edge``.

    ``at_edge``: rows that share the last rank for review, all of which stay in; 0 when that rank is not shared.

    >>> count_ties(np.array([1, 2, 2, 2, 5], np.int32), capacity=3)
    {'groups': 1, 'rows': 3, 'at_edge': 3}
    >>> count_ties(np.array([1, 2, 2, 2, 5], np.int32), capacity=1)
    {'groups': 1, 'rows': 3, 'at_edge': 0}
    """
    ranks, counts = np.unique(rank, return_counts=True)
    shared = counts > 1
    for_review = int((ranks <= capacity).sum())
    at_edge = int(counts[for_review - 1]) if for_review and shared[for_review - 1] else 0
    return {"groups": int(shared.sum()), "rows": int(counts[shared].sum()), "at_edge": at_edge}


def freeze(
    directory: str | Path,
    basis: Basis,
    must_see: Sequence[MustSee],
    rows: pa.Table,
    safeguarding: Sequence[Safeguarding] = (),
    *,
    signer: Signer | None = None,
) -> ScoredList:
    """Write a LIST under ``directory``, signed where there is a signer, and return it.

    The LIST appears whole or not at all, and is on disk before this returns. A LIST of the same content that is there
    already is left as it is, and signed where it is not.
    """
    parquet = pa.BufferOutputStream()
    pq.write_table(rows, parquet, compression="zstd")
    rows_file = parquet.getvalue().to_pybytes()
    document = ListFile(
        rows=rows.num_rows,
        rows_sha256=sha256_of(rows_file),
        must_see=tuple(must_see),
        safeguarding=tuple(safeguarding),
        **dict(basis),
    )
    text = document.encode()
    day = datetime.fromtimestamp(basis.as_of, tz=UTC).date().isoformat()
    list_id = f"L-{day}-{sha256_of(text)[:16]}"
    path = Path(directory) / list_id
    files = {"rows.parquet": rows_file, ListFile.FILE: text}
    if signer is not None:
        said = {"list": list_id, "sha256": sha256_of(text), "environment": signer.key.environment}
        files[SIGNATURE] = canonical(sign(said, LIST_TYPE, signer))
    try:
        whole_folder(path, files)
    except OSError:
        # The id hashes the content, so a folder of this name holds the same LIST already.
        if not path.is_dir():
            raise
        if signer is not None and not (path / SIGNATURE).exists():
            write_whole(path / SIGNATURE, files[SIGNATURE])
    return ScoredList(list_id, basis, must_see, rows, safeguarding)


def open_list(directory: str | Path, list_id: str, trust: Trust | None = None) -> ScoredList:
    """Open a LIST after verifying its hashes and, where a trust folder exists, its signature.

    ``trust``: the keys that count; None opens those of this machine. Raises UsageError when there is no such list,
    IntegrityFailure when it was changed or is not signed by a key for lists, BadInput for another version.
    """
    trust = Trust.open() if trust is None else trust
    path = Path(directory) / list_id
    if Path(list_id).name != list_id or not (path / ListFile.FILE).is_file():
        raise UsageError(
            "There is no such list.", value=list_id, where=str(directory), way_out="make one: threat score --as-of DATE"
        )
    text = _read(path / ListFile.FILE)
    if list_id.rpartition("-")[2] != sha256_of(text)[:16]:
        raise _changed(path / ListFile.FILE)
    if trust.exists:
        _check_signature(path, list_id, sha256_of(text), trust)
    document = ListFile.parse(text, str(path / ListFile.FILE))
    rows = _rows(path / "rows.parquet", document.rows_sha256)
    return ScoredList(list_id, document.basis(), document.must_see, rows, document.safeguarding, document.version)


def _read(path: Path) -> bytes:
    try:
        return untrusted.read(path, _LARGEST)
    except untrusted.MalformedError as error:
        raise IntegrityFailure("The list holds a file that cannot be read.", value=error, where=str(path)) from None


def _rows(path: Path, digest: str) -> pa.Table:
    """Return the rows of a list, from the very bytes that have the hash: another file may be put there meanwhile."""
    data = _read(path) if path.is_file() else b""
    if sha256_of(data) != digest:
        raise _changed(path)
    try:
        rows = pq.read_table(pa.BufferReader(data))
        if "circumstances" not in rows.column_names:  # of before lists had them
            rows = rows.append_column(ROWS.field("circumstances"), pa.array([[]] * len(rows), pa.list_(_CIRCUMSTANCE)))
        return rows.select(ROWS.names).cast(ROWS)
    except (pa.ArrowException, KeyError) as error:
        raise IntegrityFailure("The rows of the list cannot be read.", value=error, where=str(path)) from None


def _check_signature(path: Path, list_id: str, digest: str, trust: Trust) -> None:
    """Raise IntegrityFailure unless ``signature.json`` is of this list, by a key for lists of this place."""
    where = str(path / SIGNATURE)
    way_out = "do not use it; make the list again with the key for lists: threat score --as-of DATE --publish"
    try:
        envelope = untrusted.decode_object(untrusted.read(path / SIGNATURE))
    except FileNotFoundError:
        raise IntegrityFailure("The list is not signed.", value=list_id, where=where, way_out=way_out) from None
    except untrusted.MalformedError as error:
        raise IntegrityFailure(
            "The signature of the list cannot be read.", value=error, where=where, way_out=way_out
        ) from None
    try:
        document, _ = trust.verify(envelope, LIST_TYPE, "list")
    except IntegrityFailure as error:
        raise IntegrityFailure(
            "The list is not signed by a key for lists of this place.",
            value=error.problem if error.value is None else error.value,
            where=where,
            way_out=way_out,
        ) from None
    if document != {"list": list_id, "sha256": digest, "environment": trust.environment}:
        raise IntegrityFailure(
            "The signature next to the list is of another list.",
            value=f"{document.get('list')}, {document.get('environment')}",
            where=where,
            way_out=way_out,
        )


@dataclass(frozen=True, slots=True)
class Published:
    """The LIST that the desk shows, and the LIST that takes its place.

    ``list``: its id, empty when nothing was published. ``bundle``: SHA-256 of the bundle that ordered it, empty for a
    rule. ``standby``: the LIST by rule that takes its place at once when that bundle goes out of service. ``as_of``: of
    the LIST, UTC seconds. ``sequence``: number of the publication, from 1; 0 in a file of before there were numbers.
    """

    list: str = ""
    bundle: str = ""
    standby: str = ""
    as_of: int = 0
    sequence: int = 0


_POINTER = {"list": str, "bundle": str, "standby": str, "as_of": int, "sequence": int}


def pointer_of(chosen: Published, signer: Signer | None = None) -> bytes:
    """Return the bytes of ``current.json`` that names a LIST: signed where there is a signer."""
    if signer is None:
        return json.dumps(asdict(chosen)).encode()
    said = asdict(chosen) | {"environment": signer.key.environment}
    return canonical(sign(said, POINTER_TYPE, signer))


def publish(directory: str | Path, pointer: bytes) -> None:
    """Make a LIST what the desk shows: replace ``current.json`` in one step by what ``pointer_of`` gave."""
    write_whole(Path(directory) / CURRENT, pointer)


def published(directory: str | Path, trust: Trust | None = None) -> Published:
    """Read what was published; empty when nothing was. See ``read_pointer``."""
    return read_pointer(directory, trust)[0]


def read_pointer(directory: str | Path, trust: Trust | None = None) -> tuple[Published, str]:
    """Return what ``current.json`` names, and the SHA-256 of the file; both empty where there is no file.

    ``trust``: the keys that count; None opens those of this machine. Without a trust folder a signed file is read, and
    its signature is not checked. Raises BadInput for an unreadable file, IntegrityFailure for a file that is not signed
    by a key for lists where a trust folder exists.
    """
    trust = Trust.open() if trust is None else trust
    path = Path(directory) / CURRENT
    try:
        text = untrusted.read(path)
        document = untrusted.decode_object(text)
        if trust.exists:
            document = _signed_pointer(document, trust, str(path))
        elif "payload" in document:
            document = untrusted.decode_object(base64.b64decode(document["payload"]))
        document.pop("environment", None)
        # A file of before publications had numbers names fewer.
        untrusted.require_fields({"bundle": "", "standby": "", "as_of": 0, "sequence": 0} | document, _POINTER)
        return Published(**document), sha256_of(text)
    except FileNotFoundError:
        return Published(), ""
    except (ValueError, TypeError) as error:
        raise BadInput(
            "current.json is unreadable: it should name the published list.",
            value=error,
            where=str(path),
            way_out="publish a list again: threat score --publish",
        ) from None


def _signed_pointer(envelope: Any, trust: Trust, where: str) -> dict[str, Any]:
    try:
        document, _ = trust.verify(envelope, POINTER_TYPE, "list")
    except IntegrityFailure as error:
        raise IntegrityFailure(
            "current.json is not signed by a key for lists of this place.",
            value=error.problem if error.value is None else error.value,
            where=where,
            way_out="publish a list again with the key for lists: threat score --publish; find out who wrote the file",
        ) from None
    if document.get("environment") != trust.environment:
        raise IntegrityFailure(
            "current.json was signed for another environment.", value=document.get("environment"), where=where
        )
    return document


def previous_to(directory: str | Path, as_of: int, trust: Trust | None = None) -> ScoredList | None:
    """Return the list that changes are compared with: the latest published list whose as-of is before ``as_of``.

    A list made again for the day of the published list is compared with what that list was compared with. None when
    there is no earlier list. Raises what ``published`` and ``open_list`` raise.
    """
    trust = Trust.open() if trust is None else trust
    list_id = published(directory, trust).list
    while list_id:
        earlier = open_list(directory, list_id, trust)
        if earlier.basis.as_of < as_of:
            return earlier
        list_id = earlier.basis.previous
    return None


def _changed(path: Path) -> IntegrityFailure:
    return IntegrityFailure(
        "The list was changed after it was frozen.",
        where=str(path),
        way_out="do not use it; make it again with threat score, and find out who changed it",
    )
