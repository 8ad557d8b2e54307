"""The part of a snapshot that decides what some events mean: their people, whom these meet, and every row of both.

What is derived of a whole history takes seconds to build anew after each delivery. A report of the last minute concerns
a handful of people, and what it opens must be seen at once: the same code then runs over the rows around them alone.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from threat.history.columns import filled
from threat.history.links import Links
from threat.history.schema import TABLES
from threat.history.sightings import NO_PERSON
from threat.history.snapshot import Snapshot

Ints = NDArray[np.int64]

_PARTIES = ("subject_id", "person_at_risk_id", "person_id")
_PAIR = ("subject_id", "person_at_risk_id")
_LINKED = ("source_person_id", "person_id")


@contextmanager
def around(snapshot: Snapshot, event_ids: Sequence[int]) -> Iterator[Snapshot]:
    """Give a snapshot of the rows around some events, in a folder of its own that goes afterwards.

    Whole in it, and so the same as in the whole snapshot, are the relationships, sightings and deaths of everybody whom
    the events name (and who is linked with them), and the deaths of whomever these have met. Of other people it holds
    some rows by chance. An event that another one corrects or withdraws, on either side, is there with it.
    """
    with tempfile.TemporaryDirectory(prefix="threat-around-", ignore_cleanup_errors=True) as folder:
        narrow = Around(snapshot, event_ids, Path(folder))
        yield narrow
        shutil.rmtree(narrow.store_path, ignore_errors=True)


class Around(Snapshot):
    """The rows of a snapshot around some events. ``persons``: whom the events name, and who is linked with them."""

    def __init__(self, whole: Snapshot, event_ids: Sequence[int], folder: Path) -> None:
        super().__init__(folder, whole.id, whole.entries)
        self._whole = whole
        self._event_ids = np.unique(np.asarray(event_ids, dtype=np.int64))
        self._taken: dict[str, pa.Table] = {}
        events = self._events_of(self._event_ids)
        self.persons = self._linked(_named(self._parties, events))
        met = self._linked(np.union1d(self.persons, self._met(self.persons)))
        self._rows = {"events": self._events_about(met), "relationships": self._stated_about(met)}

    @cached_property
    def links(self) -> Links:
        """Merges and unmerges of the whole snapshot: there are few, and one may hang on another."""
        return self._whole.links

    def table(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Read a table, or some of its columns: of events and relationships the rows around the events alone."""
        if name not in self._rows:
            return self._whole.table(name, columns)
        wanted = TABLES[name].names if columns is None else list(columns)
        if name not in self._taken:
            # Read once and whole, however often the builders ask for a column: reading is nearly all of the time.
            self._taken[name] = self._whole.table(name, _stored(name)).take(self._rows[name])
        return self._taken[name].select(wanted)

    def row_count(self, table: str) -> int:
        """Return the number of rows that ``table`` gives."""
        return len(self._rows[table]) if table in self._rows else self._whole.row_count(table)

    @cached_property
    def _parties(self) -> pa.Table:
        """Whom every event of the whole snapshot names."""
        return self._whole.table("events", _PARTIES)

    @cached_property
    def _ids(self) -> tuple[Ints, Ints]:
        """The id of every event of the whole snapshot, and of the event that each corrects; NO_PERSON for none."""
        events = self._whole.table("events", ["event_id", "supersedes_event_id"])
        event_id, corrected = (filled(column, NO_PERSON) for column in events.columns)
        return event_id, corrected

    def _events_of(self, event_ids: Ints) -> Ints:
        """Return the places of some events with those that they correct, and that correct them, chain by chain."""
        event_id, corrected = self._ids
        corrections = np.flatnonzero(corrected != NO_PERSON)
        chosen = np.isin(event_id, event_ids)
        while True:
            before = int(chosen.sum())
            here = event_id[chosen]
            chosen[corrections] |= np.isin(corrected[corrections], here)
            of_chosen = corrected[corrections][chosen[corrections]]
            if len(of_chosen):
                chosen |= np.isin(event_id, of_chosen)
            if int(chosen.sum()) == before:
                return np.flatnonzero(chosen)

    def _linked(self, persons: Ints) -> Ints:
        """Return some persons with everybody whom links join to them, whenever they held."""
        source, survivor = (filled(column, NO_PERSON) for column in self._whole.table("person_links", _LINKED).columns)
        while True:
            joined = np.isin(source, persons) | np.isin(survivor, persons)
            wider = np.unique(np.concatenate([persons, source[joined], survivor[joined]]))
            if len(wider) == len(persons):
                return persons
            persons = wider

    def _met(self, persons: Ints) -> Ints:
        """Return everybody whom an event or a stated relationship names beside one of some persons."""
        named = [
            _named(table, np.flatnonzero(_about(table, persons)))
            for table in (self._parties, self._whole.table("relationships", _PAIR))
        ]
        return np.unique(np.concatenate(named))

    def _events_about(self, persons: Ints) -> Ints:
        about = _about(self._parties, persons)
        return self._events_of(self._ids[0][about])

    def _stated_about(self, persons: Ints) -> Ints:
        """Return the places of the stated relationships of some persons, with every row of the same reference."""
        reference = filled(self._whole.table("relationships", ["relationship_id"]).column(0), NO_PERSON)
        about = _about(self._whole.table("relationships", _PAIR), persons)
        return np.flatnonzero(np.isin(reference, reference[about]))


def _stored(name: str) -> list[str]:
    """Return the columns of a table that its parts hold: all but the batch, which no builder asks for."""
    return [column for column in TABLES[name].names if column != "batch_id"]


def _about(table: pa.Table, persons: Ints) -> NDArray[np.bool_]:
    """Mask of the rows that name one of some persons."""
    return np.logical_or.reduce([np.isin(filled(column, NO_PERSON), persons) for column in table.columns])


def _named(table: pa.Table, rows: Ints) -> Ints:
    """Return the persons that some rows name, each once."""
    named = np.unique(np.concatenate([filled(column, NO_PERSON)[rows] for column in table.columns]))
    return named[named != NO_PERSON]
