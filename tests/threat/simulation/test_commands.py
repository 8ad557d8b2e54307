"""``threat simulate`` from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from threat.errors import UsageError
from threat.simulation.commands import app

SMALL = ["--relationships", "150", "--years", "2", "--seed", "4"]


def run(*words: str) -> str:
    result = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_make_continue_and_draw(tmp_path: Path) -> None:
    out = str(tmp_path / "force")
    made = json.loads(run(*SMALL, "--out", out, "--json"))
    assert made["rows"]["relationships"] > 100
    assert made["to"].startswith("2025-01-01")
    more = json.loads(run("--advance", "30d", "--out", out, "--json"))
    assert more["from"].startswith("2025-01-01")
    assert more["to"].startswith("2025-01-31")
    drawn = json.loads(run("--report", "--out", out, "--json"))
    page = Path(drawn["report"]).read_text(encoding="utf-8")
    assert page.count("<figure") == 12
    assert "No person in it" in page
    assert 'lang="en-GB"' in page
    for ignored in (["--advance", "1d", "--seed", "5"], ["--report", "--knob", "leak=1"]):
        with pytest.raises(UsageError, match="keeps its own"):
            CliRunner().invoke(app, [*ignored, "--out", out], catch_exceptions=False)
    assert "No person in it lives" in run(*SMALL, "--out", str(tmp_path / "other"), "--knob", "duplicates=0.2")


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ([], "No folder was given"),
        (["--advance", "soon", "--out", "x"], "no synthetic force in this folder"),
        (["--force", "nowhere", "--out", "x"], "no force named 'nowhere'"),
        (["--knob", "leak=2", "--out", "x"], "outside 0 to 1: 2"),
        (["--knob", "mischief=2", "--out", "x"], "not a knob"),
        (["--knob", "world=flat", "--out", "x"], "no world named 'flat'"),
        (["--relationships", "0", "--out", "x"], "no relationship"),
        (["--years", "nan", "--out", "x"], "no time or too much"),
        (["--years", "2000", "--out", "x"], "no time or too much"),
        (["--knob", "drift=inf", "--out", "x"], "not a finite number: inf"),
    ],
)
def test_wrong_usage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], rule: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=rule):
        CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert not (tmp_path / "x" / "history" / "parts" / "events").exists()


def test_a_folder_that_holds_a_history_is_refused(tmp_path: Path) -> None:
    run(*SMALL, "--out", str(tmp_path))
    with pytest.raises(UsageError, match="not empty"):
        CliRunner().invoke(app, [*SMALL, "--out", str(tmp_path)], catch_exceptions=False)
