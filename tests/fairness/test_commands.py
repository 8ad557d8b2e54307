"""``threat audit FILE.csv``: results, small cells, and every mistake with its exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from fairness.commands import app
from threat.errors import BadInput, ThreatError, UsageError

GOOD = ["--score", "s", "--label", "y", "--group", "g"]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "ranking.csv"
    path.write_text("s,y,g,who,word\n0.9,1,A,p1,x\n0.8,0,A,p1,x\n0.7,1,B,p2,x\n0.6,,B,p3,x\n0.5,1,,p4,x\n,1,B,p5,x\n")
    return path


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


def test_a_file_is_audited(table: Path) -> None:
    result = run("audit", str(table), *GOOD, "--threshold", "0.7", "--cluster", "who", "--json")
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    groups = {group["code"]: group for group in report["characteristics"][0]["groups"]}
    assert {code: (group["n"], group["events"], group["captured"]) for code, group in groups.items()} == {
        "A": (2, 1, 1.0), "B": (3, 2, 1.0), "not recorded": (1, 1, 0.0),
    }  # fmt: skip
    assert report["verdict"] == "not_enough_evidence"
    assert report["threshold"] == 0.7
    assert report["dataset"] == "ranking.csv"
    assert report["notes"][:2] == [
        "1 rows have no score: they stay in every denominator and are never on the list.",
        "1 rows have no known outcome: they take places on the list and count in no rate of outcomes.",
    ]


def test_several_groups_and_a_page(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    result = run("audit", str(table), *GOOD, "--group", "who", "--capacity", "2", "--html", str(out))
    assert result.exit_code == 0
    assert result.stdout.startswith("Not enough evidence: ranking.csv")
    assert "Treated worst, next to everybody else recorded:" in result.stdout
    assert len(result.stdout.splitlines()) <= 24
    assert "P(below)" not in result.stdout
    html = out.read_text()
    assert "<h3>g</h3>" in html
    assert "<h3>who</h3>" in html


def test_combinations_are_declared_with_a_star(table: Path) -> None:
    """As in a formula: both columns and each combination, which decide as any column does."""
    result = run("audit", str(table), "--score", "s", "--label", "y", "--group", "g*who", "--capacity", "2", "--json")
    report = json.loads(result.stdout)
    assert [item["characteristic"] for item in report["characteristics"]] == ["g", "who", "g_by_who"]
    assert all(item["gate"] for item in report["characteristics"])
    both = {group["code"]: group["n"] for group in report["characteristics"][2]["groups"]}
    assert both == {"A, p1": 2, "B, p2": 1, "B, p3": 1, "B, p5": 1, "not recorded": 1}


def test_combinations_of_the_policy_count_where_a_table_is_audited_by_both(table: Path, tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("version: ours\nintersections: [{party: column, of: [g, who]}, {party: column, of: [g, other]}]\n")
    result = run("audit", str(table), *GOOD, "--group", "who", "--capacity", "2", "--policy", str(path), "--json")
    report = json.loads(result.stdout)
    assert [item["characteristic"] for item in report["characteristics"]] == ["g", "who", "g_by_who"]


@pytest.mark.parametrize(("asked", "columns"), [("g*", "1 different column"), ("g*g", "1"), ("g*who*word", "3")])
def test_a_combination_names_two_columns(table: Path, asked: str, columns: str) -> None:
    result = run("audit", str(table), "--score", "s", "--label", "y", "--group", asked, "--capacity", "2")
    assert isinstance(result.exception, UsageError)
    assert f"The combination {asked} has {columns}" in str(result.exception)


def test_two_combinations_that_read_alike_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "ranking.csv"
    path.write_text('s,y,a,b\n2,1,"x, y",z\n1,0,x,"y, z"\n')
    result = run("audit", str(path), "--score", "s", "--label", "y", "--group", "a*b", "--capacity", "1")
    assert isinstance(result.exception, BadInput)
    assert "Two different combinations of groups would have one" in str(result.exception)


def test_every_group_is_printed_on_request(table: Path) -> None:
    result = run("audit", str(table), *GOOD, "--capacity", "2", "--full")
    assert result.exit_code == 0
    assert [line.split()[:3] for line in result.stdout.splitlines() if line.startswith(("  A ", "  B "))] == [
        ["A", "2", "1"],
        ["B", "3", "2"],
    ]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ([*GOOD], UsageError, ["not exactly one is given"]),
        ([*GOOD, "--capacity", "2", "--threshold", "1"], UsageError, ["not exactly one is given"]),
        (["--capacity", "2"], UsageError, ["--score", "--label", "--group"]),
        ([*GOOD, "--capacity", "2", "--ranking", "x"], UsageError, ["belongs to a RUN"]),
        ([*GOOD, "--capacity", "-1"], UsageError, ["above 0"]),
        (
            ["--score", "nope", "--label", "y", "--group", "gg", "--capacity", "2"],
            BadInput,
            ["nope", "gg", "it has s, y, g"],
        ),
        (["--score", "word", "--label", "y", "--group", "g", "--capacity", "2"], BadInput, ["not a number", "line 2"]),
        (["--score", "s", "--label", "s", "--group", "g", "--capacity", "2"], BadInput, ["neither 0 nor 1"]),
        ([*GOOD, "--capacity", "2", "--policy", "nowhere.yaml"], UsageError, ["no such fairness policy"]),
    ],
)
def test_mistakes(table: Path, arguments: list[str], error: type[ThreatError], words: list[str]) -> None:
    result = run("audit", str(table), *arguments)
    assert type(result.exception) is error
    for word in words:
        assert word in str(result.exception)


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (b"", BadInput, "empty"),
        (b"s,y,g\n", BadInput, "no rows"),
        (b"s,y,g\n1,1,caf\xe9\n", BadInput, "UTF-8"),
        (b"s,s,y,g\n1,1,1,A\n", BadInput, "names a column twice"),
        (b's,y,g\n1,1,"A\n', BadInput, "not a CSV"),
        (b"s,y,g\n1e999,1,A\n", BadInput, "a value that is not a number"),
        (b"s,y,g," + b"x" * 140_000 + b"\n1,1,A,\n", BadInput, "The header of the file cannot be read"),
    ],
)
def test_bad_files(tmp_path: Path, content: bytes, error: type[ThreatError], words: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    result = run("audit", str(path), *GOOD, "--capacity", "1")
    assert type(result.exception) is error
    assert words in str(result.exception)


def test_no_such_file() -> None:
    result = run("audit", "nowhere.csv", *GOOD, "--capacity", "1")
    assert isinstance(result.exception, UsageError)
    assert "No RUN or file" in str(result.exception)


def test_a_run_knows_its_columns(tmp_path: Path) -> None:
    result = run("audit", str(tmp_path), "--capacity", "3", "--group", "x")
    assert isinstance(result.exception, UsageError)
    assert "--group, --capacity" in str(result.exception)
