"""What the door of the fold engine promises: matrices, marks, files, threads, and sightings from plain arrays."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields, replace

import numpy as np
import pytest
from fixtures.feature_definitions import catalogue, define
from fixtures.feature_histories import (
    AS_OF,
    QUESTIONS,
    UNKNOWN,
    Happening,
    Link,
    histories,
    rows,
    sightings,
)
from hypothesis import HealthCheck, given, settings
from numpy.testing import assert_array_equal

from features import build, build_to, late_known, lineage, load_catalogue, value
from features.arrays import sightings_from
from features.engines.fold.program import compile_half
from threat.asof import DAY
from threat.errors import BadInput, UsageError
from threat.history.sightings import ROLE_AT_RISK, ROLE_SUBJECT
from threat.vocabulary import kind, kinds

HIT = kind("assault_with_injury").number
ADVANCE = {k.number for k in kinds().values() if k.known_in_advance}
ASSAULTS = {"statistic": "count", "kinds": ("assault_with_injury",)}


def hit(event_id: int, days: float, *, lag: float = 0, **parts: object) -> Happening:
    at = AS_OF - int(days * DAY)
    words = {"subject": 11, "at_risk": 12, "incident_id": event_id, **parts}
    return Happening("assault_with_injury", at, at + int(lag * DAY), event_id=event_id, **words)


def test_a_matrix():
    wanted = catalogue([define("a", **ASSAULTS, window_days=30), define("b", **ASSAULTS)])
    found = build(sightings([hit(1, 10), hit(2, 30), hit(3, 31)]), rows([(11, 12, AS_OF), (12, 11, AS_OF)]), wanted)
    assert found.values.dtype == np.float32
    assert_array_equal(found.values, [[2, 3], [0, 0]])
    assert_array_equal(found.column("d1_count"), [3, 0])
    assert found.catalogue_version == wanted.version
    frame = found.frame()
    assert list(frame.columns) == ["d0_count", "d1_count"]
    assert frame.loc[(0, AS_OF), "d0_count"] == 2
    with pytest.raises(UsageError, match="no feature of this name"):
        found.column("d2_count")


def test_windows_before_the_records_begin_are_marked_by_source():
    wanted = catalogue([define("a", **ASSAULTS, window_days=d) for d in (30, 100, 365)] + [define("b", **ASSAULTS)])
    starts = {"records": AS_OF - 365 * DAY, "custody": AS_OF - 100 * DAY}
    found = build(sightings([hit(1, 10)], starts=starts), rows([(11, 12, AS_OF), (11, 12, AS_OF - 1)]), wanted)
    assert_array_equal(found.truncated, [[False, False, True, False], [False, True, True, False]])
    assert_array_equal(found.truncated_by("records"), [[False, False, False, False], [False, False, True, False]])
    with pytest.raises(UsageError, match="one of custody, records"):
        found.truncated_by("custdy")


def test_late_known_counts_each_event_once():
    store = sightings(
        [
            hit(1, 10, lag=12),  # both parties are in it: once
            hit(2, 20, lag=1),  # known
            hit(3, 30, lag=30),  # recorded at as-of itself
            hit(4, 5, lag=9, subject=13),  # the person at risk's own
            hit(5, 5, lag=9, subject=13, at_risk=14),  # neither party's
            Happening("release", AS_OF - DAY, AS_OF + DAY, about=11, event_id=6),  # known in advance: not counted
        ]
    )
    assert_array_equal(late_known(store, rows([(11, 12, AS_OF), (11, UNKNOWN, AS_OF), (99, 12, AS_OF)])), [3, 2, 3])


def test_a_link_made_later_is_not_a_late_event():
    """The event was known of 14 all along; that 14 is 12 became known after as-of, and only then counts for 12."""
    store = sightings([hit(1, 10, at_risk=14)], [Link(14, 12, AS_OF + DAY)])
    assert_array_equal(late_known(store, rows([(11, 14, AS_OF), (11, 12, AS_OF)])), [0, 1])


def test_lineage_and_value_by_name():
    store = sightings([hit(2, 10, domestic="yes"), hit(1, 20, domestic="yes"), hit(3, 40, domestic="yes")])
    asked = rows([(11, 12, AS_OF)])
    assert value(store, asked, "domestic_incidents_30d") == np.float32(2)
    assert lineage(store, asked, 0, "domestic_incidents_30d") == [1, 2]
    assert lineage(store, asked, 0, "days_since_domestic_incident") == [2]
    assert lineage(store, asked, 0, "person_at_risk_suicidality_ever") == []


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


@settings(deadline=None, max_examples=30, suppress_health_check=list(HealthCheck))
@given(histories(most=40))
def test_sightings_from_arrays_in_any_order(history):
    """Sorting the rows of a store again, from a shuffled copy, gives the store back."""
    store = sightings(*history)
    shuffle = np.random.default_rng(len(store.kind)).permutation(len(store.kind))
    person = np.repeat(store.persons, np.diff(store.offsets))
    counterpart = np.where(store.counterpart >= 0, store.persons[store.counterpart], UNKNOWN) if len(person) else person
    columns = {
        name: getattr(store, name)[shuffle]
        for name in (
            "event_id", "incident_id", "until", "visible_from", "visible_until", "value", "code", "role", "domestic",
            "reported_by", "source", "proactive", "assessment",
        )
    }  # fmt: skip
    again = sightings_from(
        person[shuffle],
        store.kind[shuffle],
        store.occurred_at[shuffle],
        store.recorded_at[shuffle],
        threads=2,
        code_names=store.code_names,
        sources=dict(zip(store.source_names, store.history_start.tolist(), strict=True)),
        counterpart=counterpart[shuffle],
        **columns,
    )
    assert_array_equal(again.persons, store.persons)
    assert_array_equal(again.offsets, store.offsets)
    for name in ("event_id", "occurred_at", "recorded_at", "kind"):
        assert_array_equal(getattr(again, name), getattr(store, name), err_msg=name)
    wanted = load_catalogue()
    assert_array_equal(build(again, QUESTIONS, wanted).values, build(store, QUESTIONS, wanted).values)


def test_a_long_history_is_sorted_by_the_total_order():
    random = np.random.default_rng(5)
    n = 5_000
    person, occurred = random.integers(0, 3, n) * 10**12, random.integers(0, 40, n)
    recorded, event = occurred + random.integers(0, 3, n), random.permutation(n)
    store = sightings_from(person, np.full(n, HIT), occurred, recorded, event_id=event)
    assert_array_equal(store.event_id, event[np.lexsort((event, recorded, occurred, person))])
    assert_array_equal(store.persons, [0, 10**12, 2 * 10**12])


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"colour": np.zeros(2)}, "no column of this name"),
        ({"role": np.array([ROLE_SUBJECT])}, "one entry per row"),
        ({"person": np.array([-1, 3])}, "unknown persons have no sightings"),
        ({"kind": np.array([HIT, 999])}, "no kind of this number"),
    ],
)
def test_arrays_nobody_understands(columns, says):
    given = {
        "person": np.array([1, 2]),
        "kind": np.array([HIT, HIT]),
        "occurred_at": np.arange(2),
        "recorded_at": np.arange(2),
    }
    with pytest.raises(BadInput, match=says):
        sightings_from(**{**given, **columns})


def test_both_parties_from_arrays():
    now = np.array([AS_OF - DAY] * 2)
    store = sightings_from(
        np.array([7, 8]),
        np.array([HIT, HIT]),
        now,
        now,
        event_id=np.array([1, 1]),
        role=np.array([ROLE_SUBJECT, ROLE_AT_RISK]),
        counterpart=np.array([8, 7]),
    )
    wanted = catalogue([define("a", **ASSAULTS), define("b", **ASSAULTS, scope="at_risk_anyone")])
    assert_array_equal(build(store, rows([(7, 8, AS_OF), (8, 7, AS_OF)]), wanted).values, [[1, 1], [0, 0]])


def test_the_compiled_code_is_kept(tmp_path):
    """In ``var/numba`` of the working folder; Numba's own setting is left alone."""
    code = (
        "import features.engines.fold.kernel, numba; "
        "print(features.engines.fold.kernel.fold._cache._impl.locator.get_cache_path(), numba.config.CACHE_DIR)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True, env={}
    )
    assert done.stdout.startswith(str(tmp_path / "var" / "numba"))
    assert done.stdout.split()[1:] == []


def test_a_store_that_is_read_only():
    """Memory-mapped columns may not be written."""
    store = sightings([hit(1, 10)])
    for name in ("occurred_at", "kind", "offsets"):
        getattr(store, name).flags.writeable = False
    assert_array_equal(build(store, rows([(11, 12, AS_OF)]), catalogue([define("a", **ASSAULTS)])).values, [[1]])


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(histories(most=30))
def test_late_known_is_what_a_plain_count_says(history):
    store = sightings(*history)
    expected = []
    for subject, at_risk, as_of in zip(QUESTIONS.subject, QUESTIONS.at_risk, QUESTIONS.as_of, strict=True):
        unknown: set[int] = set()
        for person in (subject, at_risk):
            where = store.rows_of(person)
            rows_here = range(where.start, where.stop)
            seen = {int(store.event_id[j]) for j in rows_here if store.visible_from[j] < as_of}
            past = [j for j in rows_here if store.occurred_at[j] < as_of and store.kind[j] not in ADVANCE]
            unknown |= {int(store.event_id[j]) for j in past} - seen
        expected.append(len(unknown))
    assert_array_equal(late_known(store, QUESTIONS), expected)


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
