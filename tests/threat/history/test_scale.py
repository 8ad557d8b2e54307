"""A large history in a process of its own: the arrays are whole, sorted, and memory stays in bounds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BUILD = """
import resource, sys
import numpy as np, pyarrow as pa
from threat.history import Batch, Store

EVENTS, PERSONS, PIECE = 2_000_000, 400_000, 250_000
rng = np.random.default_rng(3)
ids = np.unique(rng.integers(0, 1 << 62, PERSONS))
store = Store.create(sys.argv[1])

def words(names, codes):
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(names))

def pieces():
    for start in range(0, EVENTS, PIECE):
        n = PIECE
        occurred = rng.integers(1_500_000_000, 1_700_000_000, n)
        yield pa.RecordBatch.from_pydict({
            "event_id": pa.array(np.arange(start, start + n) * 7919 % (1 << 40)),
            "record_id": pa.array(np.arange(start, start + n)),
            "incident_id": pa.array(rng.integers(0, EVENTS // 2, n)),
            "subject_id": pa.array(ids[rng.integers(0, len(ids), n)]),
            "person_at_risk_id": pa.array(ids[rng.integers(0, len(ids), n)]),
            "kind": words(["stalking", "harassment"], rng.integers(0, 2, n)),
            "occurred_at": pa.array(occurred),
            "recorded_at": pa.array(occurred + rng.integers(0, 10**6, n)),
            "domestic": words(["yes", "no"], rng.integers(0, 2, n)),
            "proactive": pa.array(np.zeros(n, dtype=bool)),
            "reported_by": words(["police"], np.zeros(n)),
            "assertion": words(["fact"], np.zeros(n)),
            "source_system": words(["test"], np.zeros(n)),
        })

links = {
    "source_person_id": ids[:5000], "person_id": ids[5000:10000],
    "recorded_at": np.full(5000, 1_600_000_000), "method": ["test"] * 5000,
}
store.append(Batch("scale", 0), {"events": pieces(), "person_links": pa.table(links)})
written = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
seen = store.snapshot().sightings()
own = np.isin(seen.persons, ids[5000:10000])
person = np.repeat(np.arange(len(seen.persons)), np.diff(seen.offsets))
step = np.diff(person)
assert ((step > 0) | (np.diff(seen.occurred_at) >= 0)).all()
# Every event twice, and once more for each linked party: under the survivor, and beside the counterpart.
assert len(seen.event_id) > 2 * EVENTS
assert len(np.unique(seen.event_id)) == EVENTS
now = 1_800_000_000
visible = (seen.visible_from < now) & (seen.visible_until >= now)
linked_only = np.isin(person, np.flatnonzero(np.isin(seen.persons, ids[:5000])))
assert int((visible & ~linked_only).sum()) == 2 * EVENTS
print(written, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.long
def test_two_million_events(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(tmp_path / "store")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    written, whole = (int(kilobytes) for kilobytes in done.stdout.split())
    assert written < 600_000
    assert whole < 1_200_000
