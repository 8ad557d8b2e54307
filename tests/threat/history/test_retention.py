"""Retention: no period is shipped, classes are asked in order, and a review falls due on a day of the calendar."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from fixtures.history_rows import BATCH, events
from typer.testing import CliRunner

from threat.asof import parse_as_of
from threat.errors import UsageError
from threat.history import Store
from threat.history.commands import app
from threat.history.retention import Due, due, later_by, load_table

SHIPPED = Path(__file__).parents[3] / "threat" / "history" / "retention.yaml"
YEARS = {"serious": (10, 10), "violence": (8, 4), "other_offences": (6, 5), "person_at_risk": (6, 6)}
"""Periods of a made-up force: any would do, and none is anybody's guidance."""


def filled(folder: Path, **changes: Any) -> Path:
    """Write the shipped table as a force fills it in, with changes of the whole."""
    document = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    for row in document["classes"]:
        row["review_after_years"], row["then_every_years"] = YEARS[row["name"]]
    document |= {"version": "2026.1", "owner": "information asset owner", "source": "made up for a test"} | changes
    (folder / "retention.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    return folder / "retention.yaml"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    def event(number: int, kind: str, subject: int, at_risk: int, day: str) -> dict[str, Any]:
        at = parse_as_of(day)
        return {"event_id": number, "kind": kind, "subject_id": subject, "person_at_risk_id": at_risk} | {
            "occurred_at": at,
            "recorded_at": at,
        }

    store = Store.create(tmp_path / "store")
    rows = [
        event(1, "rape", 5, 6, "2010-03-01"),
        event(2, "criminal_damage", 5, 6, "2019-03-01"),
        event(3, "assault_with_injury", 7, 8, "2012-02-29"),
        event(4, "criminal_damage", 9, 8, "2023-05-05"),
        event(5, "assault_with_injury", 7, 8, "2016-06-01"),
    ]
    store.append(BATCH, {"events": events(*rows)})
    return store


def test_the_shipped_table_has_no_period_and_is_refused() -> None:
    with pytest.raises(UsageError) as refused:
        load_table(None)
    said = str(refused.value)
    assert said.startswith("10 problems:")
    assert said.count("The force has not filled in review_after_years.") == 4
    assert said.count("The force has not filled in then_every_years.") == 4
    assert "does not say its owner" in said
    assert not any(
        character.isdigit() for row in yaml.safe_load(SHIPPED.read_text())["classes"] for character in str(row)
    )


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"classes": []}, "lists no classes"),
        ({"source": " "}, "does not say its source"),
        ({"classes": [{"name": "x"}]}, "The class lacks a key"),
        ({"classes": [None]}, "The class lacks a key"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        load_table(filled(tmp_path, **changes))


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("review_after_years", 0, "No number of years from 1 to 100"),
        ("then_every_years", "ten", "No number of years from 1 to 100"),
        ("themes", ["arson"], "Unknown themes"),
        ("roles", ["victim"], "Unknown roles"),
    ],
)
def test_a_class_that_does_not_fit_is_refused(tmp_path: Path, key: str, value: Any, says: str) -> None:
    path = filled(tmp_path)
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["classes"][1][key] = value
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    with pytest.raises(UsageError, match=says) as refused:
        load_table(path)
    assert "class violence" in refused.value.where


def test_who_is_due(store: Store, tmp_path: Path) -> None:
    table = load_table(filled(tmp_path))
    listed = due(store.snapshot(), table, parse_as_of("2025-03-02"))

    def day(text: str) -> np.datetime64:
        return np.datetime64(text, "D")

    # 5: the last grave record was in 2010, the damage of 2019 is of a lesser class. 6 and 8 are at risk alone.
    assert listed == [
        Due(5, "serious", day("2010-03-01"), day("2020-03-01")),
        Due(7, "violence", day("2016-06-01"), day("2024-06-01")),
        Due(6, "person_at_risk", day("2019-03-01"), day("2025-03-01")),
    ]
    assert [row.person for row in due(store.snapshot(), table, parse_as_of("2025-03-01"))] == [5, 7, 6]
    assert [row.person for row in due(store.snapshot(), table, parse_as_of("2025-02-28"))] == [5, 7]
    assert due(store.snapshot(), table, parse_as_of("2016-01-01")) == []
    later = {row.person: str(row.due) for row in due(store.snapshot(), table, parse_as_of("2031-01-01"))}
    assert later == {5: "2030-03-01", 6: "2025-03-01", 7: "2028-06-01", 8: "2029-05-05", 9: "2029-05-05"}


def test_the_29th_of_february_becomes_the_1st_of_march() -> None:
    days = np.array(["2012-02-29", "2012-02-28", "2012-03-31"], dtype="datetime64[D]")
    assert later_by(days, np.array([1, 1, 4])).astype(str).tolist() == ["2013-03-01", "2013-02-28", "2016-03-31"]


def test_the_command(store: Store, tmp_path: Path) -> None:
    asked = ["retention", "--store", str(store.path), "--table", str(filled(tmp_path)), "--as-of", "2025-03-02"]
    said = CliRunner().invoke(app, asked).stdout
    assert "Due for a review on 2025-03-02 by the table 2026.1 (information asset owner): 3 persons" in said
    assert "  serious: 1" in said
    assert "P-0000000000000005  serious  last record 2010-03-01, due since 2020-03-01" in said
    assert "; under the legal hold" not in said
