"""What a kind is called in running text: every kind and code of the vocabulary has its words."""

from __future__ import annotations

import re

import pytest

from serving.relationship.kind_words import ANSWERS, ITEM, kind_words, said, several
from threat.vocabulary import Kind, kinds

KINDS = list(kinds().values())


def _codes(kind: Kind) -> tuple[str, ...]:
    """Return the codes that need words of their own: an answer is said by ``ANSWERS``."""
    return tuple(code for code in kind.codes if not (kind.name.startswith(ITEM) and code in ANSWERS))


def test_every_kind_and_code_of_the_vocabulary_has_words_and_nothing_else_has() -> None:
    wanted = {(kind.name, code) for kind in KINDS for code in ("", *_codes(kind))}
    assert set(kind_words()) == wanted
    assert {code for kind in KINDS if kind.name.startswith(ITEM) for code in kind.codes} == set(ANSWERS)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_words_fit_into_a_sentence(kind: Kind) -> None:
    for code in ("", *kind.codes):
        words, many = said(kind.name, code), several(kind.name, code, 1200)
        for text in (words, many):
            assert text == " ".join(text.split())
            assert not re.search(r"[{}]|\.$", text)
            assert text[0].islower() or text[0].isdigit()
            assert "low" not in re.findall(r"\w+", text)
        assert "1,200" in many
        assert several(kind.name, code, 1) == words


def test_two_codes_of_a_kind_never_read_as_a_graver_one() -> None:
    assert said("weapon_used", "other") == said("weapon_used") == "weapon used"
    assert said("weapon_threatened", "knife") == "threat with a knife"
    assert said("risk_grade", "standard") == "graded standard by an officer"


def test_a_code_that_a_source_made_up_reads_as_the_kind() -> None:
    assert said("charge", "s39") == "charge"
    assert said("weapon_used", None) == "weapon used"


def test_a_question_without_an_answer_is_never_said_as_a_no() -> None:
    words = {code: said("item_strangled", code) for code in ANSWERS}
    assert len(set(words.values())) == len(ANSWERS)
    assert [code for code, text in words.items() if text.startswith("answered no")] == ["no"]
    assert several("item_strangled", "refused", 2) == "not answered (refused) 2 times: strangled or choked"


def test_a_kind_that_is_not_in_the_vocabulary_is_refused() -> None:
    with pytest.raises(KeyError):
        said("strangulaton")
