"""Regularised LightGBM: candidates compared on validation folds; the same inputs give the same bytes of model text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from threat.release.documents.choices import TriedTrees
from training.cohorts.sample import Sample
from training.config import TreeCandidate, TreeSettings

Floats = NDArray[np.float64]
_SILENT = {"verbosity": -1}
_BINS = 127
"""Bins of a feature's values, half of LightGBM's usual 255: counts and days have few distinct values."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The candidate and number of rounds with the least pooled log loss on validation, and how every candidate did."""

    candidate: TreeCandidate
    rounds: int
    tried: list[TriedTrees]
    scores: list[Floats]
    """Out-of-fold raw scores of the choice, one array per validation fold."""


def parameters(candidate: TreeCandidate, constraints: Sequence[int], seed: int, threads: int) -> dict[str, Any]:
    """Return LightGBM's parameters, deterministic: the number of threads does not change the model.

    ``constraints``: one of -1, 0, 1 per feature. The basic method is the one that works with sampled features.
    """
    return {
        "objective": "binary",
        "num_leaves": candidate.num_leaves,
        "min_data_in_leaf": candidate.min_data_in_leaf,
        "lambda_l2": candidate.lambda_l2,
        "learning_rate": candidate.learning_rate,
        "feature_fraction": candidate.feature_fraction,
        "bagging_fraction": candidate.bagging_fraction,
        "bagging_freq": 1,
        "max_bin": _BINS,
        "monotone_constraints": list(constraints),
        "monotone_constraints_method": "basic",
        # One layout whatever the machine: LightGBM would otherwise time two and take the faster, which differ in bits.
        "deterministic": True,
        "force_row_wise": True,
        "seed": seed,
        "num_threads": threads,
        **_SILENT,
    }


def fit(
    sample: Sample,
    candidate: TreeCandidate,
    rounds: int,
    constraints: Sequence[int],
    *,
    seed: int,
    threads: int,
    names: Sequence[str] | None = None,
) -> lgb.Booster:
    """Fit ``rounds`` trees to a sample. ``names`` of the columns go into the model text, which serving checks."""
    data = _dataset(sample, names=names)
    return lgb.train(parameters(candidate, constraints, seed, threads), data, num_boost_round=rounds)


def choose(
    folds: Sequence[tuple[Sample, Sample]],
    settings: TreeSettings,
    constraints: Sequence[int],
    *,
    seed: int,
    threads: int,
) -> Choice:
    """Try every candidate on the (fit, measure) pairs; keep the one, and its rounds, with the least pooled log loss.

    Log loss is a proper score and steadier than a rank measure with few outcomes. The best number of rounds is read
    from the sum of the folds' curves.
    """
    tried: list[TriedTrees] = []
    best: tuple[float, TreeCandidate, int, list[lgb.Booster]] | None = None
    for candidate in settings.candidates:
        curves, boosters = [], []
        for sample, measured in folds:
            history: dict[str, Any] = {}
            train = _dataset(sample)
            booster = lgb.train(
                parameters(candidate, constraints, seed, threads) | {"metric": "binary_logloss"},
                train,
                num_boost_round=settings.max_rounds,
                valid_sets=[_dataset(measured, reference=train)],
                valid_names=["measured"],
                callbacks=[lgb.record_evaluation(history)],
            )
            # Summed over rows: a fold counts by its rows, as in one pooled log loss.
            curves.append(np.asarray(history["measured"]["binary_logloss"]) * measured.weight.sum())
            boosters.append(booster)
        curve = np.sum(curves, axis=0) / sum(measured.weight.sum() for _, measured in folds)
        rounds = int(curve.argmin()) + 1
        tried.append(TriedTrees(**candidate.model_dump(), rounds=rounds, log_loss=float(curve[rounds - 1])))
        if best is None or curve[rounds - 1] < best[0]:
            best = (float(curve[rounds - 1]), candidate, rounds, boosters)
    assert best is not None  # the schema asks for at least one candidate
    _, candidate, rounds, boosters = best
    scores = [
        np.asarray(
            booster.predict(measured.values, raw_score=True, num_iteration=rounds, num_threads=threads), np.float64
        )
        for booster, (_, measured) in zip(boosters, folds, strict=True)
    ]
    return Choice(candidate, rounds, tried, scores)


def _dataset(sample: Sample, reference: lgb.Dataset | None = None, names: Sequence[str] | None = None) -> lgb.Dataset:
    return lgb.Dataset(
        sample.values,
        feature_name="auto" if names is None else list(names),
        label=sample.label.astype(np.float32),
        weight=sample.weight.astype(np.float32),
        reference=reference,
        params=_SILENT | {"max_bin": _BINS},
        free_raw_data=False,
    )
