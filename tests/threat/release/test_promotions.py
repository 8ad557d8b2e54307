"""Which bundle is served: every step allowed or refused, and tampering found."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fixtures.trusted import Trusted

from threat.errors import IntegrityFailure, UsageError
from threat.release import bundle, promotions
from threat.trust import chain
from threat.trust.folder import Trust
from threat.trust.signing import Signer, sign


@pytest.fixture
def ledger(var: Path) -> Path:
    return var / "promotions.jsonl"


@pytest.fixture
def build(make_run: Any, var: Path, signer: Signer) -> Any:
    return lambda run_id: bundle.build(make_run(run_id), var / "bundles", signer)


@pytest.fixture
def force(force_trusted: Trusted, monkeypatch: pytest.MonkeyPatch) -> Signer:
    force_trusted.use(monkeypatch)
    return force_trusted.signer("promotion")


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


@pytest.mark.parametrize("to", STEPS[1:])
@pytest.mark.parametrize("before", STEPS)
def test_in_a_force_each_step_is_taken(ledger: Path, build_force: Any, force: Signer, before: str, to: str) -> None:
    built = build_force("run-1")
    for at, step in enumerate(WAY[before]):
        promotions.promote(ledger, built, step, force, at=at, reason="on the way")
    assert promotions.read(ledger).states.get("run-1", "draft") == before
    if (before, to) in ALLOWED:
        promotions.promote(ledger, built, to, force, at=9, reason="next")
        assert promotions.read(ledger).states["run-1"] == to
    else:
        with pytest.raises(UsageError, match=f"The model is {before}, and cannot become {to}"):
            promotions.promote(ledger, built, to, force, at=9, reason="jump")


@pytest.mark.parametrize(
    ("passed_for", "way"), [("shadow", ["shadow", "pilot"]), ("pilot", ["shadow", "pilot", "live"])]
)
def test_a_bundle_goes_no_further_than_its_gate(
    ledger: Path, make_run: Any, var: Path, force: Signer, passed_for: str, way: list[str]
) -> None:
    gate = {"verdict": "pass", "environment": "force", "to": passed_for}
    built = bundle.build(make_run("run-1", gate=gate), var / "bundles", force)
    for step in way[:-1]:
        promotions.promote(ledger, built, step, force, at=1, reason="on the way")
    with pytest.raises(UsageError, match=f"did not pass this bundle for {way[-1]}"):
        promotions.promote(ledger, built, way[-1], force, at=2, reason="further")


def test_a_key_whose_record_would_not_verify_writes_none(
    ledger: Path, build_force: Any, force: Signer, force_trusted: Trusted, demonstration_trusted: Trusted
) -> None:
    built = build_force("run-1")
    for at, step in enumerate(WAY["live"]):
        promotions.promote(ledger, built, step, force, at=at, reason="on the way")
    before = ledger.read_bytes()
    for signer in (force_trusted.signer("approval"), demonstration_trusted.signer("promotion")):
        with pytest.raises(UsageError, match="may not change what is served"):
            promotions.suspend(ledger, signer, at=9, reason="because")
    assert ledger.read_bytes() == before
    assert promotions.current(ledger).state == "live"


def test_a_bundle_of_another_trust_is_not_promoted(ledger: Path, build: Any, force: Signer) -> None:
    with pytest.raises(IntegrityFailure, match="No key trusted for promotion"):
        promotions.promote(ledger, build("run-1"), "shadow", force, at=1, reason="borrow")


def test_where_no_trust_folder_exists_promotions_verify_nothing(
    ledger: Path, build: Any, signer: Signer, no_trust: None, demonstration_trusted: Trusted
) -> None:
    assert promotions.current(ledger).state == "none"
    trust = demonstration_trusted.trust
    promotions.promote(ledger, build("run-1"), "live", signer, at=1, reason="first", trust=trust)
    assert promotions.current(ledger, trust).state == "live"
    with pytest.raises(IntegrityFailure, match="cannot be verified, because no trust folder exists here"):
        promotions.open_current(ledger)


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


def test_a_suspension_cannot_be_cut_off(ledger: Path, build: Any, signer: Signer) -> None:
    promotions.promote(ledger, build("run-1"), "live", signer, at=1, reason="first")
    promotions.suspend(ledger, signer, at=2, reason="stop")
    lines = ledger.read_bytes().splitlines(keepends=True)
    ledger.write_bytes(lines[0])
    with pytest.raises(IntegrityFailure, match="records were removed"):
        promotions.current(ledger)
    ledger.unlink()
    with pytest.raises(IntegrityFailure, match="records were removed"):
        promotions.current(ledger)


def test_killed_between_record_and_checkpoint(ledger: Path, build: Any, signer: Signer) -> None:
    """The checkpoint lags one record behind; the chain is longer, and stands."""
    checkpoint = ledger.parent / "promotions.checkpoint.json"
    promotions.promote(ledger, build("run-1"), "live", signer, at=1, reason="first")
    earlier = checkpoint.read_bytes()
    promotions.suspend(ledger, signer, at=2, reason="stop")
    checkpoint.write_bytes(earlier)
    assert promotions.current(ledger).state == "suspended"
    promotions.resume(ledger, signer, at=3, reason="go")
    assert checkpoint.read_bytes() != earlier
    assert promotions.current(ledger).state == "live"


def test_a_demonstration_is_not_served_where_a_force_decides(
    ledger: Path, build: Any, signer: Signer, force_trusted: Trusted
) -> None:
    assert promotions.promote(ledger, build("run-1"), "live", signer, at=1, reason="first").served
    with pytest.raises(IntegrityFailure, match="No key trusted for promotion"):
        promotions.open_current(ledger, force_trusted.trust)


def test_a_chain_without_its_checkpoint_is_refused(ledger: Path, build: Any, signer: Signer) -> None:
    promotions.promote(ledger, build("run-1"), "live", signer, at=1, reason="first")
    (ledger.parent / "promotions.checkpoint.json").unlink()
    with pytest.raises(IntegrityFailure, match="no checkpoint"):
        promotions.current(ledger)


def test_an_unsigned_or_foreign_record_is_refused(
    ledger: Path, build: Any, signer: Signer, force_trusted: Trusted, demonstration_trusted: Trusted
) -> None:
    promotions.promote(ledger, build("run-1"), "live", signer, at=1, reason="first")
    good = ledger.read_bytes()
    stranger, approver = force_trusted.signer("promotion"), demonstration_trusted.signer("approval")
    record = {"action": "suspend", "reason": "x", "by": "x", "at": 2, "environment": "demonstration"}
    for entry in (
        {"action": "suspend"},
        sign(record, promotions.PAYLOAD_TYPE, stranger),
        sign(record, promotions.PAYLOAD_TYPE, approver),
        sign(record, bundle.PAYLOAD_TYPE, signer),
        sign({**record, "environment": "force"}, promotions.PAYLOAD_TYPE, signer),
        sign({**record, "action": "celebrate"}, promotions.PAYLOAD_TYPE, signer),
    ):
        chain.append(ledger, entry)
        with pytest.raises(IntegrityFailure):
            promotions.current(ledger)
        ledger.write_bytes(good)
    assert promotions.current(ledger).state == "live"


def test_a_revoked_key_stops_serving(ledger: Path, build: Any, signer: Signer) -> None:
    promotions.promote(ledger, build("run-1"), "live", signer, at=1, reason="first")
    trust = Trust.open()
    revoked = replace(trust, keys={**trust.keys, signer.key.key_id: replace(signer.key, state="revoked")})
    with pytest.raises(IntegrityFailure, match="No key trusted"):
        promotions.open_current(ledger, revoked)


def test_a_changed_bundle_is_not_served(ledger: Path, build: Any, signer: Signer) -> None:
    built = build("run-1")
    promotions.promote(ledger, built, "live", signer, at=1, reason="first")
    (built / "model/calibrator.json").write_text(json.dumps({"method": "platt", "slope": 2.0, "intercept": 0.0}))
    with pytest.raises(IntegrityFailure, match="was changed"):
        promotions.open_current(ledger)
