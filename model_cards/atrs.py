"""A draft record in the shape of the UK Algorithmic Transparency Recording Standard, as a view of the card.

It says nothing that the card does not. Check the headings against the published template before anything is submitted:
they change. Nothing is published by this software.
"""

from __future__ import annotations

from typing import Any

from threat.release.documents.card import Card

NOT_PROVIDED = "Not yet provided"

TIER_2 = {
    "1 Owner and responsibility": {
        "Senior responsible owner": "identity.senior_owner",
        "Third-party involvement": "identity.supplier",
    },
    "2 Description and rationale": {
        "Detailed description": "model.kind",
        "Scope": "use.population",
        "Alternatives considered": "performance.rankings",
    },
    "3 Deployment context": {
        "Integration into the wider process": "use.supports",
        "Human review": "oversight.decides",
        "Required training": "use.users",
        "Appeals and review": "oversight.contest",
    },
    "4.2 Model specification": {
        "Name": "identity.name",
        "Version": "identity.run",
        "Output": "target.estimand",
        "Architecture": "model.kind",
        "Performance": "performance.rankings",
    },
    "4.3 Development data": {
        "Description": "data.sources",
        "Quantities": "data.cohort",
        "Sensitive attributes": "model.sensitive",
        "Completeness and representativeness": "fairness.coverage",
        "Access and storage": "data.retention",
    },
    "5 Risks, mitigations and impact assessments": {
        "Impact assessments": "basis.documents",
        "Risks": "limits.numbered",
    },
}
"""Headings, and the field of the card behind each."""


def record(card: Card) -> dict[str, Any]:
    """Return the draft record: Tier 1, Tier 2 by heading, and which entries nobody has provided yet."""
    as_json = card.as_json()
    values = {f"{part['id']}.{field['id']}": field["value"] for part in as_json["sections"] for field in part["fields"]}

    def entry(path: str) -> Any:
        return NOT_PROVIDED if values[path] is None else values[path]

    summary = card.summary
    tier_2 = {head: {name: entry(path) for name, path in part.items()} for head, part in TIER_2.items()}
    missing = [
        f"{head}: {name}" for head, part in tier_2.items() for name, value in part.items() if value == NOT_PROVIDED
    ]
    contact = entry("identity.contact")
    return {
        "draft": True,
        "not_for_publication_before": "a person has reviewed what may be published, and signed for it",
        "tier_1": {
            "name": summary.name,
            "description": f"{summary.does} {summary.decides} {summary.does_not}",
            "contact": contact,
        },
        "tier_2": tier_2,
        "not_yet_provided": missing + (["Tier 1: contact"] if contact == NOT_PROVIDED else []),
        "from_card": {"run_id": card.run_id, "made_on": as_json["made_on"], "version": card.version},
    }
