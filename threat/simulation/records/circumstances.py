"""What is known around the incidents: separation, suicidality of either party, pregnancy, weapons, other crime."""

from __future__ import annotations

from typing import Any

import numpy as np

from threat.asof import DAY
from threat.simulation import parameters
from threat.simulation.records.book import Book
from threat.simulation.records.justice import about, between
from threat.simulation.records.ledger import NONE, Ledger, number
from threat.simulation.world import chance, states
from threat.simulation.world.states import RAW

_CODED = {"drugs_offence": "drug_codes", "weapon_possession": "weapon_codes"}


def record(ledger: Ledger, book: Book) -> None:
    """Circumstances of every person and relationship of the block."""
    p = book.p
    for raw, kind in ((states.SEPARATION, "separation"), (states.RECONCILIATION, "reconciliation")):
        known = book.what(raw)
        known = known.take(known.draw("known", parameters.values("circumstances")["separation_known"]))
        ledger.add(kind, known.keys, source="intelligence", **between(known, "intelligence"))
    partner = book.what(states.NEW_PARTNER)
    ledger.add("new_partner", partner.keys, source="intelligence", domestic=False, **about(partner, "intelligence"))
    low = book.what(states.SUBJECT_SUICIDAL)
    low = low.take(low.draw("marked", p["suicide_marker"]))
    ledger.add("suicidal_ideation", low.keys, source="intelligence", domestic=False, **about(low, "intelligence"))
    for raw, kind in (
        (states.SELF_HARM, "self_harm"),
        (states.ATTEMPT, "suicide_attempt"),
        (states.SUICIDE, "suspected_suicide"),
    ):
        found = book.what(raw)
        fields = about(found, "custody") | {"person": found.at_risk}
        ledger.add(kind, found.keys, source="calls", domestic=False, **fields)
    asked = book.what(states.SIGNAL)
    ways = parameters.values("background")["ask"]["codes"]
    ledger.add(
        "clares_law_application",
        asked.keys,
        source="partners",
        code=asked.coded("ask", ways),
        **between(asked, "partners"),
    )
    _crimes(ledger, book.what(states.CRIME))
    _background(ledger, book)


def _crimes(ledger: Ledger, book: Book) -> None:
    p = parameters.values("crimes")
    names = list(p["kinds"])
    which = chance.choice(book.keys, "crime kind", list(p["kinds"].values()))
    for i, name in enumerate(names):
        found = book.take(which == i)
        code = found.coded("crime code", p[_CODED[name]]) if name in _CODED else None
        ledger.add(
            np.full(len(found), number(name), np.int16),
            found.keys,
            source="crime",
            code=code,
            domestic=False,
            **about(found, "forms"),
        )


def _background(ledger: Ledger, book: Book) -> None:
    """Facts in days around a relationship's first incident."""
    people = book.people
    n = len(people.relations)
    rows = np.zeros(n, RAW)
    rows["relation"] = np.arange(n)
    rows["cluster"] = people.cluster
    rows["subject"] = people.subject_offsets[people.cluster] + people.relations["subject"]
    rows["at"] = people.relations["entry"]
    rows["state"] = np.where(people.relations["separated"] > 0, states.BIT_SEPARATED, 0)
    keys = chance.derive(
        people.keys[people.cluster], "background", np.arange(n) - people.relation_offsets[people.cluster]
    )
    whole = Book(people, rows, keys, book.epoch, book.p)
    for name, entry in parameters.values("background").items():
        mask = whole.draw(name, entry["share"])
        if "if" in entry:
            mask &= whole.condition(entry["if"])
        found = whole.take(mask)
        days = entry["from"] + chance.uniform(found.keys, name + " when") * (entry["to"] - entry["from"])
        at = found.at + (days * DAY).astype(np.int64)
        fields: dict[str, Any] = {
            "incident": chance.derive(found.keys, name),
            "occurred": at,
            "recorded": found.after(name + " lag", book.p["lag_other"]["partners"], at),
            "relation": found.relation,
        }
        if "about" in entry:
            fields |= {"relation": NONE, "person": found.subject if entry["about"] == "subject" else found.at_risk}
        code = found.coded(name + " code", entry["codes"]) if "codes" in entry else None
        ledger.add(entry["kind"], found.keys, source="partners", code=code, **fields)
