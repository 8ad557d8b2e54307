"""Reads the spec tables of ``spec``: events in, definitions of the catalogue, expected values. They are docs as well.

A file is Markdown. Each ``## title`` section holds a few sentences, a table of events and a table of expected values.
Times are days relative to instant 0 (``-12.5``, ``-90-1s``, ``+1s``); 0 is 2024-06-01 00:00 UTC.

- Events: ``event``, ``kind``, ``occurred``, ``recorded`` and any of ``subject``, ``at risk``, ``about`` and ``more``
  (``code c; incident x; until t; withdrawn t; replaces a; domestic yes; by police; value 2; proactive; source s``).
  Without the column, a kind between two persons is S towards V and a kind about one person is about S. ``?`` is
  unknown. An event is domestic, by an unknown reporter and its own incident unless ``more`` says otherwise.
- Expected: ``definition``, ``value`` (``missing``), and any of ``row`` (else ``S>V``), ``as-of`` (else 0), ``events``
  (the lineage, checked where the column is there) and ``truncated`` (yes or no).
- Links: ``source``, ``is``, ``from``, ``until``. A line ``History starts: -100`` sets where the records begin.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from pathlib import Path

from feature_histories import UNKNOWN, Happening, Link, rows, sightings

from features.load import load_catalogue
from threat.asof import DAY, NEVER
from threat.history.sightings import Rows, Sightings
from threat.vocabulary import kind

SPEC = Path(__file__).parent / "spec"
ORIGIN = 1_717_200_000
_EVENT = {"event", "kind", "subject", "at risk", "about", "occurred", "recorded", "more"}
_EXPECTED = {"definition", "row", "as-of", "value", "events", "truncated"}
_LINK = {"source", "is", "from", "until"}
_MORE = {
    "code": "code", "domestic": "domestic", "by": "reported_by", "source": "source", "incident": "incident_id",
    "until": "until", "withdrawn": "withdrawn_at", "value": "value", "replaces": "", "proactive": "proactive",
}  # fmt: skip


@dataclass(frozen=True)
class Expected:
    """One row of the table of expected values; ``value`` NaN: missing; None: not said."""

    definition: str
    rows: Rows
    value: float
    events: list[str] | None
    truncated: bool | None


@dataclass(frozen=True)
class Spec:
    """One section."""

    title: str
    store: Sightings
    expected: list[Expected]
    letters: dict[int, str]


def read_folder(folder: Path = SPEC) -> list[Spec]:
    """Every section of every file, in file-name order."""
    return [spec for path in sorted(folder.glob("*.md")) for spec in read(path.read_text(encoding="utf-8"), path.name)]


def read(document: str, where: str = "spec") -> list[Spec]:
    """Every section of one document. Raises ValueError, naming the section, for anything it does not understand."""
    out = []
    for section in re.split(r"^## ", document, flags=re.MULTILINE)[1:]:
        title, _, body = section.partition("\n")
        try:
            out.append(_section(title.strip(), body))
        except (KeyError, ValueError) as error:
            raise ValueError(f"{where}, {title.strip()}: {error}") from error
    return out


def _section(title: str, body: str) -> Spec:
    tables = _tables(body)
    strange = [t for t in tables if not any(column in t[0] for column in ("event", "definition", "is"))]
    if strange:
        raise ValueError(f"not a table of events, expected values or links: {', '.join(strange[0][0])}")
    persons = {"": UNKNOWN, "?": UNKNOWN}

    def person(letter: str) -> int:
        return persons.setdefault(letter, len(persons))

    happenings: dict[str, Happening] = {}
    for number, e in enumerate(_rows(tables, "event", _EVENT), 1):
        h = Happening(
            kind=e["kind"],
            occurred_at=time(e["occurred"]),
            recorded_at=time(e["recorded"]),
            event_id=number,
            incident_id=number,
            domestic="yes",
        )
        if kind(e["kind"]).about == "person":
            h = replace(h, about=person(e.get("about", "S")))
        else:
            h = replace(h, subject=person(e.get("subject", "S")), at_risk=person(e.get("at risk", "V")))
        for word, text in _more(e.get("more", "")):
            if word == "replaces":
                happenings[text] = replace(
                    happenings[text], withdrawn_at=min(happenings[text].withdrawn_at, h.recorded_at)
                )
            else:
                h = replace(h, **{_MORE[word]: _value(word, text)})
        happenings[e["event"]] = h
    links = [
        Link(person(k["source"]), person(k["is"]), time(k["from"]), time(k["until"]) if k["until"] else NEVER)
        for k in _rows(tables, "is", _LINK)
    ]
    start = re.search(r"^History starts: (\S+)$", body, flags=re.MULTILINE)
    expected = []
    for r in _rows(tables, "definition", _EXPECTED):
        subject, _, at_risk = r.get("row", "S>V").partition(">")
        expected.append(
            Expected(
                definition=r["definition"].strip("`"),
                rows=rows([(person(subject), person(at_risk), time(r.get("as-of", "0")))]),
                value=math.nan if r["value"] == "missing" else float(r["value"]),
                events=r["events"].split() if "events" in r else None,
                truncated=r["truncated"] == "yes" if "truncated" in r else None,
            )
        )
    unknown = [x.definition for x in expected if x.definition not in load_catalogue().names]
    if unknown or not expected:
        raise ValueError(f"not in the catalogue: {', '.join(unknown)}" if unknown else "no expected values")
    return Spec(
        title=title,
        store=sightings(list(happenings.values()), links, {"records": time(start[1])} if start else None),
        expected=expected,
        letters={h.event_id: letter for letter, h in happenings.items()},
    )


def time(text: str) -> int:
    """Seconds of ``-12.5``, ``-90-1s`` or ``+1s``."""
    found = re.fullmatch(r"([+-]?\d+(?:\.\d+)?)?(?:([+-]\d+)s)?", text)
    if found is None or not text:
        raise ValueError(f"not a time: {text!r}")
    return ORIGIN + round(float(found[1] or 0) * DAY) + int(found[2] or 0)


def _more(text: str) -> list[tuple[str, str]]:
    pairs = [part.strip().partition(" ") for part in text.split(";") if part.strip()]
    return [(word, rest.strip()) for word, _, rest in pairs]


def _value(word: str, text: str) -> object:
    if word in ("until", "withdrawn"):
        return time(text)
    if word == "incident":
        return 1_000 + sum(ord(c) * 256**i for i, c in enumerate(text))
    return {"value": lambda: float(text), "proactive": lambda: True}.get(word, lambda: text)()


def _tables(text: str) -> list[list[dict[str, str]]]:
    out = []
    for block in re.findall(r"(?:^\|.*\n?)+", text, flags=re.MULTILINE):
        header, rule, *lines = ([cell.strip() for cell in line.strip()[1:-1].split("|")] for line in block.splitlines())
        if not lines or not all(re.fullmatch(r":?-+:?", cell) for cell in rule):
            raise ValueError("a table is a header, a rule and at least one row")
        out.append([dict(zip(header, line, strict=True)) for line in lines])
    return out


def _rows(tables: list[list[dict[str, str]]], column: str, known: set[str]) -> list[dict[str, str]]:
    out = [row for t in tables if column in t[0] for row in t]
    strange = {name for row in out for name in row} - known
    if strange:
        raise ValueError(f"not a column: {', '.join(sorted(strange))}")
    return out
