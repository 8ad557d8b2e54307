"""``?back=`` leads to a page of this desk or to the review list, whatever anybody writes in it."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from fixtures.desk_browser import client_of
from fixtures.golden_lists import REFERENCE
from hypothesis import given
from hypothesis import strategies as st

from serving.desk.back import back_of, leading_back, own_address

pytestmark = pytest.mark.usefixtures("every_place")

CASE = "/relationships/R-0123456789abcdef"
LIST = "Back to Today"

HOSTILE = (
    "https://elsewhere.example/",
    "http:elsewhere.example",
    "//elsewhere.example",
    "///elsewhere.example",
    "/\\elsewhere.example",
    "\\\\elsewhere.example",
    "/%2f/elsewhere.example",
    "/%2felsewhere.example",
    "/%5celsewhere.example",
    "/\t/elsewhere.example",
    "/\n/elsewhere.example",
    " //elsewhere.example",
    "/\x00",
    "/@elsewhere.example",
    "/.elsewhere.example",
    "/..//elsewhere.example",
    "/./",
    ";//elsewhere.example",
    "?//elsewhere.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "/sign-out",
    "/sign-in",
    "/tour",
    "/model-card",
    "/audit-log",
    "/api/v1/queue",
    "/static/icon.svg",
    "/nowhere",
    f"{CASE}/names",
    f"{CASE}/",
    f"{CASE}/../../sign-out",
    f"{CASE}//elsewhere.example",
    CASE.upper(),
    "/relationships/R-\u0660123456789abcdef",  # a digit of another script
    "/\uff0f/elsewhere.example",  # a solidus of full width
    "/?page=2\r\nSet-Cookie: a=b",
    '/?x="><script>alert(1)</script>',
    "/?back=//elsewhere.example&page=2",
    "/#<img>",
    "/#a#b",
    "/?a=" + "b" * 1500,
)


@pytest.mark.parametrize("sent", HOSTILE)
def test_what_is_no_page_of_this_desk_leads_to_the_review_list(sent: str) -> None:
    assert own_address(sent) == ""
    back = back_of(sent)
    assert (back.href, back.text, back.given) == ("/", LIST, "")


@pytest.mark.parametrize("sent", HOSTILE)
def test_the_page_of_a_relationship_shows_none_of_it(desk, sent: str) -> None:
    answer = client_of(desk).get(f"/relationships/{REFERENCE['G01']}?back={quote(sent, safe='')}")
    assert answer.status_code == 200
    link = re.search(r'<a href="([^"]*)" class="govuk-back-link">([^<]*)</a>', answer.text)
    assert link is not None
    assert (link[1], link[2].strip()) == ("/", LIST)
    assert "elsewhere" not in answer.text
    assert "alert(1)" not in answer.text


@pytest.mark.parametrize(
    ("sent", "href", "text"),
    [
        ("", "/", LIST),
        ("/", "/", LIST),
        ("/?relation=sibling&relation=parent&page=2#R-0123456789abcdef", None, LIST),
        (CASE, None, "Back to the relationship"),
        (f"{CASE}?lane=this_way#E-0123456789abcdef", None, "Back to the relationship"),
        (f"{CASE}/sum", None, "Back to the whole sum"),
        ("/people/P-0123456789abcdef", None, "Back to the person"),
        # Names and values that no form of this desk sends are left out.
        ("/?Page=2&page=%3Cb%3E&page=3&q=a+b&latest=week", "/?page=3&latest=week", LIST),
        ("/?back=%2F%2Felsewhere.example", "/", LIST),
    ],
)
def test_a_page_of_this_desk_is_led_back_to(sent: str, href: str | None, text: str) -> None:
    back = back_of(sent)
    assert (back.href, back.text) == (sent if href is None else href, text)


def test_a_second_relationship_leads_back_to_the_first_which_leads_back_to_the_list() -> None:
    first = leading_back(CASE, "/?page=2", "R-0123456789abcdef")
    second = leading_back("/relationships/R-aaaaaaaaaaaaaaaa", first, "names")
    to_first = back_of(parse_qs(urlsplit(second).query)["back"][0]).href
    assert to_first == f"{first}#names"
    to_list = back_of(parse_qs(urlsplit(to_first).query)["back"][0]).href
    assert to_list == "/?page=2#R-0123456789abcdef"
    third = leading_back("/relationships/R-bbbbbbbbbbbbbbbb", second)
    assert own_address(third.partition("back=")[0].rstrip("?")) == "/relationships/R-bbbbbbbbbbbbbbbb"
    assert "page" not in own_address(third)  # no deeper than two pages: the list itself is left out


@given(st.text(max_size=80), st.sampled_from(["", "/", "/?", CASE, f"{CASE}?", "//", "/\\", "/?back="]))
def test_whatever_is_written_the_link_stays_on_this_desk(text: str, start: str) -> None:
    href = back_of(start + text).href
    parts = urlsplit(href)
    assert (parts.scheme, parts.netloc) == ("", "")
    assert re.fullmatch(r"/(?!/)[A-Za-z0-9/?=&%#._+-]*", href)
    assert own_address(href) == href or href == "/"


def test_a_row_of_the_list_leads_to_its_relationship_and_back_to_itself(desk) -> None:
    client = client_of(desk)
    queue = client.get("/?sort=record&relation=ex_partner").text
    reference = REFERENCE["G01"]
    section = queue[queue.index('id="graded"') :]
    link = re.search(rf'href="(/relationships/{reference}\?back=[^"]+)"', section)
    assert link is not None
    case = client.get(link[1].replace("&amp;", "&")).text
    assert f'<a href="/?relation=ex_partner&amp;sort=record#{reference}" class="govuk-back-link">' in case.replace(
        "sort=record&amp;relation=ex_partner", "relation=ex_partner&amp;sort=record"
    )
    assert f'id="{reference}"' in section


def test_every_page_that_can_be_led_back_to_is_there(desk) -> None:
    client = client_of(desk)
    case = f"/relationships/{REFERENCE['G01']}"
    person = client.get(f"/api/v1{case}").json()["subject"]
    texts = []
    for path in ("/", case, f"{case}/sum", f"/people/{person}"):
        assert client.get(path).status_code == 200
        back = back_of(path)
        assert back.href == path
        texts.append(back.text)
        shown = client.get(path, params={"back": "/?page=2#main"}).text
        assert path == "/" or '<a href="/?page=2#main" class="govuk-back-link">' in shown
    assert texts == ["Back to Today", "Back to the relationship", "Back to the whole sum", "Back to the person"]
