"""The gate as truth tables: what passes, what fails, and what is not enough."""

from __future__ import annotations

import copy
import itertools
from datetime import date
from typing import Any

import pytest

from threat.errors import UsageError
from training.gate.decision import TITLES, Evidence, decide, reasons
from training.gate.policy import load_gate_policy
from training.gate.statements import Statement

ON = date(2026, 6, 1)
EVIDENCE = "e" * 64
POLICY = load_gate_policy()
PASS, FAIL, NOT_ENOUGH = "pass", "fail", "not_enough_evidence"


def figure(value: float | None, low: float = 0.0, high: float = 1.0, events: int = 300, **by: Any) -> dict[str, Any]:
    interval = None if value is None else [low, high]
    return {"value": value, "interval": interval, "n": 9_000, "events": events, "slice": by, "title": "", "method": ""}


def ranking(name: str, **figures: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "title": name, "figures": [{**one, "name": key} for key, one in figures.items()]}


GOOD: dict[str, Any] = {
    "config.json": {"settings": {"cohort": {"kind": "monthly"}, "new_charges_only": False}},
    "choices.json": {"model_sha256": "m"},
    "snapshot.json": {"id": "s"},
    "folds.json": {"test_opening": {"earlier_runs_that_opened_it": []}},
    "checks.json": {
        "future_removed": {"holds": True},
        "dates": {"holds": True},
        "contributions_sum": {"holds": True},
        "added_harm": {"scores": 1000, "fell": 10},
    },
    "evaluation.json": {
        "capacity": 50,
        "cohort": {"kind": "monthly", "n": 3_000, "lists": 6},
        "rankings": [
            ranking("score", recall_at_capacity=figure(0.4, capacity=50)),
            ranking("rule_days", recall_difference=figure(0.1, 0.05, 0.15, capacity=50)),
            ranking("rule_count", recall_difference=figure(0.2, 0.05, 0.35, capacity=50)),
            ranking("elastic_net", recall_difference=figure(0.0, -0.05, 0.05, capacity=50)),
        ],
        "calibration": {"slope": figure(1.0), "observed_over_expected": figure(1.1)},
    },
    "fairness.json": {
        "ranking": "score",
        "run_manifest_sha256": "r",
        "verdict": PASS,
        "policy": {"version": "fairness-1"},
        "characteristics": [
            {"party": "person_at_risk", "characteristic": "sex", "gate": True, "verdict": PASS},
            {"party": "person_at_risk", "characteristic": "ethnicity_group", "gate": True, "verdict": PASS},
            {"party": "subject", "characteristic": "sex", "gate": False, "verdict": FAIL},
        ],
    },
}
_DAYS = {"on": "2026-05-20", "expires": "2026-07-01"}


def said(kind: str, by: str, role: str, environment: str = "force", **body: Any) -> Statement:
    return Statement(kind, by, role, environment, {"evidence_sha256": EVIDENCE, **_DAYS, **body})


def approvals(to: str = "shadow", environment: str = "force") -> list[Statement]:
    return [
        said("authorship", "Vera Lid", "validator", environment, authors=["Dev Eloper"]),
        said("approval", "Vera Lid", "validator", environment, to=to),
        said("approval", "Sam Owner", "SRO", environment, to=to),
    ]


def papers(environment: str = "force", due: str = "2027-01-01") -> list[Statement]:
    return [
        said("document", "Dee Pio", "DPO", environment, document=kind, review_due=due)
        for kinds in POLICY.documents.values()
        for kind in kinds
    ]


def acceptance(by: str, role: str, **body: Any) -> Statement:
    given = {"check": "G7", "about": "person_at_risk/ethnicity_group", "reason": "few", "controls": "watch"}
    return said("acceptance", by, role, **{**given, **body})


EQUALITY, SRO = acceptance("Eve Equal", "equality_lead"), acceptance("Sam Owner", "SRO")


def evidence(
    documents: dict[str, Any] | None = None, statements: list[Statement] | None = None, **change: Any
) -> Evidence:
    given: dict[str, Any] = {
        "run_id": "run-1",
        "sha256": EVIDENCE,
        "manifest_sha256": "r",
        "verified": True,
        "model_sha256": "m",
        "documents": GOOD if documents is None else documents,
        "fairness_policy": {"version": "fairness-1"},
        "statements": tuple([*approvals(), *papers()] if statements is None else statements),
    }
    return Evidence(**(given | change))


