"""Same-sex couples, drawn as a table."""

from __future__ import annotations

import pandas as pd
import pytest

from fairness.groups.couples import same_sex

KNOWN = ("F", "M", "ex_partner")
"""A couple with both sexes recorded: without any, the history cannot divide at all."""


@pytest.mark.parametrize(
    ("first", "second", "kind", "group"),
    [
        ("F", "F", "current_partner", "same-sex couple"),
        ("M", "M", "ex_partner", "same-sex couple"),
        ("F", "M", "ex_partner", "different-sex couple"),
        ("F", None, "ex_partner", None),
        (None, None, "current_partner", None),
        ("F", "F", "parent", "family"),
        (None, "M", "sibling", "family"),
        ("F", "M", None, None),
    ],
)
def test_couples(first: str | None, second: str | None, kind: str | None, group: str | None) -> None:
    columns = [pd.Series(list(pair), dtype=object) for pair in zip(KNOWN, (first, second, kind), strict=True)]
    codes = same_sex(*columns)
    assert codes[0] == "different-sex couple"
    assert (None if pd.isna(codes[1]) else codes[1]) == group


def test_without_any_couple_of_recorded_sexes_nothing_is_divided() -> None:
    columns = (pd.Series(["F", None]), pd.Series([None, "M"]), pd.Series(["ex_partner", "parent"]))
    assert same_sex(*columns).isna().all()
