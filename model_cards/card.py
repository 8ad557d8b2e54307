"""Evidence in, card out. No model, no database, no clock: the date is handed in.

Every field has a value, says whether the evidence (auto) or a person (human) gave it, and where from. What nobody has
provided is shown as such and counted; it is never left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml

from model_cards import facts, results
from model_cards.decision import decision_chart
from model_cards.words import PUBLISH, characteristic_words, outcome_words, share, withheld
from threat.errors import BadInput, ThreatError, raise_all
from threat.measuring.figure import Figure, Verdict
from threat.measuring.titles import TITLES
from threat.release.documents.card import (
    Card,
    CardField,
    Chart,
    ChartPoint,
    Provided,
    Section,
    Status,
    Summary,
    Value,
)
from threat.release.documents.document import Part
from threat.release.evidence import RunDocuments

_ABSENCE = (
    "Not being on the list says nothing about safety: 55% of deadly cases in a Thames Valley study (Thornton 2017) and "
    "37% in a Dorset one (Chalkley and Strang 2017) had no police contact recorded with the person at risk beforehand."
)
_RECORDED = (
    "It learns from what was recorded. Where harm is reported or recorded less, for one group or one place, it ranks "
    "that group or place lower, and no figure here can show it."
)
_USUAL_POLICING = (
    "Past policing changed past outcomes; the figure assumes usual policing, and this card cannot test that."
)


class OutlineField(Part):
    """One field of the outline: who fills it."""

    id: str
    title: str
    source: Literal["auto", "human"]


class OutlineSection(Part):
    """One section of the outline."""

    id: str
    title: str
    fields: tuple[OutlineField, ...]


class Outline(Part):
    """Sections and fields of a card, in order (``outline.yaml``)."""

    version: str
    sections: tuple[OutlineSection, ...]

    def paths(self, source: str) -> set[str]:
        """Return ``section.field`` of every field that ``source`` fills."""
        return {
            f"{section.id}.{field.id}"
            for section in self.sections
            for field in section.fields
            if field.source == source
        }


@cache
def outline() -> Outline:
    """Return the outline of a card."""
    text = files("model_cards").joinpath("outline.yaml").read_text(encoding="utf-8")
    return Outline.model_validate(yaml.safe_load(text))


def build(documents: RunDocuments, *, run_id: str, manifest_sha256: str, on: date) -> Card:
    """Return the card of a RUN.

    What its documents do not say shows as not provided. Raises BadInput when ``documents.human`` names a field that a
    person does not fill.
    """
    provided = _provided(documents)
    limits = _limits(documents)
    sections = tuple(
        Section(
            id=section.id,
            title=section.title,
            fields=tuple(
                _human_field(field, provided.get(f"{section.id}.{field.id}"))
                if field.source == "human"
                else _evidence_field(field, *_fact(f"{section.id}.{field.id}", documents, run_id, limits), on)
                for field in section.fields
            ),
        )
        for section in outline().sections
    )
    return Card(
        made_on=on,
        run_id=run_id,
        run_manifest_sha256=manifest_sha256,
        summary=_summary(documents, run_id, limits),
        sections=sections,
        charts=_charts(documents),
        not_yet_provided=sum(not field.provided for section in sections for field in section.fields),
    )


def _provided(documents: RunDocuments) -> Mapping[str, Provided]:
    given = {} if documents.human is None else documents.human.fields
    problems: list[ThreatError] = [
        BadInput(
            f"{path} is not a field that a person fills.",
            where="human.json",
            way_out="see model_cards/outline.yaml",
        )
        for path in given
        if path not in outline().paths("human")
    ]
    raise_all(problems)
    return given


def _human_field(field: OutlineField, provided: Provided | None) -> CardField:
    return CardField(
        id=field.id,
        title=field.title,
        value=None if provided is None else provided.value,
        source="human",
        evidence="" if provided is None else f"{provided.by}, {provided.on.isoformat()}",
        provided=provided is not None,
        last_checked=None if provided is None else provided.on,
    )


def _evidence_field(field: OutlineField, evidence: str, value: Value | None, on: date) -> CardField:
    return CardField(
        id=field.id,
        title=field.title,
        value=value,
        source="auto",
        evidence=evidence,
        provided=value is not None,
        last_checked=None if value is None else on,
    )


def _fact(path: str, documents: RunDocuments, run_id: str, limits: list[str]) -> tuple[str, Value | None]:
    """Return the evidence behind a field and the field's value."""
    if path == "identity.run":
        return "manifest.json", run_id
    if path == "limits.numbered":
        return "evaluation.json, fairness.json", tuple(f"{i}. {text}" for i, text in enumerate(limits, 1))
    evidence, read = facts.FACTS[path]
    return evidence, read(documents)


