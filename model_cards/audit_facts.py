"""What the audit says of alerts on both sides, and of how often an audit of its own sizes errs by chance."""

from __future__ import annotations

from typing import cast

from model_cards.words import characteristic_words
from threat.characteristics import title_of
from threat.measuring.counts import plural
from threat.release.documents.card import Value
from threat.release.documents.fairness import Fairness, Share
from threat.release.documents.fairness_policy import FigureName, Party
from threat.release.documents.fairness_public import PublicFairness
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


Audit = Fairness | PublicFairness


def alerts(report: Audit | None) -> tuple[str, ...]:
    """Return a line for each group and figure that decides and fails or alerts, fails first.

    A name and a verdict give no count away, so small groups are named too.
    """
    if report is None:
        return ()
    if isinstance(report, PublicFairness):
        return tuple(
            f"{cell.verdict.words}: {cell.group} ({title_of(cell.characteristic, cell.party)}): {SIDES[cell.figure]}"
            for cell in report.worse
        )
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
    return None if documents.audit is None else alerts(documents.audit) or "None"


def faults(report: Audit | None) -> tuple[str, ...]:
    """Return a line for each fault that the audit found unasked, without its counts: they may be of a small group."""
    if report is None:
        return ()
    return tuple(
        f"{fault.kind[0].upper()}{fault.kind[1:]}{_cell_words(fault.cell)}: {fault.way_out}" for fault in report.faults
    )


def _cell_words(cell: str) -> str:
    party, _, characteristic = cell.partition("/")
    return f" ({title_of(characteristic, cast(Party, party))})" if cell else ""


def faults_field(documents: RunDocuments) -> Value | None:
    """Name every fault that the audit found unasked; None without an audit."""
    if documents.audit is None:
        return None
    lines = faults(documents.audit)
    if not lines:
        return "None"
    return ("With any of these nothing passes; the counts are in fairness.json, inside the force", *lines)


def own_errors(report: Audit | None) -> str:
    """Say what the alerts amount to next to chance and how often an audit of these sizes errs, as far as simulated."""
    return " ".join(said for said in (_next_to_chance(report), _errors(report)) if said)


def _next_to_chance(report: Audit | None) -> str:
    said = None if report is None else report.alerts
    if said is None:
        return ""
    by_chance = round(said.by_chance)
    figures = (
        f"{said.alerting} of {plural(said.cells, 'group figure')} {'looks' if said.alerting == 1 else 'look'} worse "
        "than the line; a ranking that treats every group alike has "
        f"{f'about {by_chance}' if by_chance else 'fewer than one'} on average."
    )
    if not said.alerting:
        return figures
    more = "more" if said.beyond_chance else "no more"
    return f"{figures} As evidence, taken together, they weigh {more} than what chance gives."


def _errors(report: Audit | None) -> str:
    rates = None if report is None else report.own_rates
    if rates is None:
        return "Not simulated: how often an audit of these sizes errs."
    return (
        f"Were every group treated alike, {_percent(rates.false_fail)} of {rates.draws:,} simulated audits of these "
        f"sizes fail by chance, {_percent(rates.false_alert)} fail or alert, and {_percent(rates.any_alert)} have a "
        f"group that alerts. Of groups treated at 0.6 of everybody else, {_percent(rates.false_pass)} pass by the "
        "figure by which most do."
    )


def own_errors_field(documents: RunDocuments) -> Value | None:
    """Return how often an audit of these sizes errs by chance; None without an audit."""
    return None if documents.audit is None else own_errors(documents.audit)


def _percent(simulated: Share | int) -> str:
    """A simulated share in whole percents: its digits would tell the exact sizes of groups that are withheld."""
    percent = simulated if isinstance(simulated, int) else round(100 * simulated.value)
    return f"about {percent}%" if percent else "under 1%"
