"""What the evidence says of performance, fairness and release: the part of the card's facts that are figures."""

from __future__ import annotations

from model_cards import published_audit
from model_cards.tested import how_tested
from model_cards.words import (
    PUBLISH,
    characteristic_words,
    figure_words,
    number,
    share,
    table,
    too_small,
    withheld,
)
from threat.characteristics import PARTY_TITLES
from threat.measuring.counts import caught, counts_in_words, hidden, percent, plural
from threat.measuring.figure import Figure
from threat.measuring.titles import TITLES, title_of_difference
from threat.release.documents.card import Value
from threat.release.documents.comparison import PROMISE, VERDICT_WORDS, words_of
from threat.release.documents.evaluation import MODEL
from threat.release.documents.fairness import Fairness, GroupReport
from threat.release.documents.fairness_policy import FigureName
from threat.release.documents.fairness_verdict import FairnessVerdict
from threat.release.evidence import RunDocuments


def headline(documents: RunDocuments) -> Figure | None:
    """Return the model's recall at capacity, or None."""
    return None if documents.evaluation is None else documents.evaluation.headline


def compared(documents: RunDocuments) -> str:
    """Return what the comparison planned before the test found, in a sentence or two; empty without one."""
    comparison = None if documents.evaluation is None else documents.evaluation.comparison
    return "" if comparison is None else f"{comparison.lost} {comparison.in_short}".strip()


def worst_served(documents: RunDocuments) -> str:
    """Say in counts which group is treated worst among the characteristics that the verdict depends on."""
    if documents.fairness_public is not None:
        return published_audit.worst_served(documents.fairness_public)
    report = documents.fairness
    if report is None:
        return "Not audited."
    least = report.policy.publish_at_least
    compared = [
        (cell, group, characteristic, why)
        for characteristic in report.gated
        for group, why in zip(characteristic.groups, withheld(characteristic.groups, least), strict=True)
        if (cell := group.worst) is not None and cell.ratio is not None and not too_small(group, least)
    ]
    verdict = f"Fairness verdict: {report.verdict.words.lower()}."
    if failed := _hidden_fails(report):
        verdict += f" Treated worse than the line allows, on counts too small to show: {', '.join(failed)}."
    if not compared:
        return f"{verdict} No group large enough to publish could be compared with another."
    cell, group, characteristic, why_hidden = max(compared, key=lambda entry: entry[0].p_beyond or 0.0)
    # A ratio alone gives no other group away; counts of a group withheld for another's sake would.
    counts = "" if why_hidden else f"{caught(group.captured, group.events)} later harmed were on the list, "
    return (
        f"{verdict} Treated worst among groups large enough to publish: {group.title} "
        f"({characteristic_words(characteristic)}): {counts}{_FIGURE_WORDS[cell.figure]} {cell.ratio:.2f} of everybody "
        f"else's ({group.verdict.words.lower()})."
    )


_FIGURE_WORDS: dict[FigureName, str] = {
    "recall": "the share on the list",
    "false_omission_rate": "the share missed among those not listed",
    "precision": "the share of those listed with an outcome",
    "false_positive_rate": "the share listed among those without an outcome",
}
"""What a group is compared by, in running text."""


def rankings_field(documents: RunDocuments) -> Value | None:
    """Return every ranking on the same rows; rankings that order the rows alike are one line, which says so."""
    evaluation = documents.evaluation
    if evaluation is None:
        return None
    names = (
        "recall_at_capacity", "in_cohort_recall", "coverage", "mean_recall", "precision_at_capacity",
        "lift_at_capacity", "auc",
    )  # fmt: skip
    ceiling = {} if documents.captures is None else documents.captures.shares_of_ceiling
    rows = []
    for line in evaluation.lines:
        figures = [figure_words(line.row.figure(name, evaluation.capacity)) for name in names]
        reached = [figure_words(ceiling.get(line.row.name))] if ceiling else []
        rows.append([line.title, *figures, *reached])
    of_ceiling = ["Expected captures, of what the records-only ceiling reaches"] if ceiling else []
    return table(["Ranking", *(TITLES[name] for name in names), *of_ceiling], rows)


def comparison_field(documents: RunDocuments) -> Value | None:
    """Return the comparison planned before the test was opened: its terms and power first, then each verdict."""
    evaluation = documents.evaluation
    if evaluation is None or evaluation.comparison is None:
        return None
    lines = [evaluation.comparison.terms]
    for line in evaluation.compared_lines:
        ranking = line.row
        detectable = "" if ranking.power is None else f"; {ranking.power.detectable:.3f} would be found at 80% power"
        lines.append(f"{line.title}: {VERDICT_WORDS[ranking.verdict]}; {words_of(ranking)}{detectable}")
    return (*lines, PROMISE)


