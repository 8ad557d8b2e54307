"""Private key files: for one user's eyes alone, judged by the very file that is read, and refused in words."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from fixtures.trusted import Trusted

from threat.errors import BadInput, ThreatError, UsageError
from threat.trust.keys import read_private_key


def test_a_key_file_is_judged_by_the_file_that_is_read(
    force_trusted: Trusted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A private file that takes the place of an open one the moment after it was opened hides nothing."""
    key, swapped = tmp_path / "own.pem", []
    key.write_bytes(force_trusted.key("list").read_bytes())
    key.chmod(0o644)
    fstat = os.fstat

    def swap_and_look(descriptor: int) -> os.stat_result:
        if not swapped:
            swapped.append(descriptor)
            key.unlink()
            key.write_bytes(force_trusted.key("list").read_bytes())
            key.chmod(0o600)
        return fstat(descriptor)

    monkeypatch.setattr(os, "fstat", swap_and_look)
    with pytest.raises(UsageError, match="This signing key is not private"):
        read_private_key(key)
    assert read_private_key(key).public_key.keyid == force_trusted.signer("list").key.key_id


@pytest.mark.parametrize("content", [b"", b"\xff" * 100, b"-----BEGIN PRIVATE KEY-----\nAAAA\n", b"x" * 100_000])
def test_what_is_no_key_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "own.pem"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(BadInput, match="This is not an Ed25519 private key in PEM"):
        read_private_key(path)


def test_a_key_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ThreatError, match="There is no signing key here"):
        read_private_key(tmp_path / "absent.pem")
