"""The pages: what they must say, what they must never say, and that every page is sound without JavaScript."""

from __future__ import annotations

import json
import re
import sqlite3
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fixtures import golden_force as golden
from fixtures.desk_browser import STARTED_AT, client_of
from fixtures.golden_lists import REFERENCE, event_of
from fixtures.incident_records import records_in

import serving
from serving.lists.making import ListOptions, make_list

pytestmark = pytest.mark.usefixtures("every_place")

G01, G12 = (f"/relationships/{REFERENCE[name]}" for name in ("G01", "G12"))
PAGES = ["/", G01, f"{G01}/sum", G12, "/model-card", "/sign-in"]


NEVER = [
    r"\blow[ -]risk\b",
    r"\b(?:is|are|as|be|were|was) safe\b",
    r"\bpredicts? that\b",
    r"\bperpetrator\b",
    r"\boffender\b",
]


"""Words no page shows. 'Not a sign of safety' is what every page about cases does say."""


class Page(HTMLParser):
    """Headings, landmarks, forms and tables of a page, and whether its tags close in order."""

    VOID = frozenset({"meta", "link", "input", "br"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.levels: list[int] = []
        self.problems: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> at {self.getpos()}")

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for seen, attrs in self.seen if seen == tag]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("kind", ["rule", "model"])
def test_every_page_is_sound(open_desk, rule_var, model_var, path, kind):
    client = client_of(open_desk(rule_var if kind == "rule" else model_var))
    answer = client.get(path)
    assert answer.status_code == 200
    page = Page(answer.text)
    assert (page.problems, page.open) == ([], [])
    assert len(page.all("h1")) == 1
    assert all(later - earlier <= 1 for earlier, later in zip(page.levels, page.levels[1:], strict=False)), page.levels
    assert page.all("html")[0]["lang"] == "en-GB"
    assert len(page.all("main")) == len(page.all("header")) == len(page.all("footer")) == 1
    assert ("a", {"class": "govuk-skip-link", "href": "#main", "data-module": "govuk-skip-link"}) in page.seen
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(th.get("scope") for th in page.all("th"))
    assert page.all("script") == []
    assert not [attrs for _, attrs in page.seen if any(name.startswith("on") or name == "style" for name in attrs)]
    ids = [attrs["id"] for _, attrs in page.seen if "id" in attrs]
    assert len(ids) == len(set(ids))
    labelled = {attrs["for"] for attrs in page.all("label")}
    fields = [f for f in page.all("input") + page.all("textarea") if f.get("type") != "hidden"]
    assert all(field["id"] in labelled for field in fields)
    elsewhere = [
        attrs for _, attrs in page.seen for name in ("src", "href") if (attrs.get(name) or "").startswith("http")
    ]
    assert elsewhere == []
    assert "Development sign-in" in answer.text
    assert "This machine only" in answer.text


@pytest.mark.parametrize("path", PAGES)
def test_words_no_page_shows(desk, path):
    text = re.sub(r"<[^>]+>", " ", client_of(desk).get(path).text)
    for word in NEVER:
        assert not re.search(word, text, re.IGNORECASE), word


def test_words_no_template_holds():
    for path in sorted(Path(serving.__file__).parent.glob("desk/templates/**/*.html")):
        for word in NEVER:
            assert not re.search(word, path.read_text(encoding="utf-8"), re.IGNORECASE), (path.name, word)


def test_the_queue_page(desk):
    text = client_of(desk).get("/").text
    for said in (
        "Not being on this list is not a sign of safety.",
        "55% had no earlier police contact with the victim (Thornton 2017)",
        "Ordered by a rule, not by the model: recorded harm by the subject in the trailing year.",
        "No model has been released.",
        "Must see",
        "Threat to kill on 30 May 2024, recorded 2 days ago",
        "Suicidal ideation on 28 May 2024, about the subject, recorded 4 days ago",
        "It depends on what was recorded",
        "Subjects are alleged.",
        "This desk supports a decision and never makes one.",
    ):
        assert said in text
    assert text.index('id="graded"') < text.rindex(REFERENCE["G03"])
    assert "Sam Example" not in text
    assert "%" not in re.sub(r"55%", "", re.sub(r"<[^>]+>", "", text))  # no probability


def test_a_relationship_page(desk):
    text = client_of(desk).get(f"/relationships/{REFERENCE['G06']}").text
    for said in (
        "Ranked 6 of 10 relationships. The unit reviews 3.",
        "Beyond today's capacity is not a sign of safety.",
        "Subject (alleged)",
        "Relation of the person at risk</span> <strong>Former partner",
        "The other way round",
        REFERENCE["G10"],
        "What we don't know",
        "Nothing from other agencies",
        "Expected",
        "Happened",
        "recorded",
        "What the rule counts",
        "3 incidents: ",
        "The whole sum",
    ):
        assert said in text, said
    event = event_of("f3")
    assert f'href="#{event}"' in text
    assert f'id="{event}"' in text


def test_a_rule_s_own_reason_is_shown_as_what_it_is(open_desk, golden_store, tmp_path):
    """Whatever the sign of its score: days since the last incident count downwards."""
    make_list(
        golden_store,
        tmp_path,
        golden.AS_OF,
        ListOptions(capacity=3, publish=True, rule="days_since_last"),
        started_at=STARTED_AT,
    )
    client = client_of(open_desk(tmp_path))
    text = client.get(f"/relationships/{REFERENCE['G01']}").text
    section = text[text.index("What the rule counts") :]
    assert section.index("30 May") < section.index("On record, not counted by the rule")
    assert "30 May" in client.get("/").text
    for said in ("Raises its place", "Other parts of the order", "strength"):
        assert said not in text, "a rule weighs nothing"


def test_late_and_moved_records_are_marked(desk):
    text = client_of(desk).get(f"/relationships/{REFERENCE['G01']}").text
    assert "New since the last list" in text
    assert "<strong>Assessed</strong> <time" in text


def test_incidents_stand_under_their_years_each_with_a_heading_of_its_own_and_an_anchor_for_every_record(desk):
    text = client_of(desk).get(f"/relationships/{REFERENCE['G06']}").text
    section = text[text.index('role="status"') :]
    assert re.findall(r"<h3[^>]*>([^<]+)</h3>", section) == ["Still to come", "2024", "2023"]
    shown = client_of(desk).get(f"/api/v1/relationships/{REFERENCE['G06']}").json()["incidents"]
    assert len(shown["incidents"]) == section.count('<h4 class="desk-incident__title">') == shown["recorded"]
    assert re.findall(r'<span id="(E-[0-9a-f]{16})">', section) == list(records_in(shown))


def test_a_cell_of_the_queue_says_what_it_is_when_rows_stack(desk):
    text = client_of(desk).get("/").text
    named = {cell["data-label"] for cell in Page(text).all("td")}
    headed = {heading.strip() for heading in re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', text)}
    assert headed - named == {"Relationship", "Who", "Who stays"}  # the heads of their rows
    assert named <= headed


def test_the_model_s_pages_are_marked_as_a_demonstration(open_desk, model_var):
    client = client_of(open_desk(model_var))
    for path in ("/", f"/relationships/{REFERENCE['G01']}", "/model-card"):
        assert "demonstration signatories" in client.get(path).text.lower()
    text = client.get(f"/relationships/{REFERENCE['G01']}").text
    assert "What raises a place is not a cause." in text
    assert "how likely severe domestic harm is to be recorded within 365 days" in client.get("/").text
    assert 'aria-label="strength 8 of 8"' in text
    assert not re.search(r"-?\d\.\d{3,}", text)  # no decimals of a score or a contribution


def test_every_reason_links_to_records_on_the_page(open_desk, model_var):
    client = client_of(open_desk(model_var))
    for name in golden.ORDER:
        text = client.get(f"/relationships/{REFERENCE[name]}").text
        links = set(re.findall(r'href="#(E-[0-9a-f]{16})"', text))
        panel = client.get(f"/api/v1/relationships/{REFERENCE[name]}").json()["standing"]["panel"]
        for item in (*panel["raises"], *panel["on_record"]):
            assert {piece["event"] for piece in item["sentence"]["pieces"] if piece["event"]} <= links
            assert any(piece["event"] for piece in item["sentence"]["pieces"])
        assert links <= set(re.findall(r'id="(E-[0-9a-f]{16})"', text))


def test_an_unknown_reference_in_plain_words(desk):
    answer = client_of(desk).get("/relationships/R-0000000000000001")
    assert answer.status_code == 404
    assert "There is no relationship with this reference in the records the list was made from." in answer.text
    assert "copy the reference from Today or a case" in answer.text


def test_the_audit_page_says_whether_the_log_is_whole(desk):
    client = client_of(desk, "governance")
    assert "The log is whole" in client.get("/audit-log").text
    with sqlite3.connect(str(desk.engine.url.database)) as raw:
        raw.execute("DROP TRIGGER audit_entries_no_update")
        raw.execute("UPDATE audit_entries SET who = 'nobody' WHERE sequence = 1")
    raw.close()
    text = client.get("/audit-log").text
    assert "The audit log is broken" in text
    assert "entry 1 was changed" in text


def test_the_tour(open_desk, rule_var, tmp_path):
    path = tmp_path / "tour.json"
    client = client_of(open_desk(rule_var, tour_path=path))
    assert client.get("/tour").status_code == 404
    path.write_text(json.dumps({"status": "Training goes on.", "steps": []}))
    assert "Training goes on." in client.get("/").text
    step = {
        "title": "One that rose",
        "text": "It rose.",
        "link": f"/relationships/{REFERENCE['G01']}",
        "link_text": "Open it",
    }
    path.write_text(json.dumps({"status": "Ready.", "steps": [step]}))
    assert REFERENCE["G01"] in client.get("/tour").text
    assert "every person and every record here is made up" in client.get("/").text
    path.write_text("{")
    assert "The guided tour cannot be read" in client.get("/").text
