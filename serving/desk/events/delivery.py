"""A delivery: rows of the files that an intake profile reads, as JSON instead of files; the intake is the same."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt, StrictStr

from threat.errors import UsageError
from threat.history.intake.columns import File
from threat.history.intake.profile import Profile

MOST_ROWS = 1_000
"""Rows of one delivery: a minute of a large force has some tens. More comes as files, by ``threat load``."""

Cell = StrictStr | StrictInt | StrictFloat | None
Record = dict[str, Cell]


class Delivery(BaseModel):
    """What a system sends: ``files``, by the name that its profile gives each, with their rows.

    A row has a value by column, as a file of the profile would have it; what it leaves out is empty.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    files: Annotated[
        dict[str, list[Record]],
        Field(
            description="Rows by file of the profile, such as events; a row has the columns of that file.",
            examples=[
                {
                    "events": [
                        {
                            "event": "2027/0004711-1",
                            "subject": "N-1001",
                            "person_at_risk": "N-1002",
                            "kind": "non_fatal_strangulation",
                            "occurred_at": "2027-03-01T21:40",
                            "recorded_at": "2027-03-01T23:05",
                        }
                    ]
                }
            ],
        ),
    ]

    @property
    def sha256(self) -> str:
        """Hash of what is delivered: of the rows as canonical JSON."""
        body = json.dumps(self.files, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(body.encode()).hexdigest()


def check(delivery: Delivery, profile: Profile) -> None:
    """Raise UsageError, with everything that is wrong at once, for rows that no file of the profile could have."""
    files = {file.name: file for file in profile.files}
    count = sum(len(rows) for rows in delivery.files.values())
    problems = []
    if not count:
        problems.append("no row at all")
    if count > MOST_ROWS:
        problems.append(f"{count:,} rows, more than the {MOST_ROWS:,} of one delivery")
    for name, rows in delivery.files.items():
        if name not in files:
            problems.append(f"files.{name}: the profile reads {', '.join(files)}")
            continue
        columns = _columns(files[name])
        for i, row in enumerate(rows):
            unknown = sorted(row.keys() - set(columns))
            problems += [f"files.{name}[{i}].{column}: no column of this file" for column in unknown]
    if problems:
        raise UsageError(
            "The delivery does not fit the profile of its system: nothing was taken.",
            value="; ".join(problems),
            where="body",
            way_out="send the columns that the profile reads, or change the profile",
        )


def write_files(delivery: Delivery, profile: Profile, folder: Path) -> None:
    """Write a checked delivery as the files of an export of its profile; nothing of it is read or judged here."""
    for file in profile.files:
        rows = delivery.files.get(file.name)
        if not rows:
            continue
        path = folder / file.path.removesuffix(".gz")
        path.parent.mkdir(parents=True, exist_ok=True)
        columns = _columns(file)
        # A column that no row has is left out, as its default asks; a required one is there, so that each row that
        # lacks it is quarantined with that reason, and the others are taken.
        needed = {column.source for column in file.columns if column.required}
        present = [column for column in columns if column in needed or any(column in row for row in rows)]
        with path.open("w", encoding=profile.encoding, newline="") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(present)
            writer.writerows([_cell(row.get(column)) for column in present] for row in rows)


def _columns(file: File) -> list[str]:
    """Return the columns of a file under the names that the source gives them, without those that it lacks."""
    return [column.source for column in file.columns if not column.absent] + list(file.ignored)


def _cell(value: Cell) -> str:
    return "" if value is None else str(value)


def canonical(answer: Mapping[str, object]) -> str:
    """Return an answer as it is kept, so that a repeat gets the same."""
    return json.dumps(answer, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
