"""Usefulness at the gate: a rule that the settings kept from being measured is not beaten."""

from __future__ import annotations

from fixtures import evidence as documents
from fixtures.gate_evidence import checked, good, judged, seen

from threat.measuring.figure import Verdict
from threat.release.evidence import RunDocuments


def rule_left_out(*features: str) -> RunDocuments:
    """A planned rule that was not measured, in a RUN whose settings leave ``features`` out."""
    rule = {"name": "rule_recency", "title": "Recency", "difference": None, "verdict": "not_measured", "power": None}
    terms = {"version": "comparison-1", "measure": "mean_recall", "margin": 0.02, "places": [50], "events": 300}
    return good(
        evaluation=documents.evaluation(comparison=terms | {"plan": None, "rankings": [rule]}),
        config=documents.config(settings__features_without=list(features)),
    )


def test_a_planned_rule_whose_features_the_settings_leave_out_is_not_enough_evidence() -> None:
    found = checked(judged(seen(rule_left_out("days_since_domestic_incident"))), "usefulness")
    assert found.verdict == Verdict.NOT_ENOUGH
    assert "Recency was not measured: the settings leave features out" in found.reason


def test_a_planned_rule_that_had_nothing_on_record_to_go_by_refuses_nobody() -> None:
    found = checked(judged(seen(rule_left_out())), "usefulness")
    assert found.verdict == Verdict.PASS
    assert "exceeds each of 2 simple rules'" in found.reason
