"""Reasons: sums that hold, which themes and sentences are shown, and how long a strength bar is."""

from __future__ import annotations

import math

import numpy as np
import pytest

from features import load_catalogue
from serving.relationship.reasons import (
    LIBERTY,
    FeatureSentence,
    SentenceWriter,
    ThemeReason,
    check_sum,
    explain_model,
    explain_rule,
    shown_themes,
    squares,
)
from threat.errors import IntegrityFailure
from threat.release.ranking_model import Contributions

MODEL_READS = (
    "domestic_incidents_365d",
    "harm_sum_365d",
    "days_since_domestic_incident",
    "subject_harm_sum_365d",
    "latest_grade",
)
THEME_OF = {name: load_catalogue()[name].theme for name in MODEL_READS}


class Writer(SentenceWriter):
    """Writes the feature's name, or the text given for it, without a history; values are given by name."""

    def __init__(self, texts: dict[str, str] | None = None, values: dict[str, float] | None = None) -> None:
        self.catalogue = load_catalogue()
        self._texts, self._values = texts or {}, values or {}

    def value(self, i: int, name: str) -> float:
        return self._values.get(name, math.nan)

    def sentence(self, i: int, name: str) -> FeatureSentence:
        return FeatureSentence(name, self._texts.get(name, name), ())


def test_reasons_that_do_not_add_up_are_never_shown() -> None:
    check_sum(-2.0, [1.0, 0.5, 1e-8], -0.5, "R-1")
    for wrong in (-0.4999, math.nan, math.inf):
        with pytest.raises(IntegrityFailure, match="do not add up"):
            check_sum(-2.0, [1.0, 0.5], wrong, "R-1")


@pytest.mark.parametrize(
    ("score", "fits"),
    [(1e-6, True), (1.1e-6, False), (1000.001, True), (1000.0011, False), (-1000.001, True), (-1000.0011, False)],
)
def test_the_tolerance_is_a_millionth_of_the_score_and_never_less_than_a_millionth(score: float, fits: bool) -> None:
    try:
        check_sum(float(round(score)), [], score, "R-1")
    except IntegrityFailure:
        assert not fits
    else:
        assert fits


@pytest.mark.parametrize(
    ("totals", "shown"),
    [
        ({}, []),
        ({"assault": 0.0}, []),
        ({"assault": 2.0, "order": 0.02, "custody": 0.0199}, ["assault", "order"]),  # a hundredth is still shown
        ({"assault": -2.0, "order": 0.0199, "custody": -0.02}, ["assault", "custody"]),  # of the strongest either way
        ({"b": 1.0, "a": 1.0, "c": -1.0}, ["a", "b", "c"]),  # equal themes by name
        ({"low": -3.0, "high": 1.0}, ["high", "low"]),  # what raises first
        ({f"t{i}": float(i) for i in range(1, 8)}, ["t7", "t6", "t5", "t4", "t3"]),  # five that raise
        ({f"t{i}": -float(i) for i in range(1, 6)}, ["t5", "t4", "t3"]),  # three that lower
    ],
)
def test_which_themes_a_page_shows(totals: dict[str, float], shown: list[str]) -> None:
    assert shown_themes(totals) == shown


def test_at_most_three_different_sentences_under_a_theme() -> None:
    writer = Writer(texts={"b": "said by a", "a": "said by a"})
    written = writer.distinct_sentences(0, ["a", "b", "c", "d", "e"])
    assert [sentence.feature for sentence in written] == ["a", "c", "d"]


def test_a_model_s_reasons_keep_every_theme_and_speak_only_for_what_pushes_that_way() -> None:
    parts = np.array([[2.0, -0.5, -0.4, 0.001, -1.0]])  # of MODEL_READS
    given = Contributions(parts, np.zeros(1), np.array([-3.0]))
    base, reasons = explain_model(Writer(), MODEL_READS, given, np.array([4]))[4]
    totals: dict[str, float] = {}
    for name, part in zip(MODEL_READS, parts[0].tolist(), strict=True):
        totals[THEME_OF[name]] = totals.get(THEME_OF[name], 0.0) + part
    touched = {theme: total for theme, total in totals.items() if total}
    assert base == -3.0
    assert {reason.theme: reason.contribution for reason in reasons} == pytest.approx(touched)
    assert [abs(reason.contribution) for reason in reasons] == sorted(map(abs, touched.values()), reverse=True)
    for reason in reasons:
        said = [sentence.feature for sentence in reason.sentences]
        pushing = {
            name
            for name, part in zip(MODEL_READS, parts[0].tolist(), strict=True)
            if THEME_OF[name] == reason.theme and part * reason.contribution > 0
        }
        assert set(said) == (pushing if abs(reason.contribution) >= 0.02 else set())


@pytest.mark.parametrize("liberty", [0.25, -3.6])
def test_time_at_liberty_is_a_part_of_the_sum_without_a_sentence(liberty: float) -> None:
    given = Contributions(np.array([[2.0, 0.0, 0.0, 0.0, 0.0]]), np.array([liberty]), np.array([-3.0]))
    base, reasons = explain_model(Writer(), MODEL_READS, given, np.array([0]))[0]
    assert base == -3.0
    assert [(reason.theme, reason.contribution) for reason in reasons] == [("incidents", 2.0), (LIBERTY, liberty)]
    assert reasons[1].sentences == ()
    check_sum(base, [reason.contribution for reason in reasons], -1.0 + liberty, "R-1")


def test_a_rule_s_score_is_one_reason_and_markers_follow_with_the_shortest_window() -> None:
    catalogue = load_catalogue()
    counts = [d for d in catalogue if d.theme == "stalking" and d.statistic in ("count", "incidents")]
    windows = sorted({d.window_days for d in counts if d.window_days})
    on_record = {d.name: 1.0 for d in counts}
    base, reasons = explain_rule(Writer(values=on_record), ["x"], np.array([7.0]), np.array([0]))[0]
    assert (base, [reason.theme for reason in reasons]) == (0.0, ["rule", "stalking"])
    assert [reason.contribution for reason in reasons] == [7.0, 0.0]
    assert catalogue[reasons[1].sentences[0].feature].window_days == windows[0]
    _, silent = explain_rule(Writer(values=dict.fromkeys(on_record, 0.0)), ["x"], np.array([7.0]), np.array([0]))[0]
    assert [reason.theme for reason in silent] == ["rule"]


@pytest.mark.parametrize(("contribution", "length"), [(4.0, 8), (-4.0, 8), (2.0, 4), (0.3, 1), (0.001, 1), (0.0, 1)])
def test_the_length_of_a_bar(contribution: float, length: int) -> None:
    reasons = [ThemeReason("a", 4.0, ()), ThemeReason("b", -1.0, ())]
    assert squares(contribution, reasons) == length
    assert squares(0.0, [ThemeReason("a", 0.0, ())]) == 0
