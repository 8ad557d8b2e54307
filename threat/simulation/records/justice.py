"""Arrests, stays, bail, charges, convictions, licences, orders, and what becomes of crimes without a charge."""

from __future__ import annotations

from typing import Any

import numpy as np

from threat.asof import DAY
from threat.simulation.records.event_rows import NONE, EventFields, EventRows, codes, number
from threat.simulation.records.raw_rows import RawRows
from threat.simulation.world import chance, states

_STAYS = ["police", "remand", "sentence"]
_ORDERS = ("non_molestation_order", "protection_order", "restraining_order", "stalking_order")
_ORDER_CODES = {
    states.PROTECTION: {"notice": 0.5, "order": 0.5},
    states.STALKING_ORDER: {"interim": 0.4, "full": 0.6},
}
_NOT_SUPPORTED, _EVIDENTIAL = 0, 1
"""What becomes of a crime without a charge, in the order of ``_fate_shares``."""


def record(events: EventRows, rows: RawRows) -> None:
    """Add everything the courts and the custody suite write down."""
    arrests = rows.of_type(states.ARREST)
    events.add("arrest", arrests.keys, arrests.about_subject("custody"))
    stays = rows.of_type(states.CUSTODY)
    _add_stays(events, stays)
    _add_licences(events, stays)
    holds = stays.take((stays.offence == states.POLICE) & stays.draw("hold", stays.numbers["hold"]))
    events.add("hold", holds.keys, holds.about_subject("custody"))
    _add_bail(events, rows.of_type(states.BAIL))
    for what, kind in ((states.CHARGE, "charge"), (states.CONVICTION, "conviction")):
        decisions = rows.of_type(what)
        events.add(kind, decisions.keys, decisions.about_relationship("crime", lag_of="custody"))
    _add_orders(events, rows.of_type(states.ORDER))
    _add_outcomes(events, rows.of_type(states.INCIDENT))


def _on_licence(stays: RawRows) -> Any:
    return (stays.offence == states.SENTENCE) & stays.draw("licence", stays.numbers["licence"])


def _add_stays(events: EventRows, stays: RawRows) -> None:
    """Add the stays in custody and their ends."""
    numbers, sentence = stays.numbers, stays.offence == states.SENTENCE
    fields = stays.about_subject("custody")
    events.add("custody", stays.keys, fields._replace(code=codes(_STAYS)[stays.offence], until=stays.until))
    # The end of a sentence is known from its first day; that of police custody and remand when it comes.
    on_the_day = stays.delayed("release lag", numbers["lag_other"]["custody"], stays.until)
    recorded = np.where(sentence, fields.recorded, on_the_day)
    way = np.where(_on_licence(stays), "licence", np.where(sentence, "end_of_sentence", "no_further_action"))
    bailed = (stays.offence == states.REMAND) | stays.has_bit(states.BIT_BAIL)
    way = np.where(~sentence & bailed, "bail", way)
    names, inverse = np.unique(way, return_inverse=True)
    release = fields._replace(occurred=stays.until, recorded=recorded, code=codes(list(names))[inverse])
    events.add("release", stays.keys, release)


def _add_licences(events: EventRows, stays: RawRows) -> None:
    """Add the end of each licence, known in advance, and recalls on some of them."""
    numbers = stays.numbers
    licences = stays.take(_on_licence(stays))
    ends = licences.delayed("licence end", numbers["licence_mean"], licences.until)
    events.add("licence_end", licences.keys, licences.about_subject("custody")._replace(occurred=ends))
    recalls = licences.take(licences.draw("recall", numbers["recall"]))
    when = recalls.delayed("recall when", numbers["licence_mean"] / 2, recalls.until)
    code = recalls.draw_code("recall code", {"recall": 0.5, "probation": 0.5})
    fields = recalls.about_subject("custody")._replace(occurred=when, recorded=when, code=code)
    events.add("breach_supervision", recalls.keys, fields)


def _add_bail(events: EventRows, bail: RawRows) -> None:
    """Add conditional bail, its end (known in advance), and failures to appear when it ends."""
    fields = bail.about_subject("custody")
    events.add("bail_granted", bail.keys, fields._replace(code="conditional", until=bail.until))
    events.add("bail_end", bail.keys, fields._replace(occurred=bail.until))
    missed = bail.take(bail.draw("missed", bail.numbers["fail_to_appear"]))
    recorded = missed.delayed("missed lag", 1.0, missed.until)
    fields = missed.about_subject("crime", lag_of="custody")._replace(occurred=missed.until, recorded=recorded)
    events.add("fail_to_appear", missed.keys, fields)


def _add_orders(events: EventRows, orders: RawRows) -> None:
    """Add the orders, their expiry (known in advance), and their service where it came before the expiry."""
    numbers = orders.numbers
    code = np.full(len(orders), NONE, np.int16)
    for order, shares in _ORDER_CODES.items():
        code = np.where(orders.offence == order, orders.draw_code("order code", shares), code)
    kinds = np.array([number(name) for name in _ORDERS], np.int16)[orders.offence]
    fields = orders.about_relationship("orders")
    events.add(kinds, orders.keys, fields._replace(code=code, until=orders.until))
    events.add("order_expiry", orders.keys, fields._replace(occurred=orders.until))
    served = orders.take(orders.draw("served", numbers["order_served"]))
    when = served.delayed("served when", numbers["order_served_mean"], served.at)
    in_time = when < served.until
    served, when = served.take(in_time), when[in_time]
    recorded = when + served.recorded_in("orders") - served.at
    fields = served.about_relationship("orders")._replace(occurred=when, recorded=recorded)
    events.add("order_served", served.keys, fields)


def _add_outcomes(events: EventRows, calls: RawRows) -> None:
    """Add what became of crimes without a charge, weeks later: withdrawn support or no evidence."""
    numbers = calls.numbers
    uncharged = calls.take(~np.isin(calls.offence, states.NOT_CRIMED) & ~calls.has_bit(states.BIT_CHARGED))
    fate = chance.choice(uncharged.keys, "fate", _fate_shares(numbers))
    when = uncharged.delayed("outcome", numbers["outcome_mean"])
    unsupported = fate == _NOT_SUPPORTED
    fields = EventFields(
        incident=uncharged.keys,
        occurred=when,
        recorded=when,
        source="crime",
        relation=uncharged.relation,
        record=chance.derive(uncharged.keys, "record crime"),
    )
    retracted = unsupported & uncharged.draw("retraction", numbers["retraction"])
    for kind, mask, outcome in (
        ("victim_withdrawal", unsupported, fields),
        ("no_further_action", unsupported, fields._replace(code="victim_not_supporting")),
        ("no_further_action", fate == _EVIDENTIAL, fields._replace(code="evidential")),
        ("retraction", retracted, fields._replace(occurred=when - DAY)),
    ):
        events.add(kind, uncharged.keys[mask], outcome.take(mask))


def _fate_shares(numbers: dict[str, Any]) -> list[float]:
    """Return shares among crimes without a charge: not supported, evidential, still open or other."""
    open_share = 1.0 - numbers["charged_share"]
    shares = [numbers["withdrawal"] / open_share, numbers["evidential"] / open_share]
    return [*shares, 1.0 - sum(shares)]
