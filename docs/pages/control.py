"""``make control``: a force that passes every statistical check of the gate, and what each check saw of it.

The force, its training, its audit and the question to the gate are the product's commands, on a trust of a
demonstration: its people sign the documents, and nobody accepts anything for lack of evidence. ``control.yaml`` says
what is made. The table goes into ``docs/governance.md``.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any, Final

import yaml

from serving.demonstration.processes import Demonstration
from threat.errors import GateRefused
from threat.files import write_whole
from threat.release.documents.fairness import CharacteristicReport, Fairness
from threat.release.documents.gate import Gate, GateCheck
from threat.release.runs import Run
from threat.trust import demonstration

SETTINGS: Final = Path(__file__).with_name("control.yaml")
CHECKS: Final = ("leaks", "local_validation", "usefulness", "calibration", "fairness", "explanation")
"""The checks that a RUN's figures decide. What people sign decides the others."""

BEGIN, END = "<!-- control force: made by `make control` -->", "<!-- end of the control force -->"


def make(var: Path) -> Run:
    """Make the force in a new folder, train, audit and ask the gate; return the RUN with the verdict in it."""
    settings: dict[str, Any] = yaml.safe_load(SETTINGS.read_text(encoding="utf-8"))
    force = settings["force"]
    demo = Demonstration(var, force["seed"], quiet=False, started=time.monotonic())
    demonstration.make(demo.trust, at=int(time.time()))
    var.mkdir(parents=True)
    training = var / "training.yaml"
    write_whole(training, yaml.safe_dump(settings["training"]))
    size = ("--relationships", str(force["relationships"]), "--years", str(force["years"]), "--seed", str(demo.seed))
    demo.threat("simulate", "--knob", f"world={force['world']}", *size, "--out", str(var / "force"))
    name, runs, store = demo.run_directory.name, str(demo.run_directory.parent), ("--store", str(demo.store))
    demo.threat("train", "--config", str(training), "--out", runs, "--run-id", name, *store, "--no-mlflow")
    demo.threat("audit", str(demo.run_directory), *store)
    asked = ("release", str(demo.run_directory), "--environment", "demonstration", "--var", str(var), "--no-retrain")
    demo.threat(*asked, *store, accept=(GateRefused.exit_code,))
    return Run.open(demo.run_directory)


def checks(run: Run) -> list[GateCheck]:
    """Return the statistical checks of the gate's verdict on a RUN."""
    return [check for check in run.read(Gate).checks if check.name in CHECKS]


def table(run: Run) -> str:
    """Return what each check saw, and each characteristic that decides, in Markdown."""
    report = run.read(Fairness)
    rows = ["| check | verdict | on what |", "|---|---|---|"]
    rows += [f"| `{check.name}` | {check.words.lower()} | {_seen(check)} |" for check in checks(run)]
    rows += ["", "| decides | groups | outcome events, fewest | worth, fewest | ratio, lowest | verdict |"]
    rows += ["|---|---|---|---|---|---|"]
    rows += [_characteristic(item) for item in report.gated]
    return "\n".join(rows)


def _seen(check: GateCheck) -> str:
    if check.name != "calibration":
        return check.reason
    parts = []
    for figure in check.figures:
        low, high = figure.interval or (float("nan"), float("nan"))
        parts.append(f"{figure.name.replace('_', ' ')} {figure.value:.2f} ({low:.2f} to {high:.2f})")
    return f"{', '.join(parts)}, on {check.facts['events']:,} events"


def _characteristic(item: CharacteristicReport) -> str:
    cells = [(group, cell) for group in item.groups for cell in group.compared if cell.gate]
    worst = min((cell for _, cell in cells), key=lambda cell: cell.ratio or 0.0)
    low, high = worst.ratio_interval or (float("nan"), float("nan"))
    events = min(group.events for group, _ in cells)
    effective = min(cell.effective for _, cell in cells)
    ratio = f"{worst.ratio:.2f} ({low:.2f} to {high:.2f})"
    what = f"{worst.figure} by `{item.name}`"
    return f"| {what} | {len(cells)} | {events:,} | {effective:,.0f} | {ratio} | {item.verdict.words.lower()} |"


def main() -> None:
    """Make the force and write the table into the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--var", type=Path, required=True, help="a new folder, for the force and its RUN")
    parser.add_argument("--page", type=Path, help="the page whose table is replaced; otherwise it is printed")
    given = parser.parse_args()
    text = table(make(given.var))
    if given.page is None:
        print(text)
        return
    before, _, rest = given.page.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    write_whole(given.page, f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")


if __name__ == "__main__":
    main()
