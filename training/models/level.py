"""Whether the level of the probabilities can be that of the released model: a comparison of the rows fitted on.

A calibrator's intercept corrects the level of the models that gave the out-of-fold scores, and is then applied to the
model that is fitted on all that the test allows. Where the rate of outcomes among the rows fitted on moved between the
two, the released model has moved with it already, and the intercept counts the same movement again. A cohort that grows
with the record does that: of a record shorter than the policy's window for being considered, the first lists hold
recent cases alone, whose rate is the highest.

Why a warning and no other level: an intercept relative to the rate of each fit's own rows was tried. On the second
validation fold and the test of four synthetic forces of three years it came no nearer (``docs/training.md``).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from training.cohorts.sample import Sample

_STANDARD_ERRORS = 2.0
"""Movements within so many standard errors of the intercept itself are no warning: it is not known better."""


def moved_level(pairs: Sequence[tuple[Sample, Sample]], final: Sample) -> tuple[str, ...]:
    """Return a warning where the rows ``final`` is fitted on have another rate of outcomes than those of the ``pairs``.

    ``pairs``: of the (fit, measure) samples behind the out-of-fold scores; each fit counts by the rows it measures. The
    standard error of the intercept is taken as 1 / sqrt(outcomes measured), that of a log rate (Poisson). Nothing
    without an outcome on either side.
    """
    measured = np.array([len(rows.label) for _, rows in pairs], np.float64)
    before = float(measured @ [_rate(fit) for fit, _ in pairs] / measured.sum())
    now, events = _rate(final), sum(int(rows.label.sum()) for _, rows in pairs)
    if not (0 < before < 1 and 0 < now < 1 and events):
        return ()
    moved = float(np.log(now / (1 - now)) - np.log(before / (1 - before)))
    if abs(moved) <= _STANDARD_ERRORS / np.sqrt(events):
        return ()
    return (
        f"The level of the probabilities was learnt from models fitted on rows of which {before:.1%} had an outcome, "
        f"and the model is fitted on rows of which {now:.1%} had: outcomes may be expected too "
        f"{'seldom' if moved < 0 else 'often'}, by a factor of up to about {np.exp(abs(moved)):.1f}.",
    )


def _rate(sample: Sample) -> float:
    return float(sample.weight @ sample.label / sample.weight.sum())
