"""The words of a reviewer's pages: nothing of ``words_not_said.csv``, and *safe* in fixed phrases alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from fixtures import golden_force as golden
from fixtures.desk_browser import STARTED_AT, client_of
from fixtures.desk_states import STATES, State
from fixtures.golden_lists import REFERENCE
from fixtures.page_text import PageText, answer_in, begun_wrongly, wrong_words
from fixtures.state_desks import GoldenFolders, opener_of

from features.rules import RULES
from serving.desk.service import Desk
from serving.desk.words import STEPS
from serving.lists.making import ListOptions, make_list

pytestmark = pytest.mark.usefixtures("every_place")

NOT_A_REVIEWERS = re.compile(r"/model-card|/audit-log|/governance|/fairness|/relationships/[^/]+/sum")
"""Pages about the model, the log and the arithmetic of the order: those who read them know their words."""

REVIEWERS = [state for state in STATES if not NOT_A_REVIEWERS.match(state.path)]


@pytest.fixture(scope="module")
def desk_named(
    golden_folders: GoldenFolders, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Desk]]:
    with ExitStack() as stack:
        yield opener_of(golden_folders, tmp_path_factory.mktemp("desks"), stack)


@pytest.mark.parametrize("state", REVIEWERS, ids=[state.name.replace(" ", "_") for state in REVIEWERS])
def test_a_reviewers_page_in_every_state(desk_named, state: State) -> None:
    answer = answer_in(state, desk_named(state.desk))
    page = PageText(answer.text)
    assert answer.status_code == state.status
    assert state.h1 in page.said
    assert wrong_words(page.said) == []
    assert begun_wrongly(page.said) == []


@pytest.mark.parametrize("ranking", ["rule", "model"])
@pytest.mark.parametrize("name", golden.KINDS)
def test_the_page_of_every_relationship(desk_named, ranking: str, name: str) -> None:
    answer = client_of(desk_named(ranking)).get(f"/relationships/{REFERENCE[name]}")
    assert answer.status_code == 200
    page = PageText(answer.text)
    assert wrong_words(page.said) == []
    assert begun_wrongly(page.said) == []


@pytest.mark.parametrize("rule", sorted(RULES))
def test_the_list_by_every_rule_and_its_first_relationship(open_desk, golden_store, tmp_path, rule: str) -> None:
    made = make_list(
        golden_store, tmp_path, golden.AS_OF, ListOptions(capacity=3, publish=True, rule=rule), started_at=STARTED_AT
    )
    client = client_of(open_desk(tmp_path))
    for path in ("/", f"/relationships/{REFERENCE['G01']}"):
        page = PageText(client.get(path).text)
        assert any(made.basis.ranking_title.lower() in text.lower() for text in page.said)
        assert wrong_words(page.said) == []


def test_a_word_that_may_not_be_said_is_found_in_text_and_in_attributes() -> None:
    html = (
        '<title>Scores</title><p>A <b>bund</b>le <span aria-label="the snapshot">of</span></p><style>fold</style>'
        '<img alt="safe now"><td data-label="Feature">Not a sign of safety</td><input type="submit" value="RUN">'
    )
    said = PageText(html).said
    found = ["scores", "snapshot", "bundle", "safe", "feature", "RUN"]
    assert [line.partition(":")[0] for line in wrong_words(said)] == found


def test_every_step_of_eligibility_has_a_title(desk) -> None:
    listing = client_of(desk).get("/api/v1/queue").json()["listing"]
    assert [step["step"] for step in listing["filters"]] == list(STEPS)
