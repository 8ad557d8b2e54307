"""A challenger on the golden force against champions: figures, moves, reasons, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from fixtures import compared_runs, evidence, golden_force
from typer.testing import CliRunner

from threat.errors import IntegrityFailure, UsageError
from threat.files import sha256_of
from threat.history.store import Store
from threat.ids import show_id
from threat.release.documents.champion import ChampionComparison, MovedRelationships
from threat.release.documents.evaluation import Evaluation
from threat.release.runs import Run
from training.commands import app
from training.evaluation.champion.comparing import (
    Compared,
    asks_the_same,
    cautions,
    compare_with_champion,
    few_moved,
    may_have_seen,
)
from training.evaluation.champion.models import ScoredModel
from training.evaluation.champion.summary import champion_lines


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return golden_force.build(tmp_path_factory.mktemp("golden") / "history")


@pytest.fixture
def run(tmp_path: Path, store: Store) -> Run:
    return compared_runs.challenger(tmp_path, store)


@pytest.fixture
def champion(tmp_path: Path) -> ScoredModel:
    return ScoredModel.of_run(compared_runs.champion(tmp_path))


def compared(run: Run, champion: ScoredModel, store: Store) -> Compared:
    return compare_with_champion(run, champion, Path(store.snapshot().store_path))


def lines_of(made: Compared) -> list[str]:
    return champion_lines(made.comparison, made.examples)


def test_a_champion_that_is_the_challenger_shares_every_place_and_differs_by_nothing(run: Run, store: Store) -> None:
    made = compared(run, ScoredModel.of_run(run), store)
    same = made.comparison
    assert [(overlap.places, overlap.share) for overlap in same.overlap] == [(1, 1), (2, 1), (4, 1), (8, 1), (16, 1)]
    for name in ("recall", "mean_recall", "auc"):
        difference = same.difference(name)
        assert difference is not None
        assert (difference.value, difference.interval) == (0.0, (0.0, 0.0))
    assert (same.moved_on.places, same.moved_off.places, same.themes, made.examples.on) == (0, 0, (), ())
    assert "Nobody moves on or off lists of 4." in lines_of(made)


def test_recall_differs_by_what_the_rows_that_moved_on_caught_less_those_that_moved_off(
    run: Run, champion: ScoredModel, store: Store
) -> None:
    made = compared(run, champion, store).comparison
    difference = made.difference("recall")
    assert difference is not None
    assert made.events == 4, "three on the lists and one outside"
    assert difference.value == pytest.approx((made.moved_on.events - made.moved_off.events) / made.events)
    assert made.moved_on.places == made.moved_off.places == pytest.approx(8 * (1 - made.overlap[2].share))
    assert run.read(ChampionComparison) == made
    assert (made.verdict.verdict, made.verdict.reason) == ("not_enough_evidence", "neither caught 10 outcomes")


def test_the_themes_of_rows_that_moved_add_up_to_how_their_scores_differ(
    run: Run, champion: ScoredModel, store: Store
) -> None:
    """The mean over rows that moved on of the challenger's score less the champion's, each centred on its mean."""
    both = compared(run, champion, store)
    made = both.comparison
    scores = {
        "challenger": pq.read_table(run.path("predictions.parquet"))["score"].to_numpy(),
        "champion": pq.read_table(run.path("champion_scores.parquet"))["champion"].to_numpy(),
    }
    centred = {name: score - score.mean() for name, score in scores.items()}
    places = {}
    for name, score in scores.items():
        # By hand: of the rows of each list, those above the fourth score, and its ties share what is left.
        places[name] = np.zeros(20)
        for rows in (slice(0, 10), slice(10, 20)):
            cut = np.sort(score[rows])[-4]
            above, tied = score[rows] > cut, score[rows] == cut
            places[name][rows] = above + tied * (4 - above.sum()) / tied.sum()
    gained = places["challenger"] - places["champion"]
    for weight, part in ((np.maximum(gained, 0), "on"), (np.maximum(-gained, 0), "off")):
        mean = (weight * (centred["challenger"] - centred["champion"])).sum() / weight.sum()
        assert sum(getattr(theme, part) for theme in made.themes) == pytest.approx(mean)
    sizes = [abs(theme.on_less_off or 0) for theme in made.themes]
    assert sizes == sorted(sizes, reverse=True)
    assert [theme.on_less_off for theme in made.themes] == [
        pytest.approx((theme.on or 0) - (theme.off or 0)) for theme in made.themes
    ]
    assert ({theme.theme for theme in made.themes}, made.rows_centred_on) == ({"incidents", "escalation"}, 20)
    assert run.read(MovedRelationships) == both.examples
    first = both.examples.on[0]
    row = int(np.flatnonzero((gained >= 1) & (scores["challenger"] == scores["challenger"][gained >= 1].max()))[0])
    assert first.relationship == show_id("R", int(compared_runs.rows().relationship_id[row]))
    assert first.challenger_rank <= compared_runs.CAPACITY < first.champion_rank


def test_the_scores_next_to_the_comparison_are_the_champions_of_the_same_rows(
    run: Run, champion: ScoredModel, store: Store
) -> None:
    made = compared(run, champion, store).comparison
    path = run.path("champion_scores.parquet")
    assert sha256_of(path) == made.champion_scores_sha256
    table = pq.read_table(path)
    assert table["relationship_id"].equals(pq.read_table(run.path("predictions.parquet"))["relationship_id"])
    expected = champion.model.raw_score(champion.values(compared_runs.matrix(store)))
    np.testing.assert_array_equal(table["champion"].to_numpy(), expected)
    names = [entry.name for entry in Run.open(run.directory).annexes()]
    assert names == [path.name, MovedRelationships.FILE, ChampionComparison.FILE]


def test_no_row_about_a_person_is_in_the_comparison_itself(run: Run, champion: ScoredModel, store: Store) -> None:
    """MLflow has a copy of the comparison, and of nothing that names a relationship."""
    made = compared(run, champion, store)
    assert (len(made.examples.on), len(made.examples.off)) == (2, 1), "relationships, however many lists they moved on"
    assert '"R-' in json.dumps(made.examples.as_json())
    assert '"R-' not in json.dumps(made.comparison.as_json())
    assert made.examples.champion_manifest_sha256 == made.comparison.champion.manifest_sha256


def test_a_champion_that_may_have_seen_the_test_is_said_to_be_flattered(champion: ScoredModel) -> None:
    evaluation = evidence.evaluation(rung="Y4")
    facts = champion.facts
    start = "2024-08-02T00:00:00+00:00"  # the very fit date: nothing of the test was known
    assert [may_have_seen(facts, day) for day in (start, "2024-08-01T00:00:00+00:00")] == [False, True]
    assert may_have_seen(facts.model_copy(update={"fit_date": None}), start) is None
    said = cautions(facts, facts, evaluation, seen=True)
    assert said[0].startswith("The champion was fitted on what was learnt by 2024-08-02, and the test starts on 2025-")
    assert said[0].endswith("That would flatter the champion, and the difference would be too low for the challenger.")
    assert said[1].startswith(
        "The champion was fitted to Y2 within 180 days and calibrated on monthly rows; measured is Y4"
    )
    bundled = facts.model_copy(update={"kind": "bundle", "fit_date_is": "at_latest", "catalogue_version": "c0"})
    of_bundle = cautions(facts, bundled, evidence.evaluation(), seen=True)
    assert of_bundle[0].startswith("The champion's bundle says only that it was fitted before 2024-08-02, and the test")
    assert of_bundle[1].startswith("The champion was fitted with the catalogue c0: its features are matched by name")
    assert cautions(facts, facts, evidence.evaluation(), seen=False) == (
        "The champion was fitted on nothing learnt after 2024-08-02; the test starts on 2025-01-01.",
    )
    assert cautions(facts, facts, evidence.evaluation(), seen=None)[0].startswith("When the champion was fitted is not")


def test_few_outcomes_among_rows_that_moved_are_said_and_none_where_nobody_moved(
    run: Run, champion: ScoredModel, store: Store
) -> None:
    made = compared(run, champion, store).comparison
    (said,) = few_moved(made.moved_on, made.moved_off)
    assert said in made.cautions
    enough = made.moved_on.model_copy(update={"rows_with_outcome": 10.0})
    assert few_moved(enough, enough) == ()
    assert few_moved(enough, made.moved_off) == few_moved(made.moved_on, enough) == (said,), "one way is enough"
    assert said.startswith("Of the rows that moved on, or of those that moved off, fewer than 10 had an outcome: ")
    none = made.moved_on.model_copy(update={"places": 0.0, "rows_with_outcome": 0.0})
    assert few_moved(none, none) == ()


def test_scores_that_do_not_come_out_again_are_no_comparison(
    tmp_path: Path, champion: ScoredModel, store: Store
) -> None:
    run = compared_runs.challenger(tmp_path, store, shift=1e-6)
    with pytest.raises(IntegrityFailure, match="other scores than those that were sealed") as refused:
        compared(run, champion, store)
    assert str(refused.value.value).startswith("20 of 20 rows")
    assert run.annexes() == ()


def test_another_catalogue_and_lacking_features_are_refused_by_the_command_with_exit_2(
    tmp_path: Path, run: Run, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner, history = CliRunner(), str(store.snapshot().store_path)
    older = evidence.make_run(tmp_path / "older", "older")
    arguments = ["compare", str(run.directory), "--store", history, "--champion"]
    refused = runner.invoke(app, [*arguments, str(older.directory)])
    assert isinstance(refused.exception, UsageError)
    assert (refused.exception.exit_code, refused.exception.problem) == (
        2, "The RUN older reads 4 features that the present catalogue lacks.",
    )  # fmt: skip
    got = runner.invoke(app, [*arguments, str(compared_runs.champion(tmp_path).directory), "--json"])
    assert (got.exit_code, json.loads(got.stdout)["champion"]["run_id"]) == (0, "champion"), got.output
    assert json.loads(got.stdout)["examples"]["on"][0]["challenger_rank"] == 1
    got = runner.invoke(app, [*arguments, str(run.directory)])
    assert "Verdict on the challenger: not enough evidence (margin 0.02); mean recall +" in got.stdout
    # The RUN is looked for before the champion, though there is none either.
    refused = runner.invoke(app, ["compare", str(tmp_path / "none"), "--store", history, "--var", str(tmp_path)])
    assert isinstance(refused.exception, UsageError)
    assert refused.exception.problem == "There is no such RUN."
    from training.evaluation.champion import comparing

    now = comparing.load_catalogue()
    monkeypatch.setattr(comparing, "load_catalogue", lambda: now.only(compared_runs.CHALLENGER))
    refused = runner.invoke(app, [*arguments, str(run.directory)])
    assert isinstance(refused.exception, UsageError)
    assert refused.exception.problem == "The RUN was trained with another catalogue than this."


def test_the_text_says_what_to_know_before_the_figures(run: Run, champion: ScoredModel, store: Store) -> None:
    lines = lines_of(compared(run, champion, store))
    assert lines[0].startswith("Challenger RUN challenger (")
    assert lines[1] == "Y4 within 180 days; 20 rows on 2 lists, 4 outcome events; lists of 4."
    verdict = next(place for place, line in enumerate(lines) if line.startswith("Verdict on the challenger"))
    assert lines[2].startswith("The champion was fitted on what was learnt by 2024-08-02")
    assert 2 < verdict < next(place for place, line in enumerate(lines) if "recall at capacity" in line)
    better = replace(champion, facts=champion.facts.model_copy(update={"fit_date": "2024-01-01T00:00:00+00:00"}))
    assert "fitted on nothing learnt after 2024-01-01" in lines_of(compared(run, better, store))[2]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"cohort": "incident"}, "Y4 within 180 days and calibrated on incident rows"),
        ({"cohort": ""}, "Y4 within 180 days and calibrated on rows not known"),
        ({"rung": "Y1"}, "Y1 within 180 days and calibrated on monthly rows"),
        ({"rung": "", "horizon_days": 0}, "an outcome not known and calibrated on monthly rows"),
    ],
)
def test_probabilities_are_compared_only_of_one_outcome_and_one_kind_of_rows(
    run: Run, champion: ScoredModel, store: Store, changed: dict[str, object], said: str
) -> None:
    evaluation = run.read(Evaluation)
    alike = champion.facts.model_copy(update={"rung": "Y4"})
    assert asks_the_same(alike, evaluation)
    other = alike.model_copy(update=changed)
    assert not asks_the_same(other, evaluation)
    measured = f"measured is {evaluation.rung} within {evaluation.horizon_days} days on monthly rows"
    cautioned = next(text for text in cautions(alike, other, evaluation, None) if "fitted to" in text)
    assert said in cautioned
    assert measured in cautioned
