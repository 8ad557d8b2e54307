"""The rows that sightings are made of: the events, and the versions of stated relationships, column by column."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from threat.asof import NEVER
from threat.history import columns
from threat.history.schema import DOMESTIC, RELATIONSHIP_KINDS, REPORTED_BY
from threat.history.sightings import NO_PERSON
from threat.history.stated import Stated
from threat.history.tables import Tables
from threat.vocabulary import kinds

Ints = NDArray[np.int64]

RECORDED_KIND = "relationship_recorded"
"""Kind of the row that says what the person at risk is to the subject, by its code. No source sends it."""


class SeenEvents:
    """All rows that persons see, in the order of the store: its events first, then one row per stated version.

    A stated version is seen by both parties while it is in force, at its ``valid_from`` where that is given and is not
    after its recording, else at its recording; its source is the one that most events are from, because the table of
    relationships names none.
    """

    def __init__(self, tables: Tables, stated: Stated) -> None:
        self._tables = tables
        self._stated = stated
        self.events = tables.row_count("events")

    def __len__(self) -> int:
        return self.events + len(self._stated)

    def ints(self, name: str) -> Ints:
        """Return an id or a time of each row, int64; NO_PERSON where null, NEVER for ``until``."""
        stated = self._stated
        empty = np.full(len(stated), NO_PERSON, dtype=np.int64)
        said = stated.valid_from <= stated.start
        more: dict[str, Any] = {
            "event_id": stated.event_id,
            "incident_id": stated.event_id,
            "subject_id": stated.subject_id,
            "person_at_risk_id": stated.person_at_risk_id,
            "person_id": empty,
            "occurred_at": np.where(said, stated.valid_from, stated.start),
            "recorded_at": stated.start,
            "until": np.full(len(stated), NEVER, dtype=np.int64),
        }
        null = NEVER if name == "until" else NO_PERSON
        return np.concatenate([columns.ints(self._tables, name, null), more[name]])

    def kinds(self) -> NDArray[np.int32]:
        """Return the number of the kind of each row."""
        return self._then(columns.kind_numbers(self._tables), kinds()[RECORDED_KIND].number)

    def hidden(self, event_id: Ints, recorded: Ints, kind: NDArray[np.int32]) -> Ints:
        """Return when each row was corrected, withdrawn or followed by a later version; NEVER where it was not."""
        n = self.events
        return np.concatenate([columns.hidden(self._tables, event_id[:n], recorded[:n], kind[:n]), self._stated.end])

    def domestic(self) -> NDArray[np.int32]:
        """Return the flag of each row as recorded, as a place in ``schema.DOMESTIC``."""
        return self._then(columns.words(self._tables, "domestic", DOMESTIC)[0], DOMESTIC.index("unknown"))

    def reported_by(self) -> NDArray[np.int32]:
        """Return who reported each row, as a place in ``schema.REPORTED_BY``."""
        return self._then(columns.words(self._tables, "reported_by", REPORTED_BY)[0], REPORTED_BY.index("unknown"))

    def assessments(self) -> NDArray[np.bool_]:
        """Mask of the rows that are somebody's assessment."""
        return self._then(columns.words(self._tables, "assertion", ("fact", "assessment"))[0], 0) == 1

    def proactive(self) -> NDArray[np.bool_]:
        """Mask of what the unit did itself."""
        flags = self._tables.table("events", ["proactive"]).column("proactive").to_numpy()
        return np.concatenate([flags.astype(bool), np.zeros(len(self._stated), dtype=bool)])

    def values(self) -> NDArray[np.float32]:
        """Return the value of each row; NaN where there is none."""
        given = pc.fill_null(self._tables.table("events", ["value"]).column("value"), float("nan"))
        none = np.full(len(self._stated), np.nan, dtype=np.float32)
        return np.concatenate([given.to_numpy().astype(np.float32), none])

    def codes(self) -> tuple[NDArray[np.int32], tuple[str, ...]]:
        """Return the code of each row (-1: none) as a place in the codes that occur, which come sorted."""
        _, of_events = columns.words(self._tables, "code")
        said = {RELATIONSHIP_KINDS[kind] for kind in np.unique(self._stated.kind).tolist()}
        names = tuple(sorted(set(of_events) | said))
        place = np.array([names.index(word) if word in said else -1 for word in RELATIONSHIP_KINDS], dtype=np.int32)
        return np.concatenate([columns.words(self._tables, "code", names)[0], place[self._stated.kind]]), names

    def sources(self) -> tuple[NDArray[np.int32], tuple[str, ...]]:
        """Return the source system of each row as a place in those that occur, which come sorted."""
        source, names = columns.words(self._tables, "source_system")
        if not names:
            return np.zeros(len(self), dtype=np.int32), ("relationships",) if len(self._stated) else ()
        return self._then(source, int(np.bincount(source).argmax())), names

    def _then(self, of_events: NDArray[np.int32], constant: int) -> NDArray[np.int32]:
        """Return a column of the events with one value for all stated versions."""
        return np.concatenate([of_events, np.full(len(self._stated), constant, dtype=np.int32)])
