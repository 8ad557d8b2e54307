"""Nothing of the order before a person's own grade: every page and answer, of every role, searched for it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fixtures import golden_force as golden
from fixtures.desk_browser import NOW, client_of, sign_in
from fixtures.golden_lists import REFERENCE
from fixtures.graded import Grader, waiting_cases

from serving.casework.sealing import Sealer
from serving.desk import api, app
from serving.desk.app import PAGES
from serving.desk.service import Desk
from serving.lists.making import ListOptions, make_list
from threat.asof import DAY


def addresses(desk: Desk) -> list[str]:
    """Every address that a reader of cases can get, with each relationship, person, event and case of the force."""
    view = desk.view()
    persons = {row for column in ("subject_id", "person_at_risk_id") for row in view.listed.rows[column].to_pylist()}
    with desk.engine.connect() as connection:
        cases = [row[0] for row in connection.exec_driver_sql("SELECT id FROM cases")]
        events = connection.exec_driver_sql(
            "SELECT e.event, r.case_id FROM referral_events e JOIN referrals r ON r.id = e.referral_id"
        ).all()
    known = {
        "/relationships/{reference}": list(REFERENCE.values()),
        "/people/{reference}": [f"P-{person:016x}" for person in persons if person],
        "/cases/{reference}": cases,
        "/must-see/{reference}": [f"E-{event:016x}?case={case}" for event, case in events],
    }
    out = []
    for route in (route for router in (api.router, *(room.router for room in PAGES)) for route in router.routes):
        path = getattr(route, "path", "")
        if "GET" not in (getattr(route, "methods", None) or ()) or path.startswith("/sign-in"):
            continue
        key = next((prefix for prefix in known if prefix in path), "")
        references = known.get(key, [""])
        out += [path.replace("{reference}", reference) if reference else path for reference in references]
    return out


LEADS_TO = re.compile(
    r"|/|/(?:cases/C-[0-9a-f]{16}(?:/grade|/order)?|must-see/E-[0-9a-f]{16}\?case=C-[0-9a-f]{16})|/triage/next"
)
"""Where an answer may lead to: a reference, which is random, and no number of any order."""


class Order:
    """What says the place of each relationship of a list: how a page or an answer would say it."""

    def __init__(self, desk: Desk) -> None:
        self.view = desk.view()
        self.rows = {row["relationship_id"]: row for row in self.view.listed.rows.to_pylist()}
        self.reference = {number: f"R-{number:016x}" for number in self.rows}
        # The sentences of the panel are of records, and a page of records may say the same: what is searched for is
        # the sum, its parts, and the words that only an order has.
        self.numbers = {
            number: {repr(row["score"]), *(repr(reason["contribution"]) for reason in row["reasons"] or ())}
            for number, row in self.rows.items()
        }

    def said_in(self, body: str, headers: str, held: set[int]) -> list[str]:
        """What a body says of the places of relationships whose places may not be shown."""
        found = [word for word in ONLY_OF_AN_ORDER if re.search(word, body)] if held == set(self.rows) else []
        for number in held:
            row, reference = self.rows[number], self.reference[number]
            found += [
                f"{reference} score {value}" for value in self.numbers[number] if len(value) > 4 and value in body
            ]
            near = [body[at.start() - 300 : at.end() + 1500] for at in re.finditer(reference, body)]
            for text in near:
                if re.search(rf'"rank": ?{row["rank"]}\b', text.split(reference)[0][-300:]):
                    found.append(f"{reference} rank {row['rank']}")
            if re.search(rf"Ranked {row['rank']} of", body) and len(held) == len(self.rows):
                found.append(f"{reference} in words")
        return found + [name for name in ("etag", "x-rank") if name in headers.lower()]


ONLY_OF_AN_ORDER = (
    r"Ranked \d",
    r"\d(?:st|nd|rd|th) of \d",
    r"govuk-tag[^>]*>\s*For review",
    r"Next in order",
    r"Beyond today's capacity",
    r"Up \d+ place",
    r"Down \d+ place",
    r"Same rank",
    r"New on the list",
    r"desk-rank",
    r'"score": ?-?\d',
    r'"contribution": ?-?\d',
    r'"rank": ?[1-9]',
    r'"band": ?"(?:review|next|beyond)"',
    r"What the rule counts",
    r"Why it is placed here</h3>",
)
"""What a page or an answer can only say that has read a place."""


@pytest.mark.parametrize(("ranking", "role"), [("rule", "reviewer"), ("model", "supervisor"), ("model", "analyst")])
def test_no_address_says_a_place_before_any_grade(open_desk, rule_var, model_var, role: str, ranking: str) -> None:
    desk = open_desk(rule_var if ranking == "rule" else model_var)
    order, client = Order(desk), client_of(desk, role)
    everything = set(order.rows)
    opened = 0
    for address in addresses(desk):
        answer = client.get(address)
        if answer.status_code == 200:
            opened += 1
        headers = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
        assert order.said_in(answer.text, headers, everything) == [], address
        assert LEADS_TO.fullmatch(answer.headers.get("location", "")), address
    assert opened > 30
    for entry in details(desk):
        assert not re.search(r'"rank|"score":|"band|"reasons', entry), entry


def details(desk: Desk) -> list[str]:
    """The details of every entry of the audit log."""
    with desk.engine.connect() as connection:
        return [row[0] for row in connection.exec_driver_sql("SELECT detail FROM audit_entries")]


def test_a_grade_shows_one_place_and_no_other(open_desk, model_var) -> None:
    desk = open_desk(model_var)
    client = client_of(desk)
    grader, order = Grader(client), Order(desk)
    case = waiting_cases(client)[0]
    graded = number_of(desk, case)
    before = client.get(f"/relationships/{order.reference[graded]}").text
    assert "first the records and your own grade, then the order" in before
    saved = grader.grade(case)
    assert (saved.status_code, saved.headers["location"]) == (303, f"/cases/{case}/order")
    page = client.get(f"/cases/{case}/order")
    row = order.rows[graded]
    assert f"The order had it <strong>{row['rank']}" in page.text
    assert "You: <strong>Look closer</strong>" in page.text
    assert f"Ranked {row['rank']} of 10" in client.get(f"/relationships/{order.reference[graded]}").text
    queue = client.get("/api/v1/queue").json()
    assert [(each["relationship"], each["rank"]) for each in queue["rows"]] == [(order.reference[graded], row["rank"])]
    others = set(order.rows) - {graded}
    for number in others:
        answer = client.get(f"/api/v1/relationships/{order.reference[number]}").json()
        assert answer["standing"] == {
            "kind": "not_shown",
            "because": "ungraded",
            "sentence": answer["standing"]["sentence"],
        }
        assert order.said_in(client.get(f"/relationships/{order.reference[number]}").text, "", {number}) == []
    acts = history_of(desk, case)
    assert acts.index("grade") < acts.index("reveal")


def number_of(desk: Desk, case: str) -> int:
    """The relationship of a case."""
    with desk.engine.connect() as connection:
        return connection.exec_driver_sql(f"SELECT relationship FROM cases WHERE id = '{case}'").scalar_one()


def history_of(desk: Desk, case: str) -> list[str]:
    """The acts on a case, in the order they were written."""
    with desk.engine.connect() as connection:
        rows = connection.exec_driver_sql(f"SELECT act FROM acts WHERE case_id = '{case}' ORDER BY audit")
        return [row[0] for row in rows]


def test_the_same_page_says_a_place_to_nobody_while_another_referral_waits(open_desk, rule_var) -> None:
    """A graded case that comes back is closed again until its new grade: who grades it anew has not seen the order."""
    desk = open_desk(rule_var)
    client = client_of(desk)
    grader = Grader(client)
    case = grader.case_of(REFERENCE["G06"])
    grader.grade(case, "keep_in_view")
    client.get(f"/cases/{case}/order")
    assert "Ranked 6 of 10" in client.get(f"/relationships/{REFERENCE['G06']}").text
    assert grader.case_of(REFERENCE["G06"]) == case
    assert "Ranked" not in client.get(f"/relationships/{REFERENCE['G06']}").text
    assert client.get(f"/relationships/{REFERENCE['G06']}/sum").status_code == 404


def test_whoever_graded_reads_the_place_first_where_it_is_written_that_they_did(open_desk, rule_var) -> None:
    """Elsewhere they could read it and correct their grade as one given without the order."""
    desk = open_desk(rule_var)
    client, colleague = client_of(desk), client_of(desk, None)
    sign_in(colleague, "rob")
    grader, page = Grader(client), f"/relationships/{REFERENCE['G06']}"
    case = grader.case_of(REFERENCE["G06"])
    grader.grade(case, "keep_in_view")
    assert "Ranked" not in client.get(page).text
    assert client.get("/api/v1/queue").json()["rows"] == []
    assert client.get(f"/api/v1{page}").json()["standing"]["kind"] == "not_shown"
    assert f"/cases/{case}/order" in client.get("/").text
    # A colleague's reading changes no grade.
    assert "Ranked 6 of 10" in colleague.get(page).text
    assert "reveal" not in history_of(desk, case)
    assert client.get(f"/cases/{case}/order").status_code == 200
    assert history_of(desk, case)[-1] == "reveal"
    assert "Ranked 6 of 10" in client.get(page).text
    assert client.get(f"/cases/{case}/grade?correct=yes").status_code != 200


def test_a_sealed_case_shows_nothing_before_or_after_its_grade(open_desk, rule_var, monkeypatch) -> None:
    monkeypatch.setattr(Sealer, "sealed", lambda *_: True)
    desk = open_desk(rule_var)
    client = client_of(desk)
    grader, order = Grader(client), Order(desk)
    case = waiting_cases(client)[0]
    graded = number_of(desk, case)
    assert "ealed" not in client.get(f"/relationships/{order.reference[graded]}").text
    saved = grader.grade(case)
    assert saved.headers["location"] == f"/cases/{case}"
    assert client.get(f"/cases/{case}/order").headers["location"] == f"/cases/{case}"
    page = client.get(f"/relationships/{order.reference[graded]}").text
    assert "Nothing of the order is shown of this relationship on this list." in page
    assert order.said_in(page, "", {graded}) == []
    assert client.get(f"/relationships/{order.reference[graded]}/sum").status_code == 404
    standing = client.get(f"/api/v1/relationships/{order.reference[graded]}").json()["standing"]
    assert (standing["kind"], standing["because"]) == ("not_shown", "sealed")
    assert client.get("/api/v1/queue").json()["rows"] == []
    assert "1 case graded this week is sealed: nothing of the order is shown." in client.get("/").text
    assert "reveal" not in history_of(desk, case)


def test_a_grade_of_before_a_list_shows_no_place_on_it(open_desk, golden_store, tmp_path) -> None:
    """Who grades the case again has not seen the order of the new list either."""
    listed = ListOptions(capacity=3, publish=True)
    make_list(golden_store, tmp_path, golden.AS_OF - 7 * DAY, listed, started_at=NOW)
    moment = [NOW]
    desk = open_desk(tmp_path, clock=lambda: moment[0], database_path=None)
    client = client_of(desk)
    grader = Grader(client)
    page = f"/relationships/{REFERENCE['G06']}"
    case = grader.case_of(REFERENCE["G06"])
    grader.grade(case, "keep_in_view")
    client.get(f"/cases/{case}/order")
    assert "Ranked " in client.get(page).text
    make_list(golden_store, tmp_path, golden.AS_OF, listed, started_at=NOW)
    moment[0] = NOW + 60
    assert "Ranked " not in client.get(page).text
    assert "first the records and your own grade" in client.get(f"/cases/{case}").text
    assert client.get(f"/cases/{case}/order").headers["location"] == f"/cases/{case}"
    assert client.get("/").status_code == 200


READS_A_PLACE = re.compile(
    r"listed\.row\(|row_at\(|rank_by_relationship|\.panel\(|\.explained\(|\[\"(?:rank|score|band)\"\]"
)
MAY_READ = {
    "places.py": "asks what people graded before it gives a row",
    "list_view.py": "the list itself",
    "answered.py": "says a row that it is given",
    "case/view.py": "the standing, of a row from places.py",
    "case/pages.py": "the whole sum, of a row from places.py",
    "cases/place.py": "a sentence, of a row from places.py",
    "queue/rows.py": "rows at positions that places.py gives",
    "queue/shown.py": "rows at positions that places.py gives",
}
"""Files of the desk that read a rank, a score, a band or a panel, each with why it may."""


def test_a_place_is_read_in_these_files_of_the_desk_alone() -> None:
    desk = Path(app.__file__).parent
    reads = {
        str(path.relative_to(desk))
        for path in desk.rglob("*.py")
        if READS_A_PLACE.search(path.read_text(encoding="utf-8"))
    }
    assert reads == set(MAY_READ)
