"""No subtraction from a known total gives a small count of a table away."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from threat.measuring.counts import hidden


@given(st.lists(st.integers(0, 60), min_size=1, max_size=9))
def test_what_is_hidden_cannot_be_had_by_subtraction(counts: list[int]) -> None:
    withheld = hidden(counts)
    assert all(hide for count, hide in zip(counts, withheld, strict=True) if 0 < count < 10)
    unsaid = [count for count, hide in zip(counts, withheld, strict=True) if hide]
    if any(count >= 10 for count in counts):
        assert not unsaid or sum(unsaid) >= 10
        assert len(unsaid) != 1
    assert 0 not in unsaid
    # Nothing is hidden without need.
    assert sum(count >= 10 for count in unsaid) <= 1
    if all(count == 0 or count >= 10 for count in counts):
        assert not unsaid