def changed(path: str, value: Any) -> dict[str, Any]:
    """GOOD with one value replaced, or taken away when ``value`` is ``...``; numbers in the path are positions."""
    document = copy.deepcopy(GOOD)
    *way, last = path.split("/")
    at: Any = document
    for step in way:
        at = at[int(step)] if isinstance(at, list) else at[step]
    if value is ...:
        del at[int(last) if isinstance(at, list) else last]
    else:
        at[int(last) if isinstance(at, list) else last] = value
    return document


def verdicts(gate: dict[str, Any]) -> dict[str, str]:
    return {one["id"]: one["verdict"] for one in gate["checks"]}


def judged(of: Evidence, to: str = "shadow", environment: Any = "force") -> dict[str, Any]:
    return decide(of, POLICY, environment=environment, to=to, on=ON)


def test_good_evidence_passes() -> None:
    gate = judged(evidence())
    assert verdicts(gate) == dict.fromkeys(TITLES, PASS)
    assert gate["verdict"] == PASS
    assert gate["show_probability"] is True
    assert gate["evidence_sha256"] == EVIDENCE
    assert gate["policy"]["numbers"]["least_events"] == 50  # every number it was judged by is in the verdict
    assert [one["by"] for one in gate["approvals"]] == ["Vera Lid", "Sam Owner"]
    assert reasons(gate) == []


CASES = [
    # path in the evidence, new value, check, verdict, words of the reason
    ("choices.json/model_sha256", "other", "G0", FAIL, "not the one chosen"),
    ("choices.json", ..., "G0", NOT_ENOUGH, "does not say which model"),
    ("snapshot.json", ..., "G0", NOT_ENOUGH, "which snapshot"),
    ("checks.json/future_removed/holds", False, "G2", FAIL, "knew the future"),
    ("checks.json/dates/holds", False, "G2", FAIL, "dates overlap"),
    ("checks.json/future_removed", ..., "G2", NOT_ENOUGH, "not checked: future_removed"),
    ("checks.json/future_removed/holds", None, "G2", NOT_ENOUGH, "not checked"),
    ("evaluation.json/rankings/0/figures/0/events", 49, "G4", NOT_ENOUGH, "49 outcome events in the test, 50 needed"),
    ("evaluation.json/rankings/0", ranking("x"), "G4", NOT_ENOUGH, "no evaluation of the model"),
    ("evaluation.json/cohort/n", 2_999, "G4", FAIL, "a list of 50 out of 500 rows on average; at most 49 (10%)"),
    (
        "evaluation.json/cohort/lists",
        7,
        "G4",
        FAIL,
        "a list of 50 out of 429 rows on average; at most 42",
    ),
    ("evaluation.json/cohort/n", 50 * 6, "G4", FAIL, "out of 50 rows on average; at most 5"),
    ("evaluation.json/cohort/n", 0, "G4", NOT_ENOUGH, "how many were listed, of how many"),
    ("evaluation.json/cohort/n", ..., "G4", NOT_ENOUGH, "how many were listed, of how many"),
    ("evaluation.json/cohort/lists", ..., "G4", NOT_ENOUGH, "how many were listed, of how many"),
    ("evaluation.json/capacity", None, "G4", NOT_ENOUGH, "how many were listed, of how many"),
    (
        "evaluation.json/cohort/kind",
        "incident",
        "G4",
        FAIL,
        "a cohort of kind incident; lists are made of a monthly one",
    ),
    ("evaluation.json/cohort/kind", ..., "G4", NOT_ENOUGH, "which cohort"),
    ("config.json/settings/cohort/kind", "incident", "G4", FAIL, "a cohort of kind incident"),
    ("config.json/settings/cohort", ..., "G4", NOT_ENOUGH, "which cohort"),
    ("config.json/settings/new_charges_only", True, "G4", FAIL, "only outcomes with a new kind of charge counted"),
    ("config.json/settings/new_charges_only", ..., "G4", NOT_ENOUGH, "which outcomes counted"),
    ("config.json", ..., "G4", NOT_ENOUGH, "which cohort it was trained and measured on; the RUN does not say which"),
    ("evaluation.json/rankings/1/figures/0/interval", [-0.01, 0.2], "G5", NOT_ENOUGH, "rule_days +0.100"),
    ("evaluation.json/rankings/1/figures/0/interval", [0.0, 0.2], "G5", NOT_ENOUGH, "rule_days"),
    ("evaluation.json/rankings/1/figures/0/interval", None, "G5", NOT_ENOUGH, "no paired difference"),
    ("evaluation.json/rankings/1/figures/0/value", None, "G5", NOT_ENOUGH, "no paired difference"),
    ("evaluation.json/rankings/1/figures/0/interval", [-0.3, -0.1], "G5", FAIL, "rule_days"),
    ("evaluation.json/rankings/3/figures/0/interval", [-0.3, -0.1], "G5", FAIL, "release that instead"),
    ("evaluation.json/rankings", GOOD["evaluation.json"]["rankings"][:1], "G5", NOT_ENOUGH, "no simple rule"),
    ("fairness.json", ..., "G7", NOT_ENOUGH, "not audited"),
    ("fairness.json/characteristics/0/verdict", FAIL, "G7", FAIL, "person_at_risk/sex"),
    ("fairness.json/characteristics/1/verdict", NOT_ENOUGH, "G7", NOT_ENOUGH, "not accepted by name"),
    ("fairness.json/characteristics/1/verdict", None, "G7", NOT_ENOUGH, "not accepted by name"),
    ("fairness.json/characteristics", [], "G7", NOT_ENOUGH, "no characteristic"),
    ("fairness.json/run_manifest_sha256", "another", "G7", FAIL, "about another RUN"),
    ("fairness.json/ranking", "rule_days", "G7", FAIL, "about another RUN or ranking"),
    ("checks.json/contributions_sum/holds", False, "G8", FAIL, "do not sum"),
    ("checks.json/added_harm", ..., "G8", NOT_ENOUGH, "not checked"),
]


