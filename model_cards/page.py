"""The card as one web page: no script, no outside file, readable by a screen reader, and fit to print."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from model_cards.card import headline_words
from model_cards.one_page import on_one_page
from threat.charts import Point, points_with_intervals
from threat.release.documents.card import Card

if TYPE_CHECKING:  # Jinja is optional
    from jinja2 import Environment, Template


def page(card: Card) -> str:
    """Return the HTML document of a card. Text from the card is escaped; only the charts are markup of our own."""
    from markupsafe import Markup

    charts: dict[str, list[Any]] = {section.id: [] for section in card.sections}
    for chart in card.charts:
        points = [Point(**point.model_dump()) for point in chart.points]
        drawn = points_with_intervals(chart.title, chart.sentence, points)
        charts[chart.section].append(Markup(drawn))  # noqa: S704 (threat.charts escapes every label)
    return template("card.html.j2").render(
        card=card,
        charts=charts,
        headline=headline_words(card),
        first_page=on_one_page(card.summary),
        fields=sum(len(section.fields) for section in card.sections),
    )


def template(name: str) -> Template:
    """Return a template of this room. Values are escaped; a name that is not defined is an error."""
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    """Return what compiles the templates; made once, since compiling them takes longer than drawing a page."""
    # Jinja is optional (extras cards and serving): `threat release` draws a card only when it refuses.
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("model_cards"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
