"""The audit of decisions on a terminal."""

from __future__ import annotations

from threat.characteristics import title_of
from threat.measuring.counts import caught, plural
from threat.release.documents.decisions_audit import DecisionsAudit, GapChange
from threat.release.documents.fairness import Fairness

NONE_YET = (
    "No decisions are recorded yet: there is nothing to audit but the list.\n"
    "  The table has one row a case considered for a list: list_as_of, relationship, listed (1 or 0), taken (1 or 0)."
)
"""What the command says while nobody has decided anything on record."""

_EFFECTS = {"narrows": "Nearer to equal", "widens": "Further from equal", "not_enough_evidence": "Not enough evidence"}


def decisions_screen(report: DecisionsAudit) -> str:
    """Return the three verdicts, and what the decisions change group by group."""
    unknown = report.unknown_outcomes
    lines = [f"{plural(report.decisions, 'decision')} on record; the outcome of {unknown} is not known yet."]
    lines += [_verdict(audit) for audit in (report.model, report.person, report.both) if audit is not None]
    lines += ["", "What the decisions change, next to the list:"]
    lines += [_changed(change) for change in report.changes]
    return "\n".join([*lines, "For governance inside the force: it holds small counts. Who decided is not in it."])


def _verdict(audit: Fairness) -> str:
    overall = audit.overall
    share = "nobody was later harmed"
    if overall.recall.value is not None:
        share = f"{caught(overall.recall.value * overall.events, overall.events)} later harmed"
    return f"  {audit.title[0].upper()}{audit.title[1:]}: {audit.verdict.words}; {share}."


def _changed(change: GapChange) -> str:
    name = title_of(change.characteristic, change.party)
    counts = f"of {change.events} later harmed {change.listed:g} listed, {change.taken:g} taken up"
    ratio = ""
    if change.change is not None and change.change_interval is not None:
        low, high = change.change_interval
        ratio = f"; share next to others' times {change.change:.2f} ({low:.2f} to {high:.2f})"
    return f"  {change.title} ({name}): {_EFFECTS[change.effect]}; {counts}{ratio}."
