"""Who is on record as dead at an as-of, and who had died without anybody having recorded it yet.

A death is a record of a kind with ``death_of`` in the vocabulary: a murder or manslaughter is the death of the person
at risk, a suspected suicide or a death that is no crime that of the person it is about. Read from the sightings, a
death follows the merges of persons, and counts while it is visible: a death recorded in error ends with its withdrawal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from threat.asof import NEVER, happened, in_label_window, on_record, visible, withdrawn
from threat.history.sightings import NO_PERSON, ROLE_ABOUT, ROLE_AT_RISK, ROLE_SUBJECT, Sightings
from threat.vocabulary import kinds


@dataclass(frozen=True, slots=True, eq=False)
class Deaths:
    """One row per record of a death, sorted by (person, visible_from). int64 each; times in UTC seconds.

    ``died_at``: when it happened. ``visible_from``, ``visible_until``: as in the sightings. ``event_id``: the record.
    """

    person: NDArray[np.int64]
    died_at: NDArray[np.int64]
    visible_from: NDArray[np.int64]
    visible_until: NDArray[np.int64]
    event_id: NDArray[np.int64]

    @classmethod
    def of(cls, sightings: Sightings) -> Deaths:
        """Read every death from some sightings.

        Whoever is named in the place of the dead is the dead: the person at risk of a murder; of a suspected suicide
        the person it is about. Some sources name the dead elsewhere: a murder with a person and nobody at risk is the
        death of that person, a suicide without a person that of the person at risk, or else of the subject.
        """
        chosen = dead_rows(sightings)
        person = sightings.ids_of(sightings.owners(chosen))
        visible_from = np.asarray(sightings.visible_from)[chosen]
        order = np.lexsort((visible_from, person))
        chosen = chosen[order]
        return cls(
            person[order],
            np.asarray(sightings.occurred_at)[chosen],
            visible_from[order],
            np.asarray(sightings.visible_until)[chosen],
            np.asarray(sightings.event_id)[chosen],
        )

    def known_before(self, cut: int) -> Deaths:
        """Return the deaths that were on record just before ``cut``, as if nothing were withdrawn from then on.

        ``cut``: int64 UTC seconds. What a model is fitted on may not depend on what became known later.
        """
        kept = on_record(self.visible_from, cut)
        until = np.where(withdrawn(self.visible_until, cut), self.visible_until, NEVER)
        return Deaths(self.person[kept], self.died_at[kept], self.visible_from[kept], until[kept], self.event_id[kept])

    def on_record(self, persons: ArrayLike, as_of: ArrayLike) -> NDArray[np.bool_]:
        """Mask of the persons whose death could be seen at each as-of, bool[n]; never for NO_PERSON.

        ``as_of``: int64 UTC seconds, one in all or one per person.
        """
        return self._any(persons, as_of, lambda row, at: visible(self.visible_from[row], self.visible_until[row], at))

    def unrecorded(self, persons: ArrayLike, as_of: ArrayLike) -> NDArray[np.bool_]:
        """Mask of the persons who had died by each as-of while no death of theirs was on record yet, bool[n].

        A death counts that was recorded at the as-of or later and not withdrawn since.

        Person 7 died on day 10, which was recorded on day 30:

        >>> from threat.asof import DAY
        >>> day = lambda n: np.array([n * DAY])
        >>> deaths = Deaths(np.array([7]), day(10), day(30), np.array([NEVER]), np.array([1]))
        >>> [bool(deaths.unrecorded([7], n * DAY)[0]) for n in (10, 11, 30, 31)]
        [False, True, True, False]
        >>> [bool(deaths.on_record([7], n * DAY)[0]) for n in (10, 11, 30, 31)]
        [False, False, False, True]
        """

        def died_unknown(row: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.bool_]:
            later = ~on_record(self.visible_from[row], at)
            return np.asarray(self._in_force(row) & happened(self.died_at[row], at) & later)

        return self._any(persons, as_of, died_unknown) & ~self.on_record(persons, as_of)

    def died_within(self, persons: ArrayLike, as_of: ArrayLike, days: float) -> NDArray[np.bool_]:
        """Mask of the persons who died in the label window of ``days`` days from each as-of, bool[n].

        It does not matter when the death was recorded. A death that was withdrawn since does not count.
        """
        return self._any(
            persons, as_of, lambda row, at: self._in_force(row) & in_label_window(self.died_at[row], at, days)
        )

    def _in_force(self, row: NDArray[np.int64]) -> NDArray[np.bool_]:
        return np.asarray(self.visible_until[row] == NEVER)

    def _any(
        self,
        persons: ArrayLike,
        as_of: ArrayLike,
        holds: Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.bool_]],
    ) -> NDArray[np.bool_]:
        """Mask of the persons of whom any row holds; ``holds`` gets rows and their as-ofs."""
        ids = np.atleast_1d(np.asarray(persons, dtype=np.int64))
        at = np.broadcast_to(np.asarray(as_of, dtype=np.int64), ids.shape)
        out = np.zeros(len(ids), dtype=np.bool_)
        row = np.searchsorted(self.person, ids, side="left")
        end = np.where(ids == NO_PERSON, row, np.searchsorted(self.person, ids, side="right"))
        # Deaths of one person are few, so the loop is over the first of each person, then the second, ...
        while (left := np.flatnonzero(row < end)).size:
            out[left] |= holds(row[left], at[left])
            row[left] += 1
        return out


def dead_rows(sightings: Sightings) -> NDArray[np.int64]:
    """Return the rows of sightings in which the owner is the dead, ascending; ``Deaths.of`` says who that is."""
    of_other = [kind.number for kind in kinds().values() if kind.death_of == "person_at_risk"]
    of_person = [kind.number for kind in kinds().values() if kind.death_of == "person"]
    rows = np.flatnonzero(np.isin(sightings.kind, [*of_other, *of_person]))
    homicide = np.isin(sightings.kind[rows], of_other)
    role, event = np.asarray(sightings.role)[rows], np.asarray(sightings.event_id)[rows]
    with_at_risk = np.isin(event, event[role == ROLE_AT_RISK])
    with_person = np.isin(event, event[role == ROLE_ABOUT])
    dead = np.where(homicide, role == ROLE_AT_RISK, role == ROLE_ABOUT)
    dead |= homicide & (role == ROLE_ABOUT) & ~with_at_risk
    dead |= ~homicide & (role == ROLE_AT_RISK) & ~with_person
    dead |= ~homicide & (role == ROLE_SUBJECT) & ~with_person & ~with_at_risk
    return rows[dead]
