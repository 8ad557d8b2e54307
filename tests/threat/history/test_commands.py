"""``threat load`` and ``threat history`` as a person types them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from fixtures.standard_export import GOOD, events, write

from threat.cli import main


def test_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*arguments: str | Path) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["threat", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), capsys.readouterr().out

    export, store = write(tmp_path / "export", events=events(GOOD)), tmp_path / "store"
    code, out = run("load", "standard_csv", export, "--store", store, "--json")
    assert (code, json.loads(out)["rows_kept"]) == (0, 1)
    write(export, events=events(GOOD, GOOD | {"event": "E2", "kind": "quarrel"}))
    code, out = run("load", "standard_csv", export, "--store", store)
    assert code == 6
    assert "events: 2 rows in = 1 kept + 1 quarantined" in out
    (export / "events.csv").write_text("")
    code, out = run("load", "standard_csv", export, "--store", store, "--json")
    assert (code, json.loads(out)["problem"]) == (3, "The file is empty.")
    assert run("load", "unheard_of", export, "--store", store)[0] == 2
    code, out = run("history", "--store", store, "--verify")
    assert (code, "stalking, in 1 incidents" in out, "1 parts, all as they were written" in out) == (0, True, True)
    overview = json.loads(run("history", "--store", store, "--json")[1])
    assert overview["rows"]["events"] == 1
    assert overview["by_kind"] == [{"kind": "stalking", "events": 1, "incidents": 1}]
    assert overview["by_source"][0]["history_start"] == "2024-01-11T09:00:00+00:00"
    assert overview["by_source"][0]["reaches"] == "2024-01-11T09:00:00+00:00"
    assert overview["by_source"][0]["reach_stated"] is False
    assert [batch["rows_quarantined"] for batch in overview["batches"]] == [0, 1]
