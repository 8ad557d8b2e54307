"""The product and a plain reader of the raw rows agree: who is who, what stands, and what each person sees."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from fixtures.raw_histories import AS_OFS, PEOPLE, histories, stored
from fixtures.raw_reader import NOBODY, RawReader, Seen
from hypothesis import HealthCheck, given, settings

from threat.history import Snapshot
from threat.history.schema import DOMESTIC
from threat.ids import pair_ids
from threat.vocabulary import kinds

ROLES = ("subject", "at_risk", "about")


def seen_in(snapshot: Snapshot, person: int, as_of: int) -> list[Seen]:
    """What the sightings show a person, but for the versions of stated relationships."""
    sightings = snapshot.sightings()
    where = np.arange(*sightings.rows_of(person).indices(len(sightings.kind))[:2])
    where = where[
        sightings.visible_at(as_of, where) & (sightings.kind[where] != kinds()["relationship_recorded"].number)
    ]
    return [
        Seen(int(sightings.event_id[i]), ROLES[sightings.role[i]], int(other), DOMESTIC[sightings.domestic[i]])
        for i, other in zip(where.tolist(), sightings.ids_of(sightings.counterpart[where]), strict=True)
    ]


def agree(raw: RawReader) -> None:
    """Assert that the product reads the rows as the plain reader does."""
    with tempfile.TemporaryDirectory() as folder:
        snapshot = stored(raw, Path(folder))
        pairs = [(s, at) for s in PEOPLE for at in (*PEOPLE, NOBODY) if s != at]
        ids = pair_ids(*zip(*pairs, strict=True))
        for as_of in AS_OFS:
            who = [raw.who(person, as_of) for person in PEOPLE]
            assert snapshot.links.resolve(PEOPLE, as_of).tolist() == who, as_of
            stands = [
                pair for pair, is_one in zip(pairs, snapshot.relationships.stands(ids, as_of), strict=True) if is_one
            ]
            assert stands == [pair for pair in pairs if raw.stands(pair, as_of)], as_of
            said = dict(zip(pairs, snapshot.relationships.kind_at(ids, as_of).tolist(), strict=True))
            assert {p: said[p] for p in stands} == {p: raw.kind(p, as_of) for p in stands}, as_of
            for person in set(who) - {NOBODY}:
                assert seen_in(snapshot, person, as_of) == raw.seen(person, as_of), (person, as_of)


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(histories())
def test_every_reader_sees_the_same(raw: RawReader) -> None:
    agree(raw)


@pytest.mark.long
@settings(deadline=None, max_examples=10_000, suppress_health_check=list(HealthCheck))
@given(histories())
def test_every_reader_sees_the_same_in_ten_thousand_histories(raw: RawReader) -> None:
    agree(raw)
