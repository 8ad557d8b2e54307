"""The officer's grade, the form's items, the conference that follows a high grade, and the unit's own visits."""

from __future__ import annotations

from typing import Any

import numpy as np

from threat.simulation import parameters
from threat.simulation.records.book import Book
from threat.simulation.records.ledger import Ledger, codes
from threat.simulation.world import chance, states

GRADES = ("standard", "medium", "high")
_ANSWERS = ("yes", "no", "not_known", "not_asked", "refused")
_REGRADE = 1


def record(ledger: Ledger, book: Book) -> None:
    """Assessments of every incident of ``book``."""
    p = book.p
    graded = book.take(book.draw("graded", p["grade_share"]))
    grade = grades(graded)
    fields: dict[str, Any] = {
        "incident": graded.keys,
        "record": chance.derive(graded.keys, "record forms"),
        "occurred": graded.called,
        "recorded": graded.after("form lag", p["lag_other"]["forms"]),
        "relation": graded.relation,
    }
    events = ledger.add(
        "risk_grade",
        graded.keys,
        source="forms",
        assessment=True,
        code=codes(GRADES)[grade],
        value=grade.astype(float),
        **fields,
    )
    again = graded.draw("regrade", p["regrade"])
    other = np.where(graded.draw("regrade up", 0.5), np.minimum(grade + 1, 2), np.maximum(grade - 1, 0))
    again &= other != grade
    second = {name: value[again] for name, value in fields.items()}
    second["recorded"] = graded.after("regrade when", p["regrade_mean"], fields["recorded"])[again]
    ledger.add(
        "risk_grade",
        graded.keys[again],
        source="forms",
        assessment=True,
        code=codes(GRADES)[other[again]],
        value=other[again].astype(float),
        supersedes=events[again],
        ordinal=_REGRADE,
        **second,
    )
    _items(ledger, graded, fields)
    _follow(ledger, graded, grade, fields)


def grades(book: Book) -> Any:
    """0 standard, 1 medium, 2 high: mostly chance, pulled a little by what can be seen."""
    p, pull = book.p, book.p["grade_pull"]
    menacing = book.offence_in("stalking", "threat_to_kill", "non_fatal_strangulation")
    shift = (
        pull["control"] * book.condition("controlling")
        + pull["grave"] * (book.offence >= states.FIRST_GRAVE)
        + pull["menacing"] * menacing
        + pull["severity"] * book.condition("severe")
        + pull["repeat"] * book.condition("escalating")
    )
    average = pull["control"] * sum(parameters.values("population")["control_shares"][1:])
    luck = chance.uniform(book.keys, "grade") - shift + average
    _, medium, high = p["grades"]
    return np.where(luck < high, 2, np.where(luck < high + medium, 1, 0))


def _items(ledger: Ledger, book: Book, fields: dict[str, Any]) -> None:
    """Every item of the form where one was filled in: yes, no, not known, not asked, refused."""
    p = book.p
    filled = book.draw("form", p["form_share"])
    form = book.take(filled)
    own = {name: value[filled] for name, value in fields.items()} | {"reported_by": "person_at_risk"}
    answers = codes(_ANSWERS)
    for item, entry in parameters.values("items").items():
        share = np.full(len(form), float(entry["base"]))
        for condition, extra in entry.items():
            if condition != "base":
                share = share + extra * form.condition(condition)
        missing = chance.choice(form.keys, item + " missing", p["form_missing"])
        answer = np.where(missing == 0, np.where(form.draw(item, share), 0, 1), missing + 1)
        ledger.add(item, form.keys, source="forms", assessment=True, code=answers[answer], **own)


def plans(ledger: Ledger, book: Book) -> None:
    """What the unit did by the intervention knob: a review and a plan, recorded the same day."""
    found = book.what(states.PLAN)
    for kind in ("unit_review", "unit_plan"):
        ledger.add(
            kind,
            found.keys,
            source="unit",
            incident=found.keys,
            occurred=found.at,
            recorded=found.entered("unit"),
            relation=found.relation,
            until=found.until if kind == "unit_plan" else -1,
            proactive=True,
        )


def _follow(ledger: Ledger, book: Book, grade: Any, fields: dict[str, Any]) -> None:
    """Conference, adviser, and a visit by the unit, recorded when it is done."""
    p = book.p
    refer = book.draw("referral", np.where(grade == 2, p["referral_high"], p["referral_other"]))
    visit = (grade == 2) & book.draw("unit contact", p["unit_contact"])
    for kind, mask, source in (
        ("marac_referral", refer, "partners"),
        ("idva_referral", refer & book.draw("adviser", p["idva"]), "partners"),
        ("unit_contact", visit, "unit"),
    ):
        found = book.take(mask)
        when = found.after(kind, p["lag_other"][source], fields["recorded"][mask])
        ledger.add(
            kind,
            found.keys,
            source=source,
            incident=found.keys,
            occurred=when,
            recorded=when,
            relation=found.relation,
            code="visit" if kind == "unit_contact" else None,
            proactive=kind == "unit_contact",
            reported_by="police" if source == "unit" else "agency",
        )
