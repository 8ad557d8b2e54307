"""The reference engine: one relationship, one definition, one event at a time. Slow, and meant to be obviously right.

It also answers which events made a value. What a value is, each statistic says in its own file.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from features.definitions import AT_RISK_SCOPES, NEEDS_PERSON_AT_RISK, Definition
from features.engines.contract import check_rows
from features.engines.reference.history import known_history
from features.events import NOTHING, Answer, Event, Visible
from features.kinds_read import RELATIONSHIP_RECORDED
from features.load import Catalogue, load_catalogue
from features.matrix import Matrix
from features.statistics import STATISTICS
from features.statistics.state_is import SAY_NOTHING
from threat.asof import happened
from threat.history.sightings import NO_PERSON, ROLE_ABOUT, ROLE_AT_RISK, ROLE_SUBJECT, Rows, Sightings


def build(sightings: Sightings, rows: Rows, catalogue: Catalogue | None = None, *, parallel: bool = True) -> Matrix:
    """Return every definition for every row, each value by itself; ``parallel`` changes nothing.

    Raises UsageError for rows that ``check_rows`` refuses.
    """
    catalogue = load_catalogue() if catalogue is None else catalogue
    check_rows(rows)
    values = np.empty((len(rows), len(catalogue)), np.float32)
    for i in range(len(rows)):
        values[i] = [answer.value for answer in answers(sightings, rows, i, catalogue)]
    return Matrix.of(values, rows, catalogue)


def value(sightings: Sightings, rows: Rows, name: str | Definition) -> NDArray[np.float32]:
    """Return one feature for every row: float32 (n,), NaN = missing.

    ``name``: of the shipped catalogue, or a definition. Raises UsageError for a name that is not in the catalogue.
    """
    definition = _definition(name)
    return np.array([answers(sightings, rows, i, [definition])[0].value for i in range(len(rows))], dtype=np.float32)


def lineage(sightings: Sightings, rows: Rows, i: int, name: str | Definition) -> list[int]:
    """Return the ids of the events behind one feature's value in row ``i``, oldest first, each once."""
    [answer] = answers(sightings, rows, i, [_definition(name)])
    return list(dict.fromkeys(event.event_id for event in sorted(answer.events, key=lambda event: event.order)))


def _definition(name: str | Definition) -> Definition:
    return name if isinstance(name, Definition) else load_catalogue()[name]


def answers(sightings: Sightings, rows: Rows, i: int, definitions: Iterable[Definition]) -> list[Answer]:
    """Return the value of each definition in row ``i``, and the events behind it."""
    subject, at_risk, as_of = int(rows.subject[i]), int(rows.at_risk[i]), int(rows.as_of[i])
    of_subject, of_at_risk = known_history(sightings, subject, as_of), known_history(sightings, at_risk, as_of)
    out: list[Answer] = []
    for d in definitions:
        if at_risk == NO_PERSON and d.scope in NEEDS_PERSON_AT_RISK:
            out.append(NOTHING)
        elif d.scope in AT_RISK_SCOPES:
            out.append(_answer(d, of_at_risk, ROLE_AT_RISK, subject, as_of))
        else:
            out.append(_answer(d, of_subject, ROLE_SUBJECT, at_risk, as_of))
    return out


def _answer(d: Definition, history: list[Event], role: int, other: int, as_of: int) -> Answer:
    """Ask the statistic. ``history``: what was visible of the person the scope reads, who has ``role`` in the row."""
    if d.relationship_kinds and _relationship_kind(history, role, other, as_of) not in d.relationship_kinds:
        return NOTHING
    statistic = STATISTICS[d.statistic]
    in_scope = [event for event in history if _in_scope(event, d.scope, other)]
    in_among = [event for event in history if _in_scope(event, d.among_scope or d.scope, other)]
    return statistic.answer(d, statistic.matches(d, in_scope, as_of, Visible(in_among, history)))


def _relationship_kind(history: list[Event], role: int, other: int, as_of: int) -> str:
    """Return the latest stated kind of the row's relationship other than unknown; the empty string when there is none.

    ``role``: the part that the history's person has in the row; ``other``: the other party.
    """
    stated = [
        event.code
        for event in history
        if event.kind == RELATIONSHIP_RECORDED
        and event.role == role
        and event.counterpart == other
        and happened(event.occurred_at, as_of)
        and not event.proactive
        and event.code not in SAY_NOTHING
    ]
    return stated[-1] if stated else ""


def _in_scope(event: Event, scope: str, other: int) -> bool:
    """Return True when the scope reads the event. ``other``: the row's other party, seen from the history's person."""
    if event.role not in _ROLES[scope]:
        return False
    if scope in ("relationship", "reversed"):
        return event.counterpart == other
    if scope in ("subject_others", "at_risk_others"):
        return event.counterpart not in (NO_PERSON, other)
    return scope != "subject_unnamed" or event.counterpart == NO_PERSON


_ROLES: dict[str, tuple[int, ...]] = {
    "relationship": (ROLE_SUBJECT,),
    "subject_anyone": (ROLE_SUBJECT,),
    "subject_others": (ROLE_SUBJECT,),
    "reversed": (ROLE_AT_RISK,),
    "subject_at_risk": (ROLE_AT_RISK,),
    "about_subject": (ROLE_ABOUT,),
    "subject_all": (ROLE_SUBJECT, ROLE_ABOUT),
    "subject_unnamed": (ROLE_SUBJECT, ROLE_ABOUT),
    "at_risk_anyone": (ROLE_AT_RISK,),
    "at_risk_others": (ROLE_AT_RISK,),
    "at_risk_subject": (ROLE_SUBJECT,),
    "about_at_risk": (ROLE_ABOUT,),
}
"""The roles that each scope reads, of the person whose history it is."""
