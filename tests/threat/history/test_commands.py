"""``threat load`` and ``threat history`` as a person types them."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from fixtures.standard_export import GOOD, NOW, events, person, write
from fixtures.trusted import Trusted

from threat.cli import main
from threat.history.intake.load import load
from threat.ids import show_id
from threat.trust.folder import UNSIGNED


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
    assert (
        code,
        "stalking, in 1 incidents" in out,
        "2 files of parts and quarantined rows, all as they were written" in out,
    ) == (0, True, True)
    overview = json.loads(run("history", "--store", store, "--json")[1])
    assert overview["rows"]["events"] == 1
    assert overview["by_kind"] == [{"kind": "stalking", "events": 1, "incidents": 1}]
    assert overview["by_source"][0]["history_start"] == "2024-01-11T09:00:00+00:00"
    assert overview["by_source"][0]["reaches"] == "2024-01-11T09:00:00+00:00"
    assert overview["by_source"][0]["reach_stated"] is False
    assert [batch["rows_quarantined"] for batch in overview["batches"]] == [0, 1]


def test_a_person_is_erased_by_two_people(
    tmp_path: Path, force_trusted: Trusted, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    force_trusted.use(monkeypatch)
    export, store = write(tmp_path / "export", events=events(GOOD)), tmp_path / "store"
    load("standard_csv", export, store, NOW)
    keys = [word for name in ("approval", "approval-owner") for word in ("--by", str(force_trusted.key(name)))]
    asked = ["erase", show_id("P", person("anna")), "--reason", "court order", "--store", str(store), *keys]
    monkeypatch.setattr(sys, "argv", ["threat", *asked])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr().out
    assert not ended.value.code
    assert f"Erased: {show_id('P', person('anna'))}, by Vera Lid and Sam Owner." in said
    assert "Rows taken out, or without the person now: 1 of events." in said
    monkeypatch.setattr(sys, "argv", ["threat", "history", "--store", str(store), "--verify", "--full"])
    with pytest.raises(SystemExit):
        main()
    assert "a person erased by Vera Lid and Sam Owner: 1 of events (court order)" in capsys.readouterr().out
    # The source still has the person.
    again = load("standard_csv", write(export, events=events(GOOD | {"event": "E2"})), store, NOW + 1)
    assert again.exit_code == 6
    assert [warning[:63] for warning in again.warnings] == [
        "1 persons who were erased are named again by this export, and a"
    ]


def test_signed_verified_and_private(
    tmp_path: Path,
    force_trusted: Trusted,
    no_trust: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def run(*arguments: str | Path) -> tuple[str, str]:
        monkeypatch.setattr(sys, "argv", ["threat", *map(str, arguments)])
        before = os.umask(0o022)
        with pytest.raises(SystemExit) as ended:
            main()
        os.umask(before)
        assert not ended.value.code
        said = capsys.readouterr()
        return said.out, said.err

    export, store = write(tmp_path / "export", events=events(GOOD)), tmp_path / "store"
    assert run("load", "standard_csv", export, "--store", store)[1] == f"{UNSIGNED}\n"
    assert json.loads(run("history", "--store", store, "--json")[0])["signed"] is False
    force_trusted.use(monkeypatch)
    assert run("sign-history", "--store", store)[0].startswith("Verified in full and signed: 2 records, head ")
    write(export, events=events(GOOD, GOOD | {"event": "E2"}))
    assert run("load", "standard_csv", export, "--store", store)[1] == ""
    assert len(list(store.glob("derived/*/sightings-*/sidecar.json"))) == 1  # for processes without the key
    out, err = run("history", "--store", store, "--verify", "--full")
    assert err == ""
    assert "  2 files of parts and quarantined rows, all as they were written\n  signed: 3 records, head " in out
    modes = {path: path.stat().st_mode & 0o777 for path in [store, *store.rglob("*")]}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}
