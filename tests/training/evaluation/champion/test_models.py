"""A champion is read from a RUN or a bundle of any format, and says how far its fit reaches."""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pytest
from fixtures import compared_runs, evidence, golden_force
from fixtures.earlier_keys import earlier_trust

from features import load_catalogue
from threat.errors import IntegrityFailure, UsageError
from threat.release import bundle, promotions
from threat.release.runs import Run
from threat.trust.folder import Trust
from training.evaluation.champion.models import ScoredModel

FORMATS = Path(__file__).parents[3] / "fixtures" / "formats"
NOWHERE = Trust.none()


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


def test_a_bundle_names_only_the_start_of_its_own_test(tmp_path: Path) -> None:
    signer = Trust.open().signer("promotion")
    run = evidence.audited_run(tmp_path / "runs")
    run.write(evidence.gate(run))
    built = bundle.build(run, tmp_path / "bundles", signer)
    scored = ScoredModel.read(built, Trust.open())
    assert (scored.facts.kind, scored.facts.run_id) == ("bundle", "run-1")
    assert (scored.facts.fit_date, scored.facts.fit_date_is) == ("2025-01-01T00:00:00+00:00", "at_latest")
    assert scored.facts.manifest_sha256 == bundle.hash_of(built)
    with pytest.raises(IntegrityFailure):
        ScoredModel.read(built, NOWHERE)


def test_without_a_name_the_champion_is_the_bundle_in_service(tmp_path: Path) -> None:
    signer, run = Trust.open().signer("promotion"), evidence.audited_run(tmp_path / "runs")
    run.write(evidence.gate(run))
    built = bundle.build(run, tmp_path / "bundles", signer)
    promotions.promote(tmp_path / "promotions.jsonl", built, "live", signer, at=1, reason="a test")
    facts = ScoredModel.in_service(tmp_path).facts
    assert (facts.kind, facts.run_id, facts.manifest_sha256) == ("bundle", "run-1", bundle.hash_of(built))
    with pytest.raises(UsageError, match="No model is in service") as refused:
        ScoredModel.in_service(tmp_path / "elsewhere")
    assert refused.value.value == "none"


def test_a_champion_that_is_not_there_is_a_wrong_usage_and_not_a_run_that_broke_off(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no RUN or bundle to be the champion") as refused:
        ScoredModel.read(tmp_path / "elsewhere", NOWHERE)
    assert refused.value.where == str(tmp_path / "elsewhere")


def unpacked(name: str, folder: Path) -> Path:
    with tarfile.open(FORMATS / f"{name}.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    return folder / name


def of_format(name: str, folder: Path) -> ScoredModel:
    var = unpacked(name, folder) / "var"
    (built,) = (var / "bundles").iterdir()
    return ScoredModel.read(built, earlier_trust(var))


def test_a_bundle_of_the_first_format_is_read_and_says_nothing_of_its_fit(tmp_path: Path) -> None:
    """Its features have kept their names: they are built as the catalogue of now defines them, and that is said."""
    scored = of_format("format_1", tmp_path)
    assert (scored.facts.fit_date, scored.facts.fit_date_is) == (None, "unknown")
    scored.require(load_catalogue())
    assert scored.facts.catalogue_version != load_catalogue().version


def test_a_bundle_is_refused_for_features_that_have_gone_which_are_named(tmp_path: Path) -> None:
    scored = of_format("format_2", tmp_path)
    assert (scored.facts.fit_date, scored.facts.fit_date_is) == ("2025-01-01T00:00:00+00:00", "at_latest")
    with pytest.raises(UsageError, match="reads 4 features that the present catalogue lacks") as refused:
        scored.require(load_catalogue())
    assert refused.value.where == "model/features.json of the bundle of the RUN run-1"
    assert refused.value.value == "incidents_90d, days_since_last, breaches_all, history_days"


def test_a_run_of_before_documents_had_versions_says_what_it_asked_and_not_when_it_was_fitted(tmp_path: Path) -> None:
    facts = ScoredModel.of_run(Run.open(unpacked("format_1", tmp_path) / "var" / "runs" / "trained")).facts
    assert (facts.rung, facts.horizon_days) == ("Y4", 180)
    assert (facts.fit_date, facts.fit_date_is) == ("2024-04-01T00:00:00+00:00", "at_latest")
