"""One word for one thing: every code that a page prints has its title in the table it belongs to."""

from __future__ import annotations

from typing import get_args

from fairness.policy import load_policy
from serving.desk.responses.answer import Band
from threat.characteristics import PARTY_TITLES, title_of, titles
from threat.history.schema import RELATIONSHIP_KIND_TITLES, RELATIONSHIP_KINDS, REPORTED_BY, REPORTER_TITLES
from threat.lists import BAND_TITLES


def test_a_characteristic_is_named_with_its_party() -> None:
    assert title_of("age_band", "subject") == "age of the subject (alleged)"
    assert title_of("kind", "relationship") == "kind of relationship"
    assert title_of("postcode_area", "column") == "postcode_area"
    assert title_of("postcode_area", "person_at_risk") == "postcode_area of the person at risk"


def test_what_the_fairness_policy_gates_has_a_title() -> None:
    gate = load_policy().gate
    assert {item.characteristic for item in gate} <= set(titles())
    assert {str(item.party) for item in gate} <= set(PARTY_TITLES)


def test_codes_in_arrays_keep_their_order() -> None:
    assert tuple(REPORTER_TITLES) == REPORTED_BY
    assert REPORTED_BY == ("unknown", "person_at_risk", "subject", "third_party", "police", "agency")
    assert RELATIONSHIP_KINDS == (
        "current_partner", "ex_partner", "parent", "child", "sibling", "other_family", "unknown", "not_related",
    )  # fmt: skip
    assert RELATIONSHIP_KIND_TITLES["ex_partner"] == "Former partner"


def test_every_band_of_a_list_has_a_title() -> None:
    assert tuple(BAND_TITLES) == get_args(Band)
