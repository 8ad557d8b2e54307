"""Text in one form: what is always done to it, and that plain ASCII stays as it is."""

from __future__ import annotations

import unicodedata

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from threat.history.intake.texts import clean, clean_column


@settings(deadline=None)  # a busy machine is no fault
@given(st.text(max_size=30))
def test_clean_is_done_once_and_by_form(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    assert clean(unicodedata.normalize("NFD", text)) == clean(unicodedata.normalize("NFC", text))
    if text.isascii():
        assert clean(text) == text


@settings(deadline=None)  # a busy machine is no fault
@given(st.lists(st.none() | st.sampled_from(["Zo\u00eb", "Zoe\u0308", "a\u00a0b", "\u200b", "x", "\ufeffx", " x "])))
def test_a_column_is_cleaned_as_its_texts(texts: list[str | None]) -> None:
    column = pa.chunked_array([pa.array(texts, pa.string())])
    expected = [text if text is None else clean(text).strip() or None for text in texts]
    if all(text is None or text.isascii() for text in texts):
        expected = texts  # the reader of the file has trimmed it before
    assert clean_column(column).to_pylist() == expected
