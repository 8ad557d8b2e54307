"""Attacks on whom the product believes, and on which model is in service."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from fixtures.attacked import Installation
from fixtures.list_files import AS_OF
from fixtures.promoted import witness_now
from fixtures.trusted import Trusted

from threat.errors import IntegrityFailure, UsageError
from threat.release import bundle, promotions
from threat.trust import key_list
from threat.trust.ends import End
from threat.trust.folder import Trust


def appended(path: Path, line: bytes) -> None:
    path.write_bytes(path.read_bytes() + line)


def test_an_own_force_key_put_into_the_served_folder(made: Installation, attacker: Trusted) -> None:
    shutil.copytree(attacker.folder, made.var / "trust")
    shutil.copytree(attacker.keys, made.var / "keys")
    assert set(Trust.open().keys) == set(made.trusted.trust.keys)
    with pytest.raises(UsageError):
        promotions.suspend(made.promotions, attacker.signer("promotion"), at=AS_OF + 9, reason="mine")


def test_a_bundle_signed_with_an_own_key(made: Installation, attacker: Trusted) -> None:
    with pytest.raises(IntegrityFailure):
        bundle.open(made.bundle, attacker.trust)
    forged = json.loads((made.bundle / "signature.json").read_bytes())
    other = bundle.open(made.bundle, Trust.open())
    assert other.environment == "force"
    forged["signatures"][0]["keyid"] = attacker.signer("promotion").key.key_id
    kept = (made.bundle / "signature.json").read_bytes()
    try:
        (made.bundle / "signature.json").write_text(json.dumps(forged))
        with pytest.raises(IntegrityFailure):
            bundle.open(made.bundle, Trust.open())
    finally:
        (made.bundle / "signature.json").write_bytes(kept)


def test_an_earlier_signed_line_of_the_promotions_appended_again(made: Installation) -> None:
    first = made.promotions.read_bytes().splitlines(keepends=True)[0]
    appended(made.promotions, first)
    with pytest.raises(IntegrityFailure):
        promotions.read(made.promotions)


def test_the_promotions_cut_short_with_their_checkpoint_of_that_day(made: Installation) -> None:
    """Both files were right that day; the witness of governance saw more."""
    made.promotions.write_bytes(made.old_promotions)
    made.promotions.with_suffix(".checkpoint.json").write_bytes(made.old_promotions_checkpoint)
    with pytest.raises(IntegrityFailure):
        promotions.read(made.promotions)


def test_shadow_to_pilot_in_a_minute(made: Installation) -> None:
    witness_now(made.trusted, made.promotions, at=AS_OF + 60)
    signer = made.trusted.signer("promotion")
    with pytest.raises(UsageError):
        promotions.promote(made.promotions, made.bundle, "pilot", signer, at=AS_OF + 85, reason="now")


def test_a_revoked_bundle_is_not_opened_for_serving_again(made: Installation) -> None:
    signer = made.trusted.signer("promotion")
    promotions.revoke(made.promotions, bundle.hash_of(made.bundle), signer, at=AS_OF + 90, reason="forged")
    with pytest.raises(UsageError):
        promotions.promote(made.promotions, made.bundle, "shadow", signer, at=AS_OF + 95, reason="back")
    standing, opened = promotions.open_current(made.promotions)
    assert (standing.served, opened) == (False, None)


@pytest.mark.parametrize("verb", ["intake", "list", "audit", "evidence", "approval"])
def test_a_promotion_signed_with_a_stolen_key_for_something_else(made: Installation, verb: str) -> None:
    with pytest.raises(UsageError):
        promotions.promote(made.promotions, made.bundle, "shadow", made.trusted.signer(verb), at=AS_OF + 9, reason="x")


def test_a_key_list_with_a_root_of_the_attacker_s(made: Installation, attacker: Trusted) -> None:
    shutil.copy(attacker.folder / key_list.KEY_LIST, made.trusted.folder / key_list.KEY_LIST)
    with pytest.raises(IntegrityFailure):
        Trust.open()


def test_a_key_list_cut_before_a_revocation(made: Installation) -> None:
    before = (made.trusted.folder / key_list.KEY_LIST).read_bytes()
    stolen = made.trusted.signer("list").key.key_id
    key_list.revoke(made.trusted.folder, stolen, made.trusted.signer("governance"), End("stolen", AS_OF + 9))
    witness_now(made.trusted, made.promotions, at=AS_OF + 10)
    (made.trusted.folder / key_list.KEY_LIST).write_bytes(before)
    with pytest.raises(IntegrityFailure):
        Trust.open()


def test_a_trust_folder_that_is_taken_away_turns_no_check_off(made: Installation) -> None:
    made.trusted.folder.rename(made.trusted.folder.with_name("gone"))
    try:
        with pytest.raises(UsageError, match="does not exist"):
            Trust.open()
    finally:
        made.trusted.folder.with_name("gone").rename(made.trusted.folder)
