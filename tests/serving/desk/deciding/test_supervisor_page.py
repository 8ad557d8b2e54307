"""The page of a supervisor: every list with what is in it, and nobody's name next to a time on a case."""

from __future__ import annotations

import html
import re

from fixtures.deciding import Decider, case_to_decide, person
from fixtures.desk_browser import NOW
from fixtures.graded import Grader
from fixtures.page_text import PageText, wrong_words

from serving.casework.sealing import Sealer


def section(page: str, name: str) -> str:
    """The HTML of one list."""
    return page[page.index(f'aria-labelledby="{name}"') :].partition("</section>")[0]


def count(page: str, name: str) -> int:
    found = re.search(r'class="desk-count">(\d+)<', section(page, name))
    assert found is not None
    return int(found[1])


def test_what_is_late_or_waits_is_listed_with_its_link(open_desk, rule_var) -> None:
    now = [NOW]
    desk = open_desk(rule_var, clock=lambda: now[0])
    case = case_to_decide(desk)
    sue, rita = person(desk, "sue"), Decider(person(desk, "rita"), case)
    page = html.unescape(sue.get("/supervisor").text)
    unseen = count(page, "must-see")
    assert unseen > 0
    assert "nobody has opened it" in section(page, "must-see")
    sue.get(re.findall(r'href="(/must-see/[^"]+)"', section(page, "must-see"))[0])
    proposal = rita.decide()
    page = html.unescape(sue.get("/supervisor").text)
    assert re.search(r"last opened by U-[0-9a-f]{16} Sue Supervisor", section(page, "must-see"))
    assert proposal in section(page, "confirm")
    assert (count(page, "decisions"), count(page, "returned"), count(page, "plans")) == (0, 0, 0)
    Decider(sue, case).answer(proposal, "returned", "Say more")
    now[0] += 40 * 3600
    sue = person(desk, "sue")
    page = html.unescape(sue.get("/supervisor").text)
    assert proposal in section(page, "returned")
    assert f"/cases/{case}" in section(page, "decisions")
    assert wrong_words(PageText(page).said) == []
    assert page.count("<h1") == 1


def test_views_that_were_to_be_asked_and_plans_that_are_late(open_desk, rule_var) -> None:
    now = [NOW]
    desk = open_desk(rule_var, clock=lambda: now[0])
    case = case_to_decide(
        desk, voice={"state": "not_asked_yet", "why": "No answer", "by_when": "2025-01-03", "agency": ""}
    )
    Decider(person(desk, "sue"), case).decide()
    now[0] += 80 * 3600
    page = html.unescape(person(desk, "sue").get("/supervisor").text)
    assert f"/cases/{case}/voice" in section(page, "views")
    assert f"/cases/{case}" in section(page, "plans")


def test_sealed_grades_are_all_in_the_sample_and_changes_are_counted(desk, monkeypatch) -> None:
    monkeypatch.setattr(Sealer, "sealed", lambda *_: True)
    grader = Grader(person(desk, "rita"))
    grader.sit()
    page = grader.client.get("/triage/next").headers["location"]
    case = page.split("/")[2]
    grader.grade(case)
    shown = html.unescape(person(desk, "sue").get("/supervisor").text)
    assert f"/cases/{case}" in section(shown, "sample")
    assert "sealed" in section(shown, "sample")
    assert "Time on a case is shown from 10 cases on; there are 1 in 28 days." in shown
    assert "an owner: the unit's" in shown


def test_supervisors_alone(desk) -> None:
    for name in ("rita", "ann", "gail", "ada"):
        assert person(desk, name).get("/supervisor").status_code == 403
