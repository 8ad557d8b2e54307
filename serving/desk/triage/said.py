"""What pages of a sitting say of it: who else is sitting, what waits for a decision, and how it ended."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import Connection, select

from serving.casework.clocks import due_in_words
from serving.casework.graded import Graded
from serving.casework.views import case_now
from serving.casework.words import title, vocabulary
from serving.desk.request import SignedInRequest
from serving.desk.triage.sitting import SittingNow
from serving.desk.words import counted
from serving.identity.tables import OPEN_NAMES, PEOPLE, SESSIONS
from threat.dates import moment


@dataclass(frozen=True)
class Line:
    """A case in a list of cases: its reference, and a sentence."""

    ref: str
    sentence: str


@dataclass(frozen=True)
class Done:
    """How a sitting ended: its heading, a sentence, counts by grade, and the cases that could not be graded yet."""

    title: str
    sentence: str
    summary: list[tuple[str, str]]
    cannot: list[Line]


def start_said(connection: Connection, signed_in: SignedInRequest, sitting: SittingNow) -> list[tuple[str, str]]:
    """Return what the start of a sitting says: who reads, how many wait, who else sits, the most in one sitting."""
    session = signed_in.session
    others = others_sitting(connection, session.id, session.person.id, signed_in.at)
    limits = sitting.limits
    return [
        ("You", f"{session.person.shown}, {session.role}"),
        ("Waiting for a grade", counted(len(sitting.waiting), "case")),
        ("Also sitting now", ", ".join(others) or "Nobody else"),
        (
            "In one sitting",
            f"At most {limits.cases_at_most:,} cases, {len(sitting.graded):,} so far; after "
            f"{limits.strangulation_at_most:,} files with strangulation others come first",
        ),
    ]


def others_sitting(connection: Connection, session_id: str, person: str, at: int) -> list[str]:
    """Return who else has names open at ``at`` (UTC seconds): whoever sits over cases."""
    query = (
        select(PEOPLE.c.shown)
        .join(SESSIONS, SESSIONS.c.person == PEOPLE.c.id)
        .join(OPEN_NAMES, OPEN_NAMES.c.session_id == SESSIONS.c.session_id)
        .where(OPEN_NAMES.c.ends_at > at, SESSIONS.c.session_id != session_id, PEOPLE.c.id != person)
        .where(SESSIONS.c.ended_at.is_(None))
    )
    return sorted(set(connection.execute(query).scalars()))


def waits_for_decision(connection: Connection, sitting: SittingNow, at: int, zone: str) -> str:
    """Say that the case graded last waits for a decision today; empty where that grade was another."""
    if not sitting.graded or sitting.graded[0].grade != "act_today":
        return ""
    case = case_now(connection, sitting.graded[0].case_id)
    if case is None or case.state != "graded" or case.next_due is None:
        return ""
    return f"{case.id} waits for a decision {due_in_words(case.next_due, at, zone)}."


def summary_of(sitting: SittingNow, zone: str) -> Done:
    """Return how a sitting ended: nothing is left, or it was as many as one sitting has."""
    codes = vocabulary("grade").codes
    counts = Counter(graded.grade for graded in sitting.graded)
    left = counted(len(sitting.waiting), "case")
    full = sitting.is_full and bool(sitting.waiting)
    return Done(
        title="Enough for one sitting" if full else "That was the last",
        sentence=(
            f"You have graded {counted(len(sitting.graded), 'case')}, as many as one sitting has. {left} still wait: "
            "for a colleague, or for you after a break."
            if full
            else "No other case waits for your grade now. Not being among them is not a sign of safety."
        ),
        summary=[(code.title, f"{counts[name]:,}") for name, code in codes.items() if counts[name]]
        or [("In this sitting", "No grade yet")],
        cannot=[_line(graded, zone) for graded in sitting.graded if not graded.is_given],
    )


def _line(graded: Graded, zone: str) -> Line:
    return Line(graded.case_id, f"{title('grade', graded.grade)}, {moment(graded.at, zone)}")
