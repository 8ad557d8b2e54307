"""The release gate decides, and does nothing more: evidence and policy in, a verdict with its reasons out.

Each check is pass, fail or not enough evidence. Only a pass of every required check releases; what nobody has measured
or nobody has signed is never a pass. The gate reads no file, no clock and no key: signatures are verified before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from training.gate.policy import TITLES, Environment, GatePolicy
from training.gate.statements import Statement, acceptances, day, in_date, matched, person

PASS, FAIL, NOT_ENOUGH = "pass", "fail", "not_enough_evidence"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the gate reads.

    ``documents``: of the RUN, by file name (absent: not there). ``verified``: the RUN's manifest and hashes held.
    ``sha256``: what approvals, acceptances and authorship must be about. ``fairness_policy``: the one the audit must
    have been made under, whole.
    """

    run_id: str
    sha256: str
    manifest_sha256: str
    verified: bool
    model_sha256: str
    documents: Mapping[str, Any]
    fairness_policy: Mapping[str, Any]
    statements: tuple[Statement, ...] = field(default=())


def decide(evidence: Evidence, policy: GatePolicy, *, environment: Environment, to: str, on: date) -> dict[str, Any]:
    """The document ``gate.json`` holds: verdict, every check with its reason, approvals, whether probabilities show.

    ``to``: the state asked for (shadow, pilot, live). ``on``: the day it is decided, for expiry.
    """
    aside = {id(one): why for one in evidence.statements if (why := _why_not(one, evidence, environment, policy))}
    counted = tuple(one for one in evidence.statements if id(one) not in aside)
    view = _View(evidence, policy, counted, on, to)
    required = policy.required[to]  # type: ignore[index]
    checks: list[dict[str, Any]] = []
    for check, rule in _RULES.items():
        verdict, reason, facts = rule(view)
        verdict, reason = _with_documents(view, check, verdict, reason)
        checks.append(
            {
                "id": check,
                "title": TITLES[check],
                "required": check in required,
                "verdict": verdict,
                "reason": reason,
                "evidence": facts,
                "accepted": _acceptances(view, check),
            }
        )
    needed = [one["verdict"] for one in checks if one["required"]]
    shown = next(one for one in checks if one["id"] == "G6")["evidence"].get("within_bounds", False)
    return {
        "version": 1,
        "verdict": FAIL if FAIL in needed else PASS if all(one == PASS for one in needed) else NOT_ENOUGH,
        "environment": environment,
        "to": to,
        "on": on.isoformat(),
        "run_id": evidence.run_id,
        "evidence_sha256": evidence.sha256,
        "run_manifest_sha256": evidence.manifest_sha256,
        "policy_version": policy.version,
        "policy": policy.model_dump(mode="json"),
        "show_probability": bool(shown),
        "checks": checks,
        "approvals": [
            {"by": one.by, "role": one.role, "on": one.body.get("on"), "environment": one.environment}
            for one in counted
            if one.kind == "approval"
        ],
        "set_aside": [f"{one.kind} by {one.by}: {aside[id(one)]}" for one in evidence.statements if id(one) in aside],
    }


def reasons(gate: Mapping[str, Any]) -> list[str]:
    """One line for each required check that does not pass."""
    words = {FAIL: "fails", NOT_ENOUGH: "not enough evidence"}
    return [
        f"{one['id']} {one['title']}: {words[one['verdict']]}: {one['reason']}"
        for one in gate["checks"]
        if one["required"] and one["verdict"] != PASS
    ]


@dataclass(frozen=True, slots=True)
class _View:
    evidence: Evidence
    policy: GatePolicy
    statements: tuple[Statement, ...]
    on: date
    to: str

    def document(self, name: str) -> Any:
        return self.evidence.documents.get(name)


_Result = tuple[str, str, dict[str, Any]]


def _provenance(view: _View) -> _Result:
    named = (view.document("choices.json") or {}).get("model_sha256")
    facts = {"run_manifest_sha256": view.evidence.manifest_sha256, "model_sha256": view.evidence.model_sha256}
    if not view.evidence.verified:
        return FAIL, "the RUN does not match its manifest", facts
    if named is None or not (view.document("snapshot.json") or {}).get("id"):
        return NOT_ENOUGH, "the RUN does not say which model it chose or which snapshot it read", facts
    if named != view.evidence.model_sha256:
        return FAIL, "the model is not the one chosen before the test was opened", facts
    return PASS, "manifest, snapshot and model hashes hold", facts


