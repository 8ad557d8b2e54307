"""Records told in a sentence: incidents and dates, the gravest first to be named, who did what to whom."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fixtures.case_record_rows import CALENDAR, case_record

from serving.relationship.case_records import CaseRecord
from serving.relationship.occurrences import occurrences
from serving.relationship.record_sentences import Calendar, RecordSentence, Subject, sentence_of


def say(*records: CaseRecord, calendar: Calendar = CALENDAR, always: frozenset[int] = frozenset()) -> RecordSentence:
    """Return the sentence on all these records, as one title's."""
    of_event = occurrences(records, calendar.zone)
    counted = tuple({occurrence.key: occurrence for occurrence in of_event.values()}.values())
    return sentence_of(Subject(counted, (frozenset(of_event),), always), calendar)


@pytest.mark.parametrize(
    ("records", "text"),
    [
        ([case_record("non_fatal_strangulation", "2025-12-13")], "Strangulation 13 Dec, 18 days ago"),
        ([case_record("weapon_used", "2024-11-09", "knife")], "Knife used 9 Nov 2024, about 14 months ago"),
        (
            [case_record("stalking", "2025-11-09", began="2025-10-03")],
            "Stalking 3 Oct to 9 Nov",  # a course of conduct has two ends, and no "ago"
        ),
        (
            [case_record("suicidal_ideation", "2025-11-30", way="subject")],
            "Suicidal thoughts 30 Nov, 4 weeks ago (the subject)",
        ),
        (
            [case_record("release", "2026-01-05", "licence", way="subject")],
            "Release on licence due 5 Jan 2026 (the subject)",
        ),
        ([case_record("alcohol_marker", "2025-02-01", way="subject")], "Alcohol marker since 1 Feb (the subject)"),
        (
            [case_record("restraining_order", "2025-02-01", until="2026-02-01")],
            "Restraining order from 1 Feb to 1 Feb 2026",
        ),
        (
            [case_record("custody", "2025-02-01", "remand", until="2025-03-01", way="subject")],
            "Remand in custody 1 Feb to 1 Mar (the subject)",
        ),
        (
            [
                case_record("stalking", "2025-11-09"),
                case_record("non_fatal_strangulation", "2025-12-13"),
                case_record("assault_with_injury", "2025-10-03", way="subject_to_others"),
            ],
            "3 incidents: strangulation 13 Dec, stalking 9 Nov and assault with injury 3 Oct (towards somebody else)",
        ),
        (
            [case_record("assault_with_injury", f"2025-0{month}-03", way="subject_to_others") for month in (4, 5)]
            + [case_record("rape", "2025-06-03", way="subject_to_others")],
            "3 incidents by the subject towards other people: rape 3 Jun, assault with injury 3 May and assault with "
            "injury 3 Apr",
        ),
        (
            [case_record("threat_to_kill", day) for day in ("2025-03-01", "2025-11-02", "2025-12-04")],
            "3 threats to kill: 4 Dec, 2 Nov and 1 Mar",
        ),
        (
            [case_record("weapon_possession", day, "knife", way="subject") for day in ("2025-03-01", "2025-11-02")],
            "Had a knife 2 times (the subject): 2 Nov and 1 Mar",
        ),
        (
            [case_record("item_separated", day, "yes", way="other_way") for day in ("2025-03-01", "2025-11-02")]
            + [case_record("separation", "2025-02-03")],
            "3 records: assessment 2 Nov (of the relationship the other way round) (yes to: separated or tried to "
            "within a year), assessment 1 Mar (of the relationship the other way round) (the same) and separation 3 "
            "Feb",
        ),
        (
            [case_record("item_controlling", day, "yes") for day in ("2025-03-01", "2025-11-02")],
            "2 assessments: 2 Nov (yes to: controlling or jealous) and 1 Mar (the same)",
        ),
        (
            [case_record(kind, "2025-12-13", incident=3) for kind in ("theft", "malicious_communications", "burglary")],
            "Malicious messages and burglary 13 Dec, 18 days ago",
        ),
        (
            [case_record(kind, "2025-12-13", incident=3) for kind in ("injury", "assault_with_injury")],
            "Assault with injury 13 Dec, 18 days ago",
        ),
        (
            [case_record("victim_withdrawal", "2025-03-01"), case_record("arrest", "2025-03-02", way="subject")],
            "2 records: arrest 2 Mar (the subject) and person at risk withdrew or did not support 1 Mar",
        ),
    ],
)
def test_what_is_said_of_records(records: list[CaseRecord], text: str) -> None:
    assert say(*records).text == text


def test_an_incident_is_named_by_its_gravest_and_all_must_see_kinds_and_counted_once() -> None:
    records = [
        case_record(kind, "2025-12-13", incident=7)
        for kind in (
            "criminal_damage",
            "child_present",
            "threat_to_kill",
            "non_fatal_strangulation",
            "domestic_incident",
        )
    ]
    sentence = say(*records)
    assert sentence.text == "Threat to kill and strangulation with a child present 13 Dec, 18 days ago"
    assert sentence.counted == {record.event_id for record in records}
    assert [piece.label for piece in sentence.pieces if piece.event_id] == [
        "threat to kill and strangulation with a child present, 13 December 2025"
    ]


