"""Every outcome of a test is counted once: under the gravest rung it meets, and the first rule it meets it by."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from threat.history import Batch, Store
from threat.outcomes import occurrences
from training.cohorts.composition import composition

INCIDENTS = {
    50: ("non_fatal_strangulation", "assault_with_injury"),
    51: ("murder", "weapon_used", "assault_with_injury"),
    52: ("rape", "kidnap"),
    53: ("assault_with_injury", "firearm_used"),
    54: ("gbh_with_intent",),
    55: ("threat_to_kill",),
}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    plain = {
        "subject_id": 7, "person_at_risk_id": 8, "domestic": "yes", "proactive": False, "source_system": "x",
        "reported_by": "police", "assertion": "fact", "occurred_at": 100, "recorded_at": 200,
    }  # fmt: skip
    kinds = [(incident, kind) for incident, named in INCIDENTS.items() for kind in named]
    rows = [
        plain | {"event_id": number, "record_id": number, "incident_id": incident, "kind": kind}
        for number, (incident, kind) in enumerate(kinds, 1)
    ]
    store = Store.create(tmp_path / "history")
    store.append(Batch("example", loaded_at=500), {"events": pa.Table.from_pylist(rows)})
    return store


@pytest.mark.parametrize(
    ("rung", "counted"),
    [
        (
            "Y2",
            {
                ("Y0", "murder"): 1,
                ("Y1", "grievous bodily harm with intent"): 1,
                ("Y2", "strangulation with injury"): 1,
                ("Y2", "injury with a weapon"): 1,
                ("Y2", "rape"): 1,
            },
        ),
        ("Y1", {("Y0", "murder"): 1, ("Y1", "grievous bodily harm with intent"): 1}),
    ],
)
def test_the_gravest_rung_and_its_first_rule(store: Store, rung: str, counted: dict[tuple[str, str], int]) -> None:
    lines = composition(store.snapshot(), rung, np.array(list(INCIDENTS)), {})
    assert {(line.rung, line.rule): line.events for line in lines if line.events} == counted
    assert [line.rung for line in lines] == sorted(line.rung for line in lines)
    assert len({(line.rung, line.rule) for line in lines}) == len(lines)


def test_only_the_incidents_of_the_test_are_counted(store: Store) -> None:
    lines = composition(store.snapshot(), "Y2", np.array([52, 55]), {})
    assert {line.rule: line.events for line in lines if line.events} == {"rape": 1}


def test_each_rung_has_what_the_rung_below_it_lacks(small_force: Path) -> None:
    """Of a whole force: what each rung has beyond the rung below it, whichever rule is met."""
    snapshot = Store.open(small_force / "history").snapshot()
    of_rung = {rung: set(occurrences(snapshot, rung)["incident_id"].tolist()) for rung in ("Y0", "Y1", "Y2")}
    lines = composition(snapshot, "Y2", np.array(sorted(of_rung["Y2"])), {})
    counted = {rung: sum(line.events for line in lines if line.rung == rung) for rung in of_rung}
    assert counted == {
        "Y0": len(of_rung["Y0"]),
        "Y1": len(of_rung["Y1"] - of_rung["Y0"]),
        "Y2": len(of_rung["Y2"] - of_rung["Y1"]),
    }
    assert counted["Y2"] > 50
