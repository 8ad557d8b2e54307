"""The walk-through of the data page: its commands, run in the folder of its files, print what the page shows.

``PYTHONPATH=. python tests/threat/history/test_data_page_example.py`` writes what they print into the page.
"""

from __future__ import annotations

import doctest
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[3] / "docs"
PAGE = DOCS / "data.md"
SECTION = "## A first export, from nothing to a load\n"
CHANGING = [(r"Batch \w{32}", "Batch ..."), (r"snapshot \w{16}", "snapshot ..."), (r"Snapshot \w{16}", "Snapshot ...")]
CHANGING += [(r"  20\d\d-\d\d-\d\dT\d\d:\d\d  wessex@\w{8}", "  ...  wessex@...")]
"""Ids and the time of the load, which are others on another day."""


def blocks() -> list[str]:
    section = PAGE.read_text(encoding="utf-8").partition(SECTION)[2].partition("\n## ")[0]
    return section.split("```\n")[1::2]


def commands(block: str) -> list[tuple[str, str]]:
    """Return the commands of a block, each with what the page shows of its output."""
    parts = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def run(command: str, folder: Path) -> str:
    """Run a command in a shell that knows ``threat``; return what it prints and says on standard error."""
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin/threat").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m threat.cli "$@"\n')
    (folder / "bin/threat").chmod(0o755)
    path = os.pathsep.join([str(folder / "bin"), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=os.environ | {"PATH": path}, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=120, encoding="utf-8",
    )  # fmt: skip
    return done.stdout


def copied(folder: Path) -> Path:
    shutil.copytree(DOCS / "example_force", folder, dirs_exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(tmp_path_factory.mktemp("example"))


def test_every_command_prints_what_the_page_shows(folder: Path, no_trust: None) -> None:
    checker, count = doctest.OutputChecker(), 0
    for command, shown in [pair for block in blocks() for pair in commands(block)]:
        printed = run(command, folder)
        assert checker.check_output(shown, printed, doctest.ELLIPSIS), f"$ {command}\n{printed}"
        count += command.startswith("threat ")
    assert count == 6


def write_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as name:
        folder = copied(Path(name))
        for block in blocks():
            out = ""
            for command, _ in commands(block):
                printed = run(command, folder)
                for pattern, text in CHANGING:
                    printed = re.sub(pattern, text, printed)
                out += f"$ {command}\n{printed}"
            page = page.replace(f"```\n{block}```\n", f"```\n{out}```\n")
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    write_page()
