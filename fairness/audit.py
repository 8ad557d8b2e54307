"""Audit any ranking: who among those later harmed was on the list, group by group, and how sure can we be.

The question is assistive: of the people to whom the outcome happened, the share whose relationship was on the list
(recall at capacity), against the best-served adequately sized group. Precision, false positive rate, selection rate
and calibration stand beside it as guards. Groups are never dropped for being small, and rows without a recorded group
are a group.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairness.figures import AT, divide, observed_over_expected, rate, variance_of
from fairness.policy import Policy, load_policy
from fairness.population import MISSING, Characteristic, encode, people_with_events, population_of
from fairness.resample import QUANTITIES, Floats, Population, order_rows, resample, tied_at_cut
from fairness.verdicts import NOT_ENOUGH, PASS, combine, holm, of_ratio
from threat.errors import UsageError
from threat.measuring.intervals import RatioPosterior, effective_n


def audit(
    score: ArrayLike,
    label: ArrayLike,
    characteristics: list[Characteristic],
    *,
    capacity: float | None = None,
    threshold: float | None = None,
    cluster: ArrayLike | None = None,
    cycle: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    probability: ArrayLike | None = None,
    outside_cluster: ArrayLike = (),
    outside_weight: ArrayLike | None = None,
    policy: Policy | None = None,
    ranking: str = "score",
    dataset: str = "",
) -> dict[str, Any]:
    """The fairness report of one ranking (the document ``fairness.json`` holds).

    Of n rows: ``score`` (higher is listed first; NaN is never listed), ``label`` (0, 1; NaN unknown), ``cluster``
    (person; rows of one person are not independent; None or a negative id: each row its own), ``cycle`` (rows that
    compete for one list; None: one list), ``weight`` (outcome events credited to a row; default the label),
    ``probability``. Exactly one of ``capacity`` (places per list) and ``threshold`` (selected when score >= threshold).
    Of m outcome events no row covers: ``outside_cluster``, ``outside_weight`` (default 1).

    Raises UsageError for arguments that cannot go together, BadInput for values that cannot be right.
    """
    policy = load_policy() if policy is None else policy
    population = population_of(
        score, label, cluster, cycle, weight, probability, outside_cluster, outside_weight, capacity, threshold
    )
    if not characteristics:
        raise UsageError("An audit needs at least one characteristic.", way_out="--group COLUMN")
    groups = [encode(item, population) for item in characteristics]
    arrays = resample(
        population,
        [(rows, outside, len(codes)) for codes, rows, outside in groups],
        capacity=capacity,
        threshold=threshold,
        draws=policy.draws,
        seed=policy.seed,
    )
    gated = {(one.party, one.characteristic) for one in policy.gate}
    reports = []
    for item, (codes, rows, outside), counts in zip(characteristics, groups, arrays, strict=True):
        people = people_with_events(population, rows, outside, len(codes))
        report = _characteristic(item, codes, counts, people, policy, population)
        report["gate"] = item.party == "column" or (item.party, item.name) in gated
        reports.append(report)
    return {
        "version": 1,
        "ranking": ranking,
        "dataset": dataset,
        "capacity": capacity,
        "threshold": threshold,
        "policy": policy.model_dump(mode="json"),
        "verdict": combine(report["verdict"] for report in reports if report["gate"]),
        "overall": _overall(arrays[0], population),
        "characteristics": reports,
        "notes": _notes(population, capacity),
    }


def _characteristic(
    item: Characteristic,
    codes: list[str],
    counts: Floats,
    people: NDArray[np.int64],
    policy: Policy,
    population: Population,
) -> dict[str, Any]:
    groups = []
    for i, code in enumerate(codes):
        title = MISSING if code == MISSING else str((item.titles or {}).get(code, code))
        groups.append(_group(code, title, counts[:, i], int(people[i]), population, policy))
    reference = _reference(groups, policy)
    _compare(groups, reference, policy)
    verdicts = [group["verdict"] for group in groups]
    recorded = [group for group in groups if group["code"] != MISSING]
    if not recorded:
        verdict, reason = NOT_ENOUGH, "not recorded for anyone"
    elif len(recorded) == 1 and len(groups) == 1:
        verdict, reason = NOT_ENOUGH, "only one group: there is nothing to compare"
    elif reference is None:
        verdict, reason = NOT_ENOUGH, f"no group has {policy.adequate_events} outcome events to be compared with"
    else:
        verdict = combine(verdicts)
        reason = _reason(verdict, groups, policy)
    return {
        "party": item.party,
        "characteristic": item.name,
        "verdict": verdict,
        "reason": reason,
        "reference": None if reference is None else reference["code"],
        "note": item.note,
        "groups": groups,
    }


def _group(
    code: str, title: str, counts: Floats, people: int, population: Population, policy: Policy
) -> dict[str, Any]:
    sample = dict(zip(QUANTITIES, counts[0].tolist(), strict=True))

    def figure(name: str, words: str, above: str, below: str) -> dict[str, Any]:
        return rate(name, words, counts, above, below, people, population.independent, code)

    recall = figure("recall", "Share of outcome events that were on the list", "captured", "events")
    variance = variance_of(divide(counts[1:, AT["captured"]], counts[1:, AT["events"]]))
    group = {
        "code": code,
        "title": title,
        "n": round(sample["n"]),
        "events": round(sample["events"]),
        "people_with_events": people,
        "captured": round(sample["captured"], 3),
        "selected": round(sample["selected"], 3),
        "recall": recall,
        "effective_events": 0.0,
        "selection_rate": figure("selection_rate", "Share of rows on the list", "selected", "n"),
        "precision": figure("precision", "Share of listed rows with an outcome", "hits", "labelled"),
        "false_positive_rate": figure(
            "false_positive_rate", "Share of rows without an outcome listed", "false", "negatives"
        ),
        "calibration": observed_over_expected(counts, people, population, policy, code),
        "ratio": None,
        "ratio_interval": None,
        "p_below": None,
        "p_adjusted": None,
        "reference": False,
        "verdict": NOT_ENOUGH,
        "reason": "",
    }
    if recall["value"] is not None:
        worth = effective_n(recall["value"], sample["events"], variance, people)
        group["effective_events"] = sample["events"] if population.independent else worth
    return group


def _reference(groups: list[dict[str, Any]], policy: Policy) -> dict[str, Any] | None:
    """The best-served group among those with enough events; never the group of what is not recorded."""
    adequate = [
        group
        for group in groups
        if group["code"] != MISSING
        and group["recall"]["value"] is not None
        and group["effective_events"] >= policy.adequate_events
    ]
    best = max(adequate, key=lambda group: group["recall"]["value"], default=None)
    return best if best is not None and best["recall"]["value"] > 0 else None


def _compare(groups: list[dict[str, Any]], reference: dict[str, Any] | None, policy: Policy) -> None:
    """Write ratio, probabilities, verdict and reason into every group."""
    compared = []
    for group in groups:
        value, n = group["recall"]["value"], group["effective_events"]
        if value is None:
            group["reason"] = "no outcome event in this group: recall cannot be measured"
        elif reference is None:
            group["reason"] = "no adequately sized group to compare with"
        elif group is reference:
            group |= {"ratio": 1.0, "reference": True, "verdict": PASS, "reason": "the group others are compared with"}
        else:
            of = reference["effective_events"]
            posterior = RatioPosterior(value * n, n, reference["recall"]["value"] * of, of)
            group["ratio"] = value / reference["recall"]["value"]
            group["ratio_interval"] = list(posterior.interval())
            group["p_below"] = posterior.below(policy.line)
            compared.append(group)
    above = [1 - group["p_below"] for group in compared]
    adjusted = holm(above) if policy.multiplicity == "holm" else above
    for group, p_above in zip(compared, adjusted, strict=True):
        group["p_adjusted"] = 1 - p_above
        group["verdict"] = of_ratio(group["p_below"], p_above, fail_at=policy.fail_at, pass_at=policy.pass_at)
        group["reason"] = (
            f"probability that its recall is below {policy.line:g} of the best-served group's: {group['p_below']:.2f}"
        )
        if group["verdict"] == PASS and group["effective_events"] < policy.least_events:
            group["verdict"] = NOT_ENOUGH
            group["reason"] += f", but on fewer than {policy.least_events} independent outcome events"
        elif group["verdict"] == NOT_ENOUGH and group["p_below"] >= policy.fail_at:
            group["reason"] += (
                f" ({group['p_adjusted']:.2f} after adjusting for {len(compared)} groups compared): look closer"
            )


def _reason(verdict: str, groups: list[dict[str, Any]], policy: Policy) -> str:
    named = [group["title"] for group in groups if group["verdict"] == verdict]
    if verdict == PASS:
        return f"every group's recall is at least {policy.line:g} of the best-served group's, with enough evidence"
    if verdict == NOT_ENOUGH:
        return f"not enough evidence for: {', '.join(named)}"
    return f"served worse than the line allows: {', '.join(named)}"


def _overall(counts: Floats, population: Population) -> dict[str, Any]:
    total = counts.sum(axis=1, keepdims=True)[:, 0]
    people = len(np.unique(np.concatenate([population.cluster[population.weight > 0], population.outside_cluster])))
    sample = dict(zip(QUANTITIES, total[0].tolist(), strict=True))
    return {
        "n": round(sample["n"]),
        "events": round(sample["events"]),
        "outside_events": round(float(population.outside_weight.sum())),
        "selected": round(sample["selected"], 3),
        "recall": rate(
            "recall",
            "Share of outcome events that were on the list",
            total,
            "captured",
            "events",
            people,
            population.independent,
            "everyone",
        ),
    }


def _notes(population: Population, capacity: float | None) -> list[str]:
    notes = []
    unscored = int(np.isnan(population.score).sum())
    unknown = int(np.isnan(population.label).sum())
    if unscored:
        notes.append(f"{unscored} rows have no score: they stay in every denominator and are never on the list.")
    if unknown:
        notes.append(
            f"{unknown} rows have no known outcome: they take places on the list and count in no rate of outcomes."
        )
    if capacity is not None:
        tied = tied_at_cut(order_rows(population), capacity)
        if tied:
            notes.append(f"{tied} rows tie at the cut and share the places left (expected over random orders).")
    if len(population.outside_cluster):
        notes.append(
            f"{round(float(population.outside_weight.sum()))} outcome events lie outside the scored rows: "
            "they count against recall."
        )
    notes.append(
        "Recorded outcomes only: where harm to a group is recorded less often, this audit cannot see what is missing."
    )
    return notes
