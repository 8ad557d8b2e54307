"""The gate's rules: one function a check, from the evidence in view to a finding. Pure: no file, no clock, no key."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fairness.verdicts import of_interval
from threat.characteristics import title_of
from threat.measuring.figure import Verdict
from threat.release.documents.evaluation import MODEL, Evaluation
from threat.release.documents.fairness import CharacteristicReport, Fairness
from threat.release.documents.fairness_verdict import FairnessVerdict
from threat.release.documents.gate import Fact
from training.gate.approvals import approval
from training.gate.provenance import card, policies, provenance, retraining
from training.gate.usefulness import usefulness
from training.gate.view import FAIL, NOT_ENOUGH, PASS, Finding, View


def leaks(view: View) -> Finding:
    """Check that no feature knew the future and that no fold's dates overlap."""
    checks, folds = view.documents.checks, view.documents.folds
    if checks is None:
        return Finding(NOT_ENOUGH, "not checked: checks.json is missing")
    facts: dict[str, Fact] = {"future_removed": checks.future_removed.holds, "dates": checks.dates.holds}
    broken = ["a feature knew the future"] * (not checks.future_removed.holds)
    broken += ["a fold's dates overlap"] * (not checks.dates.holds)
    if broken:
        return Finding(FAIL, "; ".join(broken), facts)
    if not checks.future_removed.rows or not checks.dates.folds:
        return Finding(NOT_ENOUGH, "not checked: no row or no fold was looked at", facts)
    earlier = 0 if folds is None else len(folds.test_opening.earlier_runs_that_opened_it)
    # Later RUNs on the same test count too: whoever releases the best of ten chose it by its test.
    seen = max(earlier + 1, view.evidence.openings or 0)
    facts |= {"earlier_runs_that_opened_the_test": earlier, "models_seen_on_the_test": seen}
    most = view.policy.numbers.openings_at_most
    if most is not None and seen > most:
        return Finding(NOT_ENOUGH, f"{seen} models were seen on the same test, at most {most} allowed", facts)
    counts = ((earlier, "earlier"), (seen - 1 - earlier, "later"))
    others = " and ".join(f"{count} {when} RUNs" for count, when in counts if count)
    note = f"; the same test was opened by {others}" if others else ""
    return Finding(PASS, f"no feature knew the future, and every fold's dates hold{note}", facts)


def local_validation(view: View) -> Finding:
    """Check that enough outcomes of this force were in the test, and that it asked what a list answers."""
    evaluation, least = view.documents.evaluation, view.policy.numbers.least_events
    recall = None if evaluation is None else evaluation.headline
    wrong, unknown, facts = _as_served(view)
    figures = () if recall is None else (recall,)
    if wrong:
        return Finding(FAIL, "; ".join(wrong), facts, figures)
    if recall is None:
        unknown = ["the RUN has no evaluation of the model at capacity", *unknown]
        return Finding(NOT_ENOUGH, "; ".join(unknown), facts)
    facts |= {"events": recall.events, "least_events": least}
    if recall.events < least:
        unknown = [f"{recall.events} outcome events in the test, {least} needed", *unknown]
    if unknown:
        return Finding(NOT_ENOUGH, "; ".join(unknown), facts, figures)
    reason = f"{recall.events} outcome events, later than anything the model was fitted on"
    return Finding(PASS, reason, facts, figures)


def _as_served(view: View) -> tuple[list[str], list[str], dict[str, Fact]]:
    """Say whether the test asked what a list answers: what is wrong, what is not known, and the facts.

    A list of almost everyone catches every outcome and serves every group alike; one measured only after an incident,
    or only on new kinds of harm, says nothing of a list made each month.
    """
    config, evaluation = view.documents.config, view.documents.evaluation
    wrong: list[str] = []
    unknown: list[str] = []
    facts: dict[str, Fact] = {}
    kinds = {} if config is None else {config.settings.cohort.kind}
    kinds = {*kinds, *([] if evaluation is None else [evaluation.cohort.kind])}
    if others := sorted(kind for kind in kinds if kind != view.policy.numbers.cohort):
        lists = f"lists are made of a {view.policy.numbers.cohort} one"
        wrong.append(f"measured on a cohort of kind {', '.join(others)}; {lists}")
    elif config is None or evaluation is None:
        unknown.append("the RUN does not say which cohort it was trained and measured on")
    if config is None:
        unknown.append("the RUN does not say which outcomes counted")
    else:
        facts["new_charges_only"] = config.settings.new_charges_only
        if config.settings.new_charges_only:
            wrong.append("only outcomes with a new kind of charge counted; a list is for all of them")
    if evaluation is None or not evaluation.cohort.n:
        unknown.append("the RUN does not say how many were listed, of how many")
        return wrong, unknown, facts
    return wrong + _length_of_list(evaluation, view.policy.numbers.capacity_share, facts), unknown, facts


