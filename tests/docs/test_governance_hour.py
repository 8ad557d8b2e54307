"""Every command of the reviewer's hour parses and runs, and exits as the page says."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import typer
from fixtures import evidence
from fixtures.trained_run import Trained
from fixtures.trusted import Trusted
from fixtures.typed_commands import parse_command
from typer.testing import CliRunner

from serving.audit import log
from serving.audit.checkpoints import Checkpoints
from serving.storage import connect
from threat.cli import build
from threat.errors import ThreatError

PAGE = Path(__file__).parents[2] / "docs" / "governance-hour.md"
OF_RECORDS = (
    "threat history", "threat audit RUN", "threat evaluate", "threat audit-log", "threat promotions",
    "threat verify-release GOVERNANCE",
)  # fmt: skip
"""Commands that need a history, predictions or a service: run by the long test, on what a training made."""


@dataclass(frozen=True)
class Typed:
    """A line of the page and the exit code that the page says it has."""

    line: str
    exit_code: int


def typed() -> list[Typed]:
    """The lines of every block of commands, in order."""
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    out = []
    for line in lines:
        command, _, code = line.partition("  # exit ")
        out.append(Typed(command, int(code or 0)))
    return out


def of_the_product() -> list[str]:
    return [command.line for command in typed() if command.line.startswith("threat ")]


def test_the_page_has_commands_and_each_parses() -> None:
    assert len(of_the_product()) == 14
    for line in of_the_product():
        parse_command(line)


@cache
def command_line() -> typer.Typer:
    """Every command of the product, gathered once."""
    return build()


def run(command: Typed, places: dict[str, Path]) -> str:
    """Run a line where its files are, assert its exit code, and return what it printed."""
    line = re.sub(rf"\b({'|'.join(places)})\b", lambda match: str(places[match[1]]), command.line)
    program, *words = shlex.split(line.partition(" >> ")[0])
    if program != "threat":
        done = subprocess.run(["bash", "-c", line], capture_output=True, text=True)
        assert done.returncode == command.exit_code, done.stderr
        return done.stdout
    result = CliRunner().invoke(command_line(), words)
    error = result.exception
    code = error.exit_code if isinstance(error, ThreatError) else result.exit_code
    assert code == command.exit_code, f"{line}\n{result.output}\n{error!r}"
    return result.stdout


@pytest.fixture
def here(tmp_path: Path, public_archive: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """An empty folder as the working directory, with two RUNs and the public archive of a third."""
    monkeypatch.chdir(tmp_path)
    runs = [evidence.audited_run(tmp_path / "runs", name) for name in ("run-1", "run-2")]
    for made in runs:
        made.write(evidence.gate(made))
    return {
        "RUN": runs[1].directory,
        "OTHER": runs[0].directory,
        "CHANGED": tmp_path / "changed",
        "PUBLIC": public_archive,
    }


def test_what_a_run_alone_can_answer_runs_in_order_and_exits_as_the_page_says(here: dict[str, Path]) -> None:
    printed = {command.line: run(command, here) for command in typed() if not command.line.startswith(OF_RECORDS)}
    assert len(printed) == 11
    assert "GREEN        totals" in printed["threat verify-release PUBLIC"]
    assert "On 2026-11-28" in printed["threat card RUN --pdf card.pdf --out card.html --valid-on 2026-11-28"]
    assert printed["threat card RUN --compare OTHER --out compared.html"].startswith("From run-1 to run-2")
    assert Path("card.pdf").read_bytes() == Path("again.pdf").read_bytes()
    assert Path("model.cdx.json").is_file()


@pytest.mark.long
def test_what_needs_a_history_or_a_service_runs_too(
    here: dict[str, Path],
    trained: Trained,
    governance_archive: Path,
    tmp_path: Path,
    demonstration_trusted: Trusted,
) -> None:
    run_directory = shutil.copytree(trained.run.directory, tmp_path / "trained" / trained.run.id)
    var = tmp_path / "service"
    var.mkdir()
    engine = connect(var / "desk.sqlite")
    entry = log.Entry("A", "governance", "consultation", "view page")
    checkpoints = Checkpoints(engine, demonstration_trusted.trust)
    checkpoints.after(log.record(engine, entry, 1_000), 1_000)
    checkpoints.sign(1_001)
    engine.dispose()
    places = {"RUN": run_directory, "STORE": trained.store, "VAR": var, "GOVERNANCE": governance_archive}
    commands = [command for command in typed() if command.line.startswith(OF_RECORDS)]
    printed = [run(command, places) for command in commands]
    assert len(printed) == 6
    assert all(printed)
