"""A whole training on a small synthetic force: the RUN, its checks, the same bytes twice."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from fixtures.quick_training import SMALL
from fixtures.trained_run import Trained
from typer.testing import CliRunner

from features import load_catalogue
from features.arrays import sightings_from
from threat.asof import DAY, parse_as_of
from threat.errors import BadInput, UsageError
from threat.history.sightings import Rows
from threat.history.store import Store
from threat.measuring.ranked import Labelled, Ranked
from threat.measuring.resampling import Draws, Resampling, auc
from threat.outcomes import label
from threat.policy import load_policy
from threat.release.documents.checks import Checks
from threat.release.documents.choices import Choices
from threat.release.documents.cohort import CohortAttrition
from threat.release.documents.config import Config
from threat.release.documents.evaluation import Evaluation
from threat.release.documents.model import Calibrator
from threat.release.documents.provenance import Execution
from threat.release.model_files import ranking_files
from threat.release.ranking_model import RankingModel
from threat.release.runs import Run
from threat.release.scorer import raw_score
from threat.simulation.force import Settings as ForceSettings
from threat.simulation.force import write
from threat.vocabulary import kind
from training.checks import as_if_known_at_once, future_removed, known_before, known_late
from training.cohorts.cohort import Cohort, joined
from training.cohorts.labelled import LabelledCohort, prepare
from training.cohorts.outcomes import recorded_outcomes
from training.commands import app
from training.config import Settings, load
from training.evaluation.differences import differences
from training.evaluation.reproduce import reproduce
from training.evaluation.summary import Remarks, summary_lines
from training.job import name_run, train
from training.models import trees

STARTED = parse_as_of("2025-01-02")


@pytest.fixture(scope="module")
def force(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("force")
    write(ForceSettings(relationships=700, years=4, seed=5), folder, lambda _: None)
    return folder


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    path = tmp_path_factory.mktemp("config") / "small.yaml"
    path.write_text(SMALL)
    return load(path)


@pytest.fixture(scope="module")
def run(force: Path, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(force / "history", settings, out=tmp_path_factory.mktemp("runs"), run_id="first", started_at=STARTED)


@pytest.fixture(scope="module")
def labelled(force: Path, settings: Settings) -> LabelledCohort:
    return prepare(Store.open(force / "history").snapshot(), settings, load_policy())


def test_the_run_holds_what_the_contract_says(run: Run) -> None:
    Run.open(run.directory)
    files = json.loads((run.directory / "manifest.json").read_text())["files"]
    assert set(files) == {
        "model/base.json" if run.read(Choices).approach == "on_base" else "baselines/base.json",
        "config.json", "snapshot.json", "provenance.json", "cohort.json", "folds.json", "choices.json",
        "evaluation.json", "checks.json",
        "predictions.parquet", "outside.parquet", "outcomes.parquet", "model/model.txt", "model/calibrator.json",
        "model/features.json", "baselines/elastic_net.json", "shap_summary.json", "shap_summary.png",
        "shap_dependence.png", "stability.json",
    }  # fmt: skip
    evaluation = run.read_json("evaluation.json")
    assert evaluation["capacity"] == 20
    names = [entry["name"] for entry in evaluation["rankings"]]
    assert names[:2] == ["score", "elastic_net"]
    assert {"rule_days_since_last", "rule_prior_count", "rule_trailing_year_harm", "rule_rfg"} <= set(names)
    for figure in (figure for entry in evaluation["rankings"] for figure in entry["figures"]):
        assert figure["n"] > 0
        assert figure["value"] is not None or figure["reason"]
    for entry in evaluation["rankings"][1:]:
        assert "recall_difference" in {one["name"] for one in entry["figures"]}
    stable = run.read_json("stability.json")
    assert (stable["members"], stable["places"], len(evaluation["replay"])) == (2, 60, 3)
    assert 0 < stable["kept_least"] <= stable["kept_mean"] < 1
    lists_of_halves = [len(half["cycles"]) for half in evaluation["halves"]]
    assert (lists_of_halves, "under twelve months" in evaluation["warnings"][0]) == ([2, 1], True)
    made = run.read(CohortAttrition)
    assert (made.fit_rows, made.drift.length_of_record.test_rows) == ("monthly", evaluation["cohort"]["n"])
    assert evaluation["cohort"]["n"] - sum(band["n"] for band in evaluation["freshness"]) == made.test_left_out.rows > 0
    bar, compared = run.read(Choices).bar, {item.name: item.mean_recall for item in run.read(Choices).compared.options}
    assert bar.difference.value == compared[bar.model.name] - max(item.mean_recall for item in bar.comparators)


def test_the_predictions_are_the_complete_cohort_scored_by_the_sealed_model(run: Run, labelled: LabelledCohort) -> None:
    table = pq.read_table(run.path("predictions.parquet"))
    rows = labelled.test_lists.rows
    assert len(table) == len(rows) == run.read_json("evaluation.json")["cohort"]["n"]
    assert (table["relationship_id"].to_numpy() == rows.relationship_id).all()
    features = run.read_json("model/features.json")
    model = RankingModel.read(ranking_files(run), features["names"], str(run.directory))
    assert model.booster.feature_name() == features["names"]
    assert features["catalogue_version"] == load_catalogue().version, "lists are built with the whole one"
    np.testing.assert_array_equal(table["score"].to_numpy(), model.raw_score(labelled.test_matrix().values))
    # Some 20 rows of validation with an outcome are too few to calibrate on, and every document says so.
    calibrator, evaluation = run.read(Calibrator), run.read(Evaluation)
    assert (calibrator.method, calibrator.events) == ("none", run.read(Choices).validation_rows_with_outcome)
    assert "probability" not in table.column_names
    assert (evaluation.calibration, evaluation.no_probability) == (None, calibrator.why_none)
    outside = pq.read_table(run.path("outside.parquet"))
    assert {"subject_id", "person_at_risk_id", "as_of", "credit"} <= set(outside.column_names)
    total = table["credit"].to_numpy().sum() + outside["credit"].to_numpy().sum()
    units = pq.read_table(run.path("outcomes.parquet")).to_pandas()
    assert total == pytest.approx(units["incident"].nunique())


def test_the_same_inputs_give_the_same_run_on_any_number_of_threads(trained: Trained, tmp_path: Path) -> None:
    runs = Path(shutil.copytree(trained.run.directory.parent, tmp_path / "runs"))
    store = Path(shutil.copytree(trained.store, tmp_path / "history"))  # which counts the openings of the test
    settings = load(trained.config)
    on_two = settings.model_copy(update={"threads": 3 - settings.threads})
    assert name_run(on_two, STARTED) == name_run(settings, STARTED)
    again = train(store, on_two, out=runs, run_id="again", started_at=STARTED)
    first, second = (json.loads((runs / name / "manifest.json").read_text())["files"] for name in ("r1", "again"))
    assert {name for name in first if first[name] != second[name]} == {"folds.json"}
    opening = again.read_json("folds.json")["test_opening"]
    assert (opening["times_opened_in_this_run"], opening["earlier_runs_that_opened_it"]) == (1, ["r1"])


def test_no_leak_by_construction(run: Run, labelled: LabelledCohort) -> None:
    checks = run.read_json("checks.json")
    assert checks["future_removed"]["values_that_differ"] == 0
    assert checks["future_removed"]["rows"] == 48
    assert checks["dates"]["holds"]
    assert checks["contributions_sum"]["holds"]
    late = checks["late_known"]
    assert late["rows"] == run.read_json("evaluation.json")["cohort"]["n"]
    assert late["events"] >= late["rows_with_any"] > 0
    assert late["share"] == late["rows_with_any"] / late["rows"]
    cohort = run.read(CohortAttrition)
    said = summary_lines("r", run.read(Evaluation), Remarks(late_known=run.read(Checks).late_known, cohort=cohort))
    assert f"In no figure: {cohort.test_left_out.rows:,} rows on the lists" in said
    assert f"{cohort.unseen_incidents:,} severe incidents that no rung counts, or only a lower one" in said
    assert f"Known late: {late['events']:,} events had happened before a test row's as-of" in said
    # The check has teeth: against a builder that takes every record as known at once, values do differ.
    from features import build

    rows = labelled.test_lists.rows
    leaky = build(as_if_known_at_once(labelled.sightings), rows, labelled.catalogue).values
    assert future_removed(labelled.sightings, rows, leaky, labelled.catalogue) > 0


def test_what_reached_us_late_on_a_drawn_history() -> None:
    """Two people, four events, three as-ofs.

    event  person   happened  known
    1      11       day 1     day 4    late for as-ofs 2 and 4 (known at as-of 4 itself), known at 9
    2      11       day 3     day 3    never late
    3      12       day 1     day 8    late for 2 and 4, known at 9
    4      12       day 9     day 9    after every as-of
    """
    day = np.array([1, 3, 1, 9], np.int64) * DAY
    known = np.array([4, 3, 8, 9], np.int64) * DAY
    hit = np.full(4, kind("assault_with_injury").number, np.int16)
    sightings = sightings_from(np.array([11, 11, 12, 12], np.int64), hit, day, known)
    as_of = np.array([2, 4, 9, 4], np.int64) * DAY
    subject, at_risk = np.array([11, 11, 11, 99], np.int64), np.array([12, 12, 12, 12], np.int64)
    found = known_late(sightings, Rows(np.arange(4), subject, at_risk, as_of))
    assert found.model_dump(include={"rows", "events", "rows_with_any", "share"}) == {
        "rows": 4, "events": 2 + 2 + 0 + 1, "rows_with_any": 3, "share": 0.75,
    }  # fmt: skip
    none = np.zeros(0, np.int64)
    assert known_late(sightings, Rows(none, none, none, none)).share is None


def test_what_was_known_before_an_instant(labelled: LabelledCohort) -> None:
    sightings = labelled.sightings
    person = int(sightings.persons[np.argmax(np.diff(sightings.offsets))])
    place = sightings.rows_of(person)
    middle = int(np.median(sightings.visible_from[place]))
    past = known_before(sightings, (person, -1), middle)
    seen = sightings.visible_from[place] < middle
    own = past.rows_of(person)
    assert own.stop - own.start == int(seen.sum()) > 0
    assert (past.event_id[own] == sightings.event_id[place][seen]).all()
    assert int(past.offsets[-1]) == int(seen.sum())


def test_permuted_labels_rank_no_better_than_chance(labelled: LabelledCohort) -> None:
    """Fitted on shuffled labels and measured on the true ones: the mean AUC of twelve shuffles is near one half."""
    fit, values = labelled.fit_sample(labelled.folds.test), labelled.test_matrix().values
    rows = labelled.test_lists.rows
    truth = label(recorded_outcomes(labelled.snapshot, labelled.settings, None), rows, labelled.settings.horizon_days)
    true_rows = Labelled.of(label=truth)
    sample = Draws.of(true_rows.persons, Resampling(replicates=0, seed=1))
    candidate, rng, areas = labelled.settings.trees.candidates[0], np.random.default_rng(1), []
    for shuffle in range(12):
        shuffled = replace(fit, label=rng.permutation(fit.label))
        growth = trees.Growth(constraints=labelled.constraints, seed=shuffle)
        booster = trees.fit(trees.TreeRows.of_outcomes(shuffled), candidate, 30, growth)
        areas.append(auc(Ranked(rows=true_rows, score=raw_score(booster, values)), sample)[0])
    assert np.mean(areas) == pytest.approx(0.5, abs=3 * np.std(areas) / np.sqrt(len(areas)) + 0.02)


def test_evaluate_reproduces_the_sealed_figures(run: Run) -> None:
    again = reproduce(Run.open(run.directory))
    assert again.reproduced is True
    other = reproduce(run, 5)
    assert (other.reproduced, other.evaluation.capacity) == (None, 5)
    first, *rest = again.evaluation.rankings
    figure = first.figures[0]
    shifted = figure.model_copy(update={"value": (figure.value or 0.0) + 1e-6})
    changed = first.model_copy(update={"figures": (shifted, *first.figures[1:])})
    sealed, forged = ([item.as_json() for item in (ranking, *rest)] for ranking in (first, changed))
    assert differences(sealed, sealed) == ()
    assert [item.figure for item in differences(sealed, forged)] == [f"score.figures.{figure.name}.value"]


def test_a_history_without_outcomes_or_too_short_is_refused(force: Path, settings: Settings, tmp_path: Path) -> None:
    from fixtures import golden_force

    golden_force.build(tmp_path / "golden")
    with pytest.raises(BadInput, match="too short"):
        train(tmp_path / "golden", load("default"), out=tmp_path, run_id="x", started_at=STARTED)
    rare = settings.model_copy(update={"rung": "Y0"})
    with pytest.raises(BadInput, match="nothing to learn from"):
        train(force / "history", rare, out=tmp_path, run_id="y", started_at=STARTED)
    assert {path.name for path in tmp_path.iterdir()} == {"golden"}
    with pytest.raises(UsageError, match="RUN of this id already"):
        train(tmp_path / "no history is opened", settings, out=tmp_path, run_id="golden", started_at=STARTED)


def test_lists_with_nobody_on_them_are_refused(
    force: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.cohorts.cohort.build", lambda *_: Cohort(joined([]), np.zeros(0, np.int64), []))
    with pytest.raises(BadInput, match="Nobody is on the lists that validation_1 is measured on"):
        prepare(Store.open(force / "history").snapshot(), settings, load_policy())


def test_one_subject_with_outcomes_is_too_few_to_choose_across_subjects(labelled: LabelledCohort) -> None:
    complete, subject = labelled.complete, labelled.cohort.rows.subject
    rows = complete.drawn["test"].positions
    only = np.where(subject == subject[rows[0]], 1, 0).astype(np.uint8)
    # The features of the rows that were drawn alone: those are measured.
    alone = replace(complete, labels={"test": only}, may_fit={"test": rows})
    folds = replace(labelled.folds, validation=())
    with pytest.raises(BadInput, match="Too few subjects"):
        replace(labelled, folds=folds, rows={"monthly": alone}).pairs()


def test_evaluate_by_command(run: Run, force: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.evaluation.ablations.groups_of", lambda all_: {"a": all_.names[:1]})  # all: 40 s
    runner, history = CliRunner(), str(force / "history")
    got = runner.invoke(app, ["evaluate", str(run.directory), "--json"])
    assert (got.exit_code, json.loads(got.stdout)["reproduced"]) == (0, True), got.output
    got = runner.invoke(app, ["evaluate", str(run.directory), "--ablate", "--store", history])
    assert "came out again, to nine digits" in got.stdout
    ablated, rows = run.read_json("ablations.json"), run.read(Choices).validation_rows
    assert [part["lost"]["n"] for part in ablated["groups"] + ablated["history"]] == [rows] * 4


def test_train_by_command(trained: Trained, tmp_path: Path) -> None:
    run, store = trained.run, shutil.copytree(trained.store, tmp_path / "history")
    args = ["train", "--config", str(trained.config), "--store", str(store), "--out", str(tmp_path / "runs")]
    got = CliRunner().invoke(app, [*args, "--run-id", "cli", "--no-mlflow", "--json"])
    assert got.exit_code == 0, got.output
    document = json.loads(got.stdout)
    assert (document["run_id"], document["mlflow"]) == ("cli", None)
    assert document["choices_on_the_edge"] == list(run.read(Choices).warnings)
    assert document["late_known"] == run.read_json("checks.json")["late_known"]
    execution = Run.open(tmp_path / "runs" / "cli").read(Execution)
    assert (execution.threads, execution.seconds > 0, execution.peak_memory_mb > 50) == (1, True, True)
    cohort, counts = run.read_json("cohort.json"), ("test_left_out", "competing_deaths", "unseen_severe")
    assert document["in_no_figure"] == {name: cohort[name] for name in (*counts, "silent_features")}
    assert Run.open(tmp_path / "runs" / "cli").read(Config).settings.name == "quick"
