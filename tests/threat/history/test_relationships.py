"""When two persons stand as a relationship: the drawn tables of ``spec/relationships``, and what else is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from fixtures.drawn_records import read_sections, rows_of, tables_of, time
from fixtures.history_rows import BATCH, events, pair
from fixtures.spec_histories import SPEC, event_rows

from threat.asof import NEVER
from threat.errors import UsageError
from threat.history import Snapshot, Store
from threat.history.schema import RELATIONSHIPS
from threat.vocabulary import kinds

STATED = {"reference", "pair", "kind", "recorded", "withdrawn"}


def sections() -> list[Any]:
    paths = sorted((SPEC / "relationships").glob("*.md"))
    return [one for path in paths for one in read_sections(path.read_text(encoding="utf-8"), path.name, drawn)]


def drawn(title: str, body: str) -> Any:
    """A section: its title, its tables, its expected rows and the persons by letter."""
    letters: dict[str, int] = {}

    def person(letter: str) -> int | None:
        return None if letter in {"", "?"} else letters.setdefault(letter, len(letters) + 1)

    every = tables_of(body)
    expected = next(table for table in every if "as-of" in table[0])
    rows, _ = event_rows([row for table in every if "event" in table[0] for row in table], person)
    stated = rows_of([table for table in every if "reference" in table[0]], "reference", STATED)
    tables = {"events": events(*rows)} if rows else {}
    if stated:
        tables["relationships"] = pa.Table.from_pylist(
            [stated_row(row, person) for row in stated], schema=RELATIONSHIPS
        )
    return title, tables, expected, person


def stated_row(row: dict[str, str], person: Any) -> dict[str, Any]:
    subject, at_risk = map(person, row["pair"].split(">"))
    return {
        "relationship_id": sum(map(ord, row["reference"])),
        "recorded_at": time(row["recorded"]),
        "subject_id": subject,
        "person_at_risk_id": at_risk,
        "kind": row["kind"],
        "valid_from": None,
        "withdrawn_at": time(row["withdrawn"]) if row["withdrawn"] else None,
    }


def snapshot_of(folder: Path, tables: dict[str, pa.Table]) -> Snapshot:
    store = Store.create(folder / "store")
    store.append(BATCH, tables)
    return store.snapshot()


@pytest.mark.parametrize("section", sections(), ids=lambda section: section[0])
def test_when_a_pair_stands(section: Any, tmp_path: Path) -> None:
    _, tables, expected, person = section
    relationships = snapshot_of(tmp_path, tables).relationships
    for row in expected:
        parties = [pair(*map(person, row["pair"].split(">")))]
        stands = bool(relationships.stands(parties, time(row["as-of"]))[0])
        kind = str(relationships.kind_at(parties, time(row["as-of"]))[0])
        assert ("yes" if stands else "no", kind) == (row["stands"], row["kind"]), row


def test_what_is_asked_of_relationships(tmp_path: Path) -> None:
    stated = {"relationship_id": 7, "recorded_at": 20, "subject_id": 1, "person_at_risk_id": 2, "kind": "parent"}
    stated |= {"valid_from": 5, "withdrawn_at": None}
    tables = {
        "events": events({"event_id": 1, "subject_id": 1, "person_at_risk_id": 3, "occurred_at": 10}),
        "relationships": pa.Table.from_pylist([stated], schema=RELATIONSHIPS),
    }
    snapshot = snapshot_of(tmp_path, tables)
    relationships = snapshot.relationships
    first = dict(zip(relationships.relationship_id.tolist(), relationships.recorded_at.tolist(), strict=True))
    assert first == {pair(1, 2): 20, pair(1, 3): 10}
    assert len(relationships) == 2
    since = dict(zip(relationships.relationship_id.tolist(), relationships.since(15).tolist(), strict=True))
    assert since == {pair(1, 2): NEVER, pair(1, 3): 10}
    assert relationships.stands([pair(1, 2), pair(1, 2), 99], [20, 21, 21]).tolist() == [False, True, False]
    with pytest.raises(UsageError, match="Not a relationship of this history"):
        snapshot.rows([99], 50)
    # The stated version is seen as an event by both parties, at the time from which it holds.
    sightings = snapshot.sightings()
    seen = sightings.kind == kinds()["relationship_recorded"].number
    assert sightings.ids_of(sightings.owners()[seen]).tolist() == [1, 2]
    assert set(zip(sightings.occurred_at[seen], sightings.visible_from[seen], strict=True)) == {(5, 20)}
    assert [sightings.code_names[code] for code in sightings.code[seen]] == ["parent", "parent"]
