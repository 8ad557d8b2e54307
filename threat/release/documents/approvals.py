"""``approvals.json``: the signed statements that the gate read."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from pydantic import Field

from threat.release.documents.document import JsonFile, Part


class Signature(Part):
    """One signature of an envelope."""

    keyid: str = Field(min_length=1, description="SHA-256 of the public key")
    sig: str = Field(min_length=1, description="the signature, base64")


class Envelope(Part):
    """A DSSE envelope: what was signed, and by which keys."""

    payload: str = Field(description="the signed JSON, base64")
    payloadType: str = Field(min_length=1, description="what kind of JSON it is")  # noqa: N815  the name DSSE gives it
    signatures: tuple[Signature, ...] = Field(min_length=1, description="signatures over the payload and its type")


class Approvals(JsonFile):
    """Statements as they were signed. The same format as the file that ``threat approve`` writes.

    It carries no version of its own: what is signed is in the envelopes, and every version of the product has written
    them in one format.
    """

    FILE: ClassVar[str] = "approvals.json"
    ANNEX: ClassVar[bool] = True
    HOW_MADE: ClassVar[str] = "make it: threat approve RUN"
    MADE_AGAIN: ClassVar[str] = "sign the statements again: threat approve RUN"

    statements: tuple[Envelope, ...] = Field(description="the envelopes, in the order they were signed")

    @classmethod
    def of(cls, envelopes: list[dict[str, Any]]) -> Self:
        """Return the document of some envelopes."""
        return cls.model_validate({"statements": envelopes})

    def envelopes(self) -> list[dict[str, Any]]:
        """Return the envelopes as ``threat.trust.signing`` reads them."""
        return [envelope.model_dump(mode="json") for envelope in self.statements]
