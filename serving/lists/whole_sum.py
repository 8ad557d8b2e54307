"""The whole sum of a relationship's score: every part with its sign, and every figure in it, for checking the order."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from serving.lists.rankings import Ranking
from serving.lists.scoring import scored_row
from serving.relationship.reasons import LIBERTY, RULE, SentenceWriter, check_sum, theme_title
from threat.history.snapshot import Snapshot
from threat.ids import show_id
from threat.release.documents.model import DAYS_UNTIL_RELEASE, IN_CUSTODY


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that the ranking read, in a sentence with its formula; ``part``: of the sum, None for a rule's."""

    sentence: str
    part: float | None


@dataclass(frozen=True, slots=True)
class SumPart:
    """A part of the sum: the figures of one theme, the strongest first."""

    title: str
    total: float
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class WholeSum:
    """What every score starts from (``base``) and the parts, the strongest first, which add up to the score."""

    base: float
    parts: tuple[SumPart, ...]
    score: float


def whole_sum(
    snapshot: Snapshot, relationship_id: int, as_of: int, ranking: Ranking, *, expected: float | None = None
) -> WholeSum:
    """Return the whole sum of one relationship at ``as_of`` (UTC seconds).

    ``expected``: the score on its list. Raises IntegrityFailure when this computation gives another, or when the parts
    do not add up to it.
    """
    matrix, raw = scored_row(snapshot, relationship_id, as_of, ranking, expected=expected)
    writer = SentenceWriter(snapshot.sightings(), matrix, ranking.catalogue())
    score = float(raw[0])
    if ranking.kind == "rule":
        figures = tuple(Figure(writer.sentence(0, name).text, None) for name in ranking.reads())
        return WholeSum(0.0, (SumPart(theme_title(RULE), score, figures),), score)
    names, contributions = ranking.contributions(matrix, np.array([0]))
    by_theme: dict[str, list[tuple[str, float]]] = {}
    for name, part in zip(names, contributions.by_feature[0].tolist(), strict=True):
        if part:
            by_theme.setdefault(ranking.catalogue()[name].theme, []).append((name, part))
    parts = [_part(writer, theme, figures) for theme, figures in by_theme.items()]
    if liberty := float(contributions.liberty[0]):
        read = (Figure(writer.sentence(0, name).text, None) for name in (IN_CUSTODY, DAYS_UNTIL_RELEASE))
        parts.append(SumPart(theme_title(LIBERTY), liberty, tuple(read)))
    base = float(contributions.expected[0])
    check_sum(base, [part.total for part in parts], score, show_id("R", relationship_id))
    return WholeSum(base, tuple(sorted(parts, key=lambda part: (-abs(part.total), part.title))), score)


def _part(writer: SentenceWriter, theme: str, figures: list[tuple[str, float]]) -> SumPart:
    strongest = sorted(figures, key=lambda figure: (-abs(figure[1]), figure[0]))
    return SumPart(
        theme_title(theme),
        math.fsum(part for _, part in figures),
        tuple(Figure(writer.sentence(0, name).text, part) for name, part in strongest),
    )
