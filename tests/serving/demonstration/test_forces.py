"""Small forces to read sentences of: made where there is none, with a model and a published list."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from serving.demonstration.forces import make_forces
from serving.demonstration.processes import Demonstration


def test_a_force_is_made_trained_and_listed_once_each_of_a_seed_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[tuple[str, ...]] = []

    def note(force: Demonstration, *arguments: str) -> tuple[int, dict[str, Any]]:
        commands.append(arguments)
        return 0, {"to": "2025-01-01T00:00:00+00:00"}

    monkeypatch.setattr(Demonstration, "threat", note)
    there, new, last = (tmp_path / name for name in ("force-1", "force-2", "force-3"))
    (there / "lists").mkdir(parents=True)
    (there / "lists" / "current.json").write_text("{}", encoding="utf-8")
    make_forces([there, new, last], quiet=True)
    assert [arguments[0] for arguments in commands] == ["simulate", "train", "score"] * 2
    seeds = [arguments[arguments.index("--seed") + 1] for arguments in commands if "--seed" in arguments]
    assert seeds == ["102", "103"]
    assert all(str(new) in " ".join(arguments) for arguments in commands[:3])
    assert "--publish" in commands[2]
