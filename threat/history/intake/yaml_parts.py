"""A YAML file as parts that know their line, so that every problem of a profile says where it is.

Scalars stay the text a person wrote: ``01``, ``12:30`` and ``2024-01-01`` are no octal number, no sixtieths and no
date, and ``Y`` is the letter. What YAML reads as true, false or nothing where a word belongs (``yes``, ``No``, ``off``,
``NULL``) is a problem with its line: whoever wrote a code meant the code, and YAML would have made it "True".
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

import yaml

from threat.errors import ThreatError, UsageError
from threat.history.intake.texts import clean

_YES, _NO = ("yes", "true", "on"), ("no", "false", "off")
"""Words that PyYAML reads as true and false, in any case. It leaves ``Y`` and ``N`` alone, as YAML 1.1 does not."""

_NOTHING = ("", "~", "null")

_DEPTH = 40
"""Deeper nesting is no profile: one has five levels."""

_MERGE = "tag:yaml.org,2002:merge"


@dataclass(frozen=True, slots=True)
class Part:
    """A scalar (``text``), a list (``items``) or a mapping (``entries``, and the line of each key).

    ``plain``: a scalar without quotes, which YAML may read as something other than its text.
    """

    line: int
    text: str | None = None
    plain: bool = False
    items: tuple[Part, ...] | None = None
    entries: Mapping[str, Part] | None = None
    key_lines: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_nothing(self) -> bool:
        """True for an empty value, ``~`` and ``null`` without quotes."""
        return self.text is not None and self.plain and self.text.lower() in _NOTHING


NOTHING = Part(0, text="", plain=True)
"""A part that the file does not have."""


class Problems:
    """Everything that is wrong with a file, collected so that a person mends all of it in one go."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.errors: list[ThreatError] = []

    def add(self, problem: str, line: int = 0, value: object = None, way_out: str = "see docs/data.md") -> None:
        """Add a problem; ``line`` 0 where the file as a whole is at fault."""
        where = f"{self.where}, line {line}" if line else self.where
        self.errors.append(UsageError(problem, value=value, where=where, way_out=way_out))

    def entries(self, part: Part, name: str) -> Mapping[str, Part]:
        """Return the entries of a mapping; none, and a problem unless the part is nothing, when it is no mapping."""
        if part.entries is None and not part.is_nothing:
            self.add(f"{name} is not a mapping of keys to values.", part.line, _shown(part))
        return part.entries or {}

    def items(self, part: Part, name: str) -> tuple[Part, ...]:
        """Return the items of a list; none, and a problem unless the part is nothing, when it is no list."""
        if part.items is None and not part.is_nothing:
            self.add(f"{name} is not a list.", part.line, _shown(part), "write [first, second]")
        return part.items or ()

    def text(self, part: Part, name: str) -> str | None:
        """Return a text; None, and a problem unless the part is nothing, when it is none or YAML may read it as yes."""
        if part.is_nothing:
            return None
        if part.text is None:
            self.add(f"{name} is not a text.", part.line, _shown(part))
            return None
        self.check_quotes(part.text, part.plain, part.line)
        if any(unicodedata.category(character) in {"Cc", "Cs"} for character in part.text if character not in "\n\t"):
            self.add(f"{name} has a control character in it.", part.line, ascii(part.text))
            return None
        return clean(part.text).strip()

    def texts(self, part: Part, name: str) -> tuple[str, ...]:
        """Return the texts of a list, in order; ``NULL`` without quotes is a problem, not left out."""
        texts = []
        for item in self.items(part, name):
            if item.is_nothing:
                self.check_quotes(item.text or "", True, item.line)
            text = self.text(item, f"An item of {name}")
            if text:
                texts.append(text)
        return tuple(texts)

    def words(self, part: Part, name: str) -> dict[str, str]:
        """Return a mapping of words to words, neither of which YAML may read as yes, no or nothing."""
        words = {}
        for key, value in self.entries(part, name).items():
            if value.is_nothing:
                self.check_quotes(value.text or "", True, value.line)
            text = self.text(value, f"The word of {key} in {name}")
            if text is not None:
                words[clean(key).strip()] = text
        return words

    def choice(self, part: Part, name: str, allowed: Collection[str], default: str) -> str:
        """Return a word of several; the default, and a problem, when the part is another."""
        text = self.text(part, name)
        if text is None:
            return default
        if text not in allowed:
            self.add(f"{name} is unknown.", part.line, text, f"use {', '.join(allowed)}")
            return default
        return text

    def yes_no(self, part: Part, name: str) -> bool:
        """Return whether a part says yes; no, and a problem, when it says neither."""
        text = (part.text or "").lower()
        if part.text is None or (text not in (*_YES, *_NO) and not part.is_nothing):
            self.add(f"{name} is neither true nor false.", part.line, _shown(part), "write true or false")
        return text in _YES

    def number(self, part: Part, name: str, default: float, largest: float) -> float:
        """Return a number between 0 and the largest; the default, and a problem, when the part is none."""
        if part.is_nothing:
            return default
        try:
            number = float(part.text or "")
        except ValueError:
            number = math.nan
        if not 0 <= number <= largest:
            self.add(f"{name} is not a number from 0 to {largest:g}.", part.line, _shown(part), "write digits")
            return default
        return number

    def known_keys(self, part: Part, what: str, keys: Collection[str]) -> None:
        """Add a problem for every key of a mapping that is not among the keys given."""
        for key in part.entries or {}:
            if key not in keys:
                close = get_close_matches(key, keys, 1)
                way_out = f"did you mean {close[0]}?" if close else f"use {', '.join(sorted(keys))}"
                self.add(f"Not a key of {what}.", part.key_lines[key], key, way_out)

    def check_quotes(self, text: str, plain: bool, line: int) -> None:
        """Add a problem for a word that YAML, without quotes, reads as yes, no or nothing."""
        if plain and text.lower() in (*_YES, *_NO, *_NOTHING):
            meaning = "nothing" if text.lower() in _NOTHING else "true or false"
            self.add(
                f"A word without quotes is {meaning} to YAML.",
                line,
                text or "an empty value",
                f'write it in quotes: "{text}"' if text else "write the word, in quotes",
            )


