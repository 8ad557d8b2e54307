"""JSON that others can write is read whole and within limits, or refused in words, by every reader of a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fixtures.list_files import freeze_list, rows_of
from fixtures.malformed import MALFORMED, OTHER

from serving.desk.tour import read_tour
from threat import lists, untrusted
from threat.errors import BadInput, IntegrityFailure, ThreatError
from threat.files import sha256_of
from threat.history.seen import Seen
from threat.history.store import Store
from threat.lists import ListFile, open_list, published
from threat.release import bundle, openings
from threat.release.envelopes import read_envelopes
from threat.release.runs import Run
from threat.simulation.force import read_settings
from threat.trust import key_list, records, witness
from threat.trust.audit_checkpoint import read_checkpoint
from threat.trust.belief import ChainBelief
from threat.trust.folder import Trust
from training.archive.build import FORMAT, INDEX, SIGNATURE
from training.archive.checks import verify as verify_archive

NONE = Trust.none()
BELIEF = ChainBelief("log", {})


@dataclass(frozen=True)
class Reader:
    """A reader of a file. ``read``: writes the content to its place in a folder, and reads it."""

    name: str
    read: Callable[[Path, bytes], Any]
    says: tuple[str, ...]
    code: tuple[int, ...] = (5,)
    other: bool = True


def put(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def list_file(folder: Path, content: bytes) -> Any:
    # The id of a list is a hash of its content: whoever writes the folder can write a name that fits.
    name = f"L-2024-01-01-{sha256_of(content)[:16]}"
    put(folder / name, ListFile.FILE, content)
    return open_list(folder, name, NONE)


def run_manifest(folder: Path, content: bytes) -> Any:
    put(folder, "manifest.json", content)
    return Run.open(folder)


def bundle_signature(folder: Path, content: bytes) -> Any:
    put(folder, "manifest.json", b"{}")
    put(folder, "signature.json", content)
    return bundle.open(folder, NONE)


def archive_index(folder: Path, content: bytes) -> Any:
    put(folder, INDEX, content)
    put(folder, SIGNATURE, b"{}")
    return verify_archive(folder)


def each(lines: Iterable[Any]) -> list[Any]:
    return list(lines)


_LINE = ("The log has a damaged or incomplete line.", "The log was changed after it was written.")
_DOCUMENT = ("The document cannot be read: ",)
READERS = [
    Reader(
        "manifest of a history",
        lambda folder, content: Store.open(put(folder, "manifest.json", content).parent),
        ("The manifest of the history cannot be read.",),
    ),
    Reader(
        "current.json",
        lambda folder, content: published(put(folder, "current.json", content).parent, NONE),
        ("current.json is unreadable",),
        (3,),
    ),
    Reader("list.json", list_file, (*_DOCUMENT, "list.json "), (3, 5)),
    Reader("manifest of a RUN", run_manifest, (*_DOCUMENT, "manifest.json "), (3, 5)),
    Reader("signature of a bundle", bundle_signature, (*_DOCUMENT, "The signature ", "No key trusted ")),
    Reader(
        "ledger of openings",
        lambda folder, content: each(openings.openings(put(folder, openings.LEDGER, content + b"\n").parent, NONE)),
        _LINE,
    ),
    Reader(
        "a signed chain",
        lambda folder, content: each(
            records.read(put(folder, "x.jsonl", content + b"\n"), "t", BELIEF, verb="evidence")
        ),
        _LINE,
    ),
    Reader(
        "witness",
        lambda folder, content: witness.read(put(folder, witness.FILE, content + b"\n").parent, BELIEF),
        _LINE,
    ),
    Reader(
        "trust.json",
        lambda folder, content: key_list.read(put(folder, key_list.PIN, content).parent),
        ("The pin of the trust folder cannot be read.",),
    ),
    Reader(
        "checkpoint of the audit log",
        lambda folder, content: read_checkpoint(put(folder, "x.json", content), NONE),
        ("The checkpoint of the audit log ",),
    ),
    Reader(
        "approvals",
        lambda folder, content: read_envelopes(put(folder, "approvals.json", content)),
        ("The approvals file cannot be read.",),
        (3,),
    ),
    Reader("index of an archive", archive_index, (*_DOCUMENT, "The archive is of another format."), (3, 5)),
    Reader(
        "settings of a synthetic force",
        lambda folder, content: read_settings(put(folder, "truth/force.json", content).parent.parent),
        ("There is no synthetic force in this folder.",),
        (2,),
    ),
]


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_every_reader_refuses_every_malformed_content_in_words(reader: Reader, tmp_path: Path) -> None:
    """Any other exception is a traceback for a user, and fails here."""
    for number, (what, content) in enumerate((MALFORMED | OTHER).items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        with pytest.raises(ThreatError) as refused:
            reader.read(folder, content)
        assert refused.value.problem.startswith(reader.says), (what, refused.value.problem)
        assert refused.value.exit_code in reader.code, what
        # What is shown of a content is clipped: a document of megabytes is no message.
        assert len(str(refused.value)) < 1_500, what


@pytest.mark.parametrize("files", ["[]", "null", '{"run/manifest.json": 7}', '"all"'])
def test_an_archive_whose_index_names_no_files_is_refused_in_words(files: str, tmp_path: Path) -> None:
    content = f'{{"format": "{FORMAT}", "kind": "public", "files": {files}}}'
    with pytest.raises(BadInput, match="The index of the archive lacks its files"):
        archive_index(tmp_path, content.encode())


@pytest.mark.parametrize("what", MALFORMED)
def test_what_can_be_done_without_is_taken_as_absent(what: str, tmp_path: Path) -> None:
    """A tour that cannot be read says so on its page; what an account remembers of a store is learnt again."""
    path = put(tmp_path, "tour.json", MALFORMED[what])
    assert read_tour(path).status == "The guided tour cannot be read: tour.json is not what the demonstration wrote."
    assert Seen(path)._on_disk() == {}


@pytest.mark.parametrize("what", MALFORMED)
def test_each_malformed_content_is_one_error_that_says_what_is_wrong(what: str) -> None:
    with pytest.raises(untrusted.MalformedError) as refused:
        untrusted.decode(MALFORMED[what])
    assert str(refused.value).startswith(SAYS[what])


SAYS = {
    "empty": "not JSON at line 1, column 1",
    "cut off": "not JSON at line 1, column 12",
    "nested deeply": "objects and arrays are nested deeper than 64",
    "nested too deeply": "objects and arrays are nested deeper than 64",
    "not UTF-8": "not UTF-8 at byte 8",
    "UTF-16": "not UTF-8 at byte 1",
    "byte order mark": "it begins with a byte order mark",
    "infinity": "the number 1e999 is out of range",
    "no number": "NaN is no number of JSON",
    "10 to the 400": f"the number 1{'0' * 59}... is out of range",
    "5,000 digits": f"the number -{'9' * 59}... is out of range",
    "a name twice": "the name 'format' stands twice in one object",
    "half a character": "it holds half a character",
}


def test_the_limits_are_where_they_are_said_to_be() -> None:
    deep = untrusted.DEEPEST
    assert untrusted.decode(b"[" * deep + b"]" * deep) is not None
    assert untrusted.decode(b'["' + b"[" * 500 + b'"]') == ["[" * 500]  # brackets in a text nest nothing
    hidden = b'["]",' * (deep + 1) + b"1" + b"]" * (deep + 1)
    with pytest.raises(untrusted.MalformedError, match="nested deeper than 64"):
        untrusted.decode(hidden)
    assert untrusted.decode(b"[9223372036854775807, -9223372036854775808]") == [2**63 - 1, -(2**63)]
    for number in (2**63, -(2**63) - 1):
        with pytest.raises(untrusted.MalformedError, match="out of range"):
            untrusted.decode(b"[%d]" % number)
    assert untrusted.decode(b"[1,2]", 5) == [1, 2]
    with pytest.raises(untrusted.MalformedError, match="5 bytes, at most 4 are read"):
        untrusted.decode(b"[1,2]", 4)
    assert untrusted.decode(b'["\\ud83d\\ude00", 1E100, 1e-999]') == ["\N{GRINNING FACE}", 1e100, 0.0]


def test_only_a_plain_file_of_the_size_allowed_is_read(tmp_path: Path) -> None:
    path = put(tmp_path, "x.json", b"12345")
    assert untrusted.read(path, 5) == b"12345"
    with pytest.raises(untrusted.MalformedError, match="over 4 bytes"):
        untrusted.read(path, 4)
    os.mkfifo(tmp_path / "pipe")  # opened to be read, a pipe without a writer would wait for ever
    for other in (tmp_path / "pipe", tmp_path):
        with pytest.raises(untrusted.MalformedError, match="no plain file"):
            untrusted.read(other)
    with pytest.raises(FileNotFoundError):
        untrusted.read(tmp_path / "absent")


def test_the_rows_of_a_list_are_the_very_bytes_that_have_the_hash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever puts other rows there the moment after they were hashed changes nothing that is read."""
    listed, others = freeze_list(tmp_path), rows_of((9, 1))
    path = tmp_path / listed.id / "rows.parquet"

    def hashed(content: bytes | Path) -> str:
        if isinstance(content, bytes) and content.startswith(b"PAR1"):
            pq.write_table(others, path)
        return sha256_of(content)

    monkeypatch.setattr(lists, "sha256_of", hashed)
    assert open_list(tmp_path, listed.id, NONE).rows == listed.rows
    assert pq.read_table(path) == others
    with pytest.raises(IntegrityFailure, match="changed after it was frozen"):
        open_list(tmp_path, listed.id, NONE)


