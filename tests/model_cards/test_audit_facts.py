"""Alerts on both sides are named, and the audit says how often it errs."""

from __future__ import annotations

from typing import Any

from fixtures import evidence
from fixtures.cards import MANIFEST, made, value
from fixtures.gated_characteristics import characteristic

from model_cards.audit_facts import alerts, own_errors
from model_cards.tested import how_tested
from threat.release.documents.fairness import Coverage, Fairness


def report(**fields: Any) -> Fairness:
    """Women fail as people at risk; men alert as subjects, in a cell that decides and in a cell that does not."""
    groups = [
        evidence.group("Female", 900, 60, 15, 0.6, "fail"),
        evidence.group("Male", 900, 9, 1, 0.9, "alert"),
    ]
    cell = groups[1]["compared"][0]
    groups[1]["compared"] = (
        cell | {"figure": "precision", "verdict": "alert"},
        cell | {"figure": "recall", "gate": False, "verdict": "alert"},
    )
    sex = characteristic("sex", "fail", groups)
    return evidence.fairness(MANIFEST, characteristics=[sex], **fields)


def test_fails_come_first_then_alerts_each_with_its_side() -> None:
    lines = (
        "Fail: Female (sex of the person at risk): people at risk, on the list of those later harmed",
        "Alert: Male (sex of the person at risk): subjects, followed by harm of those listed",
    )
    assert alerts(report()) == lines
    card = made(fairness=report())
    assert card.summary.alerts == lines == value(card, "fairness.alerts")
    assert value(made(fairness=evidence.fairness(MANIFEST)), "fairness.alerts") == "None"
    assert made(fairness=None).summary.alerts == ()


def test_an_alert_is_a_judgement_so_its_group_was_tested() -> None:
    fields = {"characteristic": "sex", "party": "person_at_risk", "state": "tested", "reason": "audited as sex"}
    assert how_tested(Coverage.model_validate(fields), report())[0] == "Tested"


def test_the_rates_of_false_verdicts_are_said_in_whole_percents() -> None:
    rates = {
        "draws": 400,
        "cells": 6,
        "false_fail": {"value": 0.02, "interval": (0.01, 0.04)},
        "false_alert": {"value": 0.3, "interval": (0.25, 0.35)},
        "any_alert": {"value": 0.5, "interval": (0.45, 0.55)},
        "false_pass": {"value": 0.0, "interval": (0.0, 0.01)},
    }
    assert own_errors(report(own_rates=rates)) == (
        "Were every group treated alike, about 2% of 400 simulated audits of these sizes fail by chance, about 30% "
        "fail or alert, and about 50% have a group that alerts. Of groups treated at 0.6 of everybody else, under 1% "
        "pass by the figure by which most do."
    )
    alerts = {
        "cells": 6, "alerting": 1, "by_chance": 0.84, "as_many": 0.6, "as_strong": 0.4, "beyond_chance": False
    }  # fmt: skip
    assert own_errors(report(own_rates=rates, alerts=alerts)).startswith(
        "1 of 6 group figures looks worse than the line; a ranking that treats every group alike has about 1 on "
        "average. As evidence, taken together, they weigh no more than what chance gives. Were every group treated"
    )
    assert own_errors(report(own_rates=None)).startswith("Not simulated")
    assert own_errors(None).startswith("Not simulated")
