"""Which places a request may show: the one function by which pages and API ask what people have graded."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, func, select

from serving.casework.graded import grades_since, own_unopened
from serving.casework.tables import ACTS, OPENED_LISTS
from serving.casework.views import Places as Graded
from serving.casework.views import places
from serving.desk.list_view import ListView
from serving.desk.places import Places
from serving.desk.request import SignedInRequest
from serving.storage import reading


def places_of(signed_in: SignedInRequest, view: ListView) -> Places:
    """Return the places on the list in view that this request may show.

    Of those to reveal, without whatever the reader has graded and could still correct as given without the order: they
    see that place first on the page after the grade, which writes that it was shown.
    """
    to_reveal = places_to_reveal(signed_in, view)
    if not to_reveal.graded:
        return to_reveal
    with reading(signed_in.desk.engine) as connection:
        unopened = own_unopened(connection, signed_in.session.person.id)
    return Places(view, to_reveal.graded - unopened, to_reveal.sealed)


def places_to_reveal(signed_in: SignedInRequest, view: ListView) -> Places:
    """Return the places that people's grades open on the list in view, whether or not the reader was shown them yet.

    Whoever asks: no role sees the place of a relationship that waits for a grade, or has none on this list. A grade of
    before the list was opened is of another order, and whoever grades next has not seen this one.
    """
    graded = _graded(signed_in.desk.engine, view.listed.id)
    return Places(view, graded.graded, graded.sealed)


def _graded(engine: Engine, list_id: str) -> Graded:
    """Return what people have graded on a list, read again after every act."""
    with reading(engine) as connection:
        state = (connection.execute(select(func.max(ACTS.c.audit))).scalar(), list_id)
        cached = _READ.get(engine)
        if cached is None or cached[0] != state:
            # One transaction: the grades are those of the very act that they are kept under.
            cached = _READ[engine] = (state, _read(connection, list_id))
    return cached[1]


def _read(connection: Connection, list_id: str) -> Graded:
    opened = select(ACTS.c.at).join(OPENED_LISTS, OPENED_LISTS.c.act_id == ACTS.c.act_id)
    since = connection.execute(opened.where(OPENED_LISTS.c.list_id == list_id)).scalar()
    if since is None:
        return Graded(frozenset(), frozenset())
    on_this_list = {each.relationship for each in grades_since(connection, since) if each.is_given}
    answered = places(connection)
    return Graded(answered.graded & on_this_list, answered.sealed & on_this_list)


_READ: WeakKeyDictionary[Engine, tuple[tuple[int | None, str], Graded]] = WeakKeyDictionary()
"""By database: the latest act and the list, and what was graded by then. Every page of a case asks, few acts come."""
