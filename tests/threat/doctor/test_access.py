"""What ``threat doctor`` says of modes, of the trust folder and of governance's witness."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fixtures.promoted import witness_now
from fixtures.trusted import HOLDERS, Trusted

from threat.doctor.access import check_modes, check_trust, check_witness
from threat.doctor.evidence import check_release
from threat.doctor.examination import examine
from threat.doctor.findings import Finding, Places
from threat.release import bundle, promotions
from threat.trust.folder import Trust
from threat.trust.signing import Signer


def test_files_that_others_can_read_are_counted_with_the_command_that_closes_them(tmp_path: Path) -> None:
    places = Places(store=tmp_path / "our history", var=tmp_path / "var", now=1)
    well = [Finding("modes", "ok", "what is here is for this user alone (modes 600 and 700)")]
    assert check_modes(places) == well
    (places.store / "parts").mkdir(parents=True)
    (places.store / "parts" / "one.parquet").write_bytes(b"")
    assert check_modes(places) == well
    (places.store / "parts" / "one.parquet").chmod(0o640)
    (places.store / "parts").chmod(0o755)
    assert check_modes(places) == [
        Finding(
            "modes",
            "broken",
            f"2 files and folders in {places.store} can be read by others, first {places.store / 'parts'}",
            f"chmod -R go= '{places.store}'",
        )
    ]


def test_the_trust_folder_is_reported_with_the_keys_in_force(force_trusted: Trusted, tmp_path: Path) -> None:
    places = Places(store=tmp_path / "history", var=tmp_path, now=1)
    says = f"{len(HOLDERS) + 1} keys in force in {force_trusted.folder} (force)"
    assert check_trust(places, force_trusted.trust) == Finding("trust", "ok", says)
    assert check_trust(places, Trust.none()).mend == "threat new-trust FOLDER --name NAME --key ROOT.pem"


def test_a_trust_folder_that_is_not_named_is_said_once(tmp_path: Path, no_trust: None) -> None:
    """Promotions, the model in service and its catalogue all need it: one line says so, with the way out."""
    places = Places(store=tmp_path / "history", var=tmp_path, now=1)
    places.promotions.write_text("{}\n")
    about = [finding for finding in examine(places)["findings"] if "trust folder" in finding["says"]]
    assert [(finding["part"], finding["state"], finding["mend"]) for finding in about] == [
        ("trust", "missing", "export THREAT_TRUST=FOLDER")
    ]
    assert f"{places.promotions} was signed under one: neither promotions nor the model in" in about[0]["says"]


def test_promotions_that_governance_did_not_witness_are_counted(
    make_run: Any, var: Path, trusted: Trusted, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted.use(monkeypatch)
    places, signer = Places(store=var / "history", var=var, now=1), trusted.signer("promotion")
    assert check_witness(places, trusted.trust, promotions.read(places.promotions)) == []
    built = bundle.build(make_run(gate={"environment": "force", "to": "live"}), var / "bundles", signer)
    promotions.promote(places.promotions, built, "shadow", signer, at=1, reason="first")
    [stale] = check_witness(places, trusted.trust, promotions.read(places.promotions))
    assert (stale.state, stale.mend) == ("stale", f"threat witness --store {var}/history --var {var} --key KEY.pem")
    assert stale.says.startswith("governance witnessed 0 of 1 promotions")
    witness_now(trusted, places.promotions, at=2)
    [well] = check_witness(places, trusted.trust, promotions.read(places.promotions))
    assert well == Finding("witness", "ok", "governance witnessed 1 of 1 promotions")


def test_a_revoked_or_retired_model_is_not_offered_to_be_resumed(make_run: Any, var: Path, signer: Signer) -> None:
    places = Places(store=var / "history", var=var, now=1)
    first, second, third = (bundle.build(make_run(f"run-{n}"), var / "bundles", signer) for n in (1, 2, 3))
    promotions.promote(places.promotions, first, "live", signer, at=1, reason="first")
    promotions.retire(places.promotions, "run-1", signer, at=2, reason="old")
    assert check_release(places)[-1].mend == ""
    for at, built in ((3, second), (4, third)):
        promotions.promote(places.promotions, built, "live", signer, at=at, reason="next")
    promotions.revoke(places.promotions, bundle.hash_of(third), signer, at=5, reason="leak")
    released = check_release(places)[-1]
    assert released.says == "run-3 is retired (leak): the rule ranking is served"
    assert released.mend == f"threat roll-back --reason WHY --var {var}"
    promotions.roll_back(places.promotions, signer, at=6, reason="to run-2")
    promotions.revoke(places.promotions, bundle.hash_of(second), signer, at=7, reason="leak")
    assert check_release(places)[-1].mend == ""  # run-1 was retired by a person: nothing leads back there
