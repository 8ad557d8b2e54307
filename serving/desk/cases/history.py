"""The acts on a case in words, the latest first: codes by their titles, and what people typed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from serving.casework.graded import Graded, facts_of_grade, grades_since
from serving.casework.transitions import transitions
from serving.casework.views import HistoryLine, history
from serving.casework.words import title
from serving.desk.decision_words import NOT_SHOWN, decision_lines
from threat.dates import moment
from threat.vocabulary import kinds

_OTHER_ACTS = {"reveal": "Order shown", "open_list": "List opened"}
"""Acts that are not in the table, since they move no case."""


@dataclass(frozen=True)
class ActShown:
    """One act, in words."""

    when: str
    who: str
    role: str
    what: str
    said: list[str]
    state: str
    version: str


def history_shown(
    connection: Connection, case_id: str, zone: str, at: int, *, typed: bool, before_grade: bool = False
) -> list[ActShown]:
    """Return every act of a case, the latest first. ``zone``: in which times are said. ``at``: UTC seconds.

    ``typed``: whether the reader may read what people typed. An act that showed an order says that it did, and nothing
    of the order. ``before_grade``: the case waits for a grade, so nothing is said of what came of a second look, which
    hints at the order.
    """
    grades = grades_since(connection, 0, case=case_id)
    by_fact = {graded.id: _of_grade(connection, graded) for graded in grades}
    by_fact |= {graded.look_id: _of_look(graded) for graded in grades if graded.look_id is not None}
    hidden = {}
    if before_grade:
        hidden = {graded.id: [title("grade", graded.grade)] for graded in grades if graded.look_id is not None}
        looks = [graded.look_id for graded in grades if graded.look_id is not None]
        hidden |= {look: ["What came of it is shown after the next grade"] for look in looks}
    out = []
    for line in reversed(history(connection, case_id)):
        if line.fact in hidden:
            # The states say as much as the words: where a second look moved a case.
            texts = {} if line.act == "second_look" else line.texts
            out.append(replace(_shown(replace(line, texts=texts), hidden[line.fact], zone, typed=typed), state=""))
            continue
        said = by_fact.get(line.fact) or decision_lines(connection, line.fact, at)
        out.append(_shown(line, said, zone, typed=typed))
    return out


def _shown(line: HistoryLine, said: list[str], zone: str, *, typed: bool) -> ActShown:
    return ActShown(
        when=moment(line.at, zone),
        who=line.who,
        role=line.role,
        what=_OTHER_ACTS.get(line.act) or transitions().act(line.act).title,
        said=[*said, *(text if typed else NOT_SHOWN.capitalize() for text in line.texts.values())],
        state=_states(line),
        version="" if line.version is None else f"{line.version:,}",
    )


def _of_grade(connection: Connection, graded: Graded) -> list[str]:
    facts, _ = facts_of_grade(connection, graded.id)
    named = [kinds()[fact].title if fact in kinds() else title("fact_relied_on", fact) for fact in facts]
    return [title("grade", graded.first), *(f"Relied on: {fact}" for fact in named)]


def _of_look(graded: Graded) -> list[str]:
    outcome = "Kept" if graded.grade == graded.first else f"Changed to {title('grade', graded.grade)}"
    return [outcome, title("grade_reason", graded.look_why or "cannot_say")]


def _states(line: HistoryLine) -> str:
    after = "" if line.state_to is None else title("case_state", line.state_to)
    if line.state_from in (None, "none", line.state_to):
        return after
    return f"{title('case_state', line.state_from)} to {after[:1].lower()}{after[1:]}"
