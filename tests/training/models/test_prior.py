"""The prior taught by simulation: of the present catalogue, carried to a sample's own scale, and refused otherwise."""

from __future__ import annotations

import json
from importlib.resources import files

import numpy as np
import pytest
from fixtures.drawn_bases import CATALOGUE, HORIZON, sample
from fixtures.drawn_priors import prior

from features import load_catalogue
from threat.errors import IntegrityFailure, UsageError
from threat.files import sha256_of
from threat.release.documents.model import BaseColumn, BaseModel
from threat.release.documents.prior import SimulatedPrior
from training.config import BaseSettings
from training.models.base import fit_base, fit_base_at
from training.models.prior import WeightedPrior, base_catalogue, require_catalogue, shipped_prior, weighted_prior

SETTINGS = BaseSettings()
TAUGHT = prior({"incidents": 0.8, "days_since": -0.3, "days_since?": 0.5, "never_varies": 9.0})


def test_the_prior_of_the_product_is_of_the_present_catalogue_and_simulation() -> None:
    source = shipped_prior().source
    assert source.catalogue_version == base_catalogue().version
    parameters = files("threat.simulation").joinpath("parameters.yaml").read_bytes()
    assert source.parameters_sha256 == sha256_of(parameters), "the simulation was changed: make prior"
    assert (source.world, source.rung, source.horizon_days) == ("default", "Y2", 180)
    assert source.rows == 450_000


def test_no_coefficient_of_the_product_goes_against_the_direction_of_its_feature() -> None:
    catalogue = load_catalogue()
    columns = shipped_prior().columns
    assert {column.feature for column in columns} <= set(base_catalogue().names)
    for column in columns:
        direction = catalogue[column.feature].direction
        # Being missing is worth at most what the end of least risk is worth.
        allowed = direction if column.reads == "value" else -abs(direction)
        assert column.coefficient * allowed >= 0, column
    # What published studies agree on is in the prior, and not at 0.
    by_name = {(column.feature, column.reads): column.coefficient for column in columns}
    assert by_name["serious_harm_incidents_ever", "value"] > 0.3
    assert by_name["domestic_incidents_365d", "value"] > 0.2


def test_a_coefficient_is_carried_to_the_spread_of_the_sample() -> None:
    def column(feature: str, reads: str, scale: float) -> BaseColumn:
        fill = 0.0 if reads == "value" else None
        return BaseColumn.model_validate(
            {"feature": feature, "reads": reads, "fill": fill, "mean": 1.0, "scale": scale, "direction": 0}
            | {"coefficient": 0.0}
        )

    columns = [column("days_since", "missing", 0.4), column("incidents", "value", 2.0), column("other", "value", 3.0)]
    centre = WeightedPrior(TAUGHT, 0.25).centre(columns)
    np.testing.assert_allclose(centre, [0.25 * 0.5 * 0.4, 0.25 * 0.8 * 2.0, 0.0], rtol=1e-15)


@pytest.mark.parametrize("weight", [0.3, 1.0])
def test_under_a_penalty_without_end_the_base_is_the_weight_times_the_prior(weight: float) -> None:
    base = fit_base_at(
        1e9, sample(1), CATALOGUE, SETTINGS, horizon_days=HORIZON, prior=WeightedPrior(TAUGHT, weight)
    ).document
    raw = {"incidents": 0.8, "days_since": -0.3, "days_since?": 0.5}
    for column in base.columns:
        name = column.feature + ("?" if column.reads == "missing" else "")
        assert column.coefficient == pytest.approx(weight * raw.get(name, 0.0) * column.scale, rel=1e-4, abs=1e-6)
    assert base.prior is not None
    assert (base.prior.weight, base.prior.source) == (weight, TAUGHT.source)
    assert json.loads(base.encode())["prior"]["weight"] == weight


def test_a_prior_cannot_push_a_coefficient_against_its_direction() -> None:
    against = WeightedPrior(prior({"incidents": -5.0}), 1.0)
    base = fit_base_at(50.0, sample(1), CATALOGUE, SETTINGS, horizon_days=HORIZON, prior=against).document
    [incidents] = [column for column in base.columns if column.feature == "incidents"]
    assert (incidents.direction, incidents.coefficient) == (1, 0.0)


def test_a_true_prior_lets_the_strongest_penalty_lose_nothing() -> None:
    """Rows drawn with a slope of .8: pulled towards .8 the base ranks as it would with no penalty."""
    true = WeightedPrior(prior({"incidents": 0.8}), 1.0)
    pulled = fit_base(sample(1), CATALOGUE, SETTINGS, horizon_days=HORIZON, seed=7, prior=true)
    assert pulled.choice.chosen == 50.0
    [incidents] = [column for column in pulled.document.columns if column.feature == "incidents"]
    assert incidents.coefficient / incidents.scale == pytest.approx(0.8, abs=0.05)
    assert fit_base(sample(1), CATALOGUE, SETTINGS, horizon_days=HORIZON, seed=7).choice.chosen < 50.0


def test_contributions_of_a_base_with_a_prior_sum_to_its_score() -> None:
    values = sample(2).values
    base = fit_base_at(5.0, sample(1), CATALOGUE, SETTINGS, horizon_days=HORIZON, prior=WeightedPrior(TAUGHT, 0.5))
    by_feature, liberty, expected = base.contributions(values)
    np.testing.assert_allclose(by_feature.sum(axis=1) + liberty + expected, base.score(values), atol=1e-12)


def test_a_weight_of_0_reads_no_prior_and_writes_no_field() -> None:
    assert weighted_prior(0.0) is None
    without = fit_base_at(2.0, sample(1), CATALOGUE, SETTINGS, horizon_days=HORIZON).document
    assert b"prior" not in without.encode()
    # A prior of coefficients 0 pulls where no prior pulls: the same numbers, to the last digit.
    zero = WeightedPrior(prior({"incidents": 0.0}), 1.0)
    other = fit_base_at(2.0, sample(1), CATALOGUE, SETTINGS, horizon_days=HORIZON, prior=zero).document
    assert other.model_copy(update={"prior": None}).encode() == without.encode()
    assert BaseModel.parse(without.encode(), "base.json") == without
    assert BaseModel.parse(other.encode(), "base.json") == other


def test_a_prior_taught_with_other_features_is_refused() -> None:
    with pytest.raises(UsageError, match="taught with other features than the base reads") as caught:
        require_catalogue(TAUGHT, base_catalogue())
    assert caught.value.exit_code == 2
    assert "make prior" in str(caught.value)
    fresh = prior({"incidents": 0.8}, catalogue_version=base_catalogue().version)
    assert require_catalogue(fresh, base_catalogue()) is fresh


def test_a_feature_has_one_coefficient_of_each_kind() -> None:
    twice = TAUGHT.as_json()
    twice["columns"].append(twice["columns"][0])
    with pytest.raises(IntegrityFailure, match="at most one column of values"):
        SimulatedPrior.parse(json.dumps(twice).encode(), "prior.json")
