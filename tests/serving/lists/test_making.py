"""Making and replaying lists: what is refused, what is logged, and that a replay gives the same to the last digit."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pytest
from fixtures import golden_force as golden
from fixtures.desk_browser import STARTED_AT
from fixtures.golden_lists import names_in_order, published_list

from serving.audit.tables import AUDIT_ENTRIES
from serving.lists import rankings
from serving.lists.making import ListOptions, make_list, replay_list
from serving.storage import connect, reading
from threat import lists
from threat.asof import DAY
from threat.errors import BadInput, UsageError
from threat.history.batches import Batch
from threat.history.store import Store
from threat.trust.folder import Trust


@pytest.fixture
def own_copy(rule_var, tmp_path) -> Path:
    shutil.copytree(rule_var, tmp_path / "var")
    return tmp_path / "var"


def test_a_list_computed_again_is_the_same(golden_store, rule_var):
    for list_id in (published_list(rule_var).id, published_list(rule_var).basis.previous):
        again = replay_list(golden_store, rule_var, list_id, started_at=STARTED_AT)
        assert (again["same"], again["differences"]) == (True, [])


def test_a_later_load_does_not_change_a_replay(golden_store, rule_var, tmp_path):
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
                    "kind": ["attempted_murder"],
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
    assert replay_list(store, rule_var, published_list(rule_var).id, started_at=STARTED_AT)["same"]
    fresh = make_list(store, tmp_path / "var", golden.AS_OF, ListOptions(capacity=3), started_at=STARTED_AT)
    assert names_in_order(fresh)[0] == "G09"


def test_replay_finds_a_score_that_was_changed(golden_store, own_copy):
    listed = published_list(own_copy)
    score = listed.rows["score"].to_numpy().copy()
    score[4] += 1e-12 * score[4]
    rows = listed.rows.set_column(5, "score", [score])
    forged = lists.freeze(own_copy / "lists", listed.basis, listed.must_see, rows, signer=Trust.open().signer("list"))
    again = replay_list(golden_store, own_copy, forged.id, started_at=STARTED_AT)
    assert again["differences"] == ["score differs in 1 rows, first at rank 5"]


def test_batches_loaded_after_the_start_are_refused(golden_store, tmp_path):
    with pytest.raises(BadInput, match="loaded after the list was started"):
        make_list(golden_store, tmp_path, golden.AS_OF, started_at=golden.LOADED_AT - 1)


@pytest.mark.parametrize(
    ("as_of", "options", "problem"),
    [
        (golden.AS_OF, ListOptions(capacity=0), "The capacity is below 1"),
        (STARTED_AT + 1, ListOptions(), "The as-of is after now"),
        (golden.AS_OF, ListOptions(rule="coin_toss"), "No rule has this name"),
        (golden.AS_OF, ListOptions(previous="L-2024-06-01-0000000000000000"), "no such list"),
    ],
)
def test_what_score_refuses(golden_store, tmp_path, as_of, options, problem):
    with pytest.raises(UsageError, match=problem):
        make_list(golden_store, tmp_path, as_of, options, started_at=STARTED_AT)


def test_a_list_as_of_the_very_second_it_is_made(golden_store, tmp_path):
    assert make_list(golden_store, tmp_path, STARTED_AT, started_at=STARTED_AT).basis.as_of == STARTED_AT


def entries_of(var: Path) -> list[tuple[object, ...]]:
    """Every entry of the audit log of a var folder."""
    engine = connect(var / "desk.sqlite")
    try:
        with reading(engine) as connection:
            return [tuple(row) for row in connection.execute(AUDIT_ENTRIES.select())]
    finally:
        engine.dispose()


def test_a_list_that_cannot_be_published_is_not_logged_as_published(golden_store, model_var, tmp_path, monkeypatch):
    shutil.copytree(model_var, tmp_path / "var")
    before, entries = lists.published(tmp_path / "var" / "lists"), entries_of(tmp_path / "var")
    monkeypatch.setattr(rankings, "DEFAULT_RULE", "no such rule")
    with pytest.raises(UsageError, match="No rule has this name"):
        make_list(
            golden_store,
            tmp_path / "var",
            golden.AS_OF,
            ListOptions(capacity=2, publish=True),
            started_at=STARTED_AT + 60,
        )
    assert lists.published(tmp_path / "var" / "lists") == before
    assert entries_of(tmp_path / "var") == entries
    assert len(entries) >= 3  # the lists of the fixture; other tests of the session may have read them since


def test_a_previous_list_that_is_not_earlier_is_refused(golden_store, rule_var):
    with pytest.raises(UsageError, match="The previous list is not earlier than this list"):
        make_list(
            golden_store,
            rule_var,
            golden.AS_OF,
            ListOptions(previous=published_list(rule_var).id),
            started_at=STARTED_AT,
        )
