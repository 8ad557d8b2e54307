"""Reasons: exact contributions, grouped by theme, as sentences with the records behind each.

A model's contributions (``threat.release.ranking_model``: of LightGBM's trees and of the base that they were added to,
one figure per feature) and the expected score add up to the raw score; that is checked here, again on every answer that
shows a reason, and again when a list is opened for one.
A contribution says what moved this ranking. It doesn't say what causes harm.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features import Catalogue, Matrix, lineage
from features.sentences import THEMES, sentence
from features.truncation import truncated
from threat.errors import IntegrityFailure
from threat.history.sightings import Sightings
from threat.release.ranking_model import Contributions

RAISING, LOWERING, PER_THEME = 5, 3, 3
"""Most themes with sentences that raise a rank, most that lower a rank, and most sentences under one theme.

A reviewer reads the panel that is made of those that raise (``serving.relationship.panel``), and more is not read in
the minute a reviewer has. Those that lower a rank are for the API alone: no page names one.
"""

NEGLIGIBLE = 0.01
"""A theme under this share of the strongest theme has no sentence: it would change no place a reviewer could notice."""

SQUARES = 8
"""Length of a strength bar: the strongest theme of a relationship fills it. No decimals are shown to a reviewer."""

RULE = "rule"
"""The one theme that carries the whole score of a rule."""

MARKERS = ("strangulation", "threats", "weapons", "stalking", "self_harm", "sexual", "breaches", "separation")
"""What a list by rule freezes next to its rule, in this order: the markers with the strongest published link to
homicide first. They take no part in the rule's order, and pages show those of ``serving.relationship.markers``."""


IN_FORCE = "in_force"
"""The theme of what is in force around a relationship (``serving.relationship.circumstances``): no order reads it."""


LIBERTY = "liberty"
"""The theme of the known offset for time at liberty: arithmetic, no figure on record. It has no sentence, so it is
among the other parts of the order, and no page names it as a reason."""

_TITLES = {RULE: "The rule that ranks", IN_FORCE: "In force at this date", LIBERTY: "Time at liberty"}


def theme_title(theme: str) -> str:
    """The heading a reviewer sees for a theme."""
    return _TITLES.get(theme) or THEMES[theme]


@dataclass(frozen=True, slots=True)
class FeatureSentence:
    """A feature's value in words: the ``feature``, the ``text``, and the ids of the events behind the value."""

    feature: str
    text: str
    event_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ThemeReason:
    """What one theme adds to (or takes from) the raw score, and its strongest sentences."""

    theme: str
    contribution: float
    sentences: tuple[FeatureSentence, ...]

    def as_row(self) -> dict[str, Any]:
        """Return the reason as ``rows.parquet`` holds it."""
        return asdict(self)

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> ThemeReason:
        """Read what ``as_row`` wrote."""
        sentences = tuple(FeatureSentence(s["feature"], s["text"], tuple(s["event_ids"])) for s in row["sentences"])
        return cls(row["theme"], row["contribution"], sentences)


def check_sum(base: float, contributions: Sequence[float], score: float, where: str) -> None:
    """Raise IntegrityFailure unless base and contributions add up to the raw score (1e-6 relative, floor 1e-6).

    The tolerance leaves room for the order in which LightGBM sums its trees; a missing or doubled theme is far larger.

    >>> check_sum(-2.0, [1.0, 0.5], -0.5, "R-1")
    """
    total = math.fsum([base, *contributions])
    if not (math.isfinite(score) and abs(total - score) <= 1e-6 * max(1.0, abs(score))):
        raise IntegrityFailure(
            "The reasons do not add up to the score they explain.",
            value=f"reasons {total!r}, score {score!r}",
            where=where,
            way_out="do not use these reasons; check the list with threat replay",
        )


class SentenceWriter:
    """Writes the value of a feature in a row as a sentence with the events behind the value."""

    def __init__(self, sightings: Sightings, matrix: Matrix, catalogue: Catalogue) -> None:
        self._sightings, self._matrix, self.catalogue = sightings, matrix, catalogue
        self._column = {name: j for j, name in enumerate(matrix.names)}
        self._truncated = truncated(matrix, catalogue, sightings)

    def value(self, i: int, name: str) -> float:
        """Return the value of a feature in row ``i``; NaN when missing."""
        return float(self._matrix.values[i, self._column[name]])

    def sentence(self, i: int, name: str) -> FeatureSentence:
        """Write the sentence of a feature in row ``i``, with its events, oldest first."""
        value, definition = self.value(i, name), self.catalogue[name]
        text = sentence(definition, value, truncated=bool(self._truncated[i, self._column[name]]))
        events = () if math.isnan(value) else tuple(lineage(self._sightings, self._matrix.rows, i, definition))
        return FeatureSentence(name, text, events)

    def distinct_sentences(self, i: int, names: Sequence[str]) -> tuple[FeatureSentence, ...]:
        """Write up to PER_THEME sentences in the order of ``names``; two features that read alike are said once."""
        by_text: dict[str, FeatureSentence] = {}
        for name in names:
            if len(by_text) == PER_THEME:
                break
            written = self.sentence(i, name)
            by_text.setdefault(written.text, written)
        return tuple(by_text.values())


