"""How things are at the date of the list, in fixed lines: custody, release, bail, orders, the plan, who is alive.

Each line is said always, so that nobody has to search the records, or to wonder what a missing line means. Nothing on
record is said as just that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from serving.desk.case.file import CaseFile
from serving.desk.list_view import ListView
from serving.desk.responses.now import NowLine, NowSentence
from serving.relationship.circumstances import Circumstance
from threat.asof import happened
from threat.dates import how_long_ago
from threat.history.sightings import NO_PERSON
from threat.ids import show_id
from threat.vocabulary import kinds

InForce = Literal["custody", "release_due", "bail", "order"]

TITLES: dict[InForce, str] = {
    "custody": "Custody or detention",
    "release_due": "Release due",
    "bail": "Bail and its conditions",
    "order": "Orders and their ends",
}
"""The lines that say what is in force, in the order shown; the plan and who is alive follow."""

NOTHING: dict[InForce, str] = {
    "custody": "No stay in custody or detention is on record as in force.",
    "release_due": "No release to come is on record.",
    "bail": "No bail is on record as in force.",
    "order": "No order on the subject for this person is on record as in force.",
}

CONDITIONS = "The conditions themselves are not in these records."
OWNER = "Who owns a plan is not in these records."

_PLAN = {"unit_plan": "Plan by the unit recorded", "unit_review": "Reviewed by the unit"}
_OF_CASE = ("this_way", "other_way", "subject", "person_at_risk")


def now_lines(view: ListView, stated: Sequence[Circumstance], file: CaseFile) -> list[NowLine]:
    """Return the six lines of a relationship at the date of the list, each with the records that it is from.

    ``stated``: what is in force around it.
    """
    return [*(_in_force(what, stated) for what in TITLES), _plan(view, file), _alive(view, stated, file)]


def _in_force(what: InForce, stated: Sequence[Circumstance]) -> NowLine:
    sentences = [_said(each) for each in stated if each.what == what]
    if not sentences:
        return NowLine(what=what, title=TITLES[what], on_record=False, sentences=[_nothing(NOTHING[what])])
    if what == "bail":
        sentences.append(_nothing(CONDITIONS))
    return NowLine(what=what, title=TITLES[what], on_record=True, sentences=sentences)


def _plan(view: ListView, file: CaseFile) -> NowLine:
    """Return the latest plan and the latest review by the unit of these two, and that no owner is in the records."""
    sightings, sentences = file.sightings, []
    for name, words in _PLAN.items():
        number = kinds()[name].number
        rows = [
            j
            for j, direction in file.directions.items()
            if sightings.kind[j] == number
            and direction in _OF_CASE
            and happened(int(sightings.occurred_at[j]), view.as_of)
        ]
        if rows:
            latest = max(rows, key=lambda j: (int(sightings.occurred_at[j]), int(sightings.recorded_at[j])))
            at = int(sightings.occurred_at[latest])
            text = f"{words} on {view.days.day(at)}, {how_long_ago(at, view.as_of, view.zone)}."
            sentences.append(NowSentence(text=text, event=show_id("E", int(sightings.event_id[latest]))))
    nothing = [] if sentences else [_nothing("No plan and no review by the unit is on record.")]
    return NowLine(
        what="plan",
        title="Plan and its owner",
        on_record=bool(sentences),
        sentences=[*sentences, *nothing, _nothing(OWNER)],
    )


def _alive(view: ListView, stated: Sequence[Circumstance], file: CaseFile) -> NowLine:
    """Return who of the two is on record as dead; and a homicide of another person that a party is on record for."""
    parties = file.parties
    dead = view.deaths.on_record(list(parties), view.as_of).tolist()
    sentences = [_said(each) for each in stated if each.what == "death"]
    if parties.at_risk == NO_PERSON:
        nothing = "Nobody is known as the person at risk."
        sentences.append(_nothing(nothing if dead[0] else f"The subject is not on record as dead. {nothing}"))
    elif not any(dead):
        sentences.append(_nothing("Neither party is on record as dead."))
    elif not all(dead):
        other = "person at risk" if dead[0] else "subject"
        sentences.append(_nothing(f"The {other} is not on record as dead."))
    on_record = any(sentence.event for sentence in sentences)
    return NowLine(what="alive", title="Parties alive", on_record=on_record, sentences=sentences)


def _said(circumstance: Circumstance) -> NowSentence:
    return NowSentence(text=f"{circumstance.text}.", event=show_id("E", circumstance.event_id))


def _nothing(text: str) -> NowSentence:
    return NowSentence(text=text, event="")
