"""Control forces: other people and other records by name, and nothing of them anywhere else."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from threat.errors import UsageError
from threat.simulation import parameters
from threat.simulation.force import Settings, draw, plan, read_settings, simulate, write
from threat.simulation.knobs import Knobs
from threat.simulation.truth.oracle import laws

EVEN = Settings(relationships=300, years=1, seed=4, knobs=Knobs(world="even"))


@pytest.fixture(scope="module")
def even() -> dict[str, pa.Table]:
    return simulate(EVEN)


def codes(force: dict[str, pa.Table], characteristic: str) -> dict[str, int]:
    """How many records of persons have each code."""
    table = force["protected"].filter(pc.equal(force["protected"].column("characteristic"), characteristic))
    if characteristic == "ethnicity":
        table = table.filter(pc.equal(table.column("scheme"), "18+1"))
    counted = pc.value_counts(pc.cast(table.column("code"), pa.string())).to_pylist()
    return {item["values"]: item["counts"] for item in counted}


def test_every_group_of_the_even_force_is_large_and_on_record(even: dict[str, pa.Table]) -> None:
    people = len(even["identities"])
    for characteristic, groups in {"sex": 2, "ethnicity": 3, "disability": 2}.items():
        counts = codes(even, characteristic)
        assert sum(counts.values()) == people, characteristic
        assert len(counts) == groups, characteristic
        assert min(counts.values()) > 0.75 * people / groups, characteristic
    assert codes(even, "ethnicity").keys() == {"W1", "A1", "B1"}


def test_nobody_in_the_even_force_is_younger_than_lists_hold() -> None:
    (number, clusters), *_ = plan(EVEN)[20:]
    people = draw(EVEN, number, clusters)
    ages = EVEN.end.year - people.born
    assert (ages.min() >= 26, ages.max() < 55) == (True, True)


def test_a_control_is_over_when_its_force_is_made(even: dict[str, pa.Table]) -> None:
    assert parameters.values("population")["same_sex"] == 0.035
    with parameters.of_world("even"):
        assert parameters.values("population")["same_sex"] == 0.5
        # What a control does not name is as everywhere.
        assert parameters.values("population")["extra_partner"] == 0.12
        with parameters.of_world("unlinked"):
            assert parameters.values("population")["same_sex"] == 0.035
    assert parameters.values("population")["same_sex"] == 0.035


def test_the_force_remembers_its_control_and_no_truth_is_told_of_it(tmp_path: Path) -> None:
    settings = Settings(relationships=60, years=1, seed=4, knobs=Knobs(world="even"))
    write(settings, tmp_path)
    assert read_settings(tmp_path) == settings
    assert settings.knobs.overrides(0)["excitation_cap"] == parameters.controls()["even"]["mechanism"]["excitation_cap"]
    with pytest.raises(UsageError, match="The truth about a control force is not computed"):
        laws(settings)
    with pytest.raises(UsageError, match="no world named 'odd'") as refused:
        Knobs(world="odd")
    assert refused.value.way_out == "use unlinked, weak_links, strong_links, contrary, even"
