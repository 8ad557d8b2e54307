"""A model on a base, served: one figure per theme, and time at liberty among the other parts, never named."""

from __future__ import annotations

import math
import re
import shutil

import numpy as np
import pyarrow as pa
import pytest
from fixtures import golden_force as golden
from fixtures.case_record_rows import CALENDAR
from fixtures.desk_browser import STARTED_AT, client_of
from fixtures.golden_lists import REFERENCE, published_list

from features import build
from serving.lists import rankings
from serving.lists.making import replay_list
from serving.lists.whole_sum import whole_sum
from serving.relationship.panel import panel
from serving.relationship.reasons import LIBERTY, ThemeReason
from threat.asof import DAY
from threat.history.batches import Batch
from threat.history.store import Store
from threat.release.base import Base
from threat.release.documents.model import BaseModel

pytestmark = pytest.mark.usefixtures("every_place")

LIBERTY_PART = 0.25
"""Nobody of the golden force is in custody: the offset is 0, and its mean over the fit rows was -.25."""


@pytest.fixture
def ranking(base_var):
    return rankings.current(base_var / "promotions.jsonl", STARTED_AT)


def standing_of(client, name: str) -> dict:
    return client.get(f"/api/v1/relationships/{REFERENCE[name]}").json()["standing"]


def test_the_list_is_in_the_order_of_base_plus_trees(golden_store, base_var, ranking) -> None:
    snapshot = Store.open(golden_store).snapshot()
    listed = published_list(base_var)
    ids = listed.rows["relationship_id"].to_pylist()
    matrix = build(snapshot.sightings(), snapshot.rows(ids, golden.AS_OF), ranking.catalogue(), parallel=False)
    values = matrix.values[:, [matrix.names.index(name) for name in ranking.reads()]]
    document = ranking.bundle.read(BaseModel)
    trees = ranking.bundle.model.booster.predict(values, raw_score=True)
    expected = Base.of(document, ranking.reads()).score(values) + trees
    assert listed.rows["score"].to_pylist() == expected.tolist()
    assert sorted(expected.tolist(), reverse=True) == expected.tolist()


def test_a_replay_gives_the_same_scores_and_reasons_to_the_last_bit(golden_store, base_var) -> None:
    again = replay_list(golden_store, base_var, published_list(base_var).id, started_at=STARTED_AT)
    assert (again["same"], again["differences"]) == (True, [])


def test_parts_sum_and_every_relationship_starts_from_the_same_expected_score(open_desk, base_var, ranking) -> None:
    client = client_of(open_desk(base_var))
    values = np.full((1, len(ranking.reads())), np.nan, np.float32)
    expected = ranking.bundle.model.contributions(values).expected[0]
    for name in ("G01", "G02", "G03", "G06"):
        standing = standing_of(client, name)
        assert standing["base"] == expected
        parts = {reason["theme"]: reason["contribution"] for reason in standing["reasons"]}
        assert len(parts) == len(standing["reasons"]), "one figure per theme, base and trees together"
        assert parts[LIBERTY] == LIBERTY_PART
        assert math.fsum([standing["base"], *parts.values()]) == pytest.approx(standing["score"], abs=1e-6)
        panel_parts = [standing["panel"]["other"], *(reason["part"] for reason in standing["panel"]["raises"])]
        assert math.fsum([standing["base"], *panel_parts]) == pytest.approx(standing["score"], abs=1e-6)


def test_time_at_liberty_is_named_on_the_whole_sum_alone(open_desk, base_var) -> None:
    client = client_of(open_desk(base_var))
    for name in ("G01", "G03"):
        liberty = [reason for reason in standing_of(client, name)["reasons"] if reason["theme"] == LIBERTY]
        assert [reason["sentences"] for reason in liberty] == [[]]
        assert "liberty" not in client.get(f"/relationships/{REFERENCE[name]}").text.lower()
        whole = re.sub(r"<[^>]+>", " ", client.get(f"/relationships/{REFERENCE[name]}/sum").text)
        said = " ".join(whole.split())
        assert "Time at liberty +0.250 The subject is not recorded as in custody at this date" in said
    assert "liberty" not in client.get("/").text.lower()


def test_custody_lowers_the_sum_by_its_offset_and_is_never_said_to(golden_store, ranking, tmp_path) -> None:
    store = tmp_path / "history"
    shutil.copytree(golden_store, store)
    free = Store.open(store).snapshot()
    subject = int(free.rows([golden.relationship_id("G01")], golden.AS_OF).subject[0])
    Store.open(store).append(
        Batch(profile="later", loaded_at=STARTED_AT),
        {
            "events": pa.table(
                {
                    "event_id": [77],
                    "record_id": [77],
                    "incident_id": [77],
                    "person_id": [subject],
                    "kind": ["custody"],
                    "occurred_at": [golden.AS_OF - DAY],
                    "until": [golden.AS_OF + 30 * DAY],
                    "recorded_at": [golden.AS_OF - DAY],
                    "domestic": ["no"],
                    "proactive": [False],
                    "reported_by": ["police"],
                    "assertion": ["fact"],
                    "source_system": ["golden"],
                }
            )
        },
    )
    held = whole_sum(Store.open(store).snapshot(), golden.relationship_id("G01"), golden.AS_OF, ranking)
    before = whole_sum(free, golden.relationship_id("G01"), golden.AS_OF, ranking)
    part = {part.title: part for part in held.parts}["Time at liberty"]
    assert part.total == pytest.approx(math.log(0.15) + LIBERTY_PART, abs=1e-6)
    assert part.figures[0].sentence == "The subject is in custody at this date"
    assert held.score < before.score
    composed = panel([ThemeReason(LIBERTY, part.total, ())], {}, [], CALENDAR)
    assert (composed.raises, composed.on_record) == ((), ())
    assert composed.other == part.total
