"""Ablations on drawn rows: what carries the outcome is missed, feature or older record, and nothing else moves."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np
import pytest
from fixtures import evidence
from fixtures.drawn_priors import source
from fixtures.drawn_samples import CANDIDATE, DrawnCohort
from fixtures.small_model import model_text

from features import load_catalogue
from threat.measuring.list_length import ListLength
from threat.release.documents.choices import BaseChoice, PriorChoice
from training.cohorts.labelled import LabelledCohort
from training.cohorts.recent import RecentPairs
from training.cohorts.sample import Sample
from training.config import Settings, TreeSettings
from training.evaluation.ablations import ablations, groups_of, recipe_of
from training.evaluation.summary import ablation_lines
from training.models.base_recipe import BaseRecipe
from training.models.candidates import Recipe, growth_of
from training.models.choosing import ValidationLists
from training.models.prior import WeightedPrior, shipped_prior

CATALOGUE = load_catalogue().only(("domestic_incidents_365d", "domestic_incidents_ever", "latest_grade"))
TREES = TreeSettings(candidates=[CANDIDATE], max_rounds=30, patience=5, seeds=1)


COHORT = cast(LabelledCohort, DrawnCohort(Settings(name="drawn", title="Drawn rows", trees=TREES), CATALOGUE))


def drawn(seed: int, n: int = 1_500) -> Sample:
    """Rows whose log odds rise with the first feature alone."""
    rng = np.random.default_rng(seed)
    values = rng.poisson(1.0, (n, len(CATALOGUE))).astype(np.float32)
    label = (rng.random(n) < 1 / (1 + np.exp(3 - 1.5 * np.log1p(values[:, 0])))).astype(np.uint8)
    return Sample(values, label, np.ones(n), person=np.arange(n) % 500, cycle=np.arange(n) % 4)


PAIRS = [(drawn(1), drawn(2)), (drawn(3), drawn(4))]


def recipe() -> Recipe:
    return Recipe("scratch", CANDIDATE, 20, growth_of(COHORT, "scratch"), BaseRecipe(CATALOGUE, COHORT.settings))


def test_what_a_group_loses_is_the_whole_less_a_fit_with_the_group_blanked() -> None:
    made = ablations(COHORT, recipe(), PAIRS)
    measured = [rows for _, rows in PAIRS]
    lists = ValidationLists.of(measured, ListLength(20), seed=COHORT.settings.seed)

    def by_hand(columns: list[int]) -> float:
        scores = []
        for fit, rows in PAIRS:
            fitted, read = fit.values.copy(), rows.values.copy()
            fitted[:, columns], read[:, columns] = np.nan, np.nan
            scores.append(recipe().fit(replace(fit, values=fitted)).raw_score(read))
        return float(lists.mean_recall(np.concatenate(scores))[0])

    assert made.mean_recall.value == pytest.approx(by_hand([]))
    lost = {group.name: group.lost for group in made.groups}
    assert lost["incidents"].value == pytest.approx(by_hand([]) - by_hand([0, 1]))
    assert lost["assessment"].value == pytest.approx(by_hand([]) - by_hand([2]))
    assert lost["incidents"].interval is not None
    assert lost["incidents"].interval[0] > 0
    assert made.groups[0].name == "incidents"
    assert made.places == (5, 10, 20, 40, 80)
    assert (lost["incidents"].n, lost["incidents"].events) == (3_000, int(sum(rows.label.sum() for rows in measured)))


def cut(months: int, pairs: list[tuple[Sample, Sample]], older: int) -> RecentPairs:
    """Pairs of a shorter history, of which so many rows of each sample had an older record."""

    def flags(sample: Sample) -> Sample:
        return replace(sample, values=(np.arange(len(sample.label)) < older)[:, None].astype(np.float32))

    return RecentPairs(months, months * 365 // 12, pairs, [(flags(fit), flags(rows)) for fit, rows in pairs])


def test_what_older_records_are_worth_is_the_whole_less_a_fit_on_shorter_histories() -> None:
    def first_feature_gone(sample: Sample) -> Sample:
        values = sample.values.copy()
        values[:, 0] = 0
        return replace(sample, values=values)

    shorter = [(first_feature_gone(fit), first_feature_gone(rows)) for fit, rows in PAIRS]
    made = ablations(COHORT, recipe(), PAIRS, [cut(12, shorter, older=7), cut(24, PAIRS, older=1)])
    measured = [rows for _, rows in PAIRS]
    lists = ValidationLists.of(measured, ListLength(20), seed=COHORT.settings.seed)

    def recall(pairs: list[tuple[Sample, Sample]]) -> float:
        scores = [recipe().fit(fit).raw_score(rows.values) for fit, rows in pairs]
        return float(lists.mean_recall(np.concatenate(scores))[0])

    year, two_years = made.history
    assert (year.months, year.days, year.rows, year.rows_with_older) == (12, 365, 3_000, 14)
    assert (year.fit_rows, year.fit_rows_with_older) == (3_000, 14)
    assert year.lost.value == pytest.approx(recall(PAIRS) - recall(shorter))
    assert year.lost.interval is not None
    assert year.lost.interval[0] > 0
    assert (two_years.days, two_years.lost.value, two_years.lost.interval) == (730, 0.0, (0.0, 0.0))


def test_a_history_without_older_records_says_nothing_and_is_not_fitted() -> None:
    # Without pairs: a fit would fail.
    untouched = replace(cut(36, PAIRS, older=0), pairs=[])
    made = ablations(COHORT, recipe(), PAIRS, [untouched])
    [history] = made.history
    assert (history.rows, history.rows_with_older, history.lost.value) == (3_000, 0, None)
    assert history.lost.reason == "no row has a record older than 36 months"
    assert ablation_lines(made)[-2] == (
        "  last 36 months alone     0 of 3,000 rows have older records  no row has a record older than 36 months"
    )


def test_a_group_that_is_the_whole_catalogue_or_has_no_feature_is_no_group() -> None:
    assert set(groups_of(CATALOGUE)) == {"incidents", "assessment"}
    assert dict(groups_of(CATALOGUE.only(("domestic_incidents_365d",)))) == {}
    themes = groups_of(load_catalogue())
    assert set(themes["sensitive"]) == {item.name for item in load_catalogue() if item.sensitive}


def test_the_recipe_of_a_run_is_what_its_choices_say() -> None:
    choices = evidence.choices(model_text())
    made = recipe_of(COHORT, choices)
    assert made.base.prior is None
    pulled = BaseChoice(chosen=2.0, tried=(), prior=PriorChoice(weight=0.3, source=source(), compared=None))
    with_prior = recipe_of(COHORT, choices.model_copy(update={"base": pulled})).base.prior
    assert with_prior == WeightedPrior(shipped_prior(), 0.3)
    assert (made.approach, made.rounds, made.candidate.num_leaves, made.growth.seeds) == ("scratch", 120, 15, 1)
