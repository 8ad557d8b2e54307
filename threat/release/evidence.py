"""Every document of a RUN, read by type: what the gate decides on and what a card says."""

from __future__ import annotations

from dataclasses import dataclass

from threat.release.documents.ablations import Ablations
from threat.release.documents.card import Human
from threat.release.documents.checks import Checks
from threat.release.documents.choices import Choices
from threat.release.documents.cohort import CohortAttrition
from threat.release.documents.config import Config
from threat.release.documents.evaluation import Evaluation
from threat.release.documents.expected_captures import ExpectedCaptures
from threat.release.documents.fairness import Fairness
from threat.release.documents.fairness_public import PublicFairness
from threat.release.documents.folds import Folds
from threat.release.documents.gate import Gate
from threat.release.documents.model import BaseModel, Calibrator, ComparedBase, ModelFeatures
from threat.release.documents.snapshot import SnapshotRead
from threat.release.runs import Run


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

    @classmethod
    def of(cls, run: Run, *, gate: bool = True) -> RunDocuments:
        """Read the documents of a RUN. ``gate``: False leaves out an earlier verdict, of whatever version it is.

        Raises BadInput for a document of another version, IntegrityFailure for a malformed one.
        """
        return cls(
            config=run.find(Config),
            snapshot=run.find(SnapshotRead),
            cohort=run.find(CohortAttrition),
            folds=run.find(Folds),
            choices=run.find(Choices),
            evaluation=run.find(Evaluation),
            captures=run.find(ExpectedCaptures),
            ablations=run.find(Ablations),
            checks=run.find(Checks),
            features=run.find(ModelFeatures),
            base=run.find(BaseModel),
            compared_base=run.find(ComparedBase),
            calibrator=run.find(Calibrator),
            fairness=run.find(Fairness),
            fairness_public=run.find(PublicFairness),
            gate=run.find(Gate) if gate else None,
            human=run.find(Human),
        )
