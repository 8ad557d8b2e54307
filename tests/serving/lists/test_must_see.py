"""Must-see items: the drawn tables of ``tests/spec/must_see``, and the kinds that the vocabulary marks."""

from __future__ import annotations

import pytest
from fixtures.must_see_tables import MustSeeSpec, read_must_see

from serving.lists.must_see import must_see_kinds


@pytest.mark.parametrize("spec", read_must_see(), ids=lambda spec: spec.title)
def test_the_drawn_items(spec: MustSeeSpec) -> None:
    assert spec.items() == spec.expected
    if spec.expected_shown:
        assert spec.shown() == spec.expected_shown


def test_the_vocabulary_marks_what_the_unit_must_see() -> None:
    assert {
        "non_fatal_strangulation",
        "threat_to_kill",
        "weapon_used",
        "firearm_used",
        "breach_non_molestation",
        "release",
        "suicidal_ideation",
        "suicide_attempt",
    } <= must_see_kinds()
