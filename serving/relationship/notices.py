"""Referrals recorded lately and licences about to end: reasons to look at a case that no order and no marker says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from serving.relationship.case_parts import Ints, Part, parts_of
from threat.asof import in_label_window, look_back_bounds, within
from threat.history.sightings import Rows, Sightings
from threat.vocabulary import kinds

LICENCE_END = "licence_end"

_KINDS = tuple(kinds().values())
_IS_REFERRAL = np.array([kind.theme == "partner_agency" for kind in _KINDS])
_OF_CASE: frozenset[Part] = frozenset(
    ("this_way", "other_way", "of_subject", "of_person_at_risk", "names_subject", "names_person_at_risk")
)
"""A referral of a party and somebody else is of another case."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A record that puts a case before a reviewer; times in UTC seconds."""

    what: Literal["referral", "licence_end"]
    kind: str
    code: str
    occurred_at: int
    recorded_at: int
    event_id: int


def notices(
    sightings: Sightings, rows: Rows, as_of: int, *, recorded_days: float, ahead_days: float
) -> list[tuple[Notice, ...]]:
    """Return for each row the referrals recorded within some days, and the licences that end within some days to come.

    ``rows``: relationships, parties resolved at ``as_of`` (UTC seconds). The latest recorded comes first.
    """
    licence_end = kinds()[LICENCE_END].number

    def counts(at: Ints) -> NDArray[np.bool_]:
        kind = sightings.kind[at]
        lately = within(sightings.recorded_at[at], *look_back_bounds(as_of, recorded_days))
        ends = (kind == licence_end) & in_label_window(sightings.occurred_at[at], as_of, ahead_days)
        return np.asarray(((_IS_REFERRAL[kind] & lately) | ends) & sightings.visible_at(as_of, at))

    gathered: list[dict[int, Notice]] = [{} for _ in range(len(rows))]
    row, at, part = parts_of(sightings, rows, counts)
    for of_row, j, part_name in zip(row.tolist(), at.tolist(), part, strict=True):
        if part_name in _OF_CASE:
            notice = _notice(sightings, j)
            gathered[of_row][notice.event_id] = notice
    return [tuple(sorted(of_row.values(), key=lambda notice: -notice.recorded_at)) for of_row in gathered]


def _notice(sightings: Sightings, j: int) -> Notice:
    kind, code = _KINDS[int(sightings.kind[j])], int(sightings.code[j])
    return Notice(
        what="licence_end" if kind.name == LICENCE_END else "referral",
        kind=kind.name,
        code=sightings.code_names[code] if code >= 0 else "",
        occurred_at=int(sightings.occurred_at[j]),
        recorded_at=int(sightings.recorded_at[j]),
        event_id=int(sightings.event_id[j]),
    )
