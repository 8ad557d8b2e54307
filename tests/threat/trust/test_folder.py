"""``Trust``: where keys are looked for, what they may sign, and what happens where no trust folder exists."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures.trusted import HOLDERS, MADE_AT, Trusted

from threat.errors import IntegrityFailure, UsageError
from threat.trust import key_list
from threat.trust.ends import End
from threat.trust.folder import Trust
from threat.trust.signing import sign
from threat.trust.verbs import verbs

TYPE = "application/vnd.threat.test+json"


def test_where_no_trust_folder_exists_nothing_is_signed_and_nothing_verifies(
    force_trusted: Trusted, no_trust: None
) -> None:
    trust = Trust.open()
    assert (trust.exists, trust.environment, dict(trust.keys)) == (False, "", {})
    assert trust.may_sign("intake") is None
    with pytest.raises(UsageError, match="Nothing can be signed for intake here"):
        trust.signer("intake")
    with pytest.raises(IntegrityFailure, match="No key trusted for intake"):
        trust.verify(sign({"a": 1}, TYPE, force_trusted.signer("intake")), TYPE, "intake")


def test_a_trust_folder_that_was_named_and_is_gone_turns_no_check_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        Trust.open(tmp_path / "gone")
    monkeypatch.setenv("THREAT_TRUST", str(tmp_path / "gone"))
    with pytest.raises(UsageError, match="does not exist"):
        Trust.open()


def test_each_key_signs_for_its_own_verb_alone(force_trusted: Trusted, monkeypatch: pytest.MonkeyPatch) -> None:
    force_trusted.use(monkeypatch)
    trust = Trust.open()
    assert (trust.exists, trust.environment, len(trust.keys)) == (True, "force", len(HOLDERS) + 1)
    for verb in verbs():
        signer = trust.may_sign(verb)
        assert signer is not None
        assert signer.key.verbs == (verb,)
        envelope = sign({"number": 1}, TYPE, signer)
        assert trust.verify(envelope, TYPE, verb) == ({"number": 1}, signer.key)
        for other in set(verbs()) - {verb}:
            with pytest.raises(IntegrityFailure, match=f"No key trusted for {other}"):
                trust.verify(envelope, TYPE, other)
            with pytest.raises(UsageError, match=f"does not sign for {other}"):
                trust.signer(other, force_trusted.key(verb))


def test_a_signature_of_another_trust_folder_counts_nowhere_else(
    force_trusted: Trusted, demonstration_trusted: Trusted
) -> None:
    envelope = sign({"number": 1}, TYPE, demonstration_trusted.signer("list"))
    with pytest.raises(IntegrityFailure, match="No key trusted for list"):
        force_trusted.trust.verify(envelope, TYPE, "list")
    with pytest.raises(UsageError, match="does not name this key"):
        force_trusted.trust.signer("list", demonstration_trusted.key("list"))


def test_a_missing_key_is_no_signer_and_an_open_key_is_an_error(
    trusted: Trusted, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted.use(monkeypatch)
    trusted.key("list").unlink()
    trusted.key("audit").chmod(0o640)
    assert trusted.trust.may_sign("list") is None
    with pytest.raises(UsageError, match="There is no private key for the verb list here"):
        trusted.trust.signer("list")
    with pytest.raises(UsageError, match="also be read by others"):
        trusted.trust.may_sign("audit")
    monkeypatch.delenv("THREAT_KEYS")
    assert trusted.trust.may_sign("intake") is None
    with pytest.raises(UsageError, match="No private key was named for the verb intake"):
        trusted.trust.signer("intake")


def test_a_retired_key_verifies_and_no_longer_signs_and_a_revoked_key_does_neither(trusted: Trusted) -> None:
    signer, root = trusted.signer("intake"), trusted.signer("root")
    envelope = sign({"number": 1}, TYPE, signer)
    key_list.retire(trusted.folder, signer.key.key_id, root, End("a new machine", MADE_AT))
    assert trusted.trust.verify(envelope, TYPE, "intake")[0] == {"number": 1}
    with pytest.raises(UsageError, match="retired and signs nothing"):
        trusted.trust.signer("intake", trusted.key("intake"))
    key_list.revoke(trusted.folder, signer.key.key_id, root, End("the old machine was stolen", MADE_AT))
    with pytest.raises(IntegrityFailure, match="No key trusted for intake"):
        trusted.trust.verify(envelope, TYPE, "intake")
    with pytest.raises(UsageError, match="revoked and signs nothing"):
        trusted.trust.signer("intake", trusted.key("intake"))
