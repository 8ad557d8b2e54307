"""The card as a CycloneDX 1.7 ML-BOM, with a fairness assessment of every group shown and of what was not tested."""

from __future__ import annotations

import json
import uuid
from typing import Any

from threat.errors import IntegrityFailure
from threat.files import sha256_of
from threat.release.documents.card import Card, Table, Value

SPEC = "1.7"
_BENEFIT = "Somebody on the list is looked at sooner by a reviewer, who may offer help."
_REFUSED = "The release gate refuses a model that fails a group; where there is not enough evidence it asks for names."
_UNTESTED = "None by the model: the force looks at this group by other means, and records more where it lawfully can."


def bom(card: Card) -> dict[str, Any]:
    """Return the ML-BOM of a card: one machine-learning-model component with its model card.

    Its time stamp is the day of the latest evidence and its serial number follows from the card, so that no clock and
    no chance is in it.
    """
    serial = uuid.uuid5(uuid.NAMESPACE_OID, sha256_of(card.encode()))
    metadata: dict[str, Any] = {"component": {"type": "application", "name": "threat-assessment", "bom-ref": "product"}}
    if card.evidence_until is not None:
        metadata["timestamp"] = f"{card.evidence_until.isoformat()}T00:00:00Z"
    return {
        "bomFormat": "CycloneDX",
        "specVersion": SPEC,
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": metadata,
        "components": [_component(card)],
    }


def encode(document: dict[str, Any]) -> bytes:
    """Return the bytes of an ML-BOM. Raises IntegrityFailure where it does not follow CycloneDX 1.7.

    The library of CycloneDX judges, by the strict schema. Raises ModuleNotFoundError where that is not installed.
    """
    # Optional (extra cards), and 0.5 s to import: only an export needs it.
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
    problem = JsonStrictValidator(SchemaVersion.V1_7).validate_str(text)
    if problem is not None:
        raise IntegrityFailure(f"The ML-BOM does not follow CycloneDX {SPEC}.", value=str(problem).splitlines()[0])
    return text.encode()


def _component(card: Card) -> dict[str, Any]:
    summary = card.summary
    component: dict[str, Any] = {
        "type": "machine-learning-model",
        "bom-ref": f"model/{card.run_id}",
        "name": summary.name,
        "version": card.run_id,
        "description": f"{summary.does} {summary.decides}",
        "modelCard": {
            "modelParameters": _parameters(card),
            "quantitativeAnalysis": {"performanceMetrics": _metrics(card)},
            "considerations": _considerations(card),
        },
        "properties": [
            {"name": "threat:status", "value": summary.status.value},
            {"name": "threat:environment", "value": summary.environment or "not asked"},
            {"name": "threat:expires", "value": "" if summary.expires is None else summary.expires.isoformat()},
            {"name": "threat:run_manifest_sha256", "value": card.run_manifest_sha256},
            {"name": "threat:card_sha256", "value": sha256_of(card.encode())},
        ],
    }
    if model := words(card, "identity.model_sha256"):
        component["hashes"] = [{"alg": "SHA-256", "content": model}]
    return component


def _parameters(card: Card) -> dict[str, Any]:
    sensitive = _lines(card, "model.sensitive")
    return {
        "approach": {"type": "supervised"},
        "task": words(card, "target.outcome"),
        "architectureFamily": "gradient-boosted decision trees and regularised regression",
        "modelArchitecture": words(card, "model.kind"),
        "datasets": [
            {
                "type": "dataset",
                "name": words(card, "data.snapshot"),
                "description": words(card, "data.cohort"),
                "sensitiveData": [
                    "records of alleged offences and of harm, with protected characteristics kept apart for the audit",
                    *sensitive,
                ],
            }
        ],
        "inputs": [{"format": words(card, "public_record.input")}],
        "outputs": [{"format": words(card, "public_record.output")}],
    }


def _metrics(card: Card) -> list[dict[str, Any]]:
    metrics = []
    for entry in card.figures:
        figure = entry.figure
        metric: dict[str, Any] = {
            "type": figure.title,
            "value": repr(figure.value),
            "slice": f"{entry.of}; {figure.n} rows, {figure.events} outcomes; {figure.method}",
        }
        if figure.interval is not None:
            low, high = figure.interval
            metric["confidenceInterval"] = {"lowerBound": repr(low), "upperBound": repr(high)}
        metrics.append(metric)
    return metrics


def _considerations(card: Card) -> dict[str, Any]:
    mitigations = _table(card, "limits.mitigations")
    return {
        "users": _lines(card, "use.users") or ["Not yet provided"],
        "useCases": [card.summary.does, *card.summary.does_not],
        "technicalLimitations": [*card.summary.cannot_see, *_lines(card, "limits.numbered")],
        "performanceTradeoffs": _lines(card, "design.error_costs") or ["Not yet provided"],
        "ethicalConsiderations": [
            {"name": f"{row[0]}: {row[1]}", "mitigationStrategy": row[2]} for row in mitigations.rows
        ],
        "fairnessAssessments": fairness_assessments(card),
    }


def fairness_assessments(card: Card) -> list[dict[str, str]]:
    """Return an assessment of every group whose counts are shown, and of every characteristic that was not tested."""
    out = []
    groups = card.field("fairness", "by_group")
    if groups is not None and isinstance(groups.value, Table):
        names = groups.value.columns[2:]
        for characteristic, group, *cells in groups.value.rows:
            said = "; ".join(f"{name}: {cell}" for name, cell in zip(names, cells, strict=True) if cell)
            out.append(
                {
                    "groupAtRisk": f"{group} ({characteristic})",
                    "benefits": _BENEFIT,
                    "harms": f"Of this group fewer of those later harmed may be on the list. {said}",
                    "mitigationStrategy": _REFUSED,
                }
            )
    for characteristic, tested, verdict in () if card.summary.for_whom is None else card.summary.for_whom.rows:
        if tested != "Tested":
            out.append(
                {
                    "groupAtRisk": characteristic,
                    "benefits": _BENEFIT,
                    "harms": f"{tested}; verdict: {verdict.lower()}. A group may be served worse and nobody can tell.",
                    "mitigationStrategy": _UNTESTED,
                }
            )
    return out


def _value(card: Card, path: str) -> Value | None:
    section, _, name = path.partition(".")
    field = card.field(section, name)
    return None if field is None else field.value


def _lines(card: Card, path: str) -> list[str]:
    value = _value(card, path)
    if value is None:
        return []
    return (
        [value]
        if isinstance(value, str)
        else [": ".join(row) for row in value.rows]
        if isinstance(value, Table)
        else list(value)
    )


def words(card: Card, path: str) -> str:
    """Return the value of a field as one text, its lines joined; empty where nobody provided it."""
    return "; ".join(_lines(card, path))


def _table(card: Card, path: str) -> Table:
    value = _value(card, path)
    if not isinstance(value, Table):
        raise IntegrityFailure("The card lacks a table that every card has.", value=path)
    return value