Explained = tuple[float, tuple[ThemeReason, ...]]
"""What the contributions start from (the expected score), and the reasons."""


def explain_model(
    writer: SentenceWriter, names: Sequence[str], parts: Contributions, chosen: NDArray[np.intp]
) -> dict[int, Explained]:
    """Explain a model's chosen rows, by row number.

    ``parts``: of the chosen rows, by feature in the order of ``names``. Every theme that any feature touched is
    returned, and the time at liberty, so that the sum holds; only those of ``shown_themes`` carry sentences.
    """
    columns_of: dict[str, list[int]] = {}
    for j, name in enumerate(names):
        columns_of.setdefault(writer.catalogue[name].theme, []).append(j)
    of_rows = zip(chosen.tolist(), parts.by_feature, parts.liberty.tolist(), parts.expected.tolist(), strict=True)
    return {
        i: (expected, (*_model_reasons(writer, i, names, columns_of, part), *_of_liberty(liberty)))
        for i, part, liberty, expected in of_rows
    }


def _of_liberty(part: float) -> tuple[ThemeReason, ...]:
    return (ThemeReason(LIBERTY, part, ()),) if part else ()


def _model_reasons(
    writer: SentenceWriter, i: int, names: Sequence[str], columns_of: dict[str, list[int]], part: NDArray[np.float64]
) -> tuple[ThemeReason, ...]:
    totals = {
        theme: math.fsum(part[j] for j in columns) for theme, columns in columns_of.items() if part[columns].any()
    }
    shown = set(shown_themes(totals))
    reasons = []
    for theme in _strongest_first(totals):
        # Only features that push the way the theme does: a sentence must not argue against its own heading.
        pushing = [j for j in columns_of[theme] if part[j] * totals[theme] > 0] if theme in shown else []
        strongest = sorted(pushing, key=lambda j: (-abs(part[j]), names[j]))
        sentences = writer.distinct_sentences(i, [names[j] for j in strongest])
        reasons.append(ThemeReason(theme, totals[theme], sentences))
    return tuple(reasons)


def explain_rule(
    writer: SentenceWriter, reads: Sequence[str], raw: NDArray[np.float64], chosen: NDArray[np.intp]
) -> dict[int, Explained]:
    """Explain a rule's chosen rows, by row number.

    The sentences of what the rule reads carry the whole score; markers on record follow with a contribution of 0.
    """
    counted = [d for d in writer.catalogue if d.statistic in ("count", "incidents")]
    out: dict[int, Explained] = {}
    for i in chosen.tolist():
        reasons = [ThemeReason(RULE, float(raw[i]), writer.distinct_sentences(i, reads))]
        for theme in MARKERS:
            on_record = [d for d in counted if d.theme == theme and writer.value(i, d.name) > 0]
            if on_record:
                # The shortest window says most: 90 days before 365 days before "ever", which has no window.
                latest = min(on_record, key=lambda d: (d.window_days or math.inf, -writer.value(i, d.name), d.name))
                reasons.append(ThemeReason(theme, 0.0, (writer.sentence(i, latest.name),)))
        out[i] = (0.0, tuple(reasons))
    return out


def _strongest_first(totals: dict[str, float]) -> list[str]:
    """Themes by the size of what they add or take away; equal themes by name, so that a replay gives the same."""
    return sorted(totals, key=lambda theme: (-abs(totals[theme]), theme))


def shown_themes(totals: dict[str, float]) -> list[str]:
    """Choose the themes that get sentences: at most RAISING that raise, then at most LOWERING that lower.

    Each strongest first; a theme under NEGLIGIBLE of the strongest is left out.

    >>> shown_themes({"assault": 2.0, "order": -0.5, "custody": 0.019, "stalking": 0.02})
    ['assault', 'stalking', 'order']
    """
    floor = NEGLIGIBLE * max((abs(total) for total in totals.values()), default=0.0)
    ordered = _strongest_first(totals)
    raising = [theme for theme in ordered if totals[theme] > 0 and totals[theme] >= floor][:RAISING]
    lowering = [theme for theme in ordered if totals[theme] < 0 and -totals[theme] >= floor][:LOWERING]
    return raising + lowering


def squares(contribution: float, reasons: Sequence[ThemeReason]) -> int:
    """Return the length of a theme's strength bar: in proportion to the row's strongest theme.

    0 when no theme of the row adds or takes away anything.
    """
    return bar_length(contribution, max((abs(reason.contribution) for reason in reasons), default=0.0))


def bar_length(part: float, strongest: float) -> int:
    """Return the length of a strength bar: 1 to SQUARES, in proportion to the strongest part, which fills it.

    0 when no part adds or takes away anything.

    >>> bar_length(0.5, 2.0), bar_length(-2.0, 2.0), bar_length(0.001, 2.0), bar_length(0.0, 0.0)
    (2, 8, 1, 0)
    """
    return 0 if strongest == 0.0 else max(1, round(SQUARES * abs(part) / strongest))
