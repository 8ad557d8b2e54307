"""The hash-linked log: whatever is done to it afterwards is found, and named."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
from pathlib import Path

import pytest
from fixtures.chain_writer import write

from threat.errors import BadInput, IntegrityFailure
from threat.trust import chain


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.jsonl"
    for number in range(5):
        chain.append(path, {"number": number, "text": "café"})
    return path


def test_what_a_line_holds(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    seal = chain.append(path, {"b": 1, "a": "x"})
    sealed = '{"entry":{"a":"x","b":1},"previous":"' + "0" * 64 + '","sequence":0}'
    assert seal == hashlib.sha256(sealed.encode()).hexdigest()
    assert json.loads(path.read_text()) == {
        "entry": {"a": "x", "b": 1},
        "hash": seal,
        "previous": "0" * 64,
        "sequence": 0,
    }
    assert oct(path.stat().st_mode & 0o777) == "0o600"


def test_reads_back_in_order(log: Path) -> None:
    lines = list(chain.entries(log))
    assert [line["entry"]["number"] for line in lines] == [0, 1, 2, 3, 4]
    assert [line["previous"] for line in lines[1:]] == [line["hash"] for line in lines[:-1]]
    assert chain.verify(log) == 5
    assert chain.head(log) == chain.Head(5, lines[-1]["hash"])
    assert chain.verify(log.with_name("none.jsonl")) == 0
    assert chain.head(log.with_name("none.jsonl")) == chain.Head(0, chain.START)


def test_every_flipped_byte_is_found_on_its_line(log: Path) -> None:
    data = log.read_bytes()
    for position in range(len(data)):
        log.write_bytes(data[:position] + bytes([data[position] ^ 2]) + data[position + 1 :])
        with pytest.raises(IntegrityFailure) as caught:
            chain.verify(log)
        line = data[:position].count(b"\n") + 1
        assert caught.value.where == f"{log}, line {line}", position


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda lines: lines[1:], 1),
        (lambda lines: lines[:2] + lines[3:], 3),
        (lambda lines: [lines[1], lines[0], *lines[2:]], 1),
        (lambda lines: [*lines[:2], lines[1], *lines[2:]], 3),
        (lambda lines: [*lines, lines[4]], 6),
        (lambda lines: [*lines[:4], lines[4].rstrip(b"\n")], 5),
        (lambda lines: [*lines[:4], b"\n", lines[4]], 5),
        (lambda lines: [*lines[:4], lines[4].replace(b":", b": ", 1)], 5),
        (lambda lines: [*lines[:4], b'{"entry": []}\n'], 5),
        (lambda lines: [*lines[:4], b"[" * 5000 + b"\n"], 5),
    ],
)
def test_dropped_moved_repeated_torn_and_respaced_lines_are_named(log: Path, change, line: int) -> None:
    log.write_bytes(b"".join(change(log.read_bytes().splitlines(keepends=True))))
    with pytest.raises(IntegrityFailure) as caught:
        chain.verify(log)
    assert caught.value.where.endswith(f"line {line}")


def test_a_cut_tail_or_a_rebuilt_log_needs_a_head_kept_elsewhere(log: Path) -> None:
    kept = chain.head(log)
    lines = log.read_bytes().splitlines(keepends=True)
    chain.append(log, {"number": 5})
    assert chain.verify(log, kept) == 6
    log.write_bytes(b"".join(lines[:3]))
    assert chain.verify(log) == 3
    with pytest.raises(IntegrityFailure, match="no longer holds the entry"):
        chain.verify(log, kept)
    log.unlink()
    for number in range(9):
        chain.append(log, {"number": number, "text": "other"})
    with pytest.raises(IntegrityFailure, match="no longer holds the entry"):
        chain.verify(log, kept)
    assert chain.verify(log, chain.Head(0, chain.START)) == 9


def test_nothing_is_added_to_a_broken_log(log: Path) -> None:
    log.write_bytes(log.read_bytes()[:-10])
    before = log.read_bytes()
    with pytest.raises(IntegrityFailure, match="damaged or incomplete"):
        chain.append(log, {"number": 5})
    assert log.read_bytes() == before


def test_lines_longer_than_a_block_are_found_from_the_end(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    for number in range(3):
        chain.append(path, {"number": number, "text": "x" * 200_000})
    assert chain.head(path).count == 3
    assert chain.verify(path) == 3


@pytest.mark.parametrize("value", [float("nan"), float("inf"), b"x", {1, 2}, object()])
def test_only_json_is_sealed(tmp_path: Path, value: object) -> None:
    with pytest.raises(BadInput, match="not JSON"):
        chain.append(tmp_path / "log.jsonl", {"value": value})
    assert not (tmp_path / "log.jsonl").exists()


def test_a_link_is_not_a_log(log: Path, tmp_path: Path) -> None:
    (tmp_path / "link.jsonl").symlink_to(log)
    with pytest.raises(IntegrityFailure, match="The log is a link to another file"):
        chain.append(tmp_path / "link.jsonl", {"number": 5})


def test_writers_take_turns(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=write, args=(path, writer)) for writer in range(4)]
    for process in writers:
        process.start()
    for process in writers:
        process.join(60)
    assert [process.exitcode for process in writers] == [0] * 4
    assert chain.verify(path) == 100
    for writer in range(4):
        mine = [line["entry"]["number"] for line in chain.entries(path) if line["entry"]["writer"] == writer]
        assert mine == list(range(25))
