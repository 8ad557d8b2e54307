"""The catalogue: definitions as YAML, validated as a whole and named by a hash of their content.

Each file of ``features/catalogue`` is a list of definitions, or a mapping with ``theme`` (a default for all of them)
and ``definitions``. Keys are the fields of ``features.definitions.Definition``; a list field may be given as one word.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from features.definitions import Definition
from features.statistics import STATISTICS
from features.validation import LONGEST_WINDOW, validate
from threat.errors import ThreatError, UsageError, raise_all
from threat.yaml_text import parse_shipped, parse_yaml

_FIELDS = {f.name for f in fields(Definition)}
_REQUIRED = ("name", "theme", "scope", "statistic", "sentence", "source", "unit", "missing")
_LISTS = ("kinds", "among", "codes", "reported_by", "relationship_kinds")


@dataclass(frozen=True)
class Catalogue:
    """Definitions in a fixed order. ``version`` is a hash of everything they say, and of what their statistics mean.

    Raises UsageError that lists every problem when the definitions are not acceptable together.
    """

    definitions: tuple[Definition, ...]
    version: str = field(init=False)
    _by_name: dict[str, Definition] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        validate(self.definitions)
        # A statistic that reads its events in another way makes another figure of the same definition.
        used = sorted({d.statistic for d in self.definitions})
        meanings = {name: [STATISTICS[name].words, STATISTICS[name].nothing, STATISTICS[name].ties] for name in used}
        document = json.dumps([[asdict(d) for d in self.definitions], meanings], sort_keys=True)
        object.__setattr__(self, "version", hashlib.sha256(document.encode()).hexdigest()[:16])
        object.__setattr__(self, "_by_name", {d.name: d for d in self.definitions})

    def __hash__(self) -> int:
        return hash(self.version)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the definitions, in their order."""
        return tuple(self._by_name)

    def __len__(self) -> int:
        return len(self.definitions)

    def __iter__(self) -> Iterator[Definition]:
        return iter(self.definitions)

    def __getitem__(self, name: str) -> Definition:
        """Return the definition of that name. Raises UsageError, naming near ones, when there is none."""
        definition = self._by_name.get(name)
        if definition is None:
            near = get_close_matches(name, self._by_name, n=3)
            raise UsageError(
                "The catalogue has no feature of this name.",
                value=name,
                way_out=f"did you mean {' or '.join(near)}?" if near else "",
            )
        return definition

    @property
    def least_risk(self) -> tuple[float | None, ...]:
        """The end of least risk of each figure, which a model reads where the figure is missing; None: no direction.

        So a first record, which replaces a missing figure, moves it the way of its direction, as any further record
        does. 100 years of nothing (no record is older) where fewer days are more risk, and 0 where more is more risk.
        """
        ends = {-1: float(LONGEST_WINDOW), 0: None, 1: 0.0}
        return tuple(ends[definition.direction] for definition in self)

    def read_by_models(self) -> Catalogue:
        """Return a catalogue of the definitions that a model reads."""
        return self.only(definition.name for definition in self if definition.read_by_model)

    def only(self, names: Iterable[str]) -> Catalogue:
        """Return a catalogue of these definitions only, in the order given."""
        return Catalogue(tuple(self[name] for name in names))


@cache
def load_catalogue(directory: Path | None = None) -> Catalogue:
    """Read ``features/catalogue/*.yaml`` (or another directory) in file-name order.

    Raises UsageError that lists every problem of every file at once.
    """
    folder = files("features").joinpath("catalogue") if directory is None else directory
    sources = sorted(
        (entry for entry in folder.iterdir() if entry.name.endswith(".yaml")), key=lambda entry: entry.name
    )
    if not sources:
        raise UsageError("The folder holds no .yaml file.", value=str(folder), way_out="give the folder of a catalogue")
    documents = [(source.name, source.read_text(encoding="utf-8")) for source in sources]
    return read_catalogue(documents, shipped=directory is None)


def read_catalogue(documents: Sequence[tuple[str, str]], *, shipped: bool = False) -> Catalogue:
    """Return the catalogue of (name, YAML text) pairs; ``shipped``: they are the product's own.

    Raises UsageError with every problem.
    """
    problems: list[ThreatError] = []
    definitions: list[Definition] = []
    for name, text in documents:
        try:
            document = parse_shipped(text) if shipped else parse_yaml(text, "The file is not YAML.", name)
            entries = _entries(document, name)
        except UsageError as error:
            problems.append(error)
            continue
        for number, entry in enumerate(entries, 1):
            of_entry = _problems(entry, f"{name}, definition {number}")
            problems += of_entry
            if not of_entry:
                definitions.append(
                    Definition(**{"kinds": (), **{key: _plain(key, value) for key, value in entry.items()}})
                )
    try:
        validate(definitions)
    except UsageError as error:
        problems.append(error)
    raise_all(problems)
    return Catalogue(tuple(definitions))


def _entries(document: Any, where: str) -> list[Any]:
    if isinstance(document, list):
        return document
    if (
        isinstance(document, dict)
        and isinstance(document.get("definitions"), list)
        and set(document) <= {"theme", "definitions"}
    ):
        shared = {"theme": document["theme"]} if "theme" in document else {}
        return [{**shared, **entry} if isinstance(entry, dict) else entry for entry in document["definitions"]]
    raise UsageError(
        "The file is neither a list nor a mapping of theme and definitions.",
        where=where,
        way_out="see features/catalogue for files that are",
    )


def _problems(entry: Any, where: str) -> list[ThreatError]:
    if not isinstance(entry, dict):
        return [UsageError("The definition is not a mapping.", value=entry, where=where)]
    where = f"{where}: {entry.get('name', 'without a name')}"
    out: list[ThreatError] = []
    for key in entry:
        if key not in _FIELDS:
            near = get_close_matches(str(key), _FIELDS, n=2)
            out.append(
                UsageError(
                    "No definition has a field of this name.",
                    value=key,
                    where=where,
                    way_out=f"did you mean {' or '.join(near)}?" if near else "",
                )
            )
    out += [
        UsageError("The definition lacks a field.", value=key, where=where) for key in _REQUIRED if key not in entry
    ]
    return out


def _plain(key: str, value: Any) -> Any:
    if key in _LISTS:
        return tuple(_word(item) for item in (value if isinstance(value, list) else [value]))
    return _word(value) if key == "domestic" else value


def _word(value: Any) -> Any:
    """YAML reads bare yes and no as booleans; here they are words."""
    return {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
