"""The checks that ``features`` adds to ``threat doctor``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from features.doctor import check_catalogue, check_dictionary
from features.load import load_catalogue
from threat.doctor.findings import Finding, Places
from threat.release import bundle, promotions
from threat.trust.signing import Signer

VERSION = load_catalogue().version


def test_a_served_model_of_another_catalogue_is_stale(make_run: Any, var: Path, signer: Signer) -> None:
    places = Places(store=var / "history", var=var, now=1)
    assert check_catalogue(places) == [Finding("catalogue", "ok", f"version {VERSION}; no model is served")]
    built = bundle.build(make_run(), var / "bundles", signer)
    promotions.promote(places.promotions, built, "live", signer, at=1, reason="a test")
    assert check_catalogue(places) == [
        Finding(
            "catalogue",
            "stale",
            f"version {VERSION}; the served model run-1 is of version c1: train and release again",
            places.train_command,
        )
    ]
    features = built / "model" / "features.json"
    features.write_text(json.dumps(json.loads(features.read_text()) | {"catalogue_version": VERSION}))
    assert check_catalogue(places)[0].state == "ok"


def test_a_data_dictionary_of_another_catalogue_is_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = Places(store=tmp_path, var=tmp_path, now=1)
    monkeypatch.chdir(tmp_path)
    assert check_dictionary(places) == []  # installed without a checkout
    Path("docs").mkdir()
    Path("docs/features.md").write_text(f"Catalogue version `{VERSION}`")
    assert [finding.state for finding in check_dictionary(places)] == ["ok"]
    Path("docs/features.md").write_text("Catalogue version `older`")
    assert [(finding.state, finding.mend) for finding in check_dictionary(places)] == [("stale", "make docs")]
