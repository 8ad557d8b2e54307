"""What the evidence says of performance, fairness and release: the part of the card's facts that are figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from model_cards.words import (
    PUBLISH,
    characteristic_words,
    figure_words,
    number,
    share,
    table,
    too_small,
    verdict_words,
    withheld,
)
from threat.characteristics import PARTY_TITLES

Documents = Mapping[str, Any]
Value = str | list[str] | dict[str, Any] | None


def headline(docs: Documents) -> dict[str, Any] | None:
    """The model's recall at capacity (a Figure), or None."""
    return figure_of(docs, "score", "recall_at_capacity")


def rankings(docs: Documents) -> list[dict[str, Any]]:
    """Rankings of the evaluation, the model first."""
    return list((docs.get("evaluation.json") or {}).get("rankings", []))


def worst_served(docs: Documents) -> str:
    """The group with the lowest ratio among the characteristics the verdict rests on, in words."""
    report = docs.get("fairness.json")
    if report is None:
        return "Not audited."
    least = report["policy"]["publish_at_least"]
    found = [
        (group["ratio"], group, one)
        for one in report["characteristics"]
        if one["gate"]
        for group in one["groups"]
        if group["ratio"] is not None and not too_small(group, least)  # a ratio alone gives no other group away
    ]
    verdict = f"Fairness verdict: {verdict_words(report['verdict']).lower()}."
    if not found:
        return f"{verdict} No group could be compared with another."
    ratio, group, one = min(found, key=lambda item: item[0])
    what = characteristic_words(one)
    return (
        f"{verdict} Lowest among groups large enough to publish: {group['title']} ({what}), whose recall is "
        f"{ratio:.2f} of the best-served group's ({verdict_words(group['verdict']).lower()})."
    )


def figure_of(docs: Documents, ranking: str, name: str) -> dict[str, Any] | None:
    """A figure of a ranking at the capacity of the evaluation, or None."""
    document = docs.get("evaluation.json") or {}
    for one in document.get("rankings", []):
        if one["name"] != ranking:
            continue
        for figure in one["figures"]:
            if figure["name"] == name and figure["slice"].get("capacity", document["capacity"]) == document["capacity"]:
                return dict(figure)
    return None


def rankings_field(docs: Documents) -> Value:
    """Every ranking on the same rows."""
    found = rankings(docs)
    capacity = (docs.get("evaluation.json") or {}).get("capacity")
    names = ("recall_at_capacity", "mean_recall", "precision_at_capacity", "lift_at_capacity", "auc")
    rows = []
    for one in found:
        own = {f["name"]: f for f in reversed(one["figures"]) if f["slice"].get("capacity", capacity) == capacity}
        rows.append([one["title"], *(figure_words(own.get(name)) for name in names)])
    if not rows:
        return None
    return table(["Ranking", "Recall at capacity", "Mean recall, k/4 to 4k", "Precision", "Lift", "AUC"], rows)


def differences_field(docs: Documents) -> Value:
    """The model minus each other ranking, paired."""
    rows = []
    for one in rankings(docs):
        own = {f["name"]: f for f in one["figures"]}
        if "recall_difference" in own:
            rows.append(
                [
                    one["title"],
                    *(figure_words(own.get(name), signed=True) for name in ("recall_difference", "auc_difference")),
                ]
            )
    return table(["Ranking", "Recall at capacity", "AUC"], rows) if rows else None


def calibration_field(docs: Documents) -> Value:
    """Slope, intercept, observed over expected."""
    found = (docs.get("evaluation.json") or {}).get("calibration")
    if not found:
        return None
    gate = docs.get("gate.json")
    lines = [
        f"{found[name]['title']}: {figure_words(found[name])}"
        for name in ("slope", "intercept", "observed_over_expected")
    ]
    if gate is not None:
        shown = "are shown" if gate["show_probability"] else "are not shown, only ranks"
        lines.append(f"Under the gate's policy, probabilities {shown}.")
    return lines


def freshness_field(docs: Documents) -> Value:
    """The model's figures by time since the last incident; under 10 outcomes they are withheld."""
    rows = []
    for band in (docs.get("evaluation.json") or {}).get("freshness") or []:
        for figure in band["figures"]:
            if figure["slice"].get("ranking") == "score":
                words = figure_words(figure) if figure["events"] >= PUBLISH else f"withheld (under {PUBLISH} outcomes)"
                rows.append([band["band"], figure["title"], number(figure["n"]), words])
    return table(["Last incident", "Figure", "Rows", "Value"], rows)


