"""The audit of a RUN: its own rows, its own draws, and one interval for one figure wherever it is printed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fixtures import evidence
from fixtures.group_history import AS_OF, ROWS, written

from fairness.page import page
from fairness.policy import load_policy
from fairness.runs import AuditedTest, audit_run
from threat.errors import BadInput, UsageError
from threat.history.snapshot import Snapshot
from threat.measuring.figure import Figure
from threat.measuring.intervals import BOOTSTRAP
from threat.measuring.list_length import ListLength
from threat.measuring.ranked import Labelled
from threat.measuring.resampling import Resampling
from threat.release.documents.evaluation import Evaluation
from threat.release.documents.fairness import Fairness
from threat.release.runs import Run
from training.evaluation.table import Ranking, evaluate

OUTCOMES = ("row", "incident", "subject_id", "person_at_risk_id", "as_of", "credit")


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return written(tmp_path_factory.mktemp("store") / "history")


def run_of(
    folder: Path,
    snapshot: Snapshot,
    predictions: dict[str, Any],
    outcomes: list[tuple[Any, ...]],
    evaluation: Evaluation,
) -> Run:
    """A sealed RUN with these rows and these lines of credit."""
    run = Run.create(folder, "r")
    text = evidence.model_text()
    run.write_text("model/model.txt", text)
    replaced = {Evaluation: evaluation, type(evidence.snapshot()): evidence.snapshot(id=snapshot.id)}
    for document in evidence.documents(text):
        run.write(replaced.get(type(document), document))
    pq.write_table(pa.table(predictions), run.path("predictions.parquet"))
    columns = dict(zip(OUTCOMES, map(list, zip(*outcomes, strict=True)), strict=True))
    pq.write_table(pa.table(columns), run.path("outcomes.parquet"))
    run.seal()
    return run


DRAWN = {
    "relationship_id": ROWS.relationship, "subject_id": ROWS.subject, "person_at_risk_id": ROWS.person_at_risk,
    "as_of": ROWS.as_of, "fold": [0, 0, 0, 0], "label": [1, 0, 1, 0], "credit": [1.0, 0.0, 1.0, 0.0],
    "score": [4.0, 3.0, 2.0, 1.0], "probability": [0.5, 0.2, 0.1, 0.1], "rule_x": [1.0, 1.0, 2.0, 0.0],
}  # fmt: skip
CREDITED = [(0, 1, 1, 11, AS_OF, 1.0), (2, 2, 3, 13, AS_OF, 1.0), (-1, 3, 2, 99, AS_OF, 1.0)]
TITLES = (evidence.ranking("score", title="Model"), evidence.ranking("rule_x", title="Rule"))


def test_the_audit_of_a_run(snapshot: Snapshot, tmp_path: Path) -> None:
    run = run_of(tmp_path, snapshot, DRAWN, CREDITED, evidence.evaluation(capacity=1, rankings=TITLES))
    report = audit_run(run, snapshot, load_policy())
    assert report.run_manifest_sha256 == run.manifest_sha256
    assert (report.title, report.verdict) == ("Model", "not_enough_evidence")
    assert (report.replicates, report.seed) == (100, 7)  # of the evaluation; the policy has others
    assert report.overall.recall.value == pytest.approx(1 / 3)
    assert report.overall.outside_events == 1
    sex = next(item for item in report.characteristics if item.name == "person_at_risk/sex")
    assert sex.gate is True
    assert {group.code: (group.n, group.events, group.captured) for group in sex.groups} == {
        "F": (2, 2, 1.0), "M": (1, 1, 0.0), "not recorded": (1, 0, 0.0),
    }  # fmt: skip
    assert [other.ranking for other in report.others] == ["rule_x"]
    assert report.others[0].recall.value == pytest.approx(1 / 3)
    assert len(report.coverage) == 18
    assert audit_run(run, snapshot, load_policy(), ranking="rule_x").ranking == "rule_x"
    with pytest.raises(UsageError, match="no ranking rule_y"):
        audit_run(run, snapshot, load_policy(), ranking="rule_y")


def test_a_model_without_probabilities_is_audited_without_its_calibration(snapshot: Snapshot, tmp_path: Path) -> None:
    ranks_alone = {name: column for name, column in DRAWN.items() if name != "probability"}
    evaluation = evidence.evaluation(capacity=1, rankings=TITLES, calibration=None)
    report = audit_run(run_of(tmp_path, snapshot, ranks_alone, CREDITED, evaluation), snapshot, load_policy())
    assert report.overall.recall.value == pytest.approx(1 / 3)
    calibration = report.characteristics[0].groups[0].calibration
    assert (calibration.value, calibration.reason) == (None, "the ranking gives no probabilities")


@pytest.mark.parametrize(("replicates", "note"), [(100, True), (399, True), (400, False)])
def test_fewer_draws_than_the_policy_asks_for_are_said(
    snapshot: Snapshot, tmp_path: Path, replicates: int, note: bool
) -> None:
    settings = {"bootstrap": replicates, "seed": 7}
    evaluation = evidence.evaluation(capacity=1, rankings=TITLES, settings=settings)
    report = audit_run(run_of(tmp_path, snapshot, DRAWN, CREDITED, evaluation), snapshot, load_policy())
    assert (f"The RUN drew {replicates} replicates" in " ".join(report.notes)) is note


def test_a_run_without_enough_draws_is_not_audited(snapshot: Snapshot, tmp_path: Path) -> None:
    evaluation = evidence.evaluation(capacity=1, rankings=TITLES, settings={"bootstrap": 49, "seed": 7})
    run = run_of(tmp_path, snapshot, DRAWN, CREDITED, evaluation)
    with pytest.raises(UsageError, match="too few replicates, 49"):
        audit_run(run, snapshot, load_policy())


def test_predictions_without_a_column_are_refused(snapshot: Snapshot, tmp_path: Path) -> None:
    lacking = {name: column for name, column in DRAWN.items() if name != "credit"}
    run = run_of(tmp_path, snapshot, lacking, CREDITED, evidence.evaluation(capacity=1, rankings=TITLES))
    with pytest.raises(BadInput, match="lack a column"):
        audit_run(run, snapshot, load_policy())


def test_parties_are_read_whole_next_to_parties_that_are_not_known(snapshot: Snapshot, tmp_path: Path) -> None:
    """Ids of 63 bits next to one another: once through float64 they would all be one id."""
    at_risk, subject = [2**62 + 1, None, 2**62 + 3, 2**62 + 4], [2**62 + 5, 2**62 + 6, 2**62 + 7, -1]
    drawn = DRAWN | {"person_at_risk_id": pa.array(at_risk, pa.int64()), "subject_id": subject}
    outcomes = [*CREDITED, (-1, 4, 2**62 + 8, None, AS_OF, 1.0), (-1, 5, -1, 2**62 + 9, AS_OF, 1.0)]
    run = run_of(tmp_path, snapshot, drawn, outcomes, evidence.evaluation(capacity=1, rankings=TITLES))
    test = AuditedTest.of(run)
    assert test.inside.person_at_risk.tolist() == [2**62 + 1, -1, 2**62 + 3, 2**62 + 4]
    assert test.inside.subject.tolist() == subject
    assert test.outside.person_at_risk.tolist() == [99, -1, 2**62 + 9]
    assert test.outside.subject.tolist() == [2, 2**62 + 8, -1]
    assert test.outside.relationship.tolist() == [-1, -1, -1]


def crowd(rows: int, share_caught: float, seed: int) -> tuple[dict[str, Any], list[tuple[Any, ...]]]:
    """Predictions and lines of credit of a random test: six lists, people on several of them, a tenth unknown."""
    draw = np.random.default_rng(seed)
    subject = np.where(draw.random(rows) < 0.1, -1, draw.integers(0, rows // 3, rows))
    label = draw.random(rows) < 0.06
    score = np.round(draw.normal(size=rows) + share_caught * label, 1)
    predictions = {
        "relationship_id": np.arange(rows), "subject_id": subject, "person_at_risk_id": draw.integers(0, rows, rows),
        "as_of": np.full(rows, AS_OF), "fold": draw.integers(0, 6, rows), "label": label.astype(np.uint8),
        "credit": label * 0.5, "score": score, "probability": 1 / (1 + np.exp(3 - score)),
        "rule_x": np.round(draw.normal(size=rows)),
    }  # fmt: skip
    inside = [(int(row), int(row), int(subject[row]), 1, AS_OF, 0.5) for row in np.flatnonzero(label)]
    outside = [(-1, rows + i, int(draw.integers(-1, rows // 3)), 1, AS_OF, 1.0) for i in range(20)]
    return predictions, inside + outside


def printed(figure: Figure) -> str:
    """As the fairness page prints a rate from 5 % on."""
    assert figure.value is not None
    assert figure.interval is not None
    return f"{figure.value:.2f} ({figure.interval[0]:.2f} to {figure.interval[1]:.2f})"


@pytest.mark.parametrize(
    ("capacity", "share_caught", "method"),
    [
        (40, 2.0, BOOTSTRAP),
        (2, 0.0, "Jeffreys 95%"),  # too few caught to resample
    ],
)
def test_a_run_prints_one_interval_for_one_figure(
    snapshot: Snapshot, tmp_path: Path, capacity: int, share_caught: float, method: str
) -> None:
    """Recall on evaluation.json, in fairness.json and on its page, and on the card."""
    predictions, outcomes = crowd(1_200, share_caught, seed=3)
    frame = pa.table(dict(zip(OUTCOMES, map(list, zip(*outcomes, strict=True)), strict=True))).to_pandas()
    measured = evaluate(
        Labelled.from_tables(pa.table(predictions), frame),
        [
            Ranking("score", "Model", predictions["score"], predictions["probability"]),
            Ranking("rule_x", "Rule", predictions["rule_x"]),
        ],
        length=ListLength(capacity),
        resampling=Resampling(replicates=200, seed=11),
    )
    evaluation = evidence.evaluation(
        capacity=capacity, rankings=measured.rankings, settings={"bootstrap": 200, "seed": 11}
    )
    run = run_of(tmp_path, snapshot, predictions, outcomes, evaluation)
    run.write(audit_run(run, snapshot, load_policy()))
    report = run.read(Fairness)
    for name in ("score", "rule_x"):
        evaluated = run.read(Evaluation).figure(name, "recall_at_capacity")
        assert evaluated is not None
        audited = {"score": report.overall.recall, "rule_x": report.others[0].recall}[name]
        assert audited.value == pytest.approx(evaluated.value, abs=1e-12)
        assert audited.interval == pytest.approx(evaluated.interval, abs=1e-12)
        assert (audited.n, audited.events) == (evaluated.n, evaluated.events)
        assert audited.method == evaluated.method
        assert audited.method.startswith(method)
    headline = run.read(Evaluation).headline
    assert headline is not None
    assert headline.interval is not None
    if capacity == 40:
        assert f"Recall at capacity: {printed(headline)}." in page(report)
    evidence.card(run)
    words = f"{headline.value:.1%} ({headline.interval[0]:.1%} to {headline.interval[1]:.1%})"
    assert words in run.path("card.html").read_text(encoding="utf-8")
