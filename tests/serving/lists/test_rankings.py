"""What ranks: the model in service, or the rule, labelled; and what is never used."""

from __future__ import annotations

import dataclasses
import shutil

import pytest
from fixtures import golden_force as golden
from fixtures.desk_browser import STARTED_AT
from fixtures.golden_lists import names_in_order, published_list

from features import load_catalogue
from serving.lists import rankings
from serving.lists.making import ListOptions, make_list, replay_list
from threat.errors import IntegrityFailure
from threat.release import promotions
from threat.trust.folder import Trust


def test_a_suspended_model_gives_way_to_the_rule_labelled(golden_store, model_var, tmp_path):
    var = tmp_path / "var"
    shutil.copytree(model_var, var)
    model_list = published_list(var)
    chain = var / "promotions.jsonl"
    promotions.suspend(chain, Trust.open().signer("promotion"), at=STARTED_AT, reason="calibration drifted")
    listed = make_list(golden_store, var, golden.AS_OF, ListOptions(capacity=3), started_at=STARTED_AT)
    assert listed.basis.ranking_id == "rule:trailing_year_harm"
    assert "suspended on" in listed.basis.ranking_note
    assert "calibration drifted" in listed.basis.ranking_note
    assert names_in_order(listed) == list(golden.ORDER)
    # what the model ranked can still be replayed
    replayed = replay_list(golden_store, var, model_list.id, started_at=STARTED_AT)
    assert (replayed["same"], replayed["revoked"]) == (True, False)
    promotions.revoke(
        chain, model_list.basis.ranking_id, Trust.open().signer("promotion"), at=STARTED_AT, reason="a leak"
    )
    replayed = replay_list(golden_store, var, model_list.id, started_at=STARTED_AT)
    assert (replayed["same"], replayed["revoked"]) == (True, True)
    assert rankings.current(chain, STARTED_AT).kind == "rule"


def test_a_model_made_with_another_catalogue_is_refused(golden_store, model_var, monkeypatch):
    other = dataclasses.replace(load_catalogue(), definitions=load_catalogue().definitions[:-1])
    monkeypatch.setattr(rankings, "load_catalogue", lambda: other)
    with pytest.raises(IntegrityFailure, match="made with another catalogue"):
        rankings.current(model_var / "promotions.jsonl", STARTED_AT)


def test_a_tampered_bundle_scores_nothing(golden_store, model_var, tmp_path):
    var = tmp_path / "var"
    shutil.copytree(model_var, var)
    model = next((var / "bundles").glob("*/model/model.txt"))
    model.write_text(model.read_text().replace("leaf_value=", "leaf_value= ", 1))
    with pytest.raises(IntegrityFailure):
        make_list(golden_store, var, golden.AS_OF, started_at=STARTED_AT)
