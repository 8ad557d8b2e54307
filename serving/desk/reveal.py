"""Which places a request may show: the one function by which pages and API ask what people have graded."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from sqlalchemy import Engine, func, select

from serving.casework.tables import ACTS
from serving.casework.views import Places as Graded
from serving.casework.views import places
from serving.desk.list_view import ListView
from serving.desk.places import Places
from serving.desk.request import SignedInRequest
from serving.storage import reading


def places_of(signed_in: SignedInRequest, view: ListView) -> Places:
    """Return the places on the list in view that this request may show.

    Whoever asks: no role sees the place of a relationship that waits for a grade, or never had one.
    """
    graded = _graded(signed_in.desk.engine)
    return Places(view, graded.graded, graded.sealed)


def _graded(engine: Engine) -> Graded:
    """Return what people have graded, read again after every act."""
    with reading(engine) as connection:
        acts = connection.execute(select(func.max(ACTS.c.audit))).scalar()
        cached = _READ.get(engine)
        if cached is None or cached[0] != acts:
            # One transaction: the grades are those of the very act that they are kept under.
            cached = _READ[engine] = (acts, places(connection))
    return cached[1]


_READ: WeakKeyDictionary[Engine, tuple[int | None, Graded]] = WeakKeyDictionary()
"""By database: the number of the latest act, and what was graded by then. Every page of a case asks, few acts come."""
