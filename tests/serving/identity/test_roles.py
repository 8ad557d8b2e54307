"""Roles: what each may do, in words, and what a person may do who holds several."""

from __future__ import annotations

import pytest

from serving.identity.person import Person
from serving.identity.roles import PERMISSIONS, ROLES, permissions_of

RULES = {
    "no role that reads cases says who may sign in": lambda may: not {"see_cases", "change_people"} <= may,
    "who reads names reads cases": lambda may: "see_names" not in may or "see_cases" in may,
    "who changes people sees them": lambda may: "change_people" not in may or "see_people" in may,
}


@pytest.mark.parametrize("rule", RULES)
def test_every_role_keeps_the_rules(rule: str) -> None:
    assert [name for name, role in ROLES.items() if not RULES[rule](role.may)] == []


def test_every_permission_is_of_a_role_and_has_words() -> None:
    assert permissions_of(ROLES) == set(PERMISSIONS)
    assert all(PERMISSIONS.values())
    assert all(role.title and role.does.endswith(".") for role in ROLES.values())


def test_a_person_of_two_roles_may_do_what_either_may() -> None:
    person = Person("U-0000000000000001", "i", "s", "Ann", frozenset({"analyst", "governance"}))
    assert person.may("see_cases")
    assert person.may("see_governance")
    assert not person.may("see_names")
    assert person.roles_in_words == "analyst, governance"
    assert person.who == "U-0000000000000001 Ann"


def test_who_has_no_role_may_nothing() -> None:
    person = Person("U-0000000000000001", "i", "s", "Ann", frozenset(), authority="superintendent")
    assert person.roles_in_words == "no role"
    assert not any(person.may(permission) for permission in PERMISSIONS)
