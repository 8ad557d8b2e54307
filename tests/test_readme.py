"""README: its commands are commands, its numbers are those of the demonstration, its links and pictures are there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from serving.demonstration.run import CAPACITY, RELATIONSHIPS, YEARS
from threat.cli import build

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
BLOCK = README.split("```")[1].strip().splitlines()
COMMANDS = [line for line in BLOCK if line.startswith("threat ")]
MENTIONED = re.findall(r"`(threat [a-z][a-z-]*)", README)


def options_of(line: str) -> dict[str, str]:
    """Return the options of a command line with their values; a flag has the next word or nothing."""
    words = shlex.split(line)
    return {word: words[i + 1] if i + 1 < len(words) else "" for i, word in enumerate(words) if word.startswith("--")}


@pytest.fixture(scope="module")
def commands() -> dict[str, Any]:
    app: Any = typer.main.get_command(build())
    return dict(app.commands)


def test_the_block_starts_by_putting_the_command_on_the_path() -> None:
    assert BLOCK[:2] == ["make setup", "source .venv/bin/activate"]
    assert len(COMMANDS) == 8


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_and_option_is_one(line: str, commands: dict[str, Any]) -> None:
    command = commands[line.split()[1]]
    names = {name for option in command.params for name in option.opts}
    assert set(options_of(line)) <= names
    required = {option.opts[0] for option in command.params if option.required and option.opts[0].startswith("--")}
    assert required <= set(options_of(line))


def test_every_mentioned_command_is_one(commands: dict[str, Any]) -> None:
    assert {words.split()[1] for words in MENTIONED} <= {*commands, "threat"}
    targets = re.findall(r"^(?: {4})?make ([a-z-]+)|`make ([a-z-]+)", README, re.MULTILINE)
    assert {first or second for first, second in targets} == {"demo", "test", "test-long", "setup"}
    assert [name for name in ("demo", "test", "test-long", "setup") if f"\n{name}:" not in MAKEFILE] == []


def test_the_numbers_are_those_of_the_demonstration() -> None:
    """The suite runs the demonstration, so the block does what README says without being run a second time."""
    _, simulate, train, _, _, _, score, _ = (options_of(line) for line in COMMANDS)
    assert simulate["--relationships"] == str(RELATIONSHIPS)
    assert simulate["--years"] == str(YEARS)
    assert simulate["--seed"] == "2"
    assert train["--capacity"] == score["--capacity"] == str(CAPACITY)
    assert (ROOT / train["--config"]).is_file()
    store = f"{simulate['--out']}/history"
    assert {options_of(line).get("--store", store) for line in COMMANDS} == {store}


def test_links_and_pictures_are_there_and_it_fits_on_a_screen() -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", README)
    assert [target for target in targets if not (ROOT / target).exists()] == []
    assert len([target for target in targets if target.endswith(".png")]) == 2
    assert len(README.splitlines()) <= 65
