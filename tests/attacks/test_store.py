"""Attacks on a history by who can write its folder and holds no key: each is noticed before a row of it is used."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fixtures.history_rows import BATCH, events
from fixtures.signed_history import manifest_of, signed_history, write_manifest
from fixtures.trusted import Trusted

from threat.errors import IntegrityFailure
from threat.files import sha256_of
from threat.history import Store, quarantine
from threat.history.manifest import PAYLOAD_TYPE
from threat.trust.signing import sign


@pytest.fixture
def store(attacked_store: Path) -> Path:
    """A copy of a signed history, read by an account that has no key."""
    return attacked_store


def refused(store: Path, match: str) -> IntegrityFailure:
    with pytest.raises(IntegrityFailure, match=match) as caught:
        Store.open(store).snapshot()
    return caught.value


def rewritten(store: Path, change: Callable[[pa.Table], pa.Table], pattern: str) -> None:
    """Write one part again with other rows, and its new hash and number of rows into the manifest."""
    [part] = store.glob(pattern)
    pq.write_table(change(pq.read_table(part)), part, compression="zstd")
    document = manifest_of(store)
    name = part.relative_to(store).as_posix()
    for record in (item["record"] for item in document["records"]):
        tables = record.get("tables", {}).values()
        parts = [part for table in tables for part in table["parts"]] + [(record.get("quarantine") or {}).get("part")]
        for listed in filter(None, parts):
            if listed[0] == name:
                listed[1:] = [pq.read_metadata(part).num_rows, sha256_of(part)]
    write_manifest(store, document)


def with_value(name: str, value: Any) -> Callable[[pa.Table], pa.Table]:
    """Return a change of one column of every row to one value."""

    def change(rows: pa.Table) -> pa.Table:
        place = rows.schema.get_field_index(name)
        column = pa.array([value] * rows.num_rows).cast(rows.schema.field(name).type)
        return rows.set_column(place, rows.schema.field(name), column)

    return change


def test_a_part_rewritten_with_its_new_hash_in_the_manifest(store: Path) -> None:
    first = Store.open(store).snapshot().batches[0]
    rewritten(store, with_value("subject_id", 6), f"parts/events/{first}-*.parquet")
    refused(store, "record 3 is not in its place")  # the next record names the one that was signed


def test_a_part_of_the_last_batch_rewritten_with_its_new_hash_in_the_manifest(store: Path) -> None:
    last = Store.open(store).snapshot().batches[-1]
    rewritten(store, with_value("subject_id", 5), f"parts/events/{last}-*.parquet")
    refused(store, "not signed for intake, or was changed after it was signed")


def test_a_part_rewritten_alone(store: Path) -> None:
    part = next(store.glob("parts/persons/*.parquet"))
    pq.write_table(with_value("kind", "unknown")(pq.read_table(part)), part)
    assert refused(store, "This part was changed").where == part.relative_to(store).as_posix()


def test_a_quarantined_row_edited(store: Path) -> None:
    part = next(store.glob("quarantine/*.parquet"))
    pq.write_table(with_value("record", "{}")(pq.read_table(part)), part)
    refused(store, "This part was changed")
    rewritten(store, with_value("record", "{}"), "quarantine/*.parquet")
    refused(store, "record 4 is not in its place")


def test_a_quarantine_file_taken_away(store: Path) -> None:
    next(store.glob("quarantine/*.parquet")).unlink()
    assert refused(store, "This part was changed").value == "missing"


def test_rows_put_into_quarantine_under_the_name_of_a_batch_without_any(store: Path) -> None:
    [file] = store.glob("quarantine/*.parquet")
    batch = Store.open(store).snapshot().batches[0]
    shutil.copy(file, store / "quarantine" / f"{batch}.parquet")
    assert len(quarantine.read(Store.open(store).snapshot())) == 1  # of no record, so nobody reads them


Change = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]


def _counts(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    records[2]["record"]["batch"]["rows_quarantined"] = 0
    records[2]["record"]["rows_kept"] = 2
    return records


def _signature_of_another(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    records[2]["signatures"] = records[1]["signatures"]
    return records


def _stripped(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"record": item["record"], "signatures": []} for item in records]


def _said_twice(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [*records, records[-1]]


CHANGES: dict[str, tuple[Change, str]] = {
    "batch dropped": (lambda records: records[:1] + records[2:], "not in its place"),
    "batches reordered": (lambda records: [records[0], records[2], records[1], records[3]], "not in its place"),
    "batch said twice": (_said_twice, "not in its place"),
    "all records gone": (lambda records: [], "cannot be read"),
    "counts changed": (_counts, "not in its place"),
    "signature of another record": (_signature_of_another, "not signed for intake"),
    "signatures stripped": (_stripped, "The history is not signed"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_the_manifest_changed(store: Path, name: str) -> None:
    change, match = CHANGES[name]
    document = manifest_of(store)
    write_manifest(store, document | {"records": change(document["records"])})
    refused(store, match)


def test_the_manifest_put_back_into_the_format_of_before(store: Path) -> None:
    document = manifest_of(store)
    batches = [
        {name: item["record"][name] for name in ("batch_id", "batch", "rows_kept")}
        | {"parts": {name: table["parts"] for name, table in item["record"]["tables"].items()}}
        for item in document["records"][1:]
    ]
    write_manifest(store, {"format": "threat-history/1", "batches": batches})
    refused(store, "The history is not signed")


def test_a_record_signed_by_a_key_of_another_verb(store: Path, force_trusted: Trusted) -> None:
    document = manifest_of(store)
    record = document["records"][3]["record"] | {"rows_kept": 7}
    signed = sign(record, PAYLOAD_TYPE, force_trusted.signer("list"))
    document["records"][3] = {"record": record, "signatures": signed["signatures"]}
    write_manifest(store, document)
    refused(store, "not signed for intake")


def test_a_manifest_cut_short_is_noticed_by_who_saw_more_and_by_every_list_of_the_rest(store: Path) -> None:
    snapshot = Store.open(store).snapshot().id
    document = manifest_of(store)
    write_manifest(store, document | {"records": document["records"][:3]})
    memory = Path(refused(store, "lacks records that this account saw before").way_out.rpartition("remove ")[2])
    memory.unlink()
    # Who never saw the rest sees a sound history; what was computed from the rest names it.
    assert Store.open(store).snapshot().row_count("events") == 3
    with pytest.raises(IntegrityFailure, match="never held that snapshot"):
        Store.open(store).snapshot(snapshot)


def test_an_older_manifest_put_back(store: Path, force_trusted: Trusted, monkeypatch: pytest.MonkeyPatch) -> None:
    older = (store / "manifest.json").read_bytes()
    with monkeypatch.context() as patch:
        force_trusted.use(patch)
        Store.open(store).append(BATCH, {"events": events({"event_id": 9, "subject_id": 5, "occurred_at": 70})})
    Store.open(store).snapshot()
    (store / "manifest.json").write_bytes(older)
    refused(store, "lacks records that this account saw before")


def test_a_whole_history_of_the_same_force_put_in_its_place(
    store: Path, tmp_path: Path, force_trusted: Trusted, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store.open(store).snapshot()
    with monkeypatch.context() as patch:
        force_trusted.use(patch)
        other = signed_history(tmp_path / "other")
    shutil.rmtree(store)
    shutil.copytree(other.path, store)
    refused(store, "Another history is here")


def test_one_derived_array_edited(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [file] = store.glob("derived/*/sightings-*/occurred_at.npy")
    array = np.load(file)
    np.save(file, array[::-1].copy())
    again = Store.open(store).snapshot().sightings()
    assert again.occurred_at.tolist() == array.tolist()
    assert "occurred_at.npy was changed" in capsys.readouterr().err


def test_a_derived_array_edited_with_its_hash_in_the_sidecar(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [file] = store.glob("derived/*/sightings-*/occurred_at.npy")
    array = np.load(file)
    np.save(file, array[::-1].copy())
    sidecar = file.with_name("sidecar.json")
    text = sidecar.read_text()
    envelope = json.loads(text)["envelope"]
    sidecar.write_text(json.dumps({"envelope": envelope, "statement": {"files": {file.name: sha256_of(file)}}}))
    assert Store.open(store).snapshot().sightings().occurred_at.tolist() == array.tolist()
    assert "was changed" in capsys.readouterr().err


def test_a_sidecar_copied_from_another_snapshot(
    store: Path, force_trusted: Trusted, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    [before] = store.glob("derived/*/sightings-*")
    with monkeypatch.context() as patch:
        force_trusted.use(patch)
        grown = Store.open(store)
        grown.append(BATCH, {"events": events({"event_id": 9, "subject_id": 5, "occurred_at": 70})})
        expected = grown.snapshot().sightings().event_id.tolist()
    now = store / "derived" / Store.open(store).snapshot().id / before.name
    for file in before.iterdir():
        shutil.copy(file, now / file.name)
    assert Store.open(store).snapshot().sightings().event_id.tolist() == expected
    assert "made of another snapshot" in capsys.readouterr().err
