"""A bundle of a model on a base: base and trees are one model, one hash names both, and neither can be changed."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pytest
from fixtures import evidence
from fixtures.drawn_bases import CATALOGUE, base_model
from fixtures.signed_again import sign_again

from threat.errors import IntegrityFailure
from threat.files import sha256_of
from threat.release import bundle, tree_structure
from threat.release.base import Base
from threat.release.documents.manifest import Canary
from threat.release.model_files import TREES
from threat.trust.folder import Trust
from threat.trust.signing import Signer

BASE = base_model(CATALOGUE.names)
"""A base with an offset, of a model that has the features of custody."""


@pytest.fixture
def built(make_run: Any, var: Path, signer: Signer) -> Path:
    return bundle.build(make_run(base=BASE, features=CATALOGUE.names), var / "bundles", signer)


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_it_scores_as_base_plus_trees(built: Path, var: Path) -> None:
    opened = bundle.open(built, Trust.open())
    rows = np.array([[0.3, np.nan, 0.0, np.nan, 1, 2], [4.0, 20.0, 1.0, 90.0, 0, 1]], np.float32)
    trees = lightgbm.Booster(model_str=evidence.model_text(CATALOGUE.names)).predict(rows, raw_score=True)
    expected = Base.of(BASE, CATALOGUE.names).score(rows) + trees
    assert opened.model.raw_score(rows).tolist() == expected.tolist()
    assert opened.model.base is not None
    assert opened.model.base.document == BASE


def test_its_manifest_names_base_and_trees_by_one_hash(built: Path, var: Path) -> None:
    opened = bundle.open(built, Trust.open())
    lines = [f"{sha256_of(built / name)}  {name}\n" for name in (TREES, "model/base.json")]
    assert opened.manifest.model_sha256 == sha256_of("".join(lines).encode())
    assert opened.manifest.model_sha256 != opened.manifest.files[TREES].sha256


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"coefficient": 0.4', '"coefficient": 0.40001'),
        ('"coefficient": -0.1', '"coefficient": -0.2'),
        ('"coefficient": -0.3', '"coefficient": 0.3'),
        ('"fill": 2.0', '"fill": 2.1'),
        ('"intercept": -2.0', '"intercept": -2.00001'),
        ('"mean": 0.5', '"mean": 0.51'),
        ('"scale": 0.8', '"scale": 0.81'),
        ('"unknown_release_share": 0.15', '"unknown_release_share": 0.16'),
        ('"least_liberty_share": 0.02', '"least_liberty_share": 0.03'),
        ('"horizon_days": 180', '"horizon_days": 181'),
        ('"feature": "days_since"', '"feature": "not_read"'),
    ],
)
def test_a_signed_base_that_scores_otherwise_is_refused(
    built: Path, var: Path, signer: Signer, old: str, new: str
) -> None:
    change(built / "model/base.json", old, new)
    sign_again(built, signer)
    with pytest.raises(IntegrityFailure, match="predictions it gave when it was built"):
        bundle.open(built, Trust.open())


def test_a_signed_base_left_out_is_refused(built: Path, var: Path, signer: Signer) -> None:
    (built / "model/base.json").unlink()
    sign_again(built, signer)
    with pytest.raises(IntegrityFailure, match="predictions it gave when it was built"):
        bundle.open(built, Trust.open())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"coefficient": 0.4', '"coefficient": -0.4', "the sign that its direction allows"),
        ('"coefficient": 0.4', '"coefficient": 1e300', "less than or equal to 1000"),
        ('"coefficient": 0.4', '"coefficient": "0.4"', "coefficient"),
        ('"feature": "days_since"', '"feature": "unheard_of"', "a feature that the model does not have"),
        ('"intercept": -2.0', '"intercept": -2.0, "surplus": 1', "surplus"),
        ('"rows": 600', '"rows": NaN', "NaN is no number of JSON"),
    ],
)
def test_a_signed_but_malformed_base_is_refused(
    built: Path, var: Path, signer: Signer, old: str, new: str, message: str
) -> None:
    change(built / "model/base.json", old, new)
    sign_again(built, signer)
    with pytest.raises(IntegrityFailure) as caught:
        bundle.open(built, Trust.open())
    assert message in str(caught.value)


def test_a_hash_of_the_trees_alone_names_another_model(built: Path, var: Path, signer: Signer) -> None:
    sign_again(built, signer, lambda manifest: manifest.update(model_sha256=sha256_of(built / TREES)))
    with pytest.raises(IntegrityFailure, match="names another model than it lists"):
        bundle.open(built, Trust.open())


def test_canaries_walk_the_base_with_values_missing_and_present(built: Path) -> None:
    canary = Canary.parse((built / Canary.FILE).read_bytes(), "canary.json")
    by_feature = dict(zip(CATALOGUE.names, zip(*canary.rows, strict=True), strict=True))
    for name in ("incidents", "days_since", "in_custody", "days_until_release"):
        values = [value for value in by_feature[name][2:] if value is not None]
        assert len(set(values)) >= 5, name
        assert len(values) < len(canary.rows) - 2, name
    in_custody = [value for value in by_feature["in_custody"] if value is not None]
    assert min(in_custody) < 0 < max(in_custody)
    assert all(math.isfinite(score) for score in canary.scores)


def test_points_of_a_base_do_not_move_those_of_the_trees() -> None:
    shape = tree_structure.check(evidence.model_text().encode(), evidence.FEATURES, "model.txt")
    assert bundle.canary_rows(shape) == bundle.canary_rows(shape, None)
    points = bundle.base_points(BASE)
    assert points["incidents"] == pytest.approx([math.expm1(0.5), math.expm1(1.3), 0.0])
    assert points["days_until_release"] == [45.0, 180.0, 360.0]


def test_a_base_of_features_that_the_model_lacks_is_never_built(make_run: Any, var: Path, signer: Signer) -> None:
    with pytest.raises(IntegrityFailure, match="a feature that the model does not have"):
        bundle.build(make_run(base=BASE), var / "bundles", signer)
    assert json.loads(BASE.encode())["liberty"]["horizon_days"] == 180
    assert not (var / "bundles").exists()
