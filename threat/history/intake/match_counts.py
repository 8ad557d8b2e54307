"""How the files of an export meet: persons with a row that nothing names, named persons without a row.

An export whose files write references differently (zeros lost in a spreadsheet, two systems) loads without one row
quarantined, and every person in it is two. So the report counts what meets, and a load of which hardly anything meets
is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from threat.history.intake.frames import ids
from threat.history.intake.profile import Profile
from threat.history.intake.references import FAMILIES, look_alikes
from threat.history.intake.sheet import Sheet
from threat.history.intake.sources import STANDARD
from threat.history.snapshot import Snapshot
from threat.history.tables import read_parts

Ints = NDArray[np.int64]

ABOUT = ("persons", "identities", "protected")
"""Files with rows about persons."""

NAMING = ("relationships", "person_links", "events")
"""Files whose rows name persons."""

HARDLY = 0.05
"""Below this share of meeting references, two files do not speak of the same persons."""

FEW = 20
"""Up to this many persons a share says little: a file of so few is refused only when nothing meets."""

EXAMPLES = 3

_REPEATED = "^(?i:" + "|".join([*(f"{digit}{{7,}}" for digit in range(1, 10)), "x{4,}"]) + ")$"
"""9999999 or xxxx: often nobody, but a number may be a person's, so it is said and not guessed. Shorter numbers of one
digit are in every system that counts its persons from 1."""

_BEGINS_UNKNOWN = r"^(?i:unknown|unidentified|unnamed|unk|not[ _-]known)(?:[\s_/.\-].*|[0-9]+)$"
"""Unknown male 2 or UNK17: nobody, if the source writes it in many records, or a placeholder of one; so it is said."""

_ID_COLUMNS = {
    "persons": ("person_id",),
    "events": ("subject_id", "person_at_risk_id", "person_id"),
    "relationships": ("subject_id", "person_at_risk_id"),
    "person_links": ("source_person_id", "person_id"),
}


_MANY = {"person": "persons", "booking": "bookings"} | {
    name: f"{name}s" for name in ("event", "record", "incident", "relationship")
}


@dataclass(frozen=True, slots=True)
class Matches:
    """How the references of one file meet the other files and the history.

    ``what``: what they refer to, in words. ``distinct``: how many different ones, ``met`` of them elsewhere.
    ``met_by``: where, in words. ``examples``: a few of those that meet nothing.
    """

    file: str
    what: str
    met_by: str
    distinct: int
    met: int
    examples: tuple[str, ...]

    @property
    def unmet(self) -> int:
        """Return how many references meet nothing."""
        return self.distinct - self.met

    @property
    def hardly_meet(self) -> bool:
        """Tell whether nothing meets, or of many references hardly any."""
        return self.met == 0 < self.distinct or (self.distinct > FEW and self.met < HARDLY * self.distinct)

    def as_dict(self) -> dict[str, Any]:
        """Return the counts as ``threat load --json`` prints them."""
        counts = {"distinct": self.distinct, "met": self.met, "unmet": self.unmet}
        return {"file": self.file, "what": self.what, "met_by": self.met_by, **counts, "unmet_examples": self.examples}

    def line(self) -> str:
        """Return the counts as people read them."""
        text = f"{self.file}: {self.distinct:,} {self.what}, {self.met:,} of them {self.met_by}"
        return text + (f", {self.unmet:,} not ({', '.join(self.examples)})" if self.unmet else "")


@dataclass(frozen=True, slots=True)
class Meeting:
    """What is said of the references of an export: counts, notices, and why the load is refused ("": it is not)."""

    matches: tuple[Matches, ...] = ()
    notices: tuple[str, ...] = ()
    refused: str = ""


def match_counts(sheets: Mapping[str, Sheet], profile: Profile, snapshot: Snapshot) -> Meeting:
    """Count how the files of an export meet each other and the history; rows that are quarantined do not count.

    Only the standard shape says what is a person's row; of other shapes the notices alone are made.
    """
    notices = _notices(sheets)
    if profile.shape != STANDARD:
        return Meeting(notices=notices)
    texts = {name: _persons(sheet) for name, sheet in sheets.items() if name in (*ABOUT, *NAMING)}
    everyone = pc.unique(pa.chunked_array(texts.values(), pa.string()))
    persons = {name: pc.index_in(column, value_set=everyone).to_numpy() for name, column in texts.items()}
    named_before, with_row_before = _existing(everyone, profile.source_system, snapshot)
    named_now, with_row, named = np.zeros(len(everyone), dtype=bool), with_row_before.copy(), named_before.copy()
    for name in (name for name in NAMING if name in persons):
        named_now[persons[name]] = named[persons[name]] = True
    with_row[persons.get("persons", [])] = True
    matches = []
    for name, column in texts.items():
        if name == "persons":
            by = "named by another file or the history"
            matches.append(_matches(name, "persons with a row", by, column, named[persons[name]]))
        elif name in ABOUT:
            is_met = (named | with_row)[persons[name]]
            matches.append(_matches(name, "persons with a row", "with another row or named", column, is_met))
        elif "persons" in texts or snapshot.row_count("persons"):
            matches.append(_matches(name, "persons named", "with a row of persons", column, with_row[persons[name]]))
    for name in (name for name in ("relationships", "person_links") if name in texts):
        # Whoever is named by this file alone has no history of events and no row.
        elsewhere = with_row | named_before
        for other in (other for other in NAMING if other in persons and other != name):
            elsewhere[persons[other]] = True
        if elsewhere.any():
            met_by = "named by another file or the history, or with a row"
            matches.append(_matches(name, "parties", met_by, texts[name], elsewhere[persons[name]]))
    together = Matches("", "", "", int(named_now.sum()), int((named_now & with_row).sum()), ())
    refused = _refusal(matches, together, bool(named.any() or with_row.any()), profile, snapshot)
    alone = [each for each in matches if each.what == "parties" and not each.met and each.distinct]
    notices += tuple(f"Nothing else in the export or the history names a person of {each.file}." for each in alone)
    return Meeting((*matches, *_superseded(sheets)), notices, refused)


def _persons(sheet: Sheet) -> pa.Array:
    """Return the distinct persons in the kept rows of a sheet, as the source writes them."""
    names = [column.name for column in sheet.file.columns if FAMILIES.get(column.name) == "person"]
    return _distinct(sheet, names, sheet.good)


def _distinct(sheet: Sheet, names: list[str], rows: NDArray[np.bool_]) -> pa.Array:
    chunks = [pa.array(sheet.frame.loc[rows, name], pa.string(), from_pandas=True) for name in names]
    flat = [chunk.combine_chunks() if isinstance(chunk, pa.ChunkedArray) else chunk for chunk in chunks]
    return pc.drop_null(pc.unique(pa.chunked_array(flat, pa.string())))


def _existing(persons: pa.Array, source_system: str, snapshot: Snapshot) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell of each person whether the history names that person, and whether it has a row of that person."""
    if not any(snapshot.row_count(table) for table in _ID_COLUMNS):
        # A first load: no reference has to be hashed to look it up.
        return np.zeros(len(persons), dtype=bool), np.zeros(len(persons), dtype=bool)
    texts = persons.to_pandas()
    person_ids = ids("person", texts, pd.Series([source_system] * len(texts))).to_numpy(np.int64)
    named, with_row = (_among(person_ids, tables, snapshot) for tables in (NAMING, ("persons",)))
    return named, with_row


