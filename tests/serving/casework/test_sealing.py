"""The sealed share: a tenth by chance, the same again for the same key and list, unknown without the key."""

from __future__ import annotations

import hashlib
import stat
from math import sqrt
from pathlib import Path

import pytest

from serving.casework.policy import load_casework_policy
from serving.casework.sealing import KEY_BYTES, Sealer
from threat.errors import BadInput

KEY = hashlib.sha256(b"a key of the tests").digest()
REFERENCES = [f"R-{hashlib.sha256(str(n).encode()).hexdigest()[:16]}" for n in range(10_000)]
ONE_IN = load_casework_policy().section.sealed_one_in


def drawn(key: bytes, list_id: str, one_in: int = ONE_IN) -> set[str]:
    sealer = Sealer(key, one_in)
    return {reference for reference in REFERENCES if sealer.sealed(reference, list_id)}


@pytest.mark.parametrize("one_in", [ONE_IN, 2, 20])
def test_the_share_is_that_of_the_policy(one_in: int) -> None:
    """Within five standard deviations of a binomial: outside by chance once in two million keys."""
    share = 1 / one_in
    spread = 5 * sqrt(len(REFERENCES) * share * (1 - share))
    assert abs(len(drawn(KEY, "L-1", one_in)) - len(REFERENCES) * share) < spread


def test_the_same_key_and_list_draw_the_same_cases_and_another_list_or_key_draws_others() -> None:
    first = drawn(KEY, "L-1")
    assert drawn(KEY, "L-1") == first
    for other in (drawn(KEY, "L-2"), drawn(hashlib.sha256(KEY).digest(), "L-1")):
        # Independent draws share a tenth of a tenth: 100 of 10,000, give or take 50.
        assert 50 < len(first & other) < 150


def test_a_reference_cannot_be_cut_differently_into_the_same_draw() -> None:
    sealer = Sealer(KEY, ONE_IN)
    pairs = [(sealer.sealed(f"R-{n}", "1L-7"), sealer.sealed(f"R-{n}1", "L-7")) for n in range(300)]
    assert {first == second for first, second in pairs} == {True, False}


def test_the_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "var" / "sealing.key"
    made = Sealer.from_file(path, ONE_IN)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_bytes()) == KEY_BYTES
    assert Sealer.from_file(path, ONE_IN) == made
    assert repr(made) == f"Sealer(one_in={ONE_IN})"


def test_a_short_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sealing.key").write_bytes(b"short")
    with pytest.raises(BadInput, match=r"The key of the sealed share is too short") as caught:
        Sealer.from_file(tmp_path / "sealing.key", ONE_IN)
    assert (caught.value.value, caught.value.where) == ("5 bytes", str(tmp_path / "sealing.key"))
