"""No order of loads changes what the history says, and what an export says is in force or is quarantined."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest
from fixtures.drawn import drawn
from fixtures.small_exports import (
    AS_OFS,
    EXPORTS,
    PERSONS,
    PROTECTED,
    RELATIONSHIPS,
    Export,
    loaded,
    seen,
    standing,
    versions,
    who,
)
from fixtures.standard_export import person
from hypothesis import given
from hypothesis import strategies as st

from threat.asof import parse_as_of
from threat.history import protected, quarantine
from threat.history.intake.existing_rows import KEYS
from threat.history.persons import birth_years
from threat.history.snapshot import Snapshot
from threat.ids import make_id

IDS = [person(reference) for reference in "abc"]
STATED = st.fixed_dictionaries({"persons": PERSONS, "protected": PROTECTED, "relationships": RELATIONSHIPS})


def _readings(snapshot: Snapshot) -> dict[str, object]:
    tables: dict[str, object] = {table: versions(snapshot, table) for table in KEYS if table != "person_links"}
    return tables | {
        "events": seen(snapshot),
        "who": who(snapshot, IDS),
        "standing": standing(snapshot),
        "born": [str(birth_years(snapshot, IDS, at)) for at in AS_OFS],
        "protected now": protected.read(snapshot).to_dict("records"),
    }


@pytest.mark.slow  # two seconds an example
@drawn(25)
@given(EXPORTS, st.randoms(use_true_random=False))
def test_no_order_of_loads_changes_a_reading(exports: list[Export], random: Random) -> None:
    shuffled = list(exports)
    random.shuffle(shuffled)
    with tempfile.TemporaryDirectory() as in_order, tempfile.TemporaryDirectory() as in_another:
        first = _readings(loaded(Path(in_order), exports))
        assert first == _readings(loaded(Path(in_another), shuffled))


def _said(table: str, row: Mapping[str, str]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The key and the content that a row of an export has in its table."""
    who_by_column = {
        name: person(row[name]) if row[name] else None for name in ("subject", "person_at_risk") if name in row
    }
    if table == "persons":
        return (person(row["person"]),), (row["kind"], int(row["birth_year"]) if row["birth_year"] else None)
    if table == "protected":
        return (person(row["person"]), row["characteristic"], row["scheme"], row["source"]), (row["code"],)
    subject, at_risk = who_by_column["subject"], who_by_column["person_at_risk"]
    of_pair = make_id("relationship", subject, -1 if at_risk is None else at_risk)
    reference = make_id("relationship", row["relationship"], "standard_csv") if row["relationship"] else of_pair
    return (reference,), (subject, at_risk, row["kind"], None)


@drawn(25)
@given(STATED, STATED)
def test_each_fact_of_a_load_is_in_force_from_its_recording_or_is_quarantined(before: Export, load: Export) -> None:
    with tempfile.TemporaryDirectory() as folder:
        snapshot = loaded(Path(folder), [before, load])
        quarantined = [json.loads(record) for record in quarantine.read(snapshot)["record"]]
        for table, rows in load.items():
            in_force = versions(snapshot, table)
            for row in rows:
                at, end = (
                    parse_as_of(row[name]) if row.get(name) else None for name in ("recorded_at", "withdrawn_at")
                )
                assert at is not None
                key, content = _said(table, row)
                states_nothing = end is not None and end <= at
                # Of two contents of one second one is in force: the same at every load.
                stated = [(*_said(table, r), r["recorded_at"]) for export in (before, load) for r in export[table]]
                rivals = [w for of, w, day in stated if (of, day) == (key, row["recorded_at"]) and w != content]
                holds = [
                    start for of, what, start, until in in_force if (of, what) == (key, content) and start <= at < until
                ]
                assert holds or states_nothing or rivals or _as_written(row) in quarantined


def _as_written(row: Mapping[str, str]) -> dict[str, str | None]:
    return {name: cell or None for name, cell in row.items()}
