"""Evidence in, card out. No model, no database, no clock: the date is handed in.

Every field has a value, says whether the evidence (auto) or a person (human) gave it, and where from. What nobody has
provided is shown as such and counted; it is never left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from model_cards import facts, results
from model_cards.words import PUBLISH, characteristic_words, outcome_words, share, verdict_words, withheld
from threat.errors import BadInput, raise_all

SCHEMA_VERSION = "1.0"

_ABSENCE = (
    "Not being on the list says nothing about safety: 55% of deadly cases in a Thames Valley study (Thornton 2017) and "
    "37% in a Dorset one (Chalkley and Strang 2017) had no police contact recorded with the person at risk beforehand."
)
_RECORDED = (
    "It learns from what was recorded. Where harm is reported or recorded less, for one group or one place, it ranks "
    "that group or place lower, and no figure here can show it."
)


@cache
def outline() -> dict[str, Any]:
    """Sections and fields of a card (``outline.yaml``)."""
    return dict(yaml.safe_load(files("model_cards").joinpath("outline.yaml").read_text(encoding="utf-8")))


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of a card."""
    return dict(json.loads(files("model_cards").joinpath("card.schema.json").read_text(encoding="utf-8")))


def build(documents: Mapping[str, Any], *, run_id: str, manifest_sha256: str, on: date) -> dict[str, Any]:
    """The card of a RUN.

    ``documents``: its JSON documents by file name (``evaluation.json``, ``fairness.json``, ``gate.json`` and so on);
    ``human.json`` holds what people provided, ``{"section.field": {"value", "by", "on"}}``. What is missing shows as
    not provided. Raises BadInput when ``human.json`` names a field that is not a human's to fill, or a document does
    not have the shape it should.
    """
    docs: dict[str, Any] = {**documents, "run": {"id": run_id}}
    human = _human(docs.get("human.json") or {})
    try:
        card = _build(docs, human, run_id, manifest_sha256, on)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise BadInput(
            "A document of the RUN does not have the shape it should.",
            value=f"{type(error).__name__} {error}",
            where=run_id,
            way_out="train and audit again with this version",
        ) from error
    validate(card)
    return card


def _build(
    docs: dict[str, Any], human: Mapping[str, Any], run_id: str, manifest_sha256: str, on: date
) -> dict[str, Any]:
    limits = _limits(docs)
    sections = [
        {
            "id": section["id"],
            "title": section["title"],
            "fields": [_field(section["id"], one, docs, human, limits, on) for one in section["fields"]],
        }
        for section in outline()["sections"]
    ]
    return {
        "schema_version": SCHEMA_VERSION,
        "made_on": on.isoformat(),
        "run_id": run_id,
        "run_manifest_sha256": manifest_sha256,
        "summary": _summary(docs, run_id, limits),
        "sections": sections,
        "charts": _charts(docs),
        "not_yet_provided": sum(not one["provided"] for section in sections for one in section["fields"]),
    }


def validate(card: Any) -> None:
    """Raise BadInput listing every way in which ``card`` is not a card of this schema."""
    from jsonschema import Draft202012Validator

    found = sorted(Draft202012Validator(schema()).iter_errors(card), key=lambda error: list(map(str, error.path)))
    raise_all(
        [
            BadInput(
                "The card does not follow its schema.", value=error.message[:300], where="/".join(map(str, error.path))
            )
            for error in found
        ]
    )


