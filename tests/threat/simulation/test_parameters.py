"""One file of named numbers, each with a unit and an honest source."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import threat.simulation
from threat.errors import UsageError
from threat.simulation import parameters
from threat.simulation.calibration.targets import targets
from threat.simulation.world.states import OFFENCES
from threat.vocabulary import kinds

TAG = re.compile(r"\bS\d+\b")
ALL = [p for section in parameters.load().values() for p in section.values()]


@pytest.mark.parametrize("parameter", ALL, ids=lambda p: f"{p.section}.{p.name}")
def test_a_parameter_says_its_unit_and_where_it_comes_from(parameter: parameters.Parameter) -> None:
    assert parameter.unit
    words = ("assumption", "derived", "choice", "knob", "by definition")
    assert "[" in parameter.source or parameter.source.startswith(words), parameter.source
    assert "memory" not in parameter.source


def test_every_source_that_is_cited_can_be_looked_up() -> None:
    page = (Path(__file__).parents[3] / "docs" / "simulation.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^- \*\*(S\d+)\*\*: \S", page, re.MULTILINE))
    cited = {tag for text in (*(p.source for p in ALL), *(t.source for t in targets())) for tag in TAG.findall(text)}
    assert len(cited) > 30
    assert cited == listed


@pytest.mark.parametrize(
    ("section", "name"),
    [
        ("population", "kinds"),
        ("population", "frequency_shares"),
        ("population", "control_shares"),
        ("recording", "reported_by"),
        ("recording", "reported_by_deadly"),
        ("recording", "grades"),
        ("recording", "form_missing"),
        ("characteristics", "ethnicity_shares"),
        ("characteristics", "religion_shares"),
        ("characteristics", "deprivation_shares"),
        ("offences", "grave"),
        ("offences", "grave_family"),
    ],
)
def test_shares_add_up(section: str, name: str) -> None:
    assert sum(parameters.values(section)[name]) == pytest.approx(1.0, abs=0.011)


def test_the_excitation_of_an_incident_adds_up_to_its_descendants() -> None:
    p = parameters.values("mechanism")
    assert sum(p[f"weight_{i}"] for i in range(4)) == pytest.approx(1.0)
    assert max(parameters.values("population")["frequency_values"]) < 1


def test_markers_and_background_name_kinds_and_conditions_that_exist() -> None:
    from threat.simulation.records.raw_rows import CONDITIONS

    for section in ("markers", "background"):
        for name, entry in parameters.values(section).items():
            kind = kinds()[entry["kind"]]
            assert entry.get("if", "children") in CONDITIONS, name
            assert set(entry.get("codes", {})) <= set(kind.codes), name
            # Others at the scene are named as a relationship's row names the person at risk.
            party = entry.get("about", "") not in ("", "officer", "bystander")
            assert party == (kind.about == "person"), name
            offences = entry.get("with", "any")
            assert isinstance(offences, list) or offences in {"any", "crime", "call"}, name
            assert isinstance(offences, str) or set(offences) <= set(OFFENCES), name
    for item, entry in parameters.values("items").items():
        assert item in kinds()
        assert set(entry) - {"base"} <= set(CONDITIONS)
        assert sum(entry.values()) <= 1


def test_unknown_overrides_are_refused() -> None:
    with pytest.raises(UsageError, match="Not a parameter of the mechanism: charm"):
        parameters.mechanism({"charm": 1.0})


ALLOWED = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 20, 22, 24, 0.5, 60, 1000}
"""Counts, positions, halves and a minute; anything else belongs in the file of parameters."""


def test_no_magic_numbers_in_the_mechanism_and_the_recording() -> None:
    folder = Path(threat.simulation.__file__).parent
    for name in (
        *(
            "world/life",
            "world/population",
            "world/outside",
            "world/deaths",
            "records/outside_crimes",
            "records/recording",
            "records/assessment",
        ),
        *("records/after_death", "records/relationship_rows"),
        *("records/justice", "records/circumstances", "records/revisions", "records/faults"),
        "knobs",
    ):
        tree = ast.parse((folder / f"{name}.py").read_text(encoding="utf-8"))
        named = {
            id(n)
            for a in ast.walk(tree)
            if isinstance(a, ast.Assign | ast.AnnAssign) and a.col_offset == 0
            for n in ast.walk(a)
        }
        numbers = [
            (node.value, node.lineno)
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, int | float)
            and not isinstance(node.value, bool)
            and id(node) not in named
            and node.value not in ALLOWED
        ]
        assert numbers == [], name
