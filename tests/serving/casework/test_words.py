"""The codes of casework: closed, in words that may be shown, and never taken out."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import get_args

import pytest
import yaml
from fixtures.page_text import begun_wrongly, wrong_words

from serving.casework.words import VocabularyName, code, code_to_write, read_words, title, vocabulary, words
from threat.errors import UsageError

TEXT = files("serving.casework").joinpath("words.yaml").read_text(encoding="utf-8")
EVER_SHIPPED = Path(__file__).with_name("codes_ever_shipped.txt")


def ever_shipped() -> list[str]:
    return [line for line in EVER_SHIPPED.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]


def duplicate_keys(text: str) -> list[str]:
    """Return the keys that a mapping of a YAML text has twice: a loader keeps the last and says nothing."""
    out: list[str] = []
    nodes = [yaml.compose(text)]
    while nodes:
        node = nodes.pop()
        if isinstance(node, yaml.MappingNode):
            keys = [key.value for key, _ in node.value]
            out += [key for key in keys if keys.count(key) > 1]
            nodes += [value for _, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            nodes += node.value
    return out


def test_no_code_that_was_ever_shipped_is_missing_and_every_new_one_is_written_down() -> None:
    shipped = ever_shipped()
    now = [f"{name}.{key}" for name, each in words().vocabularies.items() for key in each.codes]
    assert sorted(shipped) == sorted(set(now))


def test_every_vocabulary_that_code_names_is_there_and_none_is_declared_twice() -> None:
    assert set(words().vocabularies) == set(get_args(VocabularyName))
    assert duplicate_keys(TEXT) == []
    assert duplicate_keys("a: {b: 1, b: 2}") == ["b", "b"]


def test_no_title_and_no_meaning_says_what_pages_may_not_say() -> None:
    for each in words().vocabularies.values():
        said = [each.title, each.meaning, *(t for c in each.codes.values() for t in (c.title, c.meaning))]
        assert wrong_words(said) == []
        assert begun_wrongly(said) == []


def test_the_words_of_the_first_screens() -> None:
    grades = {name: each.title for name, each in vocabulary("grade").in_use().items()}
    assert grades == {
        "act_today": "Act today",
        "look_closer": "Look closer",
        "keep_in_view": "Keep in view",
        "cannot_yet": "Cannot grade yet",
    }
    assert len(vocabulary("grade_reason").codes) == 6
    assert code("grade", "cannot_yet").requires == ("missing", "due")
    needs_note = {name for name, each in vocabulary("sight_result").codes.items() if "note" in each.requires}
    assert needs_note == {"not_this_relationship", "duplicate"}
    assert title("threat_level", "not_shown") == "Not shown by what we hold"


def test_a_word_that_is_no_code_names_near_ones() -> None:
    with pytest.raises(UsageError) as caught:
        code("grade", "act_todya")
    assert str(caught.value) == (
        "Not a code of grade.\n  found: act_todya\n  where: serving/casework/words.yaml: grade\n"
        "  do: did you mean act_today?"
    )
    with pytest.raises(UsageError, match="one of high, moderate, limited"):
        code("confidence", "")


def test_a_retired_code_keeps_its_title_and_is_no_longer_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    text = TEXT.replace("{title: Look closer,", "{title: Look closer, retired: 2027-01-04,")
    retired = read_words(text)
    monkeypatch.setattr("serving.casework.words.words", lambda: retired)
    assert title("grade", "look_closer") == "Look closer"
    assert list(vocabulary("grade").in_use()) == ["act_today", "keep_in_view", "cannot_yet"]
    with pytest.raises(UsageError, match=r"The code is retired\.\n  found: look_closer"):
        code_to_write("grade", "look_closer")
    assert code_to_write("grade", "act_today").in_use


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("title: Act today", "title: act today", "vocabularies.grade.codes.act_today.title"),
        ("requires: [missing, due]", "requires: [missing, dew]", "vocabularies.grade.codes.cannot_yet.requires.1"),
        ("title: Act today", "titel: Act today", "vocabularies.grade.codes.act_today.titel"),
        ("title: Look closer", "title: Act today", "grade: the title 'Act today' is there twice"),
        ("title: Keep in view", "title: Risk score", "grade.keep_in_view: the text says what may not be said: score"),
        ("  grade_reason:", "  grade_reasons:", "vocabularies.grade_reasons.[key]"),
        ("version: 1", "version: 0", "serving/casework/words.yaml: version"),
    ],
)
def test_a_wrong_line_is_found_with_its_place(before: str, after: str, problem: str) -> None:
    assert before in TEXT
    with pytest.raises(UsageError) as caught:
        read_words(TEXT.replace(before, after, 1))
    assert problem in str(caught.value)


def test_every_problem_is_said_at_once() -> None:
    text = TEXT.replace("title: Act today", "title: act today").replace("title: Look closer", "titel: Look closer")
    with pytest.raises(UsageError, match=r"^3 problems:"):
        read_words(text)
