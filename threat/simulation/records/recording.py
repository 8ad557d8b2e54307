"""How the police come to record what happened: each incident's principal row, what is beside it, who called."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from threat.asof import DAY
from threat.simulation import parameters
from threat.simulation.knobs import Knobs, before_recording, while_recording
from threat.simulation.records import assessment, circumstances, justice, revisions
from threat.simulation.records.book import Book, Mask
from threat.simulation.records.ledger import NONE, Ledger, number
from threat.simulation.world import chance, states
from threat.simulation.world.population import Population
from threat.simulation.world.states import OFFENCES

_PRINCIPAL = {
    "strangulation_with_injury": "non_fatal_strangulation",
    "wounding_with_weapon": "wounding",
    "injury_with_weapon": "assault_with_injury",
    "breach": "breach_bail",
}
_BREACHES = ("breach_non_molestation", "breach_protection_order", "breach_restraining_order", "breach_stalking_order")
_EPOCH_DAY = date(1970, 1, 1)


def principal_kinds() -> NDArray[np.int64]:
    """Numbers of the kinds that can be an incident's principal row: one of them makes a relationship known."""
    names = [_PRINCIPAL.get(name, name) for name in OFFENCES]
    return np.array([number(name) for name in (*names, *_BREACHES, "strangulation_reported", "clares_law_application")])


def counting_change() -> int:
    """First second of the changed counting rule (UTC)."""
    day = date.fromisoformat(str(parameters.values("recording")["counting_change"]))
    return (day - _EPOCH_DAY).days * DAY


def record(people: Population, rows: NDArray[Any], epoch: int, days: float, knobs: Knobs) -> Ledger:
    """Every event row of a block, before the span of ``days`` cuts it off."""
    ledger = Ledger()
    book = Book.open(people, before_recording(knobs, people, rows), epoch)
    calls = book.what(states.INCIDENT)
    incidents(ledger, calls)
    markers(ledger, calls)
    assessment.record(ledger, calls)
    assessment.plans(ledger, book)
    justice.record(ledger, book)
    circumstances.record(ledger, book)
    revisions.disclosures(ledger, calls)
    revisions.late_suicide_markers(ledger, calls)
    while_recording(knobs, ledger, book, days)
    return ledger


def callers(book: Book) -> NDArray[np.int8]:
    """Who reported each incident."""
    p = book.p
    ordinary = chance.choice(book.keys, "reported by", p["reported_by"])
    deadly = chance.choice(book.keys, "reported by", p["reported_by_deadly"])
    return np.where(book.offence >= states.FIRST_DEADLY, deadly, ordinary).astype(np.int8)


def common(book: Book, mask: Mask) -> dict[str, Any]:
    """Fields that an incident's rows share."""
    return {
        "incident": book.keys[mask],
        "record": chance.derive(book.keys[mask], "record crime"),
        "occurred": book.at[mask],
        "recorded": book.called[mask],
        "relation": book.relation[mask],
        "reported_by": callers(book)[mask],
    }


def incidents(ledger: Ledger, book: Book) -> None:
    """The principal row, first as the lesser offence for some; a second crime; crimes found not to be."""
    p = book.p
    kind = np.array([number(_PRINCIPAL.get(name, name)) for name in OFFENCES], np.int16)[book.offence]
    ordered = book.offence_in("breach") & book.bit(states.BIT_ORDER)
    which = (book.rows["state"] >> states.ORDER_SHIFT) & 3
    kind[ordered] = np.array([number(name) for name in _BREACHES], np.int16)[which[ordered]]
    code = np.full(len(book), NONE, np.int16)
    share = p["breach_codes"]
    breach = book.coded("breach", dict(zip(("contact", "registration", "other"), share, strict=True)))
    code = np.where(ordered, breach, code)
    talk = book.coded("verbal", {"verbal": p["verbal"], "other": 1 - p["verbal"]})
    code = np.where(book.offence_in("domestic_incident"), talk, code)
    hidden = book.offence_in("non_fatal_strangulation") & book.draw("uncrimed", p["not_crimed_strangulation"])
    kind[hidden] = number("strangulation_reported")
    called = np.isin(book.offence, states.NOT_CRIMED)
    for source, mask in (("calls", called), ("crime", ~called)):
        revisions.principal(ledger, book.take(mask), kind[mask], code[mask], source, common(book, mask))
    second = ~called & (book.offence < states.FIRST_GRAVE) & book.draw("second", p["second_crime"])
    second &= ~((book.called >= counting_change()) & book.draw("counting", p["counting_dropped"]))
    names, weights = list(p["second_crimes"]), list(p["second_crimes"].values())
    kinds = np.array([number(name) for name in names], np.int16)[chance.choice(book.keys, "second kind", weights)]
    second &= kinds != kind
    ledger.add(kinds[second], book.keys[second], source="crime", ordinal=2, **common(book, second))


def markers(ledger: Ledger, book: Book) -> None:
    """Rows beside the principal one, as ``parameters.yaml`` lists them."""
    crime = ~np.isin(book.offence, states.NOT_CRIMED)
    for name, entry in parameters.values("markers").items():
        beside = entry["with"]
        where = {"any": np.ones(len(book), bool), "crime": crime, "call": ~crime}
        mask = where[beside] if isinstance(beside, str) else book.offence_in(*beside)
        mask = mask & book.draw(name, entry["share"])
        if "if" in entry:
            mask &= book.condition(entry["if"])
        found = book.take(mask)
        fields = common(book, mask)
        source = entry.get("source", "crime")
        if source != "crime":
            fields |= {"recorded": np.maximum(found.entered(source), found.called), "reported_by": "agency"}
            fields.pop("record")
        if "about" in entry:
            fields |= {"relation": NONE, "person": found.subject if entry["about"] == "subject" else found.at_risk}
        code = found.coded(name + " code", entry["codes"]) if "codes" in entry else None
        ledger.add(entry["kind"], found.keys, source=source, code=code, ordinal=_ordinal(name), **fields)


def _ordinal(name: str) -> int:
    """Two markers of one kind may stand beside one incident; their place in the file keeps their ids apart."""
    return 10 + list(parameters.values("markers")).index(name)
