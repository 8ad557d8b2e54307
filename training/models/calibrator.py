"""From a raw score to a probability, learnt on pooled out-of-fold scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression

from threat.release.documents.model import LEAST_CALIBRATION_EVENTS, Calibrator, KindOffset, RelationshipKind
from threat.release.scorer import kinds_in, probability
from training.cohorts.sample import Sample

Floats = NDArray[np.float64]
_NEWTON_STEPS = 40
"""Most steps of Newton's method: five were enough for 2 to 1,426 outcomes; a separated class never converges."""
_LEAST = 1e-9
"""Pooled probabilities are kept this far from 0 and 1, where log odds are not finite."""
_EQUAL = 1e-9
"""Log odds that differ by less are one number: the intercept is then known without searching."""
_RUNAWAY = 1e3
"""Slope beyond which a class is taken for separated: no maximum exists, the iteration only ran out of steps."""
ENOUGH_FOR_SLOPE = 200
"""Rows with an outcome below which the slope is not fitted: an intercept alone is the recalibration that few outcomes
can carry (Steyerberg 2009, "Clinical Prediction Models", chapter 20; Van Calster et al. 2016 find that more than
calibration in the large wants 200 events and more)."""
ENOUGH_FOR_ISOTONIC = 1_000
"""Rows with an outcome below which a line is steadier than a staircase. Niculescu-Mizil and Caruana 2005 found isotonic
calibration at its best from about 1,000 cases on; counting outcomes, not cases, is our stricter reading for a rare
one."""
ENOUGH_OF_A_KIND = 50
"""Rows with an outcome that a kind of relationship needs for an offset of its own. Our choice: the standard error of a
kind's log odds is then about 0.14 or more, as large as the differences that are looked for."""
KINDS: tuple[RelationshipKind, ...] = get_args(RelationshipKind)


@dataclass(frozen=True, slots=True)
class CalibrationRows:
    """Labelled rows to calibrate on, of n rows each: ``label`` 0 or 1, ``weight``, ``person`` and ``kind``.

    ``weight``: inverse sampling shares, where rows without an outcome were sampled. ``person``: id of the subject,
    whose rows are not independent. ``kind``: what the two are to each other (``threat.release.scorer.kinds_in``).
    """

    label: NDArray[np.uint8]
    weight: Floats
    person: NDArray[np.int64]
    kind: NDArray[np.str_]

    @classmethod
    def of(cls, samples: Sequence[Sample], names: Sequence[str]) -> CalibrationRows:
        """Pool the rows of samples whose columns are ``names``."""
        return cls(
            label=np.concatenate([sample.label for sample in samples]),
            weight=np.concatenate([sample.weight for sample in samples]),
            person=np.concatenate([sample.person for sample in samples]),
            kind=np.concatenate([kinds_in(names, sample.values) for sample in samples]),
        )


def calibrator(scores: Floats, rows: CalibrationRows) -> Calibrator:
    """Fit ``model/calibrator.json`` to n raw scores (log odds) and their rows.

    By rows with an outcome: under 100 (or under 100 without one) none, no probability is given; to 199 an intercept,
    the slope of the raw log odds being 1; to 999 a logistic line (Platt), flat at the base rate where it would fall
    because the ranking was worthless; from 1,000 isotonic. From 200 on each kind of relationship with enough outcomes
    has an offset (``kind_offsets``).
    """
    label = rows.label.astype(np.float64)
    said: dict[str, Any] = {
        "fitted_on": "pooled out-of-fold scores",
        "n": len(label),
        "events": int(rows.label.sum()),
        "people": len(np.unique(rows.person[rows.label > 0])),
    }
    events = said["events"]
    if min(events, len(label) - events) < LEAST_CALIBRATION_EVENTS:
        return Calibrator(method="none", **said)
    if events < ENOUGH_FOR_SLOPE:
        return Calibrator(method="intercept", slope=1.0, intercept=own_intercept(scores, label, rows.weight), **said)
    if events < ENOUGH_FOR_ISOTONIC:
        pooled = _line(scores, label, rows.weight, said)
    else:
        model = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(scores, label, rows.weight)
        x, first = np.unique(model.X_thresholds_, return_index=True)
        y = np.maximum.accumulate(model.y_thresholds_[first])
        pooled = Calibrator(method="isotonic", x=tuple(x.tolist()), y=tuple(y.tolist()), **said)
    probabilities = probability(pooled, scores)
    assert probabilities is not None  # only the method none gives none
    offsets = kind_offsets(probabilities, rows)
    return Calibrator(**pooled.model_dump(exclude_unset=True), kinds=offsets) if offsets else pooled


def _line(scores: Floats, label: Floats, weight: Floats, said: dict[str, Any]) -> Calibrator:
    intercept, slope = logistic_line(scores, label, weight[:, None])
    level, steepness = float(intercept[0]), float(slope[0])
    if not steepness > 0:
        rate = float(weight @ label) / float(weight.sum())
        level, steepness = float(np.log(rate / (1 - rate))), 0.0
    return Calibrator(method="platt", slope=steepness, intercept=level, **said)


