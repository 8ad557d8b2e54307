"""Which list the desk shows: the published one, the list that takes its place, or none when something is wrong."""

from __future__ import annotations

import shutil

import pytest
from fixtures.desk_browser import NOW, client_of
from fixtures.golden_lists import REFERENCE

from threat.lists import published
from threat.release import promotions
from threat.trust.folder import Trust


def test_a_list_that_was_changed_is_not_served(open_desk, rule_var, tmp_path):
    shutil.copytree(rule_var, tmp_path / "var")
    path = tmp_path / "var" / "lists" / published(tmp_path / "var" / "lists").list / "rows.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    answer = client_of(open_desk(tmp_path / "var")).get("/api/v1/queue")
    assert answer.status_code == 503
    assert "frozen" in answer.json()["problem"]
    assert str(tmp_path) not in answer.text


def test_a_suspended_model_s_list_gives_way_at_once(open_desk, model_var, tmp_path):
    shutil.copytree(model_var, tmp_path / "var")
    chain = tmp_path / "var" / "promotions.jsonl"
    signer = Trust.open().signer("promotion")
    client = client_of(open_desk(tmp_path / "var"))
    before = client.get("/api/v1/queue").json()["listing"]
    promotions.suspend(chain, signer, at=NOW, reason="calibration drifted")
    during = client.get("/api/v1/queue").json()
    page = client.get("/").text
    promotions.resume(chain, signer, at=NOW + 60, reason="recalibrated")
    after = client.get("/api/v1/queue").json()["listing"]
    assert (before["ranking"], during["listing"]["ranking"], after) == ("model", "rule", before)
    assert during["listing"]["as_of"] == before["as_of"]
    assert [row["relationship"] for row in during["rows"]] == [REFERENCE["G01"], REFERENCE["G02"], REFERENCE["G03"]]
    assert during["rows"][0]["change"]["kind"] == "another_ranking"
    said = "The model was suspended on 2 January 2025 by DEMONSTRATION release service: calibration drifted."
    assert during["listing"]["ranking_note"] == said
    assert said in page
    assert "Ordered by a rule, not by the model" in page


@pytest.mark.parametrize(
    ("current", "problem"),
    [
        ("spoilt", "current.json is unreadable: it should name the published list."),
        ('{"list": "L-2024-06-01-gone"}', "There is no such list."),
    ],
)
def test_what_is_wrong_here_is_not_the_callers_fault(open_desk, tmp_path, current, problem):
    (tmp_path / "var" / "lists").mkdir(parents=True)
    (tmp_path / "var" / "lists" / "current.json").write_text(current, encoding="utf-8")
    answer = client_of(open_desk(tmp_path / "var")).get("/api/v1/queue")
    assert (answer.status_code, answer.json()["problem"]) == (500, problem)
    assert str(tmp_path) not in answer.text


def test_a_model_that_was_replaced_no_longer_orders_what_is_shown(
    open_desk, release, golden_store, model_var, tmp_path
):
    shutil.copytree(model_var, tmp_path / "var")
    client = client_of(open_desk(tmp_path / "var"))
    before = client.get("/api/v1/queue").json()["listing"]
    release(golden_store, tmp_path / "var", run_id="run-2")
    after = client.get("/api/v1/queue").json()["listing"]
    assert (before["ranking"], after["ranking"]) == ("model", "rule")
    assert after["ranking_note"] == (
        "The model that ordered the list is no longer in service, and no list was made since."
    )
