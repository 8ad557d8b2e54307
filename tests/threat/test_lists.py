"""A LIST is frozen: what is written opens whole and unchanged, or is refused; and which list changes compare with."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from fixtures.list_files import AS_OF, freeze_list, rows_of

from threat import lists
from threat.asof import DAY
from threat.errors import BadInput, IntegrityFailure, UsageError
from threat.files import is_unfinished
from threat.lists import Published, count_ties, pointer_of

pytestmark = pytest.mark.usefixtures("no_trust")  # signatures are in test_signed_lists.py


def test_a_list_opens_as_it_was_frozen(tmp_path: Path) -> None:
    frozen = freeze_list(tmp_path)
    opened = lists.open_list(tmp_path, frozen.id)
    assert opened.id.startswith("L-2024-06-01-")
    assert opened.basis == frozen.basis
    assert opened.rows.equals(frozen.rows)
    assert opened.rank_by_relationship == {7: 1, 8: 2}
    assert (opened.row(8) or {})["score"] == 0.5
    assert opened.row(9) is None


def test_the_same_list_frozen_twice_is_one_list_and_nothing_is_left_over(tmp_path: Path) -> None:
    assert freeze_list(tmp_path).id == freeze_list(tmp_path).id
    assert len(list(tmp_path.iterdir())) == 1


def test_a_kill_before_the_rename_leaves_no_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frozen = freeze_list(tmp_path / "finished")

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "rename", killed)
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)  # a killed process tidies nothing up
    with pytest.raises(KeyboardInterrupt):
        freeze_list(tmp_path)
    assert [is_unfinished(path) for path in tmp_path.iterdir() if path.name != "finished"] == [True]
    with pytest.raises(UsageError, match="no such list"):
        lists.open_list(tmp_path, frozen.id)


def test_a_list_that_cannot_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(handle: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="no space left"):
        freeze_list(tmp_path)
    assert list(tmp_path.iterdir()) == []


def change_capacity(path: Path) -> None:
    text = (path / "list.json").read_text()
    (path / "list.json").write_text(text.replace('"capacity": 3', '"capacity": 4'))


def drop_a_row(path: Path) -> None:
    pq.write_table(pq.read_table(path / "rows.parquet").slice(1), path / "rows.parquet")


def change_the_hash_of_the_rows(path: Path) -> None:
    document = json.loads((path / "list.json").read_text())
    (path / "list.json").write_text(json.dumps({**document, "rows_sha256": "0" * 64}))


@pytest.mark.parametrize(
    "tamper",
    [change_capacity, drop_a_row, change_the_hash_of_the_rows, lambda path: (path / "rows.parquet").unlink()],
)
def test_a_list_that_was_changed_does_not_open(tmp_path: Path, tamper: Any) -> None:
    frozen = freeze_list(tmp_path)
    tamper(tmp_path / frozen.id)
    with pytest.raises(IntegrityFailure, match="changed after it was frozen") as refused:
        lists.open_list(tmp_path, frozen.id)
    assert refused.value.exit_code == 5


@pytest.mark.parametrize("list_id", ["L-2024-06-01-0000000000000000", "../lists", ""])
def test_what_is_no_list_of_the_folder_does_not_open(tmp_path: Path, list_id: str) -> None:
    folder = tmp_path / "lists"
    freeze_list(folder)
    with pytest.raises(UsageError, match="no such list"):
        lists.open_list(folder, list_id)


def rewrite(folder: Path, old: str, new: str) -> str:
    """Write a list with another text under the id that this text has; return the id."""
    path = folder / freeze_list(folder).id
    text = (path / "list.json").read_text().replace(old, new)
    list_id = f"L-2024-06-01-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    path.rename(folder / list_id)
    (folder / list_id / "list.json").write_text(text)
    return list_id


def test_a_list_of_another_version_is_refused_with_the_way_out(tmp_path: Path) -> None:
    later = rewrite(tmp_path, '"version": 3', '"version": 4')
    with pytest.raises(BadInput, match="as version 4, where this product reads version 3") as refused:
        lists.open_list(tmp_path, later)
    assert "the version of the product that wrote it" in refused.value.way_out


def test_a_list_without_its_fields_is_refused_by_name(tmp_path: Path) -> None:
    malformed = rewrite(tmp_path, '"capacity": 3', '"capacities": 3')
    with pytest.raises(IntegrityFailure, match=r"list\.json does not have the fields") as refused:
        lists.open_list(tmp_path, malformed)
    assert "capacity: Field required" in str(refused.value)


@pytest.mark.parametrize(
    ("rank", "capacity", "groups", "rows", "at_edge"),
    [
        ([], 3, 0, 0, 0),
        ([1, 2, 3, 4], 3, 0, 0, 0),
        ([1, 2, 2, 4], 2, 1, 2, 2),  # both that share rank 2 stay in
        ([1, 2, 2, 4], 1, 1, 2, 0),  # shared, but beyond the edge
        ([1, 1, 3, 3], 2, 2, 4, 2),  # rank 3 is beyond: the edge is rank 1
        ([1, 1, 3, 4], 4, 1, 2, 0),
    ],
)
def test_ties_are_counted(rank: list[int], capacity: int, groups: int, rows: int, at_edge: int) -> None:
    counted = count_ties(np.array(rank, np.int32), capacity)
    assert counted == {"groups": groups, "rows": rows, "at_edge": at_edge}


def test_the_rows_for_review_include_all_that_share_the_last_rank(tmp_path: Path) -> None:
    listed = freeze_list(tmp_path, rows=rows_of((1, 1), (2, 2), (3, 2), (4, 4)), capacity=2)
    assert (len(listed), listed.selected) == (4, 3)


def test_changes_are_compared_with_the_latest_earlier_published_list(tmp_path: Path) -> None:
    first = freeze_list(tmp_path, AS_OF - 7 * DAY)
    second = freeze_list(tmp_path, AS_OF, previous=first.id)
    freeze_list(tmp_path, AS_OF - DAY)  # never published
    assert lists.previous_to(tmp_path, AS_OF + DAY) is None  # nothing is published yet
    lists.publish(tmp_path, pointer_of(Published(second.id)))

    def previous_id(as_of: int) -> str | None:
        previous = lists.previous_to(tmp_path, as_of)
        return None if previous is None else previous.id

    assert previous_id(AS_OF + 1) == second.id
    assert previous_id(AS_OF) == first.id  # made again for the same day
    assert previous_id(AS_OF - 7 * DAY) is None


def test_what_was_published_is_read_back(tmp_path: Path) -> None:
    assert lists.published(tmp_path) == Published()
    lists.publish(tmp_path, pointer_of(Published("L-1", "abc", "L-2")))
    assert lists.published(tmp_path) == Published(list="L-1", bundle="abc", standby="L-2")


@pytest.mark.parametrize("text", ["", "[]", '{"list": "L-1", "more": 1}', "{"])
def test_an_unreadable_current_json_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "current.json").write_text(text)
    with pytest.raises(BadInput, match=r"current\.json is unreadable"):
        lists.published(tmp_path)
