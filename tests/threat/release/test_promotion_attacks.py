"""Promotions under attack: by somebody who writes the folders and holds no key, and by a chain that broke off."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fixtures.promoted import ended_now, witness_now
from fixtures.trusted import Trusted, make_trusted
from hypothesis import given
from hypothesis import strategies as st

from threat.errors import IntegrityFailure
from threat.release import bundle, checkpoint, promotions
from threat.trust import chain, key_list, records
from threat.trust.belief import Judgement
from threat.trust.folder import Trust
from threat.trust.signing import Signer, sign


@pytest.fixture
def build_force(make_run: Any, var: Path, trusted: Trusted, monkeypatch: pytest.MonkeyPatch) -> Any:
    trusted.use(monkeypatch)
    passed = {"environment": "force", "to": "live"}
    return lambda run_id: bundle.build(make_run(run_id, gate=passed), var / "bundles", trusted.signer("promotion"))


def test_a_suspension_cannot_be_cut_off(ledger: Path, build: Any, signer: Signer) -> None:
    promotions.promote(ledger, build("run-1"), "live", signer, at=1, reason="first")
    promotions.suspend(ledger, signer, at=2, reason="stop")
    lines = ledger.read_bytes().splitlines(keepends=True)
    ledger.write_bytes(lines[0])
    with pytest.raises(IntegrityFailure, match="records were removed"):
        promotions.current(ledger)
    ledger.unlink()
    with pytest.raises(IntegrityFailure, match="records were removed"):
        promotions.current(ledger)


def test_killed_between_record_and_checkpoint(ledger: Path, build: Any, signer: Signer) -> None:
    """The checkpoint lags one record behind; the chain is longer, and stands."""
    checkpoint = ledger.parent / "promotions.checkpoint.json"
    promotions.promote(ledger, build("run-1"), "live", signer, at=1, reason="first")
    earlier = checkpoint.read_bytes()
    promotions.suspend(ledger, signer, at=2, reason="stop")
    checkpoint.write_bytes(earlier)
    assert promotions.current(ledger).state == "suspended"
    promotions.resume(ledger, signer, at=3, reason="go")
    assert checkpoint.read_bytes() != earlier
    assert promotions.current(ledger).state == "live"


def test_a_chain_without_its_checkpoint_is_refused(ledger: Path, build: Any, signer: Signer) -> None:
    promotions.promote(ledger, build("run-1"), "live", signer, at=1, reason="first")
    (ledger.parent / "promotions.checkpoint.json").unlink()
    with pytest.raises(IntegrityFailure, match="no checkpoint"):
        promotions.current(ledger)


def test_an_unsigned_or_foreign_record_is_refused(
    ledger: Path, build: Any, signer: Signer, force_trusted: Trusted, demonstration_trusted: Trusted
) -> None:
    promotions.promote(ledger, build("run-1"), "live", signer, at=1, reason="first")
    good = ledger.read_bytes()
    stranger, approver = force_trusted.signer("promotion"), demonstration_trusted.signer("approval")
    about = {"run_id": "run-1", "bundle_sha256": promotions.current(ledger).bundle_sha256, "from": "live"}
    suspend = about | {"action": "suspend", "to": "suspended", "reason": "x", "by": "x", "at": 2}
    record = records.placed(suspend, chain.head(ledger), "demonstration")
    for entry in (
        {"action": "suspend"},
        sign(record, promotions.PAYLOAD_TYPE, stranger),
        sign(record, promotions.PAYLOAD_TYPE, approver),
        sign(record, bundle.PAYLOAD_TYPE, signer),
        sign({**record, "environment": "force"}, promotions.PAYLOAD_TYPE, signer),
        sign({**record, "action": "celebrate"}, promotions.PAYLOAD_TYPE, signer),
    ):
        chain.append(ledger, entry)
        with pytest.raises(IntegrityFailure):
            promotions.current(ledger)
        ledger.write_bytes(good)
    assert promotions.current(ledger).state == "live"


def test_a_revoked_key_stops_serving(ledger: Path, build: Any, signer: Signer) -> None:
    promotions.promote(ledger, build("run-1"), "live", signer, at=1, reason="first")
    trust = Trust.open()
    revoked = replace(trust, keys={**trust.keys, signer.key.key_id: replace(signer.key, state="revoked")})
    with pytest.raises(IntegrityFailure, match="its key was revoked"):
        promotions.open_current(ledger, revoked)


def test_a_changed_bundle_is_not_served(ledger: Path, build: Any, signer: Signer) -> None:
    built = build("run-1")
    promotions.promote(ledger, built, "live", signer, at=1, reason="first")
    (built / "model/calibrator.json").write_text(json.dumps({"method": "platt", "slope": 2.0, "intercept": 0.0}))
    with pytest.raises(IntegrityFailure, match="was changed"):
        promotions.open_current(ledger)


def test_a_key_of_an_own_trust_put_into_var_makes_nothing_live(
    ledger: Path, build: Any, make_run: Any, var: Path, signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The attacker makes a whole trust with keys of a "force", signs a bundle and a chain, and puts all into var."""
    promotions.promote(ledger, build("run-1"), "live", signer, at=1, reason="first")
    good = ledger.read_bytes()
    attacker = make_trusted(var / "keys")
    own = var / "own" / "promotions.jsonl"
    with monkeypatch.context() as patched:
        attacker.use(patched)
        key = attacker.signer("promotion")
        inverted = bundle.build(make_run("bad", gate={"environment": "force", "to": "live"}), var / "bundles", key)
        promotions.promote(own, inverted, "shadow", key, at=2, reason="mine")
    for stolen in (own.read_bytes(), good + own.read_bytes()):
        ledger.write_bytes(stolen)
        with pytest.raises(IntegrityFailure):
            promotions.open_current(ledger)
    ledger.write_bytes(good)
    chain.append(ledger, next(chain.entries(own))["entry"])
    with pytest.raises(IntegrityFailure, match="No key trusted for promotion") as caught:
        promotions.open_current(ledger)
    assert caught.value.where == f"{ledger}, line 2"
    shutil.copytree(attacker.folder, var / "trust")
    assert Trust.open().environment == "demonstration"  # nothing in var is asked whom to believe


