"""The table of figures: lengths of list, paired differences, and a cohort without outcomes."""

from __future__ import annotations

from dataclasses import replace

from fixtures.ranked_rows import crowd

from threat.measuring.list_length import ListLength
from threat.measuring.ranked import EventKeys
from threat.measuring.resampling import Resampling
from training.evaluation.table import Ranking, evaluate


def test_differences_are_paired() -> None:
    """A ranking against itself differs by nothing in every replicate."""
    labelled, p = crowd(400, 2)
    both = [Ranking("score", "a", p, p), Ranking("same", "b", p, p)]
    measured = evaluate(labelled, both, length=ListLength(20), resampling=Resampling(replicates=30, seed=3))
    differences = {figure.name: figure for figure in measured.rankings[1].figures if "difference" in figure.name}
    assert set(differences) == {"recall_difference", "mean_recall_difference", "auc_difference", "brier_difference"}
    assert all(figure.interval == (0.0, 0.0) and figure.value == 0.0 for figure in differences.values())


def test_a_cohort_without_outcomes_gets_reasons_and_no_values() -> None:
    labelled, p = crowd(30, 3)
    none = labelled.cycle[:0]
    empty = replace(
        labelled,
        label=labelled.label * 0,
        credit=labelled.credit * 0,
        keys=EventKeys(row=none, event=none, outside=none),
    )
    resampling = Resampling(replicates=10, seed=1)
    measured = evaluate(empty, [Ranking("score", "a", p, p)], length=ListLength(5), resampling=resampling, freshness=p)
    named = {figure.name: figure for figure in measured.rankings[0].figures}
    for name in ("recall_at_capacity", "auc", "lift_at_capacity"):
        assert named[name].value is None
        assert named[name].reason == "no outcomes in the window"
    assert named["precision_at_capacity"].value == 0.0
    assert "Only 0 outcome events" in measured.warnings[0]
