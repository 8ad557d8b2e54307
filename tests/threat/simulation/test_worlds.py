"""Other worlds by name: the mechanism as it was, and others, through one knob."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features import load_catalogue
from threat.asof import parse_as_of
from threat.errors import UsageError
from threat.simulation import parameters
from threat.simulation.force import Settings, read_settings, write
from threat.simulation.knobs import Knobs, read_knobs
from threat.simulation.truth.oracle import laws
from threat.simulation.world import mechanism, states
from threat.simulation.world.life import entry_chances
from threat.simulation.world.states import RELATION, SUBJECT, Cluster

WORLDS = parameters.values("worlds")
HAZARDS_UNLINKED: list[tuple[dict[str, float], dict[str, float], list[float], list[float]]] = [
    ({}, {}, [4e-05, 4.5e-06, 9e-08], [0.0002, 0.012]),
    (
        {"control": 2, "separated": 1, "stalked": 1, "grievance": 2, "a1": 0.01},
        {"suicidal": 1},
        [0.01951274, 8.505e-05, 0.000108337692672],
        [0.1094320128, 0.18144],
    ),
    (
        {"intimate": 0, "severity": 3.0, "threatened": 1, "a0": 0.25, "a3": 0.002},
        {"mental": 1, "armed": 1},
        [0.25204, 0.000319302, 0.00025810488],
        [0.01836, 0.11664],
    ),
    (
        {"strangled": 1, "control": 1, "armed": 1, "severity": 0.2, "a2": 0.05, "separated": 1},
        {"firearm": 1},
        [0.057546, 2.6244e-05, 1.87342848e-05],
        [0.005947392, 0.031104],
    ),
]
"""States of a relationship and of its subject; ordinary, grave and deadly hazard per day, and chances that a first
incident is deadly and grave: computed with the mechanism of before how badly was linked to how often."""


def pair(relation: dict[str, float], subject: dict[str, float]) -> Cluster:
    """One couple, known, free, with these states."""
    subjects, relations = np.zeros(1, SUBJECT), np.zeros(1, RELATION)
    for name in ("custody_until", "next_from", "next_until", "bail_until"):
        subjects[name] = states.PAST
    relations["order_until"] = relations["plan_until"] = states.PAST
    relations["mirror"] = -1
    for table, values in (
        (relations, {"active": 1, "intimate": 1, "frequency": 0.5, "severity": 1.0} | relation),
        (subjects, subject),
    ):
        for name, value in values.items():
            table[name] = value
    return Cluster(subjects, relations)


def in_world(name: str) -> Any:
    """The mechanism's parameters in a world."""
    return parameters.mechanism(Knobs(world=name).overrides(0))[0]


def hazards_of(p: Any, cluster: Cluster) -> np.ndarray:
    out = np.zeros(mechanism.HAZARDS)
    mechanism.hazards(p, cluster.subjects[0], cluster.relations[0], 0.0, out)
    return out


@pytest.mark.parametrize(("relation", "subject", "incident_hazards", "entry"), HAZARDS_UNLINKED)
def test_the_unlinked_world_is_the_mechanism_as_it_was(
    relation: dict[str, float], subject: dict[str, float], incident_hazards: list[float], entry: list[float]
) -> None:
    p, cluster = in_world("unlinked"), pair(relation, subject)
    np.testing.assert_allclose(hazards_of(p, cluster)[:3], incident_hazards, rtol=1e-12)
    np.testing.assert_allclose(entry_chances(p, cluster.subjects[0], cluster.relations[0], 0.0), entry, rtol=1e-12)


@pytest.mark.parametrize("name", WORLDS)
def test_a_world_changes_parameters_of_the_mechanism_and_says_why(name: str) -> None:
    entry = parameters.load()["worlds"][name]
    plain = parameters.values("mechanism")
    assert entry.source.startswith("choice")
    assert WORLDS[name]
    for changed, value in WORLDS[name].items():
        assert 0.0 < value < math.inf
        assert value != plain[changed], changed
    overrides = Knobs(world=name).overrides(0)
    assert overrides == WORLDS[name] | {"plan_share": 0.0, "plan_factor": 1.0}


def test_other_knobs_go_with_a_world() -> None:
    words = ["world=unlinked", "reviewed=0.5", "plan_factor=0.8", "drift_at=2024-01-01", "drift=2"]
    epoch = parse_as_of("2023-12-31")
    overrides = read_knobs(words).overrides(epoch)
    assert overrides == WORLDS["unlinked"] | {
        "plan_share": 0.5,
        "plan_factor": 0.8,
        "drift_day": 1.0,
        "drift_factor": 2.0,
    }


