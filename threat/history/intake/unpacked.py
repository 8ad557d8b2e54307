"""The text of a file of an export: unpacked, decoded by the profile's encoding, and stopped at the profile's limits."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from threat.errors import BadInput
from threat.history.intake.limits import Limits

_BLOCK = 1 << 22
"""4 MiB read at a time: progress moves, and a block of any encoding fits in memory several times over."""

_LOOKED_AT = 1 << 10
"""Bytes in which a web page says that it is one."""

_AGAIN = "export or copy it again; nothing was loaded"


def read_unpacked(path: Path, encoding: str, limits: Limits, advance: Callable[[float], None]) -> bytes:
    """Return the file, unpacked and as UTF-8 without a byte order mark; ``advance`` gets the number of bytes read.

    Raises BadInput when the file is empty, cut off, damaged, in another encoding, holds a NUL byte, or is larger than
    ``limits.file_bytes`` (a packed file is stopped while it is unpacked).
    """
    out = io.BytesIO()
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = 1
    try:
        for block in _blocks(path, advance):
            if not out.tell():
                _refuse_other_kinds(block, path)
            out.write(decoder.decode(block).encode("utf-8"))
            lines += block.count(b"\n")
            if out.tell() > limits.file_bytes:
                raise BadInput(
                    f"The file is larger than {limits.file_bytes:,} bytes unpacked.",
                    where=str(path),
                    way_out="cut it by month, or raise limits: file_bytes in the profile; nothing was loaded",
                )
        out.write(decoder.decode(b"", final=True).encode("utf-8"))
    except UnicodeDecodeError as error:
        line = lines + error.object[: error.start].count(b"\n")
        raise BadInput(
            f"The file is not in the encoding the profile names ({encoding}).",
            value=f"byte 0x{error.object[error.start]:02x}",
            where=f"{path}, about line {line}",
            way_out="export it in that encoding, or change encoding in the profile (for example cp1252 or utf-16)",
        ) from None
    content = out.getvalue().removeprefix(codecs.BOM_UTF8)
    if not content.strip():
        raise BadInput("The file is empty.", where=str(path), way_out="check the export; nothing was loaded")
    if (at := content.find(b"\0")) >= 0:
        line = content.count(b"\n", 0, at) + 1
        raise BadInput(
            "The file holds a NUL byte, which no text has.",
            where=f"{path}, line {line}",
            way_out=f"if it is a UTF-16 file, write encoding: utf-16 in the profile; otherwise {_AGAIN}",
        )
    return content


def _refuse_other_kinds(block: bytes, path: Path) -> None:
    """Refuse a file that its first bytes show to be no text in lines: its name says little, people rename files."""
    begins = block[:_LOOKED_AT].removeprefix(codecs.BOM_UTF8).lstrip().lower()
    if block.startswith(b"PK\x03\x04"):
        kind = "an Excel workbook" if b"xl/" in block or b"[Content_Types].xml" in block else "a zip archive"
    elif block.startswith(b"\xd0\xcf\x11\xe0"):
        kind = "an Excel workbook of the old kind (.xls), or one with a password"
    elif begins.startswith((b"<!doctype html", b"<html", b"<table", b"<head", b"<body", b"<meta", b"<style")):
        kind = "a web page (HTML), which many systems write when they export to Excel"
    elif begins.startswith((b"<?xml", b"<workbook")):
        kind = "XML"
    elif block.startswith(b"%PDF"):
        kind = "a PDF document"
    else:
        return
    unpack = "unpack it" if kind == "a zip archive" else "export it as CSV, or open it and save the sheet as CSV UTF-8"
    raise BadInput(
        f"The file is {kind}, not CSV.",
        where=str(path),
        way_out=f"{unpack}; then check that references kept their zeros and dates their days; nothing was loaded",
    )


def _blocks(path: Path, advance: Callable[[float], None]) -> Iterator[bytes]:
    """Yield the file block by block, unpacked."""
    with path.open("rb") as plain:
        magic = plain.read(2)
        plain.seek(0)
        # Only the size of what comes out is limited: a packed file may hold a thousand times its own size.
        stream: Any = gzip.GzipFile(fileobj=plain) if magic == b"\x1f\x8b" or path.suffix == ".gz" else plain
        done = 0
        try:
            while block := stream.read(_BLOCK):
                advance(plain.tell() - done)
                done = plain.tell()
                yield block
        except EOFError:
            raise BadInput(
                "The file ends too early: its compressed data is cut off.", where=str(path), way_out=_AGAIN
            ) from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise BadInput(
                "The file is named .gz but is damaged or not compressed.", value=error, where=str(path), way_out=_AGAIN
            ) from None
