"""Drawn mutations of a history by who holds no key: a part, the manifest, a derived array or its sidecar."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from threat.errors import IntegrityFailure
from threat.history import Store
from threat.history.sightings import COLUMNS
from threat.history.snapshot import Snapshot


@pytest.fixture
def store(attacked_store: Path) -> Path:
    """A copy of a signed history, read by an account that has no key."""
    return attacked_store


def _mutated(data: bytes, rng: random.Random) -> bytes:
    """Return other bytes: a bit flipped, a byte more or less, a piece moved, zeroed or cut off."""
    out, at = bytearray(data), rng.randrange(len(data))
    kind = rng.choice(["flip", "flip", "flip", "cut", "more", "zero", "moved"])
    if kind == "flip":
        out[at] ^= 1 << rng.randrange(8)
    elif kind == "cut":
        del out[at:]
    elif kind == "more":
        out.insert(at, rng.randrange(256))
    elif kind == "zero":
        out[at : at + 8] = bytes(len(out[at : at + 8]))
    else:
        out = out[at:] + out[:at]
    return bytes(out)


def _read(snapshot: Snapshot) -> list[Any]:
    """Return what both kinds of derived arrays say."""
    sightings, relationships = snapshot.sightings(), snapshot.relationships
    spans = (relationships.pairs.standing, relationships.pairs.kinds)
    arrays = [getattr(sightings, name) for name in ("persons", "offsets", *COLUMNS, "history_start")]
    arrays += [relationships.relationship_id, relationships.subject_id, relationships.pairs.kind]
    arrays += [array for span in spans for array in (span.first, span.start, span.end)]
    return [array.tobytes() for array in arrays] + [sightings.code_names, sightings.source_names]


@pytest.mark.parametrize(("mutations", "seed"), [(50, 11), pytest.param(300, 12, marks=pytest.mark.long)])
def test_no_drawn_mutation_goes_unnoticed(
    store: Path, mutations: int, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [
        *(path for path in sorted(store.rglob("*")) if path.is_file() and path.name != "lock"),
        *[store / "manifest.json"] * 6,
    ]
    expected = _read(Store.open(store).snapshot())
    rng, noticed, unnoticed = random.Random(seed), {"refused": 0, "rebuilt": 0}, []
    for number in range(mutations):
        file = rng.choice(files)
        data = file.read_bytes()
        mutated = _mutated(data, rng)
        while mutated == data:
            mutated = _mutated(data, rng)
        file.write_bytes(mutated)
        capsys.readouterr()
        try:
            again = _read(Store.open(store).snapshot())
        except IntegrityFailure:
            noticed["refused"] += 1
        else:
            if again == expected and "are rebuilt" in capsys.readouterr().err:
                noticed["rebuilt"] += 1
            else:
                unnoticed.append((number, file.relative_to(store).as_posix()))
        file.write_bytes(data)
    assert unnoticed == []
    assert sum(noticed.values()) == mutations
    assert min(noticed.values()) > mutations // 6
