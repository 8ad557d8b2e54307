"""Ablations are refused with another catalogue, policy or prior, and of a model that does not come out again."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fixtures import evidence
from fixtures.drawn_samples import CANDIDATE, DrawnCohort, sample
from fixtures.measured_run import measured_run
from fixtures.small_model import model_text
from typer.testing import CliRunner

from features import load_catalogue
from threat.errors import IntegrityFailure, UsageError
from threat.measuring.list_length import ListLength
from threat.policy import load_policy
from threat.release.documents.ablations import Ablations
from threat.release.documents.choices import BaseChoice, Choices, PriorChoice
from threat.release.documents.chosen import ComparedOption, OptionChoice
from threat.release.runs import Run
from training import job
from training.commands import app
from training.config import Settings, TreeSettings
from training.evaluation.ablations import ablations, recipe_of
from training.job import ablate
from training.models.prior import shipped_prior

NOW, POLICY = load_catalogue().version, load_policy().version


def run_of(folder: Path, catalogue: str = NOW, policy: str = POLICY, choices: Choices | None = None) -> Run:
    """A RUN whose figures come out again, trained with this catalogue and policy."""
    replacing = [evidence.snapshot(catalogue_version=catalogue), evidence.config(policy_version=policy)]
    return measured_run(folder, ListLength(8), replacing=[*replacing, *([] if choices is None else [choices])])


def asked(run: Run, store: Path, *more: str) -> Any:
    return CliRunner().invoke(app, ["evaluate", str(run.directory), "--ablate", "--store", str(store), *more])


@pytest.mark.parametrize(("catalogue", "policy"), [("c0", POLICY), (NOW, "2020.1"), ("c0", "2020.1")])
def test_another_catalogue_or_policy_is_refused_before_the_history_is_read(
    tmp_path: Path, catalogue: str, policy: str
) -> None:
    got = asked(run_of(tmp_path, catalogue, policy), tmp_path / "no history")
    assert isinstance(got.exception, UsageError)
    assert got.exception.exit_code == 2
    assert got.exception.problem == "The RUN was trained with another catalogue or policy than this."
    assert got.exception.value == f"{catalogue}, {policy}; now {NOW}, {POLICY}"
    assert not (tmp_path / "r" / Ablations.FILE).exists()


def test_the_policy_of_the_force_is_the_one_that_the_run_was_trained_with(tmp_path: Path) -> None:
    own = tmp_path / "policy.yaml"
    shipped = Path(job.__file__).parents[1] / "threat" / "policy.yaml"
    own.write_text(shipped.read_text(encoding="utf-8").replace(f'"{POLICY}"', '"ours-1"', 1), encoding="utf-8")
    run, nowhere = run_of(tmp_path / "runs", policy="ours-1"), tmp_path / "no history"
    assert "ours-1; now" in str(asked(run, nowhere).exception)
    # Past the refusal, the next thing that is missing is the history.
    assert "another catalogue or policy" not in str(asked(run, nowhere, "--policy", str(own)).exception)
    assert str(nowhere) in str(asked(run, nowhere, "--policy", str(own)).exception)


def test_another_prior_than_the_product_has_now_is_refused_before_the_history_is_read(tmp_path: Path) -> None:
    now = shipped_prior().source

    def refusal(name: str, weight: float, **changes: object) -> Any:
        source = now.model_copy(update=changes)
        prior = PriorChoice(weight=weight, source=source, compared=None)
        base = {"chosen": 0.5, "tried": (), "prior": prior.model_dump()}
        run = run_of(
            tmp_path / name,
            choices=evidence.choices(model_text()).model_copy(update={"base": BaseChoice.model_validate(base)}),
        )
        return asked(run, tmp_path / "no history").exception

    refused = refusal("other", 0.3, rows=9)
    assert isinstance(refused, UsageError)
    assert (refused.problem, refused.value) == (
        "The RUN was trained with another prior than this.", f"rows: 9, now {now.rows}",
    )  # fmt: skip
    # The prior of today, and a prior that was tried and not used: the next thing that is missing is the history.
    for run in (refusal("same", 0.3), refusal("unused", 0.0, rows=9)):
        assert "another prior" not in str(run)
        assert str(tmp_path / "no history") in str(run)


CATALOGUE = load_catalogue().only(load_catalogue().names[:5])
PAIRS = [(sample(1), sample(2))]


@pytest.fixture
def cohort(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Drawn rows in place of those of a history: fits and lists are real, and nothing older is left out."""
    trees = TreeSettings(candidates=[CANDIDATE], max_rounds=10, patience=5, seeds=1)
    drawn: Any = DrawnCohort(Settings(name="drawn", title="Drawn rows", trees=trees), CATALOGUE)
    drawn.pairs = lambda: PAIRS
    monkeypatch.setattr(job, "prepare", lambda *_: drawn)
    monkeypatch.setattr(job, "Store", SimpleNamespace(open=lambda _: SimpleNamespace(snapshot=lambda _: None)))
    monkeypatch.setattr(job, "MONTHS", ())
    return drawn


def chosen_by(mean_recall: float | None) -> Choices:
    """Choices of the only approach, chosen by this mean recall; None: nothing was compared."""
    few = {**evidence.choices(model_text()).model.chosen.model_dump(), "rounds": 10}
    approach = {"approach": "scratch", "seeds": 1, "start_log_loss": None, "compared": True, "chosen": few}
    option = ComparedOption(name="scratch", mean_recall=mean_recall, difference=0.0, standard_error=None)
    compared = OptionChoice(
        chosen="scratch", best="scratch", options=(option,), rows=9, rows_with_outcome=9, subjects=9, lists=1,
        places=(5,),
    )  # fmt: skip
    return evidence.choices(
        model_text(),
        approaches=[approach | {"tried": [few | {"log_loss": 0.1}]}],
        compared=None if mean_recall is None else compared,
    )


def test_a_model_that_does_not_come_out_again_is_refused_and_nothing_is_written(
    tmp_path: Path, cohort: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    recall = ablations(cohort, recipe_of(cohort, chosen_by(None)), PAIRS).mean_recall.value
    assert recall is not None
    for name, shift in (("alike", 0.0), ("rounding", 5e-10)):
        assert ablate(run_of(tmp_path / name, choices=chosen_by(recall + shift)), tmp_path).mean_recall.value == recall
        assert (tmp_path / name / "r" / Ablations.FILE).is_file()
    # Refused before a group is fitted: on a force's own records that is most of the time.
    monkeypatch.setattr("training.evaluation.ablations.groups_of", lambda _: pytest.fail("a group was fitted"))
    run = run_of(tmp_path / "other", choices=chosen_by(recall + 2e-9))
    got = asked(run, tmp_path)
    assert isinstance(got.exception, IntegrityFailure)
    assert got.exception.exit_code == 5
    assert got.exception.value == f"{recall}, was {recall + 2e-9}"
    assert not run.has(Ablations.FILE)
