"""Rule rankings: plain orders of the same relationships, read off the matrix. No model, nothing fitted.

They are the baselines every model must beat, and the order that is shown when no model is released. Each says what it
does where it has nothing to go on; nothing is filled in silently.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.matrix import Matrix
from threat.errors import UsageError

Scores = NDArray[np.float64]

CENTURY = 36_525.0
"""Days; a look-back window is never longer. Stands for *never recorded*, so that such rows share the last place."""


@dataclass(frozen=True)
class Rule:
    """One rule ranking.

    ``reads``: the catalogue's features it uses, the first of them the one it cannot do without. ``missing``: where rows
    that lack it are placed. ``source``: whose idea. ``formula(columns)`` maps the features, float64 (n, len(reads)), to
    scores, float64[n].
    """

    name: str
    title: str
    reads: tuple[str, ...]
    missing: str
    source: str
    formula: Callable[[Scores], Scores]

    def score(self, matrix: Matrix) -> Scores:
        """float64[n], finite, higher = more urgent. Raises UsageError when the matrix lacks a feature it reads."""
        return self.formula(_columns(matrix, self))

    def __call__(self, matrix: Matrix) -> Scores:
        return self.score(matrix)

    def unranked(self, matrix: Matrix) -> NDArray[np.bool_]:
        """bool[n]: rows the rule has nothing to go on for. They tie in the last place; report how many there are."""
        return np.isnan(_columns(matrix, self)[:, 0])


def _columns(matrix: Matrix, rule: Rule) -> Scores:
    position = {name: i for i, name in enumerate(matrix.names)}
    lacking = [name for name in rule.reads if name not in position]
    if lacking:
        raise UsageError(
            f"The rule {rule.name} reads features that this matrix does not have.",
            value=", ".join(lacking),
            way_out="build the matrix with the whole catalogue, or with these features too",
        )
    return np.asarray(matrix.values[:, [position[name] for name in rule.reads]], dtype=np.float64)


def _band(values: Scores, edges: Sequence[float]) -> Scores:
    """Return how many of the rising ``edges`` each value reaches; a missing value reaches none.

    >>> _band(np.array([0.0, 1.0, 9.0, np.nan]), (1, 10)).tolist()
    [0.0, 1.0, 1.0, 0.0]
    """
    return np.searchsorted(np.asarray(edges), np.nan_to_num(values, nan=-1.0), side="right").astype(np.float64)


def _recency_frequency_gravity(columns: Scores) -> Scores:
    """Return 0 to 100: recency, frequency and gravity each fall in one of five bands, and weigh 0.3, 0.3 and 0.4.

    The idea (score recency, frequency and gravity, then add) is that of multi-agency tasking of perpetrators (MATAC);
    the bands and the weights are ours: the scheme's own are not published in what we could read.
    """
    since, frequency, gravity = columns.T
    recency = _band(CENTURY - np.nan_to_num(since, nan=CENTURY), [CENTURY - d for d in (365, 180, 90, 30)])
    bands = 0.3 * recency + 0.3 * _band(frequency, (1, 2, 4, 8)) + 0.4 * _band(gravity, (1, 10, 365, 1460))
    return np.asarray(bands * 25.0)


def _with_victims(columns: Scores) -> Scores:
    """Return the RFG score (0 to 100) plus 5 for each further person at risk known in three years, at most 20."""
    victims = np.clip(np.nan_to_num(columns[:, 3]) - 1.0, 0.0, 4.0)
    return np.asarray(_recency_frequency_gravity(columns[:, :3]) + 5.0 * victims)


_RFG = ("days_since_subject_domestic_incident", "subject_domestic_incidents_365d", "subject_harm_sum_365d")

RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule(
            name="days_since_last",
            title="Days since the last domestic incident",
            reads=("days_since_domestic_incident",),
            missing="No domestic incident in this relationship: last place, together",
            source="Turner et al. 2022 found time since the last incident among the strongest inputs",
            formula=lambda columns: -np.nan_to_num(columns[:, 0], nan=CENTURY),
        ),
        Rule(
            name="prior_count",
            title="Count of prior domestic incidents",
            reads=("domestic_incidents_ever",),
            missing="Never missing: no incident counts as 0",
            source="Common practice; Turner et al. 2022",
            formula=lambda columns: np.nan_to_num(columns[:, 0]),
        ),
        Rule(
            name="trailing_year_harm",
            title="Recorded harm by the subject in the trailing year",
            reads=("subject_harm_sum_365d",),
            missing="Never missing: no crime counts as 0",
            source="Metropolitan Police V100: harm of accusations in the trailing 365 days; the harm days are ours",
            formula=lambda columns: np.nan_to_num(columns[:, 0]),
        ),
        Rule(
            name="rfg",
            title="Recency, frequency and gravity",
            reads=_RFG,
            missing="No domestic incident recorded as by the subject: no points for recency",
            source="MATAC; bands and weights are ours",
            formula=_recency_frequency_gravity,
        ),
        Rule(
            name="rfgv",
            title="Recency, frequency, gravity and number of victims",
            reads=(*_RFG, "persons_at_risk_1095d"),
            missing="No domestic incident recorded as by the subject: no points for recency",
            source="MATAC; bands and weights are ours",
            formula=_with_victims,
        ),
        Rule(
            name="latest_grade",
            title="Latest officer grade",
            reads=("latest_grade",),
            missing="Never graded: last place, together",
            source="DASH grades, as the officer left them",
            formula=lambda columns: np.nan_to_num(columns[:, 0]),
        ),
    )
}
"""Every rule by name."""

DEFAULT_RULE = "trailing_year_harm"
"""The order shown when no model is released: published, already used operationally, and read off the record alone."""
