"""Publication: an entry and ``current.json`` or neither, the later as-of wins, and only what was published is shown."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from fixtures.list_files import AS_OF, freeze_list
from fixtures.trusted import Trusted

from serving.audit.checkpoints import checkpoint_path, verify_log
from serving.audit.log import Entry, record
from serving.audit.witness import witness_path
from serving.lists.publishing import PublishedList, latest, publications, publish, refuse_older
from serving.storage import address_of, connect, reading
from threat import lists
from threat.asof import DAY
from threat.errors import IntegrityFailure, UsageError
from threat.lists import CURRENT, Published, ScoredList, pointer_of
from threat.trust.folder import Trust


@pytest.fixture
def var(tmp_path: Path) -> Path:
    return tmp_path / "var"


@pytest.fixture
def trust(force_trusted: Trusted, monkeypatch: pytest.MonkeyPatch) -> Trust:
    force_trusted.use(monkeypatch)
    return force_trusted.trust


def made(var: Path, trust: Trust, as_of: int = AS_OF, **changed: object) -> ScoredList:
    signer = trust.signer("list") if trust.exists else None
    return freeze_list(var / "lists", as_of, signer=signer, **changed)


def shown(var: Path, trust: Trust, as_of: int = AS_OF, **changed: object) -> ScoredList:
    """A list that is made and published."""
    listed = made(var, trust, as_of, **changed)
    publish(var, listed, Published(listed.id), at=as_of + DAY, trust=trust)
    return listed


def current(var: Path, trust: Trust) -> Published:
    """What a desk that starts now would show."""
    with closing(PublishedList(var, trust)) as published:
        return published.current()


def logged(var: Path) -> list[tuple[int, str, int, int]]:
    engine = connect(var / "desk.sqlite")
    try:
        with reading(engine) as connection:
            return [(each.entry, each.list, each.as_of, each.sequence) for each in publications(connection)]
    finally:
        engine.dispose()


def test_a_publication_is_an_entry_with_its_place_and_hashes(var: Path, trust: Trust) -> None:
    first, second = shown(var, trust, AS_OF - DAY), shown(var, trust)
    assert logged(var) == [(1, first.id, AS_OF - DAY, 1), (2, second.id, AS_OF, 2)]
    published = PublishedList(var, trust)
    assert published.current() == Published(second.id, "", "", AS_OF, 2)
    published.close()
    engine = connect(var / "desk.sqlite")
    assert verify_log(engine, trust).signed == 2  # the process held the key for audit too
    engine.dispose()


def test_of_one_as_of_the_later_publication_is_shown(var: Path, trust: Trust) -> None:
    shown(var, trust)
    again = shown(var, trust, capacity=4)
    assert current(var, trust).list == again.id


def test_an_older_list_is_not_published_over_a_later_one(var: Path, trust: Trust) -> None:
    later = shown(var, trust)
    older = made(var, trust, AS_OF - DAY)
    with pytest.raises(UsageError, match="is before that of the published list") as told:
        publish(var, older, Published(older.id), at=AS_OF + DAY, trust=trust)
    assert told.value.where == later.id
    with pytest.raises(UsageError, match="is before that of the published list"):
        refuse_older(address_of(var), AS_OF - 1)
    refuse_older(address_of(var), AS_OF)
    refuse_older(address_of(var / "nowhere"), AS_OF)
    assert current(var, trust).list == later.id
    assert len(logged(var)) == 1


def test_of_publications_at_once_the_later_as_of_wins_and_the_losers_are_told(var: Path, trust: Trust) -> None:
    days = [3, 1, 4, 2, 5, 0]
    ready = [made(var, trust, AS_OF + day * DAY) for day in days]
    barrier, told = threading.Barrier(len(ready)), []

    def go(listed: ScoredList) -> None:
        barrier.wait()
        try:
            publish(var, listed, Published(listed.id), at=AS_OF + 9 * DAY, trust=trust)
        except UsageError as error:
            told.append((listed.id, error.problem))

    threads = [threading.Thread(target=go, args=(listed,)) for listed in ready]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winner = next(listed for listed, day in zip(ready, days, strict=True) if day == 5)
    assert current(var, trust).list == winner.id
    in_log = logged(var)
    assert [as_of for _, _, as_of, _ in in_log] == sorted(as_of for _, _, as_of, _ in in_log)
    assert {list_id for list_id, _ in told} | {list_id for _, list_id, _, _ in in_log} == {each.id for each in ready}
    assert len(told) + len(in_log) == len(ready)


def test_a_file_that_cannot_be_written_leaves_no_entry(
    var: Path, trust: Trust, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = shown(var, trust, AS_OF - DAY)
    later = made(var, trust)

    def full(*_: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr("threat.lists.write_whole", full)
        with pytest.raises(OSError, match="disk full"):
            publish(var, later, Published(later.id), at=AS_OF + DAY, trust=trust)
    assert len(logged(var)) == 1
    assert current(var, trust).list == before.id


def test_an_entry_that_cannot_be_committed_leaves_the_file_as_it_was(
    var: Path, trust: Trust, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = shown(var, trust, AS_OF - DAY)
    later = made(var, trust)
    write = lists.publish

    def written_and_then_broken(folder: Path, pointer: bytes) -> None:
        write(folder, pointer)
        monkeypatch.setattr("serving.lists.publishing.lists.publish", write)
        raise OSError("the commit failed")

    monkeypatch.setattr("serving.lists.publishing.lists.publish", written_and_then_broken)
    with pytest.raises(OSError, match="commit failed"):
        publish(var, later, Published(later.id), at=AS_OF + DAY, trust=trust)
    assert current(var, trust).list == before.id


def test_what_may_no_longer_be_published_is_asked_last(var: Path, trust: Trust) -> None:
    def suspended() -> None:
        raise UsageError("The model was taken out of service.")

    listed = made(var, trust)
    with pytest.raises(UsageError, match="taken out of service"):
        publish(var, listed, Published(listed.id), at=AS_OF, trust=trust, still=suspended)
    assert logged(var) == []
    assert not (var / "lists" / CURRENT).exists()


def test_an_older_list_put_back_is_refused_though_it_was_signed(var: Path, trust: Trust) -> None:
    shown(var, trust, AS_OF - DAY)
    old = (var / "lists" / CURRENT).read_bytes()
    shown(var, trust)
    published = PublishedList(var, trust)
    published.current()
    (var / "lists" / CURRENT).write_bytes(old)
    for _ in range(2):
        with pytest.raises(IntegrityFailure, match="An older list was put in the place"):
            published.current()
    published.close()


@pytest.mark.parametrize("as_of", [AS_OF - DAY, AS_OF, AS_OF + 9 * DAY])
def test_an_entry_appended_by_hand_puts_no_older_list_back(var: Path, trust: Trust, as_of: int) -> None:
    """The chain has no key, so whoever writes the database can add to it; what is signed says another place."""
    old = shown(var, trust, AS_OF - DAY)
    pointer = (var / "lists" / CURRENT).read_bytes()
    shown(var, trust)
    engine = connect(var / "desk.sqlite")
    detail: dict[str, object] = {"as_of_seconds": as_of, "publication": 9, "pointer": lists.sha256_of(pointer)}
    record(engine, Entry("x", "operator", "combination", "publish list", old.id, detail=detail), AS_OF)
    engine.dispose()
    (var / "lists" / CURRENT).write_bytes(pointer)
    with pytest.raises(IntegrityFailure, match="An older list was put in the place"):
        current(var, trust)


def test_a_list_that_nobody_published_is_refused_though_it_is_signed(var: Path, trust: Trust) -> None:
    shown(var, trust)
    forged = made(var, trust, AS_OF + DAY)
    pointer = pointer_of(Published(forged.id, "", "", AS_OF + DAY, 2), trust.signer("list"))
    (var / "lists" / CURRENT).write_bytes(pointer)
    with pytest.raises(IntegrityFailure, match="does not hold the publication"):
        current(var, trust)


def test_a_log_without_the_later_publication_is_found(var: Path, trust: Trust) -> None:
    shown(var, trust, AS_OF - DAY)
    old = (var / "lists" / CURRENT).read_bytes()
    shown(var, trust)
    with closing(sqlite3.connect(var / "desk.sqlite")) as raw, raw:
        raw.execute("DROP TRIGGER audit_entries_no_delete")
        raw.execute("DELETE FROM audit_entries WHERE sequence = 2")
    (var / "lists" / CURRENT).write_bytes(old)
    (var / "desk.sqlite.witness").unlink()
    with pytest.raises(IntegrityFailure, match="audit log is broken"):
        current(var, trust)  # by its checkpoint
    (var / "desk.sqlite.checkpoint.json").unlink()
    with pytest.raises(IntegrityFailure, match="no signed checkpoint"):
        current(var, trust)


def test_a_page_asked_for_while_a_list_is_being_published_waits_for_its_entry(
    var: Path, trust: Trust, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader does not wait for a writer, and the file is there a moment before its entry."""
    shown(var, trust, AS_OF - DAY)
    published, answers = PublishedList(var, trust), []
    asking = threading.Thread(target=lambda: answers.append(published.current()))

    def write_the_file(folder: Path, pointer: bytes) -> None:
        publish_file(folder, pointer)
        asking.start()
        asking.join(0.3)
        assert answers == []

    publish_file = lists.publish
    monkeypatch.setattr(lists, "publish", write_the_file)
    listed = shown(var, trust)
    asking.join()
    published.close()
    assert answers == [Published(listed.id, "", "", AS_OF, 2)]


