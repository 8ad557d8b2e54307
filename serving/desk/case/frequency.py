"""A calibrated probability as a natural frequency, only where the gate lets it be shown.

The pattern is that of the national probation risk-score components: a frequency in words first, "about" when rounded,
and absolute next to relative. No decimals, and never for a ranking whose calibration did not pass.
"""

from __future__ import annotations

import numpy as np

from serving.desk.responses.case import Frequency
from serving.lists.rankings import ModelRanking, Ranking
from threat import rungs
from threat.release.scorer import probability


def in_words(p: float) -> str:
    """Return a probability as people say it.

    >>> in_words(0.07), in_words(0.004), in_words(0.0004)
    ('about 7 in 100', 'about 4 in 1,000', 'fewer than 1 in 1,000')
    """
    if p <= 0.0005:
        return "fewer than 1 in 1,000"
    if p < 0.0095:
        return f"about {round(p * 1000)} in 1,000"
    if p >= 0.995:
        return "more than 99 in 100"
    return f"about {round(p * 100)} in 100"


def frequency(ranking: Ranking, score: float, scores: np.ndarray) -> list[Frequency]:
    """Return one sentence, or none when a rule ranks or the gate says rank only.

    ``scores``: raw scores of the whole list, for the average next to it: a relative figure alone frightens or soothes.
    """
    if not isinstance(ranking, ModelRanking) or not ranking.bundle.released.show_probability:
        return []
    release = ranking.bundle.released
    outcome, days = rungs.title_of(release.rung), release.horizon_days
    similar = float(probability(ranking.bundle.calibrator, np.array([score]))[0])
    average = float(probability(ranking.bundle.calibrator, np.asarray(scores)).mean())
    return [
        Frequency(
            sentence=f"Of relationships with a similar record, {in_words(similar)} had {outcome} recorded within "
            f"{days} days. Of all on this list, {in_words(average)}.",
            outcome=outcome,
            horizon_days=days,
        )
    ]
