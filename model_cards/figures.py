"""The figures of a card as numbers under lasting names, so that two cards can be compared figure by figure."""

from __future__ import annotations

from collections.abc import Iterator

from model_cards.published_audit import figures_of_groups
from model_cards.words import PUBLISH, characteristic_words, too_small, withheld
from threat.measuring.figure import Figure
from threat.release.documents.card import CardFigure
from threat.release.documents.evaluation import MODEL
from threat.release.evidence import RunDocuments

OF_A_RANKING = (
    "recall_at_capacity", "in_cohort_recall", "coverage", "mean_recall", "precision_at_capacity", "lift_at_capacity",
    "auc", "recall_difference",
)  # fmt: skip
"""Figures of every ranking that a card keeps as numbers; the last is the model minus the ranking, paired."""


def card_figures(documents: RunDocuments) -> tuple[CardFigure, ...]:
    """Return the figures of performance and of fairness, small groups and figures under 10 outcomes left out."""
    return (*_of_rankings(documents), *_of_calibration(documents), *_of_groups(documents))


def _of_rankings(documents: RunDocuments) -> Iterator[CardFigure]:
    evaluation = documents.evaluation
    if evaluation is None:
        return
    ceiling = {} if documents.captures is None else documents.captures.shares_of_ceiling
    for ranking in evaluation.rankings:
        for name in OF_A_RANKING:
            yield from _kept(ranking.name, ranking.title, name, ranking.figure(name, evaluation.capacity))
        yield from _kept(ranking.name, ranking.title, "share_of_ceiling", ceiling.get(ranking.name))


def _of_calibration(documents: RunDocuments) -> Iterator[CardFigure]:
    evaluation = documents.evaluation
    if evaluation is None or evaluation.calibration is None:
        return
    model = evaluation.ranking(MODEL)
    title = "the model" if model is None else model.title
    for figure in (
        evaluation.calibration.slope,
        evaluation.calibration.intercept,
        evaluation.calibration.observed_over_expected,
    ):
        yield from _kept(MODEL, title, figure.name, figure)


def _kept(ranking: str, title: str, name: str, figure: Figure | None) -> Iterator[CardFigure]:
    if figure is not None and figure.value is not None and figure.events >= PUBLISH:
        yield CardFigure(id=f"performance/{ranking}/{name}", section="performance", of=title, figure=figure)


def _of_groups(documents: RunDocuments) -> Iterator[CardFigure]:
    if documents.fairness_public is not None:
        yield from figures_of_groups(documents.fairness_public)
        return
    report = documents.fairness
    if report is None:
        return
    least = report.policy.publish_at_least
    for characteristic in report.gated:
        hidden = withheld(characteristic.groups, least)
        for group, why_hidden in zip(characteristic.groups, hidden, strict=True):
            if why_hidden or too_small(group, least) or group.recall.value is None:
                continue
            yield CardFigure(
                id=f"fairness/{characteristic.name}/{group.code}/recall",
                section="fairness",
                of=f"{group.title} ({characteristic_words(characteristic)})",
                figure=group.recall,
            )