def _among(person_ids: Ints, tables: Sequence[str], snapshot: Snapshot) -> NDArray[np.bool_]:
    """Tell of each person whether one of the tables of the history has the id."""
    wanted, existing = pa.array(person_ids), [np.empty(0, dtype=np.int64)]
    for table in tables:
        for name in _ID_COLUMNS[table]:
            column = read_parts(table, snapshot.part_paths(table), [name]).column(name)
            existing.append(pc.unique(column.filter(pc.is_in(column, value_set=wanted))).to_numpy().astype(np.int64))
    return np.isin(person_ids, np.concatenate(existing))


def _matches(file: str, what: str, met_by: str, texts: pa.Array, is_met: NDArray[np.bool_]) -> Matches:
    unmet = texts.filter(pa.array(~is_met)).to_pylist()
    return Matches(file, what, met_by, len(texts), int(is_met.sum()), tuple(sorted(unmet)[:EXAMPLES]))


def _superseded(sheets: Mapping[str, Sheet]) -> list[Matches]:
    """Return how many references of corrections and withdrawals meet a row of the file or the history."""
    if "events" not in sheets:
        return []
    sheet = sheets["events"]
    missing = np.asarray(sheet.reason == "unknown_reference", dtype=bool)
    texts = _distinct(sheet, ["supersedes"], sheet.good | missing)
    unmet = _distinct(sheet, ["supersedes"], missing)
    is_met = pc.invert(pc.is_in(texts, value_set=unmet)).to_numpy(zero_copy_only=False)
    by = "in the file or the history"
    return [_matches("events", "rows superseded", by, texts, is_met)] if len(texts) else []