def _leaks(view: _View) -> _Result:
    checks = view.document("checks.json") or {}
    tests = {"future_removed": "a feature knew the future", "dates": "a fold's dates overlap"}
    facts = {name: checks[name]["holds"] for name in tests if name in checks}
    broken = [words for name, words in tests.items() if facts.get(name) is False]
    if broken:
        return FAIL, "; ".join(broken), facts
    if missing := [name for name in tests if facts.get(name) is not True]:
        return NOT_ENOUGH, f"not checked: {', '.join(missing)}", facts
    opened = (view.document("folds.json") or {}).get("test_opening", {}).get("earlier_runs_that_opened_it", [])
    note = f"; the same test was opened by {len(opened)} earlier RUNs" if opened else ""
    return PASS, f"no feature knew the future, and every fold's dates hold{note}", facts | {"earlier": len(opened)}


def _local(view: _View) -> _Result:
    recall = _figure(_ranking(view, "score"), "recall_at_capacity", view)
    least = view.policy.numbers.least_events
    wrong, unknown, facts = _as_served(view)
    if wrong:
        return FAIL, "; ".join(wrong), facts
    if recall is None:
        return NOT_ENOUGH, "; ".join(["the RUN has no evaluation of the model at capacity", *unknown]), facts
    facts |= {"events": recall["events"], "least_events": least}
    if recall["events"] < least:
        unknown = [f"{recall['events']} outcome events in the test, {least} needed", *unknown]
    if unknown:
        return NOT_ENOUGH, "; ".join(unknown), facts
    return PASS, f"{recall['events']} outcome events, later than anything the model was fitted on", facts


def _as_served(view: _View) -> tuple[list[str], list[str], dict[str, Any]]:
    """Whether the test asked what a list answers: what is wrong, what is not known, and the facts.

    A list of almost everyone catches every outcome and serves every group alike; one measured only after an incident,
    or only on new kinds of harm, says nothing of a list made each month.
    """
    config = (view.document("config.json") or {}).get("settings") or {}
    evaluation = view.document("evaluation.json") or {}
    asked, measured = config.get("cohort") or {}, evaluation.get("cohort") or {}
    numbers, wrong, unknown = view.policy.numbers, [], []
    named = {document.get("kind") for document in (asked, measured)}
    if others := sorted(str(kind) for kind in named - {None, numbers.cohort}):
        wrong.append(f"measured on a cohort of kind {', '.join(others)}; lists are made of a {numbers.cohort} one")
    elif None in named:
        unknown.append("the RUN does not say which cohort it was trained and measured on")
    new_only = config.get("new_charges_only")
    if new_only is None:
        unknown.append("the RUN does not say which outcomes counted")
    elif new_only is not False:
        wrong.append("only outcomes with a new kind of charge counted; a list is for all of them")
    capacity, rows, lists = evaluation.get("capacity"), measured.get("n"), measured.get("lists")
    facts: dict[str, Any] = {"cohort": measured.get("kind"), "new_charges_only": new_only, "capacity": capacity}
    if not (capacity and rows and lists):
        unknown.append("the RUN does not say how many were listed, of how many")
    else:
        facts |= {"rows_per_list": rows / lists, "capacity_share": numbers.capacity_share}
        if capacity * lists > numbers.capacity_share * rows:
            most = int(numbers.capacity_share * rows / lists)
            wrong.append(
                f"a list of {capacity} out of {rows / lists:,.0f} rows on average; at most {most} "
                f"({numbers.capacity_share:.0%}) is a list to judge by"
            )
    return wrong, unknown, facts


