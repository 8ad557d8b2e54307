"""Engines give the values of the reference engine for the stores that the plain reader of raw rows is tried on."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from fixtures.drawn import drawn
from fixtures.engine_agreement import OTHERS, check
from fixtures.raw_histories import AS_OFS, histories, stored
from fixtures.raw_reader import RawReader
from hypothesis import HealthCheck, given, settings

from features.engines.contract import Engine
from features.load import load_catalogue
from threat.asof import DAY
from threat.history import Snapshot
from threat.history.sightings import NO_PERSON, Rows

REST = [pytest.param(engine, id=name) for name, engine in OTHERS.items()]
IN_DAYS = histories(scale=DAY)


def standing_rows(snapshot: Snapshot, as_ofs: tuple[int, ...]) -> Rows:
    """Every pair that stands at each of some as-ofs, where it is known to be of a person with another party."""
    relationships = snapshot.relationships
    ids = [relationships.relationship_id[relationships.standing(as_of)] for as_of in as_ofs]
    rows = snapshot.rows(np.concatenate(ids), np.repeat(np.array(as_ofs, np.int64), [len(part) for part in ids]))
    return rows.take((rows.subject != NO_PERSON) & (rows.subject != rows.at_risk))


def engines_agree(engine: Engine, raw: RawReader) -> None:
    """Assert that the engine agrees with the reference engine, over the whole catalogue."""
    with tempfile.TemporaryDirectory() as folder:
        snapshot = stored(raw, Path(folder))
        rows = standing_rows(snapshot, tuple(as_of * DAY for as_of in AS_OFS[1::2]))
        check(engine, snapshot.sightings(), rows, load_catalogue())


@pytest.mark.parametrize("engine", REST)
@drawn(20)
@given(raw=IN_DAYS)
def test_every_standing_pair(engine: Engine, raw: RawReader) -> None:
    engines_agree(engine, raw)


@pytest.mark.long
@pytest.mark.parametrize("engine", REST)
@settings(deadline=None, max_examples=10_000, suppress_health_check=list(HealthCheck))
@given(raw=IN_DAYS)
def test_every_standing_pair_in_ten_thousand_histories(engine: Engine, raw: RawReader) -> None:
    engines_agree(engine, raw)
