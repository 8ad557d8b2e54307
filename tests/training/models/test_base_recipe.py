"""How much of the prior the base is pulled towards is chosen on validation, by the rule of every choice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fixtures.drawn_priors import counted, prior

from features import load_catalogue
from threat.measuring.list_length import ListLength
from threat.release.documents.prior import SimulatedPrior
from training.config import BaseSettings, Settings, TreeCandidate, TreeSettings
from training.models import base_recipe
from training.models.base import fit_base
from training.models.base_recipe import BaseRecipe, choose_prior
from training.models.choosing import ValidationLists, choose
from training.models.prior import WeightedPrior

NAMES = ("serious_harm_incidents_ever", "domestic_incidents_365d", "weapon_incidents_ever", "injury_incidents_365d")
CATALOGUE = load_catalogue().only(NAMES)
TREES = TreeSettings(candidates=[TreeCandidate(num_leaves=4, min_data_in_leaf=20, lambda_l2=1.0)])
PAIRS = [(counted(CATALOGUE, 10 + seed, 200, slope=1.5), counted(CATALOGUE, seed, 2_000, slope=1.5)) for seed in (1, 2)]
LISTS = ValidationLists.of([measured for _, measured in PAIRS], ListLength(40), seed=7)


def recipe(*weights: float) -> BaseRecipe:
    settings = Settings(name="drawn", title="Drawn", trees=TREES, base=BaseSettings(prior_weights=list(weights)))
    return BaseRecipe(CATALOGUE, settings)


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch) -> SimulatedPrior:
    """The prior of the product, for these tests: the slope that rows are drawn with."""
    document = prior({NAMES[0]: 1.5})
    monkeypatch.setattr(base_recipe, "shipped_prior", lambda: document)
    monkeypatch.setattr(
        base_recipe, "weighted_prior", lambda weight: WeightedPrior(document, weight) if weight else None
    )
    return document


def scores(weight: float, document: SimulatedPrior) -> np.ndarray:
    """Out-of-fold scores of the base at a weight, fitted here."""
    taught = WeightedPrior(document, weight) if weight else None
    return np.concatenate(
        [
            fit_base(fit, CATALOGUE, BaseSettings(), horizon_days=180, seed=7, prior=taught).base.score(rows.values)
            for fit, rows in PAIRS
        ]
    )


def test_the_smallest_weight_within_one_standard_error_is_chosen(shipped: SimulatedPrior) -> None:
    """A handful of outcomes to fit on: a true prior ranks better by far."""
    chosen, choice = choose_prior(recipe(1.0, 0.0, 0.3), PAIRS, LISTS)
    assert choice is not None
    assert choice.compared is not None
    assert [option.name for option in choice.compared.options] == ["0", "0.3", "1"]
    recomputed = choose({f"{weight:g}": scores(weight, shipped) for weight in (0.0, 0.3, 1.0)}, LISTS)
    assert choice.compared == recomputed
    none, third, _ = (option.mean_recall or 0.0 for option in recomputed.options)
    assert third > none + 0.02
    assert choice.compared.chosen == "0.3"
    assert (choice.weight, choice.source) == (0.3, shipped.source)
    assert chosen.prior == WeightedPrior(shipped, 0.3)
    fitted = chosen.fit(PAIRS[0][0]).document
    assert fitted.prior is not None
    assert fitted.prior.weight == 0.3


def test_a_prior_that_does_not_help_is_not_used(shipped: SimulatedPrior, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of another feature, which says nothing here."""
    misleading = prior({NAMES[1]: 1.0})
    monkeypatch.setattr(
        base_recipe, "weighted_prior", lambda weight: WeightedPrior(misleading, weight) if weight else None
    )
    chosen, choice = choose_prior(recipe(0.0, 1.0), PAIRS, LISTS)
    assert choice is not None
    assert choice.weight == 0.0
    assert chosen.prior is None
    assert choice.words == (
        "No prior taught by simulation was used: of the weights 0, 1 the lists of validation chose 0"
    )


def test_the_greatest_weight_tried_is_the_edge_of_the_grid_unless_it_is_1(shipped: SimulatedPrior) -> None:
    _, edge = choose_prior(recipe(0.0, 0.3), PAIRS, LISTS)
    assert edge is not None
    assert edge.weight == 0.3
    assert edge.warnings == ("The weight of the prior taught by simulation, 0.3, is the greatest that was tried.",)
    _, whole = choose_prior(recipe(0.0, 1.0), PAIRS, LISTS)
    assert whole is not None
    assert (whole.weight, whole.warnings) == (1.0, ())


def test_a_single_weight_is_used_and_said_not_to_be_compared(shipped: SimulatedPrior) -> None:
    chosen, choice = choose_prior(recipe(0.2), PAIRS, LISTS)
    assert chosen.prior == WeightedPrior(shipped, 0.2)
    assert choice is not None
    assert (choice.weight, choice.compared) == (0.2, None)
    assert choice.words == (
        "The penalty of the base pulls towards 0.2 of a prior taught by simulation, not by records: 450,000 rows of "
        "simulated forces (world default, Y2 within 180 days), built on published odds; the weight was set and not "
        "compared with others"
    )


def test_without_a_weight_above_0_no_prior_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> SimulatedPrior:
        raise AssertionError("a prior was read")

    monkeypatch.setattr(base_recipe, "shipped_prior", never)
    monkeypatch.setattr(base_recipe, "weighted_prior", never)
    asked = recipe(0.0)
    assert choose_prior(asked, PAIRS, LISTS) == (asked, None)
    assert BaseSettings() == BaseSettings(prior_weights=[0.0])
    assert asked.fit(PAIRS[0][0]).document.prior is None
    assert replace(asked, prior=None) == asked
