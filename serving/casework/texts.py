"""What people typed, apart from facts, heads and the audit chain, so that it can be erased and they stay."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, insert, select, update

from serving.casework.tables import TEXTS


def keep_texts(connection: Connection, act_id: str, texts: Mapping[str, str]) -> dict[str, str]:
    """Keep the texts of an act and return their ids by field; an empty text is not kept."""
    ids = {field: f"T-{secrets.token_hex(8)}" for field, body in texts.items() if body}
    rows = [{"id": ids[field], "act_id": act_id, "field": field, "body": texts[field]} for field in ids]
    if rows:
        connection.execute(insert(TEXTS), rows)
    return ids


def same_texts(connection: Connection, act_id: str, texts: Mapping[str, str]) -> bool:
    """Tell whether an act has just these texts. A text that is erased is the same as any text of its field."""
    rows = connection.execute(select(TEXTS).where(TEXTS.c.act_id == act_id)).all()
    given = {field: body for field, body in texts.items() if body}
    return {row.field for row in rows} == set(given) and all(
        row.erased_at is not None or row.body == given[row.field] for row in rows
    )


def texts_of(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """Return the bodies of texts by id; an erased text is left out."""
    rows = connection.execute(select(TEXTS.c.id, TEXTS.c.body).where(TEXTS.c.id.in_(ids), TEXTS.c.body.is_not(None)))
    return {row.id: row.body for row in rows}


def texts_of_acts(connection: Connection, act_ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the texts of acts, by act and field; an erased text is left out."""
    query = select(TEXTS).where(TEXTS.c.act_id.in_(act_ids), TEXTS.c.body.is_not(None))
    out: dict[str, dict[str, str]] = {}
    for row in connection.execute(query):
        out.setdefault(row.act_id, {})[row.field] = row.body
    return out


def erase(connection: Connection, ids: Sequence[str], by: str, at: int) -> int:
    """Erase texts, in the caller's write transaction; their rows stay, without a body. Return how many were erased.

    ``by``: U- reference. ``at``: UTC seconds. A text that is erased already stays as it was erased.
    """
    erased = connection.execute(
        update(TEXTS)
        .where(TEXTS.c.id.in_(ids), TEXTS.c.erased_at.is_(None))
        .values(body=None, erased_at=at, erased_by=by)
    )
    return int(erased.rowcount)
