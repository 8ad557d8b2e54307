"""The real records, where they are: the line runs, nothing leaks, and the page holds aggregates only."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pages.results import _aggregates, _audit, leak_worth
from pages.results_page import _run

from threat.history.store import Store
from training.config import load
from training.job import train


@pytest.mark.real
@pytest.mark.long
def test_indexed_on_a_booking(real_records: Path, tmp_path: Path) -> None:
    from threat.history.intake.load import load as load_records
    from threat.history.intake.profile import load_profile

    store = tmp_path / "history"
    load_records(load_profile("multnomah"), real_records / "multnomah", store, 1_800_000_000)
    settings = load("real_incident", bootstrap=50, ensemble=0)
    run = train(store, settings, out=tmp_path / "runs", run_id="r", started_at=1_800_000_000)
    checks = run.read_json("checks.json")
    assert checks["future_removed"]["holds"]
    assert checks["dates"]["holds"]
    figures = {one["name"]: one for one in run.read_json("evaluation.json")["rankings"][0]["figures"]}
    # Published and quick studies of incident cohorts lie between .65 and .76; far above that, look for a leak.
    assert 0.55 < figures["auc"]["value"] < 0.85
    snapshot = Store.open(store).snapshot()
    worth = leak_worth(run, snapshot, "real_incident")
    assert abs(worth["difference"]["value"]) < 0.1
    lines = _run("title", _aggregates(run) | {"audit": _audit(run, snapshot)}, public=True)
    for events in re.findall(r"(\d+) (?:outcome )?events", "\n".join(lines)):
        assert int(events) >= 10
