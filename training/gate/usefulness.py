"""The rule on usefulness: not inferior to the best of the other rankings, and better than what officers have today."""

from __future__ import annotations

from threat.measuring.figure import Figure, Verdict
from threat.measuring.intervals import ENOUGH_TO_RESAMPLE
from threat.release.documents.evaluation import MODEL, Evaluation, RankingFigures
from threat.release.documents.gate import Fact
from threat.release.documents.gate_policy import Numbers
from training.gate.view import FAIL, NOT_ENOUGH, PASS, Finding, View

MEASURE = "mean_recall_difference"
"""Recall averaged over the ladder of lengths: a single length decides by the luck of the places around its cut."""


def usefulness(view: View) -> Finding:
    """Check that the model is not inferior to any other ranking, and superior to officer grade or to recency.

    Not inferior to each is not inferior to the best, without choosing the best by its luck on this test.
    """
    evaluation, numbers = view.documents.evaluation, view.policy.numbers
    if evaluation is None:
        return Finding(NOT_ENOUGH, "the RUN has no evaluation")
    compared = _compared_with(evaluation, numbers)
    if not compared:
        return Finding(NOT_ENOUGH, "compared with no simple rule")
    margin = numbers.not_inferior_by or 0.0
    figures = tuple(figure for ranking in compared if (figure := ranking.figure(MEASURE)) is not None)
    inferior = {ranking.title: _not_inferior(ranking, evaluation, margin) for ranking in compared}
    superior = [
        ranking for ranking in compared if ranking.name in numbers.superior_to and _superior(ranking, evaluation)
    ]
    worst = Verdict.all_of(verdict for verdict, _ in inferior.values())
    facts: dict[str, Fact] = {
        "margin": margin,
        "not_inferior_to": tuple(title for title, (verdict, _) in inferior.items() if verdict == PASS),
        "superior_to": tuple(ranking.title for ranking in superior),
    }
    undecided = [f"{title} {words}" for title, (verdict, words) in inferior.items() if verdict != PASS]
    if undecided:
        reason = f"mean recall over the lengths of list, model minus ranking, margin {margin:g}: {'; '.join(undecided)}"
        return Finding(worst, reason, facts, figures)
    whole = f"not inferior to any of {len(compared)} rankings in mean recall, margin {margin:g}"
    if not superior:
        return Finding(
            NOT_ENOUGH, f"{whole}; not shown to be better than {_wanted(evaluation, numbers)}", facts, figures
        )
    titles = " and ".join(f"{ranking.title} {_words(ranking)}" for ranking in superior)
    return Finding(PASS, f"{whole}; better than {titles}", facts, figures)


def _compared_with(evaluation: Evaluation, numbers: Numbers) -> list[RankingFigures]:
    """Return the rankings that the model is compared with: every rule, and the regression."""
    return [
        ranking
        for ranking in evaluation.rankings
        if ranking.name.startswith(numbers.comparators) or ranking.name == numbers.regression
    ]


def _not_inferior(ranking: RankingFigures, evaluation: Evaluation, margin: float) -> tuple[Verdict, str]:
    """Return the verdict on one ranking, and why in words: the whole interval above minus the margin passes."""
    difference = ranking.figure(MEASURE)
    if difference is None or difference.value is None or difference.interval is None:
        return NOT_ENOUGH, "no paired difference"
    if _few(ranking, evaluation):
        return NOT_ENOUGH, f"neither caught {ENOUGH_TO_RESAMPLE} outcomes"
    low, high = difference.interval
    return PASS if low > -margin else FAIL if high < -margin else NOT_ENOUGH, _words(ranking)


def _superior(ranking: RankingFigures, evaluation: Evaluation) -> bool:
    """Tell whether the whole interval of the difference is above 0, on enough outcomes to resample."""
    difference = ranking.figure(MEASURE)
    interval = None if difference is None else difference.interval
    return interval is not None and interval[0] > 0 and not _few(ranking, evaluation)


def _few(ranking: RankingFigures, evaluation: Evaluation) -> bool:
    """Tell whether neither the model nor the ranking caught ten outcomes: then nearly all draws show no difference."""
    caught = [_caught(evaluation.figure(name, "mean_recall")) for name in (MODEL, ranking.name)]
    measured = [events for events in caught if events is not None]
    return bool(measured) and max(measured) < ENOUGH_TO_RESAMPLE


def _caught(recall: Figure | None) -> float | None:
    return None if recall is None or recall.value is None else recall.value * recall.events


def _words(ranking: RankingFigures) -> str:
    difference = ranking.figure(MEASURE)
    if difference is None or difference.value is None or difference.interval is None:
        return "no paired difference"
    low, high = difference.interval
    return f"{difference.value:+.3f} ({low:+.3f} to {high:+.3f})"


def _wanted(evaluation: Evaluation, numbers: Numbers) -> str:
    """Return, in words, the rankings of which the model must be better than one."""
    titles = []
    for name in numbers.superior_to:
        ranking = evaluation.ranking(name)
        titles.append(f"{name} (not measured)" if ranking is None else f"{ranking.title} {_words(ranking)}")
    return " or ".join(titles)