def test_a_world_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(UsageError, match="no world named 'flat'") as refused:
        Knobs(world="flat")
    assert all(name in str(refused.value) for name in WORLDS)


@pytest.mark.parametrize("name", ["", *WORLDS])
def test_no_incident_hazard_rises_while_nothing_happens(name: str) -> None:
    """Thinning takes the sum of the hazards after a change as the most there can be until the next."""
    p = in_world(name)
    cluster = pair({"control": 2, "separated": 1, "stalked": 1, "grievance": 2, "severity": 5.0}, {"suicidal": 1})
    for _ in range(40):
        mechanism.after_incident(p, cluster, 0, states.STRANGLED)
    before = hazards_of(p, cluster)
    for days in (0.01, 1.0, 30.0, 400.0):
        mechanism.fade(p, cluster, days)
        after = hazards_of(p, cluster)
        assert (after <= before).all()
        assert after[mechanism.HAZARD_GRAVE] < before[mechanism.HAZARD_GRAVE]
        before = after
    # What is left after the long wait is the part that recent incidents do not touch.
    relation, subject = cluster.relations[0], cluster.subjects[0]
    mechanism.fade(p, cluster, 1e5)
    still = hazards_of(p, cluster)
    assert still[mechanism.HAZARD_GRAVE] == pytest.approx(mechanism.grave_gravity(p, subject, relation, 0.0))
    assert still[mechanism.HAZARD_DEADLY] == pytest.approx(mechanism.deadly_gravity(p, subject, relation, 0.0))


@pytest.mark.parametrize("name", ["", *WORLDS])
def test_no_first_incident_is_surely_severe(name: str) -> None:
    p = in_world(name)
    worst = pair({"control": 2, "separated": 1, "stalked": 1, "grievance": 2, "severity": 1e6}, {"suicidal": 1})
    chances = entry_chances(p, worst.subjects[0], worst.relations[0], 0.0)
    assert chances == (p["entry_most"], p["entry_most"])
    assert sum(chances) < 1.0


def test_a_force_remembers_its_world_and_the_oracle_follows_it(tmp_path: Path) -> None:
    settings = Settings(relationships=150, years=1, seed=4, knobs=Knobs(world="unlinked"))
    write(settings, tmp_path)
    assert read_settings(tmp_path) == settings
    assert settings.knobs != Knobs()
    both = laws(settings)
    for record in (both.past, both.future):
        assert record["recent_grave"][0] == WORLDS["unlinked"]["recent_grave"] == 25.0
    assert laws(Settings()).past["recent_grave"][0] == 1000.0


KINDS_OF_FACTORS = {
    "control": {"coercive_control", "financial_control", "isolation", "jealousy"},
    "strangled": {"@strangulation"},
    "stalked": {"@stalking"},
    "threatened": {"threat_to_kill"},
    "armed": {"weapon_used", "weapon_threatened", "firearm_used"},
}
"""Factors that the contrary world contradicts, and the kinds (with @: themes) by which a feature sees them."""


def test_the_contrary_world_nulls_or_reverses_whole_factors() -> None:
    plain, contrary = parameters.values("mechanism"), WORLDS["contrary"]
    ratios = {name for name in contrary if parameters.load()["mechanism"][name].unit.startswith("ratio")}
    of_factors = {name for name in plain if name.split("_")[0] in KINDS_OF_FACTORS}
    assert ratios == of_factors | {"separated_control_deadly"}
    for name in ratios:
        nulled = contrary[name] == 1.0
        assert nulled or contrary[name] == pytest.approx(1.0 / plain[name], rel=1e-4), name
    assert set(contrary) - ratios == {"grave_rate", "deadly_rate", "entry_grave", "entry_deadly"}


def test_the_contrary_world_contradicts_a_third_of_the_directions_that_the_base_reads() -> None:
    read = [definition for definition in load_catalogue() if definition.base and definition.direction]
    contradicted = set().union(*KINDS_OF_FACTORS.values())
    # A feature that also counts other kinds still tells the truth by them.
    wrong = {definition.name for definition in read if set(definition.kinds) <= contradicted}
    assert len(wrong) == 13
    assert 0.3 < len(wrong) / len(read) < 0.37
    page = (Path(__file__).parents[3] / "docs" / "simulation.md").read_text(encoding="utf-8")
    table = page.split("What the world `contrary` contradicts")[1].split("That is")[0]
    assert set(re.findall(r"`(\w+_(?:ever|strangulation))`", table)) == wrong
