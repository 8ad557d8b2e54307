"""The command line as a whole: quick, complete without extras, and never a traceback for a user's mistake."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer

from threat.cli import build
from threat.errors import BadInput, UsageError, raise_all
from threat.extras import by_extra, extras_with, is_installed

HEAVY = (
    *("numpy", "pandas", "pyarrow", "duckdb", "numba", "lightgbm", "sklearn", "mlflow"),
    *("fastapi", "sqlalchemy", "pydantic"),
)

SHARED = ("--json", "--store", "--var", "--as-of", "--config")

# What the contract of the command line promises (docs/architecture.md).
CONTRACT = (
    "simulate load train evaluate card audit release promotions suspend roll-back score explain replay serve "
    "audit-log doctor"
).split()


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "threat.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "COLUMNS": "200", **environment},
    )


def test_help_lists_every_command_of_the_contract() -> None:
    out = run("--help").stdout
    assert [name for name in CONTRACT if name not in out] == []


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from threat.cli import build; import typer; typer.main.get_command(build());"
        f"print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert out.stdout.strip() == "[]"


def test_a_shared_option_says_the_same_in_every_command() -> None:
    """A default may differ (the demonstration keeps its own folder); the words may not."""
    app: Any = typer.main.get_command(build())
    words: dict[str, set[str | None]] = {}
    for name in sorted(app.commands):
        for option in app.commands[name].params:
            if option.opts[0] in SHARED:
                words.setdefault(option.opts[0], set()).add(option.help)
    assert {name: len(said) for name, said in words.items()} == dict.fromkeys(SHARED, 1)


def test_the_extra_of_a_module_comes_from_the_distribution() -> None:
    declared = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [
        f"{requirement}; extra == '{extra}'"
        for extra, requirements in declared["optional-dependencies"].items()
        for requirement in requirements
    ]
    # The editable install of a developer is made from this pyproject.toml, the wheel as well.
    assert {extra: set(names) for extra, names in by_extra().items()} == {
        extra: set(names) for extra, names in by_extra(lines).items()
    }
    assert set(by_extra()) == {"training", "serving", "postgresql", "fairness", "cards", "pdf", "release", "audit"}
    assert extras_with("sklearn.metrics") == ["training"]
    assert set(extras_with("lightgbm")) == {"training", "serving", "release"}
    assert extras_with("numpy") == []
    assert not is_installed("no-such-distribution")


def test_a_missing_optional_part_says_how_to_get_it(tmp_path: Path) -> None:
    # A module of that name that cannot be imported stands in for a machine without the extra.
    (tmp_path / "hidden.py").write_text(
        "import sys\n"
        "class Hide:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] in {'fastapi', 'uvicorn', 'sqlalchemy'}:\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Hide())\n"
        "from threat.cli import main\n"
        "sys.argv = ['threat', 'serve', '--port', '0']\n"
        "main()\n",
        encoding="utf-8",
    )
    out = subprocess.run(
        [sys.executable, "-P", str(tmp_path / "hidden.py")], capture_output=True, text=True, timeout=60, cwd=tmp_path
    )
    assert out.returncode == 2
    assert "pip install 'threat-assessment[serving]'" in out.stderr
    assert "Traceback" not in out.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("no-such-command",), 2),
        (("load", "no_such_profile", "no-such-file.csv", "--store", "nowhere"), 2),
        (("explain", "R-not-an-id", "--as-of", "2024-01-01"), 2),
        (("score", "--as-of", "yesterday"), 2),
        (("train", "--config", "no-such-config.yaml"), 2),
        (("evaluate", "no-such-run"), 2),
        (("audit", "no-such-file.csv", "--score", "s", "--label", "l", "--group", "g", "--capacity", "5"), 2),
    ],
)
def test_a_mistake_ends_with_its_exit_code_and_no_traceback(
    arguments: tuple[str, ...], code: int, tmp_path: Path
) -> None:
    out = subprocess.run(
        [sys.executable, "-P", "-m", "threat.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
    )
    assert (out.returncode, "Traceback" in out.stderr) == (code, False), out.stderr


def test_an_error_under_json_is_one_document(tmp_path: Path) -> None:
    out = subprocess.run(
        [sys.executable, "-P", "-m", "threat.cli", "explain", "R-not-an-id", "--as-of", "2024-01-01", "--json"],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
    )
    document = json.loads(out.stdout)
    assert (document["error"], document["value"]) == ("UsageError", "R-not-an-id")
    assert document["way_out"]


@pytest.mark.parametrize(
    ("page", "says"),
    [
        (
            "missing/page.html",
            "no such file or directory",
        ),
        (".", "is a directory"),
        ("audited.csv/page.html", "not a directory"),
    ],
)
def test_a_page_that_cannot_be_written_is_a_mistake_and_no_traceback(page: str, says: str, tmp_path: Path) -> None:
    rows = [f"{i % 7},{i % 2},{'ab'[i % 3 == 0]}" for i in range(60)]
    (tmp_path / "audited.csv").write_text("\n".join(["s,l,g", *rows]), encoding="utf-8")
    asked = ("audit", "audited.csv", "--score", "s", "--label", "l", "--group", "g", "--capacity", "9", "--html", page)
    for extra in ((), ("--json",)) if page == "." else (("--json",),):
        out = subprocess.run(
            [sys.executable, "-P", "-m", "threat.cli", *asked, *extra],
            capture_output=True,
            text=True,
            timeout=120,
            cwd=tmp_path,
        )
        assert (out.returncode, "Traceback" in out.stderr) == (2, False), out.stderr
    document = json.loads(out.stdout)
    assert document["problem"] == f"This path cannot be used: {says}."
    assert (document["error"], document["value"]) == ("UsageError", page)
    assert document["way_out"]


def test_an_error_says_problem_value_place_and_way_out() -> None:
    error = BadInput("The row has no time.", value="''", where="charges.csv line 7", way_out="fill the column")
    assert str(error) == "The row has no time.\n  found: ''\n  where: charges.csv line 7\n  do: fill the column"
    assert error.exit_code == 3


def test_problems_are_collected_and_raised_once() -> None:
    raise_all([])
    with pytest.raises(UsageError) as caught:
        raise_all([UsageError("first"), UsageError("second", value=3)])
    assert str(caught.value) == "2 problems:\n1. first\n2. second\n  found: 3"


@pytest.mark.skipif(
    not os.environ.get("THREAT_FROM_WHEEL"), reason="the suite runs from the checkout, not from the built wheel"
)
def test_the_wheel_is_what_is_tested() -> None:
    import threat

    assert Path(__file__).parents[2] not in Path(threat.__file__).parents or "var" in Path(threat.__file__).parts