def _human(given: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    known = {f"{s['id']}.{f['id']}" for s in outline()["sections"] for f in s["fields"] if f["source"] == "human"}
    problems: list[Any] = [
        BadInput(
            "This is not a field that a person fills.",
            value=name,
            where="human.json",
            way_out="see model_cards/outline.yaml",
        )
        for name in given
        if name not in known
    ]
    problems += [
        BadInput("A field that a person fills says who filled it and when.", value=name, where="human.json")
        for name, one in given.items()
        if name in known and not (isinstance(one, Mapping) and one.get("value") and one.get("by") and one.get("on"))
    ]
    raise_all(problems)
    return dict(given)


def _field(
    section: str, one: Mapping[str, Any], docs: Mapping[str, Any], human: Mapping[str, Any], limits: list[str], on: date
) -> dict[str, Any]:
    path = f"{section}.{one['id']}"
    checked: str | None = on.isoformat()
    if one["source"] == "human":
        given = human.get(path)
        value = None if given is None else given["value"]
        evidence = "" if given is None else f"{given['by']}, {given['on']}"
        checked = None if given is None else str(given["on"])
    elif path == "limits.numbered":
        value, evidence = [f"{i}. {text}" for i, text in enumerate(limits, 1)], "evaluation.json, fairness.json"
    else:
        evidence, read = facts.FACTS[path]
        value = read(docs)
    return {
        "id": one["id"],
        "title": one["title"],
        "value": value,
        "source": one["source"],
        "evidence": evidence,
        "provided": value is not None,
        "last_checked": checked if value is not None else None,
    }


def _summary(docs: Mapping[str, Any], run_id: str, limits: list[str]) -> dict[str, Any]:
    evaluation, gate = docs.get("evaluation.json") or {}, docs.get("gate.json")
    config, recall = docs.get("config.json") or {}, results.headline(docs)
    status = "draft" if gate is None else "passed the gate" if gate["verdict"] == "pass" else "refused by the gate"
    rung = evaluation.get("rung")
    return {
        "name": str((config.get("settings") or {}).get("title") or run_id),
        "status": status,
        "environment": None if gate is None else gate["environment"],
        "does": facts.SUPPORTS,
        "does_not": facts.NOT_FOR[0] + ".",
        "decides": facts.DECIDES,
        "population": str(facts.FACTS["use.population"][1](docs) or "Not measured yet."),
        "outcome": "Not measured yet." if rung is None else outcome_words(rung),
        "horizon_days": evaluation.get("horizon_days"),
        "capacity": evaluation.get("capacity"),
        "recall": recall,
        "worst_served": results.worst_served(docs),
        "limits": limits[:3],
        "version": run_id,
        "expires": _expires(gate),
    }


def _expires(gate: Mapping[str, Any] | None) -> str | None:
    """The first day on which an acceptance runs out, and with it the release."""
    if gate is None:
        return None
    days = [str(one["expires"]) for check in gate["checks"] for one in check["accepted"] if one["expires"]]
    return min(days, default=None)


def _limits(docs: Mapping[str, Any]) -> list[str]:
    """Numbered limits, the gravest first: at least three, always."""
    out = [_ABSENCE]
    recall = results.headline(docs)
    if recall is not None and recall["value"] is not None:
        missed = 1 - recall["value"]
        out.append(
            f"At this length of list {missed:.0%} of the {recall['events']:,} recorded outcomes of the test happened "
            "to people who were not on it."
        )
    out.append(_RECORDED)
    report = docs.get("fairness.json")
    if report is not None and report["verdict"] != "pass":
        out.append(results.worst_served(docs))
    harm = (docs.get("checks.json") or {}).get("added_harm")
    if harm and harm["scores"] and harm["fell"]:
        out.append(
            f"One recorded harm more lowers {share(harm['fell'] / harm['scores'])} of the scores tested, because "
            "features without a fixed direction move with it."
        )
    out.append(
        "Past policing changed past outcomes; the figure assumes usual policing, and this card cannot test that."
    )
    out += list((docs.get("evaluation.json") or {}).get("warnings") or [])
    return out


def _charts(docs: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [chart for chart in (_recall_chart(docs), _calibration_chart(docs), *_fairness_charts(docs)) if chart]


def _recall_chart(docs: Mapping[str, Any]) -> dict[str, Any] | None:
    points = []
    for one in results.rankings(docs):
        capacity = docs["evaluation.json"]["capacity"]
        figure = next(
            (f for f in one["figures"] if f["name"] == "recall_at_capacity" and f["slice"].get("capacity") == capacity),
            None,
        )
        if figure is not None and figure["value"] is not None and figure["interval"] is not None:
            points.append(_point(one["title"], figure))
    if not points:
        return None
    best = max(points, key=lambda point: point["value"])
    return {
        "section": "performance",
        "title": "Outcomes on the list, of all outcomes",
        "sentence": "Recall at capacity of every ranking with 95% intervals; "
        f"highest {best['label']}, {best['value']:.2f}.",
        "points": points,
    }


def _calibration_chart(docs: Mapping[str, Any]) -> dict[str, Any] | None:
    bins = ((docs.get("evaluation.json") or {}).get("calibration") or {}).get("bins") or []
    points = [
        {**_point(f"{one['low']:.2%} to {one['high']:.2%}", one["observed"]), "target": one["expected"]}
        for one in bins
        if one["observed"]["value"] is not None
        and one["observed"]["interval"] is not None
        and one["observed"]["events"] >= PUBLISH
    ]
    if not points:
        return None
    return {
        "section": "performance",
        "title": "Do the probabilities mean what they say",
        "sentence": "Share of rows with an outcome by band of probability, with 95% intervals; bands with under "
        f"{PUBLISH} outcomes are left out. The target is the mean probability of the band.",
        "points": points,
    }


def _fairness_charts(docs: Mapping[str, Any]) -> list[dict[str, Any]]:
    report = docs.get("fairness.json")
    if report is None:
        return []
    out, least = [], report["policy"]["publish_at_least"]
    for one in report["characteristics"]:
        points = [
            _point(group["title"], group["recall"])
            for group, hidden in zip(one["groups"], withheld(one["groups"], least), strict=True)
            if one["gate"] and group["recall"]["value"] is not None and not hidden
        ]
        if points:
            what = characteristic_words(one)
            out.append(
                {
                    "section": "fairness",
                    "title": f"Outcomes on the list by {what}",
                    "sentence": f"{verdict_words(one['verdict'])}: {one['reason']}. Small groups are left out, with "
                    "what would give them away.",
                    "points": points,
                }
            )
    return out


def _point(label: str, figure: Mapping[str, Any]) -> dict[str, Any]:
    low, high = figure["interval"]
    return {"label": label, "value": figure["value"], "low": low, "high": high}


def headline_words(card: Mapping[str, Any]) -> str:
    """The headline as one sentence."""
    summary = card["summary"]
    figure = summary["recall"]
    if figure is None or figure["value"] is None:
        return "Recall at capacity has not been measured."
    held = f"{figure['value']:.1%}"
    if figure["interval"] is not None:
        held += f" ({figure['interval'][0]:.1%} to {figure['interval'][1]:.1%})"
    return (
        f"With {summary['capacity']:g} places on each list, {held} of the {figure['events']:,} recorded outcomes "
        f"within {summary['horizon_days']} days were on it."
    )