@pytest.mark.parametrize(("path", "value", "check", "verdict", "words"), CASES)
def test_each_check(path: str, value: Any, check: str, verdict: str, words: str) -> None:
    gate = judged(evidence(changed(path, value)))
    found = next(one for one in gate["checks"] if one["id"] == check)
    assert found["verdict"] == verdict
    assert words in found["reason"]
    assert gate["verdict"] != PASS
    assert any(line.startswith(f"{check} ") for line in reasons(gate))


def test_an_empty_run_passes_nothing_that_needs_evidence() -> None:
    gate = judged(evidence({}, []))
    passing = {check for check, verdict in verdicts(gate).items() if verdict == PASS}
    assert passing == {"G6"}
    assert gate["show_probability"] is False
    assert gate["verdict"] == NOT_ENOUGH


def test_a_run_that_does_not_verify_fails() -> None:
    assert verdicts(judged(evidence(verified=False)))["G0"] == FAIL


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("evaluation.json/calibration/slope/value", 1.3),
        ("evaluation.json/calibration/slope/value", None),
        ("evaluation.json/calibration/observed_over_expected/value", 0.7),
        ("evaluation.json/calibration", {}),
    ],
)
def test_bad_calibration_degrades_to_ranks(path: str, value: Any) -> None:
    gate = judged(evidence(changed(path, value)))
    assert gate["verdict"] == PASS
    assert gate["show_probability"] is False


@pytest.mark.parametrize("values", list(itertools.product([PASS, FAIL, NOT_ENOUGH], repeat=3)))
def test_only_passes_release(values: tuple[str, ...]) -> None:
    """Every combination of usefulness, fairness and papers."""
    document = copy.deepcopy(GOOD)
    interval = {PASS: [0.1, 0.2], FAIL: [-0.2, -0.1], NOT_ENOUGH: [-0.1, 0.2]}[values[0]]
    document["evaluation.json"]["rankings"][1]["figures"][0]["interval"] = interval
    document["fairness.json"]["characteristics"][0]["verdict"] = values[1]
    holds = {PASS: True, FAIL: False, NOT_ENOUGH: None}[values[2]]
    document["checks.json"]["future_removed"]["holds"] = holds
    gate = judged(evidence(document))
    assert [verdicts(gate)[check] for check in ("G5", "G7", "G2")] == list(values)
    assert gate["verdict"] == (FAIL if FAIL in values else PASS if set(values) == {PASS} else NOT_ENOUGH)


