"""A check that more harm never lowers a score: one recorded harm is added, and the score is taken again.

Constraints on single features do not answer this: one event moves many features at once, some of them without a
direction, and a tree leaves missing values free. So the question is put to the scorer itself, event by event. Every row
gets a private copy of its two parties' histories, so that what is added for one row is not seen by another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from features.engines.fold.build import build
from features.load import Catalogue
from features.matrix import Matrix
from threat.asof import DAY, NEVER
from threat.errors import UsageError
from threat.history.gravity import details, gravities
from threat.history.schema import DOMESTIC
from threat.history.sightings import COLUMNS, NO_PERSON, ROLE_ABOUT, ROLE_AT_RISK, ROLE_SUBJECT, Rows, Sightings
from threat.vocabulary import kind, kinds


@dataclass(frozen=True, slots=True)
class HarmEvent:
    """One harm to add: a new incident of one ``kind``, recorded as it happened, ``days_before`` the row's as-of."""

    kind: str
    code: str | None = None
    days_before: float = 1.0
    domestic: str = "yes"


HARM_KINDS = tuple(
    HarmEvent(harm.name, code=harm.codes[0] if harm.codes else None)
    for harm in kinds().values()
    if harm.in_incident and not harm.death_of
)
"""One harm of each kind that happens in an incident between two persons, with the gravest code of the kind, a day
before the as-of. A death of the person at risk is none: nobody is ranked after it."""

OLDER_HARMS = (HarmEvent("assault_with_injury", days_before=200.0),)
"""A harm of half a year ago: figures of short windows stay, and what compares windows falls."""

HARM_EVENTS = (*HARM_KINDS, *OLDER_HARMS)
"""The harms an evaluation adds unless it names others."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What one added harm did: figures (n, d) and scores (n) of the same rows before and after the ``event``."""

    event: HarmEvent
    values_before: NDArray[np.float32]
    values_after: NDArray[np.float32]
    before: NDArray[np.float64]
    after: NDArray[np.float64]

    def fell(self, tolerance: float = 0.0) -> NDArray[np.bool_]:
        """Mask (n) of the rows whose score fell by more than ``tolerance``."""
        return np.asarray(self.after < self.before - tolerance, np.bool_)


@dataclass(frozen=True, slots=True)
class Violation:
    """A score that fell when a harm was added. ``row`` is the place in the rows that were handed in."""

    row: int
    relationship_id: int
    event: HarmEvent
    before: float
    after: float


def effects(
    score: Callable[[Matrix], NDArray[np.float64]],
    sightings: Sightings,
    rows: Rows,
    catalogue: Catalogue | None = None,
    events: Sequence[HarmEvent] = HARM_EVENTS,
) -> Iterator[Effect]:
    """Yield, for each event, figures and scores of all rows before and after the event is added to their histories.

    ``score`` maps a matrix of the catalogue (None: the shipped one) to float64[n], higher = more urgent. Costs one
    build of the matrix per event and one more. Raises UsageError for an event of no kind, with a code its kind does not
    have, or not before the as-of.
    """
    for event in events:
        _check(event)
    private, copies = worlds(sightings, rows)
    values, before = _scored(score, private, copies, catalogue)
    for event in events:
        values_after, after = _scored(score, add(private, copies, event), copies, catalogue)
        yield Effect(event, values, values_after, before, after)


def violations(
    score: Callable[[Matrix], NDArray[np.float64]],
    sightings: Sightings,
    rows: Rows,
    catalogue: Catalogue | None = None,
    events: Sequence[HarmEvent] = HARM_EVENTS,
    *,
    tolerance: float = 0.0,
) -> list[Violation]:
    """Return every (row, event) whose score falls by more than ``tolerance`` when the event is added to its history.

    Arguments and errors are those of ``effects``.
    """
    return [
        Violation(int(i), int(rows.relationship_id[i]), effect.event, float(effect.before[i]), float(effect.after[i]))
        for effect in effects(score, sightings, rows, catalogue, events)
        for i in np.flatnonzero(effect.fell(tolerance))
    ]


