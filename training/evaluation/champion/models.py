"""The two models of a comparison: of a sealed RUN or of a signed bundle, with what is known of their fits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from features import Catalogue, Matrix
from threat.errors import BadInput, IntegrityFailure, UsageError
from threat.release import bundle as bundles
from threat.release import promotions
from threat.release.bundle import Bundle
from threat.release.documents.champion import ComparedModel, FitDateIs
from threat.release.documents.earlier import question_of
from threat.release.documents.evaluation import Evaluation
from threat.release.documents.folds import Folds
from threat.release.documents.model import Calibrator, ModelFeatures
from threat.release.model_files import ranking_files
from threat.release.ranking_model import RankingModel
from threat.release.runs import Run
from threat.release.scorer import kinds_in, probability
from threat.trust.folder import Trust

_NAMED = 5
"""Features that an error names: enough to see which part of a catalogue has gone."""


@dataclass(frozen=True, slots=True)
class ScoredModel:
    """A model that ranks rows of features by name; ``facts`` says which model, and up to when it was fitted."""

    facts: ComparedModel
    model: RankingModel
    calibrator: Calibrator

    @classmethod
    def read(cls, path: Path, trust: Trust) -> ScoredModel:
        """Return the model of a RUN or bundle (any ``threat-bundle/n``), after verifying every file of the folder.

        ``trust``: whose signature of a bundle counts. Raises UsageError where there is
        no such folder, IntegrityFailure where a file was changed.
        """
        if not path.is_dir():
            raise UsageError(
                "There is no RUN or bundle to be the champion.",
                where=str(path),
                way_out="list them: ls var/runs var/bundles; without --champion the bundle in service is taken",
            )
        if (path / bundles.SIGNATURE).is_file():
            return cls.of_bundle(bundles.open(path, trust, to_serve=False))
        return cls.of_run(Run.open(path))

    @classmethod
    def of_run(cls, run: Run) -> ScoredModel:
        """Return the model of a sealed RUN. A RUN of before documents had versions names no fit date, only its test."""
        features, question = run.read(ModelFeatures), question_of(run.directory)
        fit_date, certainty = _fit_date(_fit_date_of(run), None if question is None else question.test_start)
        facts = ComparedModel(
            kind="run",
            run_id=run.id,
            manifest_sha256=run.manifest_sha256,
            catalogue_version=features.catalogue_version,
            features=len(features.names),
            rung="" if question is None else question.rung,
            horizon_days=0 if question is None else question.horizon_days,
            cohort="" if question is None else _cohort(question.cohort),
            fit_date=fit_date,
            fit_date_is=certainty,
        )
        return cls(
            facts,
            RankingModel.read(ranking_files(run), features.names, str(run.directory)),
            run.read(Calibrator),
        )

    @classmethod
    def in_service(cls, var: Path, trust: Trust | None = None) -> ScoredModel:
        """Return the model of the bundle that is served by the promotions in ``var``, verified against the promotion.

        ``trust``: whose keys count (default: ``Trust.open()``). Raises UsageError where none is served,
        IntegrityFailure where promotions or bundle do not verify.
        """
        chain = var / "promotions.jsonl"
        standing, opened = promotions.open_current(chain, trust)
        if opened is None:
            raise UsageError(
                "No model is in service to be the champion.",
                value=standing.state,
                where=str(chain),
                way_out="name the champion: --champion BUNDLE|RUN",
            )
        return cls.of_bundle(opened)

    @classmethod
    def of_bundle(cls, opened: Bundle) -> ScoredModel:
        """Return the model of an opened bundle. It holds no fold dates; its own test began after its fit date."""
        try:
            test = opened.read(Evaluation).cohort
        except (BadInput, IntegrityFailure):  # a bundle of the first format: its evaluation has no such fields
            test = None
        fit_date, certainty = _fit_date(None, None if test is None else test.start)
        facts = ComparedModel(
            kind="bundle",
            run_id=opened.manifest.run_id,
            manifest_sha256=opened.sha256,
            catalogue_version=opened.features.catalogue_version,
            features=len(opened.features.names),
            rung=opened.released.rung,
            horizon_days=opened.released.horizon_days,
            cohort="" if test is None else test.kind,
            fit_date=fit_date,
            fit_date_is=certainty,
        )
        return cls(facts, opened.model, opened.calibrator)

    @property
    def title(self) -> str:
        """The model in words."""
        return f"{'RUN' if self.facts.kind == 'run' else 'bundle of the RUN'} {self.facts.run_id}"

    def require(self, catalogue: Catalogue) -> None:
        """Raise UsageError, naming features, where the model reads any that the catalogue does not define."""
        present = set(catalogue.names)
        if lacking := [name for name in self.model.names if name not in present]:
            more = f" and {len(lacking) - _NAMED} more" if len(lacking) > _NAMED else ""
            raise UsageError(
                f"The {self.title} reads {len(lacking)} features that the present catalogue lacks.",
                value=", ".join(lacking[:_NAMED]) + more,
                where=f"{ModelFeatures.FILE} of the {self.title}",
                way_out="compare with a version of the product whose catalogue has both, or train its settings again",
            )

    def values(self, matrix: Matrix, rows: NDArray[np.int64] | slice = slice(None)) -> NDArray[np.float32]:
        """Return what the model reads of a matrix, by name: float32 (rows, columns of the model)."""
        at = {name: place for place, name in enumerate(matrix.names)}
        return np.ascontiguousarray(matrix.values[rows][:, [at[name] for name in self.model.names]])

    def probability(self, matrix: Matrix, raw: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """Return the calibrated probability of raw scores, float64[n]; None where the calibrator gives none."""
        return probability(self.calibrator, raw, kinds_in(matrix.names, matrix.values))


def _cohort(kind: str) -> Literal["monthly", "incident", ""]:
    """Return the kind of a cohort; empty for a kind that only a RUN of before could have."""
    return "monthly" if kind == "monthly" else "incident" if kind == "incident" else ""


def _fit_date(exact: str | None, test_start: str | None) -> tuple[str | None, FitDateIs]:
    """Return the fit date, or else the start of the model's own test, which no fit date comes after."""
    if exact is not None:
        return exact, "exact"
    return test_start, "unknown" if test_start is None else "at_latest"


def _fit_date_of(run: Run) -> str | None:
    try:
        return run.read(Folds).test.fit_date
    except (BadInput, UsageError):  # of before documents had versions, or without dates
        return None
