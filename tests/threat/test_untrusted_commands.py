"""Through the commands that people type: a malformed file ends in an exit code and a sentence, never in a traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from fixtures.malformed import MALFORMED, OTHER
from fixtures.trusted import Trusted

from threat.cli import main
from training.archive.build import INDEX, SIGNATURE

Command = Callable[[Path, bytes], list[str]]
"""Writes a content to its place in a folder, and returns what is typed."""


def typed(folder: Path, name: str, content: bytes, *words: str) -> list[str]:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return [word.format(path=path, folder=folder) for word in words]


def archive(folder: Path, content: bytes) -> list[str]:
    (folder / SIGNATURE).write_bytes(b"{}")
    return typed(folder, INDEX, content, "verify-release", "{folder}")


SOME = ("nested deeply", "not UTF-8", "10 to the 400", "half a character", "an array", "fields of other types")
"""A content of each class of error that Python itself would raise; ``test_untrusted.py`` has the others."""

COMMANDS: dict[str, tuple[Command, set[int], tuple[str, ...]]] = {
    "verify-release": (archive, {3, 5}, ("The document cannot be read: ", "The archive is of another format.")),
    "history": (
        lambda folder, content: typed(folder, "manifest.json", content, "history", "--store", "{folder}"),
        {5},
        ("The manifest of the history cannot be read.",),
    ),
    "simulate --advance": (
        lambda folder, content: typed(
            folder, "truth/force.json", content, "simulate", "--advance", "1d", "--out", "{folder}"
        ),
        {2},
        ("There is no synthetic force in this folder.",),
    ),
    "statements": (
        lambda folder, content: typed(folder, "approvals.json", content, "statements", "{path}"),
        {3},
        ("The approvals file cannot be read.",),
    ),
    "promotions": (
        lambda folder, content: typed(folder, "promotions.jsonl", content + b"\n", "promotions", "--var", "{folder}"),
        {5},
        ("The log has a damaged or incomplete line.",),
    ),
    "register-key": (
        lambda folder, content: typed(folder, "new.request.json", content, "register-key", "{path}"),
        {3, 5},
        ("This is not a request for a key.", "The request for a key cannot be read."),
    ),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_malformed_file_ends_a_command_with_its_exit_code_and_a_sentence(
    name: str,
    tmp_path: Path,
    force_trusted: Trusted,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command, codes, sentences = COMMANDS[name]
    force_trusted.use(monkeypatch)
    for what in SOME:
        content = (MALFORMED | OTHER)[what]
        folder = tmp_path / what
        folder.mkdir()
        monkeypatch.setattr(sys, "argv", ["threat", *command(folder, content)])
        with pytest.raises(SystemExit) as ended:
            main()
        first, _, rest = capsys.readouterr().err.partition("\n")
        assert first.startswith(sentences), (what, first)
        assert ended.value.code in codes, (what, first)
        assert "Traceback" not in rest, what
