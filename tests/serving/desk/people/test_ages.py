"""Ages in words: two ages where the birthday is not known, and the right one is always among them."""

from __future__ import annotations

import re
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from serving.desk.people.ages import age_in_words

DAYS = st.dates(date(1900, 1, 1), date(2024, 12, 30))


@given(born=DAYS, days=st.integers(0, 110 * 365))
def test_the_age_on_the_day_is_among_the_ages_said(born: date, days: int) -> None:
    on = born + timedelta(days=days)
    had_birthday = (on.month, on.day) >= (born.month, born.day)
    age = on.year - born.year - (not had_birthday)
    said = age_in_words(float(born.year), on.year)
    under = re.fullmatch(r"aged under (\d)", said)
    if under:
        assert age < int(under[1])
    else:
        assert str(age) in re.fullmatch(r"aged (\d+) or (\d+)", said).groups()  # type: ignore[union-attr]