def _scored(
    score: Callable[[Matrix], NDArray[np.float64]], sightings: Sightings, rows: Rows, catalogue: Catalogue | None
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return the figures (n, d) of the rows, and their scores (n)."""
    matrix = build(sightings, rows, catalogue)
    return np.asarray(matrix.values), np.asarray(score(matrix), dtype=np.float64)


def _check(event: HarmEvent) -> None:
    codes = kind(event.kind).codes
    if event.code is not None and codes and event.code not in codes:
        raise UsageError(f"{event.kind} has no such code.", value=event.code, way_out=f"one of {', '.join(codes)}")
    if event.domestic not in DOMESTIC:
        raise UsageError(
            "This is not a value of domestic.", value=event.domestic, way_out=f"one of {', '.join(DOMESTIC)}"
        )
    if not event.days_before > 0:
        raise UsageError("The harm is not before the as-of.", value=event.days_before, way_out="give days above 0")


def worlds(sightings: Sightings, rows: Rows) -> tuple[Sightings, Rows]:
    """Return a copy of both parties' sightings for each row, under new person ids; anyone else keeps no sightings.

    Row i's subject becomes person 2i and its person at risk 2i + 1; third persons stay different persons. Events and
    incidents are numbered anew from 1, in the order of their ids, so that ids above are free.
    """
    n = len(rows)
    taken, owner, counterpart = [np.empty(0, np.int64)], [np.empty(0, np.int64)], [np.empty(0, np.int32)]
    for i in range(n):
        parties = (int(rows.subject[i]), int(rows.at_risk[i]))
        for party, person in enumerate(parties):
            if person == NO_PERSON:
                continue
            place = sightings.rows_of(person)
            where = np.arange(place.start, place.stop)
            met = sightings.counterpart[where].astype(np.int64)
            met_id = np.where(met >= 0, sightings.persons[met], NO_PERSON)
            world = np.where(met >= 0, met + 2 * n, NO_PERSON)
            for k, other in enumerate(parties):
                if other != NO_PERSON:
                    world = np.where(met_id == other, 2 * i + k, world)
            taken.append(where)
            owner.append(np.full(len(where), 2 * i + party, dtype=np.int64))
            counterpart.append(world.astype(np.int32))
    columns = {name: getattr(sightings, name)[np.concatenate(taken)] for name in COLUMNS}
    columns["counterpart"] = np.concatenate(counterpart)
    # Both at once: an incident that has the number of its one event keeps having it.
    both = np.concatenate([columns["event_id"], columns["incident_id"]])
    columns["event_id"], columns["incident_id"] = np.split(np.unique(both, return_inverse=True)[1] + 1, 2)
    private = _assemble(sightings, columns, np.concatenate(owner), 2 * n + len(sightings.persons))
    ids = np.arange(n, dtype=np.int64) * 2
    at_risk = np.where(rows.at_risk == NO_PERSON, NO_PERSON, ids + 1)
    return private, Rows(relationship_id=rows.relationship_id, subject=ids, at_risk=at_risk, as_of=rows.as_of)


def add(private: Sightings, rows: Rows, event: HarmEvent) -> Sightings:
    """Return the private histories with one more event in each row's; ``rows`` as ``worlds`` returned them."""
    n, added = len(rows), kind(event.kind)
    greatest = max(int(private.event_id.max(initial=0)), int(private.incident_id.max(initial=0)))
    ids = np.arange(greatest + 1, greatest + 1 + n, dtype=np.int64)
    at = rows.as_of - int(event.days_before * DAY)
    names = private.code_names
    if event.code is not None and event.code not in names:
        names = (*names, event.code)
    row = np.arange(n, dtype=np.int64)
    if added.about == "person":
        sides = [(row, 2 * row, np.full(n, NO_PERSON), ROLE_ABOUT)]
    else:
        met = np.flatnonzero(rows.at_risk != NO_PERSON)
        sides = [
            (row, 2 * row, np.where(rows.at_risk == NO_PERSON, NO_PERSON, 2 * row + 1), ROLE_SUBJECT),
            (met, 2 * met + 1, 2 * met, ROLE_AT_RISK),
        ]
    new: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    owners = []
    for which, owner, counterpart, role in sides:
        constant = {
            "until": NEVER,
            "visible_until": NEVER,
            "value": np.nan,
            "kind": added.number,
            "code": -1 if event.code is None else names.index(event.code),
            "role": role,
            "domestic": DOMESTIC.index(event.domestic),
            "reported_by": 0,
            "source": 0,
            "proactive": False,
            "assessment": False,
        }
        varying = {
            "event_id": ids[which],
            "incident_id": ids[which],
            "occurred_at": at[which],
            "began_at": at[which],
            "recorded_at": at[which],
            "visible_from": at[which],
            "counterpart": counterpart,
        }
        for name in COLUMNS:
            new[name].append(varying[name] if name in varying else np.full(len(which), constant[name]))
        owners.append(owner)
    columns = {
        name: np.concatenate([getattr(private, name), *(a.astype(getattr(private, name).dtype) for a in new[name])])
        for name in COLUMNS
    }
    return _assemble(
        replace(private, code_names=names), columns, np.concatenate([private.owners(), *owners]), len(private.persons)
    )


def _assemble(like: Sightings, columns: dict[str, NDArray[Any]], owner: NDArray[np.int64], n_persons: int) -> Sightings:
    gravity = gravities(columns["kind"], columns["code"], columns["value"], columns["domestic"], like.code_names)
    last = details(columns["until"], columns["reported_by"], columns["proactive"], columns["assessment"])
    order = np.lexsort(
        (columns["event_id"], last, columns["role"], gravity, columns["recorded_at"], columns["occurred_at"], owner)
    )
    offsets = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=n_persons))]).astype(np.int64)
    return replace(
        like,
        persons=np.arange(n_persons, dtype=np.int64),
        offsets=offsets,
        **cast(Any, {name: values[order] for name, values in columns.items()}),
    )
