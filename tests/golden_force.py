"""Twelve relationships drawn by hand. ``golden_force.csv`` holds their events and says why each stands where it does.

At ``AS_OF`` ten are eligible. Days since the last incident, incidents in the last 365 days and the subject's harm over
the last 365 days never contradict ``ORDER`` (counts have ties, the other two are strict); nor does the latest grade.
"""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from threat.asof import parse_as_of, seconds
from threat.history.snapshot import Batch
from threat.history.store import Store
from threat.ids import make_id

TABLE = Path(__file__).with_name("golden_force.csv")
AS_OF = parse_as_of("2024-06-01")
ORDER = ("G01", "G02", "G03", "G04", "G05", "G06", "G07", "G08", "G09", "G10")
"""The eligible relationships, the most urgent first."""
NOT_ELIGIBLE = {"G11": "window", "G12": "one_person"}
"""The other two, with the step of the attrition that drops them."""

DAYS_SINCE_LAST_INCIDENT = dict(zip(ORDER, (2, 5, 8, 12, 17, 26, 40, 60, 121, 301), strict=True))
INCIDENTS_IN_A_YEAR = dict(zip(ORDER, (6, 5, 4, 4, 3, 3, 2, 2, 1, 1), strict=True))
"""Domestic incidents of the pair with a harmful act in the 365 days before AS_OF: crimes and domestic incidents."""
WORST_KIND_OF_EACH_INCIDENT = {
    "G01": (
        "harassment",
        "assault_with_injury",
        "coercive_control",
        "non_fatal_strangulation",
        "breach_non_molestation",
        "threat_to_kill",
    ),
    "G02": ("domestic_incident", "assault_without_injury", "assault_with_injury", "threat_to_kill", "wounding"),
    "G03": ("domestic_incident", "assault_with_injury", "assault_with_injury", "non_fatal_strangulation"),
    "G04": ("malicious_communications", "harassment", "stalking", "threat_to_kill"),
    "G05": ("assault_without_injury", "assault_with_injury", "wounding"),
    "G06": ("assault_with_injury", "coercive_control", "stalking"),
    "G07": ("assault_with_injury", "stalking"),
    "G08": ("harassment", "assault_with_injury"),
    "G09": ("assault_with_injury",),
    "G10": ("assault_without_injury",),
}
"""The kind whose harm days count, incident by incident, in the 365 days before AS_OF."""
LATEST_GRADE = dict(zip(ORDER, ("high",) * 4 + ("medium",) * 4 + ("standard",) * 2, strict=True))
OUTCOMES_180_DAYS = {
    "Y0": {"G11"},
    "Y1": {"G01", "G11"},
    "Y2": {"G01", "G03", "G11"},
    "Y4": {"G01", "G03", "G05", "G11"},
    "Y5": {"G08"},
}
"""Relationships with an outcome in the 180 days from AS_OF, with everything recorded and withdrawn by the end of 2024.
G02's rape counts as Y2 and Y4 at any cut between its recording and its withdrawal on 1 November 2024."""

KINDS = {
    "G01": "ex_partner",
    "G02": "current_partner",
    "G03": "current_partner",
    "G04": "ex_partner",
    "G05": "current_partner",
    "G06": "ex_partner",
    "G07": "ex_partner",
    "G08": "current_partner",
    "G09": "parent",
    "G10": "ex_partner",
    "G11": "ex_partner",
    "G12": "sibling",
}
PERSONS = (*(f"{letter}{i:02d}" for i in (1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12) for letter in "SP"), "S09b")
LOADED_AT = parse_as_of("2025-01-01")


def person_id(name: str) -> int:
    """The id of a person of the table, as S01."""
    return make_id("golden", "person", name)


def relationship_id(name: str) -> int:
    """The id of a relationship, as G01."""
    return make_id("golden", "relationship", name)


def event_id(name: str) -> int:
    """The id of an event, as a1."""
    return make_id("golden", "event", name)


def incident_id(name: str) -> int:
    """The id of an incident, as a-1."""
    return make_id("golden", "incident", name)


def rows() -> list[dict[str, str]]:
    """The table as it is written."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def parties(name: str) -> tuple[str, str]:
    """Subject and person at risk of a relationship."""
    return ("P06", "S06") if name == "G10" else (f"S{name[1:]}", f"P{name[1:]}")


def build(folder: Path) -> Store:
    """A new store at ``folder`` with the golden force in one batch."""
    store = Store.create(folder)
    events = rows()
    first = {name: min(row["recorded_at"] for row in events if row["relationship"] == name) for name in KINDS}
    store.append(
        Batch(profile="golden_force", loaded_at=LOADED_AT, legal_basis="drawn by hand"),
        {
            "persons": pa.table(
                {
                    "person_id": [person_id(name) for name in PERSONS],
                    "kind": ["person"] * len(PERSONS),
                    "recorded_at": [parse_as_of("2020-01-01")] * len(PERSONS),
                }
            ),
            "person_links": pa.table(
                {
                    "source_person_id": [person_id("S09b"), person_id("P12")],
                    "person_id": [person_id("S09"), person_id("S12")],
                    "recorded_at": [parse_as_of("2024-03-01"), parse_as_of("2024-02-01")],
                    "method": ["name and birth date", "name and birth date"],
                }
            ),
            "relationships": pa.table(
                {
                    "relationship_id": [relationship_id(name) for name in KINDS],
                    "recorded_at": [_at(first[name]) for name in KINDS],
                    "subject_id": [person_id(parties(name)[0]) for name in KINDS],
                    "person_at_risk_id": [person_id(parties(name)[1]) for name in KINDS],
                    "kind": list(KINDS.values()),
                }
            ),
            "events": pa.table(
                {
                    "event_id": [event_id(row["event"]) for row in events],
                    "record_id": [make_id("golden", "record", row["incident"]) for row in events],
                    "incident_id": [incident_id(row["incident"]) for row in events],
                    "supersedes_event_id": pa.array(
                        [event_id(row["supersedes"]) if row["supersedes"] else None for row in events], pa.int64()
                    ),
                    **{
                        f"{column}_id": pa.array(
                            [person_id(row[column]) if row[column] else None for row in events], pa.int64()
                        )
                        for column in ("subject", "person_at_risk", "person")
                    },
                    "kind": [row["kind"] for row in events],
                    "code": pa.array([row["code"] or None for row in events], pa.string()),
                    "occurred_at": [_at(row["occurred_at"]) for row in events],
                    "until": pa.array([_at(row["until"]) if row["until"] else None for row in events], pa.int64()),
                    "recorded_at": [_at(row["recorded_at"]) for row in events],
                    "domestic": [row["domestic"] for row in events],
                    "proactive": [row["proactive"] == "yes" for row in events],
                    "reported_by": [row["reported_by"] for row in events],
                    "assertion": ["assessment" if row["kind"] == "risk_grade" else "fact" for row in events],
                    "source_system": ["golden"] * len(events),
                    "source_id": [row["event"] for row in events],
                }
            ),
        },
    )
    return store


def _at(text: str) -> int:
    return seconds(datetime.fromisoformat(text))
