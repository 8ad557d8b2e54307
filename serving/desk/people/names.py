"""Names of persons, on a page of a sitting whose names are open, and logged before anything is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from serving.desk.list_view import ListView
from serving.desk.people.references import references_of
from serving.desk.request import SignedInRequest
from serving.desk.sitting import Sitting, sitting_of
from threat.history import identities
from threat.history.sightings import NO_PERSON


def names_on(
    signed_in: SignedInRequest, view: ListView, reference: str, persons: Mapping[str, int]
) -> dict[str, dict[str, str]] | None:
    """Return the names of some persons for the page of ``reference``; None where the names are closed.

    ``persons``: ids as resolved at the list's date, by the part that each has on the page. The answer has ``names`` and
    ``birth_date`` by part; a person without an identity on record is left out. Each call is one audit entry.
    """
    sitting = sitting_of(signed_in.desk, signed_in.session, signed_in.at)
    if sitting is None:
        return None
    # Committed before anything is read, so that no failure in between leaves a name read without its entry.
    with signed_in.logged("consultation", "open names") as draft:
        draft.subject = reference
        draft.detail = sitting.form.detail
    return _names(signed_in, view, sitting, persons)


def _names(
    signed_in: SignedInRequest, view: ListView, sitting: Sitting, persons: Mapping[str, int]
) -> dict[str, dict[str, str]]:
    named = {part: references_of(view.snapshot, person, view.as_of) for part, person in persons.items()}
    wanted = [person for references in named.values() for person in references if person != NO_PERSON]
    if not wanted:
        return {}
    frame = identities.read(view.snapshot, wanted, reason=sitting.form.in_words, by=signed_in.session.who)
    stated = {part: frame[frame["person_id"].isin(references)] for part, references in named.items()}
    return {
        part: {field: latest(rows, field) or "not recorded" for field in ("names", "birth_date")}
        for part, rows in stated.items()
        if len(rows)
    }


def latest(rows: pd.DataFrame, field: str) -> str:
    """Return what the latest of some identity rows says in a field; empty where none says anything.

    A person of several references has a row of each, and the row recorded last may leave out what another says.
    """
    ordered: list[Any] = rows.sort_values("recorded_at", kind="stable", ascending=False)[field].tolist()
    return next((value for value in ordered if isinstance(value, str) and value), "")
