"""A delivery becomes the files of its profile, cell by cell; what no file of it could have is named at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from serving.desk.events.delivery import MOST_ROWS, Delivery, check, write_files
from threat.errors import UsageError
from threat.history.intake.profile import load_profile

PROFILE = load_profile("standard_csv")


def delivery(**files: list[dict[str, Any]]) -> Delivery:
    return Delivery.model_validate({"files": files})


def test_rows_are_written_as_a_file_would_have_them(tmp_path: Path) -> None:
    sent = delivery(
        events=[
            {"subject": "A, the elder", "kind": "stalking", "value": 1.5, "recorded_at": '2027-03-01 10:00 "late"'},
            {"subject": 12, "kind": None},
        ],
        persons=[],
    )
    check(sent, PROFILE)
    write_files(sent, PROFILE, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events.csv"]
    # Required columns are there though no row has them; an optional one that no row has is left out.
    assert (tmp_path / "events.csv").read_text(encoding="utf-8").splitlines() == [
        "subject,kind,value,occurred_at,recorded_at",
        '"A, the elder",stalking,1.5,,"2027-03-01 10:00 ""late"""',
        "12,,,,",
    ]


def test_everything_that_fits_no_file_is_said_at_once() -> None:
    sent = delivery(events=[{"subject": "A"}, {"kindd": "stalking", "who": "B"}], incidents=[{"a": "b"}])
    with pytest.raises(UsageError) as raised:
        check(sent, PROFILE)
    assert raised.value.problem == "The delivery does not fit the profile of its system: nothing was taken."
    assert str(raised.value.value).split("; ") == [
        "files.events[1].kindd: no column of this file",
        "files.events[1].who: no column of this file",
        "files.incidents: the profile reads persons, identities, protected, person_links, relationships, events",
    ]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "no row at all"),
        ({"events": []}, "no row at all"),
        ({"events": [{}] * (MOST_ROWS + 1)}, "1,001 rows, more than the 1,000 of one delivery"),
    ],
)
def test_none_and_too_many_are_refused(files: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as raised:
        check(delivery(**files), PROFILE)
    assert raised.value.value == said


@pytest.mark.parametrize("cell", [True, ["a"], {"a": "b"}, float("nan"), float("inf")])
def test_a_cell_is_a_text_or_a_number(cell: Any) -> None:
    with pytest.raises(ValidationError):
        delivery(events=[{"subject": cell}])


def test_the_hash_is_of_the_rows_and_not_of_the_order_of_their_columns() -> None:
    one = delivery(events=[{"subject": "A", "kind": "stalking"}])
    assert one.sha256 == delivery(events=[{"kind": "stalking", "subject": "A"}]).sha256
    assert one.sha256 != delivery(events=[{"kind": "stalking", "subject": "B"}]).sha256
