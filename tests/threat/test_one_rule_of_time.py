"""No module but ``threat.asof`` and its compiled twin compares the time of a record with an instant by hand.

Every ordering comparison of the product with the time of a record on one side, in Python or in the text of a query,
goes through ``threat.asof`` or is listed here with its reason. Two times of records compared with each other (recorded
before it happened, or a week after) are facts about the records and not about an as-of, so they need no entry.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("threat", "features", "training", "serving", "fairness", "model_cards")
THE_RULE = {"threat/asof.py", "threat/asof_compiled.py", "threat/asof_labels.py"}
ALWAYS = {"recorded_at", "visible_from", "visible_until", "withdrawn_at", "occurred_at"}
SOMETIMES = {"until", "start"}
"""Times of a record (the end of a stay, the start of a span) or instants a record is compared with: read both ways."""
TIMES = ALWAYS | SOMETIMES
IN_SQL = re.compile(rf"\b(?:{'|'.join(TIMES)})\s*[<>]=?|[<>]=?\s*(?:\w+\.)?(?:{'|'.join(TIMES)})\b")

ALLOWED = {
    "sightings.until[j] > now": "the kernel's loop: calls of more functions inside it are not free",
    "until < occurred": "a row of a file against itself: it ends before it began",
    "until >= NEVER": "whether there is an end at all",
    "out.start < out.end": "a span of visibility against itself: whether anything of it is left",
    "start < end": "a span against itself: whether anything of it is left",
    "cut.start < cut.end": "a span of visibility against itself: whether anything of it is left",
    "spans.start[1:] < spans.end[:-1]": "spans of one pair against each other: whether any two overlap",
    "start <= begins": "stated rows of one pair against each other: which are in force between two of their moments",
    "stated.valid_from <= stated.start": "a row against itself: a kind in force only later is seen at its recording",
    "until < NEVER": "whether there is an end at all",
    "hidden_at > frame['recorded_at'].to_numpy()": "an event against its correction: whether it was ever in force",
    "events['hidden_at'] > events['recorded_at']": "an event against its correction: whether it was ever in force",
    "recorded <= start": "the simulation writes a change of kind known at the first record into that record",
    "e.occurred_at < closed_at": "events against the event that ends them: which of them it ends",
    "at < latest.occurred_at": "an answer against the records and answers of its marker: whether it came after them",
    "when < served.until": "the simulation serves an order within the order's own time; nobody looks on",
    "seconds(start) >= first": "the first cycle of a calendar; a cycle is no record",
    "on > release.until": "the last day of a release, a whole calendar day; a release is no record",
    "asked.until > most": "the day to which a review keeps records, against the longest that its class allows",
    "until <= on": "the day to which a review keeps records, against the day on which it is held",
    "on <= self.until": "the last day of a legal hold, a whole calendar day; a hold is no record",
    "on < review.until": "the day on which records are due again, a whole calendar day; a review is no record",
    "key.until[CHAIN].count > head.count": "places in a chain of promotions, not times",
    "table.at < (wanted.until + timedelta(days=1)).isoformat()": "a whole day of the audit log; an entry is no record",
    "incident.occurred_at >= gap.ended_at": "an incident against a gap: whether it is drawn above",
    "int(sightings.occurred_at[j]) > latest": "incidents against the latest assessment: which came after it",
    "stop > start": "positions in a ranking, not times",
    "j >= start": "positions in an array, not times",
}
NOBODY_STANDS_AT_AN_AS_OF = {
    "threat/history/intake/": "rows of a file are compared with each other, with rows held already and with the load",
    "threat/simulation/calibration/": "a finished synthetic history is measured whole, against published figures",
}


def times_in(node: ast.expr) -> set[str]:
    """Names of record times that an expression reads: attributes, variables and columns of a frame."""
    out = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute):
            out.add(part.attr)
        elif isinstance(part, ast.Name):
            out.add(part.id)
        elif isinstance(part, ast.Subscript) and isinstance(part.slice, ast.Constant):
            out.add(part.slice.value)
    return out & TIMES


def one_side_is_an_instant(left: set[str], right: set[str]) -> bool:
    """Tell whether exactly one side reads the time of a record, ``until`` and ``start`` taken for one or for none."""
    return any(sorted([len(left & names), len(right & names)]) == [0, 1] for names in (ALWAYS, TIMES))


def docstrings(tree: ast.Module) -> set[int]:
    """The identities of string nodes that are statements of their own: docstrings, not queries."""
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def by_hand(source: str) -> Iterator[str]:
    """Every comparison of a record's time with an instant, in Python and in queries, as written.

    A number written out is no instant: ``until < 0`` asks whether there is a time.
    """
    tree = ast.parse(source)
    said = docstrings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            for left, operator, right in zip([node.left, *node.comparators], node.ops, node.comparators, strict=False):
                ordered = isinstance(operator, ast.Lt | ast.LtE | ast.Gt | ast.GtE)
                number = any(isinstance(side, ast.Constant) for side in (left, right))
                if ordered and not number and one_side_is_an_instant(times_in(left), times_in(right)):
                    sign = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}[type(operator)]
                    yield f"{ast.unparse(left)} {sign} {ast.unparse(right)}"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            for line in re.split(r"\n|\bAND\b|\bOR\b|\bWHERE\b|\bWHEN\b|\bTHEN\b|[()]", node.value):
                words = set(re.findall(r"\w+", line)) & TIMES
                if "?" in line and len(words) == 1 and IN_SQL.search(line):
                    yield line.strip()


def in_product() -> Iterator[tuple[str, str]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            where = path.relative_to(ROOT).as_posix()
            if where not in THE_RULE and not where.startswith(tuple(NOBODY_STANDS_AT_AN_AS_OF)):
                yield from ((where, text) for text in by_hand(path.read_text(encoding="utf-8")))


def test_every_comparison_with_an_as_of_goes_through_the_rule() -> None:
    assert [(where, text) for where, text in in_product() if text not in ALLOWED] == []


def test_every_exception_is_still_needed() -> None:
    assert ALLOWED.keys() - {text for _, text in in_product()} == set()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("seen = row.recorded_at < as_of", ["row.recorded_at < as_of"]),
        ("seen = frame['withdrawn_at'] >= cut", ["frame['withdrawn_at'] >= cut"]),
        ("if start <= occurred_at[i] < end: pass", ["start <= occurred_at[i]", "occurred_at[i] < end"]),
        ("hit = sightings.visible_until[j] - lag > now", ["sightings.visible_until[j] - lag > now"]),
        ("query('SELECT 1 FROM events WHERE kind = ? AND recorded_at < ?')", ["recorded_at < ?"]),
        ("query(f'SELECT {x} FROM events e WHERE ? >= e.occurred_at')", ["? >= e.occurred_at"]),
        ("open_at = [e for e in events if e.until > as_of]", ["e.until > as_of"]),
        ("later = self.start[span + 1] < at", ["self.start[span + 1] < at"]),
        ("declared = start > 0", []),
        ("late = row.recorded_at > row.occurred_at", []),
        ("late = row.recorded_at - row.occurred_at > WEEK", []),
        ("same = row.recorded_at == as_of", []),
        ("seen = on_record(row.recorded_at, as_of)", []),
        ("def f():\n    'Visible: recorded_at < ?'", []),
    ],
)
def test_a_comparison_by_hand_is_found(source: str, expected: list[str]) -> None:
    assert list(by_hand(source)) == expected
