"""The chain of records: who may write it, where it opens, and stores of before there was a chain."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fixtures.history_rows import BATCH, events
from fixtures.signed_history import manifest_of, signed_history, write_format_1, write_manifest
from fixtures.trusted import MADE_AT, Holder, Trusted

from threat import untrusted
from threat.errors import IntegrityFailure, UsageError
from threat.history import Store, manifest
from threat.history.manifest import FORMAT, FORMAT_1
from threat.trust import key_list
from threat.trust.ends import End
from threat.trust.folder import Trust


def test_a_history_is_a_chain_of_signed_records(
    tmp_path: Path, force_trusted: Trusted, monkeypatch: pytest.MonkeyPatch
) -> None:
    force_trusted.use(monkeypatch)
    store = signed_history(tmp_path / "store")
    document = manifest_of(store.path)
    records = [item["record"] for item in document["records"]]
    assert document["format"] == FORMAT
    assert [(record["kind"], record["sequence"], record["environment"]) for record in records] == [
        ("history", 0, "force"),
        ("batch", 1, "force"),
        ("batch", 2, "force"),
        ("batch", 3, "force"),
    ]
    manifest = store.manifest()
    assert [record["previous"] for record in records[1:]] == list(manifest.hashes[:-1])
    assert {len(item["signatures"]) for item in document["records"]} == {1}
    assert manifest.signed
    second = records[2]
    assert (second["batch"]["rows_in"], second["rows_kept"], second["batch"]["rows_quarantined"]) == (2, 1, 1)
    assert second["quarantine"]["part"][:2] == [f"quarantine/{second['batch_id']}.parquet", 1]
    assert (store.verify(full=True), store.snapshot().row_count("events")) == (5, 4)


def test_a_manifest_may_be_larger_than_other_documents_and_has_a_limit_of_its_own(
    tmp_path: Path, force_trusted: Trusted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is over the limit is refused in words; the limit holds 400,000 batches, one an hour for 45 years."""
    force_trusted.use(monkeypatch)
    path = signed_history(tmp_path / "store").path
    records = manifest_of(path)["records"]
    longest = max(len(json.dumps(record, indent=1)) for record in records)
    assert untrusted.LARGEST / 65_000 < longest < manifest.LARGEST / 400_000
    size = (path / manifest.FILE).stat().st_size
    monkeypatch.setattr(manifest, "LARGEST", size)
    assert len(Store.open(path).manifest().records) == len(records)
    monkeypatch.setattr(manifest, "LARGEST", size - 1)
    with pytest.raises(IntegrityFailure, match=r"manifest of the history cannot be read") as refused:
        Store.open(path)
    assert str(refused.value.value) == f"over {size - 1:,} bytes, at most {size - 1:,} are read"


def test_without_a_trust_folder_the_records_are_chained_and_not_signed(tmp_path: Path, no_trust: None) -> None:
    store = signed_history(tmp_path / "store")
    assert [item["signatures"] for item in manifest_of(store.path)["records"]] == [[]] * 4
    assert not store.manifest().signed
    document = manifest_of(store.path)
    del document["records"][2]
    write_manifest(store.path, document)
    with pytest.raises(IntegrityFailure, match="record 3 is not in its place"):
        Store.open(store.path)


def test_a_process_without_the_key_of_intake_reads_and_writes_nothing(
    tmp_path: Path, force_trusted: Trusted, monkeypatch: pytest.MonkeyPatch
) -> None:
    force_trusted.use(monkeypatch)
    store = signed_history(tmp_path / "store")
    before = (store.path / "manifest.json").read_bytes()
    monkeypatch.setenv("THREAT_KEYS", str(tmp_path / "none"))
    assert Store.open(store.path).snapshot().row_count("events") == 4
    with pytest.raises(UsageError, match="no private key for the verb intake"):
        store.append(BATCH, {"events": events({"event_id": 9, "subject_id": 5, "occurred_at": 1})})
    with pytest.raises(UsageError, match="no private key for the verb intake"):
        Store.create(tmp_path / "other")
    assert not (tmp_path / "other").exists()
    assert (store.path / "manifest.json").read_bytes() == before


