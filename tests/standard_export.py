"""An export in the standard CSV layout, as tests write it: rows, files and the person ids they become."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from threat.asof import parse_as_of
from threat.ids import make_id

NOW = parse_as_of("2025-01-01")
HEADER = (
    "event,incident,subject,person_at_risk,person,kind,code,value,occurred_at,until,recorded_at,domestic,supersedes"
)
GOOD = {
    "event": "E1",
    "incident": "I1",
    "subject": "anna",
    "person_at_risk": "ben",
    "kind": "stalking",
    "occurred_at": "2024-01-10T10:00",
    "recorded_at": "2024-01-11T09:00",
    "domestic": "yes",
}


def line(**values: str) -> str:
    return ",".join(values.get(name, "") for name in HEADER.split(","))


def write(folder: Path, **tables: list[str]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, rows in tables.items():
        (folder / f"{name}.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def events(*rows: dict[str, str]) -> list[str]:
    return [HEADER, *(line(**row) for row in rows)]


def person(reference: str) -> int:
    return make_id("person", reference, "standard_csv")


def profile_text(name: str) -> str:
    """A shipped profile, to be changed."""
    return files("threat.history.intake").joinpath("sources", name, "profile.yaml").read_text(encoding="utf-8")
