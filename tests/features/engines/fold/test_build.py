"""The fold engine: files written in chunks, threads, mapped stores, and the arrays it reads."""

from __future__ import annotations

import sys
from dataclasses import fields, replace

import numpy as np
from fixtures.feature_definitions import ASSAULTS, catalogue, define
from fixtures.feature_histories import AS_OF, QUESTIONS, UNKNOWN, hit, rows, sightings
from numpy.testing import assert_array_equal

from features import build, build_to, load_catalogue, value
from features.engines.fold.program import compile_half
from threat.asof import DAY


def test_written_in_chunks_it_is_the_same(tmp_path, monkeypatch):
    build_module = sys.modules["features.engines.fold.build"]
    monkeypatch.setattr(build_module, "_CHUNK", 4)
    store = sightings([hit(1, 10), hit(2, 400, lag=3)])
    asked = rows([(11, 12, AS_OF - d * DAY) for d in range(0, 900, 90)])
    written = build_to(tmp_path / "matrix.npy", store, asked)
    assert_array_equal(written.values, build(store, asked).values)
    assert_array_equal(np.load(tmp_path / "matrix.npy"), written.values)
    assert [path.name for path in tmp_path.iterdir()] == ["matrix.npy"]
    assert build_to(tmp_path / "empty.npy", store, rows([])).values.shape == (0, len(load_catalogue()))


def test_threads_and_blocks_change_nothing(monkeypatch):
    store = sightings([hit(i, i * 7, lag=i % 5, subject=11 + i % 3, at_risk=12 + i % 3) for i in range(1, 60)])
    asked = rows([(11 + i % 3, 12 + i % 3, AS_OF - i * DAY) for i in range(50)])
    alone = build(store, asked, parallel=False).values
    monkeypatch.setattr(sys.modules["features.engines.fold.build"], "_BLOCK", 3)
    assert_array_equal(build(store, asked).values, alone)


def test_no_rows_and_no_definitions():
    store = sightings([hit(1, 10)])
    assert build(store, rows([])).values.shape == (0, len(load_catalogue()))
    assert build(store, QUESTIONS, catalogue([])).values.shape == (len(QUESTIONS), 0)


def test_a_mapped_store_that_is_let_go_between_blocks(tmp_path, monkeypatch):
    """What was unmapped is read again where it is needed; no value changes."""
    store = sightings([hit(i, i * 7, lag=i % 5, subject=11 + i % 3, at_risk=12 + i % 3) for i in range(1, 60)])
    mapped = {}
    for field in fields(store):
        array = getattr(store, field.name)
        if isinstance(array, np.ndarray):
            np.save(tmp_path / f"{field.name}.npy", array)
            mapped[field.name] = np.load(tmp_path / f"{field.name}.npy", mmap_mode="r")
    asked = rows([(11 + i % 3, 12 + i % 3, AS_OF - i * DAY) for i in range(50)])
    expected = build(store, asked, parallel=False).values
    monkeypatch.setattr(sys.modules["features.engines.fold.build"], "_BLOCK", 3)
    monkeypatch.setattr(sys.modules["features.engines.fold.build"], "_SIGHTINGS_MAPPED", 1)
    assert_array_equal(build(replace(store, **mapped), asked).values, expected)


def test_an_unknown_counterpart_is_nobody_else():
    """Neither the other party nor one of the others; somebody unknown is only *anyone*."""
    scopes = ("relationship", "subject_others", "subject_anyone", "at_risk_others", "at_risk_anyone")
    wanted = catalogue([define("a", **ASSAULTS, scope=scope) for scope in scopes])
    store = sightings([hit(1, 10, at_risk=UNKNOWN), hit(2, 20, subject=UNKNOWN), hit(3, 30, at_risk=13)])
    found = build(store, rows([(11, 12, AS_OF), (11, UNKNOWN, AS_OF)]), wanted).values
    assert_array_equal(found, [[0, 1, 2, 0, 1], [1, 1, 2, np.nan, np.nan]])


def test_an_array_the_kernel_reads_is_never_cut_short():
    """The kernel takes code and reporter together; a column nobody names is handed over one entry long."""
    for at_risk in (False, True):
        scope = "at_risk_anyone" if at_risk else "relationship"
        answered = define("a", statistic="state_yes", kinds=("item_strangled",), scope=scope)
        assert {"code", "reported_by"} <= compile_half([answered], at_risk, ("yes",)).uses
    counted = compile_half([define("a", **ASSAULTS)], False, ("yes",)).uses
    assert not {"code", "reported_by"} & counted


def test_more_distinct_counts_than_bits_in_a_word():
    """Each definition that tells incidents apart has a bit; seventy need two words, cleared for each row."""
    gaps = {"statistic": "last_gap", "kinds": ("assault_with_injury",)}
    wanted = catalogue([define("a", **gaps, window_days=days) for days in range(1, 71)])
    store = sightings([hit(i, i * 3.5, incident_id=i // 2) for i in range(1, 40)])
    asked = rows([(11, 12, AS_OF), (11, 12, AS_OF - 20 * DAY), (11, 12, AS_OF - 60 * DAY)])
    slow = np.stack([value(store, asked, d) for d in wanted], axis=1)
    assert_array_equal(build(store, asked, wanted).values, slow)
    assert np.isfinite(slow[:, -1]).all()
