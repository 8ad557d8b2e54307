"""A LIST: one scored ranking, frozen. ``list.json`` says what was asked and read, ``rows.parquet`` holds every row.

The id of a LIST is a hash of its content: ``list.json`` names the SHA-256 of ``rows.parquet``, and the id ends in the
hash of ``list.json``. Opening one recomputes both. ``current.json`` beside the LISTs names the published one.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from threat.errors import BadInput, IntegrityFailure, UsageError
from threat.files import sha256_of, write_whole

_SENTENCE = pa.struct([("feature", pa.string()), ("text", pa.string()), ("event_ids", pa.list_(pa.int64()))])
_REASON = pa.struct(
    [
        ("theme", pa.string()),
        ("contribution", pa.float64()),
        ("sentences", pa.list_(_SENTENCE)),
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
    ]
)

BAND_TITLES = {
    "review": "For review",
    "next": "Next in order",
    "beyond": "Beyond today's capacity",
}
"""Bands are places in the order, not sizes of risk: up to capacity k, up to 2k, the rest."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a LIST was computed from: everything ``threat replay`` needs, and nothing that the rows already say.

    ``as_of``, ``started_at`` and ``previous_as_of`` are UTC seconds. ``ranking`` is ``model`` or ``rule``;
    ``ranking_id`` names the bundle or the rule; ``ranking_note`` says in words why it ranks. ``demonstration``:
    approved by signatories who count nowhere else. ``catalogue`` and ``policy`` are versions. ``attrition``: kept and
    dropped at each filter of eligibility.
    """

    as_of: int
    snapshot: str
    ranking: str
    ranking_id: str
    ranking_title: str
    ranking_note: str
    demonstration: bool
    capacity: int
    catalogue: str
    policy: str
    started_at: int
    previous: str
    previous_as_of: int
    previous_ranking_id: str
    attrition: list[dict[str, Any]]


class ScoredList:
    """A LIST in memory: ``id``, ``asked``, ``must_see`` (documents) and ``rows`` (schema ``ROWS``, in rank order)."""

    def __init__(self, list_id: str, asked: Asked, must_see: list[dict[str, Any]], rows: pa.Table) -> None:
        self.id = list_id
        self.asked = asked
        self.must_see = must_see
        self.rows = rows

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
        """Rows within capacity. Ties at the edge stay in, so this may exceed the capacity."""
        return int((self.rank <= self.asked.capacity).sum())

    @property
    def ties(self) -> dict[str, int]:
        """``groups``: scores shared by several rows; ``rows``: rows in them; ``at_edge``: rows sharing the
        last rank that is for review."""
        rank, counts = np.unique(self.rank, return_counts=True)
        shared = counts > 1
        last = rank[rank <= self.asked.capacity]
        at_edge = int(counts[len(last) - 1]) if len(last) and shared[len(last) - 1] else 0
        return {"groups": int(shared.sum()), "rows": int(counts[shared].sum()), "at_edge": at_edge}

    def row(self, relationship_id: int) -> dict[str, Any] | None:
        """One row as a dictionary, or None when the relationship is not on the LIST."""
        i = self._position.get(relationship_id)
        return None if i is None else self.row_at(i)

    def row_at(self, i: int) -> dict[str, Any]:
        """Row ``i`` in rank order as a dictionary."""
        return dict(self.rows.slice(i, 1).to_pylist()[0])


def digest(rows: pa.Table) -> str:
    """SHA-256 over the rows' values in order: equal for equal rows whatever the file looks like."""
    return sha256_of(json.dumps(rows.to_pylist(), sort_keys=True).encode())


def freeze(directory: str | Path, asked: Asked, must_see: list[dict[str, Any]], rows: pa.Table) -> ScoredList:
    """Write a LIST under ``directory`` and return it. Appears whole or not at all; an equal one is left as it is."""
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".list-", dir=directory))
    try:
        pq.write_table(rows, work / "rows.parquet", compression="zstd")
        document = {
            "version": 1,
            **asdict(asked),
            "rows": rows.num_rows,
            "rows_sha256": sha256_of(work / "rows.parquet"),
            "must_see": must_see,
        }
        text = json.dumps(document, indent=2, sort_keys=True, allow_nan=False)
        day = datetime.fromtimestamp(asked.as_of, tz=UTC).date().isoformat()
        list_id = f"L-{day}-{sha256_of(text.encode())[:16]}"
        (work / "list.json").write_text(text, encoding="utf-8")
        try:
            work.chmod(0o755)
            work.rename(directory / list_id)
        except OSError:
            if not (directory / list_id).is_dir():
                raise
            shutil.rmtree(work)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    return ScoredList(list_id, asked, must_see, rows)


def open_list(directory: str | Path, list_id: str) -> ScoredList:
    """Open a LIST after verifying it. Raises UsageError when there is none, IntegrityFailure when it was changed."""
    path = Path(directory) / list_id
    if Path(list_id).name != list_id or not (path / "list.json").is_file():
        raise UsageError(
            "There is no such list.", value=list_id, where=str(directory), way_out="make one: threat score --as-of DATE"
        )
    text = (path / "list.json").read_bytes()
    if list_id.rpartition("-")[2] != sha256_of(text)[:16]:
        raise _changed(path / "list.json")
    document = json.loads(text)
    rows_path = path / "rows.parquet"
    if not rows_path.is_file() or sha256_of(rows_path) != document["rows_sha256"]:
        raise _changed(rows_path)
    asked = Asked(**{name: document[name] for name in Asked.__dataclass_fields__})
    return ScoredList(list_id, asked, document["must_see"], pq.read_table(rows_path))


@dataclass(frozen=True, slots=True)
class Published:
    """What the desk shows: a LIST, the bundle that ordered it (empty for a rule), and the LIST by rule that takes its
    place at once when that bundle goes out of service."""

    list: str = ""
    bundle: str = ""
    standby: str = ""


def publish(directory: str | Path, chosen: Published) -> None:
    """Make a LIST the one the desk shows: ``current.json`` is replaced in one step."""
    path = Path(directory) / "current.json"
    write_whole(path, json.dumps(asdict(chosen)))


def published(directory: str | Path) -> Published:
    """What was published; an empty one when nothing was. Raises BadInput for a spoilt ``current.json``."""
    path = Path(directory) / "current.json"
    try:
        return Published(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Published()
    except (ValueError, TypeError):
        raise BadInput(
            "current.json names a list.", where=str(path), way_out="publish one: threat score --publish"
        ) from None


def previous_to(directory: str | Path, as_of: int) -> ScoredList | None:
    """The published LIST, when its as-of lies before ``as_of``: what changed is told against it."""
    current = published(directory).list
    if not current:
        return None
    found = open_list(directory, current)
    while found.asked.as_of >= as_of:
        if not found.asked.previous:
            return None
        found = open_list(directory, found.asked.previous)
    return found


def at_rank_order(rows: pa.Table) -> pa.Table:
    """Rows by rank; equal ranks by relationship id, an order that means nothing and is always the same."""
    order = pc.sort_indices(rows, sort_keys=[("rank", "ascending"), ("relationship_id", "ascending")])
    return rows.take(order)


def _changed(path: Path) -> IntegrityFailure:
    return IntegrityFailure(
        "A list is frozen; this one was changed after it was made.",
        where=str(path),
        way_out="do not use it; make it again with threat score, and find out who changed it",
    )
