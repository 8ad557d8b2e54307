"""The pages: what they must say, what they must never say, names only with a reason, and no JavaScript."""

from __future__ import annotations

import dataclasses
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from fixtures import golden_force as golden
from fixtures.desk_browser import STARTED_AT, client_of, token_in
from sqlalchemy import select

import serving
from serving.audit.database import AUDIT_ENTRIES
from serving.audit.log import verify
from serving.desk.frequency import frequency, in_words
from serving.desk.sign_in import COOKIE
from serving.lists import rankings
from serving.lists.making import ListOptions, make_list
from threat.ids import show_id

G = {name: show_id("R", golden.relationship_id(name)) for name in golden.KINDS}
PAGES = ["/", f"/relationships/{G['G01']}", f"/relationships/{G['G12']}", "/model-card", "/sign-in"]

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
        return [attrs for found, attrs in self.seen if found == tag]


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
    assert ("a", {"class": "skip", "href": "#main"}) in page.seen
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
    for path in sorted(Path(serving.__file__).parent.glob("desk/templates/*.html")):
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
        "Threat to kill on 30 May 2024, recorded 1 day ago",
        "Suicidal ideation on 28 May 2024, about the subject, recorded 3 days ago",
        "It rests on what was recorded",
        "Subjects are alleged.",
        "This desk supports a decision and never makes one.",
    ):
        assert said in text
    assert text.index(G["G01"]) < text.index("For review, in order") < text.rindex(G["G03"])
    assert "Sam Example" not in text
    assert "%" not in re.sub(r"55%", "", re.sub(r"<[^>]+>", "", text))  # no probability


def test_a_relationship_page(desk):
    text = client_of(desk).get(f"/relationships/{G['G06']}").text
    for said in (
        "Ranked 6 of 10 relationships. The unit reviews 3.",
        "Beyond today's capacity is not a sign of safety.",
        "Subject (alleged)",
        "Relation of the person at risk</span> <strong>Former partner",
        "The other way round",
        G["G10"],
        "What we don't know",
        "Nothing from partner agencies",
        "expected",
        "happened",
        "recorded",
        "Also on record (takes no part in this order)",
    ):
        assert said in text, said
    event = show_id("E", golden.event_id("f3"))
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
    assert client.get("/").text.count("<strong>The rule that ranks:</strong>") == 3
    text = client.get(f"/relationships/{G['G01']}").text
    own = text[text.index("What the rule reads") :]
    assert own.index("The rule that ranks") < own.index("Also on record (takes no part in this order)")
    assert "Moves it" not in text


def test_late_and_moved_records_are_marked(desk):
    text = client_of(desk).get(f"/relationships/{G['G01']}").text
    assert "New since the last list" in text
    assert "Assessment</strong>" in text


def test_the_model_s_pages_are_marked_as_a_demonstration(open_desk, model_var):
    client = client_of(open_desk(model_var))
    for path in ("/", f"/relationships/{G['G01']}", "/model-card"):
        assert "demonstration signatories" in client.get(path).text.lower()
    text = client.get(f"/relationships/{G['G01']}").text
    assert "it is not a cause" in text
    assert "how likely severe domestic harm is to be recorded within 365 days" in client.get("/").text
    assert 'aria-label="strength 8 of 8"' in text
    assert not re.search(r"-?\d\.\d{3,}", text)  # no decimals of a score or a contribution


def test_every_reason_links_to_records_on_the_page(open_desk, model_var):
    client = client_of(open_desk(model_var))
    for name in golden.ORDER:
        text = client.get(f"/relationships/{G[name]}").text
        links = set(re.findall(r'href="#(E-[0-9a-f]{16})"', text))
        assert links
        assert links <= set(re.findall(r'id="(E-[0-9a-f]{16})"', text))


def test_an_unknown_reference_in_plain_words(desk):
    answer = client_of(desk).get("/relationships/R-0000000000000001")
    assert answer.status_code == 404
    assert "There is no relationship with this reference in the records the list rests on." in answer.text
    assert "copy the reference from today&#39;s referrals" in answer.text


def test_not_signed_in_is_sent_to_the_sign_in(desk):
    answer = client_of(desk, None).get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


# --- names ---


def open_names(client, name="G01", **changed):
    token = token_in(client.get(f"/relationships/{G[name]}").text)
    data = {"token": token, "justification": "daily_review", "reason": "morning review of the list", **changed}
    return client.post(f"/relationships/{G[name]}/names", data=data)


def test_names_open_with_a_reason_and_are_logged(desk):
    import sqlite3

    client = client_of(desk)
    answer = open_names(client)
    assert answer.status_code == 200
    assert "Sam Example" in answer.text
    assert "Pat &lt;b&gt;Example&lt;/b&gt;" in answer.text  # escaped
    with sqlite3.connect(str(desk.engine.url.database)) as raw:
        found = raw.execute("SELECT subject, detail FROM audit_entries WHERE action = 'open names'").fetchall()
    raw.close()
    assert found == [
        (
            G["G01"],
            json.dumps({"justification": "daily_review", "reason": "morning review of the list"}, sort_keys=True),
        )
    ]
    assert "Example" not in json.dumps(found)
    assert "Sam Example" not in client.get(f"/relationships/{G['G01']}").text  # for that one answer only


def test_where_no_identity_is_on_record_the_page_says_so(desk):
    text = open_names(client_of(desk), "G04").text
    assert "No identity of either party is on record. Your reason was recorded: “morning review of the list”." in text
    assert "Why do you need the names?" not in text


