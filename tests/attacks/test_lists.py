"""Attacks on what reviewers read, by somebody who can write every folder that is served and holds no key."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fixtures.attacked import Installation
from fixtures.list_files import AS_OF, freeze_list
from fixtures.trusted import Trusted

from serving.audit.log import Entry, record
from serving.lists.publishing import PublishedList, publish
from serving.storage import connect
from threat import lists
from threat.asof import DAY
from threat.errors import IntegrityFailure
from threat.files import sha256_of
from threat.lists import CURRENT, SIGNATURE, Published, pointer_of
from threat.release.documents.scored_list import ListFile


def shown(made: Installation) -> lists.ScoredList:
    """What a reviewer would read."""
    published = PublishedList(made.var)
    try:
        return lists.open_list(made.var / "lists", published.current().list)
    finally:
        published.close()


def rewritten(made: Installation, rows: pa.Table) -> Path:
    """Write other rows into the published list, with every hash put right and the signature kept."""
    listed = shown(made)
    folder = made.var / "lists" / listed.id
    pq.write_table(rows, folder / "rows.parquet")
    document = json.loads((folder / ListFile.FILE).read_bytes())
    document |= {"rows": rows.num_rows, "rows_sha256": sha256_of(folder / "rows.parquet")}
    text = json.dumps(document).encode()
    (folder / ListFile.FILE).write_bytes(text)
    return folder.rename(folder.with_name(f"{listed.id.rpartition('-')[0]}-{sha256_of(text)[:16]}"))


def test_a_list_without_its_first_row(made: Installation) -> None:
    changed = rewritten(made, shown(made).rows.slice(1))
    with pytest.raises(IntegrityFailure, match="is of another list"):
        lists.open_list(made.var / "lists", changed.name)


def test_rows_swapped(made: Installation) -> None:
    rows = shown(made).rows
    changed = rewritten(made, rows.set_column(3, rows.schema.field("rank"), [np.array([2, 1], np.int32)]))
    with pytest.raises(IntegrityFailure, match="is of another list"):
        lists.open_list(made.var / "lists", changed.name)


def test_the_file_that_names_the_list_points_at_a_changed_list(made: Installation) -> None:
    changed = rewritten(made, shown(made).rows.slice(1))
    (made.var / "lists" / CURRENT).write_bytes(pointer_of(Published(changed.name, "", "", AS_OF + DAY, 2)))
    with pytest.raises(IntegrityFailure, match="not signed by a key for lists"):
        shown(made)


def test_a_list_without_its_signature(made: Installation) -> None:
    (made.var / "lists" / shown(made).id / SIGNATURE).unlink()
    with pytest.raises(IntegrityFailure, match="The list is not signed"):
        shown(made)


def test_an_older_signed_list_put_back(made: Installation) -> None:
    made.pointer.write_bytes(made.old_pointer)
    with pytest.raises(IntegrityFailure, match="An older list was put in the place"):
        shown(made)


def test_an_older_list_put_back_with_an_entry_that_says_it_was_published(made: Installation) -> None:
    """The chain of entries has no key: whoever writes the database can add one that fits."""
    made.pointer.write_bytes(made.old_pointer)
    old = lists.published(made.var / "lists").list
    engine = connect(made.database)
    detail: dict[str, object] = {"as_of_seconds": AS_OF + 9 * DAY, "publication": 9, "pointer": sha256_of(made.pointer)}
    record(engine, Entry("command line", "operator", "combination", "publish list", old, detail=detail), AS_OF)
    engine.dispose()
    with pytest.raises(IntegrityFailure, match="An older list was put in the place"):
        shown(made)


def test_a_list_of_another_force_under_its_own_keys(made: Installation, attacker: Trusted, tmp_path: Path) -> None:
    theirs = freeze_list(tmp_path / "lists", AS_OF + 5 * DAY, signer=attacker.signer("list"))
    shutil.copytree(tmp_path / "lists" / theirs.id, made.var / "lists" / theirs.id)
    chosen = Published(theirs.id, "", "", AS_OF + 5 * DAY, 3)
    made.pointer.write_bytes(pointer_of(chosen, attacker.signer("list")))
    with pytest.raises(IntegrityFailure, match="not signed by a key for lists"):
        shown(made)
    with pytest.raises(IntegrityFailure, match="not signed by a key for lists"):
        lists.open_list(made.var / "lists", theirs.id)


@pytest.mark.parametrize("verb", ["intake", "audit", "evidence", "promotion", "governance", "approval"])
def test_a_list_signed_with_a_stolen_key_for_something_else(made: Installation, verb: str) -> None:
    forged = freeze_list(made.var / "lists", AS_OF + 5 * DAY, signer=made.trusted.signer(verb))
    chosen = Published(forged.id, "", "", AS_OF + 5 * DAY, 3)
    made.pointer.write_bytes(pointer_of(chosen, made.trusted.signer(verb)))
    with pytest.raises(IntegrityFailure):
        shown(made)


def test_theft_of_the_key_for_lists_alone(made: Installation) -> None:
    """A forged list and its pointer verify, and the audit log does not hold its publication."""
    signer = made.trusted.signer("list")
    forged = freeze_list(made.var / "lists", AS_OF + 5 * DAY, signer=signer)
    made.pointer.write_bytes(pointer_of(Published(forged.id, "", "", AS_OF + 5 * DAY, 3), signer))
    with pytest.raises(IntegrityFailure, match="does not hold the publication"):
        shown(made)


def test_the_audit_log_of_another_day_put_back_with_its_list(made: Installation) -> None:
    """Without its checkpoint and witness of that day: the later checkpoint names entries that are gone."""
    made.pointer.write_bytes(made.old_pointer)
    other = made.var / "other.sqlite"
    engine = connect(other)
    old = Published(lists.published(made.var / "lists").list, "", "", AS_OF, 1)
    detail: dict[str, object] = {"as_of_seconds": AS_OF, "publication": 1, "pointer": sha256_of(made.pointer)}
    record(engine, Entry("command line", "operator", "combination", "publish list", old.list, detail=detail), AS_OF)
    engine.dispose()
    other.replace(made.database)
    Path(f"{made.database}.witness").unlink()
    with pytest.raises(IntegrityFailure, match="audit log is broken"):
        shown(made)


def test_a_damaged_list_does_not_block_the_next(made: Installation) -> None:
    damaged = made.var / "lists" / shown(made).id / "rows.parquet"
    damaged.write_bytes(b"")
    with pytest.raises(IntegrityFailure):
        shown(made)
    trust = made.trusted.trust
    later = freeze_list(made.var / "lists", AS_OF + 2 * DAY, signer=trust.signer("list"))
    publish(made.var, later, Published(later.id), at=AS_OF + 3 * DAY, trust=trust)
    assert shown(made).id == later.id
