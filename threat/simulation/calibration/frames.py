"""A force's records as frames, one row for each incident, for every figure that is measured on them."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from threat.asof import DAY
from threat.harm import days_of
from threat.history.sightings import NO_PERSON
from threat.rungs import rules_of
from threat.simulation.records.recording import principal_kinds
from threat.vocabulary import kinds

YEAR = 365 * DAY
"""Seconds of a year for windows and yearly rates: the quarter of a day left out is less than 0.1%."""
_HOMICIDE = ("murder", "manslaughter")
_RUNGS = {"severe": "Y2", "violent": "Y4"}
"""Columns of ``incidents`` that say whether an incident meets a rung of ``outcomes.csv``."""
_DEADLY = (*_HOMICIDE, "attempted_murder", "gbh_with_intent")


@dataclass(frozen=True)
class ForceRecords:
    """A force's records as frames: ``events`` in force, ``incidents`` (one row each), ``relations``, ``persons``.

    ``relations``: one row for each relationship record, in its first version. ``incidents``, by pair and time: the
    pair's number (``pair``), times, harm in days (``days``), and whether it is a crime, violent, severe, deadly, a
    homicide.
    """

    events: pd.DataFrame
    incidents: pd.DataFrame
    relations: pd.DataFrame
    persons: pd.DataFrame
    start: int
    end: int

    @classmethod
    def of(cls, tables: dict[str, pa.Table], start: int, end: int) -> ForceRecords:
        """Return the frames of the history's tables (as ``simulate`` returns them)."""
        names = (
            "event_id incident_id supersedes_event_id subject_id person_at_risk_id person_id kind code "
            "occurred_at recorded_at domestic"
        )
        events = frame_of(tables["events"].select(names.split()))
        events = events[~events["event_id"].isin(events["supersedes_event_id"])]
        events = events[events["kind"] != "withdrawn"]
        order = list(kinds())
        principal = {order[i] for i in principal_kinds()} - {"clares_law_application"}
        # A relationship's kind is read as first recorded: the published shares are of reports, not of what came later.
        relations = frame_of(tables["relationships"]).drop_duplicates("relationship_id")
        # Published figures on domestic abuse leave out crimes against strangers, and others hurt at the scene.
        between = events[(events["subject_id"] >= 0) & (events["domestic"] == "yes")]
        between = between[between["person_at_risk_id"].isin(relations["person_at_risk_id"])]
        heads = between[between["kind"].isin(principal)]
        days = heads["kind"].map({name: max(days_of(name), 1.0) for name in order}).astype(float)
        crime = heads["kind"].map({name: kind.crime for name, kind in kinds().items()}).astype(bool)
        deadly = heads["kind"].isin(_DEADLY)
        frame = heads.assign(days=days, crime=crime, deadly=deadly, homicide=heads["kind"].isin(_HOMICIDE))
        frame["crimes"] = crime.astype(int)
        incidents = frame.groupby("incident_id", sort=False).agg(
            subject_id=("subject_id", "first"),
            person_at_risk_id=("person_at_risk_id", "first"),
            occurred_at=("occurred_at", "min"),
            recorded_at=("recorded_at", "min"),
            days=("days", "max"),
            crime=("crime", "any"),
            crimes=("crimes", "sum"),
            deadly=("deadly", "any"),
            homicide=("homicide", "any"),
        )
        for name, rung in _RUNGS.items():
            incidents[name] = incidents.index.isin(list(incidents_that_meet(events, rung)))
        incidents["pair"] = incidents.groupby(["subject_id", "person_at_risk_id"], sort=False, dropna=False).ngroup()
        incidents = incidents.sort_values(["pair", "occurred_at"])
        persons = tables["persons"].to_pandas().set_index("person_id")
        return cls(events, incidents, relations, persons, start, end)

    def of_kind(self, *names: str) -> pd.DataFrame:
        """Return the events of these kinds."""
        return self.events[self.events["kind"].isin(names)]


def frame_of(table: pa.Table) -> pd.DataFrame:
    """Return a frame whose ids stay whole: a missing id is -1, never a float (which would round the others)."""
    for i, field in enumerate(table.schema):
        if field.name.endswith("_id") and pa.types.is_int64(field.type):
            table = table.set_column(i, field.name, pc.fill_null(table.column(i), NO_PERSON))
    return table.to_pandas()


def incidents_that_meet(events: pd.DataFrame, rung: str) -> set[int]:
    """Return the ids of the incidents in which every kind of one of the rung's rules is on record."""
    ids_of_kind = {str(kind): set(rows) for kind, rows in events.groupby("kind", observed=True)["incident_id"]}
    ids: set[int] = set()
    for rule in rules_of(rung):
        ids |= set.intersection(*(ids_of_kind.get(kind, set()) for kind in rule.all_of))
    return ids