def _summary(documents: RunDocuments, run_id: str, limits: list[str]) -> Summary:
    evaluation, gate, config = documents.evaluation, documents.gate, documents.config
    status = Status.DRAFT
    if gate is not None:
        status = Status.PASSED if gate.verdict == Verdict.PASS else Status.REFUSED
    return Summary(
        name=run_id if config is None else config.settings.title,
        status=status,
        environment=None if gate is None else gate.environment,
        does=facts.SUPPORTS,
        does_not=facts.NOT_FOR[0] + ".",
        decides=facts.DECIDES,
        population=facts.population(documents) or "Not measured yet.",
        outcome="Not measured yet." if evaluation is None else outcome_words(evaluation.rung),
        horizon_days=None if evaluation is None else evaluation.horizon_days,
        capacity=None if evaluation is None else evaluation.capacity,
        recall=results.headline(documents),
        compared=results.compared(documents),
        worst_served=results.worst_served(documents),
        limits=(limits[0], limits[1], limits[2]),
        version=run_id,
        expires=None if gate is None else gate.expires(),
    )


def _limits(documents: RunDocuments) -> list[str]:
    """Return the limits, the gravest first: at least three, always."""
    limits = [_ABSENCE]
    comparison = None if documents.evaluation is None else documents.evaluation.comparison
    if comparison is not None and comparison.lost:
        limits.insert(0, f"{comparison.lost} The regression is simpler: release that instead.")
    recall = results.headline(documents)
    if recall is not None and recall.value is not None:
        limits.append(
            f"At this length of list {1 - recall.value:.0%} of the {recall.events:,} recorded outcomes of the test "
            "happened to people who were not on it."
        )
    limits.append(_RECORDED)
    if documents.fairness is not None and documents.fairness.verdict != Verdict.PASS:
        limits.append(results.worst_served(documents))
    harm = None if documents.checks is None else documents.checks.added_harm
    if harm is not None and harm.share:
        limits.append(
            f"One recorded harm more lowers {share(harm.share)} of the scores tested, because features without a fixed "
            "direction move with it."
        )
    limits.append(_USUAL_POLICING)
    return limits + list(() if documents.evaluation is None else documents.evaluation.warnings)


def _charts(documents: RunDocuments) -> tuple[Chart, ...]:
    performance = [_recall_chart(documents), _calibration_chart(documents), decision_chart(documents)]
    charts = [*performance, *_fairness_charts(documents)]
    return tuple(chart for chart in charts if chart is not None)


def _recall_chart(documents: RunDocuments) -> Chart | None:
    evaluation = documents.evaluation
    if evaluation is None:
        return None
    recalls = [(line.title, evaluation.figure(line.row.name, "recall_at_capacity")) for line in evaluation.lines]
    points = [point for title, recall in recalls if (point := _point(title, recall)) is not None]
    if not points:
        return None
    best = max(points, key=lambda point: point.value)
    return Chart(
        section="performance",
        title=TITLES["recall_at_capacity"],
        sentence="Share of all outcome events that were on the list, for every ranking, with 95% intervals; "
        f"highest {best.label}, {best.value:.2f}.",
        points=tuple(points),
    )


def _calibration_chart(documents: RunDocuments) -> Chart | None:
    evaluation = documents.evaluation
    bins = () if evaluation is None or evaluation.calibration is None else evaluation.calibration.bins
    points = [
        point.model_copy(update={"target": bin_.expected})
        for bin_ in bins
        if bin_.observed.events >= PUBLISH
        and (point := _point(f"{bin_.low:.2%} to {bin_.high:.2%}", bin_.observed)) is not None
    ]
    if not points:
        return None
    return Chart(
        section="performance",
        title="Do the probabilities mean what they say",
        sentence="Share of rows with an outcome by band of probability, with 95% intervals; bands with under "
        f"{PUBLISH} outcomes are left out. The target is the mean probability of the band.",
        points=tuple(points),
    )


def _fairness_charts(documents: RunDocuments) -> list[Chart]:
    report = documents.fairness
    charts = []
    for characteristic in () if report is None else report.gated:
        hidden = withheld(characteristic.groups, report.policy.publish_at_least if report is not None else PUBLISH)
        points = [
            point
            for group, why_hidden in zip(characteristic.groups, hidden, strict=True)
            if not why_hidden and (point := _point(group.title, group.recall)) is not None
        ]
        if points:
            charts.append(
                Chart(
                    section="fairness",
                    title=f"{TITLES['recall_at_capacity']} by {characteristic_words(characteristic)}",
                    sentence=f"{characteristic.verdict.words}: {characteristic.reason}. Small groups are left out, "
                    "with what would give them away.",
                    points=tuple(points),
                )
            )
    return charts


def _point(label: str, figure: Figure | None) -> ChartPoint | None:
    """Return a point of a chart; None for a figure without a value or an interval."""
    if figure is None or figure.value is None or figure.interval is None:
        return None
    return ChartPoint(label=label, value=figure.value, low=figure.interval[0], high=figure.interval[1])


def headline_words(card: Card) -> str:
    """Return the headline as one sentence."""
    summary = card.summary
    figure = summary.recall
    if figure is None or figure.value is None:
        return f"{TITLES['recall_at_capacity']} has not been measured."
    caught = f"{figure.value:.1%}"
    if figure.interval is not None:
        caught += f" ({figure.interval[0]:.1%} to {figure.interval[1]:.1%})"
    return (
        f"With {summary.capacity} places on each list, {caught} of the {figure.events:,} recorded outcomes "
        f"within {summary.horizon_days} days were on it."
    )
