"""Two cards compared: what changed, figure by figure with intervals, then field by field. Words alone tell it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from model_cards.one_page import first_page_parts
from model_cards.page import template
from model_cards.words import figure_words, table
from threat.measuring.figure import Figure
from threat.release.documents.card import Card, CardFigure, Table, Value

_NOT_THERE = "Not on this card"
_OF_THE_ROWS = (("data", "snapshot"), ("data", "cohort"), ("target", "outcome"), ("target", "horizon"))
"""Fields that must be equal for two cards to be measured on the same rows and outcomes."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field of a section that differs: its title and both values."""

    title: str
    before: Value
    after: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedCards:
    """Two cards and what differs between them. ``same_figures`` and ``same_fields`` count what does not differ."""

    before: Card
    after: Card
    cautions: tuple[str, ...]
    first_page: Table | None
    figures_table: Table | None
    fields: tuple[FieldChange, ...]
    same_figures: int
    same_fields: int


def compare(before: Card, after: Card) -> ComparedCards:
    """Return what changed from one card to another."""
    figures = list(_paired(before, after))
    changed = [row for row in figures if row[1] != row[2]]
    fields = _fields(before, after)
    return ComparedCards(
        before=before,
        after=after,
        cautions=_cautions(before, after),
        first_page=_first_page(before, after),
        figures_table=table(
            ["Figure", "Before (95% interval)", "After (95% interval)", "What changed"],
            [[title, figure_words(a), figure_words(b), change_in_words(a, b)] for title, a, b in changed],
        ),
        fields=tuple(change for change in fields if change.before != change.after),
        same_figures=len(figures) - len(changed),
        same_fields=sum(change.before == change.after for change in fields),
    )


def change_in_words(before: Figure | None, after: Figure | None) -> str:
    """Say how a figure changed, and whether the two intervals overlap; nothing is said of which is better.

    >>> shares = {"name": "auc", "title": "AUC", "n": 90, "events": 10, "method": "bootstrap"}
    >>> low = Figure(value=0.6, interval=(0.5, 0.7), **shares)
    >>> change_in_words(low, Figure(value=0.8, interval=(0.75, 0.85), **shares))
    'Higher by 0.2; the intervals do not overlap'
    >>> change_in_words(low, Figure(value=0.58, interval=(0.5, 0.66), **shares))
    'Lower by 0.02; the intervals overlap'
    >>> change_in_words(None, low)
    'Only after'
    """
    if before is None or before.value is None:
        return "Only after"
    if after is None or after.value is None:
        return "Only before"
    difference = after.value - before.value
    if not difference:
        moved = "The same value"
    else:
        moved = f"{'Higher' if difference > 0 else 'Lower'} by {abs(difference):.3g}"
    if before.interval is None or after.interval is None:
        return f"{moved}; one has no interval"
    overlap = before.interval[0] <= after.interval[1] and after.interval[0] <= before.interval[1]
    return f"{moved}; the intervals {'overlap' if overlap else 'do not overlap'}"


def _paired(before: Card, after: Card) -> Iterator[tuple[str, Figure | None, Figure | None]]:
    """Return every figure of either card with its title, in the order of the second card."""
    old = {entry.id: entry for entry in before.figures}
    new = {entry.id: entry for entry in after.figures}
    for name in [*new, *(name for name in old if name not in new)]:
        entry = new.get(name) or old[name]
        yield _figure_title(entry), _figure(old.get(name)), _figure(new.get(name))


def _figure_title(entry: CardFigure) -> str:
    return f"{entry.figure.title}: {entry.of}"


def _figure(entry: CardFigure | None) -> Figure | None:
    return None if entry is None else entry.figure


def _cautions(before: Card, after: Card) -> tuple[str, ...]:
    """Say what a reader must know: whether the rows are the same, and that no interval is of the difference."""
    fields = [(before.field(*path), after.field(*path)) for path in _OF_THE_ROWS]
    differ = [a.title for a, b in fields if a is not None and b is not None and a.value != b.value]
    if before.summary.capacity != after.summary.capacity:
        differ.append("Length of the list")
    rows = (
        f"Not the same question: {', '.join(differ)} differ, so a figure may differ for that reason alone."
        if differ
        else "Both were measured on the same cohort, outcome and length of list."
    )
    return (
        rows,
        "The intervals are each card's own. None is of the difference between the two cards, which were not resampled "
        "together: intervals that overlap do not show that nothing changed.",
    )


def _first_page(before: Card, after: Card) -> Table | None:
    """Return what changed of the first page, sentence by sentence; its tables are in the figures and the fields."""
    old, new = (
        {title: value for _, values in first_page_parts(card.summary) for title, value in values}
        for card in (before, after)
    )
    rows = [
        [title, _in_line(old[title]), _in_line(new[title])]
        for title in new
        if not isinstance(old[title], Table) and not isinstance(new[title], Table) and old[title] != new[title]
    ]
    return table(["First page", "Before", "After"], rows)


def _in_line(value: Value) -> str:
    return value if isinstance(value, str) else " ".join(value) if isinstance(value, tuple) else ""


def _fields(before: Card, after: Card) -> list[FieldChange]:
    old, new = _values(before), _values(after)
    return [
        FieldChange(title, old.get(title, _NOT_THERE), new.get(title, _NOT_THERE))
        for title in [*new, *(title for title in old if title not in new)]
    ]


def _values(card: Card) -> dict[str, Value]:
    return {
        f"{section.title}: {field.title}": "Not yet provided" if field.value is None else field.value
        for section in card.sections
        for field in section.fields
    }


def compared_page(compared: ComparedCards) -> str:
    """Return the HTML document of two cards compared: it stands alone, and reads at 320 px and on paper."""
    return template("compared.html.j2").render(compared=compared)