def read_yaml(text: str, problems: Problems) -> Part:
    """Return a YAML text as parts; what is wrong with keys is added to the problems.

    Raises UsageError, with the line, for a text that is no YAML.
    """
    way_out = "mend that line: indent with spaces, and quote a text that has a colon or a # in it"
    try:
        node = yaml.compose(clean(text), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{problems.where}, line {mark.line + 1}" if mark else problems.where
        raise UsageError("The profile is not YAML.", value=error.problem, where=where, way_out=way_out) from None
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError) as error:
        # PyYAML lets the last two through for an escape of a character that does not exist.
        raise UsageError("The profile is not YAML.", value=error, where=problems.where, way_out=way_out) from None
    return NOTHING if node is None else _Reader(problems).part(node, ())


class _Reader:
    """Turns nodes into parts; a node that several aliases name becomes one part."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.parts: dict[int, Part] = {}

    def part(self, node: yaml.Node, around: tuple[yaml.Node, ...]) -> Part:
        """Return the part of a node; ``around``: the nodes that the node is in, outermost first."""
        # Kept by node: a few aliases of aliases would otherwise be billions of parts.
        if id(node) not in self.parts:
            line = node.start_mark.line + 1
            if any(node is outer for outer in around) or len(around) > _DEPTH:
                self.problems.add("A part of the file contains itself or is nested too deeply.", line)
                return NOTHING
            self.parts[id(node)] = self._new_part(node, line, (*around, node))
        return self.parts[id(node)]

    def _new_part(self, node: yaml.Node, line: int, around: tuple[yaml.Node, ...]) -> Part:
        if isinstance(node, yaml.ScalarNode):
            return Part(line, text=node.value, plain=node.style is None)
        if isinstance(node, yaml.SequenceNode):
            return Part(line, items=tuple(self.part(item, around) for item in node.value))
        entries: dict[str, Part] = {}
        merged: dict[str, Part] = {}
        key_lines: dict[str, int] = {}
        for key, value in node.value:
            key_line = key.start_mark.line + 1
            part = self.part(value, around)
            if key.tag == _MERGE:
                for source in part.items or (part,):
                    merged = {**(source.entries or {}), **merged}
            elif not isinstance(key, yaml.ScalarNode):
                self.problems.add("A key is not a text.", key_line)
            else:
                self.problems.check_quotes(key.value, key.style is None, key_line)
                if key.value in entries:
                    self.problems.add(
                        "A key comes twice: YAML would keep the last and lose the first.",
                        key_line,
                        key.value,
                        f"leave one of the two (the other is in line {key_lines[key.value]})",
                    )
                entries[key.value] = part
                key_lines[key.value] = key_line
        return Part(line, entries={**merged, **entries}, key_lines={**dict.fromkeys(merged, line), **key_lines})


def _shown(part: Part) -> str:
    """Return a part as an error shows it: a text as it is, anything else by what it is."""
    if part.text is not None:
        return part.text
    return "a list" if part.items is not None else "a mapping"
