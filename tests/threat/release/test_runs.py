"""A RUN seals what it holds: hashes as drawn, tampering found, annexes in order."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest

from threat.errors import IntegrityFailure, UsageError
from threat.release.runs import Run

CONFIG = '{\n  "a": [\n    0.5\n  ],\n  "b": 2\n}\n'


@pytest.fixture
def sealed(tmp_path: Path) -> Run:
    run = Run.create(tmp_path, "r1")
    run.write_text("config.json", CONFIG)
    run.write_text("model/model.txt", "tree\n")
    run.seal()
    return run


def test_manifest_holds_the_hash_and_size_of_every_file(sealed: Run) -> None:
    manifest = json.loads((sealed.directory / "manifest.json").read_text())
    assert manifest == {
        "version": 1,
        "run_id": "r1",
        "files": {
            "config.json": {
                "sha256": hashlib.sha256(CONFIG.encode()).hexdigest(),
                "size": 35,
            },
            "model/model.txt": {"sha256": hashlib.sha256(b"tree\n").hexdigest(), "size": 5},
        },
    }
    opened = Run.open(sealed.directory)
    assert (opened.id, opened.read_json("config.json")) == ("r1", {"a": [0.5], "b": 2})


@pytest.mark.parametrize(
    ("tamper", "problem"),
    [
        (lambda d: (d / "config.json").write_text("{}"), "config.json: changed"),
        (lambda d: (d / "model/model.txt").unlink(), "model/model.txt: missing"),
        (lambda d: (d / "extra.json").write_text("{}"), "extra.json: not in the manifest"),
        (lambda d: (d / "link").symlink_to(d / "config.json"), "symbolic link"),
        (lambda d: (d / "manifest.json").write_text("{"), "not JSON at line 1, column 2"),
        (lambda d: (d / "manifest.json").write_text("[]"), "not an object but an array"),
        (lambda d: (d / "manifest.json").write_text("{}"), "manifest.json lacks its version"),
        (lambda d: (d / "manifest.json").write_text('{"version": 1, "files": {}}'), "run_id: Field required"),
        (lambda d: (d / "annexes.json").write_text("[]"), "not an object but an array"),
        (lambda d: (d / "annexes.json").write_text('{"version": 1}'), "annexes: Field required"),
        (lambda d: (d / "manifest.json").unlink(), "never sealed"),
        (lambda d: (d / "fairness.json").write_text('{"verdict": "pass"}'), "fairness.json: changed"),
        (lambda d: (d / "annexes.json").unlink(), "fairness.json: not in the manifest"),
    ],
)
def test_tampering_is_found(sealed: Run, tamper, problem: str) -> None:
    sealed.add("fairness.json", {"verdict": "fail"})
    Run.open(sealed.directory)
    tamper(sealed.directory)
    with pytest.raises(IntegrityFailure) as caught:
        Run.open(sealed.directory)
    assert problem in str(caught.value)


def test_annexes_keep_their_order_and_the_same_content_twice_changes_nothing(sealed: Run) -> None:
    sealed.add("gate.json", {"verdict": "fail"})
    sealed.add("gate.json", {"verdict": "fail"})
    sealed.add("card.html", "<p>card</p>")
    sealed.add("gate.json", {"verdict": "pass"})
    sealed.add("figures.json", {"b": np.int64(2), "a": [np.float64(0.5)]})
    opened = Run.open(sealed.directory)
    assert [entry.name for entry in opened.annexes()] == ["gate.json", "card.html", "gate.json", "figures.json"]
    assert opened.path("figures.json").read_text() == CONFIG
    assert opened.read_json("gate.json") == {"verdict": "pass"}


def test_what_is_refused(sealed: Run, tmp_path: Path) -> None:
    refusals = [
        lambda: sealed.write_text("late.json", "{}"),
        sealed.seal,
        lambda: sealed.add("config.json", {}),
        lambda: sealed.path("../outside"),
        lambda: sealed.path("/etc/passwd"),
        lambda: Run.create(tmp_path, "r1"),
        lambda: Run.create(tmp_path, "../r2"),
        lambda: Run.open(tmp_path / "none"),
        lambda: sealed.read_json("fairness.json"),
    ]
    for refused in refusals:
        with pytest.raises(UsageError):
            refused()
    open_run = Run.create(tmp_path, "r2")
    with pytest.raises(UsageError, match="not sealed"):
        open_run.add("gate.json", {})
    with pytest.raises(ValueError, match="JSON"):
        sealed.add("nan.json", {"x": float("nan")})


def test_what_is_read_of_an_opened_run_are_the_bytes_that_were_verified(sealed: Run) -> None:
    """Whoever writes the folder may put another file there between the check and the use, also of the same size."""
    opened = Run.open(sealed.directory)
    (sealed.directory / "config.json").write_text(CONFIG.replace("2", "3"))
    (sealed.directory / "model/model.txt").write_text("bush\n")
    for read in (lambda: opened.read_json("config.json"), lambda: opened.data("model/model.txt")):
        with pytest.raises(IntegrityFailure, match="The RUN holds a file that was changed"):
            read()
    assert sealed.data("model/model.txt") == b"bush\n"  # never opened: nothing to compare with
    (sealed.directory / "config.json").write_text(CONFIG)
    assert opened.read_json("config.json") == {"a": [0.5], "b": 2}


def test_what_is_handed_on_of_a_run_are_the_bytes_that_were_verified(sealed: Run) -> None:
    """An archive is made of these: whatever takes the place of a file meanwhile is not signed."""
    sealed.add("card.html", "<p>")
    opened = Run.open(sealed.directory)
    whole = opened.verified_whole()
    assert sorted(whole) == ["annexes.json", "card.html", "config.json", "manifest.json", "model/model.txt"]
    assert whole["config.json"] == CONFIG.encode()
    model = sealed.directory / "model/model.txt"
    for swap in (lambda: model.write_text("bush\n"), lambda: (model.unlink(), os.mkfifo(model))):
        swap()
        with pytest.raises(IntegrityFailure, match="The RUN holds a file that was changed"):
            opened.verified_whole()
    model.unlink()
    (sealed.directory / "manifest.json").write_text("{}")
    with pytest.raises(IntegrityFailure, match="its manifest was replaced"):
        opened.verified_whole()


def test_a_table_of_another_form_is_refused_in_words(sealed: Run) -> None:
    sealed.add("predictions.parquet", b"PAR1")
    with pytest.raises(IntegrityFailure, match="The table cannot be read"):
        Run.open(sealed.directory).table("predictions.parquet")