def test_what_a_title_is_about_is_named_with_the_gravest_of_the_incident() -> None:
    rows = [case_record(kind, "2025-12-13", incident=7) for kind in ("assault_with_injury", "child_present")]
    of_event = occurrences(rows, "UTC")
    sentence = sentence_of(Subject((of_event[rows[0].event_id],), (frozenset({rows[1].event_id}),)), CALENDAR)
    assert sentence.text == "Assault with injury with a child present 13 Dec, 18 days ago"


def test_children_who_were_there_more_than_once_are_counted_in_the_lead() -> None:
    kinds = {"burglary": "2025-12-03", "theft": "2025-12-02", "robbery": "2025-12-01"}
    burglary, theft, robbery = (
        [case_record(name, day, incident=i) for name in (kind, "child_present")]
        for i, (kind, day) in enumerate(kinds.items(), 1)
    )
    two = say(*burglary, *theft, robbery[0])
    assert two.text == "3 incidents (a child present at 2): burglary 3 Dec, theft 2 Dec and robbery 1 Dec"
    assert {burglary[1].event_id, theft[1].event_id} <= two.named
    assert say(*burglary, *theft).text == "2 incidents (a child present at each): burglary 3 Dec and theft 2 Dec"
    once = say(*burglary, theft[0])
    assert once.text == "2 incidents: burglary with a child present 3 Dec and theft 2 Dec"
    assert say(burglary[1], theft[1]).text == "Child present 2 times: 3 Dec and 2 Dec"


def test_of_many_four_have_a_date_the_latest_among_them_and_the_kinds_of_the_rest_are_counted() -> None:
    records = [
        case_record("domestic_incident", "2025-12-20", "verbal"),
        case_record("non_fatal_strangulation", "2024-05-01"),
        *(case_record("stalking", f"2025-0{month}-01") for month in (3, 4, 5)),
        case_record("weapon_used", "2025-02-01", "knife"),
        *(case_record("assault_without_injury", f"2025-0{month}-11") for month in (3, 4)),
    ]
    assert say(*records).text == (
        "8 incidents since May 2024: verbal argument 20 Dec, stalking 1 May, knife used 1 Feb, strangulation 1 May "
        "2024 and 4 more (2 reports of stalking and 2 assaults without injury)"
    )


def test_an_assessment_is_said_by_its_answers_of_yes_the_gravest_first() -> None:
    items = ("item_money", "item_strangled", "item_isolated", "item_fears_being_killed")
    records = [case_record(item, "2025-12-13", "yes", incident=7) for item in items]
    rest = [case_record("item_weapon", "2025-12-13", code, incident=7) for code in ("no", "refused", "not_known")]
    grade = case_record("risk_grade", "2025-12-13", "high", incident=7)
    assert say(*records, *rest, grade).text == (
        "Assessment 13 Dec, 18 days ago (yes to: strangled or choked, person at risk fears being killed, person at "
        "risk is isolated and 1 more; graded high)"
    )
    assert say(grade).text == "Graded high by an officer 13 Dec, 18 days ago"


@pytest.mark.parametrize(
    ("kind", "code"),
    [(f"item_{item}", code) for item in ("strangled", "money") for code in ("no", "refused", "not_known", "not_asked")]
    + [("risk_grade", "medium"), ("risk_grade", "standard"), ("unit_contact", "visit"), ("unit_plan", "")]
    + [("relationship_recorded", "unknown"), ("withdrawn", "")],
)
def test_what_is_no_sign_of_anything_is_never_named(kind: str, code: str) -> None:
    assert occurrences([case_record(kind, "2025-12-13", code)], "UTC") == {}


def test_a_record_of_no_known_day_says_so_and_one_fact_of_two_systems_is_said_once() -> None:
    record = case_record("death", "2025-12-13", "natural", way="subject")
    undated = replace(CALENDAR, undated=frozenset({record.event_id}))
    assert say(record, calendar=undated).text == "Death by natural causes on a day not known (the subject)"
    twice = [case_record("separation", "2025-12-13") for _ in range(2)]
    assert say(*twice).text == "Separation 13 Dec, 18 days ago"
    assert say(*twice).counted == {record.event_id for record in twice}


def test_a_kind_that_must_be_said_is_said_of_the_rest_too() -> None:
    many = [case_record("assault_with_injury", f"2025-0{month}-01") for month in range(1, 9)]
    lesser = [
        case_record(kind, f"2020-0{i}-01") for i, kind in enumerate(["theft", "burglary", "robbery", "public_order"], 1)
    ]
    separation = case_record("coercive_control", "2019-01-01")
    text = say(*many, *lesser, separation, always=frozenset({separation.event_id})).text
    assert "coercive control" in text
