"""The real records, where they are: the line runs, nothing leaks, and the page holds aggregates only."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from pages.results import _audit, aggregates, leak_worth
from pages.results_page import _run

from threat.history.store import Store
from threat.release.documents.evaluation import MODEL
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
    measured = aggregates(run)
    assert measured.checks.future_removed.holds
    assert measured.checks.dates.holds
    auc = measured.evaluation.figure(MODEL, "auc")
    # Published and quick studies of incident cohorts lie between .65 and .76; far above that, look for a leak.
    assert auc is not None
    assert auc.value is not None
    assert 0.55 < auc.value < 0.85
    snapshot = Store.open(store).snapshot()
    worth = leak_worth(run, snapshot, "real_incident")
    assert worth.difference is not None
    assert worth.difference.value is not None
    assert abs(worth.difference.value) < 0.1
    lines = _run("title", replace(measured, audit=_audit(run, snapshot)), public=True)
    for events in re.findall(r"(\d+) (?:outcome )?events", "\n".join(lines)):
        assert int(events) >= 10
