"""Where a reader came from: a page of this desk, with its filters, its page and the row, carried as ``?back=``.

What is carried comes from an address that anybody can write, so it is taken apart and put together again from what is
known: a page of this desk, names and values of plain letters, and an anchor. Whatever else was sent leads to Today,
never elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from fastapi import Request

_PAGES = (
    (re.compile(r"/"), "Back to Today"),
    (re.compile(r"/relationships/R-[0-9a-f]{16}"), "Back to the relationship"),
    (re.compile(r"/relationships/R-[0-9a-f]{16}/sum"), "Back to the whole sum"),
    (re.compile(r"/people/P-[0-9a-f]{16}"), "Back to the person"),
    (re.compile(r"/cases/C-[0-9a-f]{16}"), "Back to the case"),
    (re.compile(r"/cases/C-[0-9a-f]{16}/grade"), "Back to your grade"),
    (re.compile(r"/cases/C-[0-9a-f]{16}/order"), "Back to the order"),
    (re.compile(r"/cases/C-[0-9a-f]{16}/history"), "Back to the history"),
    (re.compile(r"/cases/C-[0-9a-f]{16}/decide"), "Back to the decision"),
    (re.compile(r"/cases/C-[0-9a-f]{16}/voice"), "Back to their views"),
    (re.compile(r"/proposals"), "Back to the proposals"),
    (re.compile(r"/proposals/PR-[0-9a-f]{16}"), "Back to the proposal"),
    (re.compile(r"/supervisor"), "Back to what you answer for"),
    (re.compile(r"/must-see/E-[0-9a-f]{16}"), "Back to the must-see record"),
)
"""Pages that a link may lead back to, and what the link says. Whole paths: ``//elsewhere`` is none of these."""

_ADDRESS = re.compile(
    r"(?P<path>/[A-Za-z0-9/-]*)(?:\?(?P<query>[A-Za-z0-9_.=&%+-]*))?(?:#(?P<anchor>[A-Za-z0-9-]{1,60}))?"
)
"""A path, a query and an anchor in letters that are judged as they are: no backslash, colon, space or control."""

_NAME, _VALUE = re.compile(r"[a-z_]{1,20}"), re.compile(r"[A-Za-z0-9_-]{1,60}")

_LONGEST = 1500
"""Characters. Every filter of the review list at once, carried through a relationship, has under 900."""

_DEEPEST = 2
"""Pages that are carried within each other: from the list to a relationship to another one, and the same way back."""


@dataclass(frozen=True, slots=True)
class Back:
    """The link back: ``href`` an address of this desk, ``text`` what the link says.

    ``given``: the query that carries it on (``?back=...``); empty where nothing was carried.
    """

    href: str
    text: str
    given: str


def back_of(given: str) -> Back:
    """Return the link back to what ``?back=`` carries; to Today for anything that is no page of this desk.

    >>> back_of("/?page=2#R-0123456789abcdef").href
    '/?page=2#R-0123456789abcdef'
    >>> back_of("//elsewhere.example/").href
    '/'
    """
    address = own_address(given)
    path = re.split("[?#]", address or "/", maxsplit=1)[0]
    return Back(address or "/", _title(path), f"?{urlencode({'back': address})}" if address else "")


def own_address(given: str, depth: int = _DEEPEST) -> str:
    """Return an address of this desk put together from its known parts; empty where the page is none of this desk.

    Names and values that no form of this desk sends are left out. ``depth``: addresses carried within it that are kept.

    >>> own_address("/relationships/R-0123456789abcdef?back=%2F%3Fpage%3D2&x=%3Cb%3E")
    '/relationships/R-0123456789abcdef?back=%2F%3Fpage%3D2'
    >>> own_address("/sign-out"), own_address("https://elsewhere.example")
    ('', '')
    """
    parts = _ADDRESS.fullmatch(given) if len(given) <= _LONGEST else None
    if parts is None or not _title(parts["path"]):
        return ""
    kept: list[tuple[str, str]] = []
    for name, value in parse_qsl(parts["query"] or ""):
        if name == "back":
            carried = own_address(value, depth - 1) if depth > 1 else ""
            kept += [(name, carried)] if carried else []
        elif _NAME.fullmatch(name) and _VALUE.fullmatch(value):
            kept.append((name, value))
    query = f"?{urlencode(kept)}" if kept else ""
    anchor = f"#{parts['anchor']}" if parts["anchor"] else ""
    return f"{parts['path']}{query}{anchor}"


def here(request: Request) -> str:
    """Return the address of the page that is asked for, as ``?back=`` takes it; empty where nothing leads back."""
    return own_address(f"{request.url.path}?{request.url.query}") if request.method == "GET" else ""


def leading_back(address: str, here: str, anchor: str = "") -> str:
    """Return a link to a page of this desk that leads back ``here``, to an anchor on it.

    >>> leading_back("/relationships/R-0123456789abcdef", "/?page=2", "row-1")
    '/relationships/R-0123456789abcdef?back=%2F%3Fpage%3D2%23row-1'
    >>> leading_back("/tour", "")
    '/tour'
    """
    if not here:
        return address
    page, _, own_anchor = address.partition("#")
    carried = urlencode({"back": f"{here}#{anchor}" if anchor else here})
    return f"{page}{'&' if '?' in page else '?'}{carried}{'#' + own_anchor if own_anchor else ''}"


def kept(request: Request, address: str) -> str:
    """Return an address to go on to with what this request carries as ``?back=``."""
    return f"{address}{back_of(request.query_params.get('back', '')).given}"


def _title(path: str) -> str:
    return next((title for page, title in _PAGES if page.fullmatch(path)), "")
