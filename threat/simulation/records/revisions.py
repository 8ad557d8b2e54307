"""What the records say later about what happened before: reclassification, no-crime, corrections, late disclosure."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from threat.asof import DAY
from threat.simulation.records.book import Book
from threat.simulation.records.ledger import NONE, Ledger, number
from threat.simulation.world import chance, states

_NO_CRIME, _CORRECTED = 6, 7
_DISCLOSED = 8


def principal(
    ledger: Ledger, book: Book, kind: NDArray[np.int16], code: NDArray[np.int16], source: str, fields: dict[str, Any]
) -> None:
    """The principal rows of ``book``: some first as the lesser offence, some later no crime, some redated."""
    p = book.p
    first, share = kind.copy(), np.zeros(len(book))
    for name, lesser in p["reclassified_from"].items():
        first[kind == number(name)] = number(lesser)
        share[kind == number(name)] = p["reclassified"][name]
    changed = book.draw("reclassified", share)
    plain = ~changed

    def part(mask: NDArray[np.bool_]) -> dict[str, Any]:
        return {name: value[mask] for name, value in fields.items()}

    events = ledger.add(kind[plain], book.keys[plain], source=source, code=code[plain], **part(plain))
    before = ledger.add(first[changed], book.keys[changed], source=source, ordinal=1, **part(changed))
    later = part(changed) | {"recorded": book.after("reclassified when", p["reclassified_mean"])[changed]}
    ledger.add(kind[changed], book.keys[changed], source=source, supersedes=before, **later)
    if source != "crime":
        return
    ordinary = book.offence[plain] < states.FIRST_GRAVE
    gone = ordinary & book.draw("no crime", p["no_crime"])[plain]
    when = book.after("no crime when", p["outcome_mean"])[plain][gone]
    withdrawn = {
        "incident": book.keys[plain][gone],
        "record": fields["record"][plain][gone],
        "occurred": when,
        "recorded": when,
        "person": book.subject[plain][gone],
    }
    ledger.add(
        "withdrawn", book.keys[plain][gone], source=source, supersedes=events[gone], ordinal=_NO_CRIME, **withdrawn
    )
    wrong = ordinary & ~gone & book.draw("corrected", p["corrected"])[plain]
    shift = (chance.exponential(book.keys, "correction shift", p["correction_shift"]) * DAY).astype(np.int64)
    redated = {name: value[wrong] for name, value in part(plain).items()}
    redated["occurred"] = redated["occurred"] - shift[plain][wrong]
    redated["recorded"] = book.after("correction when", p["correction_mean"])[plain][wrong]
    ledger.add(
        kind[plain][wrong],
        book.keys[plain][wrong],
        source=source,
        code=code[plain][wrong],
        supersedes=events[wrong],
        ordinal=_CORRECTED,
        **redated,
    )


def disclosures(ledger: Ledger, book: Book) -> None:
    """After a grave or deadly incident, abuse from before it comes to light: an early date, a late record."""
    p = book.p
    found = book.take((book.offence >= states.FIRST_GRAVE) & book.draw("disclosure", p["disclosure"]))
    back = (chance.exponential(found.keys, "disclosure back", p["disclosure_back"]) * DAY).astype(np.int64) + DAY
    when = found.after("disclosure lag", p["disclosure_lag"])
    kinds = np.array([number(name) for name in p["disclosed"]], np.int16)
    which = chance.choice(found.keys, "disclosed", list(p["disclosed"].values()))
    ledger.add(
        kinds[which],
        found.keys,
        source="crime",
        ordinal=_DISCLOSED,
        incident=chance.derive(found.keys, "disclosed incident"),
        record=chance.derive(found.keys, "disclosed record"),
        occurred=found.at - back,
        recorded=when,
        relation=found.relation,
        reported_by="third_party",
    )


def late_suicide_markers(ledger: Ledger, book: Book) -> None:
    """Markers of the subject's suicidality entered after a deadly offence, dated before it: most of them."""
    p = book.p
    found = book.take((book.offence >= states.FIRST_DEADLY) & book.draw("marker after", p["suicide_marker_after"]))
    back = (chance.exponential(found.keys, "marker said", p["suicide_marker_said"]) * DAY).astype(np.int64) + DAY
    ledger.add(
        "suicidal_ideation",
        found.keys,
        source="intelligence",
        ordinal=_DISCLOSED,
        incident=chance.derive(found.keys, "marker incident"),
        occurred=found.at - back,
        recorded=found.after("marker after when", p["suicide_marker_after_mean"]),
        relation=NONE,
        person=found.subject,
        domestic=False,
    )
