"""From page to page: the parameters of the pagination component of GOV.UK Frontend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def pagination(page: int, pages: int, address: Callable[[int], str], label: str) -> dict[str, Any]:
    """Return the parameters of the component; ``address`` of a page by its number, from 1.

    The first page, the last, and those next to the page shown have links; what is left out has dots.

    >>> links = pagination(5, 9, str, "Pages")
    >>> [item["number"] for item in links["items"] if "href" in item], links["next"]
    ([1, 4, 5, 6, 9], {'href': '6'})
    """
    near = sorted({1, page - 1, page, page + 1, pages} & set(range(1, pages + 1)))
    items: list[dict[str, Any]] = []
    for number in near:
        if items and number - items[-1]["number"] > 1:
            items.append({"ellipsis": True, "number": number})
        items.append({"number": number, "href": address(number), "current": number == page})
    links: dict[str, Any] = {"items": items, "landmarkLabel": label}
    links |= {"previous": {"href": address(page - 1)}} if page > 1 else {}
    return links | ({"next": {"href": address(page + 1)}} if page < pages else {})