def _useful(view: _View) -> _Result:
    """Paired difference of recall at capacity, model minus each rule: the whole interval beyond the margin."""
    margin, verdicts, said, facts = view.policy.numbers.margin, [], [], {}
    rankings = (view.document("evaluation.json") or {}).get("rankings", [])
    for ranking in rankings:
        if not ranking["name"].startswith(view.policy.numbers.comparators):
            continue
        figure = _figure(ranking, "recall_difference", view)
        known = figure is not None and figure["value"] is not None and figure["interval"] is not None
        facts[ranking["name"]] = {"value": figure["value"], "interval": figure["interval"]} if figure else None
        if not known or figure is None:
            verdict, words = NOT_ENOUGH, "no paired difference"
        else:
            low, high = figure["interval"]
            words = f"{figure['value']:+.3f} ({low:+.3f} to {high:+.3f})"
            verdict = PASS if low > margin else FAIL if high < margin else NOT_ENOUGH
        verdicts.append(verdict)
        if verdict != PASS:
            said.append(f"{ranking['title']} {words}")
    simple = _ranking(view, view.policy.numbers.regression)
    figure = None if simple is None else _figure(simple, "recall_difference", view)
    if simple is not None and figure is not None and figure["interval"] is not None and figure["interval"][1] < 0:
        verdicts.append(FAIL)
        said.append(f"{simple['title']} is clearly better: release that instead")
    if not verdicts:
        return NOT_ENOUGH, "compared with no simple rule", facts
    worst = FAIL if FAIL in verdicts else NOT_ENOUGH if NOT_ENOUGH in verdicts else PASS
    if worst == PASS:
        return PASS, f"recall at capacity exceeds each of {len(verdicts)} simple rules' by more than {margin:g}", facts
    return worst, f"recall at capacity, model minus rule: {'; '.join(said)}", facts


def _calibrated(view: _View) -> _Result:
    """Never refuses: outside the bounds, or unknown, the ranking is shown without a probability."""
    found = (view.document("evaluation.json") or {}).get("calibration") or {}
    numbers = view.policy.numbers
    bounds = {"observed_over_expected": numbers.observed_over_expected, "slope": numbers.slope}
    facts: dict[str, Any] = {}
    for name in bounds:
        figure = found.get(name) or {}
        facts[name] = {"value": figure.get("value"), "interval": figure.get("interval")}
    within = all(
        facts[name]["value"] is not None and low <= facts[name]["value"] <= high for name, (low, high) in bounds.items()
    )
    facts["within_bounds"] = within
    if within:
        return PASS, "observed over expected and slope lie within the bounds: probabilities may be shown", facts
    return PASS, "calibration is not shown to hold: rank only, no probability is shown", facts


def _fair(view: _View) -> _Result:
    report = view.document("fairness.json")
    if report is None:
        return NOT_ENOUGH, "not audited yet: threat audit RUN", {}
    facts = {"verdict": report.get("verdict"), "policy_version": report.get("policy", {}).get("version")}
    if report.get("run_manifest_sha256") != view.evidence.manifest_sha256 or report.get("ranking") != "score":
        return FAIL, "the fairness report is about another RUN or ranking", facts
    if report.get("policy") != view.evidence.fairness_policy:
        return FAIL, "the fairness report was made under another policy than the one set", facts
    gated = [one for one in report["characteristics"] if one["gate"]]
    if not gated:
        return NOT_ENOUGH, "the report rests on no characteristic", facts
    failed = [_named(one) for one in gated if one["verdict"] == FAIL]
    open_ = [_named(one) for one in gated if one["verdict"] not in {PASS, FAIL}]
    if failed:
        return FAIL, f"served worse than the line allows, by {', '.join(failed)}", facts
    missing = [name for name in open_ if not _accepted(view, "G7", name)]
    if missing:
        return NOT_ENOUGH, f"not enough evidence, and not accepted by name, for {', '.join(missing)}", facts
    if open_:
        names = ", ".join(open_)
        return PASS, f"no group fails; not enough evidence accepted by name, until it expires, for {names}", facts
    return PASS, "every group is served within the line", facts


def _explained(view: _View) -> _Result:
    checks = view.document("checks.json") or {}
    sums, harm = checks.get("contributions_sum"), checks.get("added_harm")
    if sums is None or harm is None or not harm.get("scores"):
        return NOT_ENOUGH, "fidelity and the effect of added harm were not checked", {}
    share = harm["fell"] / harm["scores"]
    facts = {"contributions_sum": sums["holds"], "share_of_falls": share}
    if not sums["holds"]:
        return FAIL, "contributions do not sum to the score", facts
    note = "; a limit to know" if share > view.policy.numbers.note_falls_above else ""
    return PASS, f"contributions sum to the score; {share:.1%} of scores fall when a harm is added{note}", facts


def _by_document(view: _View) -> _Result:
    del view
    return PASS, "", {}


