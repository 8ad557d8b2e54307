"""Evidence that ``docs/results.md`` is written from: aggregates of RUNs, never rows about people."""

from __future__ import annotations

from dataclasses import dataclass

from threat.measuring.figure import Figure
from threat.release.documents.checks import Checks
from threat.release.documents.choices import Choices
from threat.release.documents.cohort import CohortAttrition
from threat.release.documents.evaluation import Evaluation
from threat.release.documents.expected_captures import ExpectedCaptures
from threat.release.documents.fairness_public import PublicFairness
from threat.release.documents.stability import Stability


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakWorth:
    """AUC of a builder that filters on the date of an event, and its difference from the honest AUC, paired."""

    leaky_auc: Figure | None
    difference: Figure | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredRun:
    """What one RUN says of itself, with what was made for this page alone: audit, leak, truth (None: not made)."""

    evaluation: Evaluation
    cohort: CohortAttrition
    checks: Checks
    choices: Choices
    stability: Stability
    audit: PublicFairness | None = None
    leak: LeakWorth | None = None
    truth: ExpectedCaptures | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RealRecords:
    """Rows of the real records that were read, kept and quarantined, and the RUNs on them by preset."""

    rows_in: int
    rows_kept: int
    rows_quarantined: int
    runs: dict[str, MeasuredRun]


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticForce:
    """What a synthetic force was made with, how much was made, and the RUNs on it by preset."""

    asked_relationships: int
    years: float
    seed: int
    relationships: int
    events: int
    runs: dict[str, MeasuredRun]
