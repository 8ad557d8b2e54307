"""The gate's policy names its checks, and says which names it does not know."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from threat.errors import UsageError
from training.gate.policy import load_gate_policy

TEXT = files("training.gate").joinpath("policy.yaml").read_text(encoding="utf-8")


def test_calibration_is_required_for_no_state() -> None:
    policy = load_gate_policy()
    assert policy.version == "gate-6"
    assert all("calibration" not in checks for checks in policy.required.values())
    assert set(policy.required["shadow"]) < set(policy.required["pilot"]) < set(policy.required["live"])


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("go_live: [GO_LIVE_DRILL, ", "go_home: [GO_LIVE_DRILL, ", "not a check of the gate: go_home"),
        (
            "  fairness: [equality_lead, SRO]",
            "  G7: [equality_lead, SRO]",
            "not a check of the gate: G7 (now fairness)",
        ),
        ("  shadow:\n    - provenance", "  shadow:\n    - law", "shadow is entered without provenance"),
        ("    - approval\n  pilot", "  pilot", "shadow is entered without approval"),
    ],
)
def test_a_policy_with_a_wrong_check_is_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    path = tmp_path / "policy.yaml"
    assert old in TEXT
    path.write_text(TEXT.replace(old, new))
    with pytest.raises(UsageError) as caught:
        load_gate_policy(path)
    assert words in str(caught.value)


def test_a_policy_without_a_number_of_today_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(TEXT.replace("  least_calibration_events: 100\n", ""))
    with pytest.raises(UsageError, match=r"lacks a number: least_calibration_events \(since gate-4\)"):
        load_gate_policy(path)


def test_a_wrong_number_is_named(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(TEXT.replace("not_inferior_by: 0.02", "not_inferior_by: none"))
    with pytest.raises(UsageError) as caught:
        load_gate_policy(path)
    assert "numbers.not_inferior_by" in caught.value.where
    path.write_text("{")
    with pytest.raises(UsageError, match="not YAML"):
        load_gate_policy(path)
