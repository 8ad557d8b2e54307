"""The panel: what raises a place, each record in one sentence; what is on record besides; and a total of the rest."""

from __future__ import annotations

import math
from datetime import date

import pytest
from fixtures.case_record_rows import CALENDAR, case_record
from hypothesis import given
from hypothesis import strategies as st

from serving.relationship.case_records import CaseRecord
from serving.relationship.occurrences import may_be_named
from serving.relationship.panel import OnRecord, Panel, panel, reason_title
from serving.relationship.reasons import IN_FORCE, RAISING, RULE, FeatureSentence, ThemeReason
from serving.relationship.record_sentences import DATES_AT_MOST
from serving.relationship.words_not_said import not_to_be_said


def because(theme: str, part: float, *records: CaseRecord) -> ThemeReason:
    """Return a frozen reason whose figure depends on these records."""
    return ThemeReason(theme, part, (FeatureSentence("f", "A rate of 2.0 a year", tuple(r.event_id for r in records)),))


def compose(reasons: list[ThemeReason], records: list[CaseRecord], *markers: OnRecord) -> Panel:
    return panel(reasons, {record.event_id: record for record in records}, markers, CALENDAR)


def marker(title: str, *records: CaseRecord) -> OnRecord:
    return OnRecord(title, frozenset(record.event_id for record in records))


STRANGLED = case_record("non_fatal_strangulation", "2025-12-13")
STALKED = case_record("stalking", "2025-11-09")
ASSAULTS = [case_record("assault_with_injury", f"2025-0{month}-03") for month in range(1, 9)]
WITHDREW = case_record("victim_withdrawal", "2025-12-20")
KNIFE = case_record("weapon_used", "2023-05-01", "knife")


def test_a_theme_of_the_same_records_joins_the_stronger_reason_and_a_record_is_counted_once() -> None:
    incidents = [STRANGLED, STALKED, *ASSAULTS]
    shown = compose(
        [
            because("incidents", 1.0, *incidents),
            because("strangulation", 0.3, STRANGLED),
            because("withdrawal", 0.5, WITHDREW, STALKED),  # half of it is told: a reason of its own, on the other half
            because("escalation", 0.2, *ASSAULTS),
        ],
        [*incidents, WITHDREW],
    )
    assert [(reason.titles, round(reason.part, 9)) for reason in shown.raises] == [
        (("Domestic incidents", "Strangulation"), 1.5),
        (("Withdrawal",), 0.5),
    ]
    assert [reason.sentence.text for reason in shown.raises] == [
        "10 incidents since January: strangulation 13 Dec, stalking 9 Nov, assault with injury 3 Aug, assault with "
        "injury 3 Jul and 6 more (assault with injury)",
        "Person at risk withdrew or did not support 20 Dec, 11 days ago",
    ]
    assert (shown.other, shown.other_strength) == (0.0, 0)
    assert [reason.strength for reason in shown.raises] == [8, 3]


def test_of_several_records_of_one_kind_in_an_incident_the_word_says_all() -> None:
    twice = [case_record("non_fatal_strangulation", "2025-12-13", incident=7) for _ in range(2)]
    for record in twice:
        shown = compose([because("incidents", 1.0, *twice)], twice, marker("Strangulation", record))
        assert shown.raises[0].sentence.named == {each.event_id for each in twice}
        assert shown.on_record == ()


@pytest.mark.parametrize(("again", "merged"), [(8, True), (7, False)])
def test_a_theme_is_merged_from_four_fifths_of_its_records(again: int, merged: bool) -> None:
    others = [case_record("order_served", f"2025-1{i}-03") for i in range(10 - again)]
    theme = because("orders", 0.5, *ASSAULTS[:again], *others)
    shown = compose([because("incidents", 1.0, *ASSAULTS), theme], [*ASSAULTS, *others])
    assert [len(reason.titles) for reason in shown.raises] == ([2] if merged else [1, 1])
    assert sum(len(reason.sentence.counted) for reason in shown.raises) == 8 + len(others)


def test_what_lowers_what_no_record_is_behind_and_how_much_is_on_record_are_one_total_without_names() -> None:
    shown = compose(
        [
            because("incidents", 1.0, STALKED),
            because("strangulation", -0.7, STRANGLED),
            because("custody", 0.4),
            because("records", 0.3, STALKED, STRANGLED),
            because("assessment", 0.2, case_record("item_isolated", "2025-12-13", "no")),
            ThemeReason(IN_FORCE, 0.0, (FeatureSentence("order", "An order", (STRANGLED.event_id,)),)),
        ],
        [STALKED, STRANGLED],
    )
    assert [reason.sentence.text for reason in shown.raises] == ["Stalking 9 Nov, 7 weeks ago"]
    assert (round(shown.other, 9), shown.other_strength, shown.on_record) == (0.2, 2, ())


def test_a_marker_that_no_reason_names_has_a_sentence_on_its_records() -> None:
    yes = case_record("item_fears_being_killed", "2025-12-13", "yes")
    shown = compose(
        [because("incidents", 1.0, STALKED), because("strangulation", -0.7, STRANGLED)],
        [STALKED, STRANGLED, KNIFE, yes],
        marker("Strangulation", STRANGLED),
        marker("Stalking", STALKED),
        marker("Weapon", KNIFE),
        marker("Threat to kill", yes),
    )
    assert [(item.title, item.sentence.text) for item in shown.on_record] == [
        ("Strangulation", "Strangulation 13 Dec, 18 days ago"),
        ("Weapon", "Knife used 1 May 2023, about 3 years ago"),
        ("Threat to kill", "Assessment 13 Dec, 18 days ago (yes to: person at risk fears being killed)"),
    ]


