"""The golden force ranked: order, ties, bands, what changed, must-see items, replay, and reasons that add up."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from fixtures import golden_force as golden
from fixtures.desk_browser import STARTED_AT

from serving.lists import rankings, scoring
from serving.lists.making import explain_relationship, make_list, replay_list
from threat import lists
from threat.asof import DAY
from threat.errors import IntegrityFailure, UsageError
from threat.history.store import Store
from threat.ids import show_id

NAME = {golden.relationship_id(name): name for name in golden.KINDS}


def published(var: Path) -> lists.ScoredList:
    return lists.open_list(var / "lists", lists.published(var / "lists").list)


def names(listed: lists.ScoredList) -> list[str]:
    return [NAME[i] for i in listed.rows["relationship_id"].to_pylist()]


def test_the_rule_ranks_the_golden_force_in_its_known_order(rule_var):
    listed = published(rule_var)
    assert names(listed) == list(golden.ORDER)
    assert listed.rank.tolist() == list(range(1, 11))
    assert listed.asked.ranking_id == "rule:trailing_year_harm"
    assert listed.asked.ranking_note == "No model has been released."
    assert (listed.selected, len(listed)) == (3, 10)
    assert listed.rows["band"].to_pylist() == ["review"] * 3 + ["next"] * 3 + ["beyond"] * 4
    assert listed.ties == {"groups": 0, "rows": 0, "at_edge": 0}
    assert {step["step"]: step["dropped"] for step in listed.asked.attrition if step["dropped"]} == {
        "one_person": 1,
        "window": 1,
    }


@pytest.mark.parametrize("rule", ["days_since_last", "trailing_year_harm"])
def test_every_strict_rule_gives_the_known_order(golden_store, tmp_path, rule):
    listed = make_list(golden_store, tmp_path, golden.AS_OF, started_at=STARTED_AT, rule=rule)
    assert names(listed) == list(golden.ORDER)


def test_ties_stay_ties_and_are_reported(golden_store, tmp_path):
    listed = make_list(golden_store, tmp_path, golden.AS_OF, started_at=STARTED_AT, rule="latest_grade", capacity=3)
    assert dict(zip(names(listed), listed.rank.tolist(), strict=True)) == dict(
        zip(golden.ORDER, [1] * 4 + [5] * 4 + [9] * 2, strict=True)
    )
    assert listed.rows["tied"].to_pylist() == [4] * 8 + [2] * 2
    assert listed.ties == {"groups": 3, "rows": 10, "at_edge": 4}
    assert listed.selected == 4  # capacity 3, and the fourth shares the last rank: it stays in
    assert listed.rows["band"].to_pylist()[:4] == ["review"] * 4


@pytest.mark.parametrize(
    ("scores", "rank", "tied"),
    [
        ([], [], []),
        ([1.0], [1], [1]),
        ([3.0, 1.0, 2.0], [1, 3, 2], [1, 1, 1]),
        ([2.0, 5.0, 2.0, 1.0], [2, 1, 2, 4], [2, 1, 2, 1]),
        ([0.0, -0.0], [1, 1], [2, 2]),
    ],
)
def test_rank_with_ties(scores, rank, tied):
    found = scoring.rank_with_ties(np.array(scores))
    assert (found[0].tolist(), found[1].tolist()) == (rank, tied)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0.0, "under 1 day"),
        (0.99, "under 1 day"),
        (1.0, "1 to 7 days"),
        (7.99, "1 to 7 days"),
        (8.0, "8 to 90 days"),
        (90.99, "8 to 90 days"),
        (91.0, "over 90 days"),
    ],
)
def test_freshness(days, words):
    assert scoring.freshness(golden.AS_OF - int(days * DAY), golden.AS_OF) == words


def test_freshness_of_the_golden_force(rule_var):
    listed = published(rule_var)
    fresh = dict(zip(names(listed), listed.rows["freshness"].to_pylist(), strict=True))
    assert fresh["G01"] == "1 to 7 days"
    assert fresh["G07"] == "8 to 90 days"  # what was recorded after the as-of does not make it fresh
    assert fresh["G09"] == "8 to 90 days"  # the unit's own visit does not either


def test_what_changed_since_the_list_before(rule_var):
    listed = published(rule_var)
    before = lists.open_list(rule_var / "lists", listed.asked.previous)
    was = dict(zip(names(before), before.rank.tolist(), strict=True))
    now = {NAME[row["relationship_id"]]: row for row in listed.rows.to_pylist()}
    assert {name: row["previous_rank"] for name, row in now.items()} == {name: was.get(name) for name in now}
    # G01: suicidal ideation, a threat to kill and a weapon; G02: a wounding, a weapon and a grade in that week
    assert {name: row["new_records"] for name, row in now.items() if row["new_records"]} == {
        "G01": 3,
        "G02": 3,
        "G06": 1,
        "G10": 1,
    }


MUST_SEE = {
    "G01": {("a10", "subject"), ("a11", "pair"), ("a12", "pair")},
    "G02": {("b6", "pair")},
}


def triggers(found: list[dict]) -> dict[str, set[tuple[str, str]]]:
    event = {golden.event_id(row["event"]): row["event"] for row in golden.rows()}
    return {
        NAME.get(item["relationship_id"], "none"): {(event[t["event_id"]], t["about"]) for t in item["triggers"]}
        for item in found
    }


def test_must_see_items_of_the_golden_force(rule_var):
    """G06's release lies nine days ahead, beyond the policy's seven; G08's strangulation was withdrawn."""
    assert triggers(published(rule_var).must_see) == MUST_SEE


