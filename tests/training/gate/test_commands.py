"""Wrong usage of ``threat release`` and ``threat approve`` is refused in words, and writes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fixtures.release_commands import run_command

from threat.errors import UsageError


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--environment", "moon"), "two environments"),
        (("--environment", "demonstration", "--to", "draft"), "one of three states"),
        (("--environment", "force"), "another environment"),
        (("--environment", "demonstration", "--approvals", "nowhere.json"), "approvals file is missing"),
        (("--environment", "demonstration", "--policy", "nowhere.yaml"), "gate policy file is missing"),
        (
            ("--environment", "demonstration", "--key", "nowhere.pem"),
            "no private key for the verb promotion",
        ),
    ],
)
def test_wrong_usage_of_release(make_audited: Any, var: Path, arguments: tuple[str, ...], words: str) -> None:
    result = run_command("release", make_audited("r1").directory, "--var", var, *arguments)
    assert isinstance(result.exception, UsageError)
    assert words in str(result.exception)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("promise",), ["known kinds"]),
        (("approval",), ["--to", "--expires"]),
        (("acceptance", "--check", "fairness"), ["--about", "--reason", "--controls", "--expires"]),
        (
            (
                "document",
                "--document",
                "DPIA",
                "--title",
                "x",
                "--version",
                "1",
                "--file",
                __file__,
                "--review-due",
                "soon",
            ),
            ["2026-01-31", "--review-due"],
        ),
        (("document", "--document", "DPIA", "--title", "x"), ["--version", "--file", "--review-due"]),
        (("dissent",), ["--reason"]),
        (("authorship",), ["--author"]),
    ],
)
def test_wrong_usage_of_approve(
    make_audited: Any,
    var: Path,
    force_keys: dict[str, Path],
    tmp_path: Path,
    arguments: tuple[str, ...],
    words: list[str],
) -> None:
    run, key = make_audited("r1"), force_keys["Vera Lid"]
    result = run_command("approve", run.directory, *arguments, "--key", key, "--approvals", tmp_path / "a.json")
    assert isinstance(result.exception, UsageError)
    for word in words:
        assert word in str(result.exception)
    assert not (tmp_path / "a.json").exists()


def test_a_document_that_is_not_there_is_refused(
    make_audited: Any, var: Path, force_keys: dict[str, Path], tmp_path: Path
) -> None:
    given = ("--document", "DPIA", "--title", "x", "--review-due", "2027-01-01", "--file", tmp_path / "nowhere.pdf")
    signed = ("--key", force_keys["Vera Lid"], "--approvals", tmp_path / "a.json")
    result = run_command("approve", make_audited("r1").directory, "document", *given, *signed)
    assert result.exit_code == 2
    assert not (tmp_path / "a.json").exists()
