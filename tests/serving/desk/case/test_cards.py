"""What a card says: what happened, who did what to whom, when, the form, what followed, where it is named, gaps."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fixtures.case_files import AS_OF, OTHER, P, S, events, file_of, happening, page_of
from fixtures.feature_histories import Happening

from serving.desk.case.file import PER_PAGE
from serving.desk.case.filters import Choice
from serving.desk.responses.incidents import Incident, NamedIn, Record
from threat.asof import DAY, instant
from threat.ids import show_id


def card(*happenings: Happening, **options: object) -> Incident:
    """The only card of a file."""
    (incident,) = page_of(file_of(*happenings, **options)).incidents  # type: ignore[arg-type]
    return incident


def said(records: list[Record]) -> list[tuple[str, str]]:
    return [(record.said, record.code) for record in records]


def test_a_title_says_what_happened_the_gravest_first_and_counts_what_is_equal() -> None:
    threats = [happening(number, 5, incident_id=9) for number in (1, 3)]
    knife = happening(4, 5, kind="weapon_used", code="knife", incident_id=9)
    charge = happening(5, 1, kind="charge", incident_id=9)
    assert card(*threats, knife, charge).title == "2 threats to kill, knife used"


def test_who_did_what_to_whom_is_said_for_each_direction() -> None:
    strangled = happening(1, 5, kind="non_fatal_strangulation", incident_id=9)
    back = happening(3, 5, kind="assault_without_injury", subject=P, at_risk=S, incident_id=9)
    bystander = happening(4, 5, kind="assault_with_injury", at_risk=OTHER, incident_id=9)
    child = happening(5, 5, kind="child_present", incident_id=9)
    shown = card(strangled, back, bystander, child)
    assert shown.lane == "this_way"
    assert [(part.title, part.other, part.said) for part in shown.between] == [
        ("Subject towards person at risk", "", "strangulation"),
        ("Subject towards someone else", show_id("P", OTHER), "assault with injury"),
        ("Person at risk towards subject", "", "assault without injury"),
        ("About this relationship", "", "child present"),
    ]


def test_a_form_is_folded_to_what_was_answered_yes_not_answered_and_no() -> None:
    form = [
        happening(10, 5, kind="risk_grade", code="high", incident_id=9),
        happening(11, 5, kind="item_strangled", code="yes", incident_id=9),
        happening(12, 5, kind="item_sexual", code="refused", incident_id=9),
        happening(13, 5, kind="item_money", code="not_known", incident_id=9),
        happening(14, 5, kind="item_weapon", code="no", incident_id=9),
        happening(15, 5, kind="item_pregnant", incident_id=9),
    ]
    (assessed,) = card(happening(1, 6, kind="stalking", incident_id=9), *form).assessments
    assert [record.detail for record in assessed.grades] == ["high"]
    assert said(assessed.yes) == [("strangled or choked", "yes")]
    assert [code for _, code in said(assessed.not_answered)] == ["", "refused", "not_known"]
    assert [record.kind for record in assessed.no] == ["item_weapon"]
    assert card(*form).title == "Assessment"


def test_forms_of_two_moments_or_two_directions_are_two() -> None:
    first, second = (happening(n, n, kind="item_strangled", code="no", incident_id=9) for n in (5, 4))
    back = happening(6, 5, kind="item_strangled", code="yes", subject=P, at_risk=S, incident_id=9)
    forms = card(first, second, back).assessments
    assert [(form.direction, form.occurred_at) for form in forms] == [
        ("this_way", instant(AS_OF - 4 * DAY)),
        ("this_way", instant(AS_OF - 5 * DAY)),
        ("other_way", instant(AS_OF - 5 * DAY)),
    ]


@pytest.mark.parametrize(
    ("happenings", "precision", "ends"),
    [
        ([happening(1, 3)], "second", (3, 3)),
        ([happening(1, 3), happening(2, 3)], "second", (3, 3)),
        ([happening(1, 3), happening(2, 2.9)], "day", (3, 2.9)),
        ([happening(6, 3)], "day", (3, 3)),
        ([happening(1, 3), happening(6, 3)], "day", (3, 3)),
        ([happening(8, 3)], "unknown", (3, 3)),
        ([happening(8, 1), happening(1, 3)], "second", (3, 3)),
        ([happening(1, 3, kind="stalking", began_at=AS_OF - 90 * DAY)], "second", (90, 3)),
    ],
)
def test_when_an_incident_happened(happenings: list[Happening], precision: str, ends: tuple[float, float]) -> None:
    shown = card(*(replace(event, incident_id=9) for event in happenings))
    assert shown.occurred_precision == precision
    assert (shown.began_at, shown.occurred_at) == tuple(instant(AS_OF - int(days * DAY)) for days in ends)


def test_what_was_recorded_late_says_by_how_much() -> None:
    prompt = happening(1, 40, incident_id=9)
    late = happening(3, 40, recorded=28, kind="child_present", incident_id=9)
    charge = happening(4, 1, kind="charge", incident_id=9)
    shown = card(prompt, late, charge)
    assert (shown.first_recorded_at, shown.recorded_at) == (instant(AS_OF - 40 * DAY), instant(AS_OF - 28 * DAY))
    assert (shown.days_to_record, shown.recorded_precision) == (12, "day")


def test_marks_of_a_card_are_those_of_any_of_its_records() -> None:
    old, charge = happening(1, 400, incident_id=9), happening(2, 3, kind="charge", incident_id=9)
    shown = card(old, charge, since=AS_OF - 7 * DAY)
    assert (shown.must_see, shown.is_new) == (True, True)
    shown = card(old, since=AS_OF - 7 * DAY)
    assert (shown.must_see, shown.is_new) == (False, False)


def test_a_card_leads_back_to_each_section_that_names_a_record_of_it() -> None:
    why, seen = NamedIn(section="why", title="Threats"), NamedIn(section="must-see", title="Must see")
    file = file_of(*(happening(n, 3, incident_id=9) for n in (1, 3, 4)), happening(5, 4))
    page = page_of(file, e1=why, e3=seen, e4=why)
    assert [incident.named_in for incident in page.incidents] == [[why, seen], []]


def test_gaps_are_said_with_their_days_and_never_as_calm() -> None:
    page = page_of(file_of(happening(1, 152), happening(3, 400)))
    assert [gap.sentence for gap in page.gaps] == ["No records between 1 Jan and this list (about 5 months)"]
    (gap,) = page.incidents[0].gaps
    assert (gap.sentence, gap.days) == ("No records between 28 Apr 2023 and 1 Jan (about 8 months)", 248)


def test_a_choice_shows_no_gap_up_to_the_list_and_the_others_where_they_are() -> None:
    file = file_of(happening(1, 152), happening(3, 400), happening(4, 410, at_risk=OTHER))
    page = page_of(file, Choice(lane=["this_way"]))
    assert (page.gaps, page.shown, page.recorded) == ([], 2, 3)
    assert [len(incident.gaps) for incident in page.incidents] == [1, 0]


def test_a_page_beyond_the_last_is_the_last() -> None:
    file = file_of(*(happening(number, number) for number in range(1, PER_PAGE + 2)))
    assert [(page_of(file, Choice(page=n)).page, len(page_of(file, Choice(page=n)).incidents)) for n in (1, 2, 9)] == [
        (1, PER_PAGE),
        (2, 1),
        (2, 1),
    ]
    assert [record.event for record in page_of(file, Choice(page=2)).incidents[0].happened] == events(PER_PAGE + 1)
