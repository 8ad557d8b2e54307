"""``threat audit FILE.csv``: results, small cells, and every mistake with its exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from fairness.audit import audit
from fairness.commands import app
from fairness.page import page, text
from fairness.policy import load_policy
from fairness.population import Characteristic
from fairness.suppression import public
from threat.errors import BadInput, ThreatError, UsageError

FAST = load_policy().model_copy(update={"draws": 60})
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
    html = out.read_text()
    assert "<h3>g</h3>" in html
    assert "<h3>who</h3>" in html


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ([*GOOD], UsageError, ["a capacity or a threshold"]),
        ([*GOOD, "--capacity", "2", "--threshold", "1"], UsageError, ["a capacity or a threshold"]),
        (["--capacity", "2"], UsageError, ["--score", "--label", "--group"]),
        ([*GOOD, "--capacity", "2", "--ranking", "x"], UsageError, ["for a RUN"]),
        ([*GOOD, "--capacity", "-1"], UsageError, ["above 0"]),
        (
            ["--score", "nope", "--label", "y", "--group", "gg", "--capacity", "2"],
            BadInput,
            ["nope", "gg", "it has s, y, g"],
        ),
        (["--score", "word", "--label", "y", "--group", "g", "--capacity", "2"], BadInput, ["holds numbers", "line 2"]),
        (["--score", "s", "--label", "s", "--group", "g", "--capacity", "2"], BadInput, ["0 or 1"]),
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
    assert "no such RUN or file" in str(result.exception)


def test_a_run_knows_its_columns(tmp_path: Path) -> None:
    result = run("audit", str(tmp_path), "--capacity", "3", "--group", "x")
    assert isinstance(result.exception, UsageError)
    assert "--group, --capacity" in str(result.exception)


def made(sizes: dict[str, tuple[int, int]], caught: float = 0.5) -> dict[str, Any]:
    """A report of groups with so many rows and outcomes, of which a share is caught."""
    score, label, group = [], [], []
    for code, (n, events) in sizes.items():
        hit = np.arange(n) < events
        score += [np.where(hit & (np.arange(n) < round(events * caught)), 1.0, 0.0)]
        label += [hit.astype(float)]
        group += [np.repeat(code, n)]
    columns = (np.concatenate(one) for one in (score, label))
    return audit(*columns, [Characteristic("g", "column", np.concatenate(group))], threshold=0.5, policy=FAST)


def shown(report: dict[str, Any]) -> dict[str, Any]:
    return {group["code"]: group["events"] for group in public(report)["characteristics"][0]["groups"]}


def test_large_cells_are_published() -> None:
    assert shown(made({"A": (500, 100), "B": (400, 80)})) == {"A": 100, "B": 80}


def test_a_small_cell_takes_the_next_smallest_with_it() -> None:
    report = made({"A": (500, 100), "B": (400, 80), "C": (40, 6)})
    assert shown(report) == {"A": 100, "B": None, "C": None}
    out = public(report)["characteristics"][0]["groups"][2]
    assert out["withheld"] is True
    assert (out["n"], out["captured"], out["ratio"], out["p_below"], out["recall"]["value"]) == (None,) * 5
    assert out["verdict"] == report["characteristics"][0]["groups"][2]["verdict"]
    assert "below 10" in out["reason"]
    assert report["characteristics"][0]["groups"][2]["events"] == 6


@pytest.mark.parametrize(
    "sizes", [{"A": (500, 100), "B": (9, 9)}, {"A": (500, 100), "B": (300, 15)}, {"A": (500, 100), "B": (300, 0)}]
)
def test_few_rows_few_caught_or_none_are_small(sizes: dict[str, tuple[int, int]]) -> None:
    assert shown(made(sizes)) == {"A": None, "B": None}


def test_no_small_number_reaches_the_published_page() -> None:
    report = made({"A": (500, 100), "B": (400, 80), "C": (40, 7)})
    assert ">7<" in page(report)
    assert "it holds small counts" in page(report)
    html, words = page(public(report)), text(public(report))
    for small in (">7<", ">40<", ">4<"):
        assert small not in html
    assert "withheld" in html
    assert "withheld" in words


def test_few_events_outside_and_other_rankings_are_not_published() -> None:
    report = made({"A": (500, 100), "B": (400, 80)})
    report["overall"]["outside_events"] = 3
    report["others"] = [{"ranking": "x"}]
    out = public(report)
    assert out["overall"]["outside_events"] is None
    assert out["overall"]["events"] == 180
    assert "others" not in out
    report["overall"]["outside_events"] = 30
    assert public(report)["overall"]["outside_events"] == 30


def test_a_policy_with_problems_names_them_all(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("version: x\nline: 1.2\nfail_at: maybe\nage_bands: [30, 20]\nsurprise: 1\n")
    with pytest.raises(UsageError) as caught:
        load_policy(path)
    for word in ("line", "fail_at", "surprise"):
        assert word in str(caught.value)
    path.write_text("version: x\nage_bands: [30, 20]\n")
    with pytest.raises(UsageError, match="rising lower ends"):
        load_policy(path)
