"""Steps of a long measurement, kept by the hash of everything that goes into them: what was stopped goes on."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_KEY = "inputs.json"
"""In each step's folder: what went into it. Written last, so that a folder without it was never finished."""
_DIGITS = 16
"""Hexadecimal digits of a hash in the name of a folder: two of a few hundred steps never share them by chance."""


@dataclass(frozen=True, slots=True)
class TakenStep:
    """A step of this run: what it made, for what (in words), and whether it was kept from before.

    ``cpu_seconds``: of the step alone, without those of steps that it asked for.
    """

    kind: str
    subject: str
    key: str
    reused: bool
    cpu_seconds: float


@dataclass(slots=True)
class Cache:
    """Folders of finished steps under ``folder``; ``say`` hears what is made and what is reused."""

    folder: Path
    say: Callable[[str], None]
    taken: list[TakenStep] = field(default_factory=list)

    def step(self, kind: str, subject: str, inputs: Mapping[str, Any], make: Callable[[Path], None]) -> Path:
        """Return the folder of a finished step; ``make`` fills it where no earlier run has.

        ``subject``: whose step it is, for people. ``inputs``: everything that the content depends on, as JSON. What
        ``make`` leaves behind when it fails is removed at the next try.
        """
        text = json.dumps(inputs, sort_keys=True, indent=1, default=str)
        key = hashlib.sha256(f"{kind}\n{text}".encode()).hexdigest()[:_DIGITS]
        finished = self.folder / f"{kind}-{key}"
        reused, started, before = (finished / _KEY).is_file(), time.process_time(), len(self.taken)
        self.say(f"{'reused' if reused else 'making'} {kind}, {subject}")
        if not reused:
            unfinished = self.folder / f"{kind}-{key}.unfinished"
            for rest in (unfinished, finished):
                shutil.rmtree(rest, ignore_errors=True)
            unfinished.mkdir(parents=True)
            make(unfinished)
            (unfinished / _KEY).write_text(text, encoding="utf-8")
            unfinished.rename(finished)
        within = sum(step.cpu_seconds for step in self.taken[before:])
        self.taken.append(TakenStep(kind, subject, key, reused, time.process_time() - started - within))
        return finished


def code_of(*modules: str) -> str:
    """Return a hash of the source files of packages and modules: Python, YAML and CSV, wherever they are installed.

    ``"threat/*"``: the tables alone (YAML and CSV) that are directly in that package. A changed comment changes the
    hash too: a step is made once too often rather than once too few.
    """
    digest = hashlib.sha256()
    for module in modules:
        tables_alone = module.endswith("/*")
        spec = find_spec(module.removesuffix("/*"))
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(f"No module named {module!r}.")
        folder, package = Path(spec.origin).parent, spec.submodule_search_locations is not None
        files = folder.glob("*") if tables_alone else folder.rglob("*") if package else [Path(spec.origin)]
        kinds = {".yaml", ".csv"} if tables_alone else {".py", ".yaml", ".csv"}
        for path in sorted(files):
            if path.suffix in kinds:
                digest.update(f"{module}/{path.relative_to(folder)}\0".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:_DIGITS]
