"""``threat audit-decisions``: what it says where nobody has decided anything, and what it prints of decisions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fixtures.group_history import ROWS, written
from typer.testing import CliRunner

from fairness.commands import app
from threat.errors import BadInput
from threat.ids import show_id

RUNNER = CliRunner()


def asked(*arguments: str) -> str:
    done = RUNNER.invoke(app, ["audit-decisions", *arguments], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def test_where_nobody_has_decided_anything_it_says_so(tmp_path: Path) -> None:
    nothing = str(tmp_path / "decisions.csv")
    assert asked(nothing).startswith("No decisions are recorded yet")
    assert json.loads(asked(nothing, "--json")) == {"decisions": 0}


def test_decisions_about_a_history_are_audited(tmp_path: Path) -> None:
    written(tmp_path / "history")
    lines = [f"2019-12-01,{show_id('R', int(pair))},{n % 2},1" for n, pair in enumerate(ROWS.relationship[:3])]
    table = tmp_path / "decisions.csv"
    table.write_text("\n".join(["list_as_of,relationship,listed,taken", *lines]) + "\n", encoding="utf-8")
    arguments = (str(table), "--store", str(tmp_path / "history"), "--horizon", "30")
    assert asked(*arguments).startswith("3 decisions on record; the outcome of 3 is not known yet.")
    report = json.loads(asked(*arguments, "--json"))
    assert (report["decisions"], report["model"]["overall"]["selected"]) == (3, 1.0)
    assert report["both"]["overall"]["selected"] == 3.0
    table.write_text("list_as_of,relationship,listed,taken,by\n2019-12-01,R-1,1,1,PC 1\n", encoding="utf-8")
    with pytest.raises(BadInput, match="must not have"):
        asked(*arguments)
