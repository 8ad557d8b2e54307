"""Signing keys: private files that count only when the key list names them."""

from __future__ import annotations

from pathlib import Path

import pytest

from threat.errors import UsageError
from threat.trust.var_keys import demonstration_signer, load_keys, load_signer


def test_a_key_is_private_made_once_and_on_the_list(var: Path) -> None:
    signer = demonstration_signer(var / "keys", "validator", role="validator", verbs=("approval",))
    path = var / "keys" / "demonstration-validator.pem"
    assert oct(path.stat().st_mode & 0o777) == "0o600"
    again = demonstration_signer(var / "keys", "validator", role="validator", verbs=("approval",))
    assert again.key == signer.key
    path.chmod(0o644)
    with pytest.raises(UsageError, match="also be read by others"):
        load_signer(path, load_keys(var / "keys"))
    path.chmod(0o600)
    with pytest.raises(UsageError, match="does not name this key"):
        load_signer(path, {})
