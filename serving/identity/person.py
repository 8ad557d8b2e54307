"""A person who may sign in: who they are to the identity provider, what they may do, and with whose authority."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from serving.identity.roles import Permission, RoleName, in_words, permissions_of

Authority = Literal["none", "inspector", "superintendent"]
"""The rank whose authority a person can give, in rising order. It opens no page; acts of casework ask for it."""

AUTHORITIES: tuple[Authority, ...] = get_args(Authority)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the force. ``id``: ``U-`` and 16 hexadecimal digits, drawn, which says nothing of who it is.

    ``issuer`` and ``subject``: who they are to the identity provider; the pair never changes. ``shown``: the name on
    pages. ``unit``: empty for none. ``trained_until``: last day of their training; None where none is recorded.
    ``active``: False once their access has ended. ``version`` rises by one with each change.
    """

    id: str
    issuer: str
    subject: str
    shown: str
    roles: frozenset[RoleName]
    unit: str = ""
    authority: Authority = "none"
    trained_until: date | None = None
    active: bool = True
    version: int = 1

    def may(self, permission: Permission) -> bool:
        """Tell whether one of the roles has the permission."""
        return permission in permissions_of(self.roles)

    @property
    def who(self) -> str:
        """The person in the audit log: reference and name, as it was shown at that time."""
        return f"{self.id} {self.shown}"

    @property
    def roles_in_words(self) -> str:
        """The roles as the audit log and the pages say them."""
        return in_words(self.roles)