@pytest.mark.parametrize(
    ("statements", "verdict"),
    [
        ([EQUALITY, SRO], PASS),
        ([EQUALITY], NOT_ENOUGH),
        ([SRO], NOT_ENOUGH),
        ([acceptance("Sam Owner", "equality_lead"), SRO], NOT_ENOUGH),  # one person in two roles
        ([acceptance("sam  OWNER", "equality_lead"), SRO], NOT_ENOUGH),
        ([acceptance("Eve Equal", "equality_lead", expires="2026-05-31"), SRO], NOT_ENOUGH),  # run out
        ([acceptance("Eve Equal", "equality_lead", on="2026-06-02"), SRO], NOT_ENOUGH),  # not yet given
        ([acceptance("Eve Equal", "equality_lead", expires="2026-12-01"), SRO], NOT_ENOUGH),  # for too long
        ([acceptance("Eve Equal", "equality_lead", expires=None), SRO], NOT_ENOUGH),
        ([acceptance("Eve Equal", "equality_lead", reason=" "), SRO], NOT_ENOUGH),
        ([acceptance("Eve Equal", "equality_lead", about="person_at_risk/sex"), SRO], NOT_ENOUGH),
        ([acceptance("Eve Equal", "equality_lead", check="G5"), SRO], NOT_ENOUGH),
        ([acceptance("Eve Equal", "equality_lead", evidence_sha256="f" * 64), SRO], NOT_ENOUGH),
        ([acceptance("Eve Equal", "equality_lead", environment="demonstration"), SRO], NOT_ENOUGH),
    ],
)
def test_acceptance_of_not_enough_evidence(statements: list[Statement], verdict: str) -> None:
    document = changed("fairness.json/characteristics/1/verdict", NOT_ENOUGH)
    gate = judged(evidence(document, [*approvals(), *papers(), *statements]))
    assert verdicts(gate)["G7"] == verdict
    assert gate["verdict"] == verdict


def test_a_fail_is_never_accepted() -> None:
    document = changed("fairness.json/characteristics/1/verdict", FAIL)
    assert verdicts(judged(evidence(document, [*approvals(), *papers(), EQUALITY, SRO])))["G7"] == FAIL
    document = changed("evaluation.json/rankings/1/figures/0/interval", [-0.3, -0.1])
    both = [
        acceptance("Vera Lid", "validator", check="G5", about="G5"),
        acceptance("Sam Owner", "SRO", check="G5", about="G5"),
    ]
    assert verdicts(judged(evidence(document, [*approvals(), *papers(), *both])))["G5"] == FAIL
    document = changed("evaluation.json/rankings/1/figures/0/interval", [-0.1, 0.3])
    assert verdicts(judged(evidence(document, [*approvals(), *papers(), *both])))["G5"] == PASS


def approving(*people: tuple[str, str], authors: tuple[str, ...] = ("Dev Eloper",), **body: Any) -> list[Statement]:
    given = [said("approval", by, role, **{"to": "shadow", **body}) for by, role in people]
    return [*given, said("authorship", "Vera Lid", "validator", authors=list(authors))] if authors else given


TWO = (("Vera Lid", "validator"), ("Sam Owner", "SRO"))


@pytest.mark.parametrize(
    ("statements", "verdict", "words"),
    [
        (approving(*TWO), PASS, "approved by Sam Owner, Vera Lid"),
        (approving(TWO[0]), NOT_ENOUGH, "1 of 2 approvals"),
        (approving(), NOT_ENOUGH, "0 of 2 approvals"),
        (approving(TWO[0], ("Vera Lid", "SRO")), NOT_ENOUGH, "1 of 2 approvals"),
        (approving(TWO[0], ("Otto Ther", "validator")), NOT_ENOUGH, "no approval as SRO"),
        (approving(*TWO, authors=()), NOT_ENOUGH, "nobody has said who made"),
        (approving(*TWO, authors=("vera lid",)), NOT_ENOUGH, "own work does not count"),
        (approving(TWO[0], ("Robot", "service")), NOT_ENOUGH, "1 of 2 approvals"),
        (approving(*TWO, expires="2026-05-30"), NOT_ENOUGH, "0 of 2 approvals"),
        (approving(*TWO, to="live"), NOT_ENOUGH, "0 of 2 approvals"),
        (approving(*TWO, evidence_sha256="f" * 64), NOT_ENOUGH, "0 of 2 approvals"),
    ],
)
def test_approvals(statements: list[Statement], verdict: str, words: str) -> None:
    gate = judged(evidence(statements=[*papers(), *statements]))
    found = gate["checks"][-1]
    assert (found["id"], found["verdict"]) == ("approvals", verdict)
    assert words in found["reason"]
    assert gate["verdict"] == verdict


