"""The guided tour that a demonstration shows on the pages: where it is by now, and stops to open."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from threat import untrusted


class TourStep(BaseModel):
    """One stop of the guided tour; ``link`` is a page of the desk to open."""

    model_config = ConfigDict(extra="forbid")

    title: str
    text: str
    # A path of this desk and nothing else: the file could otherwise send a reader to another site.
    link: str = Field(pattern=r"^/[-a-zA-Z0-9/]*$")
    link_text: str


class Tour(BaseModel):
    """What the demonstration says on the pages. Empty (no status): this desk shows no demonstration."""

    model_config = ConfigDict(extra="forbid")

    status: str = ""
    steps: list[TourStep] = []


def read_tour(path: Path | None) -> Tour:
    """Read the tour of a demonstration; empty without a file. An unreadable file makes a tour that says so."""
    if path is None:
        return Tour()
    try:
        return Tour.model_validate(untrusted.decode_object(untrusted.read(path)))
    except FileNotFoundError:
        return Tour()
    except (ValueError, ValidationError):
        return Tour(status=f"The guided tour cannot be read: {path.name} is not what the demonstration wrote.")
