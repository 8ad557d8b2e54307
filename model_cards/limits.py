"""The limits of a card, what it cannot see, and what is done about each risk."""

from __future__ import annotations

from model_cards import results
from model_cards.words import PUBLISH, number, share, table
from threat.measuring.figure import Verdict
from threat.release.documents.card import Value
from threat.release.documents.evaluation import MODEL
from threat.release.evidence import RunDocuments

_ABSENCE = (
    "Not being on the list says nothing about safety: 55% of deadly cases in a Thames Valley study (Thornton 2017) and "
    "37% in a Dorset one (Chalkley and Strang 2017) had no police contact recorded with the person at risk beforehand."
)
_RECORDED = (
    "It learns from what was recorded. Where harm is reported or recorded less, for one group or one place, it ranks "
    "that group or place lower, and no figure here can show it."
)
_USUAL_POLICING = (
    "Past policing changed past outcomes; the figure assumes usual policing, and this card cannot test that."
)
_CAUSES = "It cannot see what nobody recorded about the two people, and it does not say what causes violence."


def limits(documents: RunDocuments) -> list[str]:
    """Return the limits, the gravest first: at least three, always."""
    out = [_ABSENCE]
    comparison = None if documents.evaluation is None else documents.evaluation.comparison
    if comparison is not None and comparison.lost:
        out.insert(0, f"{comparison.lost} The regression is simpler: release that instead.")
    recall = results.headline(documents)
    if recall is not None and recall.value is not None:
        out.append(
            f"At this length of list {1 - recall.value:.0%} of the {recall.events:,} recorded outcomes of the test "
            "happened to people who were not on it."
        )
    out.append(_RECORDED)
    if documents.audit is not None and documents.audit.verdict != Verdict.PASS:
        out.append(results.worst_served(documents))
    harm = None if documents.checks is None else documents.checks.added_harm
    if harm is not None and harm.share:
        out.append(
            f"One recorded harm more lowers {share(harm.share)} of the scores tested, because features without a fixed "
            "direction move with it."
        )
    out.append(_USUAL_POLICING)
    return out + list(() if documents.evaluation is None else documents.evaluation.warnings)


def cannot_see(documents: RunDocuments) -> tuple[str, ...]:
    """Return what no figure of the card can see, in sentences."""
    out = [_ABSENCE, _RECORDED]
    evaluation = documents.evaluation
    coverage = None if evaluation is None else evaluation.figure(MODEL, "coverage")
    if coverage is not None and coverage.value is not None and coverage.events >= PUBLISH:
        out.append(
            f"Of {number(coverage.events)} recorded outcomes of the test, {1 - coverage.value:.0%} happened to people "
            "who were not ranked at all: no list of any length could have held them."
        )
    return (*out, _USUAL_POLICING, _CAUSES)


def mitigations_field(documents: RunDocuments) -> Value | None:
    """Return the risks that every release has, and what the product and its process do about each."""
    return table(["Risk", "What may happen", "What is done about it"], _RISKS)


_RISKS = (
    (
        "Absence taken for safety",
        "Somebody who is not on the list, or low on it, is given less attention because of that",
        "The desk, this card and every export of it say that not being on the list is no sign of safety",
    ),
    (
        "Harm that was not recorded",
        "A group or a place whose harm is reported or recorded less is ranked lower",
        "The audit compares groups, and people of whom much and little is on record; what it could not test is said",
    ),
    (
        "The rank followed without reading",
        "A reviewer takes the place on the list for a finding",
        "Every reason is shown with the records behind it; the tool refers nobody and records no decision by itself",
    ),
    (
        "One group served worse",
        "Of those later harmed, fewer of one group were on the list",
        "The gate refuses a model that fails a group; where there is not enough evidence two people must accept that "
        "by name, for 90 days at most",
    ),
    (
        "Policing changes what is learnt",
        "A plan that worked leaves no outcome, and the next model learns the wrong thing from that",
        "Figures assume usual policing and say so; the unit's plans on record are counted in this card",
    ),
    (
        "A changed model or list",
        "Somebody changes the model to hide or to raise a relationship",
        "What does not verify is not served; a simple rule orders the list in its place, and the desk says so",
    ),
)
