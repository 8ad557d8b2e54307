"""The card as one web page: no script, no outside file, readable by a screen reader, and fit to print."""

from __future__ import annotations

from typing import Any

from model_cards.card import headline_words
from threat.charts import Point, points_with_intervals
from threat.release.documents.card import Card, Summary


def page(card: Card) -> str:
    """Return the HTML document of a card. Text from the card is escaped; only the charts are markup of our own."""
    # Jinja is optional (extras cards and serving): `threat release` draws a card only when it refuses.
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("model_cards"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    charts: dict[str, list[Any]] = {section.id: [] for section in card.sections}
    for chart in card.charts:
        points = [Point(**point.model_dump()) for point in chart.points]
        drawn = points_with_intervals(chart.title, chart.sentence, points)
        charts[chart.section].append(Markup(drawn))  # noqa: S704 (threat.charts escapes every label)
    return environment.get_template("card.html.j2").render(
        card=card,
        charts=charts,
        headline=headline_words(card),
        summary=_summary(card.summary),
        fields=sum(len(section.fields) for section in card.sections),
    )


def _summary(summary: Summary) -> list[tuple[str, str]]:
    expires = None if summary.expires is None else summary.expires.isoformat()
    expires = expires or "No date: nothing was accepted for a time only, or it is not released"
    return [
        ("It helps decide", summary.does),
        ("It must not be used for", summary.does_not),
        ("Who decides", summary.decides),
        ("Who is ranked", summary.population),
        ("Outcome", summary.outcome),
        ("Within", "not known" if summary.horizon_days is None else f"{summary.horizon_days} days"),
        ("Compared with other rankings", summary.compared or "Not compared by a plan"),
        ("Who is served worst", summary.worst_served),
        ("Status", summary.status.capitalize()),
        ("Version", summary.version),
        ("Expires", expires),
    ]
