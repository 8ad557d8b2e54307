"""Reasons: exact contributions, grouped by theme, as sentences with the records behind each.

A tree model's contributions (TreeSHAP, Lundberg et al. 2020, computed by LightGBM itself) and its base value add up to
the raw score; that is checked here, again on every answer that shows a reason, and again when a list is opened for one.
A contribution says what moved this ranking. It doesn't say what causes harm.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from features import lineage
from features.sentences import THEMES, sentence
from threat.errors import IntegrityFailure
from threat.history.sightings import Rows, Sightings

if TYPE_CHECKING:
    from features.load import Catalogue

RAISING, LOWERING, PER_THEME = 5, 3, 3
"""Most themes shown that raise and that lower a rank, and most sentences under one theme."""

SQUARES = 8
"""Length of a strength bar: the strongest theme of a relationship fills it. No decimals are shown to a reviewer."""

RULE = "rule"
"""The one theme that carries the whole score of a rule."""

MARKERS = ("strangulation", "threats", "weapons", "stalking", "self_harm", "sexual", "breaches", "separation")
"""What a rule ranking shows beside its rule, in this order: the markers with the strongest published link to homicide
first. They take no part in the rule's order."""


def theme_title(theme: str) -> str:
    """The heading a reviewer sees for a theme."""
    return "The rule that ranks" if theme == RULE else THEMES[theme]


class Matrix(Protocol):
    """The part of ``features.Matrix`` that reasons read: values (n, d) with NaN for missing, names of
    columns, and where a window reaches back before the records begin."""

    @property
    def values(self) -> NDArray[np.float32]: ...

    @property
    def names(self) -> Sequence[str]: ...
    @property
    def truncated(self) -> NDArray[np.bool_]: ...


@dataclass(frozen=True, slots=True)
class Sentence:
    """One reason in words: the ``feature`` it speaks of, the ``text``, and the ids of the ``events`` behind it."""

    feature: str
    text: str
    event_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """What one theme adds to (or takes from) the raw score, and the strongest sentences of it."""

    theme: str
    contribution: float
    sentences: tuple[Sentence, ...]

    def as_row(self) -> dict[str, Any]:
        """As ``rows.parquet`` holds it."""
        return asdict(self)

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Reason:
        """Read what ``as_row`` wrote."""
        sentences = tuple(Sentence(s["feature"], s["text"], tuple(s["event_ids"])) for s in row["sentences"])
        return cls(row["theme"], row["contribution"], sentences)


def check_sum(base: float, contributions: Sequence[float], score: float, where: str) -> None:
    """Raise IntegrityFailure unless base and contributions add up to the raw score (1e-6 relative, floor 1e-6)."""
    total = math.fsum([base, *contributions])
    if not (math.isfinite(score) and abs(total - score) <= 1e-6 * max(1.0, abs(score))):
        raise IntegrityFailure(
            "Reasons add up to the score they explain.",
            value=f"reasons {total!r}, score {score!r}",
            where=where,
            way_out="do not use these reasons; check the list with threat replay",
        )


@dataclass(frozen=True, slots=True)
class Chosen:
    """Some rows of a matrix, by row number."""

    matrix: Matrix
    rows: NDArray[np.intp]

    @property
    def values(self) -> NDArray[np.float32]:
        return np.asarray(self.matrix.values[self.rows])

    @property
    def truncated(self) -> NDArray[np.bool_]:
        return np.asarray(self.matrix.truncated[self.rows])

    @property
    def names(self) -> Sequence[str]:
        return self.matrix.names


class Teller:
    """Turns a value of a row into a sentence with the events behind it."""

    def __init__(self, sightings: Sightings, rows: Rows, matrix: Matrix, catalogue: Catalogue) -> None:
        self._sightings, self._rows, self._matrix, self.catalogue = sightings, rows, matrix, catalogue
        self._column = {name: j for j, name in enumerate(matrix.names)}
        self._truncated = matrix.truncated

    def value(self, i: int, name: str) -> float:
        """The value of a feature in row ``i``; NaN when missing."""
        return float(self._matrix.values[i, self._column[name]])

    def said(self, i: int, name: str) -> Sentence:
        """The sentence of a feature in row ``i``, with its events, oldest first."""
        value, definition = self.value(i, name), self.catalogue[name]
        text = sentence(definition, value, truncated=bool(self._truncated[i, self._column[name]]))
        events = () if math.isnan(value) else tuple(lineage(self._sightings, self._rows, i, definition))
        return Sentence(name, text, events)


