"""Do the probabilities mean what they say: slope, observed over expected, and bins, each with its interval."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from threat.measuring.estimates import What, measure, observed_over_expected, rate
from threat.measuring.intervals import Evidence
from threat.measuring.ranked import Floats, Ranked
from threat.measuring.resampling import Draws, totals
from threat.release.documents.evaluation import Calibration, CalibrationBin
from training.models.calibrator import logistic_line

_QUANTILES = (0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.99, 1)
"""Edges of the bins: finer where the list is cut."""
_POINTS = 300
"""Groups of log odds that the line is fitted to: a replicate then costs the same for any number of rows."""
_LEAST = 1e-9
"""Probabilities are kept this far from 0 and 1, where log odds are not finite."""


def calibration(ranked: Ranked, draws: Draws) -> Calibration:
    """Return slope, intercept, observed over expected and bins of a ranking that has probabilities.

    Only rows whose outcome is known are compared.

    Slope and intercept: logistic regression of the outcome on the log odds of the probability (Cox 1958); 1 and 0 are
    right, a slope below 1 is over-confident.
    """
    labelled, probability = ranked.rows.has_known_label, _probability(ranked)
    ranked = Ranked(rows=ranked.rows.part(labelled), score=ranked.score[labelled], probability=probability[labelled])
    rows, probability = ranked.rows, _probability(ranked)
    n, events = len(rows), rows.events_inside
    intercept, slope = recalibration_line(ranked, draws)
    observed, expected = totals(rows.label, rows.person, draws), totals(probability, rows.person, draws)
    people = len(np.unique(rows.person[rows.hit]))

    def what(name: str, title: str) -> What:
        return What(name=name, title=title, n=n, events=events)

    return Calibration(
        slope=measure(what("calibration_slope", "Calibration slope"), slope),
        intercept=measure(what("calibration_intercept", "Calibration intercept at that slope"), intercept),
        observed_over_expected=observed_over_expected(
            what("observed_over_expected", "Observed over expected"), observed, expected, people
        ),
        bins=tuple(_bins(ranked, draws)),
    )


def _probability(ranked: Ranked) -> Floats:
    if ranked.probability is None:
        raise ValueError("a ranking without probabilities has no calibration")
    return ranked.probability


def _bins(ranked: Ranked, draws: Draws) -> list[CalibrationBin]:
    rows, probability = ranked.rows, _probability(ranked)
    if not len(rows):
        return []
    edges = np.unique(np.quantile(probability, _QUANTILES))
    place = np.clip(np.searchsorted(edges, probability, side="right") - 1, 0, max(len(edges) - 2, 0))
    out = []
    for number in np.unique(place):
        members = np.flatnonzero(place == number)
        person, label = rows.person[members], rows.label[members]
        low, high = float(probability[members].min()), float(probability[members].max())
        what = What(
            name="observed_rate",
            title="Rows with an outcome",
            n=len(members),
            events=int(label.sum()),
            slice={"from": low, "to": high},
        )
        evidence = Evidence(people=len(np.unique(person[label > 0])), clusters=len(members))
        counted = totals(np.ones(len(members)), person, draws)
        observed = rate(what, totals(label, person, draws), counted, evidence)
        mean = float(probability[members].mean())
        out.append(CalibrationBin(low=low, high=high, expected=mean, observed=observed))
    return out


def recalibration_line(ranked: Ranked, draws: Draws) -> tuple[Floats, Floats]:
    """Intercept and slope of the outcome on the log odds of the probability, per column of the draws.

    Log odds are pooled to the means of quantile groups, so that a replicate costs the same for any n. NaN where all
    probabilities are equal.
    """
    p = np.clip(_probability(ranked), _LEAST, 1 - _LEAST)
    odds = np.log(p / (1 - p))
    if not len(odds) or np.ptp(odds) == 0:
        nothing = np.full(draws.columns, np.nan)
        return nothing, nothing
    values, place = np.unique(odds, return_inverse=True)
    if len(values) > _POINTS:
        edges = np.unique(np.quantile(odds, np.linspace(0, 1, _POINTS + 1)[1:-1]))
        place = np.searchsorted(edges, odds)
        size = np.bincount(place, minlength=len(edges) + 1)
        values = np.bincount(place, weights=odds, minlength=len(edges) + 1) / np.maximum(size, 1)
    # One product of a sparse matrix and the counts: running totals over every row took ten times as long.
    key = place * 2 + ranked.rows.hit
    of_group = (np.ones(len(key)), (key, ranked.rows.person))
    members = csr_matrix(of_group, shape=(2 * len(values), len(draws.counts)))
    weight = np.hstack([members @ draws.counts[:, columns].astype(np.float64) for columns in draws.chunks(len(key))])
    return logistic_line(np.repeat(values, 2), np.tile([0.0, 1.0], len(values)), weight)
