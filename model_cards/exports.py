"""The exports of a card by the name of the option that asks for each: all are made before any is written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from model_cards import atrs, bom, pdf
from model_cards.runs import CardOfRun
from threat.errors import UsageError
from threat.files import write_whole

EXPORTS: Mapping[str, Callable[[CardOfRun], bytes]] = {
    "out": lambda made: made.page.encode(),
    "pdf": lambda made: pdf.pdf(made.card),
    "atrs": lambda made: _json(atrs.record(made.card)),
    "bom": lambda made: bom.encode(bom.bom(made.card)),
}
"""What each option writes: the page, the PDF, the draft transparency record, the ML-BOM."""


def exports(made: CardOfRun, wanted: Mapping[str, Path | None]) -> dict[Path, bytes]:
    """Return the bytes of every export that is wanted, by the file that they go to.

    ``wanted``: files by the names of ``EXPORTS``. Raises UsageError for two exports to one file, and what an export
    raises: ModuleNotFoundError where its optional part is not installed, IntegrityFailure where it does not validate.
    """
    chosen = {name: path for name, path in wanted.items() if path is not None}
    if len(set(chosen.values())) < len(chosen):
        raise UsageError(
            "Two exports would overwrite each other in one file.",
            value=", ".join(f"--{name} {path}" for name, path in chosen.items()),
            way_out="give each a file of its own",
        )
    return {path: EXPORTS[name](made) for name, path in chosen.items()}


def write(files: Mapping[Path, bytes]) -> None:
    """Write every file whole or not at all."""
    for path, data in files.items():
        write_whole(path, data)


def _json(document: object) -> bytes:
    return (json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
