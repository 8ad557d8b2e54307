"""What one added harm does to scores, by kind: counted by hand for a score that is one sum of two figures."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from fixtures.feature_histories import Happening, sightings
from numpy.typing import NDArray

from features.load import load_catalogue
from features.monotone import HARM_EVENTS, HarmEvent
from threat.asof import DAY
from threat.history.sightings import Rows
from threat.release.documents.checks import AddedHarm, Checks
from threat.release.ranking_model import RankingModel
from training.checks import HARM_ROWS, added_harm

T0 = 1_700_000_000
CATALOGUE = load_catalogue().only(("domestic_incidents_ever", "days_since_domestic_incident"))


class Score:
    """Stands in for LightGBM: ``weights`` times the two figures, 0 where missing."""

    def __init__(self, *weights: float) -> None:
        self.weights = np.array(weights)

    def predict(self, values: NDArray[np.float32], **asked: Any) -> NDArray[np.float64]:
        parts = np.nan_to_num(values.astype(np.float64)) * self.weights
        return parts.sum(axis=1) if "raw_score" in asked else np.column_stack([parts, np.zeros(len(parts))])


def model(*weights: float) -> RankingModel:
    return RankingModel(Score(*weights), None, CATALOGUE.names)


def labelled(incident_days: list[float]) -> Any:
    """Return what `added_harm` reads of a cohort: a row for each number of days since the only incident."""
    subjects = np.arange(1, len(incident_days) + 1, dtype=np.int64)
    happened = [
        Happening("domestic_incident", T0 - int(days * DAY), T0 - int(days * DAY), int(subject), 900 + int(subject),
                  event_id=int(subject), incident_id=int(subject), domestic="yes")
        for subject, days in zip(subjects, incident_days, strict=True)
    ]  # fmt: skip
    rows = Rows(subjects, subjects, 900 + subjects, np.full(len(subjects), T0, np.int64))
    return SimpleNamespace(
        test_lists=SimpleNamespace(rows=rows),
        settings=SimpleNamespace(seed=7, threads=1),
        sightings=sightings(happened),
        catalogue=CATALOGUE,
    )


def test_falls_are_counted_for_each_kind_with_the_feature_that_made_them() -> None:
    events = [HarmEvent("stalking"), HarmEvent("jealousy"), HarmEvent("stalking", days_before=20.0)]
    # One incident more is worth 5, a day since the latest .1: 40 days less cost 4, 100 and 200 days less more than 5.
    check = added_harm(labelled([41, 101, 201]), model(5.0, 0.1), events)
    assert check.kinds[0].causes[0].mean_change == pytest.approx(-15.0)
    assert check.kinds[0].model_dump(exclude={"causes"}) == {
        "kind": "stalking", "days_before": 1.0, "rows": 3, "fell": 2, "largest_fall": pytest.approx(15.0),
    }  # fmt: skip
    assert [(cause.feature, cause.rows) for cause in check.kinds[0].causes] == [("days_since_domestic_incident", 2)]
    assert [(harm.kind, harm.fell, harm.causes) for harm in check.kinds[1:]] == [("jealousy", 0, ())]
    assert [(harm.days_before, harm.fell) for harm in check.older] == [(20.0, 2)]
    assert (check.harms, check.scores, check.fell, check.kinds_that_fell) == (3, 9, 4, ("stalking",))
    assert check.worst == check.kinds[0]


def test_a_score_that_only_counts_never_falls() -> None:
    check = added_harm(labelled([41, 101]), model(5.0, 0.0))
    assert (check.harms, check.fell, check.largest_fall, check.share) == (len(HARM_EVENTS), 0, 0.0, 0.0)
    assert check.worst is not None
    assert check.worst.share == 0.0


def test_a_fall_within_rounding_is_none() -> None:
    assert added_harm(labelled([41]), model(0.0, 1e-11), [HarmEvent("stalking")]).fell == 0
    assert added_harm(labelled([41]), model(0.0, 1e-10), [HarmEvent("stalking")]).fell == 1


def test_as_many_rows_are_drawn_as_a_threshold_of_one_percent_asks_for() -> None:
    assert added_harm(labelled([41.0] * (HARM_ROWS + 1)), model(1.0, 0.0), [HarmEvent("stalking")]).rows == HARM_ROWS


def test_a_document_of_version_1_is_read_and_has_no_worst_kind() -> None:
    old = {
        "what": "w", "rows": 48, "harms": 4, "scores": 192, "fell": 3, "largest_fall": 0.1, "kinds_that_fell": ["rape"],
    }  # fmt: skip
    read = AddedHarm.model_validate_json(json.dumps(old))
    assert (read.share, read.worst, read.kinds) == (3 / 192, None, ())
    assert Checks.VERSIONS_READ == (1, 2)


def test_totals_that_are_not_those_of_the_kinds_are_refused() -> None:
    check = added_harm(labelled([41.0]), model(1.0, 0.0), [HarmEvent("stalking")])
    with pytest.raises(ValueError, match="the totals are not those of the kinds"):
        AddedHarm.model_validate({**check.model_dump(), "fell": 1})
