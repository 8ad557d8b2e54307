"""Profiles: read whole, with every problem at once."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from threat.errors import UsageError
from threat.history.intake.profile import load_profile
from threat.history.intake.sources import source_names


def test_profiles_are_checked_whole(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(
        yaml.safe_dump(
            {
                "name": "own",
                "title": "Own",
                "legal_basis": "x",
                "source_system": "own",
                "colour": "red",
                "shape": "round",
                "encoding": "morse",
                "time": {"zone": "Mars/Olympus", "ambiguous": "perhaps", "earliest": "long ago"},
                "files": {"events": {"columns": {"kind": {"type": "colour"}, "x": {"tpye": "text"}}, "key": ["y"]}},
            }
        )
    )
    with pytest.raises(UsageError) as raised:
        load_profile(str(path))
    text = str(raised.value)
    for part in (
        "9 problems",
        "colour",
        "round",
        "morse",
        "long ago",
        "Mars/Olympus",
        "perhaps",
        "tpye",
        "names no column of the file",
    ):
        assert part in text
    with pytest.raises(UsageError, match="No profile has this name"):
        load_profile("unheard_of")
    assert source_names() == ["multnomah", "standard_csv"]
    for name in source_names():
        assert load_profile(name).name == name
