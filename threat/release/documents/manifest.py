"""Lists of files: ``manifest.json`` and ``annexes.json`` of a RUN, ``manifest.json`` of a bundle; its canaries."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from threat.release.documents.document import Document, JsonFile, Part
from threat.release.documents.gate_policy import Environment

SHA256 = r"^[0-9a-f]{64}$"


class FileFacts(Part):
    """Hash and size of one file."""

    sha256: str = Field(pattern=SHA256, description="SHA-256 of the file")
    size: int = Field(ge=0, description="size, bytes")


class RunManifest(Document):
    """Every file of a sealed RUN."""

    FILE: ClassVar[str] = "manifest.json"
    VERSIONED_FROM_THE_START: ClassVar[bool] = True
    HOW_MADE: ClassVar[str] = "the training that made the RUN did not finish: train again"

    version: Literal[1] = Field(default=1, description="version of this document")
    run_id: str = Field(min_length=1, description="the RUN")
    files: dict[str, FileFacts] = Field(description="every file, by name")


class AnnexFacts(FileFacts):
    """One annex as it was added."""

    name: str = Field(min_length=1, description="name of the file")


class Annexes(Document):
    """Every annex ever added to a RUN, oldest first; a name's last entry is the current one."""

    FILE: ClassVar[str] = "annexes.json"
    VERSIONED_FROM_THE_START: ClassVar[bool] = True

    version: Literal[1] = Field(default=1, description="version of this document")
    manifest_sha256: str = Field(pattern=SHA256, description="hash of the manifest they belong to")
    annexes: tuple[AnnexFacts, ...] = Field(description="in the order they were added")


class BundleManifest(JsonFile):
    """Every file of a bundle, signed. ``format`` is the version of the bundle and of every document in it."""

    FILE: ClassVar[str] = "manifest.json"
    MADE_AGAIN: ClassVar[str] = "build it again: threat release RUN"

    format: Literal["threat-bundle/1", "threat-bundle/2", "threat-bundle/3", "threat-bundle/4"] = Field(
        description="1: documents without versions; 2: of before a model could have a base; 3: without statements"
    )
    environment: Environment = Field(description="environment of the key that signed it")
    run_id: str = Field(min_length=1, description="the RUN it was built from")
    run_manifest_sha256: str = Field(pattern=SHA256, description="hash of the RUN's manifest")
    model_sha256: str = Field(
        pattern=SHA256, description="hash of the model: of model.txt, and base.json where there is one"
    )
    files: dict[str, FileFacts] = Field(description="every file, by name")


class Canary(JsonFile):
    """``canary.json``: rows and the raw scores that the model gave them when the bundle was built."""

    FILE: ClassVar[str] = "canary.json"
    MADE_AGAIN: ClassVar[str] = "build the bundle again: threat release RUN"

    rows: tuple[tuple[float | None, ...], ...] = Field(min_length=1, description="values by feature; null: missing")
    scores: tuple[float, ...] = Field(min_length=1, description="raw scores, one per row")

    @model_validator(mode="after")
    def _paired(self) -> Self:
        if len(self.rows) != len(self.scores):
            raise ValueError("there is one score per row")
        return self