def test_a_rule_counts_its_records_in_one_sentence_and_weighs_nothing() -> None:
    reasons = [because(RULE, 912.0, *ASSAULTS[:2]), because("strangulation", 0.0, STRANGLED)]
    shown = compose(reasons, [*ASSAULTS[:2], STRANGLED], marker("Strangulation", STRANGLED))
    assert shown.ranking == "rule"
    assert [(reason.titles, reason.part, reason.strength) for reason in shown.raises] == [
        (("What the rule counts",), 912.0, 0)
    ]
    assert [item.title for item in shown.on_record] == ["Strangulation"]
    assert (shown.other, shown.other_strength) == (0.0, 0)
    assert compose([because(RULE, 0.0)], []).raises == ()


def test_reasons_of_one_title_are_one_reason_and_a_title_speaks_of_others_only_where_there_are_others() -> None:
    elsewhere = case_record("assault_with_injury", "2024-03-01", way="subject_to_others")
    shown = compose(
        [because("incidents", 0.5, STALKED), because("prior_harm", 0.9, STRANGLED)], [STALKED, STRANGLED, elsewhere]
    )
    assert [reason.titles for reason in shown.raises] == [("Domestic incidents",)]
    many = [*ASSAULTS, elsewhere]
    shown = compose([because("incidents", 0.9, *ASSAULTS), because("prior_harm", 0.1, *many)], many)
    assert [reason.titles for reason in shown.raises] == [("Domestic incidents", "Harm to other people")]
    assert shown.raises[0].sentence.text == (
        "9 assaults with injury since March 2024: 3 Aug, 3 Jul, 3 Jun, 1 Mar 2024 (towards somebody else) and 5 more"
    )
    assert reason_title("person_at_risk", {"this_way"})[0] == "Domestic incidents"
    assert reason_title("person_at_risk", {"others_to_person_at_risk"})[0] == "Harm to the person at risk by others"


KINDS = (
    "non_fatal_strangulation stalking assault_with_injury coercive_control child_present domestic_incident arrest "
    "alcohol_marker restraining_order release victim_withdrawal risk_grade item_strangled marac_referral unit_contact"
).split()
WAYS = ("this_way", "other_way", "subject", "subject_to_others", "others_to_person_at_risk")
THEME_NAMES = ("incidents", "escalation", "strangulation", "prior_harm", "custody", "assessment", "records", "orders")
CODES = {"risk_grade": ("high", "standard"), "item_strangled": ("yes", "no", "refused")}


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[ThemeReason], list[CaseRecord], list[OnRecord]]:
    """Records of a case, reasons whose figures depend on some of them, and markers of others."""
    kinds = draw(st.lists(st.sampled_from(KINDS), max_size=14))
    records = [
        case_record(
            kind,
            draw(st.dates(date(2023, 1, 1), date(2025, 12, 30))),
            draw(st.sampled_from(CODES.get(kind, ("",)))),
            way=draw(st.sampled_from(WAYS)),
            incident=draw(st.integers(1, 5)),
        )
        for kind in kinds
    ]
    some = st.lists(st.sampled_from(records), max_size=8, unique_by=lambda r: r.event_id) if records else st.just([])
    themes = draw(st.lists(st.sampled_from(THEME_NAMES), unique=True, max_size=8))
    parts = st.floats(-2, 2).filter(lambda part: part == 0 or abs(part) > 1e-6)
    reasons = [because(theme, draw(parts), *draw(some)) for theme in themes]
    return reasons, records, [marker(f"Marker {i}", *draw(some)) for i in range(draw(st.integers(0, 4)))]


@given(cases())
def test_no_record_is_counted_twice_the_sum_holds_and_nothing_is_said_to_lower_a_place(
    case: tuple[list[ThemeReason], list[CaseRecord], list[OnRecord]],
) -> None:
    reasons, records, markers = case
    shown = compose(reasons, records, *markers)
    sentences = [item.sentence for item in (*shown.raises, *shown.on_record)]
    counted = [event for sentence in sentences for event in sentence.counted]
    assert len(counted) == len(set(counted))
    assert all(sentence.named <= sentence.counted for sentence in sentences)
    total = math.fsum(reason.contribution for reason in reasons)
    assert math.fsum([*(reason.part for reason in shown.raises), shown.other]) == pytest.approx(total, abs=1e-9)
    assert len(shown.raises) <= RAISING
    raising = {event for r in reasons if r.contribution > 0 for s in r.sentences for event in s.event_ids}
    for reason in shown.raises:
        assert reason.part > 0
        assert 1 <= reason.strength <= 8
        assert reason.sentence.counted & raising
    for sentence in sentences:
        assert 1 <= sum(piece.event_id > 0 for piece in sentence.pieces) <= DATES_AT_MOST
        assert not_to_be_said(sentence.text) == []
    nameable = {record.event_id for record in records if may_be_named(record)}
    named = frozenset().union(*(sentence.named for sentence in sentences))
    for item in markers:
        assert not item.event_ids & nameable or item.event_ids & named, "a marker on record is named somewhere"


@given(cases())
def test_the_order_in_which_records_and_reasons_come_changes_nothing(
    case: tuple[list[ThemeReason], list[CaseRecord], list[OnRecord]],
) -> None:
    reasons, records, markers = case
    shown = compose(reasons, records, *markers)
    assert compose(reasons[::-1], records[::-1], *markers) == shown
