"""What becomes of a history, its erasures and its openings of tests when the keys that signed them are ended."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fixtures.erasures import Delivery, history_of, person_id
from fixtures.history_rows import BATCH, events
from fixtures.trusted import HOLDERS, MADE_AT, Trusted
from typer.testing import CliRunner

from threat.errors import IntegrityFailure, ThreatError
from threat.history import Store
from threat.history.erasure import Asked, erase
from threat.release.commands import app
from threat.release.documents.earlier import Question
from threat.release.openings import LEDGER, Opening, openings, record_opening
from threat.trust.chain import START, Head
from threat.trust.folder import Trust

TEST = Question("s1", "2025-01-01T00:00:00+00:00", "Y2", 180, "monthly")
REASON = ("--reason", "a stolen laptop")


@pytest.fixture
def store(trusted: Trusted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A history of a force with an erasure in it."""
    trusted.use(monkeypatch)
    first = Delivery(persons=("anna", "ben"), events=(("ben", "anna", None, None), ("ben", None, None, None)))
    made = history_of(tmp_path / "history", [first])
    by = (trusted.key("approval"), trusted.key("approval-owner"))
    erase(made, Asked(person_id("ben"), "court order 12 of 2026", by, MADE_AT))
    return made


def run(trusted: Trusted, store: Store, *words: object) -> dict[str, Any]:
    """Run a command as the root; return what it says."""
    result = _run(trusted, store, *words, "--json")
    assert result.exit_code == 0, result.exception
    return dict(json.loads(result.stdout))


def _run(trusted: Trusted, store: Store, *words: object) -> Any:
    places = ("--store", store.path, "--var", store.path.parent / "var", "--key", trusted.key("root"))
    return CliRunner().invoke(app, [str(word) for word in (*words, *places)])


def revoke(trusted: Trusted, store: Store, name: str, *more: str) -> dict[str, Any]:
    return run(trusted, store, "revoke-key", trusted.signer(name).key.key_id, *REASON, *more)


def test_a_history_and_its_erasure_that_a_witness_covers_stay_open(store: Store, trusted: Trusted) -> None:
    heads = run(trusted, store, "witness")["heads"]
    assert heads[f"history {store.manifest().history}"] == {"count": 3, "hash": store.manifest().head}
    for name in ("intake", "approval"):
        assert revoke(trusted, store, name)["not_believed"] == []
    assert Store.open(store.path).verify(full=True) == 5
    trusted.key("intake").unlink()
    trusted.add("intake", HOLDERS["intake"], by="root")
    Store.open(store.path).append(BATCH, {"events": events({"event_id": 9, "subject_id": 5, "occurred_at": 1})})
    assert len(Store.open(store.path).manifest().records) == 4


def test_a_batch_of_a_stolen_key_closes_a_history_until_governance_vouches_for_it(
    store: Store, trusted: Trusted
) -> None:
    run(trusted, store, "witness")
    store.append(BATCH, {"events": events({"event_id": 9, "subject_id": 5, "occurred_at": 1})})
    batch = store.manifest().head
    named = _run(trusted, store, "revoke-key", trusted.signer("intake").key.key_id, *REASON)
    assert isinstance(named.exception, ThreatError)
    assert f"would not be believed (1 of them): the history does not open.\n  found: record 4 ({batch[:16]})" in str(
        named.exception
    )
    revoke(trusted, store, "intake", "--although-not-believed")
    with pytest.raises(IntegrityFailure, match="its key was revoked, and no witness of before covers it"):
        Store.open(store.path)
    refused = _run(trusted, store, "exclude", "history", "--record", batch, *REASON)
    assert "cannot be excluded" in str(refused.exception)
    run(trusted, store, "vouch", "history", "--record", batch[:12], "--reason", "compared with the export of that day")
    assert Store.open(store.path).manifest().head == batch


def test_an_erasure_by_a_revoked_approval_is_named_and_vouched_for_beforehand(store: Store, trusted: Trusted) -> None:
    erasure = store.manifest().head
    run(trusted, store, "vouch", "history", "--record", erasure, "--reason", "both were asked")
    assert revoke(trusted, store, "approval")["not_believed"] == []
    assert [erased.by for erased in Store.open(store.path).manifest().erasures] == [("Vera Lid", "Sam Owner")]


def test_openings_of_a_revoked_key_count_as_nobody_s_and_none_can_be_cut(store: Store, trusted: Trusted) -> None:
    for number in range(2):
        asked = Opening(TEST, f"r{number}", "m", "2026-05-01T00:00:00+00:00", "", Head(0, START))
        record_opening(store.path, asked, Trust.open())
        if number == 0:
            run(trusted, store, "witness")
    said = revoke(trusted, store, "evidence", "--although-not-believed")
    assert [lost["effect"] for lost in said["not_believed"]] == [
        "they count as openings by nobody, and nothing stops",
    ]
    found = [(line.run_id, line.signed_by) for line in openings(store.path, Trust.open())]
    assert found == [("r0", "Training job"), ("r1", "")]
    (store.path / LEDGER).write_bytes(b"")
    with pytest.raises(IntegrityFailure, match="shorter than governance witnessed"):
        list(openings(store.path, Trust.open()))
