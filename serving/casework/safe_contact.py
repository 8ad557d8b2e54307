"""Safe contact: how a person at risk can be reached without the subject learning of it.

What is typed is in a table of its own, which no history, conflict, pack, print or log reads. It is of a person, and
opened only in cases in which this person is at risk: never where they are the subject (R3).
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from serving.casework.act import Act, Casework, Content, Done, Work, acting
from serving.casework.case import begin
from serving.casework.decision_tables import SAFE_CONTACT_TEXTS, SAFE_CONTACTS
from serving.casework.tables import ACTS
from serving.casework.words import code_to_write
from serving.storage import reading
from threat.errors import ThreatError, UsageError, raise_all

FIELDS = ("how", "when", "code_word", "why")
"""What is typed of a safe contact."""


@dataclass(frozen=True, slots=True)
class SafeContact:
    """A safe contact as somebody writes it down. ``person``: id of the person at risk of the case.

    ``state``: a code of ``safe_contact``. ``how`` and ``when`` to reach them, ``code_word`` where one was agreed;
    ``why`` where there is no way.
    """

    case_id: str
    person: int
    state: str
    how: str = ""
    when: str = ""
    code_word: str = ""
    why: str = ""

    @property
    def texts(self) -> dict[str, str]:
        """Return what was typed, by field."""
        return {field: getattr(self, field) for field in FIELDS if getattr(self, field)}


@dataclass(frozen=True, slots=True)
class Opened:
    """A safe contact that was opened: in which case it was recorded, by whom and when (UTC seconds); an erased text is
    left out."""

    case_id: str
    state: str
    at: int
    who: str
    texts: dict[str, str]


def record_safe_contact(casework: Casework, act: Act, given: SafeContact) -> Done:
    """Write how the person at risk can be reached; return the safe contact. The case does not move.

    Raises UsageError with everything that is missing. The audit entry has the code, and nothing that was typed.
    """
    content = Content("record_safe_contact", "alteration", given.case_id, {"state": given.state})

    def write(work: Work) -> str:
        head = begin(work, "record_safe_contact", given.case_id)
        raise_all(problems(given))
        contact_id = f"SC-{secrets.token_hex(8)}"
        work.keep(SAFE_CONTACTS, id=contact_id, case_id=head.id, person=given.person, state=given.state)
        rows = [{"safe_contact_id": contact_id, "field": field, "body": body} for field, body in given.texts.items()]
        work.connection.execute(insert(SAFE_CONTACT_TEXTS), rows)
        work.case_id = head.id
        return contact_id

    done = acting(casework, act, content, write)
    if done.repeated:
        _require_same(casework, done, given)
    return done


def problems(given: SafeContact) -> list[ThreatError]:
    """Return everything that is missing or does not fit, each with its field."""
    try:
        required = code_to_write("safe_contact", given.state).requires
    except UsageError as error:
        error.where = "state"
        return [error]
    said = {"how": "It is not said how they can be reached.", "when": "It is not said when they can be reached."}
    said |= {"why": "The reason is missing: say why there is no way that is known."}
    out: list[ThreatError] = [UsageError(said[field], where=field) for field in required if not getattr(given, field)]
    stray = [
        field for field in given.texts if field not in required and not ("how" in required and field == "code_word")
    ]
    return out + [UsageError("This does not go with what is chosen.", where=field) for field in stray]


def _require_same(casework: Casework, done: Done, given: SafeContact) -> None:
    """Raise UsageError where an act id is sent again with another text: the hash of an act holds no text of this."""
    with reading(casework.engine) as connection:
        row = connection.execute(select(SAFE_CONTACTS).where(SAFE_CONTACTS.c.id == done.result)).one()
        rows = connection.execute(
            select(SAFE_CONTACT_TEXTS).where(SAFE_CONTACT_TEXTS.c.safe_contact_id == row.id)
        ).all()
    kept = {each.field: each for each in rows}
    same = row.person == given.person and set(kept) == set(given.texts)
    if not same or any(kept[f].erased_at is None and kept[f].body != body for f, body in given.texts.items()):
        raise UsageError(
            "This act is written already, with other content.",
            value=done.act_id,
            where="act_id",
            way_out="open the page again: its form is an act of its own",
        )


def open_safe_contacts(connection: Connection, persons: Collection[int]) -> tuple[Opened, ...]:
    """Return what was recorded of a person at risk, the latest first.

    ``persons``: every id by which the records know the person who is at risk in the case that is open, and nobody else.
    """
    query = select(SAFE_CONTACTS, ACTS.c.at, ACTS.c.who).join(ACTS, ACTS.c.act_id == SAFE_CONTACTS.c.act_id)
    rows = connection.execute(query.where(SAFE_CONTACTS.c.person.in_(persons)).order_by(ACTS.c.audit.desc())).all()
    ids = [row.id for row in rows]
    texts: dict[str, dict[str, str]] = {}
    kept = select(SAFE_CONTACT_TEXTS).where(
        SAFE_CONTACT_TEXTS.c.safe_contact_id.in_(ids), SAFE_CONTACT_TEXTS.c.body.is_not(None)
    )
    for each in connection.execute(kept):
        texts.setdefault(each.safe_contact_id, {})[each.field] = each.body
    return tuple(
        Opened(
            row.case_id,
            row.state,
            row.at,
            row.who,
            {f: texts.get(row.id, {})[f] for f in FIELDS if f in texts.get(row.id, {})},
        )
        for row in rows
    )
