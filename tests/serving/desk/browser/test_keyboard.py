"""Without a mouse: Tab reaches every control in reading order, its focus is seen, and every form can be sent."""

from __future__ import annotations

import re

from fixtures.browser import Window, reachable, walk
from fixtures.desk_states import RANKED
from fixtures.golden_force import person_id
from fixtures.golden_lists import REFERENCE

from threat.ids import show_id

TOP = ["Skip to main content", "Threat assessment desk"]
FIND = ["Find a reference (R-, P- or E-)", "Find"]
REVIEWER = [*TOP, "Today", "Proposals", "Model card", "Sign out", *FIND]

GOVERNANCE = [*TOP, "What ranks now", "Model card", "Fairness", "Audit log", "People", "Sign out"]


def walked(window: Window, path: str) -> list[str]:
    """Names of the stops of a page. Fails where a focus is not seen or a control is left out."""
    answer = window.open(path)
    assert answer.status == 200
    assert window.page.locator("h1").count() == 1
    stops = walk(window.page)
    assert [stop.name for stop in stops if not stop.visible] == []
    names = [stop.name for stop in stops]
    assert sorted(names) == sorted(reachable(window.page))
    return names


def test_a_focus_that_is_not_drawn_is_noticed(window_on) -> None:
    page = window_on("rule").page
    page.set_content("<style>b:focus { outline: none }</style><b tabindex=0>Not drawn</b><button>Drawn</button>")
    assert [(stop.name, stop.visible) for stop in walk(page)] == [("Not drawn", False), ("Drawn", True)]


def test_the_sign_in(window_on) -> None:
    assert walked(window_on("rule"), "/sign-in") == [
        *TOP,
        "Rita Reviewer: reviewer",
        "Sign in",
    ]


def test_the_queue(window_on, desk_named) -> None:
    rows = desk_named("model")[0].view().listed.rows["relationship_id"].to_pylist()
    places = [link for number in rows for link in (show_id("R", number),)]
    stops = walked(window_on("model", "reviewer"), "/")
    assert stops == [
        *REVIEWER,
        *("Must see", "For triage", "For safeguarding", "Graded on this list", "How this list was made"),
        *stops[13:17],  # must see, in an order that two of one due time do not have
        *("Start a sitting", "Ask the unit to look at a relationship", "Filter and sort"),
        *places,
        *("What else this list can't tell you", "Who was considered, and who was left out"),
    ]
    assert {stop.partition(" of ")[0] for stop in stops[13:17]} == {
        REFERENCE["G01"],
        REFERENCE["G02"],
        "Say what you found",
    }


def test_a_relationship(window_on) -> None:
    stops = walked(window_on("rule", "reviewer"), RANKED)
    assert re.fullmatch(r"C-[0-9a-f]{16}", stops[9])
    assert stops == [
        *(*REVIEWER, "Back to Today", stops[9]),
        *(show_id("P", person_id(who)) for who in ("S01", "P01")),
        *("Why you see it", "Now", "Must see", "Markers", "Place in the order", "Why it is placed here"),
        *("Children, and others at risk", "What we don't know", "Incidents on record"),
        *("Open the safe contact", "Open the names"),
        "threat to kill 30 May; threat with a weapon 30 May; suicidal thoughts of the subject 28 May",  # why you see it
        *("Threat to kill", "Threatened with a weapon: knife", "Suicidal ideation"),  # new since the last list
        "Non-molestation order towards this person since 2 April 2024, until 2 April 2025.",
        "Threat to kill on 30 May 2024, recorded 2 days ago",
        "Threatened with a weapon on 30 May 2024, recorded 2 days ago",
        "Suicidal ideation on 28 May 2024, about the subject, recorded 4 days ago",
        *("strangulation, 20 Mar", "threat to kill, 30 May", "threat with a knife, 30 May", "harassment, 10 Sep 2023"),
        *("coercive control, 14 Feb", "separation, 25 Mar", "breach of a non-molestation order (contact), 10 May"),
        "suicidal thoughts, 28 May",
        *("threat to kill and threat with a knife 30 May", "breach of a non-molestation order (contact) 10 May"),
        *("strangulation and assault with injury 20 Mar", "coercive control 14 Feb"),
        *("Separation 25 Mar", "Suicidal thoughts 28 May"),
        "The whole sum",
        "Filter the incidents",
        *BACK_FROM_CARDS,
        *("To contact the person at risk", "In your words", "Open the safe contact"),
        *("Daily review by the unit", "In your words", "Open the names"),  # a group of radio buttons is one stop
        "What else this list can't tell you",
    ]