@pytest.mark.parametrize("line", [0, 2])
def test_an_earlier_line_appended_again_is_refused_with_its_line(
    ledger: Path, build: Any, signer: Signer, line: int
) -> None:
    """A revoked model came back by appending the line that had promoted or resumed it."""
    built = build("run-1")
    promotions.promote(ledger, built, "live", signer, at=1, reason="first")
    promotions.suspend(ledger, signer, at=2, reason="odd")
    promotions.resume(ledger, signer, at=3, reason="explained")
    promotions.revoke(ledger, bundle.hash_of(built), signer, at=4, reason="leak")
    good, earlier = ledger.read_bytes(), list(chain.entries(ledger))[line]
    ledger.write_bytes(good + chain.canonical(earlier) + b"\n")
    with pytest.raises(IntegrityFailure) as caught:
        promotions.current(ledger)
    assert caught.value.where == f"{ledger}, line 5"
    ledger.write_bytes(good)
    chain.append(ledger, earlier["entry"])  # sealed anew, as anybody can: the signature is for another place
    with pytest.raises(IntegrityFailure, match="signed for another place") as caught:
        promotions.current(ledger)
    assert caught.value.where == f"{ledger}, line 5"


def test_a_revoked_bundle_opens_for_replay_alone_and_marked(ledger: Path, build: Any, signer: Signer) -> None:
    built = build("run-1")
    sha256 = bundle.hash_of(built)
    promotions.promote(ledger, built, "live", signer, at=1, reason="first")
    replayed = promotions.open_for_replay(ledger, sha256)
    assert replayed is not None
    assert not replayed[1].revoked
    promotions.revoke(ledger, sha256, signer, at=2, reason="leak")
    assert promotions.open_current(ledger)[1] is None
    replayed = promotions.open_for_replay(ledger, sha256)
    assert replayed is not None
    assert (replayed[0].state, replayed[1].sha256, replayed[1].revoked) == ("live", sha256, True)
    assert promotions.open_for_replay(ledger, "0" * 64) is None


@pytest.mark.parametrize("left", [0, 1, 2])
def test_a_chain_cut_back_with_its_old_checkpoint_is_noticed_by_the_witness(
    ledger: Path, build_force: Any, trusted: Trusted, left: int
) -> None:
    checkpoint, kept = ledger.parent / "promotions.checkpoint.json", {}
    signer, built = trusted.signer("promotion"), build_force("run-1")
    for number in (1, 2, 3):
        promotions.promote(ledger, built, "shadow", signer, at=number, reason="step")
        kept[number] = (ledger.read_bytes(), checkpoint.read_bytes())
    witness_now(trusted, ledger, at=10)
    assert promotions.read(ledger).states == {"run-1": "shadow"}
    for file, content in zip((ledger, checkpoint), kept.get(left, (None, None)), strict=True):
        file.unlink() if content is None else file.write_bytes(content)
    with pytest.raises(IntegrityFailure, match="shorter than governance witnessed: records were cut off") as caught:
        promotions.current(ledger)
    assert caught.value.value == f"{left} records, the witness names 3"