@pytest.mark.parametrize("first_format", [True, False])
def test_an_unsigned_history_is_refused_until_it_is_signed(
    tmp_path: Path, force_trusted: Trusted, monkeypatch: pytest.MonkeyPatch, first_format: bool
) -> None:
    plain = signed_history(tmp_path / "store", Trust.none())
    snapshot = plain.snapshot().id
    if first_format:
        write_format_1(plain)
    force_trusted.use(monkeypatch)
    with pytest.raises(IntegrityFailure, match="The history is not signed") as refused:
        Store.open(plain.path)
    assert refused.value.way_out.endswith("threat sign-history")
    signed = Store(plain.path).sign()
    assert (signed.signed, len(signed.records), signed.environment) == (True, 4, "force")
    store = Store.open(plain.path)
    assert store.snapshot().id == snapshot  # what lists and RUNs name is still there
    assert store.verify(full=True) == 5


def test_a_history_with_another_row_than_its_batch_id_says_is_not_signed(
    tmp_path: Path, force_trusted: Trusted, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = signed_history(tmp_path / "store", Trust.none())
    other = signed_history(tmp_path / "other", Trust.none())
    other_id = other.append(BATCH, {"events": events({"event_id": 5, "subject_id": 6, "occurred_at": 61})})
    write_format_1(plain)
    document = manifest_of(plain.path)
    part = f"parts/events/{other_id}-0000.parquet"
    [[path, rows, _]] = document["batches"][2]["parts"]["events"]
    (plain.path / path).write_bytes((other.path / part).read_bytes())
    digest = next(entry for entry in other.entries() if entry.batch_id == other_id).parts["events"][0][2]
    document["batches"][2]["parts"]["events"] = [[path, rows, digest]]
    write_manifest(plain.path, document)
    assert Store.open(plain.path, Trust.none()).verify() == 4  # the hash in the manifest is that of the file
    force_trusted.use(monkeypatch)
    with pytest.raises(IntegrityFailure, match="The id of a batch is not that of its rows"):
        Store(plain.path).sign()
    assert manifest_of(plain.path)["format"] == FORMAT_1


def test_a_store_of_the_first_format_becomes_a_chain_with_the_next_batch(tmp_path: Path, no_trust: None) -> None:
    store = signed_history(tmp_path / "store")
    write_format_1(store)
    before = Store.open(store.path).snapshot()
    assert (before.row_count("events"), store.manifest().is_chain) == (4, False)
    store.append(BATCH, {"events": events({"event_id": 9, "subject_id": 5, "occurred_at": 1})})
    assert manifest_of(store.path)["format"] == FORMAT
    assert store.snapshot(before.id).row_count("events") == 4
    assert (store.snapshot().row_count("events"), store.verify(full=True)) == (5, 6)


def test_keys_of_another_environment_or_verb_do_not_count(
    tmp_path: Path, force_trusted: Trusted, demonstration_trusted: Trusted, monkeypatch: pytest.MonkeyPatch
) -> None:
    demonstration_trusted.use(monkeypatch)
    store = signed_history(tmp_path / "store")
    with pytest.raises(IntegrityFailure, match="not signed for intake"):
        Store.open(store.path, force_trusted.trust)
    # Without any trust folder it opens, and says that nothing was checked.
    assert not Store.open(store.path, Trust.none()).manifest().signed


def test_signing_again_after_the_key_was_revoked(
    tmp_path: Path, trusted: Trusted, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted.use(monkeypatch)
    store = signed_history(tmp_path / "store")
    head = store.manifest().head
    key_list.revoke(
        trusted.folder, trusted.signer("intake").key.key_id, trusted.signer("governance"), End("lost", MADE_AT)
    )
    with pytest.raises(IntegrityFailure, match="its key was revoked"):
        Store.open(store.path)
    trusted.key("intake").unlink()
    trusted.add("intake", Holder("Second intake job", "service", ("intake",)))
    assert Store(store.path).sign().head == head  # the records stay as they are
    assert Store.open(store.path).verify(full=True) == 5
