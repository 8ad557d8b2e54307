"""What the demonstration decides by itself: its folder, what it uses again, and the whole of it."""

from __future__ import annotations

import json

import pytest

from serving.demonstration.processes import Demonstration
from serving.demonstration.run import MARK, prepare
from threat.errors import UsageError


def test_the_demonstration_keeps_to_its_own_folder(tmp_path):
    (tmp_path / "precious").write_text("mine")
    with pytest.raises(UsageError, match="something other than a demonstration"):
        prepare(Demonstration(tmp_path, 7, quiet=True), fresh=True)
    assert (tmp_path / "precious").read_text() == "mine"


def test_the_demonstration_uses_what_is_there_or_starts_over(tmp_path):
    var = tmp_path / "demo"

    def kept(seed: int, *, fresh: bool = False) -> bool:
        prepare(Demonstration(var, seed, quiet=True), fresh=fresh)
        there = (var / "made").exists()
        (var / "made").write_text("x")
        return there

    assert not kept(7)
    assert kept(7)
    assert not kept(8)  # another seed
    assert kept(8)
    assert not kept(8, fresh=True)
    assert json.loads((var / MARK).read_text())["seed"] == 8
    (var / MARK).write_text('{"seed": 8, "rel')  # torn by a crash
    assert not kept(8)
    assert kept(8)


@pytest.mark.long
def test_the_whole_demonstration(threat, tmp_path):
    code, made, _ = threat("demo", "--no-serve", "--var", str(tmp_path / "demo"))
    assert code == 0
    assert made["ranking"] == ("model" if made["released"] else "rule")
    assert made["released"] or made["reasons"]
    assert len(made["tour"]) >= 3
    made_files = [tmp_path / "demo", *(tmp_path / "demo").rglob("*")]
    assert {(path.is_dir(), path.stat().st_mode & 0o777) for path in made_files} == {(True, 0o700), (False, 0o600)}
    code, again, _ = threat("demo", "--no-serve", "--var", str(tmp_path / "demo"))
    assert (code, again["released"]) == (0, made["released"])
