"""Where a record is, seen from a relationship: between the two, of one party alone, or elsewhere. NumPy alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from threat.history.gravity import gravities
from threat.history.sightings import NO_PERSON, ROLE_ABOUT, ROLE_AT_RISK, ROLE_SUBJECT, Rows, Sightings
from threat.history.sorted_ids import position
from threat.vocabulary import kinds

Ints = NDArray[np.int64]

Part = Literal[
    "this_way",
    "other_way",
    "by_subject_elsewhere",
    "by_person_at_risk_elsewhere",
    "to_subject_elsewhere",
    "to_person_at_risk_elsewhere",
    "of_subject",
    "of_person_at_risk",
    "names_subject",
    "names_person_at_risk",
]
"""Where a record is, seen from a relationship: between the two, each way round; by or towards a party and somebody
else; of one party alone; or about one person, where the source names two and does not say which."""

_GRAVITY = ("kind", "code", "value", "domestic")
_PART_NAMES: tuple[Part, ...] = get_args(Part)
_NO_PART = -1
"""Of a sighting that is read from the other party, or that is none of these two."""

_OF_PERSON = np.array([kind.about == "person" for kind in kinds().values()])


def parts_of(
    sightings: Sightings, rows: Rows, counts: Callable[[Ints], NDArray[np.bool_]]
) -> tuple[Ints, Ints, list[Part]]:
    """Return the sightings that count in any row, in the order of time: row, position, and part.

    ``counts``: mask of positions.

    Within a row they are in the total order of records; ids decide only between records that say the same.
    """
    each = [_of_party(sightings, rows, counts, side) for side in ("subject", "person_at_risk")]
    row, at, part = (np.concatenate(columns) for columns in zip(*each, strict=True))
    kind, code, value, domestic = (np.asarray(getattr(sightings, name)[at]) for name in _GRAVITY)
    gravity = gravities(kind, code, value, domestic, sightings.code_names)
    order = np.lexsort((sightings.event_id[at], gravity, sightings.recorded_at[at], sightings.occurred_at[at], row))
    return row[order], at[order], [_PART_NAMES[number] for number in part[order].tolist()]


def _of_party(
    sightings: Sightings,
    rows: Rows,
    counts: Callable[[Ints], NDArray[np.bool_]],
    side: Literal["subject", "person_at_risk"],
) -> tuple[Ints, Ints, Ints]:
    """Return the sightings of one party of each row: row, position, and number of the part."""
    is_subject = side == "subject"
    party, other = (rows.subject, rows.at_risk) if is_subject else (rows.at_risk, rows.subject)
    row, at = _all_of(sightings, party)
    kept = counts(at)
    row, at = row[kept], at[kept]
    counterpart, role = sightings.ids_of(sightings.counterpart[at]), np.asarray(sightings.role[at])
    of_person = _OF_PERSON[sightings.kind[at]]
    between, acts, suffers = counterpart == other[row], role == ROLE_SUBJECT, role == ROLE_AT_RISK

    def number(name: Part, name_of_other: Part) -> int:
        return _PART_NAMES.index(name if is_subject else name_of_other)

    part = np.full(len(at), _NO_PART, dtype=np.int64)
    part[acts & between] = number("this_way", "other_way")
    part[acts & ~between] = number("by_subject_elsewhere", "by_person_at_risk_elsewhere")
    part[suffers & ~between] = number("to_subject_elsewhere", "to_person_at_risk_elsewhere")
    # An event between the two is read from the one who acts, unless nobody knows who that is.
    part[suffers & between & (counterpart == NO_PERSON)] = number("other_way", "this_way")
    part[of_person] = _NO_PART
    is_about = role == ROLE_ABOUT
    # A source without a column for the one person names that person as a party, alone or next to the other.
    stands_in = ~is_about & of_person & ~_says_about(sightings, at)
    part[of_person & (is_about | (stands_in & (acts | (counterpart == NO_PERSON))))] = number(
        "of_subject", "of_person_at_risk"
    )
    part[stands_in & suffers & (counterpart != NO_PERSON)] = number("names_subject", "names_person_at_risk")
    has_part = part != _NO_PART
    return row[has_part], at[has_part], part[has_part]


def _says_about(sightings: Sightings, at: Ints) -> NDArray[np.bool_]:
    """Mask of the sightings whose event says which one person it is about."""
    events = np.asarray(sightings.event_id)
    about = np.flatnonzero(_OF_PERSON[sightings.kind] & (sightings.role == ROLE_ABOUT))
    return np.isin(events[at], events[about])


def _all_of(sightings: Sightings, persons: Ints) -> tuple[Ints, Ints]:
    """Return all sightings of each person: the place in ``persons``, and the position of the sighting."""
    place = position(persons, sightings.persons)
    on_record = np.flatnonzero(place >= 0)
    first, end = sightings.offsets[place[on_record]], sightings.offsets[place[on_record] + 1]
    count = end - first
    row = np.repeat(on_record, count)
    before = np.cumsum(count) - count
    return row, np.arange(len(row), dtype=np.int64) + np.repeat(first - before, count)
