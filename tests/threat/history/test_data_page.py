"""The data page says what the code does: every table, column, reason and profile key it must name."""

from __future__ import annotations

from pathlib import Path

from threat.history.intake.sources import source_names
from threat.history.quarantine import REASONS
from threat.history.schema import TABLES

PAGE = (Path(__file__).parents[3] / "docs" / "data.md").read_text(encoding="utf-8")


def test_tables_and_columns() -> None:
    for name, schema in TABLES.items():
        row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{name}` |"))
        assert row.split("|")[2].strip() == ", ".join(schema.names)


def test_reasons() -> None:
    for reason, meaning in REASONS.items():
        assert f"| `{reason}` | {meaning} |" in PAGE


def test_sources() -> None:
    for name in source_names():
        assert f"[`{name}`](../threat/history/intake/sources/{name}/README.md)" in PAGE
