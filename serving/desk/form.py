"""A posted form: its fields in the order they were sent, a field that was sent more than once with all its values."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from threat.errors import UsageError

LARGEST = 64 * 1024
"""Bytes of a posted form. Four texts of 4,000 characters in any script fit; a longer body is refused before it fills
memory."""

MOST_FIELDS = 200
"""Fields of a posted form, each ticked box counted: the review of a plan has most, a few for each of its actions."""

NOT_KEPT = frozenset({"token", "act_id", "version"})
"""Fields that say which session, act and version a form was of, and nothing that a person wrote."""


class NotAForm(ValueError):
    """The body is no form: a sentence says why."""


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a posted form, as (name, value), in the order they were sent."""

    fields: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> Form:
        """Return the form of fields that have one value each."""
        return cls(tuple(fields.items()))

    @classmethod
    def parse(cls, body: bytes) -> Form:
        r"""Read a body of ``application/x-www-form-urlencoded``. Every line end becomes one ``\n``.

        Raises NotAForm for a body that is not UTF-8, holds a NUL, is malformed or has too many fields.

        >>> Form.parse(b"fact=strangulation&fact=stalking&note=a%0D%0Ab").fields
        (('fact', 'strangulation'), ('fact', 'stalking'), ('note', 'a\nb'))
        """
        # Counted first: the reader's own limit is of its kind of error, not of ours.
        if body.count(b"&") >= MOST_FIELDS:
            raise NotAForm(f"The form has more than {MOST_FIELDS} fields.")
        try:
            pairs = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=bool(body), errors="strict")
        except UnicodeDecodeError:
            raise NotAForm("The form is not written in UTF-8.") from None
        except ValueError:
            raise NotAForm("The form could not be read.") from None
        if any("\0" in name or "\0" in value for name, value in pairs):
            # PostgreSQL keeps no NUL in a text, and no person types one.
            raise NotAForm("The form holds a NUL character.")
        return cls(tuple((name, _line_ends_made_one(value)) for name, value in pairs))

    def value(self, name: str) -> str:
        """Return the value of a field that is sent once; empty where it was not sent.

        Raises UsageError for a field that was sent more than once: which of the values counts would be a guess.
        """
        values = self.all(name)
        if len(values) > 1:
            raise UsageError(
                f"The field {name} of the form is not clear: it was sent {len(values)} times.",
                value=f"{len(values)} values",
                where=name,
                way_out="send it once",
            )
        return values[0] if values else ""

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of a field, in the order they were sent: the boxes that were ticked."""
        return tuple(value for field, value in self.fields if field == name)

    def text(self, name: str) -> str:
        """Return what a person typed into a field, without spaces and empty lines around it; empty for nothing."""
        return self.value(name).strip()

    def act_id(self) -> str:
        """Return the id that makes a repeat of this act known: a random UUID, in its usual form. Raises UsageError.

        Random ones alone: the ids of what the desk itself does follow from what it is about, and whoever could name
        one first would keep the desk from doing it.
        """
        given = self.value("act_id")
        try:
            act_id = uuid.UUID(given)
        except ValueError:
            act_id = None
        if act_id is None or act_id.version != 4:  # of RFC 9562; None for a variant of another kind
            raise UsageError(
                "The form does not say which act it is: act_id is missing, or is no random UUID.",
                value=given or None,
                where="act_id",
                way_out="open the page again and send the form from there",
            )
        return str(act_id)

    def version(self) -> int:
        """Return the version of the case that the page was made from. Raises UsageError where it names none."""
        given = self.value("version")
        if not given.isascii() or not given.isdigit() or len(given) > 9:
            raise UsageError(
                "The form does not say which version of the case it was made from.",
                value=given or None,
                where="version",
                way_out="open the page again and send the form from there",
            )
        return int(given)

    def kept(self) -> dict[str, list[str]]:
        """Return what a person filled in, by field, to be shown again later: never a token, nor which act it was."""
        out: dict[str, list[str]] = {}
        for name, value in self.fields:
            if name not in NOT_KEPT:
                out.setdefault(name, []).append(value)
        return out

    @classmethod
    def from_kept(cls, kept: Mapping[str, list[str]]) -> Form:
        """Return the form of what was kept."""
        return cls(tuple((name, value) for name, values in kept.items() for value in values))


def new_act_id() -> str:
    """Return the id of an act that a form will ask for."""
    return str(uuid.uuid4())


def _line_ends_made_one(value: str) -> str:
    """Return a value with the line ends of every browser as one: HTML sends CRLF, a program anything."""
    return value.replace("\r\n", "\n").replace("\r", "\n")
