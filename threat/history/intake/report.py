"""The report of a load: what came in, what was kept, what was quarantined and why, what is new."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import pandas as pd

from threat.errors import BadInput
from threat.history.intake.match_counts import Matches

ABOVE_LIMIT = 6
"""Exit code of a load that was done, but quarantined more than its profile allows or has a warning."""

EXAMPLES = 3
"""Examples shown of a reason: enough to mend a profile by, few enough to read."""


@dataclass(frozen=True, slots=True)
class FileCounts:
    """Rows of one file: ``rows_in`` is ``kept`` and ``quarantined`` together.

    ``blank_lines``: empty lines between the rows, which are no rows. ``multi_line_records``: rows with a quoted cell
    over several lines. ``identical_rows``: rows without a key that equal an earlier row in every cell;
    ``largest_identical_group``: the most rows that are equal. ``open_ends``: ends centuries ahead, read as no end.
    """

    rows_in: int
    kept: int
    quarantined: int
    blank_lines: int = 0
    multi_line_records: int = 0
    identical_rows: int = 0
    largest_identical_group: int = 0
    open_ends: int = 0


@dataclass(frozen=True, slots=True)
class Example:
    """A quarantined row: its file, its number there (the first after the header is 1) and what is wrong in it."""

    file: str
    row: int
    detail: str


@dataclass(frozen=True, slots=True)
class ReasonCounts:
    """Quarantined rows of one reason, those of them that look severe, and a few examples.

    ``expected``: the profile says that this reason is usual in the source; then no examples are given.
    """

    reason: str
    meaning: str
    rows: int
    severe: int
    expected: bool
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadReport:
    """What one load did.

    ``files``: counts by file; None for a file that was loaded before and not read again. ``rows_in``, ``rows_kept``,
    ``rows_quarantined``: over all files. ``rows_quarantined_unexpectedly``, ``severe_quarantined``: without reasons
    that are usual in the source. ``new``, ``existing``: rows by table that were appended, and that the history had.
    ``batch_id``: None when nothing was appended. ``store``: path of the history. ``references``: how the files meet.
    ``empty_words``: by file and column, how many rows have which word that is read as empty. ``quarantine_limit``:
    rows that may be quarantined unexpectedly. ``notices``, ``warnings``: sentences on the whole load; a warning keeps
    it from ending with 0. ``refused``: why nothing was loaded, "" for a load. ``tried_again``, ``still_quarantined``:
    rows that earlier loads had quarantined for what they refer to, kept now or not. ``proactive_by_theme``: rows of the
    unit's own work that were not marked proactive, and are.
    """

    profile: str
    title: str
    already_loaded: bool
    files: Mapping[str, FileCounts | None]
    rows_in: int
    rows_kept: int
    rows_quarantined: int
    rows_quarantined_unexpectedly: int
    severe_quarantined: int
    reasons: tuple[ReasonCounts, ...]
    new: Mapping[str, int]
    existing: Mapping[str, int]
    batch_id: str | None
    snapshot_id: str
    store: str
    references: tuple[Matches, ...] = ()
    empty_words: Mapping[str, Mapping[str, Mapping[str, int]]] = field(default_factory=dict)
    quarantine_limit: int = 0
    notices: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    refused: str = ""
    tried_again: int = 0
    still_quarantined: int = 0
    proactive_by_theme: int = 0

    @property
    def exit_code(self) -> int:
        """Return how ``threat load`` ends: 0 loaded, 3 refused, 6 loaded but above the limit or with warnings."""
        if self.refused:
            return BadInput.exit_code
        above = self.rows_quarantined_unexpectedly > self.quarantine_limit
        return ABOVE_LIMIT if above or self.warnings else 0

    def as_dict(self) -> dict[str, Any]:
        """Return the report as ``threat load --json`` prints it."""
        return {
            "profile": self.profile,
            "title": self.title,
            "already_loaded": self.already_loaded,
            "files": {name: {} if counts is None else asdict(counts) for name, counts in self.files.items()},
            "rows_in": self.rows_in,
            "rows_kept": self.rows_kept,
            "rows_quarantined": self.rows_quarantined,
            "rows_quarantined_unexpectedly": self.rows_quarantined_unexpectedly,
            "severe_quarantined": self.severe_quarantined,
            "quarantine_limit": self.quarantine_limit,
            "exit_code": self.exit_code,
            "reasons": [asdict(reason) | {"examples": [asdict(e) for e in reason.examples]} for reason in self.reasons],
            "new": dict(self.new),
            "held_already": dict(self.existing),
            "batch_id": self.batch_id,
            "snapshot_id": self.snapshot_id,
            "store": self.store,
            "references": [matches.as_dict() for matches in self.references],
            "empty_words": {
                file: {column: dict(words) for column, words in columns.items() if words}
                for file, columns in self.empty_words.items()
            },
            "notices": list(self.notices),
            "warnings": list(self.warnings),
            "refused": self.refused,
            "tried_again": {"kept": self.tried_again, "still_quarantined": self.still_quarantined},
            "proactive_by_theme": self.proactive_by_theme,
        }


def reason_counts(
    quarantined: pd.DataFrame, meanings: Mapping[str, str], expected: Collection[str]
) -> tuple[ReasonCounts, ...]:
    """Count quarantined rows by reason, most rows first.

    ``quarantined``: columns of ``threat.history.quarantine.SCHEMA``. ``meanings``: every reason in words.
    """
    counts = []
    for reason, rows in quarantined.groupby("reason", sort=False):
        is_expected = reason in expected
        shown = rows.drop_duplicates("detail").head(0 if is_expected else EXAMPLES)
        examples = zip(shown["file"], shown["row"], shown["detail"], strict=True)
        counts.append(
            ReasonCounts(
                reason=str(reason),
                meaning=meanings[str(reason)],
                rows=len(rows),
                severe=int(rows["severe"].sum()),
                expected=is_expected,
                examples=tuple(Example(file, int(row), detail) for file, row, detail in examples),
            )
        )
    return tuple(sorted(counts, key=lambda count: -count.rows))


def _also_counted(counts: FileCounts) -> list[str]:
    """Return what was counted in a file besides its rows, in words; nothing for counts of 0."""
    out = []
    if counts.blank_lines:
        out.append(f"{counts.blank_lines:,} blank lines, which are no rows")
    if counts.multi_line_records:
        out.append(f"{counts.multi_line_records:,} rows with text over several lines")
    if counts.identical_rows:
        out.append(
            f"{counts.identical_rows:,} identical rows: copies of an earlier row in every cell, in the largest group "
            f"{counts.largest_identical_group:,} equal rows"
        )
    if counts.open_ends:
        out.append(f"{counts.open_ends:,} open ends: an end centuries ahead was read as no end")
    return out


def lines(report: LoadReport) -> str:
    """Return the report as people read it."""
    if report.already_loaded:
        said = f"{report.title}: loaded before as batch {report.batch_id}."
        return "\n".join([said, *_of_before(report)]) if report.tried_again else f"{said} Nothing changed."
    out = [f"{report.title}, into {report.store}", *file_lines(report), *reason_lines(report)]
    out += reference_lines(report)
    if report.refused:
        return "\n".join([*out, f"REFUSED: {report.refused}"])
    if report.new:
        out.append("New in the history: " + ", ".join(f"{rows:,} {name}" for name, rows in report.new.items()))
    existing = {name: rows for name, rows in report.existing.items() if rows}
    if existing:
        out.append("In the history already: " + ", ".join(f"{rows:,} {name}" for name, rows in existing.items()))
    if report.proactive_by_theme:
        out.append(
            f"The unit's own work, not marked proactive in the source: {report.proactive_by_theme:,} rows, now are"
        )
    out += _of_before(report)
    out.append(f"Batch {report.batch_id}, snapshot {report.snapshot_id}")
    if report.rows_quarantined_unexpectedly > report.quarantine_limit:
        out.append(
            f"{report.rows_quarantined_unexpectedly:,} rows were quarantined; the profile allows "
            f"{report.quarantine_limit:,} (quarantine_limit)."
        )
    if report.severe_quarantined:
        out.append(
            f"ALARM: {report.severe_quarantined:,} of the quarantined rows look severe. Mend the profile or the "
            "export and load again; until then nobody sees them."
        )
    return "\n".join(out)


def file_lines(report: LoadReport) -> list[str]:
    """Return the rows of each file as people read them."""
    out = []
    for name, counts in report.files.items():
        if counts is not None:
            out.append(
                f"  {name}: {counts.rows_in:,} rows in = {counts.kept:,} kept + {counts.quarantined:,} quarantined"
            )
            out += [f"    {said}" for said in _also_counted(counts)]
    return out


def reason_lines(report: LoadReport) -> list[str]:
    """Return why rows are quarantined, with examples, as people read it."""
    out = ["Quarantined:"] if report.reasons else []
    for reason in report.reasons:
        usual = " (usual in this source)" if reason.expected else ""
        out.append(f"  {reason.rows:>9,}  {reason.reason}: {reason.meaning}{usual}")
        out += [f"             {e.file}, row {e.row}: {e.detail}" for e in reason.examples]
    return out


def _of_before(report: LoadReport) -> list[str]:
    """Return what became of rows that earlier loads had quarantined for what they refer to; nothing without any."""
    if not report.tried_again and not report.still_quarantined:
        return []
    return [
        f"Tried again of what earlier loads had quarantined: {report.tried_again:,} kept, "
        f"{report.still_quarantined:,} still quarantined"
    ]


def reference_lines(report: LoadReport) -> list[str]:
    """Return how the files meet, the words read as empty, notices and warnings, as people read them."""
    out = ["References:"] if report.references else []
    out += [f"  {matches.line()}" for matches in report.references]
    words = [
        f"  {file}.{column}: {', '.join(f'{word} in {rows:,} rows' for word, rows in list(counts.items())[:EXAMPLES])}"
        for file, columns in report.empty_words.items()
        for column, counts in columns.items()
        if counts
    ]
    if words:
        out += ["Read as empty, because it names nobody:", *words]
    out += [f"Note: {notice}" for notice in report.notices]
    return out + [f"WARNING: {warning}" for warning in report.warnings]
