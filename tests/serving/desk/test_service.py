"""Which list the desk shows: the published one, the list that takes its place, or none when something is wrong."""

from __future__ import annotations

import shutil

import pytest
from fixtures.desk_browser import NOW, client_of
from fixtures.golden_lists import REFERENCE, published_list
from fixtures.log_entries import entries
from fixtures.trusted import Trusted

from serving.audit.checkpoints import checkpoint_path
from serving.lists.publishing import publish
from threat.lists import Published, published
from threat.release import promotions
from threat.trust import key_list
from threat.trust.ends import End
from threat.trust.folder import Trust

pytestmark = pytest.mark.usefixtures("every_place")


def test_a_list_that_was_changed_is_not_served(open_desk, rule_var, tmp_path):
    shutil.copytree(rule_var, tmp_path / "var")
    path = tmp_path / "var" / "lists" / published(tmp_path / "var" / "lists").list / "rows.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    answer = client_of(open_desk(tmp_path / "var")).get("/api/v1/queue")
    assert answer.status_code == 503
    assert "frozen" in answer.json()["problem"]
    assert str(tmp_path) not in answer.text


def test_a_reviewer_is_told_in_words_that_no_list_can_be_shown(open_desk, rule_var, tmp_path):
    var = shutil.copytree(rule_var, tmp_path / "var")
    path = var / "lists" / published(var / "lists").list / "rows.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    desk = open_desk(var)
    answer = client_of(desk).get("/")
    assert answer.status_code == 503
    assert '<h1 class="govuk-heading-l">The review list cannot be shown</h1>' in answer.text
    assert "No list is shown rather than a wrong or an old one." in answer.text
    assert REFERENCE["G01"] not in answer.text
    assert entries(desk)[-1] == ("reviewer", "view queue", "", "refused")


def test_a_damaged_list_of_a_model_gives_way_to_the_list_by_rule_of_that_day(open_desk, model_var, tmp_path):
    var = shutil.copytree(model_var, tmp_path / "var")
    chosen = published(var / "lists")
    (var / "lists" / chosen.list / "signature.json").unlink()
    listing = client_of(open_desk(var)).get("/api/v1/queue").json()["listing"]
    assert (listing["id"], listing["ranking"]) == (chosen.standby, "rule")
    assert listing["ranking_note"] == (
        "The list that the model ordered did not open as it was published, so the list by rule of that day is shown."
    )


def test_a_list_by_a_model_is_not_shown_under_a_publication_that_hides_the_model(open_desk, model_var, tmp_path):
    """By whoever holds the key for lists: a publication without a bundle would outlive a suspension."""
    var = shutil.copytree(model_var, tmp_path / "var")
    listed, trust = published_list(var), Trust.open()
    publish(var, listed, Published(listed.id), at=NOW, trust=trust)
    answer = client_of(open_desk(var)).get("/api/v1/queue")
    assert answer.status_code == 503
    assert answer.json()["problem"] == "The published list was ordered by another model than its publication says."


@pytest.fixture
def own_trust(demonstration_trusted, tmp_path, monkeypatch):
    """The demonstration's trust in a folder of the test's own, with the same keys."""
    own = Trusted(shutil.copytree(demonstration_trusted.folder, tmp_path / "trust"), demonstration_trusted.keys)
    own.use(monkeypatch)
    return own


@pytest.mark.parametrize("verb", ["list", "intake"])
def test_a_key_counts_no_longer_from_the_request_after_it_was_revoked(open_desk, rule_var, tmp_path, own_trust, verb):
    client = client_of(open_desk(shutil.copytree(rule_var, tmp_path / "var")))
    assert client.get("/api/v1/queue").status_code == 200
    end = End("stolen", NOW)
    key_list.revoke(own_trust.folder, own_trust.signer(verb).key.key_id, own_trust.signer("governance"), end)
    assert client.get("/api/v1/queue").status_code == 503


def test_a_desk_goes_on_and_signs_nothing_when_the_key_of_its_log_is_revoked(open_desk, rule_var, tmp_path, own_trust):
    desk = open_desk(shutil.copytree(rule_var, tmp_path / "var"))
    client, checkpoint = client_of(desk), checkpoint_path(desk.engine)
    assert client.get("/api/v1/queue").status_code == 200
    signed = checkpoint.read_bytes()
    key_list.revoke(
        own_trust.folder, own_trust.signer("audit").key.key_id, own_trust.signer("governance"), End("stolen", NOW)
    )
    desk.checkpoints.sign(NOW)
    assert (desk.checkpoints.problem.splitlines()[0], checkpoint.read_bytes()) == (
        "This key is revoked and signs nothing.",
        signed,
    )


def test_every_page_says_where_nothing_is_signed(open_desk, rule_var, no_trust):
    page = client_of(open_desk(rule_var)).get("/").text
    assert "Anyone here can be any of its people, and nothing here is signed: not for real records." in page


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
    assert [row["relationship"] for row in during["rows"][:3]] == [REFERENCE["G01"], REFERENCE["G02"], REFERENCE["G03"]]
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
def test_what_is_wrong_here_is_not_the_callers_fault(open_desk, tmp_path, no_trust, current, problem):
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
