"""The officer's grade, the form's items, the conference that follows a high grade, and the unit's own visits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from threat.simulation import parameters
from threat.simulation.records.event_rows import EventFields, EventRows, codes
from threat.simulation.records.raw_rows import RawRows
from threat.simulation.world import chance, states

GRADES = ("standard", "medium", "high")
_ANSWERS = ("yes", "no", "not_known", "not_asked", "refused")
_REGRADE = 1
"""Ordinal of an incident's second grade, whose kind is that of the first (0): without it both would have one id."""


def record(events: EventRows, calls: RawRows) -> None:
    """Add the assessments of the incidents ``calls``."""
    numbers = calls.numbers
    graded = calls.take(calls.draw("graded", numbers["grade_share"]))
    grade = grades(graded)
    fields = EventFields(
        incident=graded.keys,
        occurred=graded.first_recorded,
        recorded=graded.delayed("form lag", numbers["lag_other"]["forms"]),
        source="forms",
        relation=graded.relation,
        record=chance.derive(graded.keys, "record forms"),
        assessment=True,
    )
    first = events.add("risk_grade", graded.keys, _with_grade(fields, grade))
    _regrade(events, graded, _with_grade(fields, grade), grade, first)
    _add_items(events, graded, fields)
    _add_follow_up(events, graded, grade, fields.recorded)


def grades(rows: RawRows) -> NDArray[np.int64]:
    """Return 0 standard, 1 medium, 2 high: mostly chance, pulled a little by what an officer can see."""
    numbers, pull = rows.numbers, rows.numbers["grade_pull"]
    menacing = rows.offence_in("stalking", "threat_to_kill", "non_fatal_strangulation")
    shift = (
        pull["control"] * rows.condition("controlling")
        + pull["grave"] * (rows.offence >= states.FIRST_GRAVE)
        + pull["menacing"] * menacing
        + pull["severity"] * rows.condition("severe")
        + pull["repeat"] * rows.condition("escalating")
    )
    # Added back, so that the pull of control moves who is graded high and not how many.
    average = pull["control"] * sum(parameters.values("population")["control_shares"][1:])
    uniform = chance.uniform(rows.keys, "grade") - shift + average
    _, medium, high = numbers["grades"]
    return np.where(uniform < high, 2, np.where(uniform < high + medium, 1, 0))


def plans(events: EventRows, rows: RawRows) -> None:
    """Add what the unit did by the intervention knob: a review and a plan, recorded the same day."""
    planned = rows.of_type(states.PLAN)
    review = planned.about_relationship("unit")._replace(proactive=True)
    events.add("unit_review", planned.keys, review)
    events.add("unit_plan", planned.keys, review._replace(until=planned.until))


def _with_grade(fields: EventFields, grade: NDArray[np.int64]) -> EventFields:
    return fields._replace(code=codes(GRADES)[grade], value=grade.astype(float))


def _regrade(
    events: EventRows, graded: RawRows, fields: EventFields, grade: NDArray[np.int64], first: NDArray[np.uint64]
) -> None:
    """Add a second grade, one step up or down, that supersedes the first."""
    numbers = graded.numbers
    changed = graded.draw("regrade", numbers["regrade"])
    other = np.where(graded.draw("regrade up", 0.5), np.minimum(grade + 1, 2), np.maximum(grade - 1, 0))
    changed &= other != grade
    later = graded.delayed("regrade when", numbers["regrade_mean"], fields.recorded)
    second = _with_grade(fields._replace(recorded=later), other).take(changed)
    events.add("risk_grade", graded.keys[changed], second, supersedes=first[changed], ordinal=_REGRADE)


def _add_items(events: EventRows, graded: RawRows, fields: EventFields) -> None:
    """Add every item of the forms that were filled in: yes, no, not known, not asked, refused."""
    numbers = graded.numbers
    filled = graded.draw("form", numbers["form_share"])
    forms = graded.take(filled)
    answered = fields.take(filled)._replace(reported_by="person_at_risk")
    answers = codes(_ANSWERS)
    for item, entry in parameters.values("items").items():
        share = np.full(len(forms), float(entry["base"]))
        for condition, extra in entry.items():
            if condition != "base":
                share = share + extra * forms.condition(condition)
        missing = chance.choice(forms.keys, item + " missing", numbers["form_missing"])
        answer = np.where(missing == 0, np.where(forms.draw(item, share), 0, 1), missing + 1)
        events.add(item, forms.keys, answered._replace(code=answers[answer]))


def _add_follow_up(events: EventRows, graded: RawRows, grade: NDArray[np.int64], recorded: NDArray[np.int64]) -> None:
    """Add the conference, the adviser, and a visit by the unit, each recorded when it is done."""
    numbers = graded.numbers
    refer = graded.draw("referral", np.where(grade == 2, numbers["referral_high"], numbers["referral_other"]))
    visit = (grade == 2) & graded.draw("unit contact", numbers["unit_contact"])
    for kind, mask, source in (
        ("marac_referral", refer, "partners"),
        ("idva_referral", refer & graded.draw("adviser", numbers["idva"]), "partners"),
        ("unit_contact", visit, "unit"),
    ):
        done = graded.take(mask)
        when = done.delayed(kind, numbers["lag_other"][source], recorded[mask])
        fields = EventFields(
            incident=done.keys,
            occurred=when,
            recorded=when,
            source=source,
            relation=done.relation,
            code="visit" if kind == "unit_contact" else None,
            proactive=kind == "unit_contact",
            reported_by="police" if source == "unit" else "agency",
        )
        events.add(kind, done.keys, fields)
