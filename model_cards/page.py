"""The card as one web page: no script, no outside file, readable by a screen reader, and fit to print."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from model_cards.card import headline_words
from threat.charts import Point, points_with_intervals
from threat.release.documents.card import Card, Summary, Table, Value

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
        first_page=first_page_parts(card.summary),
        fields=sum(len(section.fields) for section in card.sections),
    )


def by_answer(answers: Table | None) -> tuple[str, ...]:
    """Return a line for each pair of answers that rows of a table have in common, with the rows' names, in order.

    A page has room for a dozen lines and not for two dozen rows; the whole table is in the card's JSON.

    >>> table = Table(columns=("Check", "Verdict", "For live"), rows=(
    ...     ("Leaks", "Pass", "required"), ("Fairness", "Fail", "required"), ("Target", "Pass", "required")))
    >>> by_answer(table)
    ('Pass, required: Leaks; Target', 'Fail, required: Fairness')
    """
    names: dict[str, list[str]] = {}
    for name, *answer in () if answers is None else answers.rows:
        names.setdefault(", ".join([answer[0], *(part.lower() for part in answer[1:])]), []).append(name)
    return tuple(f"{answer}: {'; '.join(of)}" for answer, of in names.items())


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


def first_page_parts(summary: Summary) -> list[tuple[str, list[tuple[str, Value]]]]:
    """Return the first page as headings with their titled values, in the order in which they are read.

    The web page and the PDF both draw this, so neither can leave out what the other says.
    """
    expires = None if summary.expires is None else summary.expires.isoformat()
    within = "not known" if summary.horizon_days is None else f"{summary.horizon_days} days"
    return [
        (
            "What it is for",
            [
                ("It helps decide", summary.does),
                ("It must not be used", summary.does_not),
                ("Who decides", summary.decides),
                ("Who is ranked", summary.population),
                ("Outcome", summary.outcome),
                ("Within", within),
            ],
        ),
        (
            "What it cannot see",
            [
                ("Gravest limits", summary.limits),
                ("No figure here shows", tuple(line for line in summary.cannot_see if line not in summary.limits)),
            ],
        ),
        (
            "How good it is",
            [
                ("Figures", summary.quality or "Not measured"),
                ("Coverage times recall", summary.reach),
                ("Against the best that records allow", summary.ceiling),
                ("Against the other rankings", summary.comparators or "None was measured"),
                ("The planned comparison", summary.compared or "Not compared by a plan"),
            ],
        ),
        (
            "For whom",
            [
                ("Who is treated worst", summary.worst_served),
                ("Fails and alerts", summary.alerts or "None on record"),
                ("How often such an audit errs", summary.own_errors),
                ("What could be tested", by_answer(summary.for_whom) or "Not audited"),
            ],
        ),
        (
            "Verdicts, signatures, expiry",
            [
                ("Status", summary.status.capitalize()),
                ("Verdicts of the gate", by_answer(summary.verdicts) or "The gate has not been asked"),
                ("Conditions", summary.conditions or "None"),
                ("Signed by", summary.signed or "Nobody"),
                ("Dissent", summary.dissent or "None is on record with the statements that the gate read"),
                ("Mandatory and empty", summary.missing or "Nothing"),
                ("Version", summary.version),
                ("Expires", expires or "No date: nothing was accepted for a time only, or it is not released"),
            ],
        ),
    ]
