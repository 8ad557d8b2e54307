"""Markers against the obvious reading of generated histories, and under any numbering of persons and references."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from fixtures.drawn import drawn
from fixtures.feature_histories import AS_OF, MERGED, UNKNOWN, Happening, Link, histories, rows, sightings
from fixtures.plain_markers import PlainReading
from fixtures.raw_histories import PEOPLE, stored
from fixtures.raw_histories import histories as raw_histories
from fixtures.raw_reader import RawReader
from fixtures.renumbering import Renumbered, ambiguous, renumbered
from hypothesis import assume, given
from hypothesis import strategies as st

from serving.relationship.marker_table import marker_definitions, unread_must_see
from serving.relationship.markers import Lane, Marker, markers, other_must_see
from threat.asof import DAY
from threat.vocabulary import kinds

LANES = ("this_way", "other_way", "elsewhere")
PAIRS = ((11, 12), (12, 11), (11, UNKNOWN), (11, 13), (13, 99))
KINDS = tuple(
    sorted(
        {
            name
            for definition in (*marker_definitions(), *unread_must_see())
            for names in (
                definition.kinds,
                definition.context,
                definition.asked_of_subject * 3,
                definition.asked_of_person_at_risk * 3,
            )
            for name in names
        }
    )
)
FEW = (
    "non_fatal_strangulation", "weapon_possession", "separation", "suicidal_ideation", "pregnancy", "item_strangled",
    "item_separated", "item_subject_suicidal", "item_person_suicidal", "item_pregnant", "item_hurt_others",
)  # fmt: skip
"""One kind of each sort, so that records and answers of one lane meet."""


@st.composite
def written(draw: st.DrawFn) -> tuple[list[Happening], list[Link]]:
    """Histories in which some records about one person name that person as a party."""
    happenings, links = draw(histories(names=draw(st.sampled_from([KINDS, FEW]))))
    out = []
    for happening in happenings:
        place = draw(st.sampled_from(["about", "about", "subject", "at_risk", "both", "all"]))
        if happening.about == UNKNOWN or place == "about":
            out.append(happening)
            continue
        about = happening.about if place == "all" else UNKNOWN
        parties = {"subject": (happening.about, UNKNOWN), "at_risk": (UNKNOWN, happening.about)}
        subject, at_risk = parties.get(place, (11, 12))
        out.append(replace(happening, about=about, subject=subject, at_risk=at_risk))
    return out, links


def said(lane: Lane) -> dict[str, object]:
    return {
        "state": lane.state,
        "first": lane.first,
        "last": lane.last,
        "incidents": lane.incidents,
        "records": {record.event_id for record in lane.records},
        "answers": {record.event_id for record in lane.answers},
        "yes_at": lane.yes_at,
        "answered_at": lane.answered_at,
        "no_at": lane.no_at,
    }


@drawn(200)
@given(written())
def test_markers_say_what_the_obvious_reading_says(history: tuple[list[Happening], list[Link]]) -> None:
    happenings, links = history
    assume(not any(MERGED in (pair := (h.subject, h.at_risk)) and 12 in pair for h in happenings))
    store, questions = sightings(happenings, links), rows([(*pair, AS_OF) for pair in PAIRS])
    found = markers(store, questions, AS_OF)
    for pair, of_row in zip(PAIRS, found, strict=True):
        plain = PlainReading.of(happenings, links, pair, AS_OF)
        for definition, marker in zip(marker_definitions(), of_row, strict=True):
            expected = {name: plain.lane(definition, name) for name in LANES}
            assert {name: said(lane) for name, lane in marker.lanes().items()} == {
                name: lane for name, lane in expected.items() if lane is not None
            }, (pair, marker.name)


@drawn(100)
@given(written(), st.sampled_from(PAIRS))
def test_rows_do_not_change_each_other(history: tuple[list[Happening], list[Link]], pair: tuple[int, int]) -> None:
    store = sightings(*history)
    together = rows([(*each, AS_OF) for each in PAIRS])
    alone = rows([(*pair, AS_OF)])
    for read in (markers, other_must_see):
        assert read(store, together, AS_OF)[PAIRS.index(pair)] == read(store, alone, AS_OF)[0]


@drawn(100)
@given(written(), st.sampled_from(KINDS))
def test_a_further_record_never_takes_a_yes_back(history: tuple[list[Happening], list[Link]], name: str) -> None:
    happenings, links = history
    at = AS_OF - DAY
    parties = {"about": 11} if kinds()[name].about == "person" else {"subject": 11, "at_risk": 12}
    code = "no" if name.startswith("item_") else ""
    further = Happening(name, at, at, event_id=30_000, incident_id=30_000, code=code, **parties)
    questions = rows([(*pair, AS_OF) for pair in PAIRS])
    before = markers(sightings(happenings, links), questions, AS_OF)
    after = markers(sightings([*happenings, further], links), questions, AS_OF)
    for was, now in zip(before, after, strict=True):
        for marker, later in zip(was, now, strict=True):
            yes = {lane for lane, of in marker.lanes().items() if of.state == "yes"}
            assert yes <= {lane for lane, of in later.lanes().items() if of.state == "yes"}


RAW_KINDS = (
    "non_fatal_strangulation", "threat_to_kill", "weapon_used", "weapon_possession", "stalking", "separation",
    "reconciliation", "suicidal_ideation", "pregnancy", "murder", "assault_with_injury", "breach_bail",
    "item_strangled", "item_separated", "item_person_suicidal", "item_subject_suicidal", "item_hurt_others",
)  # fmt: skip


def shown(again: Renumbered, folder: str, as_of: int) -> list[Any]:
    """The markers of every pair of persons, without their ids, and how many incidents each lane counts."""
    snapshot = stored(again.raw, Path(folder))
    pairs = [(again.people[s], again.people[at]) for s in PEOPLE for at in PEOPLE if s != at]
    questions = rows([(*pair, as_of) for pair in pairs])
    resolved = replace(
        questions,
        subject=snapshot.links.resolve(questions.subject, as_of),
        at_risk=snapshot.links.resolve(questions.at_risk, as_of),
    )
    found: list[list[tuple[Marker, ...]]] = [
        read(snapshot.sightings(), resolved, as_of) for read in (markers, other_must_see)
    ]
    return [[without_ids(marker) for marker in of_row] for of_rows in found for of_row in of_rows]


def without_ids(marker: Marker) -> Sequence[Any]:
    lanes = {
        name: (
            lane.state,
            lane.incidents,
            [
                [(record.kind, record.code, record.began_at, record.occurred_at) for record in records]
                for records in (lane.records, lane.answers, lane.context)
            ],
        )
        for name, lane in marker.lanes().items()
    }
    return marker.name, lanes


@drawn(25)
@given(raw_histories(scale=DAY, names=RAW_KINDS), st.integers(0, 1000), st.sampled_from([4, 7, 13]))
def test_no_numbering_changes_a_marker(raw: RawReader, seed: int, time: int) -> None:
    assume(not ambiguous(raw))
    same = Renumbered(raw, {person: person for person in PEOPLE}, {})
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        assert shown(same, first, time * DAY) == shown(renumbered(raw, seed), second, time * DAY)


def test_no_rows_no_markers() -> None:
    assert markers(sightings([]), rows([]), AS_OF) == []
    assert np.array([len(of_row) for of_row in other_must_see(sightings([]), rows([(1, 2, AS_OF)]), AS_OF)]) == [0]
