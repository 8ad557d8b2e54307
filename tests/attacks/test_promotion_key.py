"""What a thief of the key for promotions can do alone, and what the records of before hold against that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fixtures import evidence
from fixtures.attacked import Installation
from fixtures.list_files import AS_OF
from fixtures.promoted import witness_now
from fixtures.signed_again import sign_again, with_another_model

from threat.asof import DAY
from threat.errors import IntegrityFailure, UsageError
from threat.release import bundle, promotions
from threat.trust import records
from threat.trust.folder import Trust


@pytest.fixture
def live(made: Installation) -> Installation:
    """The installation with its model in service."""
    signer, at = made.trusted.signer("promotion"), AS_OF + 60 * DAY
    witness_now(made.trusted, made.promotions, at=at)
    for to in ("pilot", "live"):
        promotions.promote(made.promotions, made.bundle, to, signer, at=at, reason="its time")
    return made


def test_another_model_under_the_id_of_a_run_that_is_live(live: Installation, tmp_path: Path) -> None:
    signer, good = live.trusted.signer("promotion"), live.promotions.read_bytes()
    forged = with_another_model(live.bundle, live.var / "bundles" / "forged", signer)
    assert bundle.open(forged, Trust.open()).released.passed  # signed with a trusted key: by itself it opens
    with pytest.raises(UsageError, match="promotes another model than the RUN run-1 stands for"):
        promotions.promote(live.promotions, forged, "live", signer, at=AS_OF + 60 * DAY + 85, reason="newer")
    assert live.promotions.read_bytes() == good
    standing, opened = promotions.open_current(live.promotions)
    assert (standing.state, None if opened is None else opened.sha256) == ("live", bundle.hash_of(live.bundle))


@pytest.mark.parametrize("said", ["of the forged bundle", "nothing", "of the RUN"])
def test_a_record_of_the_thief_s_own_for_another_model(live: Installation, said: str) -> None:
    """Whether it names its model, none, or the model of before: the records or the bundle disagree."""
    signer = live.trusted.signer("promotion")
    forged = with_another_model(live.bundle, live.var / "bundles" / "forged", signer)
    manifest = json.loads(((forged if said == "of the forged bundle" else live.bundle) / "manifest.json").read_bytes())
    names: dict[str, Any] = {name: manifest[name] for name in ("model_sha256", "run_manifest_sha256")}
    record = {"action": "promote", "run_id": "run-1", "from": "live", "to": "live", "bundle": "bundles/forged"}
    record |= {"bundle_sha256": bundle.hash_of(forged), "at": AS_OF + 60 * DAY, "reason": "newer", "by": "thief"}
    records.append(live.promotions, record | ({} if said == "nothing" else names), promotions.PAYLOAD_TYPE, signer)
    with pytest.raises(IntegrityFailure, match="another model than"):
        promotions.open_current(live.promotions)


def test_a_verdict_about_another_run_than_the_bundle_holds(made: Installation) -> None:
    signer = made.trusted.signer("promotion")
    sign_again(made.bundle, signer, lambda manifest: manifest.update(run_manifest_sha256="f" * 64))
    with pytest.raises(IntegrityFailure, match="verdict in the bundle is about another RUN"):
        bundle.open(made.bundle, Trust.open())


def test_a_forged_run_of_a_new_id_gets_no_further_than_shadow_at_once(made: Installation) -> None:
    """What is not stopped: nothing that is opened verifies the approvals which a verdict names."""
    signer = made.trusted.signer("promotion")
    forged = with_another_model(
        made.bundle, made.var / "bundles" / "forged", signer, lambda manifest: manifest.update(run_id="run-2")
    )
    gate = evidence.gate(environment="force", to="live", run_id="run-2")
    manifest = json.loads((forged / "manifest.json").read_bytes())
    verdict = gate.model_copy(update={"run_manifest_sha256": manifest["run_manifest_sha256"], "approvals": ()})
    (forged / "gate.json").write_bytes(verdict.encode())
    sign_again(forged, signer)
    promotions.promote(made.promotions, forged, "shadow", signer, at=AS_OF + 9, reason="mine")
    with pytest.raises(UsageError, match="in shadow for 0 days by the witness, and needs 56"):
        promotions.promote(made.promotions, forged, "pilot", signer, at=AS_OF + 10, reason="mine")
