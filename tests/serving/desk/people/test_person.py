"""The page of a person and its answer: every relationship, as subject and as person at risk, read together."""

from __future__ import annotations

import html
import re

import pytest
from fixtures.desk_browser import Browser, client_of, token_in
from fixtures.family_force import person, relationship
from fixtures.log_entries import details, entries

from serving.desk.service import Desk

pytestmark = pytest.mark.usefixtures("every_place")

MAN = person("man")


def answer(reviewer: Browser, who: str = "man") -> dict:
    answered = reviewer.get(f"/api/v1/people/{person(who)}")
    assert answered.status_code == 200
    return dict(answered.json())


def page(reviewer: Browser, who: str = "man") -> str:
    """The text of a page, tags left out."""
    text = reviewer.get(f"/people/{person(who)}").text
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_relationships_both_ways_latest_incident_first(reviewer: Browser) -> None:
    body = answer(reviewer)
    assert [row["relationship"] for row in body["as_subject"]] == [
        relationship("man", "ex"),
        relationship("man", "now"),
        relationship("man", "kid"),
        relationship("man", ""),
    ]
    assert [row["relationship"] for row in body["as_person_at_risk"]] == [relationship("now", "man")]
    first = body["as_subject"][0]
    assert (first["person"], first["age"], first["relationship_kind"]) == (
        person("ex"),
        "aged 31 or 32",
        "Former partner",
    )
    assert first["last_incident_at"] == "2024-05-25T09:00:00Z"
    assert (first["band"], first["must_see"]) == ("review", True)
    assert body["as_subject"][2]["band"] == "safeguarding"  # the child is not ranked with adults
    assert (body["as_subject"][3]["person"], body["as_subject"][3]["last_incident_at"]) == ("unknown", "")


def test_each_row_has_the_markers_of_its_relationship_and_not_what_is_in_the_other_rows(reviewer: Browser) -> None:
    body = answer(reviewer)
    first, second = ({marker["name"] for marker in row["markers"]} for row in body["as_subject"][:2])
    assert {"strangulation", "suicidality", "harm_to_others"} <= first
    assert "strangulation" not in second
    rows = [*body["as_subject"], *body["as_person_at_risk"]]
    assert {marker["group"] for row in rows for marker in row["markers"]} == {"case", "by_person_at_risk"}


def test_two_people_are_listed_once_whatever_references_they_were_recorded_under(reviewer: Browser) -> None:
    body = answer(reviewer)
    assert body["merged"] == [person("man-old")]
    assert body["as_subject"][0]["merged"] == [relationship("man-old", "ex")]


def test_a_merged_reference_leads_to_the_person_it_is_now(family: Desk) -> None:
    reviewer = client_of(family)
    before = len(entries(family))
    led = reviewer.get(f"/people/{person('man-old')}")
    assert (led.status_code, led.headers["location"]) == (303, f"/people/{MAN}")
    assert entries(family)[before:] == [("reviewer", "view person", person("man-old"), "done")]
    assert details(family, "view person")[-1]["person"] == MAN
    assert reviewer.get(f"/api/v1/people/{person('man-old')}").json() == answer(reviewer)


def test_what_is_in_force_is_said_once_for_all_relationships(reviewer: Browser) -> None:
    (custody,) = answer(reviewer)["in_force"]
    assert custody["circumstance"]["sentence"] == (
        "This person is in custody (remand) since 27 May 2024, until 1 August 2024"
    )
    assert set(custody["relationships"]) == {
        *(relationship("man", other) for other in ("ex", "now", "kid", "")),
        relationship("now", "man"),
    }
    (of_her,) = answer(reviewer, "ex")["in_force"]
    assert of_her["circumstance"]["sentence"].startswith(f"{MAN} is in custody (remand) since 27 May 2024")


