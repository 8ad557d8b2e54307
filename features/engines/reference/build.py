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
from features.events import NOTHING, Answer, Event
from features.load import Catalogue, load_catalogue
from features.matrix import Matrix
from features.statistics import STATISTICS
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
    return Matrix.of(values, sightings, rows, catalogue)


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
            out.append(_answer(d, of_at_risk, subject, as_of))
        else:
            out.append(_answer(d, of_subject, at_risk, as_of))
    return out


def _answer(d: Definition, history: list[Event], other: int, as_of: int) -> Answer:
    """Ask the statistic. ``history``: what was visible of the person the scope reads; ``other``: the other party."""
    statistic = STATISTICS[d.statistic]
    in_scope = [event for event in history if _in_scope(event, d.scope, other)]
    return statistic.answer(d, statistic.matches(d, in_scope, history, as_of))


def _in_scope(event: Event, scope: str, other: int) -> bool:
    """Return True when the scope reads the event. ``other``: the row's other party, seen from the history's person."""
    if scope in ("about_subject", "about_at_risk"):
        return event.role == ROLE_ABOUT
    if scope in ("subject_at_risk", "at_risk_anyone"):
        return event.role == ROLE_AT_RISK
    if scope in ("subject_anyone", "at_risk_subject"):
        return event.role == ROLE_SUBJECT
    if scope == "relationship":
        return event.role == ROLE_SUBJECT and event.counterpart == other
    if scope == "reversed":
        return event.role == ROLE_AT_RISK and event.counterpart == other
    role = ROLE_SUBJECT if scope == "subject_others" else ROLE_AT_RISK
    return event.role == role and event.counterpart not in (NO_PERSON, other)