BACK_FROM_CARDS = [
    *("Must see", "Markers: Threat to kill", "What the rule counts", "Markers: Weapons", "Each record (2)"),
    *("Must see", "Markers: Suicidality", "On record: Suicidality"),
    *("Markers: Breach", "What the rule counts"),
    "Now: Orders and their ends",
    *("Markers: Separation", "On record: Separation"),
    *("Markers: Strangulation", "What the rule counts", "Each record (3)"),
    *("Markers: Coercive control", "What the rule counts"),
    "What the rule counts",
    *("Markers: Stalking", "What the rule counts"),
]
"""The links of each incident's card back to what names it, and what is folded in it, card by card."""


def test_the_model_card(window_on) -> None:
    assert walked(window_on("model", "governance"), "/model-card") == [*GOVERNANCE, "The same numbers as a table"]


def test_what_ranks_and_fairness(window_on) -> None:
    window = window_on("governed", "governance")
    assert walked(window, "/governance") == GOVERNANCE
    assert walked(window, "/fairness") == [*GOVERNANCE, "Religion or belief of the person at risk: not enough evidence"]


def test_the_audit_log(window_on) -> None:
    window = window_on("long log", "admin")
    top = [*TOP, "Audit log", "People", "Sign out"]
    assert walked(window, "/audit-log?page=2&last=120") == [
        *(*top, "Whether the log is whole", "Filter the entries"),
        *("Previous page", "Page 1", "Page 2", "Page 3", "Next page"),
    ]
    assert walked(window, "/audit-log?role=reviewer&last=120") == [
        *(*top, "Whether the log is whole", "Filter the entries", "Clear filters", "Remove this filter: Reviewer"),
        *("Role", "Operation", "Outcome", "Reference", "Session", "From", "To", "Show"),
        *("Page 1", "Page 2", "Next page"),
    ]


def test_the_tour(window_on) -> None:
    assert walked(window_on("tour", "reviewer"), "/tour") == [
        *(*TOP, "Today", "Proposals", "Model card", "Guided tour", "Sign out", *FIND, "Take the guided tour"),
        *("Open the relationship", "Open the model card"),
    ]


def test_the_skip_link_leads_past_the_navigation(window_on) -> None:
    window = window_on("model", "reviewer")
    window.open("/")
    page = window.page
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    assert page.evaluate("document.activeElement.innerText") == "Must see"


def test_signing_in_opening_names_and_signing_out(window_on) -> None:
    window = window_on("rule")
    page = window.page
    window.open("/sign-in")
    for key in ("Tab", "Tab", "Tab", "ArrowDown", "ArrowDown", "Tab", "Enter"):
        page.keyboard.press(key)
    page.wait_for_url(f"{window.address}/")
    assert page.locator("h1").inner_text() == "Today"
    assert "Signed in as Sue Supervisor, supervisor" in page.locator("header").inner_text()
    window.open(RANKED)
    assert "Sam Example" not in page.inner_text("main")
    page.locator("form[action*='/names'] [name=justification]").first.focus()
    for key in ("Space", "ArrowDown", "Tab"):
        page.keyboard.press(key)
    page.keyboard.type("Names for the visit plan")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Close the names").wait_for()
    assert page.url == f"{window.address}{RANKED}"
    assert "Sam Example" in page.inner_text("main")
    page.get_by_role("button", name="Close the names").press("Enter")
    page.get_by_role("button", name="Open the names").wait_for()
    assert "Sam Example" not in page.inner_text("main")
    page.get_by_role("button", name="Sign out").press("Enter")
    page.wait_for_url(f"{window.address}/sign-in")
    assert window.open("/").url == f"{window.address}/sign-in"


def test_an_error_leads_to_the_field_it_is_about(window_on) -> None:
    window = window_on("rule", "reviewer")
    window.open(RANKED)
    answer = window.send("form[action*='/names']", {"justification": "daily_review", "reason": "why"})
    assert answer.status == 422
    page = window.page
    assert page.title().startswith("Error: ")
    page.get_by_role("alert").get_by_role("link", name="Say why in 5 to 500 characters.").press("Enter")
    assert page.evaluate("document.activeElement.name") == "reason"
    assert page.input_value("form[action*='/names'] [name=reason]") == "why"
