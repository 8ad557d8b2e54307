"""No definition of the catalogue, whatever its value and its part of the sum, is said to lower a place on a page.

For every definition, what it reads, and every kind of value that its figure can have (missing, none, some, much), with
a part that raises and with one that lowers: the section of the case page and the row of the list are rendered.
"""

from __future__ import annotations

import math
import re
from html import unescape
from types import SimpleNamespace

import pytest
from fixtures.case_record_rows import CALENDAR, case_record
from fixtures.definition_values import values

from features.definitions import Definition
from features.kinds_read import expand
from features.load import load_catalogue
from features.sentences import THEMES, sentence
from serving.desk.panel import answered_panel
from serving.desk.rendering import templates
from serving.desk.responses.reasons import Panel
from serving.relationship.case_records import CaseRecord, Way
from serving.relationship.kind_words import said
from serving.relationship.occurrences import may_be_named
from serving.relationship.panel import OnRecord, panel
from serving.relationship.panel_words import OTHER_PARTS, REST, STILL
from serving.relationship.reasons import FeatureSentence, ThemeReason
from serving.relationship.words_not_said import not_to_be_said
from threat.vocabulary import kinds

CATALOGUE = load_catalogue()
WAYS: dict[str, Way] = {
    "relationship": "this_way",
    "subject_anyone": "subject_to_others",
    "subject_others": "subject_to_others",
    "reversed": "other_way",
    "subject_at_risk": "others_to_subject",
    "about_subject": "subject",
    "subject_all": "subject",
    "subject_unnamed": "subject_to_others",
    "at_risk_anyone": "others_to_person_at_risk",
    "at_risk_others": "others_to_person_at_risk",
    "at_risk_subject": "person_at_risk_to_others",
    "about_at_risk": "person_at_risk",
}
LOWERING = re.compile(
    r"\b(lower\w*|down\w*|reduc\w*|decreas\w*|less|fewer|against it|takes? (off|away))\b", re.IGNORECASE
)


def records_read(d: Definition) -> list[CaseRecord]:
    """Return a record of every kind and code that a definition reads."""
    names = sorted(expand(d.kinds) | expand(d.among) | expand(d.kinds, in_advance=True))
    return [
        case_record(name, "2025-03-01", code, way=WAYS[d.scope])
        for name in names
        for code in (d.codes or kinds()[name].codes or ("",))
    ]


def compose(reasons: list[ThemeReason], records: list[CaseRecord], *markers: OnRecord) -> Panel:
    """Return the panel as the API answers it."""
    return answered_panel(panel(reasons, {record.event_id: record for record in records}, markers, CALENDAR))


def shown(composed: Panel) -> tuple[str, str]:
    """Return the section of the case page and the cell of the list, as text."""
    listing = {"ranking": "model"}
    case = (
        templates()
        .get_template("case/panel.html")
        .render(
            standing={"kind": "ranked", "panel": composed},
            listing=listing,
            answer={"relationship": "R-0123456789abcdef"},
            here="/",
            cards=SimpleNamespace(event=lambda event: f"#{event}"),
        )
    )
    cell = templates().get_template("queue/why.html").render(row={"why": composed.raises[:2]}, listing=listing)
    return _text(case), _text(cell)


def _text(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


NOTHING_BUT_LOWERING = compose([ThemeReason("incidents", -1.0, ())], [])


@pytest.mark.parametrize("d", list(CATALOGUE), ids=lambda d: d.name)
def test_no_figure_is_ever_said_to_lower_a_place(d: Definition) -> None:
    records = records_read(d)
    # A figure that is missing or none may have records behind it all the same: an answer of no is a record.
    for events in ((), tuple(record.event_id for record in records)):
        for value in (math.nan, *values(d)):
            figure = FeatureSentence(d.name, sentence(d, value), events)
            lowering = compose([ThemeReason(d.theme, -1.0, (figure,))], records)
            assert lowering == NOTHING_BUT_LOWERING, "a part below 0 has no name, no sentence and no record on a page"
            raising = compose([ThemeReason(d.theme, 1.0, (figure,))], records)
            assert all(figure.text not in reason.sentence.text for reason in raising.raises)
        for text in shown(raising):
            assert not_to_be_said(text) == []
            assert not LOWERING.search(text), text
        if not (events and any(may_be_named(record) for record in records)):
            assert "No record on its own raises its place by much." in shown(raising)[0]


def test_what_lowers_is_a_sign_in_one_line_without_names() -> None:
    case, cell = shown(NOTHING_BUT_LOWERING)
    assert case == (
        f"Why it is placed here Raises its place No record on its own raises its place by much. {STILL} {OTHER_PARTS} "
        f"Minus. {REST} Bars compare the parts within this relationship only. What raises a place is not a cause. The "
        "whole sum : the arithmetic of this place, for checking the order."
    )
    assert cell == "No record on its own raises its place by much."


NAMEABLE = [
    d
    for d in CATALOGUE
    if d.theme not in ("records", "reporting") and any(may_be_named(record) for record in records_read(d))
]


@pytest.mark.parametrize("d", NAMEABLE, ids=lambda d: d.name)
def test_a_marker_on_record_is_said_whatever_its_part_and_never_as_lowering(d: Definition) -> None:
    record = next(record for record in records_read(d) if may_be_named(record))
    marker = OnRecord("Marker", frozenset({record.event_id}))
    figure = FeatureSentence(d.name, "A formula", (record.event_id,))
    words = said(record.kind.name, record.code).removeprefix("answered yes: ")
    for part in (1.0, -1.0):
        case, _ = shown(compose([ThemeReason(d.theme, part, (figure,))], [record], marker))
        assert words.lower() in case.lower()
        assert ("given little weight by this order" in case) == (part < 0)
        assert not LOWERING.search(case)


def test_no_title_of_a_theme_reads_as_lowering() -> None:
    assert [title for title in THEMES.values() if not_to_be_said(title) or LOWERING.search(title)] == []
