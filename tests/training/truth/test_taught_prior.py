"""A prior is taught by small forces: the base's own coefficients on the raw scale, the same for the same forces."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pages.ceiling_plan import Plan

from features import load_catalogue
from threat.errors import UsageError
from threat.release.documents.prior import SimulatedPrior
from training.models.base import fit_base_at
from training.models.prior import base_catalogue
from training.truth import taught_prior
from training.truth.taught_prior import UNSEEN_SEEDS, Lesson, main, teach

SMALL = Lesson(seeds=(21, 22), relationships=700, years=3.0, rows=400, lists=3, draws=4)


@pytest.fixture(scope="module")
def forces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("forces")


@pytest.fixture(scope="module")
def taught(forces: Path) -> SimulatedPrior:
    return teach(SMALL, forces)


def test_the_prior_says_what_it_was_taught_by(taught: SimulatedPrior, forces: Path) -> None:
    source = taught.source
    assert (source.world, source.seeds, source.rung, source.horizon_days) == ("default", (21, 22), "Y2", 180)
    assert source.rows == 800
    assert 0 < source.mean_risk < 0.2
    assert source.catalogue_version == base_catalogue().version
    assert sorted(path.name for path in forces.iterdir()) == ["default-21", "default-22"]
    assert source.words == "800 rows of simulated forces (world default, Y2 within 180 days)"


def test_a_coefficient_is_that_of_the_base_over_the_spread_of_its_column(
    taught: SimulatedPrior, forces: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted = []

    def kept(*arguments: object, **named: object) -> object:
        fitted.append(fit_base_at(*arguments, **named))  # type: ignore[arg-type]
        return fitted[-1]

    monkeypatch.setattr("training.truth.recipes.fit_base_at", kept)
    again = teach(SMALL, forces)
    assert again.encode() == taught.encode()
    [base] = fitted
    assert [(column.feature, column.reads) for column in taught.columns] == [
        (column.feature, column.reads) for column in base.document.columns
    ]
    raw = [column.coefficient / column.scale for column in base.document.columns]
    np.testing.assert_allclose([column.coefficient for column in taught.columns], raw, rtol=1e-5)
    directions = {definition.name: definition.direction for definition in load_catalogue()}
    assert all(c.coefficient * directions[c.feature] >= 0 for c in taught.columns if c.reads == "value")


def test_a_force_that_the_model_is_measured_on_teaches_nothing(tmp_path: Path) -> None:
    assert set(Plan().seeds) == UNSEEN_SEEDS
    for seed in UNSEEN_SEEDS:
        with pytest.raises(UsageError, match="measured on its force unseen"):
            teach(replace(SMALL, seeds=(seed,)), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_folder_with_another_force_is_refused(forces: Path) -> None:
    with pytest.raises(UsageError, match="holds another force"):
        teach(replace(SMALL, relationships=800), forces)


def test_the_command_writes_the_document(
    forces: Path,
    tmp_path: Path,
    taught: SimulatedPrior,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(taught_prior, "Lesson", lambda threads: replace(SMALL, threads=threads))
    assert main(["--out", str(tmp_path / "prior.json"), "--forces", str(forces), "--threads", "1"]) == 0
    assert (tmp_path / "prior.json").read_bytes() == taught.encode()
    assert "taught by 800 rows of simulated forces" in capsys.readouterr().out