def own_intercept(log_odds: Floats, label: Floats, weight: Floats) -> float:
    """Return the intercept of the logistic regression of the label on log odds of slope 1: expected equals observed.

    >>> round(own_intercept(np.zeros(4), np.array([1.0, 0, 0, 0]), np.ones(4)), 3)  # the log odds of 1 in 4
    -1.099
    """
    rate = float(weight @ label) / float(weight.sum())
    level = float(np.log(rate / (1 - rate)))

    def surplus(intercept: float) -> float:
        return float(weight @ (label - expit(log_odds + intercept)))

    # Between these two the root must be: at one end every probability is at least the rate, at the other at most.
    low, high = level - float(log_odds.max()), level - float(log_odds.min())
    return low if high - low < _EQUAL else float(brentq(surplus, low - _EQUAL, high + _EQUAL, xtol=1e-12))


def kind_offsets(pooled: Floats, rows: CalibrationRows) -> tuple[KindOffset, ...]:
    """Return for each kind how far its log odds lie from the pooled probability (n), shrunk towards 0; empty: no kind.

    A kind's own offset is an intercept on the pooled log odds; its variance is robust to rows of one subject. The
    offsets are shrunk by an empirical-Bayes rule: times t/(t + variance), where t is the variance between the kinds by
    the method of moments (DerSimonian and Laird 1986). With fewer than two kinds of at least 50 rows with an outcome t
    is not known and counts as 0: nothing is moved.
    """
    log_odds = np.log(np.clip(pooled, _LEAST, 1 - _LEAST)) - np.log1p(-np.clip(pooled, _LEAST, 1 - _LEAST))
    label = rows.label.astype(np.float64)
    by_kind: dict[RelationshipKind, tuple[float, float]] = {}
    counts: dict[RelationshipKind, dict[str, int]] = {}
    for kind in KINDS:
        of_kind = rows.kind == kind
        hits = of_kind & (rows.label > 0)
        n, events = int(of_kind.sum()), int(hits.sum())
        counts[kind] = {"n": n, "events": events, "people": len(np.unique(rows.person[hits]))}
        if min(events, n - events) >= ENOUGH_OF_A_KIND:
            by_kind[kind] = _own_offset(log_odds[of_kind], label[of_kind], rows.weight[of_kind], rows.person[of_kind])
    between = between_variance(*np.array(list(by_kind.values())).reshape(-1, 2).T)
    return tuple(
        KindOffset(
            kind=kind,
            unshrunk=by_kind[kind][0] if kind in by_kind else None,
            offset=by_kind[kind][0] * between / (between + by_kind[kind][1]) if kind in by_kind else 0.0,
            **counts[kind],
        )
        for kind in KINDS
        if counts[kind]["n"]
    )


def _own_offset(log_odds: Floats, label: Floats, weight: Floats, person: NDArray[np.int64]) -> tuple[float, float]:
    """Return a kind's own offset and its variance, by the sandwich over subjects (Liang and Zeger 1986)."""
    offset = own_intercept(log_odds, label, weight)
    p = expit(log_odds + offset)
    _, number = np.unique(person, return_inverse=True)
    scores = np.bincount(number, weights=weight * (label - p))
    return offset, float((scores**2).sum() / (weight @ (p * (1 - p))) ** 2)


def between_variance(estimates: Floats, variances: Floats) -> float:
    """Return the variance between estimates (k) beyond their own variances, by the method of moments; at least 0.

    DerSimonian and Laird 1986, "Meta-analysis in clinical trials". 0 for fewer than two.

    >>> round(between_variance(np.array([-0.5, 0.5]), np.array([0.02, 0.02])), 3)
    0.48
    """
    if len(estimates) < 2:
        return 0.0
    share = 1.0 / variances
    centre = float(share @ estimates / share.sum())
    q = float(share @ (estimates - centre) ** 2)
    return max(0.0, (q - (len(estimates) - 1)) / float(share.sum() - (share**2).sum() / share.sum()))


def logistic_line(x: Floats, y: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Intercept and slope of the logistic regression of ``y`` on ``x`` for each column of ``weight`` (n, b).

    Newton's method with a trace of ridge; NaN where a column holds one class only or the iteration runs away.
    """
    columns = weight.shape[1]
    total, positive = weight.sum(axis=0), (weight * y[:, None]).sum(axis=0)
    usable = (positive > 0) & (positive < total)
    with np.errstate(invalid="ignore", divide="ignore"):
        intercept = np.where(usable, np.log(positive / (total - positive)), 0.0)
    slope = np.zeros(columns)
    for _ in range(_NEWTON_STEPS):
        p = 1.0 / (1.0 + np.exp(-np.clip(intercept + np.outer(x, slope), -500, 500)))
        gap, curve = weight * (y[:, None] - p), weight * p * (1 - p)
        g0, g1 = gap.sum(axis=0), x @ gap
        h00, h01, h11 = curve.sum(axis=0) + 1e-9, x @ curve, (x**2) @ curve + 1e-9
        det = np.where(usable, h00 * h11 - h01**2, 1.0)
        step0, step1 = (h11 * g0 - h01 * g1) / det, (h00 * g1 - h01 * g0) / det
        # A step longer than 4 overshoots where the curve is flat; halting it there keeps far columns from diverging.
        limit = np.maximum(1.0, np.maximum(np.abs(step0), np.abs(step1)) / 4.0)
        intercept, slope = intercept + step0 / limit, slope + step1 / limit
        if np.max(np.abs(np.where(usable, step1, 0.0)), initial=0.0) < 1e-9:
            break
    sound = usable & np.isfinite(slope) & (np.abs(slope) < _RUNAWAY)
    return np.where(sound, intercept, np.nan), np.where(sound, slope, np.nan)
