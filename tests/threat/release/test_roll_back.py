"""Back to the bundle before: never to a RUN that a person retired, and also from a newer bundle of the same RUN."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fixtures import evidence

from threat.errors import IntegrityFailure, UsageError
from threat.release import bundle, promotions
from threat.release.runs import Run
from threat.trust import records
from threat.trust.signing import Signer


@pytest.fixture
def newer(var: Path, signer: Signer) -> Any:
    """A newer bundle of a RUN: the same model with another verdict."""

    def build_again(directory: Path) -> Path:
        run = Run.open(directory)
        run.write(evidence.gate(run, set_aside=["a later day"]))
        evidence.card(run)
        return bundle.build(run, var / "bundles", signer)

    return build_again


def test_a_run_that_a_person_retired_never_comes_back(ledger: Path, build: Any, signer: Signer) -> None:
    first = build("run-1")
    promotions.promote(ledger, first, "live", signer, at=1, reason="first")
    promotions.retire(ledger, "run-1", signer, at=2, reason="unsafe")
    promotions.promote(ledger, build("run-2"), "live", signer, at=3, reason="second")
    with pytest.raises(UsageError, match="No earlier bundle can be served"):
        promotions.roll_back(ledger, signer, at=4, reason="complaint")
    record = {"action": "roll_back", "run_id": "run-1", "from": "retired", "to": "live", "by": "x", "at": 4}
    record |= {"bundle": "x", "bundle_sha256": bundle.hash_of(first), "reason": "x"}
    records.append(ledger, record, promotions.PAYLOAD_TYPE, signer)
    with pytest.raises(IntegrityFailure, match="of another bundle than is or was served"):
        promotions.read(ledger)


def test_past_a_retired_run_to_the_run_before_it(ledger: Path, build: Any, signer: Signer) -> None:
    for at, run_id in enumerate(("run-1", "run-2")):
        promotions.promote(ledger, build(run_id), "live", signer, at=at, reason="next")
    promotions.retire(ledger, "run-2", signer, at=3, reason="unsafe")
    standing = promotions.roll_back(ledger, signer, at=4, reason="the model before")
    assert (standing.state, standing.run_id) == ("live", "run-1")


@pytest.mark.parametrize(
    ("before", "after", "suspended", "back"),
    [
        ("live", "live", False, "live"),
        ("pilot", "pilot", False, "pilot"),
        ("pilot", "live", False, "pilot"),
        ("live", "live", True, "live"),
        ("pilot", "pilot", True, "pilot"),
    ],
)
def test_from_a_newer_bundle_of_the_same_run_to_the_bundle_before(
    ledger: Path, make_run: Any, var: Path, newer: Any, signer: Signer, before: str, after: str, suspended: bool,
    back: str,
) -> None:  # fmt: skip
    run = make_run("run-1")
    first = bundle.build(run, var / "bundles", signer)
    promotions.promote(ledger, first, before, signer, at=1, reason="first")
    second = newer(run.directory)
    assert bundle.hash_of(second) != bundle.hash_of(first)
    promotions.promote(ledger, second, after, signer, at=2, reason="newer verdict")
    if suspended:
        promotions.suspend(ledger, signer, at=3, reason="odd")
    standing = promotions.roll_back(ledger, signer, at=4, reason="the verdict was wrong")
    assert (standing.state, standing.bundle_sha256) == (back, bundle.hash_of(first))
    assert promotions.read(ledger).states == {"run-1": back}
    opened = promotions.open_current(ledger)[1]
    assert opened is not None
    # What is revoked now is the bundle in force: the RUN goes with it.
    promotions.revoke(ledger, bundle.hash_of(first), signer, at=5, reason="leak")
    assert promotions.read(ledger).states == {"run-1": "retired"}
