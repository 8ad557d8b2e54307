"""Arrests, stays, bail, charges, convictions, licences, orders, and what becomes of crimes without a charge."""

from __future__ import annotations

from typing import Any

import numpy as np

from threat.asof import DAY
from threat.simulation.records.book import Book
from threat.simulation.records.ledger import NONE, Ledger, codes, number
from threat.simulation.world import chance, states

_ORDERS = ("non_molestation_order", "protection_order", "restraining_order", "stalking_order")
_ORDER_CODES = {1: {"notice": 0.5, "order": 0.5}, 3: {"interim": 0.4, "full": 0.6}}


def about(book: Book, source: str = "custody") -> dict[str, Any]:
    """Fields of rows about the subject."""
    return {"incident": book.keys, "occurred": book.at, "recorded": book.entered(source), "person": book.subject}


def between(book: Book, source: str) -> dict[str, Any]:
    """Fields of rows about the relationship."""
    return {"incident": book.keys, "occurred": book.at, "recorded": book.entered(source), "relation": book.relation}


def record(ledger: Ledger, book: Book) -> None:
    """Everything the courts and the custody suite write down."""
    arrests = book.what(states.ARREST)
    ledger.add("arrest", arrests.keys, source="custody", **about(arrests))
    _stays(ledger, book)
    bail = book.what(states.BAIL)
    ledger.add("bail_granted", bail.keys, source="custody", code="conditional", until=bail.until, **about(bail))
    ledger.add("bail_end", bail.keys, source="custody", **(about(bail) | {"occurred": bail.until}))
    missed = bail.take(bail.draw("missed", book.p["fail_to_appear"]))
    ledger.add(
        "fail_to_appear",
        missed.keys,
        source="crime",
        **(about(missed) | {"occurred": missed.until, "recorded": missed.after("missed lag", 1.0, missed.until)}),
    )
    for raw, kind in ((states.CHARGE, "charge"), (states.CONVICTION, "conviction")):
        found = book.what(raw)
        ledger.add(kind, found.keys, source="crime", **between(found, "custody"))
    _orders(ledger, book)
    _outcomes(ledger, book.what(states.INCIDENT))


def _stays(ledger: Ledger, book: Book) -> None:
    p = book.p
    stays = book.what(states.CUSTODY)
    sentence = stays.offence == states.SENTENCE
    fields = about(stays)
    stay = codes(["police", "remand", "sentence"])[stays.offence]
    ledger.add("custody", stays.keys, source="custody", code=stay, until=stays.until, **fields)
    # The end of a sentence is known from its first day; that of police custody and remand when it comes.
    known = np.where(sentence, fields["recorded"], stays.after("release lag", p["lag_other"]["custody"], stays.until))
    on_licence = sentence & stays.draw("licence", p["licence"])
    way = np.where(on_licence, "licence", np.where(sentence, "end_of_sentence", "no_further_action"))
    bailed = (stays.offence == states.REMAND) | stays.bit(states.BIT_BAIL)
    way = np.where(~sentence & bailed, "bail", way)
    names, inverse = np.unique(way, return_inverse=True)
    out = fields | {"occurred": stays.until, "recorded": known}
    if len(stays):
        ledger.add("release", stays.keys, source="custody", code=codes(list(names))[inverse], **out)
    licence = stays.take(on_licence)
    ends = licence.after("licence end", p["licence_mean"], licence.until)
    ledger.add("licence_end", licence.keys, source="custody", **(about(licence) | {"occurred": ends}))
    back = licence.take(licence.draw("recall", p["recall"]))
    when = back.after("recall when", p["licence_mean"] / 2, back.until)
    ledger.add(
        "breach_supervision",
        back.keys,
        source="custody",
        code=back.coded("recall code", {"recall": 0.5, "probation": 0.5}),
        **(about(back) | {"occurred": when, "recorded": when}),
    )
    held = stays.take((stays.offence == states.POLICE) & stays.draw("hold", p["hold"]))
    ledger.add("hold", held.keys, source="custody", **about(held))


def _orders(ledger: Ledger, book: Book) -> None:
    p = book.p
    orders = book.what(states.ORDER)
    code = np.full(len(orders), NONE, np.int16)
    for which, shares in _ORDER_CODES.items():
        code = np.where(orders.offence == which, orders.coded("order code", shares), code)
    kinds = np.array([number(name) for name in _ORDERS], np.int16)[orders.offence]
    fields = between(orders, "orders")
    ledger.add(kinds, orders.keys, source="orders", code=code, until=orders.until, **fields)
    ledger.add("order_expiry", orders.keys, source="orders", **(fields | {"occurred": orders.until}))
    served = orders.take(orders.draw("served", p["order_served"]))
    when = served.after("served when", p["order_served_mean"], served.at)
    stands = served.take(when < served.until)
    when = when[when < served.until]
    fields = between(stands, "orders") | {"occurred": when, "recorded": when + stands.entered("orders") - stands.at}
    ledger.add("order_served", stands.keys, source="orders", **fields)


def _outcomes(ledger: Ledger, book: Book) -> None:
    """Withdrawal by the person at risk or no evidence, weeks later."""
    p = book.p
    crime = ~np.isin(book.offence, states.NOT_CRIMED) & ~book.bit(states.BIT_CHARGED)
    found = book.take(crime)
    fate = chance.choice(found.keys, "fate", _fates(p))
    when = found.after("outcome", p["outcome_mean"])
    unsupported = fate == 0
    retracted = unsupported & found.draw("retraction", p["retraction"])
    for kind, mask, code in (
        ("victim_withdrawal", unsupported, None),
        ("no_further_action", unsupported, "victim_not_supporting"),
        ("no_further_action", fate == 1, "evidential"),
        ("retraction", retracted, None),
    ):
        ledger.add(
            kind,
            found.keys[mask],
            source="crime",
            code=code,
            incident=found.keys[mask],
            record=chance.derive(found.keys[mask], "record crime"),
            occurred=when[mask] if kind != "retraction" else when[mask] - DAY,
            recorded=when[mask],
            relation=found.relation[mask],
        )


def _fates(p: dict[str, Any]) -> list[float]:
    """Shares among crimes without a charge: not supported, evidential, still open or other."""
    open_share = 1.0 - p["charged_share"]
    shares = [p["withdrawal"] / open_share, p["evidential"] / open_share]
    return [*shares, 1.0 - sum(shares)]