def warnings_field(docs: Documents) -> Value:
    """What the evaluation warns of."""
    document = docs.get("evaluation.json")
    return None if document is None else list(document.get("warnings") or ["None"])


def verdict_field(docs: Documents) -> Value:
    """The fairness verdict and its notes."""
    report = docs.get("fairness.json")
    if report is None:
        return None
    return [f"{verdict_words(report['verdict'])}, under policy {report['policy']['version']}", *report["notes"]]


def by_group_field(docs: Documents) -> Value:
    """Groups of the characteristics the verdict rests on; small ones withheld, and what would give them away."""
    report = docs.get("fairness.json")
    if report is None:
        return None
    least, rows = report["policy"]["publish_at_least"], []
    for one in report["characteristics"]:
        if not one["gate"]:
            continue
        for group, hidden in zip(one["groups"], withheld(one["groups"], least), strict=True):
            ratio = "" if group["ratio"] is None else f"{group['ratio']:.2f}"
            rows.append(
                [
                    characteristic_words(one),
                    group["title"],
                    hidden or number(group["n"]),
                    hidden or number(group["events"]),
                    hidden or figure_words(group["recall"]),
                    hidden or ratio,
                    verdict_words(group["verdict"]),
                ]
            )
    return table(["Characteristic", "Group", "Rows", "Events", "Recall", "Ratio", "Verdict"], rows) if rows else None


def coverage_field(docs: Documents) -> Value:
    """The nine protected characteristics for both parties."""
    rows = [
        [
            one["characteristic"].replace("_", " "),
            PARTY_TITLES[one["party"]],
            one["state"].replace("_", " "),
            one["reason"],
        ]
        for one in (docs.get("fairness.json") or {}).get("coverage", [])
    ]
    return table(["Characteristic", "Of the", "State", "Why"], rows) if rows else None


def others_field(docs: Documents) -> Value:
    """The fairness verdicts of the other rankings."""
    rows = [
        [one["title"], verdict_words(one["verdict"]), figure_words(one["recall"])]
        for one in (docs.get("fairness.json") or {}).get("others", [])
    ]
    return table(["Ranking", "Fairness verdict", "Recall over everyone"], rows) if rows else None


def fidelity_field(docs: Documents) -> Value:
    """Whether contributions sum to the score."""
    found = (docs.get("checks.json") or {}).get("contributions_sum")
    if found is None:
        return None
    word = "sum" if found["holds"] else "DO NOT sum"
    return f"The contributions {word} to the score on {number(found['rows'])} checked rows, and on every response"


def added_harm_field(docs: Documents) -> Value:
    """How often one recorded harm more lowered a score."""
    found = (docs.get("checks.json") or {}).get("added_harm")
    if not found or not found["scores"]:
        return None
    kinds = ", ".join(found["kinds_that_fell"]) or "none"
    return (
        f"One recorded harm more lowered {number(found['fell'])} of {number(found['scores'])} scores "
        f"({share(found['fell'] / found['scores'])}); kinds: {kinds}"
    )


def acceptances_field(docs: Documents) -> Value:
    """Acceptances in force, with their expiry."""
    gate = docs.get("gate.json")
    if gate is None:
        return None
    rows = [
        [check["title"], str(one["about"]), f"{one['by']} ({one['role']})", str(one["reason"]), str(one["expires"])]
        for check in gate["checks"]
        for one in check["accepted"]
    ]
    return table(["Check", "What", "By", "Why", "Expires"], rows) if rows else "None"


def gate_field(docs: Documents) -> Value:
    """Every check of the gate."""
    gate = docs.get("gate.json")
    if gate is None:
        return None
    mark = " DEMONSTRATION: signed by nobody, valid nowhere else." if gate["environment"] == "demonstration" else ""
    rows = [
        [
            f"{one['id']} {one['title']}",
            "yes" if one["required"] else "no",
            verdict_words(one["verdict"]),
            one["reason"] + mark,
        ]
        for one in gate["checks"]
    ]
    return table(["Check", f"Required for {gate['to']}", "Verdict", "Why"], rows)


def approvals_field(docs: Documents) -> Value:
    """Who approved."""
    gate = docs.get("gate.json")
    if gate is None:
        return None
    rows = [[one["by"], one["role"], str(one["on"]), one["environment"]] for one in gate["approvals"]]
    return table(["By", "Role", "On", "Environment"], rows) if rows else "None"