def validation_bar_field(documents: RunDocuments) -> Value | None:
    """Return how the model did on validation against the better of what else was fitted; withheld under 10 rows."""
    bar = None if documents.choices is None else documents.choices.bar
    if bar is None:
        return None
    if bar.difference.events < PUBLISH:
        return f"withheld (under {PUBLISH} rows with an outcome)"
    return (bar.sentence, bar.how_to_read)


def differences_field(documents: RunDocuments) -> Value | None:
    """Return the model minus each other ranking, paired."""
    if documents.evaluation is None:
        return None
    names = ("recall_difference", "auc_difference")
    rows = [
        [line.title, *(figure_words(line.row.figure(name), signed=True) for name in names)]
        for line in documents.evaluation.lines
        if line.row.figure(names[0]) is not None
    ]
    return table(["Ranking", *(title_of_difference(name) for name in ("recall_at_capacity", "auc"))], rows)


def calibration_field(documents: RunDocuments) -> Value | None:
    """Return slope, intercept, observed over expected and whether probabilities are shown; or why there is none."""
    if documents.evaluation is None:
        return None
    if documents.evaluation.calibration is None:
        return documents.evaluation.no_probability or None
    calibration, gate = documents.evaluation.calibration, documents.gate
    figures = (calibration.slope, calibration.intercept, calibration.observed_over_expected)
    lines = [f"{figure.title}: {figure_words(figure)}" for figure in figures]
    if gate is not None:
        shown = "are shown" if gate.show_probability else "are not shown, only ranks"
        lines.append(f"Under the gate's policy, probabilities {shown}.")
    return tuple(lines)


def freshness_field(documents: RunDocuments) -> Value | None:
    """Return the model's figures by time since the last incident; under 10 outcomes they are withheld.

    Where the bands withheld have few outcomes together, the next smallest is withheld with them: what they have
    together is the total less the others.
    """
    if documents.evaluation is None:
        return None
    bands = documents.evaluation.freshness
    hide = hidden([band.events for band in bands])
    counts = counts_in_words([band.n for band in bands])
    rows = []
    for band, unsaid, count in zip(bands, hide, counts, strict=True):
        for figure in band.figures:
            if figure.slice.get("ranking") == MODEL:
                few = unsaid or figure.events < PUBLISH
                words = f"withheld (under {PUBLISH} outcomes, or next to such a band)" if few else figure_words(figure)
                rows.append([band.band, figure.title, count, words])
    return table(["Last incident", "Figure", "Rows", "Value"], rows)


def warnings_field(documents: RunDocuments) -> Value | None:
    """Return what the evaluation warns of."""
    return None if documents.evaluation is None else documents.evaluation.warnings or ("None",)


def verdict_field(documents: RunDocuments) -> Value | None:
    """Return the fairness verdict and its notes."""
    report = documents.audit
    return None if report is None else (f"{report.verdict.words}, under policy {report.policy.version}", *report.notes)


def by_group_field(documents: RunDocuments) -> Value | None:
    """Return in counts who was on the list, of every group whose counts may be shown; see ``not_shown_field``."""
    if documents.fairness_public is not None:
        return published_audit.by_group_field(documents.fairness_public)
    report = documents.fairness
    if report is None:
        return None
    rows = []
    for characteristic in report.gated:
        unsaid = withheld(characteristic.groups, report.policy.publish_at_least)
        for group, why_hidden in zip(characteristic.groups, unsaid, strict=True):
            if not why_hidden:
                rows.append(
                    [
                        characteristic_words(characteristic),
                        group.title,
                        caught(group.captured, group.events),
                        percent(group.recall),
                        *(_over_others(group, name) for name in _SHOWN_FIGURES),
                        group.verdict.words,
                    ]
                )
    heads = ("Characteristic", "Group", "On the list, of those later harmed", "Share", "Over everybody else's")
    return table([*heads, "Precision over everybody else's", "Verdict"], rows) or "No group is large enough to publish"


_SHOWN_FIGURES: tuple[FigureName, ...] = ("recall", "precision")
"""One figure of either side: what the list does for people at risk, and what it costs its subjects."""


def _over_others(group: GroupReport, name: FigureName) -> str:
    cell = group.of(name)
    return "" if cell is None or cell.ratio is None else f"{cell.ratio:.2f}"


def not_shown_field(documents: RunDocuments) -> Value | None:
    """Say of how many groups the counts are not shown and why, and which of the groups fail all the same."""
    if documents.fairness_public is not None:
        return published_audit.not_shown_field(documents.fairness_public)
    report = documents.fairness
    if report is None:
        return None
    least = report.policy.publish_at_least
    not_shown = [
        (characteristic, group, why)
        for characteristic in report.gated
        for group, why in zip(characteristic.groups, withheld(characteristic.groups, least), strict=True)
        if why
    ]
    if not not_shown:
        return "None"
    small = sum(too_small(group, least) for _, group, _ in not_shown)
    groups = sum(len(characteristic.groups) for characteristic in report.gated)
    lines = [
        f"{plural(len(not_shown), 'group')} of {groups}. Of {small} the rows, those later harmed, or those caught or "
        f"missed are fewer than {least}; {len(not_shown) - small} would give a smaller group away. A group that is not "
        "shown is not said to pass."
    ]
    return (*lines, *(f"Treated worse than the line allows: {name}" for name in _hidden_fails(report)))


