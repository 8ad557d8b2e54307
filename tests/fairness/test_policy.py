"""The fairness policy is read whole, or every problem is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from fairness.policy import load_policy
from threat.errors import UsageError


def test_a_policy_with_problems_names_them_all(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("version: x\nline: 1.2\nfail_at: maybe\nage_bands: [30, 20]\nsurprise: 1\n")
    with pytest.raises(UsageError) as caught:
        load_policy(path)
    for word in ("line", "fail_at", "surprise"):
        assert word in str(caught.value)
    path.write_text("version: x\nage_bands: [30, 20]\n")
    with pytest.raises(UsageError, match="rising lower ends"):
        load_policy(path)
