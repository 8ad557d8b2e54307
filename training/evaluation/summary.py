"""Evaluations as text: a line for each ranking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from threat.measuring.counts import plural
from threat.measuring.figure import Figure
from threat.measuring.list_length import ListLength
from threat.release.documents.ablations import Ablations, HistoryAblation
from threat.release.documents.checks import LateKnown
from threat.release.documents.choices import Choices
from threat.release.documents.cohort import CohortAttrition
from threat.release.documents.comparison import PROMISE, VERDICT_WORDS, words_of
from threat.release.documents.decision_curve import NOTHING_ABOUT_SAFETY
from threat.release.documents.estimand import Estimand
from threat.release.documents.evaluation import MODEL, Calibration, Evaluation, RankingFigures
from threat.release.documents.settings import APPROACH_TITLES
from threat.release.documents.table_lines import TableLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Remarks:
    """What ``threat train`` and ``threat evaluate`` have to say besides the evaluation; None where not asked."""

    late_known: LateKnown | None = None
    choices: Choices | None = None
    cohort: CohortAttrition | None = None
    reproduced: bool | None = None
    mlflow: dict[str, Any] | None = None


def figure_words(figure: Figure | None, digits: int = 3) -> str:
    """``0.123 (0.100 to 0.150)``, or a dash for a figure that isn't there.

    >>> figure_words(None)
    '-'
    """
    if figure is None or figure.value is None:
        return "-"
    text = f"{figure.value:.{digits}f}"
    if figure.interval is not None:
        low, high = figure.interval
        text += f" ({low:.{digits}f} to {high:.{digits}f})"
    return text


def comparison_lines(evaluation: Evaluation) -> list[str]:
    """Write the planned comparison as text: its terms and its power first, then a line for each order of the rows."""
    if evaluation.comparison is None:
        return []
    lines = [evaluation.comparison.terms]
    for line in evaluation.compared_lines:
        ranking, power = line.row, line.row.power
        lines.append(
            f"  {VERDICT_WORDS[ranking.verdict]:<20} {ranking.title:<50} {words_of(ranking)}"
            + ("" if power is None else f"; found at 80% power: {power.detectable:.3f}")
            + (f"; {line.note}" if line.note else "")
        )
    return [*lines, PROMISE, ""]


def estimand_lines(estimand: Estimand) -> list[str]:
    """Write what was estimated as text: two sentences, then the table of ``threat.release.documents.estimand``."""
    rows = [
        *estimand.composition_rows(withhold=False),
        *estimand.exposure_rows(withhold=False),
        *estimand.blanking_rows(figure_words),
    ]
    width = max(len(name) for name, _ in rows)
    return [*estimand.sentences, *(f"  {name:<{width}}  {value}" for name, value in rows)]


def summary_lines(run: str, evaluation: Evaluation, remarks: Remarks) -> str:
    """Write an evaluation as text: question, cohort, a line for each ranking, and what to know before using it."""
    cohort, recall = evaluation.cohort, evaluation.headline
    comparison = evaluation.comparison
    lines = [] if comparison is None or not comparison.lost else [comparison.lost]
    lines += [
        f"RUN {run}",
        f"{evaluation.rung} within {evaluation.horizon_days} days; {cohort.n:,} rows of {cohort.subjects:,} "
        f"subjects on {cohort.lists} lists, {0 if recall is None else recall.events} outcome events; "
        f"lists of {ListLength(evaluation.capacity, evaluation.capacity_share).words}.",
        "",
    ]
    lines += comparison_lines(evaluation)
    lines.append(
        f"{'ranking':<50} {'recall at capacity':<26} {'in cohort':<10} {'coverage':<10} {'mean recall':<26} AUC"
    )
    lines += [_line(line, evaluation.capacity) for line in evaluation.lines]
    lines += [*calibration_lines(evaluation), *halves_lines(evaluation)]
    lines += _decision(evaluation)
    if evaluation.estimand is not None:
        lines += ["", *estimand_lines(evaluation.estimand), ""]
    lines += [f"Note: {warning}" for warning in evaluation.warnings]
    if choices := remarks.choices:
        lines.append(f"Of the ways to a model the lists of validation chose: {APPROACH_TITLES[choices.approach]}.")
        if choices.base is not None:
            lines.append(f"{choices.base.prior_words}.")
        lines += [] if choices.bar is None else [choices.bar.sentence, choices.bar.how_to_read]
        lines += [f"On the edge of what was tried: {warning}" for warning in choices.warnings]
    if late := remarks.late_known:
        lines.append(
            f"Known late: {late.events:,} events had happened before a test row's as-of and were known only after "
            f"it ({late.rows_with_any:,} of {late.rows:,} rows have any). No feature counts them."
        )
    if cohort_made := remarks.cohort:
        left_out, competing = cohort_made.test_left_out, cohort_made.competing_deaths
        lines.append(
            f"In no figure: {left_out.rows:,} rows on the lists whose outcome, or a death, was not on record yet; "
            f"{cohort_made.unseen_incidents:,} severe incidents that no rung counts, or only a lower one. "
            f"Deaths by another cause: {competing.rows:,} rows. cohort.json says why."
        )
        lines += _length_of_record(cohort_made)
    if remarks.reproduced:
        lines.append("The sealed figures came out again, to nine digits.")
    if remarks.mlflow:
        lines.append(f"MLflow: {remarks.mlflow.get('note') or remarks.mlflow.get('run_id')}")
    return "\n".join(lines)


def calibration_lines(evaluation: Evaluation) -> list[str]:
    """Write how far the model's probabilities can be taken at their word, or why there are none, as a line of text."""
    if evaluation.calibration is not None:
        return [f"Calibration of the model: {_calibrated(evaluation.calibration)}."]
    return [f"Calibration of the model: {evaluation.no_probability}"] if evaluation.no_probability else []


