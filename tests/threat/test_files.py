"""Whole or absent: what a process killed at any moment leaves behind, and the hash of a file."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from threat.files import (
    is_unfinished,
    locked_folder,
    move_into_place,
    private_folder,
    sha256_of,
    whole_file,
    whole_folder,
    write_whole,
)
from threat.release.runs import Run

KILLED_HALF_WAY = """
import os, sys
from pathlib import Path
from threat.files import whole_file
with whole_file(Path(sys.argv[1])) as unfinished:
    unfinished.write_text("half")
    os._exit(9)
"""
KILLED_BEFORE_THE_RENAME = """
import os, sys
from pathlib import Path
from threat.files import whole_folder
Path.rename = lambda *_: os._exit(9)
whole_folder(Path(sys.argv[1]), {"manifest.json": b"{}", "model/model.txt": b"tree"})
"""


def killed(program: str, path: Path) -> int:
    """Exit code of a process of its own: to fork a worker of the suite, which has threads, is warned of."""
    return subprocess.run([sys.executable, "-c", program, str(path)], check=False).returncode


def test_a_file_is_replaced_whole_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "note.json"
    write_whole(path, "old")
    write_whole(path, b"new \xc3\xa9")
    assert path.read_text(encoding="utf-8") == "new é"
    write_whole(path, "é")
    assert path.read_bytes() == b"\xc3\xa9"
    assert [item.name for item in tmp_path.iterdir()] == ["note.json"]


def test_files_and_folders_are_for_one_user_s_eyes_whatever_the_mask_is(tmp_path: Path) -> None:
    before = os.umask(0o000)
    try:
        private_folder(tmp_path / "var" / "lists")
        write_whole(tmp_path / "var" / "lists" / "current.json", "{}")
        whole_folder(tmp_path / "var" / "bundles" / "one", {"manifest.json": b"{}", "model/model.txt": b"tree"})
    finally:
        os.umask(before)
    made = {path.relative_to(tmp_path).as_posix(): path.stat().st_mode & 0o777 for path in tmp_path.rglob("*")}
    assert made == {
        "var": 0o700,
        "var/lists": 0o700,
        "var/lists/current.json": 0o600,
        "var/bundles": 0o700,
        "var/bundles/one": 0o700,
        "var/bundles/one/manifest.json": 0o600,
        "var/bundles/one/model": 0o700,
        "var/bundles/one/model/model.txt": 0o600,
    }


def test_what_any_library_writes_in_a_command_is_for_one_user_s_eyes(tmp_path: Path) -> None:
    """The command sets the mask of its process before anything else, so SQLite and Parquet keep to the modes too."""
    program = "import os; from threat import cli; cli.build = lambda: lambda: print(oct(os.umask(0))); cli.main()"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, umask=0o022)
    assert said.stdout == "0o77\n"


def test_one_process_at_a_time_has_a_locked_folder(tmp_path: Path) -> None:
    program = "import sys; from pathlib import Path; from threat.files import locked_folder as lock\n"
    program += "with lock(Path(sys.argv[1])): print('in', flush=True)"
    with locked_folder(tmp_path):
        waiting = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(0.5)
    assert waiting.communicate(timeout=60)[0] == "in\n"


def test_a_failure_half_way_leaves_the_old_file_and_no_half(tmp_path: Path) -> None:
    path = tmp_path / "table"
    write_whole(path, "old")

    def fails() -> None:
        with whole_file(path) as unfinished:
            unfinished.write_text("half")
            assert path.read_text() == "old"
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fails()
    assert path.read_text() == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["table"]


def test_a_kill_half_way_leaves_the_old_file_and_a_half_that_is_known_as_one(tmp_path: Path) -> None:
    path = tmp_path / "table"
    write_whole(path, "old")
    assert killed(KILLED_HALF_WAY, path) == 9
    assert path.read_text() == "old"
    left = [item for item in tmp_path.iterdir() if item != path]
    assert [item.read_text() for item in left] == ["half"]
    assert is_unfinished(left[0])
    assert not is_unfinished(path)


def test_content_reaches_the_disk_before_its_name_and_the_name_before_the_return(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []

    def fsync(handle: int) -> None:
        target = Path(os.readlink(f"/proc/self/fd/{handle}"))
        steps.append(f"{'folder' if target.is_dir() else 'file'}, renamed: {(tmp_path / 'note').exists()}")

    monkeypatch.setattr(os, "fsync", fsync)
    write_whole(tmp_path / "note", "x")
    assert steps == ["file, renamed: False", "folder, renamed: True"]
    steps.clear()
    with whole_file(tmp_path / "other", synced=False) as unfinished:
        unfinished.write_text("y")
    move_into_place(tmp_path / "other", tmp_path / "third", synced=False)
    assert steps == []
    assert (tmp_path / "third").read_text() == "y"


def test_a_kill_before_the_rename_leaves_no_folder_of_the_name(tmp_path: Path) -> None:
    assert killed(KILLED_BEFORE_THE_RENAME, tmp_path / "bundle") == 9
    left = list(tmp_path.iterdir())
    assert [sorted(item.name for item in folder.iterdir()) for folder in left] == [["manifest.json", "model"]]
    assert is_unfinished(left[0])


def test_a_folder_reaches_the_disk_before_its_name_and_the_name_before_the_return(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[str, bool]] = []

    def fsync(handle: int) -> None:
        target = Path(os.readlink(f"/proc/self/fd/{handle}"))
        synced.append(("unfinished" if is_unfinished(target) else target.name, (tmp_path / "bundle").exists()))

    monkeypatch.setattr(os, "fsync", fsync)
    whole_folder(tmp_path / "bundle", {"a.json": b"{}", "model/b.txt": b"tree"})
    files_and_folders = [(name, False) for name in ("a.json", "b.txt", "unfinished", "model")]
    assert synced == [*files_and_folders, (tmp_path.name, True)]
    assert (tmp_path / "bundle" / "model" / "b.txt").read_bytes() == b"tree"


def test_a_folder_is_never_written_over_another(tmp_path: Path) -> None:
    whole_folder(tmp_path / "bundle", {"a.json": b"1"})
    with pytest.raises(OSError, match="not empty"):
        whole_folder(tmp_path / "bundle", {"a.json": b"2"})
    assert (tmp_path / "bundle" / "a.json").read_bytes() == b"1"
    assert [item.name for item in tmp_path.iterdir()] == ["bundle"]


def test_one_hash_of_bytes_and_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "big"
    path.write_bytes(b"record\n" * 100_000)
    assert sha256_of(path) == sha256_of(b"record\n" * 100_000) == hashlib.sha256(b"record\n" * 100_000).hexdigest()


def test_what_a_killed_write_left_is_no_file_of_a_run(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", "run")
    run.write_text("config.json", "{}")
    (run.directory / ".card.json.0f.part").write_text("half")
    run.seal()
    run.add("card.json", {})
    assert Run.open(run.directory).read_json("card.json") == {}