def _hidden_fails(report: Fairness) -> list[str]:
    """Name the groups that fail and whose counts may not be shown: the fail is said all the same."""
    return [
        f"{group.title} ({characteristic_words(characteristic)})"
        for characteristic in report.gated
        for group, why in zip(
            characteristic.groups, withheld(characteristic.groups, report.policy.publish_at_least), strict=True
        )
        if why and group.verdict == FairnessVerdict.FAIL
    ]


def coverage_field(documents: RunDocuments) -> Value | None:
    """Return the nine protected characteristics for both parties."""
    if documents.audit is None:
        return None
    report, rows = documents.audit, []
    for entry in report.coverage:
        state, verdict, why = how_tested(entry, report)
        rows.append([entry.characteristic.replace("_", " "), PARTY_TITLES[entry.party], state, verdict, why])
    return table(["Characteristic", "Of the", "Tested", "Verdict", "Why"], rows)


def others_field(documents: RunDocuments) -> Value | None:
    """Return the fairness verdicts of the other rankings."""
    if documents.audit is None:
        return None
    evaluation = documents.evaluation
    rows = []
    for other in documents.audit.others:
        recall = None if evaluation is None else evaluation.figure(other.ranking, "recall_at_capacity")
        rows.append([other.title, other.verdict.words, figure_words(recall)])
    return table(["Ranking", "Fairness verdict", TITLES["recall_at_capacity"]], rows)


def fidelity_field(documents: RunDocuments) -> Value | None:
    """Say whether contributions sum to the score."""
    if documents.checks is None:
        return None
    check = documents.checks.contributions_sum
    word = "sum" if check.holds else "DO NOT sum"
    return (
        f"The contributions {word} to the score on {number(check.rows)} checked rows (largest difference "
        f"{check.largest_difference:.1g}, at most {check.threshold:.0e} allowed), and on every response"
    )


def added_harm_field(documents: RunDocuments) -> Value | None:
    """Say how often one recorded harm more lowered a score."""
    if documents.checks is None or documents.checks.added_harm.share is None:
        return None
    harm = documents.checks.added_harm
    sentence = (
        f"One recorded harm more lowered {number(harm.fell)} of {number(harm.scores)} scores "
        f"({share(harm.fell / harm.scores)})"
    )
    worst = harm.worst
    if worst is None:  # a RUN of before kinds were counted apart
        return f"{sentence}; kinds: {', '.join(harm.kinds_that_fell) or 'none'}"
    if not worst.fell:
        return f"{sentence}: none of {len(harm.kinds)} kinds of harm, a day before the as-of, lowered a score"
    causes = ", ".join(cause.feature for cause in worst.causes)
    return (
        f"{sentence}; most often {worst.kind}, which lowered {share(worst.fell / worst.rows)} of scores, by "
        f"{worst.largest_fall:.2f} log odds at most, through {causes}"
    )


def acceptances_field(documents: RunDocuments) -> Value | None:
    """Return the acceptances in force, with their expiry."""
    if documents.gate is None:
        return None
    rows = [
        [
            check.title,
            acceptance.about,
            f"{acceptance.by} ({acceptance.role})",
            acceptance.reason,
            acceptance.controls or "nothing",
            acceptance.expires.isoformat(),
        ]
        for check in documents.gate.checks
        for acceptance in check.accepted
    ]
    return table(["Check", "What", "By", "Why", "Instead", "Expires"], rows) or "None"


def gate_field(documents: RunDocuments) -> Value | None:
    """Return every check of the gate."""
    gate = documents.gate
    if gate is None:
        return None
    mark = " DEMONSTRATION: signed by nobody, valid nowhere else." if gate.environment == "demonstration" else ""
    rows = [[check.title, "yes" if check.required else "no", check.words, check.reason + mark] for check in gate.checks]
    return table(["Check", f"Required for {gate.to}", "Verdict", "Why"], rows)


def approvals_field(documents: RunDocuments) -> Value | None:
    """Return who approved, until when and on which conditions."""
    if documents.gate is None:
        return None
    rows = [
        [
            approval.by,
            approval.role,
            approval.on.isoformat(),
            "no last day" if approval.expires is None else approval.expires.isoformat(),
            approval.environment,
            "; ".join(approval.conditions) or "none",
        ]
        for approval in documents.gate.approvals
    ]
    return table(["By", "Role", "On", "Until", "Environment", "Conditions"], rows) or "None"