def halves_lines(evaluation: Evaluation) -> list[str]:
    """Write the model on each half of the test as text, in order of time; no lines for a test of a single list."""
    starts = {replayed.cycle: replayed.start[:10] for replayed in evaluation.replay}
    lines = []
    for half in evaluation.halves:
        first, last = (starts.get(half.cycles[end], "?") for end in (0, -1))
        recall, mean, area = (
            figure_words(half.figure(MODEL, name)) for name in ("recall_at_capacity", "mean_recall", "auc")
        )
        calibrated = "" if half.calibration is None else f"; {_calibrated(half.calibration)}"
        lines.append(
            f"{half.half.capitalize()} half of the test, lists of {first} to {last}, {half.events:,} outcome events: "
            f"model's recall at capacity {recall}, mean recall {mean}, AUC {area}{calibrated}."
        )
    return lines


def _calibrated(calibration: Calibration) -> str:
    return (
        f"slope {figure_words(calibration.slope, 2)}, observed over expected "
        f"{figure_words(calibration.observed_over_expected, 2)} (both 1 where the probabilities are right)"
    )


def ablation_lines(ablations: Ablations) -> list[str]:
    """Write ablations as text: a line for each group, the largest loss first, then one for each length of history."""
    return [
        f"Without a group of features, or older records, the lists on validation lose, of a mean recall of "
        f"{figure_words(ablations.mean_recall)} on {plural(ablations.mean_recall.events, 'row')} with an outcome "
        "(below 0 is a gain):",
        *(
            f"  {group.name.replace('_', ' '):<24} {plural(len(group.features), 'feature'):>12}  "
            f"{figure_words(group.lost)}"
            for group in ablations.groups
        ),
        *(f"  {f'last {history.months} months alone':<24} {_older(history)}" for history in ablations.history),
        f"Measured on {ablations.measured_on}.",
    ]


def _older(history: HistoryAblation) -> str:
    lost = history.lost.reason if history.lost.value is None else figure_words(history.lost)
    return f"{history.rows_with_older:,} of {history.rows:,} rows have older records  {lost}"


def _decision(evaluation: Evaluation) -> list[str]:
    """Say when the model's lists are worth more than reviewing nobody and everybody; nothing in a RUN of before."""
    worth = None if evaluation.decision is None else evaluation.decision.worth(MODEL)
    if worth is None:
        return []
    return [
        f"Decision curve: the model's lists of {worth.capacity:,} are worth more than reviewing nobody and everybody: "
        f"{worth.words}. {NOTHING_ABOUT_SAFETY}"
    ]


def _length_of_record(cohort: CohortAttrition) -> list[str]:
    """Say how many rows of the test are longer on record than nearly all fit rows; nothing where not known."""
    if cohort.drift is None or cohort.drift.length_of_record is None:
        return []
    record, drift = cohort.drift.length_of_record, cohort.drift
    return [
        f"Length of record: {record.beyond:,} of {record.test_rows:,} test rows are longer on record than 99% of the "
        f"fit rows; {drift.shifted} of {len(drift.features)} features that vary shifted by over {drift.least_shift:g} "
        f"standard deviations. cohort.json lists them."
    ]


def _line(line: TableLine[RankingFigures], capacity: int) -> str:
    ranking = line.row
    recall, mean, area = (
        figure_words(ranking.figure(name, capacity)) for name in ("recall_at_capacity", "mean_recall", "auc")
    )
    # Recall is the product of these two: a list cannot hold whom the cohort leaves out.
    inside, coverage = (
        figure_words(ranking.figure(name, capacity)).split(" ")[0] for name in ("in_cohort_recall", "coverage")
    )
    text = f"{ranking.title:<50} {recall:<26} {inside:<10} {coverage:<10} {mean:<26} {area}"
    return f"{text}; {line.note}" if line.note else text