def _length_of_list(evaluation: Evaluation, share: float, facts: dict[str, Fact]) -> list[str]:
    """Say what is wrong with the length of the lists, and add the facts; the list may be empty."""
    capacity, rows, lists = evaluation.capacity, evaluation.cohort.n, evaluation.cohort.lists
    facts |= {"cohort": evaluation.cohort.kind, "capacity": capacity}
    facts |= {"rows_per_list": rows / lists, "capacity_share": share}
    if capacity * lists <= share * rows:
        return []
    most = int(share * rows / lists)
    mean = f"{rows / lists:,.0f} rows on average"
    return [f"a list of {capacity} out of {mean}; at most {most} ({share:.0%}) is a list to judge by"]


_RANK_ONLY = "rank only, no probability is shown"
_NOT_CALIBRATED = f"calibration was not measured: {_RANK_ONLY}"
_CALIBRATION_REASONS = {
    PASS: "the intervals of observed over expected and slope lie within the bounds: probabilities may be shown",
    FAIL: f"the interval of observed over expected or slope lies outside the bounds: {_RANK_ONLY}",
    NOT_ENOUGH: f"the interval of observed over expected or slope lies across a bound: {_RANK_ONLY}",
}


def calibration(view: View) -> Finding:
    """Check that probabilities mean what they say: a pass shows them, anything else shows ranks alone.

    The product's policy requires it for no state: a model without trustworthy probabilities can still rank.
    """
    evaluation, numbers = view.documents.evaluation, view.policy.numbers
    calibrated = None if evaluation is None else evaluation.calibration
    if evaluation is None or calibrated is None:
        why = "" if evaluation is None else evaluation.no_probability.removesuffix(".")
        return Finding(NOT_ENOUGH, why[:1].lower() + why[1:] or _NOT_CALIBRATED)
    figures = (calibrated.observed_over_expected, calibrated.slope)
    if any(figure.interval is None for figure in figures):
        return Finding(NOT_ENOUGH, _NOT_CALIBRATED, figures=figures)
    events, least = calibrated.slope.events, numbers.least_calibration_events or 0
    facts: dict[str, Fact] = {"events": events, "least_events": least}
    if events < least:
        few = f"{events} outcome events of people on the lists of the test, {least} needed to judge calibration"
        return Finding(NOT_ENOUGH, f"{few}: {_RANK_ONLY}", facts, figures)
    # The interval decides, not the value: a slope of 0.81 said to be between -0.26 and 1.87 is not known.
    bounds = (numbers.observed_over_expected, numbers.slope)
    verdict = Verdict.all_of(of_interval(figure.interval, ends) for figure, ends in zip(figures, bounds, strict=True))
    return Finding(verdict, _CALIBRATION_REASONS[verdict], facts, figures)


def fairness(view: View) -> Finding:
    """Check that the audit of this very model finds no group treated worse than the line allows."""
    report, evidence = view.documents.fairness, view.evidence
    if report is None:
        return Finding(NOT_ENOUGH, "not audited yet: threat audit RUN")
    facts: dict[str, Fact] = {"verdict": report.verdict.value, "policy_version": report.policy.version}
    asked = {f"{gate.party}/{gate.characteristic}" for gate in evidence.fairness_policy.gate}
    gated = {item.name for item in report.gated}
    surplus = sorted(gated - asked)
    wrong = {
        "the fairness report is about another RUN or ranking": report.run_manifest_sha256 != evidence.manifest_sha256
        or report.ranking != MODEL,
        "the fairness report was made under another policy than the one set": report.policy != evidence.fairness_policy,
        f"the report gates what the policy does not: {', '.join(surplus)}": bool(surplus),
    }
    if said := [words for words, holds in wrong.items() if holds]:
        return Finding(FAIL, said[0], facts)
    if not gated:
        return Finding(NOT_ENOUGH, "the verdict of the report depends on no characteristic", facts)
    absent = [name for name in sorted(asked - gated) if not view.accepted("fairness", name)]
    facts["not_in_the_report"] = tuple(absent)
    verdict, reason = _by_characteristic(report, view)
    if absent and verdict != FAIL:
        undecided = [reason] if verdict == NOT_ENOUGH else []
        undecided.append(f"gated by the policy, not in the report, and not accepted by name: {', '.join(absent)}")
        return Finding(NOT_ENOUGH, "; ".join(undecided), facts)
    return Finding(verdict, reason, facts)


