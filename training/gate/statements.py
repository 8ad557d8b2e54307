"""Signed statements people make about one body of evidence: approvals, acceptances, documents, authorship.

Pure rules on who said what and until when. Signatures are verified elsewhere, before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Statement:
    """One signed statement about this evidence, its signature verified. ``by`` and ``role`` are the key's, not its own
    claim. ``kind``: approval, acceptance, document or authorship; ``body`` is what was signed.
    """

    kind: str
    by: str
    role: str
    environment: str
    body: Mapping[str, Any]


def person(name: str) -> str:
    """A name as it is compared: two spellings of one name are one person."""
    return " ".join(name.casefold().split())


def day(text: Any) -> date | None:
    """An ISO date, or None when it is not one."""
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None


def in_date(one: Statement, on: date, most_days: int) -> bool:
    """Given on or before ``on``, not yet expired, and never for longer than ``most_days``."""
    given, until = day(one.body.get("on")), day(one.body.get("expires"))
    return given is not None and until is not None and given <= on <= until and (until - given).days <= most_days


def matched(statements: Sequence[Statement], roles: tuple[str, ...]) -> bool:
    """True when distinct persons hold all the roles between them (roles are few, so by trying)."""
    if not roles:
        return True
    return any(
        matched([other for other in statements if person(other.by) != person(one.by)], roles[1:])
        for one in statements
        if one.role == roles[0]
    )


def acceptances(
    statements: Sequence[Statement], check: str, roles: tuple[str, ...], on: date, most_days: int
) -> list[Statement]:
    """Acceptances of a check that count: with a reason, in one of the roles that may, in date."""
    return [
        one
        for one in statements
        if one.kind == "acceptance"
        and one.body.get("check") == check
        and str(one.body.get("reason") or "").strip()
        and one.role in roles
        and in_date(one, on, most_days)
    ]
