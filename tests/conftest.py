"""What every test shares: where the real records are, and an account of every skip."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

HERE = Path(__file__).parent
# What this account remembers of stores is none of a test's: each run of the tests begins with nothing.
os.environ["THREAT_CACHE"] = tempfile.mkdtemp(prefix="threat-tests-")
atexit.register(shutil.rmtree, os.environ["THREAT_CACHE"], ignore_errors=True)
# As every command does: what a test makes in its own process has the modes that a force's files have.
os.umask(0o077)
# How long an example takes depends on what else the machine does: no test fails by it.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")
# fixtures.trusted first: a module that another plugin has imported already cannot be registered any more.
pytest_plugins = [
    "fixtures.trusted",
    "fixtures.closed_databases",
    "fixtures.exact_ids",
    "fixtures.force_on_disk",
    "fixtures.postgresql_server",
    "fixtures.release_commands",
    "fixtures.released_model",
    "fixtures.attacked_history",
    "fixtures.trained_run",
    "fixtures.archives",
]
EXPECTED_SKIPS = [
    re.compile(line)
    for line in (HERE / "expected_skips.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


@pytest.fixture(scope="session")
def real_records() -> Path:
    """The folder with the real records; the test is skipped, saying so, where it is absent."""
    folder = Path(os.environ.get("THREAT_REAL_DATA", HERE.parents[1] / "shared" / "data"))
    if not (folder / "multnomah" / "bookings.csv.gz").exists():
        pytest.skip("real records are not beside this checkout")
    return folder


# Trainings and browsers take a minute a file: begun last, one worker waited for the other at the end of the suite.
# On a machine that has compiled nothing yet, the first file compiles the simulation (23 s) while the second, which
# needs none, compiles the features (12 s): each worker then finds what the other has compiled.
LONGEST_FIRST = (
    "training/test_train.py",
    "serving/desk/test_words_on_pages.py",
    "training/test_resume.py",
    "attacks/test_archives.py",
    "training/truth/",
    "serving/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first, in the order of the list; all others keep their order."""

    def place(item: pytest.Item) -> int:
        name = item.path.relative_to(HERE).as_posix() if item.path.is_relative_to(HERE) else ""
        return next((i for i, start in enumerate(LONGEST_FIRST) if name.startswith(start)), len(LONGEST_FIRST))

    items.sort(key=place)


def _reason(report: Any) -> str:
    longrepr = report.longrepr
    text = longrepr[2] if isinstance(longrepr, tuple) else str(longrepr)
    return text.removeprefix("Skipped: ")


def pytest_terminal_summary(terminalreporter: Any, exitstatus: int, config: pytest.Config) -> None:
    """Name every skip with its reason; under THREAT_STRICT_SKIPS an unexpected one fails the run."""
    skipped = terminalreporter.stats.get("skipped", [])
    unexpected = [r for r in skipped if not any(p.search(_reason(r)) for p in EXPECTED_SKIPS)]
    for report in skipped:
        mark = " (NOT EXPECTED)" if report in unexpected else ""
        terminalreporter.write_line(f"skipped{mark}: {report.nodeid}: {_reason(report)}")
    config.stash[_UNEXPECTED] = len(unexpected)


_UNEXPECTED = pytest.StashKey[int]()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Under xdist only the controller sees every report, so the verdict is taken there."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not os.environ.get("THREAT_STRICT_SKIPS"):
        return
    skipped = reporter.stats.get("skipped", [])
    if exitstatus == 0 and any(not any(p.search(_reason(r)) for p in EXPECTED_SKIPS) for r in skipped):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
