"""Rows of earlier loads that were quarantined for what they refer to: tried again by every later load.

A correction may come before the event it corrects. It is then quarantined, and tried again with each load under the
same profile, also when its sheet file was loaded long before. Rows that came under another profile, or under the same
profile before somebody changed it, are not tried: load their files again.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from threat import untrusted
from threat.errors import IntegrityFailure
from threat.history import quarantine
from threat.history.intake.corrections import DETAIL
from threat.history.intake.profile import Profile
from threat.history.intake.sheet import Sheet, typed_sheet
from threat.history.snapshot import Snapshot

REASONS = ("unknown_reference", "impossible_date", "circular_correction", "other_parties")
"""Reasons that another row, loaded later, may end; of those, only rows with a detail of ``corrections``."""


def quarantined_corrections(snapshot: Snapshot, profile: Profile) -> dict[str, Sheet]:
    """Return the rows to try again under a profile, typed anew, by file; a file without any is left out."""
    paths = [
        quarantine.file_of(snapshot, entry)
        for entry in snapshot.entries
        if entry.batch.profile == f"{profile.name}@{profile.digest}"
    ]
    rows = _of_reasons([path for path in paths if path is not None])
    files = {file.name: file for file in profile.files}
    out = {}
    for name, of_file in rows.groupby("file", sort=False):
        if name in files:
            records = [_cells(record, "quarantine, " + str(name)) for record in of_file["record"]]
            columns = list(dict.fromkeys(column for record in records for column in record))
            schema = pa.schema([(column, pa.string()) for column in columns])
            number = of_file["row"].to_numpy(np.int64)
            # Without its key: the same row may have been quarantined by several loads, each time stamped anew.
            file = replace(files[str(name)], key=())
            raw = pa.Table.from_pylist(records, schema=schema)
            sheet = typed_sheet(file, raw, number, [], replace(profile, identical_rows=len(raw)))
            sheet.frame["delivery"] = of_file["delivery"].to_numpy(np.int64)
            out[str(name)] = sheet
    return out


def _cells(record: str, where: str) -> dict[str, Any]:
    try:
        return untrusted.decode_object(record.encode())
    except untrusted.MalformedError as error:
        raise IntegrityFailure(
            "The quarantine holds a row that is not as the product wrote it.",
            value=error,
            where=where,
            way_out="restore the store from a copy; do not edit it",
        ) from None


def _of_reasons(paths: list[Path]) -> pd.DataFrame:
    """Return the rows to try again of some quarantine files, with the number of the file (from 1) as ``delivery``.

    A row that several loads quarantined as it was is given once, in as many copies as the load with most had.
    """
    parts = []
    for number, path in enumerate(paths, 1):
        wanted = pc.field("reason").isin(REASONS) & pc.starts_with(pc.field("detail"), DETAIL)
        rows = ds.dataset([str(path)], format="parquet").to_table(["file", "row", "record"], filter=wanted).to_pandas()
        rows["copy"] = rows.groupby(["file", "record"], sort=False).cumcount()
        parts.append(rows.assign(delivery=number))
    if not parts:
        return pd.DataFrame(columns=["file", "row", "record", "copy", "delivery"])
    return pd.concat(parts, ignore_index=True).drop_duplicates(["file", "record", "copy"])


def together(sheet: Sheet | None, again: Sheet) -> Sheet:
    """Return one sheet of the rows of a load's file, if it has the file, and of the rows to try again after them."""
    if sheet is None:
        again.own_rows = 0
        return again
    raw = pa.concat_tables([sheet.raw, again.raw], promote_options="default")
    out = Sheet(sheet.file, raw, np.concatenate([sheet.number, again.number]), sheet.torn)
    out.frame = pd.concat([sheet.frame.assign(delivery=0), again.frame], ignore_index=True)
    out.set_reasons(np.concatenate([sheet.reason, again.reason]), np.concatenate([sheet.detail, again.detail]))
    out.unmapped = set(sheet.unmapped)
    out.by_dates_alone = np.concatenate([sheet.by_dates_alone, again.by_dates_alone])
    out.bad_dates = {name: np.concatenate([bad, again.bad_dates[name]]) for name, bad in sheet.bad_dates.items()}
    out.own_rows = len(sheet.reason)
    return out


def take_back(sheet: Sheet, both: Sheet) -> None:
    """Put what became of the rows of the load's file in a sheet of ``together`` back into the file's own sheet."""
    n = both.own_rows
    sheet.frame = both.frame.iloc[:n].drop(columns="delivery")
    sheet.set_reasons(both.reason[:n].copy(), both.detail[:n].copy())
    sheet.undated = {place: said for place, said in both.undated.items() if place < n}
    sheet.unmapped = {(place, word) for place, word in both.unmapped if place < n}


def still_quarantined(sheets: dict[str, Sheet]) -> int:
    """Count the rows of before, in sheets of ``together``, that are rejected again."""
    return sum(int((~sheet.good[sheet.own_rows :]).sum()) for sheet in sheets.values())
