"""What the audit says of alerts on both sides, and of how often an audit of its own sizes errs by chance."""

from __future__ import annotations

from model_cards.words import characteristic_words, share
from threat.release.documents.card import Value
from threat.release.documents.fairness import Fairness, Share
from threat.release.documents.fairness_policy import FigureName
from threat.release.documents.fairness_verdict import FairnessVerdict
from threat.release.evidence import RunDocuments

SIDES: dict[FigureName, str] = {
    "recall": "people at risk, on the list of those later harmed",
    "false_omission_rate": "people at risk, later harmed of those not listed",
    "precision": "subjects, followed by harm of those listed",
    "false_positive_rate": "subjects, listed of those without later harm",
}
"""The four figures of a group in words, each with the side whose interest it is."""

_WORSE = (FairnessVerdict.FAIL, FairnessVerdict.ALERT)


def alerts(report: Fairness | None) -> tuple[str, ...]:
    """Return a line for each group and figure that decides and fails or alerts, fails first.

    A name and a verdict give no count away, so small groups are named too.
    """
    if report is None:
        return ()
    return tuple(
        f"{verdict.words}: {group.title} ({characteristic_words(characteristic)}): {SIDES[cell.figure]}"
        for verdict in _WORSE
        for characteristic in report.gated
        for group in characteristic.groups
        for cell in group.compared
        if cell.gate and cell.verdict == verdict
    )


def alerts_field(documents: RunDocuments) -> Value | None:
    """Name every group that fails or alerts, with the side; None without an audit."""
    return None if documents.fairness is None else alerts(documents.fairness) or "None"


def own_errors(report: Fairness | None) -> str:
    """Say how often an audit of these sizes errs by chance alone, or that nothing was simulated."""
    rates = None if report is None else report.own_rates
    if rates is None:
        return "Not simulated: how often an audit of these sizes errs."
    return (
        f"Were every group treated alike, {_share(rates.false_fail)} of audits of these sizes would fail by chance and "
        f"{_share(rates.false_alert)} would fail or alert. Of groups treated at 0.6 of everybody else, at most "
        f"{_share(rates.false_pass)} would pass."
    )


def own_errors_field(documents: RunDocuments) -> Value | None:
    """Return how often an audit of these sizes errs by chance; None without an audit."""
    return None if documents.fairness is None else own_errors(documents.fairness)


def _share(simulated: Share) -> str:
    low, high = simulated.interval
    return f"{share(simulated.value)} ({share(low)} to {share(high)})"
