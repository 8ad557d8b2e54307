"""Severe incidents that no rung counts: every reason once, the first reason that applies, and whom it concerns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fixtures.history_rows import BATCH, events, persons, relationships

from threat.asof import DAY
from threat.history import Snapshot, Store
from threat.unseen import REASONS, severe_kinds, unseen

S, P, STRANGER, OTHER = 1, 2, 3, 4
RELATED = {"subject_id": S, "person_at_risk_id": P}
UNRELATED = {"subject_id": S, "person_at_risk_id": STRANGER}


def history(folder: Path, *rows: dict[str, Any]) -> Snapshot:
    """S and P are a relationship on record; events are numbered and each an incident of its own."""
    store = Store.create(folder / "store")
    numbered = [{"event_id": i, "occurred_at": 100 * DAY} | row for i, row in enumerate(rows, 1)]
    tables = {
        "persons": persons(S, P, STRANGER, OTHER),
        "relationships": relationships((9, S, P)),
        "events": events(*numbered),
    }
    store.append(BATCH, tables)
    return store.snapshot()


def counted(snapshot: Snapshot, before: int | None = None) -> dict[str, int]:
    return {line.reason: line.incidents for line in unseen(snapshot, before)}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([RELATED | {"kind": "rape"}], {}),
        ([RELATED | {"kind": "rape", "domestic": "unknown"}], {}),
        ([RELATED | {"kind": "rape", "domestic": "no"}], {"flag_no_related": 1}),
        ([UNRELATED | {"kind": "rape", "domestic": "no"}], {"flag_no_other": 1}),
        ([UNRELATED | {"kind": "rape", "domestic": "unknown"}], {"flag_blank": 1}),
        ([{"subject_id": S, "kind": "rape", "domestic": "unknown"}], {"flag_blank": 1}),
        ([{"person_at_risk_id": P, "kind": "rape"}], {"no_subject": 1}),
        ([{"person_at_risk_id": P, "kind": "rape", "domestic": "unknown"}], {"no_subject": 1}),
        ([RELATED | {"kind": "firearm_used"}], {"missing_companion": 1}),
        # The injury is an incident of its own, which Y4 counts; in one incident the two would be severe.
        (
            [
                RELATED | {"kind": "firearm_used"},
                RELATED | {"kind": "assault_with_injury", "occurred_at": 101 * DAY - 1},
            ],
            {"no_incident_link": 1, "lower_rung": 1},
        ),
        (
            [RELATED | {"kind": "firearm_used"}, RELATED | {"kind": "assault_with_injury", "occurred_at": 101 * DAY}],
            {"missing_companion": 1},
        ),
        ([RELATED | {"kind": "arson_endangering_life"}], {"no_rule": 1}),
        # Two crimes of one evening that Y4 counts, each by itself; neither is severe by itself.
        ([RELATED | {"kind": "wounding"}, RELATED | {"kind": "weapon_used"}], {"lower_rung": 2}),
        ([RELATED | {"kind": "wounding"}, UNRELATED | {"kind": "weapon_used"}], {}),
        ([{"subject_id": S, "kind": "wounding"}, {"subject_id": S, "kind": "weapon_used"}], {}),
        ([RELATED | {"kind": "wounding"}, RELATED | {"kind": "weapon_used", "occurred_at": 101 * DAY}], {}),
        # A weapon known by its day alone may have been used an hour before.
        (
            [
                RELATED | {"kind": "wounding", "occurred_at": 101 * DAY + 3600},
                RELATED | {"kind": "weapon_used", "occurred_precision": "day"},
            ],
            {"lower_rung": 2},
        ),
        # Severe already: with the rape, without the wounding. The weapon alone is not.
        (
            [
                RELATED | {"kind": "rape", "incident_id": 50},
                RELATED | {"kind": "wounding", "incident_id": 50},
                RELATED | {"kind": "weapon_used"},
            ],
            {"lower_rung": 1},
        ),
        ([RELATED | {"kind": "criminal_damage", "domestic": "no"}], {}),  # not severe
        # Nobody on record: neither the subject of a relationship nor a person at risk of one.
        ([{"subject_id": OTHER, "person_at_risk_id": STRANGER, "kind": "rape", "domestic": "no"}], {}),
        ([{"person_at_risk_id": STRANGER, "kind": "rape", "domestic": "no"}], {}),
        # An incident counts once, by the first reason of the table.
        (
            [
                RELATED | {"kind": "rape", "domestic": "no", "incident_id": 50},
                UNRELATED | {"kind": "rape", "domestic": "unknown", "incident_id": 50},
            ],
            {"flag_no_related": 1},
        ),
    ],
)
def test_reasons(tmp_path: Path, rows: list[dict[str, Any]], expected: dict[str, int]) -> None:
    assert counted(history(tmp_path, *rows)) == expected


def test_only_what_was_on_record_before_the_date(tmp_path: Path) -> None:
    snapshot = history(tmp_path, RELATED | {"kind": "rape", "domestic": "no", "recorded_at": 200 * DAY})
    assert (counted(snapshot, 200 * DAY), counted(snapshot, 200 * DAY + 1)) == ({}, {"flag_no_related": 1})


def test_every_reason_says_why_in_words(tmp_path: Path) -> None:
    (line,) = unseen(history(tmp_path, RELATED | {"kind": "rape", "domestic": "no"}))
    assert line.title == REASONS["flag_no_related"]
    assert {"murder", "rape", "firearm_used", "arson_endangering_life"} < set(severe_kinds())
    assert "harassment" not in severe_kinds()
