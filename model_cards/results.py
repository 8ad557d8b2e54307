"""What the evidence says of performance, fairness and release: the part of the card's facts that are figures."""

from __future__ import annotations

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
from threat.measuring.figure import Figure
from threat.measuring.titles import TITLES, title_of_difference
from threat.release.documents.card import Value
from threat.release.documents.evaluation import MODEL
from threat.release.evidence import RunDocuments


def headline(documents: RunDocuments) -> Figure | None:
    """Return the model's recall at capacity, or None."""
    return None if documents.evaluation is None else documents.evaluation.headline


def worst_served(documents: RunDocuments) -> str:
    """Say which group has the lowest ratio among the characteristics that the verdict depends on."""
    report = documents.fairness
    if report is None:
        return "Not audited."
    least = report.policy.publish_at_least
    compared = [
        (group.ratio, group, characteristic)
        for characteristic in report.gated
        for group in characteristic.groups
        if group.ratio is not None and not too_small(group, least)  # a ratio alone gives no other group away
    ]
    verdict = f"Fairness verdict: {report.verdict.words.lower()}."
    if not compared:
        return f"{verdict} No group could be compared with another."
    ratio, group, characteristic = min(compared, key=lambda entry: entry[0])
    return (
        f"{verdict} Lowest among groups large enough to publish: {group.title} "
        f"({characteristic_words(characteristic)}), whose recall is {ratio:.2f} of the best-served group's "
        f"({group.verdict.words.lower()})."
    )


def rankings_field(documents: RunDocuments) -> Value | None:
    """Return every ranking on the same rows."""
    evaluation = documents.evaluation
    if evaluation is None:
        return None
    names = ("recall_at_capacity", "mean_recall", "precision_at_capacity", "lift_at_capacity", "auc")
    rows = [
        [ranking.title, *(figure_words(ranking.figure(name, evaluation.capacity)) for name in names)]
        for ranking in evaluation.rankings
    ]
    return table(["Ranking", *(TITLES[name] for name in names)], rows)


def differences_field(documents: RunDocuments) -> Value | None:
    """Return the model minus each other ranking, paired."""
    if documents.evaluation is None:
        return None
    names = ("recall_difference", "auc_difference")
    rows = [
        [ranking.title, *(figure_words(ranking.figure(name), signed=True) for name in names)]
        for ranking in documents.evaluation.rankings
        if ranking.figure(names[0]) is not None
    ]
    return table(["Ranking", *(title_of_difference(name) for name in ("recall_at_capacity", "auc"))], rows)


def calibration_field(documents: RunDocuments) -> Value | None:
    """Return slope, intercept and observed over expected, and whether probabilities are shown."""
    if documents.evaluation is None or documents.evaluation.calibration is None:
        return None
    calibration, gate = documents.evaluation.calibration, documents.gate
    figures = (calibration.slope, calibration.intercept, calibration.observed_over_expected)
    lines = [f"{figure.title}: {figure_words(figure)}" for figure in figures]
    if gate is not None:
        shown = "are shown" if gate.show_probability else "are not shown, only ranks"
        lines.append(f"Under the gate's policy, probabilities {shown}.")
    return tuple(lines)


def freshness_field(documents: RunDocuments) -> Value | None:
    """Return the model's figures by time since the last incident; under 10 outcomes they are withheld."""
    if documents.evaluation is None:
        return None
    rows = []
    for band in documents.evaluation.freshness:
        for figure in band.figures:
            if figure.slice.get("ranking") == MODEL:
                words = figure_words(figure) if figure.events >= PUBLISH else f"withheld (under {PUBLISH} outcomes)"
                rows.append([band.band, figure.title, number(figure.n), words])
    return table(["Last incident", "Figure", "Rows", "Value"], rows)


def warnings_field(documents: RunDocuments) -> Value | None:
    """Return what the evaluation warns of."""
    return None if documents.evaluation is None else documents.evaluation.warnings or ("None",)


def verdict_field(documents: RunDocuments) -> Value | None:
    """Return the fairness verdict and its notes."""
    report = documents.fairness
    return None if report is None else (f"{report.verdict.words}, under policy {report.policy.version}", *report.notes)


def by_group_field(documents: RunDocuments) -> Value | None:
    """Return the groups that the verdict depends on; small groups withheld, and what would give them away."""
    report = documents.fairness
    if report is None:
        return None
    rows = []
    for characteristic in report.gated:
        hidden = withheld(characteristic.groups, report.policy.publish_at_least)
        for group, why_hidden in zip(characteristic.groups, hidden, strict=True):
            ratio = "" if group.ratio is None else f"{group.ratio:.2f}"
            rows.append(
                [
                    characteristic_words(characteristic),
                    group.title,
                    why_hidden or number(group.n),
                    why_hidden or number(group.events),
                    why_hidden or figure_words(group.recall),
                    why_hidden or ratio,
                    group.verdict.words,
                ]
            )
    return table(["Characteristic", "Group", "Rows", "Events", "Recall", "Ratio", "Verdict"], rows)


def coverage_field(documents: RunDocuments) -> Value | None:
    """Return the nine protected characteristics for both parties."""
    if documents.fairness is None:
        return None
    rows = [
        [
            coverage.characteristic.replace("_", " "),
            PARTY_TITLES[coverage.party],
            coverage.state.replace("_", " "),
            coverage.reason,
        ]
        for coverage in documents.fairness.coverage
    ]
    return table(["Characteristic", "Of the", "State", "Why"], rows)


def others_field(documents: RunDocuments) -> Value | None:
    """Return the fairness verdicts of the other rankings."""
    if documents.fairness is None:
        return None
    rows = [[other.title, other.verdict.words, figure_words(other.recall)] for other in documents.fairness.others]
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
    kinds = ", ".join(harm.kinds_that_fell) or "none"
    return (
        f"One recorded harm more lowered {number(harm.fell)} of {number(harm.scores)} scores "
        f"({share(harm.fell / harm.scores)}); kinds: {kinds}"
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
            acceptance.expires.isoformat(),
        ]
        for check in documents.gate.checks
        for acceptance in check.accepted
    ]
    return table(["Check", "What", "By", "Why", "Expires"], rows) or "None"


def gate_field(documents: RunDocuments) -> Value | None:
    """Return every check of the gate."""
    gate = documents.gate
    if gate is None:
        return None
    mark = " DEMONSTRATION: signed by nobody, valid nowhere else." if gate.environment == "demonstration" else ""
    rows = [
        [check.title, "yes" if check.required else "no", check.verdict.words, check.reason + mark]
        for check in gate.checks
    ]
    return table(["Check", f"Required for {gate.to}", "Verdict", "Why"], rows)


def approvals_field(documents: RunDocuments) -> Value | None:
    """Return who approved."""
    if documents.gate is None:
        return None
    rows = [
        [approval.by, approval.role, approval.on.isoformat(), approval.environment]
        for approval in documents.gate.approvals
    ]
    return table(["By", "Role", "On", "Environment"], rows) or "None"