@pytest.fixture(scope="module")
def long_chain(tmp_path_factory: pytest.TempPathFactory, demonstration_trusted: Trusted) -> tuple[Path, bytes]:
    """A chain of four records without its bundles, for drawn damage: reading opens no bundle."""
    path, signer = tmp_path_factory.mktemp("chain") / "promotions.jsonl", demonstration_trusted.signer("promotion")
    served = {"action": "promote", "run_id": "run-1", "to": "live", "bundle": "x", "bundle_sha256": "a" * 64}
    said = {"at": 1, "reason": "x", "by": "x"}
    for step in (
        served | {"from": "draft"},
        served | {"action": "suspend", "from": "live", "to": "suspended"},
        served | {"action": "resume", "from": "suspended"},
        served | {"action": "revoke", "from": "live", "to": "retired"},
    ):
        records.append(path, step | said, promotions.PAYLOAD_TYPE, signer)
    head = {"count": 4, "hash": chain.head(path).hash}
    signed_head = chain.canonical(sign(head, checkpoint.PAYLOAD_TYPE, signer))
    path.with_suffix(".checkpoint.json").write_bytes(signed_head)
    return path, path.read_bytes()


@given(data=st.data())
def test_any_changed_byte_and_any_lines_dropped_moved_or_repeated_are_an_integrity_failure(
    data: st.DataObject, long_chain: tuple[Path, bytes]
) -> None:
    path, good = long_chain
    lines = good.splitlines(keepends=True)
    if data.draw(st.booleans(), label="a byte, not lines"):
        position = data.draw(st.integers(0, len(good) - 1))
        changed = good[:position] + bytes([good[position] ^ data.draw(st.integers(1, 255))]) + good[position + 1 :]
    else:
        order = data.draw(st.lists(st.integers(0, 3), max_size=6).filter(lambda order: order != [0, 1, 2, 3]))
        changed = b"".join(lines[number] for number in order)
    path.write_bytes(changed)
    with pytest.raises(IntegrityFailure):
        promotions.read(path)
    path.write_bytes(good)
    assert promotions.read(path).standing.state == "suspended"


def test_a_revoked_key_s_records_stand_as_far_as_governance_witnessed(
    ledger: Path, build_force: Any, trusted: Trusted
) -> None:
    signer, built = trusted.signer("promotion"), build_force("run-1")
    promotions.promote(ledger, built, "shadow", signer, at=1, reason="first")
    witness_now(trusted, ledger, at=5)
    governance = trusted.signer("governance")
    key_list.revoke(trusted.folder, signer.key.key_id, governance, ended_now(trusted, at=6))
    assert promotions.read(ledger).states == {"run-1": "shadow"}
    record = {"action": "retire", "run_id": "run-1", "from": "shadow", "to": "retired", "by": "thief"}
    forged = record | {"bundle_sha256": bundle.hash_of(built), "at": 7, "reason": "mine"}
    records.append(ledger, forged, promotions.PAYLOAD_TYPE, signer)
    with pytest.raises(IntegrityFailure, match="its key was revoked") as caught:
        promotions.read(ledger)
    assert caught.value.where == f"{ledger}, line 2"


def test_a_model_is_suspended_where_records_after_it_are_excluded(ledger: Path, build: Any, signer: Signer) -> None:
    """The record that is excluded may have been the suspension of that very model: nothing comes back by itself."""
    promotions.promote(ledger, build("run-1"), "live", signer, at=1, reason="first")
    promotions.suspend(ledger, signer, at=2, reason="stop")
    trust = Trust.open()
    governance = next(key for key in trust.keys.values() if "governance" in key.verbs)
    named = Judgement("exclude", "promotions", (chain.head(ledger).hash,), "by a thief", 3, governance, 99)
    standing, opened = promotions.open_current(ledger, replace(trust, judgements=(named,)))
    assert (standing.state, standing.run_id, opened) == ("suspended", "run-1", None)
    assert (standing.reason, standing.by) == ("records of the promotions were excluded: by a thief", governance.name)


def test_the_bundle_in_service_opens_although_its_key_was_revoked_since(
    ledger: Path, build: Any, signer: Signer
) -> None:
    promotions.promote(ledger, build("run-1"), "live", signer, at=1, reason="first")
    trust, until = Trust.open(), {"promotions": chain.head(ledger)}
    revoked = replace(trust, keys={**trust.keys, signer.key.key_id: replace(signer.key, state="revoked", until=until)})
    standing, opened = promotions.open_current(ledger, revoked)
    assert standing.served
    assert opened is not None
    assert opened.sha256 == standing.bundle_sha256
