"""The list of what a sentence for a reviewer may not say."""

from __future__ import annotations

from serving.relationship.kind_words import kind_words
from serving.relationship.words_not_said import not_to_be_said, words_not_said


def test_every_word_has_its_reason_and_is_recognized_in_a_sentence() -> None:
    for word, why in words_not_said().items():
        assert why
        assert word in not_to_be_said(f"Of its {word}, nothing")
    assert not_to_be_said("Separated; the flow of a run; lower; a featured themepark; folder") == []


def test_no_kind_is_called_by_such_a_word() -> None:
    for words in kind_words().values():
        assert not_to_be_said(" ".join(words)) == []
