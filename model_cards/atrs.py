"""A draft record in the shape of the UK Algorithmic Transparency Recording Standard, as a view of the card.

It says nothing that the card does not. Headings are in our own words, without the numbers of the published template:
check both against the template in force before anything is submitted. Nothing is published by this software.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from threat.release.documents.card import Card
from threat.release.documents.document import Part
from threat.yaml_text import read_shipped

NOT_PROVIDED = "Not yet provided"

FUNCTION = "public-order-and-safety"
"""The function under which the publisher of such records lists policing."""


class Headings(Part):
    """The headings of a record and the paths on the card behind each (``atrs.yaml``)."""

    tier_1: dict[str, tuple[str, ...]]
    tier_2: dict[str, dict[str, tuple[str, ...]]]
    metadata: dict[str, tuple[str, ...]]

    def entries(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Return every entry as ``heading: entry`` with its paths, in order."""
        yield from ((f"Tier 1: {name}", paths) for name, paths in self.tier_1.items())
        for heading, part in self.tier_2.items():
            yield from ((f"{heading}: {name}", paths) for name, paths in part.items())
        yield from ((f"Metadata: {name}", paths) for name, paths in self.metadata.items())


@cache
def headings() -> Headings:
    """Return the headings of a record."""
    return Headings.model_validate(read_shipped("model_cards", "atrs.yaml"))


def tier_1_description(card: Card) -> str:
    """Return the plain description: what the tool does, who decides, what it must not be used for."""
    summary = card.summary
    return " ".join(
        [
            "The tool puts relationships on record in an order, by how likely recorded harm is to follow.",
            "With it the threat assessment unit chooses which records to read first.",
            f"Decisions are taken by people: {summary.decides[0].lower()}{summary.decides[1:]}",
            *summary.does_not,
        ]
    )


def record(card: Card) -> dict[str, Any]:
    """Return the draft record: tier 1, tier 2 by heading, metadata, and which entries nobody has provided yet.

    An entry of several fields holds those that have a value, by the field's title; it counts as provided only when the
    first of them has one.
    """
    fields = {f"{section.id}.{field.id}": field for section in card.sections for field in section.fields}
    as_json = {
        f"{part['id']}.{field['id']}": field["value"] for part in card.as_json()["sections"] for field in part["fields"]
    }

    def entry(paths: tuple[str, ...]) -> Any:
        if len(paths) == 1:
            return NOT_PROVIDED if as_json[paths[0]] is None else as_json[paths[0]]
        return {fields[path].title: NOT_PROVIDED if as_json[path] is None else as_json[path] for path in paths}

    shape = headings()
    missing = [name for name, paths in shape.entries() if as_json[paths[0]] is None]
    return {
        "draft": True,
        "not_for_publication_before": "a person has reviewed what may be published, and signed for it",
        "check_before_submission": "headings and order against the published template in force; they change",
        "tier_1": {"Description": tier_1_description(card)}
        | {name: entry(paths) for name, paths in shape.tier_1.items()},
        "tier_2": {
            heading: {name: entry(paths) for name, paths in part.items()} for heading, part in shape.tier_2.items()
        },
        "metadata": {"Function": FUNCTION} | {name: entry(paths) for name, paths in shape.metadata.items()},
        "not_yet_provided": missing,
        "from_card": {
            "run_id": card.run_id,
            "run_manifest_sha256": card.run_manifest_sha256,
            "evidence_until": card.as_json()["evidence_until"],
            "version": card.version,
        },
    }
