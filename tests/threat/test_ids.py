"""Ids: the same for the same fields on any machine, and as people read and type them."""

from __future__ import annotations

import pytest

from threat.errors import UsageError
from threat.ids import make_id, parse_id, show_id


def test_ids_hash_fields_and_ordinal() -> None:
    first = make_id("rms", "A1", None)
    assert first == make_id("rms", "A1", None)
    assert len({first, make_id("rms", "A1", ""), make_id("rms", "A1", None, ordinal=1), make_id("rmsA1", None)}) == 4
    assert 0 <= first < 1 << 63
    assert parse_id(show_id("R", first)) == first


@pytest.mark.parametrize(
    "text", ["", "R-12", "P-0123456789abcdef", "R-0123456789abcdeg", "0123456789abcdef", "R-8000000000000000"]
)
def test_a_bad_reference_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="16 hexadecimal digits"):
        parse_id(text)
