"""The comparison that was planned before the test was opened, read off the test's paired differences."""

from __future__ import annotations

from threat.measuring.intervals import ENOUGH_TO_RESAMPLE
from threat.measuring.power import standard_error_of
from threat.release.documents.comparison import ComparedRanking, Comparison, ComparisonPlan, verdict_of
from threat.release.documents.evaluation import MODEL, Measured
from threat.release.documents.settings import ComparisonSettings
from training.models.planned_comparison import power, title_of


def compare(measured: Measured, settings: ComparisonSettings, plan: ComparisonPlan | None) -> Comparison:
    """Return the verdict on each ranking of the settings, from the figures that the evaluation holds anyway.

    Where neither the model's lists nor the ranking's held ten outcomes, the interval is not read: of two rankings that
    catch one outcome each, nearly every replicate says that they differ by nothing.
    """
    mean_recall = measured.figure(MODEL, "mean_recall")
    return Comparison(
        version=settings.version,
        measure=settings.measure,
        margin=settings.margin,
        places=() if mean_recall is None else tuple(mean_recall.slice["capacities"]),
        events=0 if mean_recall is None else mean_recall.events,
        plan=plan,
        rankings=tuple(compared_ranking(measured, name, settings.margin) for name in settings.against),
    )


def compared_ranking(measured: Measured, name: str, margin: float) -> ComparedRanking:
    """Return the verdict on the model against one ranking that it was measured with, and the power of the test."""
    ranking = measured.ranking(name)
    difference = None if ranking is None else ranking.figure("mean_recall_difference")
    interval = None if difference is None else difference.interval
    few = difference is not None and max(_caught(measured, name), _caught(measured, MODEL)) < ENOUGH_TO_RESAMPLE
    return ComparedRanking(
        name=name,
        title=title_of(name) if ranking is None else ranking.title,
        difference=difference,
        verdict="not_enough_evidence" if few else verdict_of(difference, margin),
        power=None if interval is None or few else power(standard_error_of(interval), margin),
        reason=f"neither caught {ENOUGH_TO_RESAMPLE} outcomes" if few else "",
    )


def _caught(measured: Measured, name: str) -> float:
    """Outcome events that the lists of a ranking held, the mean over the ladder of lengths."""
    recall = measured.figure(name, "mean_recall")
    return 0.0 if recall is None or recall.value is None else recall.value * recall.events
