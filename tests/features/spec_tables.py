"""Reads spec tables: events in, one definition, expected values. The same files are printed in the data dictionary.

A file of ``spec`` is Markdown. Each ``## title`` section holds a sentence or two, a fenced ``yaml`` block, a table of
events and a table of expected values:

    ```yaml
    scope: relationship
    statistic: count
    kinds: [assault_with_injury]
    window_days: 30
    ```

    | event | kind                | subject | person at risk | occurred   | recorded         |
    |-------|---------------------|---------|----------------|------------|------------------|
    | a     | assault_with_injury | S       | P              | 2024-05-20 | 2024-05-21       |
    | b     | assault_with_injury | S       | P              | 2024-05-31 | 2024-06-01 00:00 |

    | subject | person at risk | as of      | value   | events |
    |---------|----------------|------------|---------|--------|
    | S       | P              | 2024-06-01 | 1       | a      |

The block holds fields of a definition, or only ``name`` for one of the shipped catalogue. Event columns: event, kind,
occurred, and any of recorded (else as occurred), withdrawn, incident (else its own), subject, person at risk, about,
code, value, until, domestic, reported by, proactive (yes), source. An empty party is unknown. Times are UTC. A further
table with the columns ``same as | person | recorded | withdrawn`` merges one person into another. Expected ``value``
may be ``missing``; ``events`` (optional) are the events behind it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from feature_histories import UNKNOWN, Happening, Link, define, rows, sightings

from features.definitions import Definition
from features.load import load_catalogue
from threat.asof import NEVER, seconds
from threat.history.sightings import Rows, Sightings

SPEC = Path(__file__).parent / "spec"
_EVENT = {
    "event", "kind", "occurred", "recorded", "withdrawn", "incident", "subject", "person at risk", "about", "code", "value",
    "until", "domestic", "reported by", "proactive", "source",
}  # fmt: skip
_EXPECTED = {"subject", "person at risk", "as of", "value", "events"}
_LINK = {"same as", "person", "recorded", "withdrawn"}
_LISTS = ("kinds", "among", "codes", "reported_by")


@dataclass(frozen=True)
class Spec:
    """One section: what it says, what goes in, and the value (NaN: missing) and events expected of each row."""

    title: str
    text: str
    definition: Definition
    store: Sightings
    rows: Rows
    values: tuple[float, ...]
    events: tuple[tuple[str, ...] | None, ...]
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
    block = re.search(r"^```yaml\n(.*?)^```", body, flags=re.MULTILINE | re.DOTALL)
    if block is None:
        raise ValueError("a section needs a yaml block")
    tables = _tables(body[block.end() :])
    events = _one(tables, "event", _EVENT)
    expected = _one(tables, "value", _EXPECTED)
    links = _one(tables, "same as", _LINK, needed=False)
    persons: dict[str, int] = {}

    def person(letter: str | None) -> int:
        return persons.setdefault(letter, len(persons) + 1) if letter else UNKNOWN

    happenings, letters, incidents = [], {}, {}
    for number, e in enumerate(events, 1):
        letters[number] = e["event"]
        incident = incidents.setdefault(e.get("incident") or f"event {e['event']}", len(incidents) + 1)
        happenings.append(
            Happening(
                kind=e["kind"],
                occurred_at=_time(e["occurred"]),
                recorded_at=_time(e.get("recorded") or e["occurred"]),
                withdrawn_at=_time(e.get("withdrawn")),
                until=_time(e.get("until")),
                subject=person(e.get("subject")),
                at_risk=person(e.get("person at risk")),
                about=person(e.get("about")),
                event_id=number,
                incident_id=incident,
                code=e.get("code", ""),
                value=float(e.get("value") or "nan"),
                domestic=e.get("domestic") or "unknown",
                reported_by=e.get("reported by") or "unknown",
                proactive=e.get("proactive") == "yes",
                source=e.get("source") or "records",
            )
        )
    merged = [
        Link(person(k["same as"]), person(k["person"]), _time(k["recorded"]), _time(k.get("withdrawn"))) for k in links
    ]
    asked = [(person(r["subject"]), person(r.get("person at risk")), _time(r["as of"])) for r in expected]
    return Spec(
        title=title,
        text=body[: block.start()].strip(),
        definition=_definition(yaml.safe_load(block[1])),
        store=sightings(happenings, merged),
        rows=rows(asked),
        values=tuple(math.nan if r["value"] == "missing" else float(r["value"]) for r in expected),
        events=tuple(tuple(r["events"].replace(",", " ").split()) if "events" in r else None for r in expected),
        letters=letters,
    )


def _definition(parts: dict[str, Any]) -> Definition:
    if set(parts) == {"name"}:
        return load_catalogue()[parts["name"]]
    for key in _LISTS:
        if key in parts:
            parts[key] = tuple(parts[key]) if isinstance(parts[key], list) else (parts[key],)
    if isinstance(parts.get("domestic"), bool):
        parts["domestic"] = "yes" if parts["domestic"] else "no"
    return define(parts.pop("name", "drawn"), kinds=parts.pop("kinds", ()), **parts)


def _tables(text: str) -> list[list[dict[str, str]]]:
    out = []
    for block in re.findall(r"(?:^\|.*\n?)+", text, flags=re.MULTILINE):
        header, rule, *lines = ([cell.strip() for cell in line.strip().strip("|").split("|")] for line in block.splitlines())
        if not all(set(cell) <= set("-: ") for cell in rule):
            raise ValueError("a table needs a rule under its header")
        out.append([dict(zip(header, line, strict=True)) for line in lines] or [dict.fromkeys(header, "")][:0])
    return out


def _one(tables: list[list[dict[str, str]]], column: str, known: set[str], *, needed: bool = True) -> list[dict[str, str]]:
    """The table that has the column (``value`` without ``event``: the expected ones)."""
    found = [t for t in tables if t and column in t[0] and (column != "value" or "event" not in t[0])]
    if not found:
        if needed and column == "value":
            raise ValueError("a section needs a table of expected values")
        return []
    strange = set(found[0][0]) - known
    if strange or len(found) > 1:
        raise ValueError(f"not a column: {', '.join(sorted(strange))}" if strange else f"two tables with {column}")
    return found[0]


def _time(text: str | None) -> int:
    return seconds(datetime.fromisoformat(text).replace(tzinfo=UTC)) if text else NEVER
