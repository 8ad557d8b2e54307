"""Bands by their lower ends."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from fixtures.history_rows import BATCH, links

from fairness.groups.age import age_bands, banded
from fairness.policy import load_policy
from threat.asof import DAY, parse_as_of
from threat.history import Store


@pytest.mark.parametrize(
    ("value", "band"),
    [
        (0, "under 1"),
        (1, "1"),  # a band of one year is named by it
        (2, "2-3"),
        (3.9, "2-3"),
        (4, "4 or over"),
        (90, "4 or over"),
    ],
)
def test_a_lower_end_begins_its_band(value: float, band: str) -> None:
    assert banded(np.array([float(value)]), (1, 2, 4)).tolist() == [band]


def test_ages_are_those_on_record_at_the_as_of_of_every_id_of_a_person(tmp_path: Path) -> None:
    """Born 1900 is what systems write for "not known", 2190 is a slip; person 9 was found to be person 5."""
    rows = [(5, 1980, 10), (9, 2000, 2_000), (6, 1900, 10), (7, 2190, 10), (8, 2010, 10), (8, 1990, 3_000)]
    person, year, recorded = (list(column) for column in zip(*rows, strict=True))
    people = {"person_id": person, "kind": ["person"] * len(rows), "birth_year": pa.array(year, pa.int16())}
    store = Store.create(tmp_path / "store")
    tables = {"persons": pa.table(people | {"recorded_at": [at * DAY for at in recorded]})}
    store.append(BATCH, tables | {"person_links": links((9, 5, 5_000 * DAY, None))})
    as_of = parse_as_of("2024-06-01")
    ids = np.array([5, 6, 7, 8, -1, 5, 8])
    at = np.array([as_of] * 5 + [2_000 * DAY, parse_as_of("1978-01-01")])
    bands = age_bands(store.snapshot(), ids, at, load_policy().age_bands)
    assert [None if band is None or band != band else band for band in bands] == [
        "18-24", None, None, "25-34", None, None, None,
    ]  # fmt: skip


def test_a_year_recorded_after_the_as_of_counts_where_none_was_on_record(tmp_path: Path) -> None:
    """Person 5 was first recorded after the as-of; of person 6 the year on record then counts, not the later one."""
    rows = [(5, 1990, 20_500), (6, 1980, 10), (6, 2001, 20_500)]
    person, year, recorded = (list(column) for column in zip(*rows, strict=True))
    people = {"person_id": person, "kind": ["person"] * len(rows), "birth_year": pa.array(year, pa.int16())}
    store = Store.create(tmp_path / "store")
    store.append(BATCH, {"persons": pa.table(people | {"recorded_at": [at * DAY for at in recorded]})})
    at = np.full(3, parse_as_of("2024-06-01"))
    bands = age_bands(store.snapshot(), np.array([5, 6, -1]), at, load_policy().age_bands)
    assert [None if band is None or band != band else band for band in bands] == ["25-34", "35-44", None]


def test_what_is_not_known_is_in_no_band() -> None:
    assert banded(np.array([np.nan, 5.0]), (1, 2, 4)).isna().tolist() == [True, False]