def test_a_must_see_event_is_one_item_with_every_relationship_it_touches(reviewer: Browser) -> None:
    suicidal, strangulation = answer(reviewer)["must_see"]
    assert suicidal["trigger"]["sentence"] == "Suicidal ideation on 28 May 2024, about this person, recorded 4 days ago"
    assert len(suicidal["relationships"]) == 5
    assert strangulation["trigger"]["kind"] == "non_fatal_strangulation"
    assert strangulation["relationships"] == [relationship("man", "ex")]
    assert answer(reviewer, "ex")["must_see"][0]["trigger"]["sentence"].startswith(
        f"Suicidal ideation on 28 May 2024, about {MAN}"
    )


def test_the_page_says_what_the_answer_says(reviewer: Browser) -> None:
    text = page(reviewer)
    for said in (
        "Age at this date Aged 33 or 34",
        f"Children {person('kid')} (aged 8 or 9, {relationship('man', 'kid')} )",
        f"Also on record as {person('man-old')}",
        "As subject (alleged) 4 relationships",
        "As person at risk 1 relationship",
        "Former partner",
        "25 May 7 days ago On record: strangulation 25 May; suicidality of the subject",
        "1 Dec 2023 about 6 months ago",
        "For safeguarding",
        "This person is in custody (remand) since 27 May 2024, until 1 August 2024",
        "about this person",
        "Not being on this list is not a sign of safety.",
    ):
        assert said in text, said
    assert "Old Spelling" not in text


def test_a_person_in_no_relationship(reviewer: Browser) -> None:
    text = page(reviewer, "alone")
    assert "This person is on record as the subject of no relationship." in text
    assert "This person is on record as at risk in no relationship. That does not mean that they are not at" in text
    assert "No child is on record as a person. Children who were never recorded may still be there." in text
    assert "Nothing is on record as in force around a relationship of this person." in text
    assert page(reviewer, "dead").count("Born in 1960, on record as dead") == 1


@pytest.mark.parametrize(
    ("reference", "status", "said"),
    [
        (person("nobody"), 404, "There is no person with this reference in the records the list was made from."),
        (person("shop"), 404, "This reference is on record as an organisation or as an unknown person"),
        ("P-1", 422, "Not a reference of a person"),
        ("unknown", 422, "Not a reference of a person"),
    ],
)
def test_a_reference_that_has_no_page(reviewer: Browser, reference: str, status: int, said: str) -> None:
    for path in (f"/people/{reference}", f"/api/v1/people/{reference}"):
        answered = reviewer.get(path)
        assert answered.status_code == status
        assert said in answered.text


def test_each_page_is_one_entry_and_one_more_while_names_are_open(family: Desk) -> None:
    reviewer = client_of(family)
    before = len(entries(family))
    why = {"justification": "daily_review", "reason": "the whole of one man"}
    token = token_in(reviewer.get(f"/people/{MAN}").text)
    opened = reviewer.post(f"/people/{MAN}/names", data={"token": token, **why})
    assert (opened.status_code, opened.headers["location"]) == (303, f"/people/{MAN}")
    assert "Old Spelling" in page(reviewer)  # recorded under the older reference
    assert "No name on record" in page(reviewer, "teen")
    assert entries(family)[before:] == [
        ("reviewer", "view person", MAN, "done"),
        ("reviewer", "open names for the sitting", "", "done"),
        *[("reviewer", action, MAN, "done") for action in ("view person", "open names")],
        *[("reviewer", action, person("teen"), "done") for action in ("view person", "open names")],
    ]


def test_a_form_without_a_reason_leads_to_its_field(reviewer: Browser) -> None:
    token = token_in(reviewer.get(f"/people/{MAN}").text)
    answered = reviewer.post(f"/people/{MAN}/names", data={"token": token, "justification": "daily_review"})
    assert answered.status_code == 422
    assert '<a href="#reason">Say why in 5 to 500 characters.</a>' in answered.text
    assert "Names are open" not in answered.text
