"""Which case comes next: by clock or a keyed hash, never by rank; capped, rotated; and the prompt of facts."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from fixtures.desk_browser import NOW, client_of
from fixtures.golden_lists import REFERENCE
from fixtures.graded import Grader, facts_in, form_in
from fixtures.state_cases import named_case
from hypothesis import given
from hypothesis import strategies as st

from serving.casework.policy import Sitting
from serving.casework.views import CaseWaiting
from serving.desk.service import Desk
from serving.desk.triage import sitting
from serving.desk.triage.prompt import LEAST, prompt_of
from serving.desk.triage.shuffled import in_order
from threat.ids import parse_id

CASES = st.lists(
    st.builds(
        CaseWaiting,
        id=st.integers(0, 50).map(lambda n: f"C-{n:016x}"),
        relationship=st.integers(1, 9),
        state=st.just("waiting"),
        version=st.just(1),
        kinds=st.sampled_from([("list",), ("officer",), ("must_see",), ("list", "must_see")]),
        arrived_at=st.integers(0, 9),
        due_at=st.integers(0, 9),
        due_rule=st.just("grade_referral"),
        owner=st.none(),
        grade_now=st.none(),
    ),
    unique_by=lambda case: case.id,
    max_size=20,
)


@given(CASES, st.randoms(use_true_random=False), st.booleans())
def test_the_order_of_a_sitting_depends_on_nothing_but_clocks_and_the_hash(cases, random, tired: bool) -> None:
    def place(case_id: str) -> str:
        return f"{hash((case_id, 'key'))}"

    def hard(case: CaseWaiting) -> bool:
        return case.relationship > 5

    ordered = in_order(cases, place, hard, tired=tired)
    shuffled = list(cases)
    random.shuffle(shuffled)
    assert in_order(shuffled, place, hard, tired=tired) == ordered
    assert sorted(case.id for case in ordered) == sorted(case.id for case in cases)
    if tired:
        assert [hard(case) for case in ordered] == sorted(hard(case) for case in ordered)
    else:
        late = [case for case in ordered if "must_see" in case.kinds]
        assert ordered[: len(late)] == late
        assert all(first.due_at <= second.due_at for first, second in pairwise(late))
        others = ordered[len(late) :]
        assert [place(case.id) for case in others] == sorted(place(case.id) for case in others)


@pytest.fixture
def grader(desk: Desk) -> Grader:
    return Grader(client_of(desk))


def limited(desk: Desk, monkeypatch: pytest.MonkeyPatch, **limits: int) -> None:
    """Let a sitting of a desk have as many cases as ``limits`` say."""
    policy = desk.casework.clocks.policy
    section = policy.section.model_copy(update={"sitting": Sitting(**limits)})
    clocks = replace(desk.casework.clocks, policy=replace(policy, section=section))
    monkeypatch.setattr(desk, "casework", replace(desk.casework, clocks=clocks))


def test_a_sitting_ends_after_as_many_cases_as_the_policy_allows(desk: Desk, grader: Grader, monkeypatch) -> None:
    limited(desk, monkeypatch, cases_at_most=1, strangulation_at_most=1)
    for name in ("G06", "G07"):
        grader.case_of(REFERENCE[name])
    grader.sit()
    case = grader.client.get("/triage/next").headers["location"].split("/")[2]
    grader.grade(case)
    page = grader.client.get("/triage/next").text
    assert "Enough for one sitting" in page
    assert "You have graded 1 case, as many as one sitting has. 2 cases still wait" in page


def test_who_has_read_many_such_files_is_given_others_first_and_told(desk: Desk, grader: Grader, monkeypatch) -> None:
    limited(desk, monkeypatch, cases_at_most=25, strangulation_at_most=1)
    strangled = grader.case_of(REFERENCE["G03"])  # with strangulation on record, as G01 has
    grader.sit()
    grader.grade(named_case(desk, "G01"))
    others = [grader.case_of(REFERENCE[name]) for name in ("G06", "G07")]
    page = grader.client.get(grader.client.get("/triage/next").headers["location"]).text
    assert "You have read 1 file with strangulation in it today, so others come first." in page
    served = []
    for _ in range(2):
        case = grader.client.get("/triage/next").headers["location"].split("/")[2]
        served.append(case)
        grader.grade(case)
    assert sorted(served) == sorted(others)
    assert grader.client.get("/triage/next").headers["location"] == f"/cases/{strangled}/grade"


def test_who_else_is_sitting_is_said_at_the_start(desk: Desk, grader: Grader) -> None:
    assert "Nobody else" in grader.client.get("/triage").text
    other = Grader(client_of(desk, "supervisor"))
    other.sit()
    assert "Sue Supervisor" in grader.client.get("/triage").text


def test_the_prompt_counts_the_unit_s_own_grades_from_ten_relationships_on(desk: Desk) -> None:
    view = desk.view()
    case = parse_id(REFERENCE["G01"])
    with_it = [number for number in view.in_force.relationship_id.tolist() if number != case]
    known = sitting.on_record(view, {case, *with_it})
    name, title = next(iter(known[case].items()))
    graded = {}
    for n, number in enumerate(with_it[:LEAST]):
        known[number] = {name: title}  # what the records of a small force cannot hold
        graded[number] = "act_today" if n < 4 else "keep_in_view"
    assert prompt_of(view, case, dict(list(graded.items())[: LEAST - 1])) == ""
    assert prompt_of(view, case, graded) == (
        f"{title} is on record. In the last three months the unit graded 10 other relationships with it, before any "
        "order was shown: 4 got Act today or Look closer, 6 did not."
    )


@pytest.mark.parametrize("forged", ["", "7.aa", "no", "1735779600.0000"])
def test_the_seconds_on_a_case_are_measured_by_the_desk_alone(desk: Desk, grader: Grader, monkeypatch, forged) -> None:
    case = grader.case_of(REFERENCE["G06"])
    page = f"/cases/{case}/grade"
    text = grader.client.get(page).text
    monkeypatch.setattr(desk, "clock", lambda: NOW + 95)
    forged_field = {"opened": forged} if forged else {}
    address, sent = form_in(text, page)
    answer = grader.client.post(address, data={**sent, **forged_field, "grade": "act_today", "fact": facts_in(text)[0]})
    assert answer.status_code == 303
    with desk.engine.connect() as connection:
        seconds = connection.exec_driver_sql("SELECT seconds FROM grades").scalar_one()
    assert seconds == (None if forged else 95)
