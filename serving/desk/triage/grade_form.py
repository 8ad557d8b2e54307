"""The form of a grade: what it must say before it is sent on to the act, each thing to mend with its field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from serving.casework.graded import Graded
from serving.casework.transitions import transitions
from serving.casework.words import title, vocabulary
from serving.desk.form import Form
from serving.desk.reason_form import FieldError
from serving.desk.responses.facts import Facts
from threat.asof import seconds
from threat.dates import moment

NOT_ON_RECORD = "not_on_record"
CANNOT_YET = "cannot_yet"

Choices = list[tuple[str, str, str]]
"""Code, title and a further line of each choice."""


@dataclass(frozen=True)
class Own:
    """A grade of the reader's own, in a list: the case, the grade, and when."""

    ref: str
    grade: str
    when: str


def grades(state: str, *, correcting: bool = False) -> Choices:
    """Return the grades that the form offers in a state of the case, by the table of acts."""
    act = "correct_grade" if correcting else "grade"
    offered = transitions().offered(act, state)  # type: ignore[arg-type]
    codes = vocabulary("grade").in_use()
    return [(name, code.title, code.meaning) for name, code in codes.items() if name in offered]


def keep_or_change(graded: str) -> Choices:
    """Return the choices after the order was shown: to keep the grade first, then each other that may be given."""
    codes = vocabulary("grade").in_use()
    others = [name for name in codes if name not in (graded, CANNOT_YET)]
    return [
        (graded, f"Keep {codes[graded].title}", ""),
        *((name, f"Change to {codes[name].title}", "") for name in others),
    ]


def last_five(given: Sequence[Graded], but: str, zone: str) -> list[Own]:
    """Return the reader's last five grades of other cases, the latest first."""
    return [
        Own(each.case_id, title("grade", each.grade), moment(each.at, zone)) for each in given if each.case_id != but
    ][:5]


def in_words(form: Form, facts: Facts) -> list[tuple[str, str]]:
    """Return what a grade form says, in words."""
    said = {code: words for code, words, _ in relied_on(facts)}
    return [
        ("Grade", title("grade", form.value("grade"))),
        ("Main fact", said.get(form.value("fact"), "None")),
        ("In a line", form.text("note") or "Nothing"),
    ]


def relied_on(facts: Facts) -> Choices:
    """Return the facts on record that a grade may rely on, and that which is not on record last."""
    nothing = vocabulary("fact_relied_on").codes[NOT_ON_RECORD]
    return [*((fact.code, fact.title, "") for fact in facts.relied_on), (NOT_ON_RECORD, nothing.title, "")]


def choices(name: str) -> Choices:
    """Return the codes in use of a vocabulary, without their meanings: lists that people know after a week."""
    return [(code_name, code.title, "") for code_name, code in vocabulary(name).in_use().items()]  # type: ignore[arg-type]


def due_of(form: Form, zone: str) -> int | None:
    """Return the end of the day that the form names, UTC seconds; None for no day, or a text that is none."""
    try:
        named = date.fromisoformat(form.text("due"))
    except ValueError:
        return None
    return seconds(datetime.combine(named, time(23, 59, 59), ZoneInfo(zone)))


def errors_of(
    form: Form, facts: Facts, offered: Choices, at: int, zone: str, *, correcting: bool = False
) -> tuple[FieldError, ...]:
    """Return what is to mend in a grade form, in the order of its fields.

    ``offered``: the grades that the form has. ``at``: UTC seconds of the request.
    """
    grade, fact = form.value("grade"), form.value("fact")
    errors = []
    if grade not in {name for name, _, _ in offered}:
        errors.append(FieldError("Choose a grade.", "grade"))
    if grade != CANNOT_YET and fact not in {code for code, _, _ in relied_on(facts)}:
        errors.append(FieldError("Choose the main fact you rely on.", "fact"))
    if fact == NOT_ON_RECORD and not form.text("note"):
        errors.append(FieldError("Say in a line what is not on record.", "note"))
    if correcting and form.value("why") not in {code for code, _, _ in choices("grade_reason")}:
        errors.append(FieldError("Choose why you correct your grade.", "why"))
    if correcting and not form.text("reason"):
        errors.append(FieldError("Say in a line what was wrong.", "reason"))
    if grade == CANNOT_YET:
        if not form.all("missing"):
            errors.append(FieldError("Say what is missing.", "missing"))
        due = due_of(form, zone)
        if due is None or due < at:
            errors.append(FieldError("Give the day by which you expect it, from today on.", "due"))
    return tuple(errors)
