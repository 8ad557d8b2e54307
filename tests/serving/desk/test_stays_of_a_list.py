"""What a page says is in force around a relationship that is not ranked: by the stays the list was made with."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures.case_force import Force, ev, pid

from serving.desk.list_view import ListView
from serving.lists.making import ListOptions, make_list
from threat.asof import parse_as_of
from threat.ids import pair_ids

NOW = parse_as_of("2026-01-02")
EXPORT = {
    "persons": [{"person": "v", "birth_year": 2012, "recorded_at": "2024-01-01"}],
    "events": [
        ev("stalking", "2024-05-20"),
        {
            "kind": "hold",
            "person": "s",
            "occurred_at": "2024-05-22",
            "recorded_at": "2024-05-22",
            "domestic": "unknown",
        },
    ],
}
"""The person at risk is a child, so the relationship is not ranked; ten days before the list an open hold began."""


@pytest.mark.parametrize(("open_hours", "stated"), [("96", []), ("960", ["hold"])])
def test_a_list_says_how_long_an_open_stay_lasts(tmp_path: Path, open_hours: str, stated: list[str]) -> None:
    force, policy = Force(EXPORT), tmp_path / "policy.yaml"
    shipped = (Path(__file__).parents[3] / "threat" / "policy.yaml").read_text(encoding="utf-8")
    policy.write_text(shipped.replace("open_hours: 96", f"open_hours: {open_hours}"), encoding="utf-8")
    options = ListOptions(capacity=1, publish=True, stale_ok=True, policy_path=policy)
    made = make_list(force.store, tmp_path, parse_as_of("2024-06-01"), options, started_at=NOW)
    view = ListView.open(force.store, tmp_path, made.id)
    child = int(pair_ids([pid("s")], [pid("v")])[0])
    assert view.listed.row(child) is None
    assert [circumstance.kind for circumstance in view.circumstances(child)] == stated
    assert view.listed.basis.stays["hold"] == int(open_hours) * 3_600
    assert view.listed.basis.stays["custody"] is None
