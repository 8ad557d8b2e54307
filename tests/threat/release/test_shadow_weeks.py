"""Eight weeks in shadow before a pilot, counted by the dates of governance's witness and by no other."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fixtures.approved import put_gate_policy_in_force
from fixtures.promoted import DAY, witness_now
from fixtures.trusted import Trusted

from threat.asof import instant, parse_as_of
from threat.errors import IntegrityFailure, UsageError
from threat.files import sha256_of
from threat.release import bundle, checkpoint, promotions
from threat.release.documents.gate import PolicyInForce
from threat.release.ledger import days_asked
from threat.release.policies import PolicyAsks
from threat.trust import records
from threat.trust.folder import Trust
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
    for at in dates:
        witness_now(trusted, ledger, at=at)
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
    for at in (10 * DAY, 66 * DAY):
        witness_now(trusted, ledger, at=at)
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


def put_in_force(trusted: Trusted, days: int, since: date, version: str) -> None:
    policy = PolicyInForce(kind="gate", version=version, sha256=sha256_of(version.encode()), owner="H", since=since)
    put_gate_policy_in_force(trusted.trust, policy, PolicyAsks(days, 2, ("validator", "SRO")))


def pilot(run_id: str, built: Path, at: int, days: int) -> dict[str, Any]:
    """The record of a thief of the promotion key, who writes past the command and says days of their own."""
    record = {"action": "promote", "run_id": run_id, "from": "shadow", "to": "pilot", "by": "thief", "at": at}
    record |= {"bundle": f"bundles/{built.name}", "bundle_sha256": bundle.hash_of(built), "reason": "x"}
    manifest = bundle.open(built, Trust.open()).manifest
    record |= {"model_sha256": manifest.model_sha256, "run_manifest_sha256": manifest.run_manifest_sha256}
    return record | {"shadow": {"days": float(days), "least_days": days}}


@pytest.mark.parametrize("said", ["its true date", "a date before the policy", "a date after the next policy"])
def test_a_record_of_a_thief_is_held_to_the_policy_in_force_at_its_moment(
    ledger: Path, build_force: Any, trusted: Trusted, said: str
) -> None:
    """The policy in force asks for 84 days; before it 56 did, and after the record 56 do again."""
    built, signer = build_force("run-1"), trusted.signer("promotion")
    start, policy_at = parse_as_of("2026-03-01"), date(2026, 4, 1)
    put_in_force(trusted, 84, policy_at, "longer")
    promotions.promote(ledger, built, "shadow", signer, at=start, reason="first")
    for day in (0, 60):
        witness_now(trusted, ledger, at=start + day * DAY)
    with pytest.raises(UsageError, match="in shadow for 60 days by the witness, and needs 84"):
        promotions.promote(ledger, built, "pilot", signer, at=start + 61 * DAY, reason="go")
    dates = {"its true date": 61, "a date before the policy": 1, "a date after the next policy": 400}
    at = start + dates[said] * DAY
    records.append(ledger, pilot("run-1", built, at, 56), promotions.PAYLOAD_TYPE, signer)
    checkpoint.keep(ledger, signer, at)
    with pytest.raises(IntegrityFailure, match="in shadow for 60 days by the witness, and needs 84"):
        promotions.read(ledger)
    if said == "a date after the next policy":
        witness_now(trusted, ledger, at=start + 70 * DAY)  # nobody looked closely
        put_in_force(trusted, 56, date(2026, 9, 1), "shorter again")
        with pytest.raises(IntegrityFailure, match="and needs 84"):
            promotions.read(ledger)


def test_a_pilot_of_before_stands_when_a_later_policy_asks_for_more(
    ledger: Path, build_force: Any, trusted: Trusted
) -> None:
    built, signer, start = build_force("run-1"), trusted.signer("promotion"), parse_as_of("2026-03-01")
    promotions.promote(ledger, built, "shadow", signer, at=start, reason="first")
    for day in (0, 60):
        witness_now(trusted, ledger, at=start + day * DAY)
    at = start + 61 * DAY
    assert promotions.promote(ledger, built, "pilot", signer, at=at, reason="go").state == "pilot"
    put_in_force(trusted, 84, instant(at).date(), "longer")  # on the very day: it asks from the next day on
    assert promotions.read(ledger).standing.state == "pilot"
    gail = trusted.signer("governance").key
    revoked = replace(trusted.trust, keys={**trusted.trust.keys, gail.key_id: replace(gail, state="revoked")})
    assert promotions.read(ledger, revoked).standing.state == "pilot"
    assert bundle.open(built, revoked).manifest.run_id == "run-1"


def test_before_the_first_policy_eight_weeks_were_asked(trusted: Trusted, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pilot of before the first signed policy stands; that one asks from its own day, a later one from the next."""
    trusted.use(monkeypatch)

    def asked(*days: str) -> list[int]:
        return [days_asked({"at": parse_as_of(f"2026-{day}"), "sequence": 0}, trusted.trust) for day in days]

    assert asked("03-10") == [56]
    put_in_force(trusted, 84, date(2026, 3, 10), "first")
    put_in_force(trusted, 70, date(2026, 4, 1), "second")
    assert asked("03-09", "03-10", "03-11", "04-01", "04-02") == [56, 84, 84, 84, 70]


def test_the_demonstration_goes_anywhere_at_once_and_its_record_says_so(
    ledger: Path, make_run: Any, var: Path, signer: Signer
) -> None:
    built = bundle.build(make_run("run-1"), var / "bundles", signer)
    promotions.promote(ledger, built, "live", signer, at=1, reason="first")
    [record] = promotions.read(ledger).records
    assert (record["from"], record["to"], record["environment"]) == ("draft", "live", "demonstration")
    assert record["exempt"].startswith("demonstration")
