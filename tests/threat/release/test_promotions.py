"""Which bundle is served: every step allowed or refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fixtures.promoted import wait_in_shadow
from fixtures.trusted import Trusted

from threat.errors import IntegrityFailure, UsageError
from threat.release import bundle, checkpoint, promotions
from threat.trust import chain
from threat.trust.signing import Signer, sign


@pytest.fixture
def force(trusted: Trusted, monkeypatch: pytest.MonkeyPatch) -> Signer:
    trusted.use(monkeypatch)
    return trusted.signer("promotion")


@pytest.fixture
def build_force(make_run: Any, var: Path, force: Signer) -> Any:
    passed = {"environment": "force", "to": "live"}
    return lambda run_id: bundle.build(make_run(run_id, gate=passed), var / "bundles", force)


def test_nothing_promoted_is_nothing_served(ledger: Path) -> None:
    standing = promotions.current(ledger)
    assert (standing.state, standing.served, standing.bundle) == ("none", False, None)
    assert promotions.open_current(ledger) == (standing, None)


def test_live_suspend_resume_roll_back_revoke(ledger: Path, build: Any, signer: Signer) -> None:
    first, second = build("run-1"), build("run-2")
    promotions.promote(ledger, first, "live", signer, at=100, reason="first")
    standing = promotions.promote(ledger, second, "live", signer, at=200, reason="better")
    assert (standing.state, standing.run_id, standing.since) == ("live", "run-2", 200)
    assert standing.environment == "demonstration"
    assert standing.by == "DEMONSTRATION release service"
    assert promotions.read(ledger).states == {"run-1": "retired", "run-2": "live"}

    standing = promotions.suspend(ledger, signer, at=300, reason="drift")
    assert (standing.state, standing.served, standing.reason, standing.run_id) == ("suspended", False, "drift", "run-2")
    assert promotions.open_current(ledger) == (standing, None)

    standing = promotions.resume(ledger, signer, at=400, reason="explained")
    assert (standing.state, standing.run_id) == ("live", "run-2")

    standing = promotions.roll_back(ledger, signer, at=500, reason="complaint")
    assert (standing.state, standing.run_id) == ("live", "run-1")
    shown, opened = promotions.open_current(ledger)
    assert shown == standing
    assert opened is not None
    assert opened.manifest.run_id == "run-1"
    with pytest.raises(UsageError, match="No earlier bundle"):
        promotions.roll_back(ledger, signer, at=600, reason="again")

    standing = promotions.revoke(ledger, bundle.hash_of(first), signer, at=700, reason="leak found")
    assert (standing.state, standing.reason) == ("suspended", "leak found")
    with pytest.raises(UsageError, match="never served again"):
        promotions.resume(ledger, signer, at=800, reason="no")
    with pytest.raises(UsageError, match="revoked bundle is never promoted"):
        promotions.promote(ledger, first, "live", signer, at=800, reason="no")
    assert [record["action"] for record in promotions.read(ledger).records] == [
        "promote",
        "promote",
        "suspend",
        "resume",
        "roll_back",
        "revoke",
    ]


def test_revoking_a_bundle_not_served_leaves_the_served_one(ledger: Path, build: Any, signer: Signer) -> None:
    first, second = build("run-1"), build("run-2")
    promotions.promote(ledger, first, "live", signer, at=1, reason="first")
    promotions.promote(ledger, second, "live", signer, at=2, reason="second")
    standing = promotions.revoke(ledger, bundle.hash_of(first), signer, at=3, reason="leak")
    assert (standing.state, standing.run_id) == ("live", "run-2")
    with pytest.raises(UsageError, match="No earlier bundle"):
        promotions.roll_back(ledger, signer, at=4, reason="to a revoked one")


def test_shadow_is_not_served(ledger: Path, build: Any, signer: Signer) -> None:
    promotions.promote(ledger, build("run-1"), "live", signer, at=1, reason="first")
    standing = promotions.promote(ledger, build("run-2"), "shadow", signer, at=2, reason="challenger")
    assert (standing.state, standing.run_id) == ("live", "run-1")
    assert promotions.read(ledger).states == {"run-1": "live", "run-2": "shadow"}


STEPS = ["draft", "validated", "shadow", "pilot", "live"]
ALLOWED = {
    ("draft", "validated"),
    ("draft", "shadow"),
    ("validated", "validated"),
    ("validated", "shadow"),
    ("shadow", "shadow"),
    ("shadow", "pilot"),
    ("pilot", "pilot"),
    ("pilot", "live"),
    ("live", "live"),
}
WAY = {
    "draft": [],
    "validated": ["validated"],
    "shadow": ["shadow"],
    "pilot": ["shadow", "pilot"],
    "live": ["shadow", "pilot", "live"],
}


@pytest.mark.parametrize("before", STEPS)
def test_in_a_force_each_step_is_taken(
    ledger: Path, build_force: Any, force: Signer, trusted: Trusted, before: str
) -> None:
    built = build_force("run-1")
    for at, step in enumerate(WAY[before]):
        promotions.promote(ledger, built, step, force, at=at, reason="on the way")
        wait_in_shadow(trusted, ledger, weeks=8)
    assert promotions.read(ledger).state_of("run-1") == before
    allowed = [to for to in STEPS[1:] if (before, to) in ALLOWED]
    for to in set(STEPS[1:]) - set(allowed):
        with pytest.raises(UsageError, match=f"The model is {before}, and cannot become {to}"):
            promotions.promote(ledger, built, to, force, at=9, reason="jump")
    chain_so_far, checkpoint = ledger.read_bytes() if ledger.exists() else None, ledger.with_suffix(".checkpoint.json")
    for to in allowed:
        promotions.promote(ledger, built, to, force, at=9, reason="next")
        assert promotions.read(ledger).states["run-1"] == to
        checkpoint.unlink()
        if chain_so_far is None:
            ledger.unlink()
        else:  # back to before the step, with a checkpoint of nothing
            ledger.write_bytes(chain_so_far)
            checkpoint.write_bytes(empty_checkpoint(force))


def empty_checkpoint(signer: Signer) -> bytes:
    return chain.canonical(sign({"count": 0, "hash": chain.START}, checkpoint.PAYLOAD_TYPE, signer))


@pytest.mark.parametrize(
    ("passed_for", "way"), [("shadow", ["shadow", "pilot"]), ("pilot", ["shadow", "pilot", "live"])]
)
def test_a_bundle_goes_no_further_than_its_gate(
    ledger: Path, make_run: Any, var: Path, force: Signer, trusted: Trusted, passed_for: str, way: list[str]
) -> None:
    gate = {"verdict": "pass", "environment": "force", "to": passed_for}
    built = bundle.build(make_run("run-1", gate=gate), var / "bundles", force)
    for step in way[:-1]:
        promotions.promote(ledger, built, step, force, at=1, reason="on the way")
        wait_in_shadow(trusted, ledger, weeks=8)
    with pytest.raises(UsageError, match=f"did not pass this bundle for {way[-1]}"):
        promotions.promote(ledger, built, way[-1], force, at=2, reason="further")


def test_a_key_whose_record_would_not_verify_writes_none(
    ledger: Path, build_force: Any, force: Signer, trusted: Trusted, demonstration_trusted: Trusted
) -> None:
    promotions.promote(ledger, build_force("run-1"), "shadow", force, at=1, reason="on the way")
    before = ledger.read_bytes()
    for signer in (trusted.signer("approval"), demonstration_trusted.signer("promotion")):
        with pytest.raises(UsageError, match="may not change what is served"):
            promotions.retire(ledger, "run-1", signer, at=9, reason="because")
    assert ledger.read_bytes() == before
    assert promotions.read(ledger).states == {"run-1": "shadow"}


def test_a_retired_run_is_never_promoted_again(ledger: Path, build_force: Any, force: Signer) -> None:
    built = build_force("run-1")
    with pytest.raises(UsageError, match="The RUN is draft, and cannot be retired"):
        promotions.retire(ledger, "run-1", force, at=1, reason="no")
    promotions.promote(ledger, built, "shadow", force, at=2, reason="try")
    assert promotions.retire(ledger, "run-1", force, at=3, reason="not good").state == "none"
    assert promotions.read(ledger).states == {"run-1": "retired"}
    for to in STEPS[1:]:
        with pytest.raises(UsageError, match=f"The model is retired, and cannot become {to}"):
            promotions.promote(ledger, built, to, force, at=4, reason="again")


def test_a_served_run_that_is_retired_gives_way_to_the_rule(ledger: Path, build: Any, signer: Signer) -> None:
    promotions.promote(ledger, build("run-1"), "live", signer, at=1, reason="first")
    standing = promotions.retire(ledger, "run-1", signer, at=2, reason="its time is over")
    assert (standing.state, standing.served, standing.reason) == ("suspended", False, "its time is over")
    with pytest.raises(UsageError, match="A retired RUN is never served again"):
        promotions.resume(ledger, signer, at=3, reason="no")


def test_a_bundle_of_another_trust_is_not_promoted(ledger: Path, build: Any, force: Signer) -> None:
    with pytest.raises(IntegrityFailure, match="No key trusted for promotion"):
        promotions.promote(ledger, build("run-1"), "shadow", force, at=1, reason="borrow")


def test_where_no_trust_folder_exists_promotions_verify_nothing(
    ledger: Path, build: Any, signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    promotions.promote(ledger, build("run-1"), "live", signer, at=1, reason="first")
    monkeypatch.delenv("THREAT_TRUST")
    with pytest.raises(IntegrityFailure, match="cannot be verified, because no trust folder exists here"):
        promotions.open_current(ledger)
    assert promotions.current(ledger.with_name("none.jsonl")).state == "none"


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_reason_is_required(ledger: Path, build: Any, signer: Signer, reason: str) -> None:
    with pytest.raises(UsageError, match="needs a reason"):
        promotions.promote(ledger, build("run-1"), "live", signer, at=1, reason=reason)
    assert promotions.current(ledger).state == "none"


@pytest.mark.parametrize("to", ["draft", "suspended", "retired", "alive"])
def test_other_states_are_not_promoted_to(ledger: Path, build: Any, signer: Signer, to: str) -> None:
    with pytest.raises(UsageError, match="No bundle is promoted to this state"):
        promotions.promote(ledger, build("run-1"), to, signer, at=1, reason="x")


def test_nothing_to_suspend_resume_or_revoke(ledger: Path, signer: Signer) -> None:
    with pytest.raises(UsageError, match="nothing to suspend"):
        promotions.suspend(ledger, signer, at=1, reason="x")
    with pytest.raises(UsageError, match="Nothing is suspended"):
        promotions.resume(ledger, signer, at=1, reason="x")
    with pytest.raises(UsageError, match="No promotion names"):
        promotions.revoke(ledger, "0" * 64, signer, at=1, reason="x")


def test_a_demonstration_is_not_served_where_a_force_decides(
    ledger: Path, build: Any, signer: Signer, force_trusted: Trusted
) -> None:
    assert promotions.promote(ledger, build("run-1"), "live", signer, at=1, reason="first").served
    with pytest.raises(IntegrityFailure, match="No key trusted for promotion"):
        promotions.open_current(ledger, force_trusted.trust)