Explained = dict[int, tuple[float, tuple[Reason, ...]]]
"""Base value and reasons by row number."""


def explain_model(
    teller: Teller, names: Sequence[str], parts: NDArray[np.float64], chosen: NDArray[np.intp]
) -> Explained:
    """Reasons of a model's chosen rows. ``parts``: contributions (len(chosen), len(names) + 1), the base last.

    Every theme that any feature touched is returned, so that the sum holds; only themes a page shows carry sentences.
    """
    members: dict[str, list[int]] = {}
    for j, name in enumerate(names):
        members.setdefault(teller.catalogue[name].theme, []).append(j)
    out: Explained = {}
    for k, i in enumerate(chosen.tolist()):
        part = parts[k]
        totals = {
            theme: math.fsum(part[j] for j in columns) for theme, columns in members.items() if part[columns].any()
        }
        shown = set(shown_themes(totals))
        reasons = []
        for theme in sorted(totals, key=lambda theme: (-abs(totals[theme]), theme)):
            same_way = [j for j in members[theme] if part[j] * totals[theme] > 0] if theme in shown else []
            strongest = sorted(same_way, key=lambda j: (-abs(part[j]), names[j]))
            reasons.append(Reason(theme, totals[theme], _told(teller, i, [names[j] for j in strongest])))
        out[i] = (float(part[-1]), tuple(reasons))
    return out


def explain_rule(teller: Teller, reads: Sequence[str], raw: NDArray[np.float64], chosen: NDArray[np.intp]) -> Explained:
    """Reasons of a rule's chosen rows: the rule's own sentences carry the whole score, and markers on record follow
    with a contribution of 0."""
    counted = [d for d in teller.catalogue if d.statistic in ("count", "incidents")]
    out: Explained = {}
    for i in chosen.tolist():
        reasons = [Reason(RULE, float(raw[i]), _told(teller, i, reads))]
        for theme in MARKERS:
            on_record = [d for d in counted if d.theme == theme and teller.value(i, d.name) > 0]
            if on_record:
                latest = min(on_record, key=lambda d: (d.window_days or math.inf, -teller.value(i, d.name), d.name))
                reasons.append(Reason(theme, 0.0, (teller.said(i, latest.name),)))
        out[i] = (0.0, tuple(reasons))
    return out


def _told(teller: Teller, i: int, names: Sequence[str]) -> tuple[Sentence, ...]:
    """Up to PER_THEME different sentences, in the order of ``names``."""
    said: dict[str, Sentence] = {}
    for name in names:
        if len(said) == PER_THEME:
            break
        told = teller.said(i, name)
        said.setdefault(told.text, told)
    return tuple(said.values())


def shown_themes(totals: dict[str, float]) -> list[str]:
    """The themes a page shows: at most five that raise and three that lower, strongest first, nothing negligible.

    Negligible: under a hundredth of the strongest theme.
    """
    floor = 0.01 * max((abs(total) for total in totals.values()), default=0.0)
    ordered = sorted(totals, key=lambda theme: (-abs(totals[theme]), theme))
    raising = [theme for theme in ordered if totals[theme] > 0 and totals[theme] >= floor][:RAISING]
    lowering = [theme for theme in ordered if totals[theme] < 0 and -totals[theme] >= floor][:LOWERING]
    return raising + lowering


def squares(contribution: float, reasons: Sequence[Reason]) -> int:
    """Length of a theme's strength bar: 1 to SQUARES, in proportion to the strongest theme of the same row."""
    strongest = max((abs(reason.contribution) for reason in reasons), default=0.0)
    return 0 if strongest == 0.0 else max(1, round(SQUARES * abs(contribution) / strongest))