def test_the_file_or_the_log_taken_away_is_found(var: Path, trust: Trust) -> None:
    assert current(var, trust) == Published()
    shown(var, trust)
    kept = (var / "lists" / CURRENT).read_bytes()
    (var / "lists" / CURRENT).unlink()
    with pytest.raises(IntegrityFailure, match="names the published list is gone"):
        current(var, trust)
    (var / "lists" / CURRENT).write_bytes(kept)
    (var / "desk.sqlite").unlink()
    with pytest.raises(IntegrityFailure, match="in no audit log"):
        current(var, trust)


def test_the_whole_folder_of_another_force_is_refused(
    var: Path, tmp_path: Path, trust: Trust, trusted: Trusted, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown(var, trust)
    trusted.use(monkeypatch)
    shown(tmp_path / "theirs", trusted.trust, AS_OF + DAY)
    shutil.rmtree(var)
    shutil.copytree(tmp_path / "theirs", var)
    with pytest.raises(IntegrityFailure, match="not signed by a key for lists"):
        current(var, trust)


def test_where_no_trust_exists_a_list_is_published_unsigned(var: Path, no_trust: None) -> None:
    listed = shown(var, Trust.none())
    assert current(var, Trust.none()) == Published(listed.id, "", "", AS_OF, 1)
    engine = connect(var / "desk.sqlite")
    assert not checkpoint_path(engine).exists()
    assert witness_path(engine).is_file()
    engine.dispose()


def test_an_entry_of_before_publications_had_numbers_has_no_place(var: Path, trust: Trust) -> None:
    var.mkdir()
    engine = connect(var / "desk.sqlite")
    for detail in ({"ranking": "rule"}, {"as_of_seconds": "soon", "publication": True}):
        record(engine, Entry("x", "operator", "combination", "publish list", "L-0", detail=detail), AS_OF)
    with reading(engine) as connection:
        first = latest(connection)
    engine.dispose()
    assert first is not None
    assert (first.as_of, first.sequence, first.pointer) == (0, 0, "")
