"""Eight weeks in shadow before a pilot, counted by the dates of governance's witness and by no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fixtures.promoted import DAY, witness_now
from fixtures.trusted import Trusted

from threat.errors import IntegrityFailure, UsageError
from threat.release import bundle, promotions
from threat.trust import records
from threat.trust.signing import Signer
from training.gate.policy import load_gate_policy


@pytest.fixture
def ledger(var: Path) -> Path:
    return var / "promotions.jsonl"


@pytest.fixture
def build_force(make_run: Any, var: Path, trusted: Trusted, monkeypatch: pytest.MonkeyPatch) -> Any:
    trusted.use(monkeypatch)
    passed = {"environment": "force", "to": "live"}
    return lambda run_id: bundle.build(make_run(run_id, gate=passed), var / "bundles", trusted.signer("promotion"))


@pytest.mark.parametrize(
    ("dates", "days"), [((), 0), ((0,), 0), ((0, 55 * DAY), 55), ((0, 56 * DAY - 1), 55), ((0, 20 * DAY, 41 * DAY), 41)]
)
def test_less_than_eight_weeks_between_witnesses_is_no_pilot(
    ledger: Path, build_force: Any, trusted: Trusted, dates: tuple[int, ...], days: int
) -> None:
    """The promoter's own dates say two years: only those of the witness count."""
    signer, built = trusted.signer("promotion"), build_force("run-1")
    promotions.promote(ledger, built, "shadow", signer, at=0, reason="first")
    for date in dates:
        witness_now(trusted, ledger, at=date)
    with pytest.raises(UsageError, match=f"in shadow for {days} days by the witness, and needs 56"):
        promotions.promote(ledger, built, "pilot", signer, at=730 * DAY, reason="in a hurry")
    record = {"action": "promote", "run_id": "run-1", "from": "shadow", "to": "pilot", "by": "me", "at": 730 * DAY}
    record |= {"bundle": "x", "bundle_sha256": bundle.hash_of(built), "reason": "x", "shadow": {"least_days": 1}}
    records.append(ledger, record, promotions.PAYLOAD_TYPE, signer)  # a stolen promotion key writes its own line
    with pytest.raises(IntegrityFailure, match="by the witness, and needs 56"):
        promotions.read(ledger)


def test_eight_weeks_by_the_witness_are_in_the_record_of_the_pilot(
    ledger: Path, build_force: Any, trusted: Trusted
) -> None:
    signer, built = trusted.signer("promotion"), build_force("run-1")
    witness_now(trusted, ledger, at=0)  # before the RUN was in shadow: counts nothing
    promotions.promote(ledger, built, "shadow", signer, at=1, reason="first")
    for date in (10 * DAY, 66 * DAY):
        witness_now(trusted, ledger, at=date)
    assert promotions.promote(ledger, built, "pilot", signer, at=67 * DAY, reason="go").state == "pilot"
    record = promotions.read(ledger).records[-1]
    assert record["shadow"] == {"days": 56.0, "least_days": 56}
    assert set(record["release"]) == {"documents", "policy", "policy_sha256", "release_digest"}
    opened = bundle.open(built, trusted.trust)
    assert record["model_sha256"] == opened.manifest.model_sha256
    assert record["run_manifest_sha256"] == opened.manifest.run_manifest_sha256
    assert "gate.json" in record["release"]["documents"]
    assert "exempt" not in record


@pytest.mark.parametrize(("asked", "needed"), [(None, 56), (70, 70)])
def test_a_pilot_waits_as_long_as_the_policy_in_its_bundle_asks(
    ledger: Path, make_run: Any, var: Path, trusted: Trusted, monkeypatch: pytest.MonkeyPatch, asked: int, needed: int
) -> None:
    """Whoever promotes cannot say another number: it is read in the bundle."""
    trusted.use(monkeypatch)
    product = load_gate_policy()
    policy = product.model_copy(update={"numbers": product.numbers.model_copy(update={"shadow_days": asked})})
    run, signer = make_run("run-1", gate={"environment": "force", "policy": policy}), trusted.signer("promotion")
    built = bundle.build(run, var / "bundles", signer)
    promotions.promote(ledger, built, "shadow", signer, at=0, reason="first")
    for day in (0, needed - 1):
        witness_now(trusted, ledger, at=day * DAY)
    with pytest.raises(UsageError, match=f"in shadow for {needed - 1} days by the witness, and needs {needed}"):
        promotions.promote(ledger, built, "pilot", signer, at=needed * DAY, reason="go")
    witness_now(trusted, ledger, at=needed * DAY)
    assert promotions.promote(ledger, built, "pilot", signer, at=needed * DAY, reason="go").state == "pilot"


def test_the_demonstration_goes_anywhere_at_once_and_its_record_says_so(
    ledger: Path, make_run: Any, var: Path, signer: Signer
) -> None:
    built = bundle.build(make_run("run-1"), var / "bundles", signer)
    promotions.promote(ledger, built, "live", signer, at=1, reason="first")
    [record] = promotions.read(ledger).records
    assert (record["from"], record["to"], record["environment"]) == ("draft", "live", "demonstration")
    assert record["exempt"].startswith("demonstration")