def test_a_list_computed_again_is_the_same(golden_store, rule_var):
    for list_id in (published(rule_var).id, published(rule_var).asked.previous):
        again = replay_list(golden_store, rule_var, list_id, started_at=STARTED_AT)
        assert (again["same"], again["differences"]) == (True, [])


def test_a_later_load_does_not_change_a_replay(golden_store, rule_var, tmp_path):
    import pyarrow as pa

    from threat.history.batches import Batch

    store = tmp_path / "history"
    shutil.copytree(golden_store, store)
    Store.open(store).append(
        Batch(profile="later", loaded_at=STARTED_AT),
        {
            "events": pa.table(
                {
                    "event_id": [77],
                    "record_id": [77],
                    "incident_id": [77],
                    "subject_id": [golden.person_id("S10") if "S10" in golden.PERSONS else golden.person_id("S09")],
                    "person_at_risk_id": [golden.person_id("P09")],
                    "kind": ["murder"],
                    "occurred_at": [golden.AS_OF - DAY],
                    "recorded_at": [golden.AS_OF - DAY],
                    "domestic": ["yes"],
                    "proactive": [False],
                    "reported_by": ["police"],
                    "assertion": ["fact"],
                    "source_system": ["golden"],
                }
            )
        },
    )
    assert replay_list(store, rule_var, published(rule_var).id, started_at=STARTED_AT)["same"]
    fresh = make_list(store, tmp_path / "var", golden.AS_OF, started_at=STARTED_AT, capacity=3)
    assert names(fresh)[0] == "G09"


def test_batches_loaded_after_the_start_are_refused(golden_store, tmp_path):
    from threat.errors import BadInput

    with pytest.raises(BadInput, match="loaded before it was started"):
        make_list(golden_store, tmp_path, golden.AS_OF, started_at=golden.LOADED_AT - 1)


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"capacity": 0}, "at least one relationship"),
        ({"as_of": STARTED_AT + 1}, "lies in the past"),
        ({"rule": "coin_toss"}, "Not a rule"),
        ({"previous": "L-2024-06-01-0000000000000000"}, "no such list"),
    ],
)
def test_what_score_refuses(golden_store, tmp_path, options, rule):
    arguments = {"as_of": golden.AS_OF, **options}
    with pytest.raises(UsageError, match=rule):
        make_list(golden_store, tmp_path, arguments.pop("as_of"), started_at=STARTED_AT, **arguments)


def test_a_list_that_cannot_be_published_is_not_logged_as_published(golden_store, model_var, tmp_path, monkeypatch):
    from serving.audit.database import AUDIT_ENTRIES, connect

    shutil.copytree(model_var, tmp_path / "var")
    before = lists.published(tmp_path / "var" / "lists")
    monkeypatch.setattr(rankings, "DEFAULT_RULE", "no such rule")
    with pytest.raises(UsageError, match="Not a rule"):
        make_list(golden_store, tmp_path / "var", golden.AS_OF, started_at=STARTED_AT + 60, capacity=2, publish=True)
    assert lists.published(tmp_path / "var" / "lists") == before
    engine = connect(tmp_path / "var" / "desk.sqlite")
    with engine.connect() as connection:
        assert len(connection.execute(AUDIT_ENTRIES.select()).all()) == 3  # the three lists of the fixture
    engine.dispose()


def test_the_previous_list_lies_before(golden_store, rule_var):
    with pytest.raises(UsageError, match="previous list lies before"):
        make_list(
            golden_store,
            rule_var,
            golden.AS_OF,
            started_at=STARTED_AT,
            previous=published(rule_var).id,
        )


@pytest.fixture
def own_copy(rule_var, tmp_path) -> Path:
    shutil.copytree(rule_var, tmp_path / "var")
    return tmp_path / "var"


def _rows_changed(path: Path) -> None:
    rows = pq.read_table(path / "rows.parquet")
    pq.write_table(rows.slice(1), path / "rows.parquet")


TAMPERING = {
    "capacity": lambda path: (path / "list.json").write_text(
        (path / "list.json").read_text().replace('"capacity": 3', '"capacity": 4')
    ),
    "rows": _rows_changed,
    "rows gone": lambda path: (path / "rows.parquet").unlink(),
    "hash too": lambda path: (path / "list.json").write_text(
        json.dumps({**json.loads((path / "list.json").read_text()), "rows_sha256": "0" * 64})
    ),
}


@pytest.mark.parametrize("name", TAMPERING)
def test_a_list_is_frozen(own_copy, name):
    listed = published(own_copy)
    TAMPERING[name](own_copy / "lists" / listed.id)
    with pytest.raises(IntegrityFailure, match="frozen") as caught:
        lists.open_list(own_copy / "lists", listed.id)
    assert caught.value.exit_code == 5


