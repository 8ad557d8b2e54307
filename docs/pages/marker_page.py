"""``docs/markers.md``: what each marker reads, and the drawn tables that the tests run.

``make docs`` writes the page; with ``--check`` it only compares, and exits 1 when the page is stale.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from pages.feature_dictionary import drawn_tables, grid, prose

from serving.relationship.marker_table import MarkerDefinition, marker_definitions, unread_must_see
from threat.vocabulary import kind

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "markers.md"
SPEC = ROOT / "tests" / "spec" / "markers"
WRITTEN_BY = (
    "<!-- Written by `make docs`. Change serving/relationship/markers.csv or the drawn tables, then run it. -->"
)

_WHOSE = {
    "acts": "what one does to the other; elsewhere, what the subject does to others",
    "pair": "a fact of the two, the same both ways round",
    "each": "this way of the subject, the other way of the person at risk",
    "person_at_risk": "this way of the person at risk, the other way of the subject",
    "others": "what the subject does to anybody else; the other way, the person at risk",
}


def page(spec: Path = SPEC) -> str:
    """Return the whole page as Markdown. ``spec``: folder of drawn tables."""
    parts = [*_opening(), *_table(), *drawn_tables(spec, "What the markers say: drawn tables", _READING)]
    return "\n\n".join(parts) + "\n"


_READING = """Each table is a test. Times are days from day 0, which is the date of the list, 1 June 2024; *recorded* is
    when the force could first have known. S is the subject, V the person at risk, others are third persons, ? an
    unknown person. *events* are what is behind a yes: records, then answers, each latest first."""


def _opening() -> Iterator[str]:
    yield WRITTEN_BY
    yield "# Markers"
    yield prose("""
        Twelve markers of what kills, or comes before it, are shown on every row of the review list, in every must-see
        item and on every case, whatever ranks and in this order. No order reads them. A marker is not a score and not
        a finding. It says yes (when first and last, in how many incidents, or that it was answered), or what an
        assessment says: answered no, asked and not answered, not asked; or that there is no record. A yes is never
        taken back by a later no, and none of the others is a sign that nothing happened.""")


def _table() -> Iterator[str]:
    yield "## What each marker reads"
    yield grid(
        ("Marker", "Records of", "Questions of assessments", "Whose"),
        (
            (marker.title, _titles(marker.kinds), _titles(_questions(marker)) or "none", _WHOSE[marker.whose])
            for marker in marker_definitions()
        ),
    )
    yield prose(f"""
        Next to the markers every other must-see kind on record is said by its own name:
        {_titles(definition.name for definition in unread_must_see())}. So every must-see kind of a case is in its row.
        A reconciliation does not undo a separation: it is said next to it.""")


def _questions(marker: MarkerDefinition) -> tuple[str, ...]:
    return (*marker.asked_of_subject, *marker.asked_of_person_at_risk)


def _titles(names: Iterable[str]) -> str:
    return "; ".join(kind(name).title.removeprefix("Assessment: ").lower() for name in names)


def main(arguments: list[str] | None = None) -> int:
    """Write the page, or compare it with ``--check``. Returns the exit code: 1 when the page is stale, otherwise 0."""
    parser = argparse.ArgumentParser(prog="make docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when docs/markers.md is stale")
    parser.add_argument("--page", type=Path, default=PAGE, help="the page to write or to compare")
    chosen = parser.parse_args(arguments)
    text = page()
    if not chosen.check:
        chosen.page.write_text(text, encoding="utf-8")
        print(f"{chosen.page.name}: {len(marker_definitions())} markers, {text.count(chr(10)):,} lines.")
        return 0
    if chosen.page.exists() and chosen.page.read_text(encoding="utf-8") == text:
        print(f"{chosen.page.name} is up to date.")
        return 0
    print(f"{chosen.page.name} is stale: run make docs", file=sys.stderr)
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