def _approved(view: _View) -> _Result:
    wanted, most = view.policy.approvals, view.policy.numbers.acceptance_days
    authors = {
        person(name) for one in view.statements if one.kind == "authorship" for name in one.body.get("authors", [])
    }
    current = [
        one
        for one in view.statements
        if one.kind == "approval" and one.body.get("to") == view.to and in_date(one, view.on, most)
    ]
    own = sorted({one.by for one in current if person(one.by) in authors})
    valid = [one for one in current if person(one.by) not in authors and one.role != "service"]
    persons, roles = {person(one.by) for one in valid}, {one.role for one in valid}
    facts = {"persons": sorted({one.by for one in valid}), "authors": sorted(authors)}
    problems = []
    if not authors:
        problems.append("nobody has said who made the model")
    if own:
        problems.append(f"an author's approval of their own work does not count: {', '.join(own)}")
    if len(persons) < wanted.persons:
        problems.append(f"{len(persons)} of {wanted.persons} approvals by natural persons who did not make it")
    if missing := [role for role in wanted.roles if role not in roles]:
        problems.append(f"no approval as {', '.join(missing)}")
    if len(persons) >= wanted.persons and not missing and not matched(valid, wanted.roles):
        problems.append("one person cannot hold two of the roles")
    if problems:
        return NOT_ENOUGH, "; ".join(problems), facts
    return PASS, f"approved by {', '.join(facts['persons'])}", facts


_RULES: dict[str, Callable[[_View], _Result]] = {
    "G0": _provenance,
    "G1": _by_document,
    "G2": _leaks,
    "G3": _by_document,
    "G4": _local,
    "G5": _useful,
    "G6": _calibrated,
    "G7": _fair,
    "G8": _explained,
    "G9": _by_document,
    "G10": _by_document,
    "G11": _by_document,
    "G12": _by_document,
    "approvals": _approved,
}


def _with_documents(view: _View, check: str, verdict: str, reason: str) -> tuple[str, str]:
    """Fold in the documents and acceptances that a check also needs."""
    if verdict == NOT_ENOUGH and check == "G5" and _accepted(view, check, check):
        verdict, reason = PASS, f"{reason}; accepted by name, until it expires"
    wanted = view.policy.documents.get(check, ())
    problems = [problem for kind in wanted if (problem := _document_problem(view, kind))]
    if not wanted or verdict == FAIL:
        return verdict, reason
    if problems:
        return NOT_ENOUGH, "; ".join([*([reason] if verdict == NOT_ENOUGH else []), *problems])
    return verdict, "; ".join(part for part in (reason, f"in date: {', '.join(wanted)}") if part)


def _document_problem(view: _View, kind: str) -> str:
    found = [one for one in view.statements if one.kind == "document" and one.body.get("document") == kind]
    if not found:
        return f"{kind}: not provided"
    due = max((day(one.body.get("review_due")) or date.min) for one in found)
    return "" if due >= view.on else f"{kind}: its review was due on {due}"


def _current(view: _View, check: str) -> list[Statement]:
    roles, most = view.policy.acceptances.get(check, ()), view.policy.numbers.acceptance_days
    return acceptances(view.statements, check, roles, view.on, most)


def _acceptances(view: _View, check: str) -> list[dict[str, Any]]:
    """They show wherever the model does, while they last."""
    shown = ("about", "reason", "controls", "expires")
    return [
        {"by": one.by, "role": one.role} | {key: one.body.get(key) for key in shown} for one in _current(view, check)
    ]


def _accepted(view: _View, check: str, about: str) -> bool:
    """True when every role the policy names has accepted it, each by another person."""
    roles = view.policy.acceptances.get(check, ())
    given = [one for one in _current(view, check) if one.body.get("about") == about]
    return bool(roles) and matched(given, roles)


def _named(one: Mapping[str, Any]) -> str:
    return f"{one['party']}/{one['characteristic']}"


def _ranking(view: _View, name: str) -> Any:
    rankings = (view.document("evaluation.json") or {}).get("rankings", [])
    return next((one for one in rankings if one["name"] == name), None)


def _figure(ranking: Any, name: str, view: _View) -> Any:
    """The figure of that name at the capacity of the evaluation."""
    capacity = (view.document("evaluation.json") or {}).get("capacity")
    for one in (ranking or {}).get("figures", []):
        if one["name"] == name and one["slice"].get("capacity", capacity) == capacity:
            return one
    return None


def _why_not(one: Statement, evidence: Evidence, environment: str, policy: GatePolicy) -> str:
    """Why a statement does not count here; empty when it does. A DEMONSTRATION signature never counts in a force."""
    if one.environment != environment:
        return f"signed with a key of the environment {one.environment}"
    general = one.kind == "document" and one.body.get("document") not in policy.of_the_run
    if not general and one.body.get("evidence_sha256") != evidence.sha256:
        return "about other evidence than this"
    return ""
