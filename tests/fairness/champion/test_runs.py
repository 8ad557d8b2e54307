"""A RUN of the golden force that was compared with a champion, by group: what is read, printed and refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fixtures import compared_runs, golden_force
from typer.testing import CliRunner

from fairness.champion.runs import compare_run
from fairness.champion.screen import champion_screen
from fairness.commands import app
from fairness.policy import load_policy
from threat.errors import IntegrityFailure, UsageError
from threat.history.store import Store
from threat.release.documents.attestations import Attestations
from threat.release.documents.champion import CHAMPION_SCORES, ChampionComparison
from threat.release.documents.fairness_champion import FairnessWithChampion
from threat.release.runs import Run
from training.evaluation.champion.comparing import compare_with_champion
from training.evaluation.champion.models import ScoredModel


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return golden_force.build(tmp_path_factory.mktemp("golden") / "history")


@pytest.fixture
def run(tmp_path: Path, store: Store) -> Run:
    """The challenger's RUN after ``threat compare``."""
    run = compared_runs.challenger(tmp_path, store)
    champion = ScoredModel.of_run(compared_runs.champion(tmp_path))
    compare_with_champion(run, champion, Path(store.snapshot().store_path))
    return run


def test_everyone_differs_by_group_as_the_comparison_says_of_all(run: Run, store: Store) -> None:
    report, comparison = compare_run(run, store.snapshot(), load_policy()), run.read(ChampionComparison)
    difference = comparison.difference("recall")
    assert difference is not None
    assert report.everyone.difference.value == pytest.approx(difference.value)
    assert report.everyone.difference.interval == pytest.approx(difference.interval)
    assert (report.everyone.n, report.everyone.events) == (20, comparison.events)
    assert report.everyone.moved_on == pytest.approx(comparison.moved_on.places)
    assert report.everyone.events_off == pytest.approx(comparison.moved_off.events)
    assert (report.capacity, report.replicates, report.seed) == (4, 60, 7)
    assert report.notes[: len(comparison.cautions)] == comparison.cautions
    kind = next(item for item in report.characteristics if item.characteristic == "kind")
    assert (kind.gate, sum(group.n for group in kind.groups)) == (False, 20)
    assert sum(group.challenger_share or 0 for group in kind.groups) == pytest.approx(1)
    assert {group.verdict for item in report.characteristics for group in item.groups} == {"not_enough_evidence"}


def test_the_command_adds_the_report_and_prints_what_the_verdict_depends_on(run: Run, store: Store) -> None:
    runner, history = CliRunner(), str(store.snapshot().store_path)
    got = runner.invoke(app, ["audit-champion", str(run.directory), "--store", history])
    assert got.exit_code == 0, got.output
    report = run.read(FairnessWithChampion)
    assert got.stdout.strip() == champion_screen(report, full=False)
    assert "Served worse by the challenger: no group, as far as can be told." in got.stdout
    assert got.stdout.startswith(
        "Not enough evidence: RUN challenger against the champion, RUN champion, by group; lists of 4."
    )
    assert "Not enough evidence for " in got.stdout
    assert "Not shown: " in got.stdout
    whole = champion_screen(report, full=True)
    assert "\nAbout 2 of 4 later harmed" in got.stdout
    assert max(map(len, whole.splitlines())) <= 100
    assert "Kind of relationship" in whole
    assert "Kind of relationship" not in got.stdout
    got = runner.invoke(app, ["audit-champion", str(run.directory), "--store", history, "--json"])
    assert json.loads(got.stdout) == report.as_json()
    # The statement that signs the annex is written after the annex.
    names = [entry.name for entry in Run.open(run.directory).annexes()]
    assert [name for name in names if name != Attestations.FILE][-1] == FairnessWithChampion.FILE


def test_a_group_served_worse_is_named_where_its_characteristic_is_not_shown(run: Run, store: Store) -> None:
    report = compare_run(run, store.snapshot(), load_policy())
    hidden = next(item for item in report.characteristics if not item.gate)
    worse = hidden.groups[0].model_copy(update={"verdict": "worse", "reason": "its recall falls"})
    changed = hidden.model_copy(update={"groups": (worse, *hidden.groups[1:])})
    characteristics = tuple(changed if item is hidden else item for item in report.characteristics)
    said = champion_screen(report.model_copy(update={"characteristics": characteristics}), full=False)
    assert f"Served worse by the challenger: {worse.title} (" in said
    assert f"\n  {worse.title[:15]:<16}" not in said, "the table of its characteristic is not shown"


def test_a_run_that_was_not_compared_says_how_to(tmp_path: Path, store: Store) -> None:
    run = compared_runs.challenger(tmp_path, store)
    with pytest.raises(UsageError, match=r"has no comparison_with_champion\.json") as refused:
        compare_run(run, store.snapshot(), load_policy())
    assert "threat compare" in (refused.value.way_out or "")


def test_scores_of_another_comparison_are_refused(run: Run, store: Store) -> None:
    run.add(CHAMPION_SCORES, b"of another champion")
    with pytest.raises(IntegrityFailure, match="not those of the comparison"):
        compare_run(run, store.snapshot(), load_policy())


def test_a_comparison_of_another_run_is_refused(run: Run, store: Store) -> None:
    comparison = run.read(ChampionComparison)
    other = comparison.challenger.model_copy(update={"manifest_sha256": "0" * 64, "run_id": "elsewhere"})
    run.path(ChampionComparison.FILE).unlink()
    run.write(comparison.model_copy(update={"challenger": other}))
    with pytest.raises(IntegrityFailure, match="of another RUN") as refused:
        compare_run(run, store.snapshot(), load_policy())
    assert refused.value.value == "RUN elsewhere, 000000000000"
