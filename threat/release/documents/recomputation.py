"""What came of computing a RUN again before a release: its figures, its audit and its model."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from threat.release.documents.document import Part

Outcome = Literal["same", "different", "absent"]
FromHistory = Literal["same", "different", "not_here", "not_asked"]
Retrained = Literal["same_model", "different", "not_here", "not_asked"]


class FoundDifference(Part):
    """One place where the RUN says something else than what comes out again."""

    document: str = Field(min_length=1, description="file of the RUN")
    figure: str = Field(min_length=1, description="place in the file, by names; SHA-256 where only hashes are compared")
    sealed: str = Field(description="what the RUN holds")
    recomputed: str = Field(description="what came out")


class Recomputation(Part):
    """What came out when the RUN was computed again.

    ``from_history``: the rows of the test, their outcomes and the scores of the sealed model, built from the snapshot.
    ``same_model``: trained again, in a process of its own, every sealed file came out byte for byte. ``not_here``: this
    machine or this version of the product is another than the training's, so that another model would prove nothing.
    """

    evaluation: Outcome = Field(description="evaluation.json, from the predictions and outcomes; absent: none sealed")
    audit: Outcome = Field(description="fairness.json, from the predictions and the snapshot; absent: not audited")
    from_history: FromHistory = Field(
        default="not_asked",
        description="outcomes and scores of the test's rows, from the history; not_here: another catalogue or policy",
    )
    why_not_from_history: str = Field(default="", description="what is another here; empty where it was computed")
    retrained: Retrained = Field(description="whether the training was repeated, and what came out")
    why_not_retrained: str = Field(default="", description="what is another here; empty where it was repeated")
    differences: tuple[FoundDifference, ...] = Field(description="the first of the differences, in order")
    differences_in_all: int = Field(ge=0, description="how many there are")

    @property
    def says(self) -> str:
        """Return what was repeated and what came out, in words."""
        if self.differences:
            first = self.differences[0]
            more = self.differences_in_all - 1
            others = f", and {more} more places differ" if more else ""
            return (
                f"computed again, the RUN comes out otherwise: {first.document}, {first.figure}: sealed "
                f"{first.sealed}, recomputed {first.recomputed}{others}"
            )
        audited = " and audit" if self.audit == "same" else ""
        return "; ".join(filter(None, (f"figures{audited} came out again", self.derivation, self.retraining)))

    @property
    def derivation(self) -> str:
        """Return what is said of computing the test from the history, in words; empty of before it was computed."""
        if self.from_history == "same":
            return "outcomes and scores came out of the history"
        if self.from_history == "different":
            return "other outcomes or scores came out of the history"
        why_not = self.why_not_from_history
        return f"outcomes and scores not compared with the history: {why_not}" if why_not else ""

    @property
    def retraining(self) -> str:
        """Return what is said of the training, in words."""
        if self.retrained == "same_model":
            return "trained again, every sealed file came out byte for byte"
        if self.retrained == "different":
            return "trained again, other files came out"
        return f"not retrained here: {self.why_not_retrained}"