def test_a_list_id_is_no_path(rule_var):
    with pytest.raises(UsageError, match="no such list"):
        lists.open_list(rule_var / "lists", "../lists")


def test_replay_finds_a_score_that_was_changed(golden_store, own_copy):
    listed = published(own_copy)
    score = listed.rows["score"].to_numpy().copy()
    score[4] += 1e-12 * score[4]
    rows = listed.rows.set_column(5, "score", [score])
    forged = lists.freeze(own_copy / "lists", listed.asked, listed.must_see, rows)
    again = replay_list(golden_store, own_copy, forged.id, started_at=STARTED_AT)
    assert again["differences"] == ["score differs in 1 rows, first at rank 5"]


# --- a model in service ---


def test_contributions_of_the_model_add_up_to_each_raw_score(golden_store, model_var):
    listed = published(model_var)
    assert (listed.asked.ranking, listed.asked.demonstration) == ("model", True)
    told = [row for row in listed.rows.to_pylist() if row["reasons"] is not None]
    assert len(told) == listed.selected >= 3
    for row in told:
        total = math.fsum([row["base"], *(reason["contribution"] for reason in row["reasons"])])
        assert total == pytest.approx(row["score"], abs=1e-6)
        assert {said["feature"] for r in row["reasons"] for said in r["sentences"]} <= {
            "domestic_incidents_365d",
            "harm_sum_365d",
            "days_since_domestic_incident",
            "subject_harm_sum_365d",
            "latest_grade",
        }
    assert replay_list(golden_store, model_var, listed.id, started_at=STARTED_AT)["same"]


def test_the_sentences_name_the_records_behind_them(golden_store, model_var):
    document = explain_relationship(
        golden_store, model_var, show_id("R", golden.relationship_id("G01")), golden.AS_OF, started_at=STARTED_AT
    )
    said = {s["text"]: s["events"] for reason in document["reasons"] for s in reason["sentences"]}
    counted = next(events for text, events in said.items() if text.startswith("6 domestic incidents"))
    behind = ("a1", "a2", "a3", "a4", "a5", "a9", "a11", "a12")  # not a13: it happened after the as-of
    assert set(counted) == {show_id("E", golden.event_id(name)) for name in behind}
    total = math.fsum([document["base"], *(reason["contribution"] for reason in document["reasons"])])
    assert total == pytest.approx(document["score"], abs=1e-6)


def test_a_suspended_model_gives_way_to_the_rule_labelled(golden_store, model_var, tmp_path):
    from threat.release import promotions
    from threat.release.signing import operator

    var = tmp_path / "var"
    shutil.copytree(model_var, var)
    model_list = published(var)
    chain = var / "promotions.jsonl"
    promotions.suspend(chain, operator(var / "keys", None), at=STARTED_AT, reason="calibration drifted")
    listed = make_list(golden_store, var, golden.AS_OF, started_at=STARTED_AT, capacity=3)
    assert listed.asked.ranking_id == "rule:trailing_year_harm"
    assert "suspended on" in listed.asked.ranking_note
    assert "calibration drifted" in listed.asked.ranking_note
    assert names(listed) == list(golden.ORDER)
    # what the model ranked can still be replayed
    assert replay_list(golden_store, var, model_list.id, started_at=STARTED_AT)["same"]


def test_a_model_made_with_another_catalogue_is_refused(golden_store, model_var, monkeypatch):
    import dataclasses

    from features import load_catalogue

    other = dataclasses.replace(load_catalogue(), definitions=load_catalogue().definitions[:-1])
    monkeypatch.setattr(rankings, "load_catalogue", lambda: other)
    with pytest.raises(IntegrityFailure, match="catalogue it was made with"):
        rankings.current(model_var / "promotions.jsonl", STARTED_AT)


def test_a_tampered_bundle_scores_nothing(golden_store, model_var, tmp_path):
    var = tmp_path / "var"
    shutil.copytree(model_var, var)
    model = next((var / "bundles").glob("*/model/model.txt"))
    model.write_text(model.read_text().replace("leaf_value=", "leaf_value= ", 1))
    with pytest.raises(IntegrityFailure):
        make_list(golden_store, var, golden.AS_OF, started_at=STARTED_AT)


def test_reasons_that_do_not_add_up_are_never_shown():
    from serving.lists.reasons import check_sum

    check_sum(-2.0, [1.0, 0.5, 1e-8], -0.5, "R-1")
    for wrong in (-0.4999, math.nan, math.inf):
        with pytest.raises(IntegrityFailure, match="add up"):
            check_sum(-2.0, [1.0, 0.5], wrong, "R-1")


def test_an_empty_history_gives_an_empty_list(tmp_path):
    Store.create(tmp_path / "history")
    listed = make_list(tmp_path / "history", tmp_path / "var", golden.AS_OF, started_at=STARTED_AT, publish=True)
    assert (len(listed), listed.selected, listed.must_see) == (0, 0, [])