def _rows_of(profile: Profile, table: str, snapshot: Snapshot) -> int:
    """Return how many rows of a table the history has from the same profile: other systems have other references."""
    entries = [entry for entry in snapshot.entries if entry.batch.profile.partition("@")[0] == profile.name]
    return sum(rows for entry in entries for _, rows, _ in entry.parts.get(table, ()))


def _refusal(matches: Sequence[Matches], named: Matches, anything: bool, profile: Profile, snapshot: Snapshot) -> str:
    """Return why the load is refused, or "".

    ``named``: persons named by this export, met where they have a row. ``anything``: whether there is a person to meet.
    A file of persons is refused when hardly any of its persons is named and hardly any named person has a row. Persons
    that the history has rows of are met already; identities and protected rows of a few persons whom nothing names yet
    are usual in a later load.
    """
    for each in matches:
        if not each.hardly_meet or (each.file not in ABOUT and each.what != "parties"):
            continue
        if each.what == "parties":
            refused = each.distinct > FEW
        elif each.file == "persons":
            before = {table: _rows_of(profile, table, snapshot) for table in ("persons", "events")}
            first = not before["persons"] and before["events"] > 0
            refused = named.hardly_meet if named.distinct else first
        else:
            refused = anything and (each.distinct > FEW or not _rows_of(profile, each.file, snapshot))
        if refused:
            return (
                f"The file {each.file} and the rest of the export do not meet: of {each.distinct:,} persons in it "
                f"{each.met:,} are {each.met_by}. Nothing was loaded. Compare how the files write a person "
                f"({', '.join(each.examples)}): a spreadsheet may have taken zeros, or two systems number differently."
            )
    return ""


def _notices(sheets: Mapping[str, Sheet]) -> tuple[str, ...]:
    """Return a sentence for every kind of reference of which some look alike, or were numbers in a program."""
    families: dict[str, list[pa.Array]] = {}
    for sheet in sheets.values():
        for column in sheet.file.columns:
            family = FAMILIES.get(column.name, column.name)
            # Not of events: a correction whose target is spelt otherwise is quarantined, and says so itself.
            if column.reference and not column.absent and family != "event":
                families.setdefault(family, []).append(_distinct(sheet, [column.name], sheet.good))
    notices = []
    for family, chunks in families.items():
        many = _MANY.get(family, family)
        texts = pc.unique(pa.chunked_array(chunks, pa.string()))
        groups = look_alikes(texts)
        if groups:
            shown = "; ".join(", ".join(group) for group in groups[:EXAMPLES])
            notices.append(
                f"{sum(map(len, groups)):,} references of {many} differ only in padding, case, blanks or form and are "
                f"not taken for the same: {shown}. If they are numbers, say reference: number in the profile."
            )
        for pattern, what in ((_REPEATED, "are one sign repeated"), (_BEGINS_UNKNOWN, "begin with a word for unknown")):
            suspicious = texts.filter(pc.match_substring_regex(texts, pattern)).to_pylist()
            if suspicious:
                notices.append(
                    f"{len(suspicious):,} references of {many} {what}: {', '.join(sorted(suspicious)[:EXAMPLES])}. "
                    "If they mean nobody, add them to empty_words in the profile."
                )
        decimal = pc.sum(pc.match_substring_regex(texts, r"^[0-9]+\.0+$")).as_py() or 0
        if decimal:
            notices.append(
                f"{decimal:,} references of {many} end in .0: a program has read numbers. Say reference: number in the "
                "profile, or export them as text."
            )
    return tuple(notices)
