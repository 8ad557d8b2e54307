"""A RUN is computed again before its release: a forged figure is computed and named, whatever its manifest says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fixtures import evidence
from fixtures.trained_run import Trained, forged

from threat.errors import IntegrityFailure
from threat.history.store import Store
from threat.release.documents.evaluation import Evaluation
from threat.release.documents.fairness import Fairness
from threat.release.documents.recomputation import Recomputation
from threat.release.runs import Run
from training.verification.recompute import Again, recompute


def again(run: Run, store: Path, **fields: Any) -> Recomputation:
    return recompute(run, Again(store, **({"retrain": False} | fields)))


def test_a_sound_run_comes_out_again_without_being_written_to(trained: Trained) -> None:
    before = trained.run.hashes()
    computed = again(trained.run, trained.store)
    assert (computed.evaluation, computed.audit, computed.retrained, computed.differences) == (
        "same",
        "same",
        "not_asked",
        (),
    )
    assert computed.from_history == "same"
    assert computed.says == (
        "figures and audit came out again; outcomes and scores came out of the history; "
        "not retrained here: left out (--no-retrain)"
    )
    assert trained.run.hashes() == before


def test_forged_figures_with_a_fairness_report_written_by_hand_are_named(trained: Trained, tmp_path: Path) -> None:
    """Such a RUN passed before: figures that no prediction gives, a manifest that fits, a report that says pass."""
    whole = trained.run.read(Evaluation)
    model = whole.rankings[0]
    place = next(i for i, figure in enumerate(model.figures) if figure.name == "recall_at_capacity")
    recall = model.figures[place]
    better = recall.model_copy(update={"value": 0.75, "interval": (0.7, 0.8)})
    figures = (*model.figures[:place], better, *model.figures[place + 1 :])
    evaluation = whole.model_copy(
        update={"rankings": (model.model_copy(update={"figures": figures}), *whole.rankings[1:])}
    )
    run = forged(trained.run, tmp_path, sealed=[evaluation])
    run.write(evidence.fairness(run.manifest_sha256, run_id=run.id))
    computed = again(run, trained.store)
    assert (computed.evaluation, computed.audit) == ("different", "different")
    named = {item.figure: (item.sealed, item.recomputed) for item in computed.differences}
    assert named["rankings.score.figures.recall_at_capacity.value"] == ("0.75", str(recall.value))
    assert computed.differences_in_all > len(computed.differences) == 20
    assert (
        "evaluation.json, rankings.score.figures.recall_at_capacity.interval.0: sealed 0.7, recomputed" in computed.says
    )
    # The training is not repeated for a RUN that is refused already.
    assert again(run, trained.store, retrain=True).retrained == "not_asked"


def test_one_verdict_changed_in_the_audit_is_named(trained: Trained, tmp_path: Path, audit_came_out: Fairness) -> None:
    report = audit_came_out
    verdict = "fail" if report.verdict == "pass" else "pass"
    changed = Fairness.model_validate(report.as_json() | {"verdict": verdict})
    computed = again(forged(trained.run, tmp_path, annexes=[changed]), trained.store)
    assert [(item.document, item.figure, item.sealed, item.recomputed) for item in computed.differences] == [
        ("fairness.json", "verdict", verdict, report.verdict)
    ]


@pytest.mark.usefixtures("audit_came_out")
def test_a_page_that_says_otherwise_than_its_report_is_named(trained: Trained, tmp_path: Path) -> None:
    run = forged(trained.run, tmp_path)
    run.add("fairness.html", run.path("fairness.html").read_text().replace("<title>", "<title>Passed. "))
    (difference,) = again(run, trained.store).differences
    assert (difference.document, difference.figure) == ("fairness.html", "the page")


def test_a_run_that_was_not_audited_has_no_audit_to_compare(trained: Trained, tmp_path: Path) -> None:
    run = forged(trained.run, tmp_path)
    for name in [*run.read_json("annexes.json")["annexes"], {"name": "annexes.json"}]:
        run.path(name["name"]).unlink()
    computed = again(Run.open(run.directory), trained.store)
    assert computed.audit == "absent"
    assert computed.says.startswith(
        "figures came out again; outcomes and scores came out of the history; not retrained"
    )


def test_a_store_without_the_snapshot_is_an_integrity_failure(trained: Trained, tmp_path: Path) -> None:
    Store.create(tmp_path / "history")
    with pytest.raises(IntegrityFailure, match="never held that snapshot"):
        again(trained.run, tmp_path / "history")
