"""A champion is read from a RUN or a bundle of any format, and says how far its fit reaches."""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pytest
from fixtures import compared_runs, evidence, golden_force
from fixtures.released_model import make_run, signer, var  # noqa: F401  fixtures

from features import load_catalogue
from threat.errors import IntegrityFailure, UsageError
from threat.release import bundle
from threat.release.runs import Run
from threat.release.signing import Signer
from training.evaluation.champion.models import ScoredModel

FORMATS = Path(__file__).parents[3] / "fixtures" / "formats"
NOWHERE = Path("no keys")


def test_a_run_names_its_fit_date_and_scores_features_by_name(tmp_path: Path) -> None:
    run = compared_runs.champion(tmp_path / "runs")
    scored = ScoredModel.read(run.directory, NOWHERE)
    assert (scored.facts.kind, scored.facts.run_id, scored.facts.features) == ("run", "champion", 2)
    assert (scored.facts.fit_date, scored.facts.fit_date_is) == ("2024-08-02T00:00:00+00:00", "exact")
    assert (scored.facts.rung, scored.facts.horizon_days) == ("Y2", 180)
    assert scored.facts.manifest_sha256 == run.manifest_sha256
    matrix = compared_runs.matrix(golden_force.build(tmp_path / "history"))
    columns = [matrix.column(name) for name in compared_runs.CHAMPION]
    assert matrix.names != compared_runs.CHAMPION, "the columns of the matrix are in another order, and more"
    np.testing.assert_array_equal(scored.values(matrix), np.stack(columns, axis=1))


def test_a_bundle_names_only_the_start_of_its_own_test(tmp_path: Path, signer: Signer) -> None:  # noqa: F811
    run = evidence.audited_run(tmp_path / "runs")
    run.write(evidence.gate(run))
    built = bundle.build(run, tmp_path / "bundles", signer)
    scored = ScoredModel.read(built, tmp_path / "var" / "keys")
    assert (scored.facts.kind, scored.facts.run_id) == ("bundle", "run-1")
    assert (scored.facts.fit_date, scored.facts.fit_date_is) == ("2025-01-01T00:00:00+00:00", "at_latest")
    assert scored.facts.manifest_sha256 == bundle.hash_of(built)
    with pytest.raises(IntegrityFailure):
        ScoredModel.read(built, NOWHERE)


def of_format(name: str, folder: Path) -> ScoredModel:
    with tarfile.open(FORMATS / f"{name}.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    (built,) = (folder / name / "var" / "bundles").iterdir()
    return ScoredModel.read(built, folder / name / "var" / "keys")


def test_a_bundle_of_the_first_format_is_read_and_says_nothing_of_its_fit(tmp_path: Path) -> None:
    """Its features have kept their names: they are built as the catalogue of now defines them, and that is said."""
    scored = of_format("format_1", tmp_path)
    assert (scored.facts.fit_date, scored.facts.fit_date_is) == (None, "unknown")
    scored.require(load_catalogue(), "here")
    assert scored.facts.catalogue_version != load_catalogue().version


def test_a_bundle_is_refused_for_features_that_have_gone_which_are_named(tmp_path: Path) -> None:
    scored = of_format("format_2", tmp_path)
    assert (scored.facts.fit_date, scored.facts.fit_date_is) == ("2025-01-01T00:00:00+00:00", "at_latest")
    with pytest.raises(UsageError, match="reads 4 features that the present catalogue lacks") as refused:
        scored.require(load_catalogue(), "here")
    assert refused.value.value == "incidents_90d, days_since_last, breaches_all, history_days"


def test_a_run_of_before_documents_had_versions_says_what_it_asked_and_not_when_it_was_fitted(tmp_path: Path) -> None:
    with tarfile.open(FORMATS / "format_1.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    facts = ScoredModel.of_run(Run.open(tmp_path / "format_1" / "var" / "runs" / "trained")).facts
    assert (facts.rung, facts.horizon_days) == ("Y4", 180)
    assert (facts.fit_date, facts.fit_date_is) == ("2024-04-01T00:00:00+00:00", "at_latest")