def test_rows_of_another_form_are_refused_in_words(tmp_path: Path) -> None:
    """Their hash may fit: where nothing is signed, whoever writes the folder writes that too."""
    listed = freeze_list(tmp_path)
    document = ListFile.read_file(tmp_path / listed.id / ListFile.FILE)
    for content in (b"PAR1", pq_bytes(rows_of((9, 1)).drop_columns(["rank"]))):
        text = document.model_copy(update={"rows_sha256": sha256_of(content)}).encode()
        name = f"L-2024-06-01-{sha256_of(text)[:16]}"
        put(tmp_path / name, ListFile.FILE, text)
        put(tmp_path / name, "rows.parquet", content)
        with pytest.raises(IntegrityFailure, match="The rows of the list cannot be read"):
            open_list(tmp_path, name, NONE)


def pq_bytes(rows: pa.Table) -> bytes:
    out = pa.BufferOutputStream()
    pq.write_table(rows, out)
    return out.getvalue().to_pybytes()


def test_fields_are_named_that_are_missing_of_another_type_or_too_many() -> None:
    fields: untrusted.Fields = {"count": int, "hash": (str, type(None)), "at": int}
    assert untrusted.decode_object(b'{"at": 1, "count": 2, "hash": null}', fields)["count"] == 2
    with pytest.raises(untrusted.MalformedError) as refused:
        untrusted.decode_object(b'{"count": true, "hash": [], "more": 1}', fields)
    assert str(refused.value) == "count is true or false; hash is an array; at is missing; more is no field of it"
