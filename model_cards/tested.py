"""Whether a protected characteristic was tested: only where the audit could judge a group of it."""

from __future__ import annotations

from model_cards.audit_facts import Audit
from model_cards.words import characteristic_words
from threat.measuring.counts import plural
from threat.measuring.figure import Verdict
from threat.release.documents.fairness import CharacteristicReport, Coverage
from threat.release.documents.fairness_public import PublicCharacteristic

NOT_RECORDED = "Not recorded, so not tested"
NOT_TESTED = "Recorded, but too few to test"


def how_tested(entry: Coverage, report: Audit) -> tuple[str, str, str]:
    """Return whether a characteristic of one party was tested, the verdict, and why, in words.

    What is on record and of which no group could be judged was not tested. Of several groups, those that could be
    judged are counted: the rest of the people are in no verdict.
    """
    if entry.state == "not_recorded":
        return NOT_RECORDED, "None", entry.reason
    if entry.state == "proxy_only":
        return "Through a proxy only", "None of its own", entry.reason
    audited = _audited(entry, report)
    if audited is None:
        return NOT_TESTED, "None", entry.reason
    judged = sum(group.verdict != Verdict.NOT_ENOUGH for group in audited.groups)
    why = f"audited as {characteristic_words(audited)}: {audited.reason}"
    if not judged:
        return NOT_TESTED, audited.verdict.words, why
    groups = len(audited.groups)
    words = "Tested" if judged == groups else f"Tested in part: {judged} of {plural(groups, 'group')}"
    return words, audited.verdict.words, why


def _audited(entry: Coverage, report: Audit) -> CharacteristicReport | PublicCharacteristic | None:
    # Reports of before the name had a field of its own say it in their reason alone.
    name = entry.audited_as or entry.reason.removeprefix("audited as ")
    return next(
        (
            characteristic
            for characteristic in report.characteristics
            if (characteristic.party, characteristic.characteristic) == (entry.party, name)
        ),
        None,
    )
