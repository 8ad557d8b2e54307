"""A document is read whole and of its version, or refused with what is wrong and the way out."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from threat.errors import BadInput, IntegrityFailure, UsageError
from threat.release.documents.checks import ContributionsSum
from threat.release.documents.folds import Folds
from threat.release.runs import Run

FOLDS: dict[str, Any] = {
    "version": 1,
    "label_knowledge": "2024-12-31T00:00:00+00:00",
    "horizon_days": 180,
    "embargo_days": 30,
    "rule": "label known <= fit date <= first as-of measured",
    "folds": [
        {
            "name": "test", "fit_date": "2024-01-01T00:00:00+00:00", "fit_from": "2021-01-01T00:00:00+00:00",
            "fit_last_as_of": "2023-06-01T00:00:00+00:00", "fit_cycles": 30,
            "measured_from": "2024-01-01T00:00:00+00:00", "measured_last_as_of": "2024-06-01T00:00:00+00:00",
            "measured_cycles": [{"cycle": 36, "start": "2024-01-01T00:00:00+00:00"}],
        }
    ],
    "test_opening": {
        "times_opened_in_this_run": 1, "earlier_runs_that_opened_it": ["r0"],
        "ledger_lines": 0, "ledger_sha256": None,
        "start": "2024-01-01T00:00:00+00:00", "last_as_of": "2024-06-01T00:00:00+00:00",
    },
}  # fmt: skip


def parse(document: dict[str, Any]) -> Folds:
    return Folds.parse(json.dumps(document).encode(), "runs/r1/folds.json")


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    folds = parse(FOLDS)
    run = Run.create(tmp_path, "r1")
    run.write(folds)
    run.seal()
    again = Run.open(tmp_path / "r1").read(Folds)
    assert again == folds
    assert again.test.fit_cycles == 30
    assert json.loads((tmp_path / "r1" / "folds.json").read_text()) == FOLDS


def test_an_absent_document_is_none_or_an_error_that_says_how_it_is_made(tmp_path: Path) -> None:
    run = Run.create(tmp_path, "r1")
    assert run.find(Folds) is None
    with pytest.raises(UsageError, match=r"The RUN r1 has no folds\.json\.") as caught:
        run.read(Folds)
    assert caught.value.way_out == "train again: threat train"


@pytest.mark.parametrize(("version", "words"), [(None, "before documents had versions"), (2, "as version 2")])
def test_another_version_is_refused_with_the_way_out(version: int | None, words: str) -> None:
    document = {**FOLDS, "version": version}
    with pytest.raises(
        BadInput, match=f"folds.json cannot be read: written {words}, where this product reads version 1"
    ) as caught:
        parse(document)
    assert caught.value.way_out.startswith("train again with this version of the product")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"horizon_days": "180"}, "horizon_days: Input should be a valid integer"),
        ({"horizon_days": 0}, "horizon_days: Input should be greater than or equal to 1"),
        ({"surplus": 1}, "surplus: Extra inputs are not permitted"),
        ({"folds": [{}]}, r"folds\.0\.name: Field required; .*; and 4 more"),
    ],
)
def test_a_malformed_document_is_an_integrity_failure_that_names_the_fields(change: dict[str, Any], words: str) -> None:
    with pytest.raises(IntegrityFailure) as caught:
        parse({**FOLDS, **change})
    assert re.search(words, str(caught.value))


@pytest.mark.parametrize("data", [b"", b"[1]", b'{"a": NaN}', b"\xff", b"[" * 100_000])
def test_what_is_no_json_object_is_an_integrity_failure(data: bytes) -> None:
    with pytest.raises(IntegrityFailure, match="The document cannot be read: "):
        Folds.parse(data, "folds.json")


def test_a_check_cannot_say_other_than_its_numbers() -> None:
    numbers = {"what": "sum", "rows": 48, "largest_difference": 2e-6, "threshold": 1e-6}
    assert not ContributionsSum(**numbers, holds=False).holds
    with pytest.raises(ValueError, match="holds is True, but the numbers next to it say False"):
        ContributionsSum(**numbers, holds=True)
