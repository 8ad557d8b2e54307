"""Roles, and what each may do: the table ``roles.yaml``, and the names of both for what asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from threat.yaml_text import read_shipped

RoleName = Literal["reviewer", "supervisor", "analyst", "governance", "admin"]
Permission = Literal[
    "see_cases",
    "see_names",
    "see_safe_contact",
    "supervise",
    "see_card",
    "see_governance",
    "see_log",
    "see_people",
    "change_people",
]


@dataclass(frozen=True, slots=True)
class Role:
    """A role of the desk: its ``title``, what it ``does`` in a sentence, and what it ``may``."""

    name: RoleName
    title: str
    does: str
    may: frozenset[Permission]


def _read() -> tuple[dict[RoleName, Role], dict[Permission, str]]:
    table = read_shipped("serving.identity", "roles.yaml")
    permissions, rows = table["permissions"], table["roles"]
    named = {permission for row in rows.values() for permission in row["may"]}
    # The names are in the code as well, so that a check of a permission that there is not is found before it runs.
    for said, names, what in (
        (rows, get_args(RoleName), "roles"),
        (permissions, get_args(Permission), "permissions"),
        (named, get_args(Permission), "permissions that a role has"),
    ):
        if set(said) != set(names):
            raise ValueError(f"roles.yaml and serving/identity/roles.py name other {what}: {set(said) ^ set(names)}")
    return {
        name: Role(name, row["title"], row["does"], frozenset(row["may"])) for name, row in rows.items()
    }, permissions


_TABLE = _read()
ROLES: Mapping[RoleName, Role] = _TABLE[0]
"""The roles by name, in the order in which a person's roles are said."""

PERMISSIONS: Mapping[Permission, str] = _TABLE[1]
"""What may be done, in words."""


def in_words(roles: Iterable[RoleName]) -> str:
    """Return roles as the audit log and the pages say them, in the order of the table.

    >>> in_words({"admin", "reviewer"}), in_words([])
    ('reviewer, admin', 'no role')
    """
    chosen = set(roles)
    return ", ".join(name for name in ROLES if name in chosen) or "no role"


def permissions_of(roles: Iterable[RoleName]) -> frozenset[Permission]:
    """Return what somebody with these roles may do.

    >>> sorted(permissions_of(["analyst", "admin"]))
    ['change_people', 'see_card', 'see_cases', 'see_log', 'see_people']
    """
    return frozenset(permission for role in roles for permission in ROLES[role].may)
