"""The golden force ranked: order, ties, bands, what changed, must-see items, and reasons that add up."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from fixtures import golden_force as golden
from fixtures.case_force import Force, ev, pid
from fixtures.desk_browser import STARTED_AT
from fixtures.golden_lists import NAME, REFERENCE, event_of, names_in_order, published_list

from serving.lists.making import ListOptions, explain_relationship, make_list, replay_list
from serving.lists.scoring import rank_with_ties
from threat import lists
from threat.asof import parse_as_of
from threat.history.store import Store
from threat.ids import pair_ids, show_id
from threat.release.documents.scored_list import MustSee


def test_the_rule_ranks_the_golden_force_in_its_known_order(rule_var):
    listed = published_list(rule_var)
    assert names_in_order(listed) == list(golden.ORDER)
    assert listed.rank.tolist() == list(range(1, 11))
    assert listed.basis.ranking_id == "rule:trailing_year_harm"
    assert listed.basis.ranking_note == "No model has been released."
    assert (listed.selected, len(listed)) == (3, 10)
    assert listed.rows["band"].to_pylist() == ["review"] * 3 + ["next"] * 3 + ["beyond"] * 4
    assert listed.ties == {"groups": 0, "rows": 0, "at_edge": 0}
    assert {step.step: step.dropped for step in listed.basis.attrition if step.dropped} == {
        "one_person": 1,
        "twice": 1,  # the pair of S09's second record
        "window": 1,
    }


@pytest.mark.parametrize("rule", ["days_since_last", "trailing_year_harm"])
def test_every_strict_rule_gives_the_known_order(golden_store, tmp_path, rule):
    listed = make_list(golden_store, tmp_path, golden.AS_OF, ListOptions(rule=rule), started_at=STARTED_AT)
    assert names_in_order(listed) == list(golden.ORDER)


def test_ties_stay_ties_and_are_reported(golden_store, tmp_path):
    listed = make_list(
        golden_store, tmp_path, golden.AS_OF, ListOptions(rule="latest_grade", capacity=3), started_at=STARTED_AT
    )
    assert dict(zip(names_in_order(listed), listed.rank.tolist(), strict=True)) == dict(
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
    ranks = rank_with_ties(np.array(scores))
    assert (ranks[0].tolist(), ranks[1].tolist()) == (rank, tied)


def test_what_changed_since_the_list_before(rule_var):
    listed = published_list(rule_var)
    before = lists.open_list(rule_var / "lists", listed.basis.previous)
    was = dict(zip(names_in_order(before), before.rank.tolist(), strict=True))
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


def triggers(items: tuple[MustSee, ...]) -> dict[str, set[tuple[str, str]]]:
    event = {golden.event_id(row["event"]): row["event"] for row in golden.rows()}
    return {
        NAME.get(item.relationship_id, "none"): {(event[trigger.event_id], trigger.about) for trigger in item.triggers}
        for item in items
    }


def test_must_see_items_of_the_golden_force(rule_var):
    """G06's release lies nine days ahead, beyond the policy's seven; G08's strangulation was withdrawn."""
    assert triggers(published_list(rule_var).must_see) == MUST_SEE


def test_contributions_of_the_model_add_up_to_each_raw_score(golden_store, model_var):
    listed = published_list(model_var)
    assert (listed.basis.ranking, listed.basis.demonstration) == ("model", True)
    explained = [row for row in listed.rows.to_pylist() if row["reasons"] is not None]
    assert len(explained) == listed.selected >= 3
    for row in explained:
        total = math.fsum([row["base"], *(reason["contribution"] for reason in row["reasons"])])
        assert total == pytest.approx(row["score"], abs=1e-6)
        by_model = [reason for reason in row["reasons"] if reason["theme"] != "in_force"]
        assert {said["feature"] for reason in by_model for said in reason["sentences"]} <= {
            "domestic_incidents_365d",
            "harm_sum_365d",
            "days_since_domestic_incident",
            "subject_harm_sum_365d",
            "latest_grade",
        }
    assert replay_list(golden_store, model_var, listed.id, started_at=STARTED_AT)["same"]


def test_the_sentences_name_the_records_behind_them(golden_store, model_var):
    document = explain_relationship(golden_store, model_var, REFERENCE["G01"], golden.AS_OF, started_at=STARTED_AT)
    said = {s["text"]: s["events"] for reason in document["reasons"] for s in reason["sentences"]}
    counted = next(events for text, events in said.items() if text.startswith("6 domestic incidents"))
    behind = ("a1", "a2", "a3", "a4", "a5", "a9", "a11", "a12")  # not a13: it happened after the as-of
    assert set(counted) == {event_of(name) for name in behind}
    total = math.fsum([document["base"], *(reason["contribution"] for reason in document["reasons"])])
    assert total == pytest.approx(document["score"], abs=1e-6)


def test_an_empty_history_gives_an_empty_list(tmp_path):
    Store.create(tmp_path / "history")
    listed = make_list(
        tmp_path / "history", tmp_path / "var", golden.AS_OF, ListOptions(publish=True), started_at=STARTED_AT
    )
    assert (len(listed), listed.selected, listed.must_see) == (0, 0, ())


def test_a_relationship_that_a_merge_made_one_person_opens_no_item():
    """Its triggers would be shown as between a person and themself."""
    events = [
        ev("suicidal_ideation", "2024-05-30", s=None, v=None, person="anna"),
        ev("stalking", "2024-03-01", s="anna", v="ben"),
    ]
    links = [{"source_person": "ben", "person": "anna", "recorded_at": "2024-05-01", "method": "manual"}]
    two_persons, merged = Force({"events": events}), Force({"events": events, "person_links": links})
    assert [item.relationship_id > 0 for item in two_persons.must_see("2024-06-01")] == [True]
    assert merged.must_see("2024-06-01") == []


@pytest.mark.parametrize(("hours", "is_stated"), [(96, True), (24, False)])
def test_what_is_in_force_is_explained_by_the_policy_that_is_named(tmp_path: Path, hours: int, is_stated: bool) -> None:
    hold = ev("hold", "2024-05-30T00:00Z", s=None, v=None, person="s", domestic="no")
    force = Force({"events": [ev("stalking", "2024-05-20"), hold]})
    shipped = (Path(__file__).parents[3] / "threat" / "policy.yaml").read_text(encoding="utf-8")
    policy = tmp_path / "policy.yaml"
    policy.write_text(shipped.replace("open_hours: 96", f"open_hours: {hours}"), encoding="utf-8")
    reference = show_id("R", int(pair_ids([pid("s")], [pid("v")])[0]))
    document = explain_relationship(
        force.store, tmp_path, reference, parse_as_of("2024-06-01"), started_at=STARTED_AT, policy_path=policy
    )
    assert ("in_force" in [reason["theme"] for reason in document["reasons"]]) == is_stated
