"""Incidents that index a relationship: when a domestic incident of it first came on record as domestic."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from threat.asof import visible
from threat.history.links import Links
from threat.history.sightings import NO_PERSON
from threat.history.snapshot import Snapshot
from threat.vocabulary import kinds

Ints = NDArray[np.int64]

_REPORTED_THEMES = ("crime", "incident", "strangulation", "stalking", "threat_to_kill")
"""Themes whose kinds the police are called to, crime or not. Orders, assessments and stays are answers to a call, so
they would index a relationship a second time for the same incident."""


def index_kinds() -> list[str]:
    """Kinds that make an incident an index incident.

    Every crime of a relationship, and what is reported of a relationship without a crime (domestic incident,
    strangulation, surveillance, attempted entry, threat to children).
    """
    return [
        kind.name
        for kind in kinds().values()
        if kind.about == "relationship" and (kind.crime or kind.theme in _REPORTED_THEMES)
    ]


def index_incidents(snapshot: Snapshot, after_seconds: int) -> tuple[Ints, Ints]:
    """Return (relationship id, instant) of each incident of a relationship, sorted by instant, then id.

    The instant, UTC seconds, is ``after_seconds`` after the incident was first on record as domestic: flagged so, or
    with the flag left blank between the parties of a relationship that another row makes. An incident that is withdrawn
    or corrected by then, and on record as domestic no more, indexes nothing. Parties are compared as known at the
    instant, so an incident recorded under an id that was found to be a party is an incident of the relationship.
    """
    pairs = _of_relationships(snapshot, _events(snapshot))
    since = snapshot.relationships.recorded_at[pairs["relationship"]]
    # A blank flag is domestic from when the two stand as a relationship, which another row or event makes.
    pairs["domestic_at"] = np.where(pairs["flagged"], pairs["recorded_at"], np.maximum(pairs["recorded_at"], since))
    first = pairs.groupby(["incident_id", "relationship"])["domestic_at"].transform("min")
    pairs["instant"] = first + after_seconds
    pairs = pairs[visible(pairs["domestic_at"], pairs["hidden_at"], pairs["instant"])]
    pairs = pairs[_same_parties(snapshot, pairs)]
    pairs["relationship_id"] = snapshot.relationships.relationship_id[pairs["relationship"]]
    out = pairs[["instant", "relationship_id"]].drop_duplicates().sort_values(["instant", "relationship_id"])
    return out["relationship_id"].to_numpy(np.int64), out["instant"].to_numpy(np.int64)


def _events(snapshot: Snapshot) -> pd.DataFrame:
    """Read the events that may index: facts of index kinds with a subject, not flagged as not domestic.

    A blank flag without a known victim is no domestic incident.
    """
    events = snapshot.query(
        f"""
        SELECT event_id, incident_id, subject_id, coalesce(person_at_risk_id, {NO_PERSON}) AS at_risk_id, recorded_at,
            domestic = 'yes' AS flagged
        FROM events
        WHERE (domestic = 'yes' OR (domestic = 'unknown' AND person_at_risk_id IS NOT NULL))
            AND assertion = 'fact' AND NOT proactive AND subject_id IS NOT NULL AND kind IN (SELECT unnest(?))
        """,
        [index_kinds()],
    ).to_pandas()
    events["hidden_at"] = snapshot.hidden_at(events.pop("event_id").to_numpy(np.int64))
    # What hid an event before it could be seen never let anybody know the event.
    return events[events["hidden_at"] > events["recorded_at"]]


def _of_relationships(snapshot: Snapshot, events: pd.DataFrame) -> pd.DataFrame:
    """Join each event to every relationship of the same persons, whatever ids either was recorded under.

    Adds ``relationship``: the place of the relationship in those of the snapshot.
    """
    everyone = snapshot.relationships
    columns = {"subject_id": everyone.subject_id, "at_risk_id": everyone.person_at_risk_id}
    pairs = pd.DataFrame({"relationship": np.arange(len(everyone)), **columns})
    for frame in (pairs, events):
        for name in columns:
            frame[f"{name}_group"] = linked_group(snapshot.links, frame[name].to_numpy(np.int64))
    keys = [f"{name}_group" for name in columns]
    return events.merge(pairs[["relationship", *keys]], on=keys).drop(columns=keys)


def _same_parties(snapshot: Snapshot, pairs: pd.DataFrame) -> NDArray[np.bool_]:
    """Mask of the pairs of event and relationship whose parties are the same persons, as known at the instant."""
    everyone, at = snapshot.relationships, pairs["instant"].to_numpy(np.int64)
    place = pairs["relationship"].to_numpy()
    sides = (("subject_id", everyone.subject_id), ("at_risk_id", everyone.person_at_risk_id))
    same = np.ones(len(pairs), np.bool_)
    for name, of_relationship in sides:
        by_event = snapshot.links.resolve(pairs[name].to_numpy(np.int64), at)
        same &= by_event == snapshot.links.resolve(of_relationship[place], at)
    return same


def linked_group(links: Links, persons: Ints) -> Ints:
    """Return one number for all ids that a link ever joined, directly or through others; int64[n].

    Two ids that are one person at any as-of share the number: the least id that a link ever joined to either.
    """
    of_span = links.person[links.spans.keys()]
    somebody = links.survivor != NO_PERSON  # nobody joins two persons
    both = np.concatenate([of_span[somebody], links.survivor[somebody]])
    linked, index = np.unique(both, return_inverse=True)
    source, survivor = np.split(index, 2)
    group = np.arange(len(linked))
    while True:
        before = group.copy()
        np.minimum.at(group, source, group[survivor])
        np.minimum.at(group, survivor, group[source])
        if (group == before).all():
            break
    out = persons.copy()
    place = np.minimum(np.searchsorted(linked, persons), max(len(linked) - 1, 0))
    if len(linked):
        is_linked = linked[place] == persons
        out[is_linked] = linked[group[place[is_linked]]]
    return out
