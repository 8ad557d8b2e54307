"""The gate's policy names its checks, and says which names it does not know."""

from __future__ import annotations

from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest

from threat.errors import UsageError
from threat.files import sha256_of
from training.gate.asking import ask
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


def test_the_policy_that_decides_is_the_very_bytes_that_are_hashed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever puts another file there the moment after it was read has neither decided nor been hashed."""
    whole = files("training.gate").joinpath("policy.yaml").read_bytes()
    strict, lax = (whole.replace(b"least_events: 50", f"least_events: {least}".encode()) for least in (70, 1))
    path, read_bytes = tmp_path / "gate.yaml", Path.read_bytes
    path.write_bytes(strict)

    def read_and_swap(file: Path) -> bytes:
        data = read_bytes(file)
        if file == path:
            path.write_bytes(lax)
        return data

    monkeypatch.setattr(Path, "read_bytes", read_and_swap)
    asked = ask("force", None, path, None, date(2026, 5, 1))
    assert asked.policy.numbers.least_events == 70
    assert asked.files["gate"].sha256 == sha256_of(strict)
    assert ask("force", None, path, None, date(2026, 5, 1)).policy.numbers.least_events == 1
    assert asked.files["fairness"].version == asked.fairness.version


def test_a_policy_that_is_no_utf_8_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "gate.yaml"
    path.write_bytes(b"version: caf\xe9\n")
    with pytest.raises(UsageError, match="The gate policy is not YAML"):
        ask("force", None, path, None, date(2026, 5, 1))
    with pytest.raises(UsageError, match="The fairness policy is not YAML"):
        ask("force", None, None, path, date(2026, 5, 1))
