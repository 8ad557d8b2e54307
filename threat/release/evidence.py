"""Every document of a RUN, read by type: what the gate decides on and what a card says."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Protocol, TypeVar

from threat.release.documents.ablations import Ablations
from threat.release.documents.card import Human
from threat.release.documents.checks import Checks
from threat.release.documents.choices import Choices
from threat.release.documents.cohort import CohortAttrition
from threat.release.documents.config import Config
from threat.release.documents.document import JsonFile
from threat.release.documents.evaluation import Evaluation
from threat.release.documents.expected_captures import ExpectedCaptures
from threat.release.documents.fairness import Fairness
from threat.release.documents.fairness_public import PublicFairness
from threat.release.documents.folds import Folds
from threat.release.documents.gate import Gate
from threat.release.documents.model import BaseModel, Calibrator, ComparedBase, ModelFeatures
from threat.release.documents.snapshot import SnapshotRead
from threat.release.runs import Run

_Document = TypeVar("_Document", bound=JsonFile)


class Find(Protocol):
    """Returns the document of a type, or None where there is none."""

    def __call__(self, kind: type[_Document], /) -> _Document | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDocuments:
    """The documents of one RUN; None where the RUN has none."""

    config: Config | None = None
    snapshot: SnapshotRead | None = None
    cohort: CohortAttrition | None = None
    folds: Folds | None = None
    choices: Choices | None = None
    evaluation: Evaluation | None = None
    captures: ExpectedCaptures | None = None
    ablations: Ablations | None = None
    checks: Checks | None = None
    features: ModelFeatures | None = None
    base: BaseModel | None = None
    compared_base: ComparedBase | None = None
    calibrator: Calibrator | None = None
    fairness: Fairness | None = None
    fairness_public: PublicFairness | None = None
    gate: Gate | None = None
    human: Human | None = None

    @property
    def audit(self) -> Fairness | PublicFairness | None:
        """The audit as a card reads it: as it may be published; the whole one of a RUN without a public report."""
        return self.fairness if self.fairness_public is None else self.fairness_public

    @classmethod
    def of(cls, run: Run, *, gate: bool = True) -> RunDocuments:
        """Read the documents of a RUN. ``gate``: False leaves out an earlier verdict, of whatever version it is.

        Raises BadInput for a document of another version, IntegrityFailure for a malformed one.
        """
        return cls.read_by(run.find, gate=gate)

    @classmethod
    def read_by(cls, find: Find, *, gate: bool = True) -> RunDocuments:
        """Read documents from wherever ``find`` finds them by their type; of a type that is not there, None."""
        return cls(
            config=find(Config),
            snapshot=find(SnapshotRead),
            cohort=find(CohortAttrition),
            folds=find(Folds),
            choices=find(Choices),
            evaluation=find(Evaluation),
            captures=find(ExpectedCaptures),
            ablations=find(Ablations),
            checks=find(Checks),
            features=find(ModelFeatures),
            base=find(BaseModel),
            compared_base=find(ComparedBase),
            calibrator=find(Calibrator),
            fairness=find(Fairness),
            fairness_public=find(PublicFairness),
            gate=find(Gate) if gate else None,
            human=find(Human),
        )

    def present(self) -> list[JsonFile]:
        """Return the documents that are there."""
        return [document for part in fields(self) if (document := getattr(self, part.name)) is not None]
