"""What a thief of the key for promotions can do alone, and what the records of before hold against that."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from fixtures import evidence
from fixtures.approved import verdict
from fixtures.attacked import Installation
from fixtures.list_files import AS_OF
from fixtures.promoted import witness_now
from fixtures.signed_again import inverted, sign_again, with_another_model

from serving.desk.service import Desk
from serving.lists import rankings
from threat.asof import DAY
from threat.errors import IntegrityFailure
from threat.lists import Published
from threat.release import bundle, promotions
from threat.release.documents.approvals import Approvals
from threat.release.lapses import service_until
from threat.release.model_files import TREES
from threat.release.runs import Run
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
    with pytest.raises(IntegrityFailure, match="holds another file than the RUN sealed"):
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
    with pytest.raises(IntegrityFailure, match=r"another model than|another file than the RUN sealed"):
        promotions.open_current(live.promotions)


def test_a_verdict_about_another_run_than_the_bundle_holds(made: Installation) -> None:
    signer = made.trusted.signer("promotion")
    sign_again(made.bundle, signer, lambda manifest: manifest.update(run_manifest_sha256="f" * 64))
    with pytest.raises(IntegrityFailure, match="verdict in the bundle is about another RUN"):
        bundle.open(made.bundle, Trust.open())


@pytest.mark.parametrize("approvals", ["of the release before", "none"])
def test_a_forged_run_of_a_new_id_gets_not_even_into_shadow(made: Installation, tmp_path: Path, approvals: str) -> None:
    """Verdict, policy, card and names of approvers are the thief's own; only people's keys sign what people say."""
    signer, run = made.trusted.signer("promotion"), Run.open(made.run)
    text = inverted(run.path(TREES).read_bytes()).decode()
    forged = evidence.audited_run(tmp_path / "forged", "run-2", text=text)
    forged.write(verdict(forged))
    signed = run.read(Approvals).envelopes() if approvals == "of the release before" else []
    forged.write(Approvals.of(signed))
    good = made.promotions.read_bytes()
    built = bundle.build(forged, made.var / "bundles", signer)
    with pytest.raises(IntegrityFailure, match="Too few people approved this release: 0 of 2"):
        promotions.promote(made.promotions, built, "shadow", signer, at=AS_OF + 9, reason="mine")
    assert made.promotions.read_bytes() == good
    # Written past the command, the record stands, and the bundle is opened by nobody.
    manifest = json.loads((built / "manifest.json").read_bytes())
    record = {
        "action": "promote",
        "run_id": "run-2",
        "from": "draft",
        "to": "shadow",
        "bundle": f"bundles/{built.name}",
    }
    record |= {name: manifest[name] for name in ("model_sha256", "run_manifest_sha256")}
    record |= {"bundle_sha256": bundle.hash_of(built), "at": AS_OF + 9, "reason": "mine", "by": "thief"}
    records.append(made.promotions, record, promotions.PAYLOAD_TYPE, signer)
    witness_now(made.trusted, made.promotions, at=AS_OF + 10)
    witness_now(made.trusted, made.promotions, at=AS_OF + 60 * DAY)
    served = record | {"from": "shadow", "to": "pilot", "shadow": {"least_days": 56}, "at": AS_OF + 60 * DAY}
    records.append(made.promotions, served, promotions.PAYLOAD_TYPE, signer)
    with pytest.raises(IntegrityFailure, match="Too few people approved this release: 0 of 2"):
        promotions.open_current(made.promotions)


def test_a_live_bundle_of_before_gives_way_to_the_rule_with_its_reason(live: Installation, tmp_path: Path) -> None:
    """A force that installs this version goes on with the rule until it releases the RUN again: nothing is closed."""
    signer, before = live.trusted.signer("promotion"), shutil.copytree(live.bundle, live.var / "bundles" / "before")
    for name in ("approvals.json", "run.json"):
        (before / name).unlink()
    sign_again(before, signer, lambda manifest: manifest.update(format="threat-bundle/3"))
    manifest, at = json.loads((before / "manifest.json").read_bytes()), AS_OF + 61 * DAY
    record = {"action": "promote", "run_id": "run-1", "from": "live", "to": "live", "bundle": "bundles/before"}
    record |= {name: manifest[name] for name in ("model_sha256", "run_manifest_sha256")}
    record |= {"bundle_sha256": bundle.hash_of(before), "at": at, "reason": "last year", "by": "Release Service"}
    records.append(live.promotions, record, promotions.PAYLOAD_TYPE, signer)
    standing, opened = rankings.in_service(live.promotions, at)
    said = "The bundle of run-1 is of an earlier format, which does not carry what people signed"
    assert (standing.state, standing.reason, opened) == ("suspended", said, None)
    assert rankings.current(live.promotions, at).note == f"{said}."
    assert service_until(live.var, at).says == f"run-1 (live) is not served: {said}. The rule ranking is."
    shown = Published("L-model", bundle=bundle.hash_of(before), standby="L-rule")
    desk = Desk(tmp_path / "history", live.var, clock=lambda: at, database_path=tmp_path / "desk.sqlite")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(desk, "published", lambda: shown)
        assert desk._list_to_show() == (shown, "L-rule", f"{said}.")
    desk.close()
