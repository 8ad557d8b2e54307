"""Predictions that were forged together with their figures do not come out of the history."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fixtures.trained_run import Trained, forged

from fairness.runs import snapshot_of
from threat.release.documents.fairness import Fairness
from threat.release.documents.provenance import Provenance
from threat.release.documents.snapshot import SnapshotRead
from threat.release.runs import Run
from training.evaluation.reproduce import reproduce
from training.verification.from_history import Derivation, derive
from training.verification.recompute import Again, recompute

PREDICTIONS = "predictions.parquet"


def with_column(run: Run, name: str, values: np.ndarray) -> pa.Table:
    """The predictions of a RUN with one column replaced."""
    table = pq.read_table(run.path(PREDICTIONS))
    return table.set_column(table.column_names.index(name), name, pa.array(values))


def derived(run: Run, trained: Trained) -> Derivation:
    return derive(run, snapshot_of(trained.run, trained.store))


def test_predictions_forged_with_every_figure_that_follows_are_named(
    trained: Trained, tmp_path: Path, audit_came_out: Fairness
) -> None:
    """The forger gives every outcome the highest score; evaluation and audit are then computed from that honestly."""
    table = pq.read_table(trained.run.path(PREDICTIONS))
    scores = table.column("score").to_numpy()
    better = scores + 100.0 * table.column("label").to_numpy()
    first = forged(trained.run, tmp_path / "first", tables={PREDICTIONS: with_column(trained.run, "score", better)})
    # The audit of the forged predictions is the forger's too: what is shown here does not depend on it.
    run = forged(first, tmp_path / "second", sealed=[reproduce(first).evaluation], annexes=[audit_came_out])
    computed = recompute(run, Again(trained.store))
    assert (computed.evaluation, computed.audit, computed.from_history) == ("same", "same", "different")
    assert computed.retrained == "not_asked"  # what differs already is not trained again
    events, row = int((better != scores).sum()), int(np.flatnonzero(better != scores)[0])
    assert [(item.document, item.figure, item.sealed, item.recomputed) for item in computed.differences] == [
        (
            PREDICTIONS,
            f"score, in {events} of {len(scores)} rows, first in row {row}",
            str(better[row]),
            str(scores[row]),
        )
    ]
    assert events > 5


def test_a_forged_outcome_and_a_rule_made_worse_are_named(trained: Trained, tmp_path: Path) -> None:
    table = pq.read_table(trained.run.path(PREDICTIONS))
    label = table.column("label").to_numpy().copy()
    label[3] = 1 - label[3]
    last = -table.column("rule_days_since_last").to_numpy()
    worse = with_column(trained.run, "label", label)
    worse = worse.set_column(worse.column_names.index("rule_days_since_last"), "rule_days_since_last", pa.array(last))
    computed = derived(forged(trained.run, tmp_path, tables={PREDICTIONS: worse}), trained)
    assert [item.figure.partition(",")[0] for item in computed.differences] == ["label", "rule_days_since_last"]
    assert computed.differences[0].figure == f"label, in 1 of {len(label)} rows, first in row 3"


def test_rows_left_out_of_a_test_and_a_rule_left_out_of_it_are_named(trained: Trained, tmp_path: Path) -> None:
    table = pq.read_table(trained.run.path(PREDICTIONS))
    fewer = forged(trained.run, tmp_path / "rows", tables={PREDICTIONS: table.slice(1)})
    (rows,) = derived(fewer, trained).differences
    assert (rows.figure, rows.sealed, rows.recomputed) == ("rows", str(len(table) - 1), str(len(table)))
    without = forged(trained.run, tmp_path / "rule", tables={PREDICTIONS: table.drop_columns(["rule_days_since_last"])})
    (column,) = derived(without, trained).differences
    assert (column.figure, column.sealed, column.recomputed) == ("rule_days_since_last", "absent", "a column")


def test_by_another_library_the_same_test_comes_out_within_the_tolerance(trained: Trained, tmp_path: Path) -> None:
    made = trained.run.read(Provenance)
    elsewhere = made.model_copy(update={"libraries": {"lightgbm": "4.6.0"}})
    scores = pq.read_table(trained.run.path(PREDICTIONS)).column("score").to_numpy()
    nearly = {PREDICTIONS: with_column(trained.run, "score", scores * (1 + 1e-8))}
    assert derived(forged(trained.run, tmp_path / "there", sealed=[elsewhere], tables=nearly), trained).state == "same"
    assert derived(forged(trained.run, tmp_path / "here", tables=nearly), trained).state == "different"


@pytest.mark.parametrize("what", ["feature catalogue", "eligibility policy"])
def test_by_another_catalogue_or_policy_nothing_is_compared_and_that_is_said(
    trained: Trained, tmp_path: Path, what: str
) -> None:
    made, read = trained.run.read(Provenance), trained.run.read(SnapshotRead)
    eligibility = made.policies.eligibility.model_copy(update={"sha256": "0" * 64})
    policies = made.policies.model_copy(update={"eligibility": eligibility})
    changed = {
        "feature catalogue": read.model_copy(update={"catalogue_version": "before"}),
        "eligibility policy": made.model_copy(update={"policies": policies}),
    }
    computed = derived(forged(trained.run, tmp_path, sealed=[changed[what]]), trained)
    assert (computed.state, computed.why_not, computed.differences) == ("not_here", f"another {what}", ())