def _by_characteristic(report: Fairness, view: View) -> tuple[Verdict, str]:
    """Return the verdict over the report's gated characteristics, with the reason.

    A characteristic that fails decides first; then one without enough evidence that nobody accepted by name.
    """
    # In words for whoever reads the page, and by the name that the report goes by.
    failed = [
        f"{title_of(item.characteristic, item.party)} ({item.name})"
        for item in report.gated
        if item.verdict == FairnessVerdict.FAIL
    ]
    if failed:
        return FAIL, f"treated worse than the line allows, by {', '.join(failed)}"
    # An alert is no proof and no pass: a person accepts it by name, or the model waits for more outcomes.
    undecided = [item for item in report.gated if item.verdict in {FairnessVerdict.ALERT, FairnessVerdict.NOT_ENOUGH}]
    missing = [item for item in undecided if not view.accepted("fairness", item.name)]
    if missing:
        said = [f"{item.name}{_alert(item)}" for item in missing]
        return NOT_ENOUGH, f"not enough evidence, and not accepted by name, for {', '.join(said)}"
    if undecided:
        names = ", ".join(f"{item.name}{_alert(item)}" for item in undecided)
        return PASS, f"no group fails; not enough evidence accepted by name, until it expires, for {names}"
    return PASS, "every group is treated within the line"


def _alert(item: CharacteristicReport) -> str:
    return " (an alert)" if item.verdict == FairnessVerdict.ALERT else ""


def explanation(view: View) -> Finding:
    """Check that contributions sum to the score, and that an added harm of no kind lowers more than a few scores."""
    checks = view.documents.checks
    if checks is None or not checks.contributions_sum.rows or checks.added_harm.share is None:
        return Finding(NOT_ENOUGH, "fidelity and the effect of added harm were not checked")
    sums, worst = checks.contributions_sum, checks.added_harm.worst
    facts: dict[str, Fact] = {
        "largest_difference": sums.largest_difference,
        "share_of_falls": checks.added_harm.share,
    }
    if not sums.holds:
        wide = f"{sums.largest_difference:.2g}, at most {sums.threshold:.0e} allowed"
        return Finding(FAIL, f"contributions do not sum to the score: off by {wide}", facts)
    if worst is None or worst.share is None:
        return Finding(NOT_ENOUGH, "the effect of added harm was not checked by kind of harm", facts)
    facts |= {"worst_kind": worst.kind, "worst_share_of_falls": worst.share}
    said = f"of {len(checks.added_harm.kinds)} kinds of harm, {worst.kind} lowers most: {worst.share:.1%} of scores"
    most = view.policy.numbers.falls_at_most
    if most is not None and worst.share > most:
        return Finding(FAIL, f"{said}, at most {most:.1%} allowed", facts)
    few = "no kind of harm that is added lowers a score" if not worst.fell else said
    return Finding(PASS, f"contributions sum to the score; {few}", facts)


def by_document(view: View) -> Finding:
    """Pass: the documents that the policy names for the check decide (``decision.with_documents``)."""
    del view
    return Finding(PASS, "")


RULES: Mapping[str, Callable[[View], Finding]] = {
    "provenance": provenance,
    "retraining": retraining,
    "policies": policies,
    "law": by_document,
    "leaks": leaks,
    "target": by_document,
    "local_validation": local_validation,
    "usefulness": usefulness,
    "calibration": calibration,
    "fairness": fairness,
    "explanation": explanation,
    "card": card,
    "security": by_document,
    "shadow_run": by_document,
    "ethics": by_document,
    "go_live": by_document,
    "approval": approval,
}
"""The rule of each check, in the order of ``threat.release.documents.gate_policy.CHECKS``."""
