"""Evaluations as text: one row per ranking."""

from __future__ import annotations

from typing import Any


def found(figures: list[dict[str, Any]], name: str, capacity: int | None = None) -> dict[str, Any] | None:
    """The Figure of that name (at that capacity), or None."""
    for one in figures:
        if one["name"] == name and (capacity is None or one["slice"].get("capacity") in {capacity, None}):
            return one
    return None


def shown(one: dict[str, Any] | None, digits: int = 3) -> str:
    """``0.123 (0.100 to 0.150)``, or a dash for a figure that isn't there."""
    if one is None or one["value"] is None:
        return "-"
    text = f"{one['value']:.{digits}f}"
    if one["interval"]:
        low, high = one["interval"]
        text += f" ({low:.{digits}f} to {high:.{digits}f})"
    return text


def summary_lines(document: dict[str, Any]) -> str:
    """What ``threat train`` and ``threat evaluate`` print."""
    k, cohort = document["capacity"], document["cohort"]
    first = document["rankings"][0]["figures"]
    recall = found(first, "recall_at_capacity", k)
    events = recall["events"] if recall else 0
    lines = [
        f"RUN {document['run']}",
        f"{document['rung']} within {document['horizon_days']} days; {cohort['n']:,} rows of {cohort['subjects']:,} "
        f"subjects on {cohort['lists']} lists, {events} outcome events; lists of {k}.",
        "",
        f"{'ranking':<48} {'recall at capacity':<26} {'mean recall':<26} AUC",
    ]
    for entry in document["rankings"]:
        figures = entry["figures"]
        cells = [
            shown(found(figures, "recall_at_capacity", k)),
            shown(found(figures, "mean_recall")),
            shown(found(figures, "auc")),
        ]
        lines.append(f"{entry['title']:<48} {cells[0]:<26} {cells[1]:<26} {cells[2]}")
    lines += [f"Note: {warning}" for warning in document["warnings"]]
    if late := document.get("late_known"):
        lines.append(
            f"Known late: {late['events']:,} events had happened before a test row's as-of and were known only after "
            f"it ({late['rows_with_any']:,} of {late['rows']:,} rows have any). No feature counts them."
        )
    if document.get("reproduced"):
        lines.append("The sealed figures came out again, to the digit.")
    if document.get("mlflow"):
        lines.append(f"MLflow: {document['mlflow'].get('note') or document['mlflow'].get('run_id')}")
    return "\n".join(lines)