def test_a_date_of_birth_that_is_not_on_record_is_said_so(desk, monkeypatch):
    from threat.history import identities

    def without_dates(*args: object, **options: object) -> object:
        return found(*args, **options).assign(birth_date=None)

    found = identities.read
    monkeypatch.setattr(identities, "read", without_dates)
    text = open_names(client_of(desk)).text
    assert "Sam Example" in text
    assert text.count("date of birth not recorded") == 2
    assert "None" not in text


@pytest.mark.parametrize(
    ("changed", "status", "said"),
    [
        ({"reason": " "}, 422, "Say why in 5 to 500 characters."),
        ({"reason": "x" * 501}, 422, "Say why in 5 to 500 characters."),
        ({"justification": "curious"}, 422, "Choose why you need the names."),
        ({"token": "0" * 64}, 403, "This form is not from a page of this session."),
        ({"token": ""}, 403, "This form is not from a page of this session."),
        ({"reason": "x" * 9000}, 413, "A form holds at most 8 kB."),
    ],
)
def test_names_stay_closed(desk, changed, status, said):
    answer = open_names(client_of(desk), **changed)
    assert answer.status_code == status
    assert said in answer.text
    assert "Sam Example" not in answer.text


def test_another_session_s_token_opens_nothing_and_is_logged(desk):
    theirs = token_in(client_of(desk, "supervisor").get(f"/relationships/{G['G01']}").text)
    client = client_of(desk)
    assert open_names(client, token=theirs).status_code == 403
    assert client.post("/sign-out", data={"token": theirs}).status_code == 403
    with desk.engine.connect() as connection:
        found = connection.execute(select(AUDIT_ENTRIES).order_by(AUDIT_ENTRIES.c.sequence)).all()[-2:]
    assert [(e.role, e.action, e.outcome) for e in found] == [
        ("reviewer", "open names", "refused"),
        ("reviewer", "sign out", "refused"),
    ]


def test_an_analyst_never_sees_the_form_or_the_names(desk):
    client = client_of(desk, "analyst")
    assert "Open the names" not in client.get(f"/relationships/{G['G01']}").text
    assert client.post(f"/relationships/{G['G01']}/names", data={"token": "x"}).status_code == 403


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", f"/relationships/{G['G01']}/names"])
def test_forms_without_a_token_do_nothing(desk, path):
    client = client_of(desk)
    assert client.post(path, data={"role": "admin"}).status_code == 403
    assert client.post(path, json={"role": "admin"}).status_code == 400
    assert client.get("/api/v1/queue").status_code == 200  # still the reviewer


def test_sign_in_needs_a_role(desk):
    client = client_of(desk, None)
    answer = client.post("/sign-in", data={"role": "chief", "token": token_in(client.get("/sign-in").text)})
    assert answer.status_code == 422
    assert "Choose a role." in answer.text


def test_sign_out_ends_the_session(desk):
    client = client_of(desk)
    stolen = client.cookies.get(COOKIE)
    answer = client.post("/sign-out", data={"token": token_in(client.get("/").text)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert client.get("/api/v1/queue").status_code == 401
    client.cookies.set(COOKIE, stolen)
    assert client.get("/api/v1/queue").status_code == 401  # ended here, not in the browser alone
    assert client_of(desk).get("/api/v1/queue").status_code == 200  # another session goes on
    assert verify(desk.engine).entries == 5  # sign in, the page, sign out; sign in, the queue


def test_the_audit_page_says_whether_the_log_is_whole(desk):
    import sqlite3

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
    step = {"title": "One that rose", "text": "It rose.", "link": f"/relationships/{G['G01']}", "link_text": "Open it"}
    path.write_text(json.dumps({"status": "Ready.", "steps": [step]}))
    assert G["G01"] in client.get("/tour").text
    assert "every person and every record here is made up" in client.get("/").text
    path.write_text("{")
    assert "The guided tour cannot be read" in client.get("/").text


@pytest.mark.parametrize(
    ("p", "words"),
    [
        (0.0, "fewer than 1 in 1,000"),
        (0.0004, "fewer than 1 in 1,000"),
        (0.0005, "fewer than 1 in 1,000"),
        (0.0006, "about 1 in 1,000"),
        (0.004, "about 4 in 1,000"),
        (0.0094, "about 9 in 1,000"),
        (0.0096, "about 1 in 100"),
        (0.07, "about 7 in 100"),
        (0.994, "about 99 in 100"),
        (0.995, "more than 99 in 100"),
        (0.999, "more than 99 in 100"),
    ],
)
def test_frequencies_in_words(p, words):
    assert in_words(p) == words


@pytest.mark.parametrize(("shown", "sentences"), [(True, 1), (False, 0), (None, 0)])
def test_a_frequency_is_told_only_where_the_gate_allows_it(model_var, shown, sentences):
    ranking = rankings.current(model_var / "promotions.jsonl", STARTED_AT)
    gate = {name: value for name, value in ranking.bundle.gate.items() if name != "show_probability"}
    gate |= {} if shown is None else {"show_probability": shown}
    allowed = dataclasses.replace(ranking, bundle=dataclasses.replace(ranking.bundle, gate=gate))
    found = frequency(allowed, -3.0, np.array([-3.0, -6.0]))  # 1 / (1 + e^3) = 0.047; mean with 0.0025: 0.025
    assert len(found) == sentences
    if found:
        assert found[0].sentence == (
            "Of relationships with a similar record, about 5 in 100 had severe domestic harm recorded within 365 days. "
            "Of all on this list, about 2 in 100."
        )
    assert frequency(rankings.named_rule("rfg", ""), -3.0, np.array([-3.0])) == []
