"""``snapshot.json``: which records a training read."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from threat.release.documents.document import Document


class SnapshotRead(Document):
    """The snapshot a RUN was made from."""

    FILE: ClassVar[str] = "snapshot.json"
    HOW_MADE: ClassVar[str] = "train again: threat train"

    version: Literal[1] = Field(default=1, description="version of this document")
    id: str = Field(min_length=1, description="id of the snapshot")
    batches: tuple[str, ...] = Field(description="ids of its batches, in the order they were appended")
    started_at: str = Field(description="when the training started, UTC")
    catalogue_version: str = Field(min_length=1, description="version of the feature catalogue")
    signed: bool = Field(default=False, description="whether every record of the history was signed, and verified")
    verified: str = Field(default="", description="what was verified before the records were read; empty: not said")
