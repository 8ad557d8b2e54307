"""The kinds of events: well formed, and a helping word for a misspelt one."""

from __future__ import annotations

import pytest

from threat.errors import UsageError
from threat.vocabulary import kind, kinds, themes


def test_vocabulary_is_well_formed() -> None:
    all_kinds = kinds()
    assert [k.number for k in all_kinds.values()] == list(range(len(all_kinds)))
    assert sum(len(names) for names in themes().values()) == len(all_kinds)
    assert {k.name for k in all_kinds.values() if k.known_in_advance} == {
        "release",
        "bail_end",
        "licence_end",
        "order_expiry",
    }
    assert all(k.title and k.theme for k in all_kinds.values())


def test_an_unknown_kind_names_near_ones() -> None:
    with pytest.raises(UsageError) as caught:
        kind("non_fatal_strangulaton")
    assert "did you mean non_fatal_strangulation" in str(caught.value)
