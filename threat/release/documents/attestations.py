"""``attestations.json``: what the jobs that made a RUN signed of its files, as in-toto statements in DSSE envelopes."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

from pydantic import Field

from threat.release.documents.approvals import Envelope
from threat.release.documents.document import Document, Part


class Attestations(Document):
    """The envelopes in the order they were signed: the training's first, then one for each audit or comparison."""

    FILE: ClassVar[str] = "attestations.json"
    ANNEX: ClassVar[bool] = True
    HOW_MADE: ClassVar[str] = "train with the key of the training job: THREAT_KEYS=FOLDER that holds evidence.pem"

    version: Literal[1] = Field(default=1, description="version of this document")
    envelopes: tuple[Envelope, ...] = Field(min_length=1, description="in-toto Statement v1, each signed for evidence")

    @classmethod
    def of(cls, envelopes: list[dict[str, Any]]) -> Self:
        """Return the document of some envelopes."""
        return cls.model_validate({"envelopes": envelopes})


class CardStatement(Document):
    """``card_statement.json``: what the job that made the card signed of it."""

    FILE: ClassVar[str] = "card_statement.json"
    ANNEX: ClassVar[bool] = True
    HOW_MADE: ClassVar[str] = "make the card with the key of a job: THREAT_KEYS=FOLDER that holds evidence.pem"

    version: Literal[1] = Field(default=1, description="version of this document")
    envelope: Envelope = Field(description="in-toto Statement v1 on the card, signed for evidence")


class SignedEvidence(Part):
    """What came of verifying the signatures on a RUN's files.

    ``unsigned``: no job signed anything, or no trust folder exists here. ``incomplete``: files are there that no job
    signed. ``wrong``: a signature does not verify, or is about other files.
    """

    state: Literal["signed", "unsigned", "incomplete", "wrong"] = Field(description="what came of verifying")
    environment: str = Field(default="", description="environment of the key that signed the training; or empty")
    by: tuple[str, ...] = Field(default=(), description="holders of the keys, each once")
    key_ids: tuple[str, ...] = Field(default=(), description="ids of these keys, each once")
    retrained_by: tuple[str, ...] = Field(
        default=(), description="holders of other keys who trained it again: every sealed file came out"
    )
    reason: str = Field(description="why, in words")
