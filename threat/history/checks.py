"""What every row must satisfy before it becomes part of the history, whoever hands it in."""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from threat.asof import show
from threat.errors import BadInput, ThreatError, raise_all
from threat.history.schema import DOMESTIC, RELATIONSHIP_KINDS, REPEATED, REPORTED_BY, TABLES, UNKNOWN
from threat.ids import show_id
from threat.vocabulary import kinds

WORDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("persons", "kind"): ("person", "organisation", "unknown"),
    ("protected", "source"): ("self", "observed"),
    ("relationships", "kind"): RELATIONSHIP_KINDS,
    ("events", "domestic"): DOMESTIC,
    ("events", "reported_by"): REPORTED_BY,
    ("events", "assertion"): ("fact", "assessment"),
    ("events", "occurred_precision"): ("second", "day", UNKNOWN),
    ("events", "recorded_precision"): ("second", "day"),
    ("known_earlier", "recorded_precision"): ("second", "day"),
}
"""Closed word lists by (table, column); the kinds of events are ``threat/vocabulary.csv``."""


def fit(table: str, rows: pa.Table | pa.RecordBatch) -> pa.RecordBatch:
    """Return the rows in the columns, order and types of the table's schema.

    Nullable columns that are absent become null; a ``batch_id`` given by the caller is dropped, because the store knows
    it. Raises BadInput for an unknown, missing or ill-typed column.
    """
    schema = stored_schema(table)
    given = set(rows.schema.names) - {"batch_id"}
    problems: list[ThreatError] = [
        BadInput("Not a column of the table.", value=name, where=table, way_out=f"columns: {', '.join(schema.names)}")
        for name in sorted(given - set(schema.names))
    ]
    arrays: list[pa.Array] = []
    for field in schema:
        if field.name not in given:
            if not field.nullable:
                problems.append(BadInput(f"The column {field.name} is missing.", where=table, way_out="add it"))
            arrays.append(pa.nulls(rows.num_rows, field.type))
            continue
        column = rows.column(field.name)
        try:
            column = column.cast(field.type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            problems.append(
                BadInput(
                    "The column has the wrong type.",
                    value=f"{column.type}: {error}",
                    where=f"{table}.{field.name}",
                    way_out=f"hand in {field.type}",
                )
            )
            continue
        if isinstance(column, pa.ChunkedArray):
            column = column.combine_chunks()
            if isinstance(column, pa.ChunkedArray):
                column = column.unify_dictionaries().combine_chunks() if column.num_chunks else pa.array([], field.type)
        arrays.append(column)
    raise_all(problems)
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


@cache
def stored_schema(table: str) -> pa.Schema:
    """Return the schema of the parts: ``schema.TABLES`` without ``batch_id``, which the part's name says."""
    schema = TABLES[table.removesuffix(REPEATED)]
    return pa.schema([field for field in schema if field.name != "batch_id"]) if table != "batches" else schema


def check(table: str, rows: pa.RecordBatch) -> None:
    """Refuse rows that break a rule of the history; ``rows`` are as ``fit`` leaves them.

    Raises BadInput with every broken rule, an example of each and how many rows break it. (Intake quarantines such rows
    before they come here; this check is the last.)
    """
    problems: list[ThreatError] = []
    for field in rows.schema:
        column = rows.column(field.name)
        if not field.nullable and column.null_count:
            problems.append(
                BadInput(f"{column.null_count} rows lack a value.", where=f"{table}.{field.name}", way_out="fill it")
            )
        if field.name.endswith("_id") and pa.types.is_int64(field.type) and len(column) > column.null_count:
            lowest = pc.min(column).as_py()
            if lowest < 0:
                problems.append(
                    BadInput(
                        "The id is negative, so no positive 63-bit integer.",
                        value=lowest,
                        where=f"{table}.{field.name}",
                        way_out="make it with threat.ids.make_id; an unknown person is null",
                    )
                )
    raise_all(problems)
    for (name, column_name), words in WORDS.items():
        if name == table:
            problems += _words(table, column_name, rows.column(column_name), words)
    if table == "known_earlier":
        whole = rows.filter(pc.is_valid(rows.column("kind")))
        check("events", fit("events", whole))
    if table == "events":
        problems += _words(table, "kind", rows.column("kind"), tuple(kinds()))
        raise_all(problems)
        problems += _events(rows)
    raise_all(problems)


def _words(table: str, name: str, column: pa.DictionaryArray, words: tuple[str, ...]) -> list[ThreatError]:
    return [
        BadInput(
            "Not one of the allowed words.",
            value=word,
            where=f"{table}.{name}",
            way_out="see threat/vocabulary.csv" if name == "kind" and table == "events" else f"use {', '.join(words)}",
        )
        for word in pc.unique(column).dictionary_decode().to_pylist()
        if word is not None and word not in words
    ]


def indices(column: pa.DictionaryArray) -> tuple[NDArray[np.int64], list[str]]:
    """Return the dictionary codes (-1: null) and the dictionary's words."""
    codes = pc.fill_null(column.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, column.dictionary.to_pylist()


def _events(rows: pa.RecordBatch) -> list[ThreatError]:
    problems: list[ThreatError] = []
    kind, kind_words = indices(rows.column("kind"))
    code, code_words = indices(rows.column("code"))
    pairs = np.unique(kind[code >= 0] * (len(code_words) + 1) + code[code >= 0])
    for pair in pairs:
        name, word = kind_words[int(pair) // (len(code_words) + 1)], code_words[int(pair) % (len(code_words) + 1)]
        allowed = kinds()[name].codes
        if allowed and word not in allowed:
            problems.append(
                BadInput(f"Not a code of {name}.", value=word, where="events.code", way_out=f"use {', '.join(allowed)}")
            )
    names_nobody = pc.and_(
        pc.and_(pc.is_null(rows.column("subject_id")), pc.is_null(rows.column("person_at_risk_id"))),
        pc.is_null(rows.column("person_id")),
    ).to_numpy(zero_copy_only=False)
    known_in_advance = np.array([kinds()[word].known_in_advance for word in kind_words], dtype=bool)
    withdrawn = np.array([word == "withdrawn" for word in kind_words], dtype=bool)
    # A withdrawal of a whole record or incident; its last entry is for rows without a code (-1).
    whole = np.array([word in {"record", "incident"} for word in code_words] + [False], dtype=bool)
    occurred = rows.column("occurred_at").to_numpy()
    recorded = rows.column("recorded_at").to_numpy()
    until = pc.fill_null(rows.column("until"), np.iinfo(np.int64).max).to_numpy()
    supersedes = pc.is_valid(rows.column("supersedes_event_id")).to_numpy(zero_copy_only=False)
    for problem, broken, way_out in (
        (
            "The event names nobody.",
            names_nobody & ~withdrawn[kind],
            "fill subject, person at risk or person",
        ),
        (
            "The event was recorded before it happened.",
            (occurred > recorded) & ~known_in_advance[kind],
            "only release, bail end, licence end and order expiry may lie ahead",
        ),
        ("The event ends before it began.", until < occurred, "mend until, or leave it empty"),
        (
            "The withdrawal does not name the row it withdraws.",
            withdrawn[kind] & ~supersedes & ~whole[code],
            "fill supersedes_event_id",
        ),
    ):
        if broken.any():
            i = int(np.argmax(broken))
            example = show_id("E", rows.column("event_id")[i].as_py())
            problems.append(
                BadInput(
                    f"{problem} ({int(broken.sum())} rows refused)",
                    value=(
                        f"{example}: {kind_words[kind[i]]}, occurred {show(occurred[i])}, recorded {show(recorded[i])}"
                    ),
                    where="events",
                    way_out=way_out,
                )
            )
    return problems
