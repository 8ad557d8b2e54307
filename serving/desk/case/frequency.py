"""How often the outcome followed in the model's test, in words with its likely range, or why no frequency is shown.

The pattern is that of the national probation risk-score components: a frequency in words first, "about" when rounded,
and absolute next to relative. What is said is what was *observed*: of the rows of the test that the model gave such a
probability, how many had the outcome, with the 95% interval that ``evaluation.json`` gives. The probability of one
relationship only chooses the band; no decimal is said, and nothing of a model whose calibration did not pass.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from serving.desk.responses.case import Frequency
from serving.lists.rankings import ModelRanking, Ranking
from threat import rungs
from threat.release.bundle import FORMAT_WITHOUT_VERSIONS
from threat.release.documents.evaluation import CalibrationBin, Evaluation
from threat.release.scorer import calibrated_kind, probability

LEAST_EVENTS = 100
"""Outcome events that a test needs before a frequency is said of it: with fewer, a band of the test holds so few that
its range is as wide as the question."""

OF_A_RULE = "No frequency is shown: a rule orders this list, and a rule counts what is on record, nothing else."
OF_BEFORE = (
    "No frequency is shown: the model was released by an earlier version of the product, and its test cannot be read."
)
NOT_CALIBRATED = (
    "No frequency is shown: the checks before the model's release did not show that its figures can be read as one."
)


def too_few(events: int) -> str:
    """Say that the test held too few outcomes for a frequency.

    >>> too_few(63)
    'No frequency is shown: the test of the model held 63 outcomes, and fewer than 100 are too few for one.'
    """
    return (
        f"No frequency is shown: the test of the model held {events} outcome{'' if events == 1 else 's'}, and fewer "
        f"than {LEAST_EVENTS} are too few for one."
    )


def too_few_to_calibrate(events: int) -> str:
    """Say that the records before the test held too few outcomes for the model to give a probability at all.

    >>> too_few_to_calibrate(41)
    'No frequency is shown: the model orders and gives no probability, because 41 earlier outcomes are too few for one.'
    """
    return (
        f"No frequency is shown: the model orders and gives no probability, because {events} earlier "
        f"outcome{' is' if events == 1 else 's are'} too few for one."
    )


def in_words(share: float) -> str:
    """Return a share as people say it.

    >>> in_words(0.07), in_words(0.004), in_words(0.0004)
    ('about 7 in 100', 'about 4 in 1,000', 'fewer than 1 in 1,000')
    """
    if share <= 0.0005:
        return "fewer than 1 in 1,000"
    if share >= 0.995:
        return "more than 99 in 100"
    each = _out_of(share)
    return f"about {round(share * each)} in {each:,}"


def range_in_words(share: float, at_least: float, at_most: float) -> str:
    """Return the likely range of a share, rounded outwards, out of as many as ``in_words`` says of the share.

    >>> range_in_words(0.07, 0.041, 0.112)
    'likely between 4 and 12 in 100'
    >>> range_in_words(0.004, 0.0003, 0.0081)
    'likely no more than 9 in 1,000'
    """
    each = _out_of(share)
    # Rounded to the nearest, a narrow range around 7 would read "between 7 and 7".
    least, most = math.floor(round(at_least * each, 6)), math.ceil(round(at_most * each, 6))
    if least <= 0:
        return f"likely no more than {most} in {each:,}"
    return f"likely between {least} and {most} in {each:,}"


def _out_of(share: float) -> int:
    """Below 1 in 100, out of a thousand: "about 0 in 100" would be wrong."""
    return 1000 if share < 0.0095 else 100


def frequency(ranking: Ranking, score: float, kind: str) -> Frequency | str:
    """Return how often the outcome followed for rows of the test like this one, or why there is no frequency.

    ``score``: the raw score of the relationship. ``kind``: what the two are to each other at the as-of, as
    ``RELATIONSHIP_KINDS`` names it. None for a rule, for a bundle of an earlier format, for a model that was not
    calibrated, of a test with fewer than 100 outcome events, and where the release gate says that only ranks are shown.
    """
    if not isinstance(ranking, ModelRanking):
        return OF_A_RULE
    bundle = ranking.bundle
    if bundle.manifest.format == FORMAT_WITHOUT_VERSIONS:
        return OF_BEFORE
    if bundle.calibrator.method == "none":
        return too_few_to_calibrate(bundle.calibrator.events)
    bins = _bins(bundle.files[Evaluation.FILE])
    events = sum(each.observed.events for each in bins)
    if events < LEAST_EVENTS:
        return too_few(events)
    return _frequency(ranking, score, kind, bins) if bundle.released.show_probability else NOT_CALIBRATED


def _frequency(ranking: ModelRanking, score: float, kind: str, bins: Sequence[CalibrationBin]) -> Frequency | str:
    """Return what the test observed in the band that the probability of the score is in."""
    bundle, rows = ranking.bundle, sum(each.observed.n for each in bins)
    events = sum(each.observed.events for each in bins)
    given = probability(bundle.calibrator, np.array([score]), np.array([calibrated_kind(kind)]))
    assert given is not None  # the calibrator gives one: asked above
    band = band_of(bins, float(given[0]))
    observed = band.observed
    if observed.value is None or observed.interval is None:
        return NOT_CALIBRATED
    return _said(ranking, observed.value, observed.interval, events / rows)


def band_of(bins: Sequence[CalibrationBin], share: float) -> CalibrationBin:
    """Return the band that a probability belongs to: the last that begins at or below it, else the first.

    Between two bands lies no row of the test; a probability there, or above all of them, belongs to the band below.
    """
    return next((band for band in reversed(bins) if band.low <= share), bins[0])


def _said(ranking: ModelRanking, share: float, interval: tuple[float, float], average: float) -> Frequency:
    release = ranking.bundle.released
    outcome, days = rungs.title_of(release.rung), release.horizon_days
    return Frequency(
        sentence=f"In the test of the model, {in_words(share)} of the relationships placed like this one had {outcome} "
        f"recorded within {days} days ({range_in_words(share, *interval)}). The average of all relationships placed in "
        f"that test was {in_words(average)}.",
        share=share,
        at_least=interval[0],
        at_most=interval[1],
        average=average,
        outcome=outcome,
        horizon_days=days,
    )


@lru_cache(maxsize=4)  # of the model in service and of those before: the document takes milliseconds to read
def _bins(evaluation: bytes) -> tuple[CalibrationBin, ...]:
    calibration = Evaluation.parse(evaluation, Evaluation.FILE).calibration
    return () if calibration is None else calibration.bins
