"""The control force: what it is made by can be read, the page says what came of it, and at length it comes again."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pages.control import BEGIN, CHECKS, END, SETTINGS, checks, make, table

from fairness.policy import load_policy
from threat.measuring.figure import Verdict
from threat.release.documents.fairness import Fairness
from threat.release.documents.fairness_verdict import FairnessVerdict
from threat.release.documents.gate import Gate
from threat.simulation.knobs import read_knobs
from training.config import load
from training.gate.policy import load_gate_policy

EVENTS, CELLS = 2_623, 20
"""Outcome events of the test, and cells that decide."""

PAGE = Path(__file__).parents[2] / "docs" / "governance.md"


def rows_of_the_page() -> list[list[str]]:
    """The cells of every row of the page's table, headings left out."""
    text = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    return [row for row in rows if not row[0].startswith("---") and row[0] not in {"check", "decides"}]


def test_the_page_has_every_check_and_every_characteristic_that_decides_and_all_passed() -> None:
    rows = rows_of_the_page()
    assert [row[0].strip("`") for row in rows[: len(CHECKS)]] == list(CHECKS)
    assert {row[1] for row in rows[: len(CHECKS)]} == {"pass"}
    decides = [f"{figure} by `{g.party}/{g.characteristic}`" for g in load_policy().gate for figure in g.figures]
    assert sorted(row[0] for row in rows[len(CHECKS) :]) == sorted(decides)
    assert {row[-1] for row in rows[len(CHECKS) :]} == {"pass"}


def test_the_settings_are_what_the_commands_read(tmp_path: Path) -> None:
    settings = yaml.safe_load(SETTINGS.read_text(encoding="utf-8"))
    assert read_knobs([f"world={settings['force']['world']}"]).world == "even"
    path = tmp_path / "training.yaml"
    path.write_text(yaml.safe_dump(settings["training"]), encoding="utf-8")
    training = load(path)
    assert (training.rung, training.horizon_days, training.capacity) == ("Y4", 180, 520)


@pytest.mark.long
def test_a_force_passes_every_statistical_check_with_nothing_relaxed(tmp_path: Path) -> None:
    run = make(tmp_path / "control")
    gate, report = run.read(Gate), run.read(Fairness)
    assert {check.name: check.verdict for check in checks(run)} == dict.fromkeys(CHECKS, Verdict.PASS)
    # The product's own policies, the whole of them, and nothing accepted by name.
    assert (gate.policy, report.policy) == (load_gate_policy(), load_policy())
    assert [check.name for check in gate.checks if check.accepted] == []
    by_name = {check.name: check for check in gate.checks}
    # The same seed gives the same rows on any machine.
    assert by_name["local_validation"].facts["events"] == EVENTS
    assert len(by_name["usefulness"].facts["superior_to"]) == 2
    assert all(figure.interval[0] > -0.02 for figure in by_name["usefulness"].figures)
    for figure, (low, high) in zip(by_name["calibration"].figures, [(0.8, 1.25), (0.8, 1.2)], strict=True):
        assert low <= figure.interval[0] < figure.interval[1] <= high
    assert (report.verdict, report.faults) == (FairnessVerdict.PASS, ())
    cells = [cell for item in report.gated for group in item.groups for cell in group.compared if cell.gate]
    assert len(cells) == CELLS
    # Each has at least what it needs, and twice that: so all of them pass together.
    assert all(cell.effective > 2 * cell.needed_to_pass for cell in cells)
    assert len(table(run).splitlines()) == len(CHECKS) + len(report.gated) + 5