def test_demonstration_signatures_count_only_in_the_demonstration() -> None:
    shown = [*approvals("live", "demonstration"), *papers("demonstration")]
    in_demonstration = judged(evidence(statements=shown), "live", "demonstration")
    in_force = judged(evidence(statements=shown), "live", "force")
    assert in_demonstration["verdict"] == PASS
    assert in_demonstration["environment"] == "demonstration"
    assert in_force["verdict"] == NOT_ENOUGH
    assert in_force["approvals"] == []
    assert len(in_force["set_aside"]) == len(shown)
    assert in_force["set_aside"][0] == "authorship by Vera Lid: signed with a key of the environment demonstration"


@pytest.mark.parametrize(
    ("to", "missing", "verdict"),
    [
        ("shadow", "SHADOW_REPORT", PASS),
        ("pilot", "SHADOW_REPORT", NOT_ENOUGH),
        ("live", "SHADOW_REPORT", NOT_ENOUGH),
        ("shadow", "GO_LIVE_DRILL", PASS),
        ("pilot", "GO_LIVE_DRILL", PASS),
        ("live", "GO_LIVE_DRILL", NOT_ENOUGH),
        ("shadow", "DPIA", NOT_ENOUGH),
        ("shadow", "TARGET_REVIEW", NOT_ENOUGH),
        ("shadow", "COMPREHENSION_TEST", NOT_ENOUGH),
        ("shadow", "SECURITY", NOT_ENOUGH),
    ],
)
def test_documents_by_state(to: str, missing: str, verdict: str) -> None:
    held = [one for one in papers() if one.body["document"] != missing]
    gate = judged(evidence(statements=[*approvals(to), *held]), to)
    assert gate["verdict"] == verdict
    if verdict != PASS:
        assert f"{missing}: not provided" in "; ".join(reasons(gate))


def test_the_shadow_run_of_another_run_does_not_count() -> None:
    other = said("document", "Dee Pio", "DPO", document="SHADOW_REPORT", review_due="2027-01-01", evidence_sha256="x")
    general = said("document", "Dee Pio", "DPO", document="DPIA", review_due="2027-01-01", evidence_sha256="x")
    held = [one for one in papers() if one.body["document"] not in {"SHADOW_REPORT", "DPIA"}]
    gate = judged(evidence(statements=[*approvals("pilot"), *held, other, general]), "pilot")
    assert reasons(gate) == ["G10 Shadow run: not enough evidence: SHADOW_REPORT: not provided"]


def test_an_audit_under_another_policy_fails() -> None:
    gate = judged(evidence(fairness_policy={"version": "fairness-1", "line": 0.8}))
    assert reasons(gate) == ["G7 Fairness: fails: the fairness report was made under another policy than the one set"]


def test_a_document_past_its_review_does_not_count() -> None:
    gate = judged(evidence(statements=[*approvals(), *papers(due="2026-05-31")]))
    assert gate["verdict"] == NOT_ENOUGH
    assert "DPIA: its review was due on 2026-05-31" in "; ".join(reasons(gate))
    assert judged(evidence(statements=[*approvals(), *papers(due="2026-06-01")]))["verdict"] == PASS


def test_a_policy_that_names_an_unknown_check_is_refused(tmp_path) -> None:
    from importlib.resources import files

    text = files("training.gate").joinpath("policy.yaml").read_text(encoding="utf-8")
    path = tmp_path / "policy.yaml"
    path.write_text(text.replace("G12: [GO_LIVE_DRILL]", "G13: [GO_LIVE_DRILL]"))
    with pytest.raises(UsageError, match="not a check of the gate: G13"):
        load_gate_policy(path)
    path.write_text(text.replace("shadow: [G0, G1, G2, G3, G4, G5, G6, G7, G8, G9, approvals]", "shadow: []"))
    with pytest.raises(UsageError, match="shadow is entered without G0 or approvals"):
        load_gate_policy(path)
    path.write_text(text.replace("margin: 0.0", "margin: none"))
    with pytest.raises(UsageError) as caught:
        load_gate_policy(path)
    assert "numbers.margin" in caught.value.where
