"""Evidence in, card out. No model, no database, no clock: every date is a date of the evidence.

Every field has a value, says whether the evidence (auto) or a person (human) gave it, and where from. What nobody has
provided is shown as such and counted; it is never left out.
"""

from __future__ import annotations

from collections.abc import Mapping

from model_cards import facts
from model_cards.decision import decision_chart
from model_cards.evidence_days import day_of, evidence_until
from model_cards.figures import card_figures
from model_cards.first_page import first_page
from model_cards.limits import limits as limits_of
from model_cards.outline import OutlineField, outline
from model_cards.publishable import publishable
from model_cards.words import PUBLISH, characteristic_words, withheld
from threat.errors import BadInput, ThreatError, raise_all
from threat.measuring.figure import Figure
from threat.measuring.titles import TITLES
from threat.release.documents.card import Card, CardField, Chart, ChartPoint, Provided, Section, Value
from threat.release.evidence import RunDocuments


def build(documents: RunDocuments, *, run_id: str, manifest_sha256: str) -> Card:
    """Return the card of a RUN: of equal documents always the same card, whenever it is made.

    It says what may be published of them (``model_cards.publishable``) and nothing else.

    What its documents do not say shows as not provided. Raises BadInput when ``documents.human`` names a field that a
    person does not fill.
    """
    documents = publishable(documents)
    provided = _provided(documents)
    limits = limits_of(documents)
    sections = tuple(
        Section(
            id=section.id,
            title=section.title,
            fields=tuple(
                _human_field(field, provided.get(f"{section.id}.{field.id}"))
                if field.source == "human"
                else _evidence_field(field, documents, *_fact(f"{section.id}.{field.id}", documents, run_id, limits))
                for field in section.fields
            ),
        )
        for section in outline().sections
    )
    return Card(
        evidence_until=evidence_until(documents),
        run_id=run_id,
        run_manifest_sha256=manifest_sha256,
        summary=first_page(documents, run_id, limits, sections),
        sections=sections,
        charts=_charts(documents),
        figures=card_figures(documents),
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
        mandatory=field.mandatory,
    )


def _evidence_field(field: OutlineField, documents: RunDocuments, evidence: str, value: Value | None) -> CardField:
    return CardField(
        id=field.id,
        title=field.title,
        value=value,
        source="auto",
        evidence=evidence,
        provided=value is not None,
        last_checked=None if value is None else day_of(evidence, documents),
        mandatory=field.mandatory,
    )


def _fact(path: str, documents: RunDocuments, run_id: str, limits: list[str]) -> tuple[str, Value | None]:
    """Return the evidence behind a field and the field's value."""
    if path == "identity.run":
        return "manifest.json", run_id
    if path == "limits.numbered":
        return "evaluation.json, fairness.json", tuple(f"{i}. {text}" for i, text in enumerate(limits, 1))
    evidence, read = facts.FACTS[path]
    return evidence, read(documents)


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
    # The points of a chart have intervals, and these follow from exact counts: what is published has none.
    report = documents.fairness if documents.fairness_public is None else None
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
