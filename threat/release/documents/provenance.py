"""``provenance.json`` and ``execution.json``: with which code a RUN was made, and what making it took."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from threat.release.documents.document import Document, Part
from threat.release.documents.manifest import SHA256


class PolicyFacts(Part):
    """A policy as it was when the training read it."""

    version: str = Field(min_length=1, description="version that the policy names")
    sha256: str = Field(pattern=SHA256, description="SHA-256 of its file")


class Policies(Part):
    """The policies of a training: of a release, ``gate.json`` and ``fairness.json`` name the policies in force then."""

    eligibility: PolicyFacts = Field(description="who is considered; the force's own where one was given")
    fairness: PolicyFacts = Field(description="the product's own (fairness/policy.yaml)")
    gate: PolicyFacts = Field(description="the product's own (training/gate/policy.yaml)")


class Provenance(Document):
    """The code and the libraries that made a RUN.

    Sealed with the RUN, in no bundle: the same model may be made on two machines, and its bundle holds the same model.
    """

    FILE: ClassVar[str] = "provenance.json"
    HOW_MADE: ClassVar[str] = "train again: threat train"

    version: Literal[1] = Field(default=1, description="version of this document")
    product_version: str = Field(min_length=1, description="version of the product")
    checkout: Literal["clean", "changed", "none", "unknown"] = Field(
        description="clean: exactly the commit; changed: files differ from the commit; none: installed, no checkout; "
        "unknown: git is missing or refuses to answer"
    )
    commit: str | None = Field(pattern=r"^[0-9a-f]{40,64}$", description="git commit; null without one")
    lock_sha256: str | None = Field(pattern=SHA256, description="SHA-256 of requirements.lock; null: no checkout")
    python: str = Field(min_length=1, description="implementation and version of Python")
    platform: str = Field(min_length=1, description="operating system, the machine's architecture and its C library")
    libraries: dict[str, str] = Field(description="version by library, of those that the numbers depend on")
    policies: Policies = Field(description="the policies read")


class Execution(Document):
    """How a training went on its machine. An annex: nothing that is sealed or signed depends on it.

    A training of another number of threads, or one finished after a kill, gives the same sealed files.
    """

    FILE: ClassVar[str] = "execution.json"
    ANNEX: ClassVar[bool] = True
    HOW_MADE: ClassVar[str] = "train again: threat train"

    version: Literal[1] = Field(default=1, description="version of this document")
    threads: int = Field(ge=1, description="threads of the fit")
    seconds: float = Field(ge=0, description="time from start to seal, of the attempt that sealed the RUN, seconds")
    cpu_seconds: float = Field(ge=0, description="processor time of that attempt, seconds")
    peak_memory_mb: float = Field(ge=0, description="most memory of that attempt, megabytes (2**20 bytes)")
