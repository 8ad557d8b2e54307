"""``config.json``: what a training was asked, and what the policy then settled."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from threat.release.documents.document import Document
from threat.release.documents.settings import Settings


class Config(Document):
    """The settings of a RUN as they were given, with the capacity and the policy in force."""

    FILE: ClassVar[str] = "config.json"
    HOW_MADE: ClassVar[str] = "train again: threat train"

    version: Literal[1] = Field(default=1, description="version of this document")
    settings: Settings = Field(description="as asked")
    capacity: int = Field(ge=1, description="places on a list: as asked, or the policy's")
    policy_version: str = Field(min_length=1, description="version of the eligibility policy (threat/policy.yaml)")
