"""What a training is asked to do, as ``config.json`` records it: checked against a schema, nothing coerced."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, field_validator

from threat.release.documents.document import Part

Share = Annotated[float, Field(gt=0, le=1)]
Count = Annotated[int, Field(ge=1)]


RowKind = Literal["monthly", "index", "random_day"]
FitRows = Literal["monthly", "index", "both", "random_day"]


class _Setting(Part):
    # Strict also in Python: a preset's YAML has types, and "7" for 7 is a mistake to report.
    model_config = ConfigDict(strict=True)


class CohortSettings(_Setting):
    """Who is scored when.

    ``monthly``: everyone eligible on the first of each month. ``incident``: each relationship ``after_seconds`` after
    a domestic incident was recorded. ``capacity_share``: places on a list of an incident cohort where the settings name
    no capacity: it has as many rows as there were incidents, so only a share of them says how much is reviewed.
    """

    kind: Literal["monthly", "incident"] = Field(default="monthly", description="who is a row when")
    after_seconds: int = Field(default=3_600, ge=1, le=86_400, description="wait after the incident, seconds")
    fit_rows: list[FitRows] = Field(default=[], description="rows to try fitting on, the simplest first; empty: own")
    capacity_share: Share = Field(default=0.2, description="incident cohorts: places, as a share of the mean list")

    @field_validator("fit_rows")
    @classmethod
    def _each_once(cls, fit_rows: list[FitRows]) -> list[FitRows]:
        if twice := sorted({name for name in fit_rows if fit_rows.count(name) > 1}):
            raise ValueError(f"{', '.join(twice)} is named twice: each kind of row is one candidate")
        return fit_rows


class CalendarSettings(_Setting):
    """Days and cycles of the folds. A cycle is one list: a calendar month or a week from Monday.

    ``look_back_days``: history wanted before the first fit as-of. ``embargo_days``: time after a label window for late
    records to arrive before the fit date. ``validation_folds`` 0: the history is too short for forward-chained
    validation; choose and calibrate across groups of subjects within the fit rows instead.
    """

    cycle: Literal["month", "week"] = Field(default="month", description="length of one list's cycle")
    look_back_days: int = Field(default=365, ge=0, description="history wanted before the first fit as-of, days")
    embargo_days: int = Field(default=30, ge=0, description="wait for late records after a label window, days")
    test_cycles: Count = Field(default=12, description="cycles of the test")
    validation_folds: int = Field(default=2, ge=0, description="validation folds; 0: across groups of subjects")
    validation_cycles: Count = Field(default=3, description="cycles of each validation fold")


class SamplingSettings(_Setting):
    """Fit rows: every row with an outcome, and this many without for each of them (at least ``floor``), reweighted."""

    negatives_per_positive: Count = Field(default=20, description="rows without an outcome for each row with one")
    floor: Count = Field(default=20_000, description="least rows without an outcome")


class TreeCandidate(_Setting):
    """One set of tree hyper-parameters to try on the validation folds; LightGBM's names."""

    num_leaves: int = Field(ge=2, le=63, description="leaves of a tree")
    min_data_in_leaf: int = Field(ge=1, description="least rows of a leaf")
    lambda_l2: float = Field(ge=0, description="L2 penalty on leaves")
    learning_rate: Share = Field(default=0.03, description="share of each tree that is added")
    feature_fraction: Share = Field(default=0.5, description="share of features each tree may use")
    bagging_fraction: Share = Field(default=0.7, description="share of rows each tree is grown on")


Approach = Literal["distilled", "on_base", "scratch"]
"""The ways to a model that ranks, the simplest first: trees that come close to the base, trees added to the base, trees
alone."""

APPROACH_TITLES: dict[Approach, str] = {
    "distilled": "LightGBM distilled from the base",
    "on_base": "LightGBM on the base",
    "scratch": "LightGBM from scratch",
}
"""Titles of the approaches, in their order."""


class TreeSettings(_Setting):
    """Regularised LightGBM: approaches, candidates, from the simplest on, and how many rounds and seeds.

    The number of rounds is chosen on the validation folds: they are grown in step until ``patience`` rounds brought no
    lower pooled loss. ``seeds``: models that differ in their draws alone, averaged into one; a bundle holds at most
    20,000 trees (``threat.release.tree_structure``), ten seeds of 2,000 rounds.
    """

    approaches: list[Approach] = Field(
        default=list(APPROACH_TITLES), min_length=1, description="ways to a model to compare; the order does not matter"
    )
    candidates: list[TreeCandidate] = Field(min_length=1, description="hyper-parameters to try")
    max_rounds: int = Field(default=1_500, ge=10, le=2_000, description="most rounds")
    patience: Count = Field(default=50, description="rounds without a lower loss before growing stops")
    seeds: int = Field(default=10, ge=1, le=10, description="models of different seeds averaged into one")


class BaseSettings(_Setting):
    """The base: a ridge regression on the features tagged for it, with a known offset for time at liberty.

    ``multiples``: penalties to try, each times the fit rows with an outcome; compared across ``groups`` groups of
    subjects. ``unknown_release_share`` and ``least_liberty_share`` are policy values, not fitted. ``prior_weights``:
    shares of a prior taught by simulation that the penalty may pull towards, compared on the force's own validation.
    """

    multiples: list[Annotated[float, Field(gt=0, le=10_000)]] = Field(
        default=[0.1, 0.5, 2.0, 5.0, 18.0, 50.0],
        min_length=1,
        description="penalties to try, as multiples of the fit rows with an outcome",
    )
    groups: int = Field(default=5, ge=2, le=20, description="groups of subjects that penalties are compared across")
    unknown_release_share: Share = Field(
        default=0.15, description="policy: share of the horizon at liberty of a subject in custody, release unknown"
    )
    least_liberty_share: Share = Field(default=0.02, description="policy: least share of the horizon at liberty")
    prior_weights: list[Annotated[float, Field(ge=0, le=1)]] = Field(
        default=[0.0], min_length=1, description="weights to try of a prior taught by simulation; 0: no prior"
    )

    @field_validator("prior_weights")
    @classmethod
    def _each_once(cls, prior_weights: list[float]) -> list[float]:
        if len(set(prior_weights)) < len(prior_weights):
            raise ValueError("a weight of the prior is named twice: each is one candidate")
        return prior_weights


class LinearSettings(_Setting):
    """Elastic-net logistic regression: penalties to try and the share of L1.

    A penalty is a share of the least penalty that leaves every coefficient at 0.
    """

    penalties: list[Annotated[float, Field(gt=0, lt=1)]] = Field(
        default=[0.9, 0.7, 0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005], min_length=1, description="penalties to try"
    )
    l1_ratio: float = Field(default=0.5, ge=0, le=1, description="share of L1 in the penalty")


class ComparisonSettings(_Setting):
    """The one comparison that is written down before the test is opened; a change of its terms is a new version.

    ``margin``: mean recall that a model may lose and still be called not worse. ``against``: names of rankings.
    """

    version: str = Field(default="comparison-1", min_length=1, description="policy: version of these terms")
    measure: Literal["mean_recall"] = Field(default="mean_recall", description="policy: the one measure compared")
    margin: float = Field(default=0.02, gt=0, lt=1, description="policy: loss of it that is not yet worse")
    against: list[
        Literal[
            "rule_latest_grade",
            "rule_days_since_last",
            "rule_prior_count",
            "rule_rfg",
            "rule_rfgv",
            "rule_trailing_year_harm",
            "elastic_net",
        ]
    ] = Field(
        default=[
            "rule_latest_grade",
            "rule_days_since_last",
            "rule_rfgv",
            "rule_trailing_year_harm",
            "elastic_net",
        ],
        min_length=1,
        description="policy: rankings compared with",
    )


class Settings(_Setting):
    """A whole training.

    ``capacity`` None: the policy's. ``new_charges_only``: an outcome must bring a severe kind that no earlier incident
    of the subject carried (sensitivity for records where the same case returns). ``ensemble``: how many times the
    chosen model is fitted again on resampled subjects, to see how stable the lists are. ``threads``: of this machine's
    fit; read from a file and in no document, because nothing that a training makes depends on it.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="name of the configuration")
    title: str = Field(description="the training in words")
    rung: Literal["Y0", "Y1", "Y2", "Y4", "Y5"] = Field(default="Y2", description="the outcome")
    horizon_days: Count = Field(default=180, description="days within which the outcome counts")
    capacity: Count | None = Field(default=None, description="places on a list; null: the policy's")
    cohort: CohortSettings = Field(default=CohortSettings(), description="who is scored when")
    calendar: CalendarSettings = Field(default=CalendarSettings(), description="days and cycles of the folds")
    sampling: SamplingSettings = Field(default=SamplingSettings(), description="which rows are fitted on")
    trees: TreeSettings = Field(description="candidates of the model")
    base: BaseSettings = Field(default=BaseSettings(), description="the base of the model")
    linear: LinearSettings = Field(default=LinearSettings(), description="candidates of the regression")
    comparison: ComparisonSettings = Field(default=ComparisonSettings(), description="the planned comparison")
    new_charges_only: bool = Field(default=False, description="only outcomes with a new kind of charge count")
    features_without: list[str] = Field(default=[], description="features left out")
    features_with: list[str] = Field(
        default=[], description="features read although the catalogue says that no model reads them, to measure them"
    )
    bootstrap: int = Field(default=500, ge=0, le=10_000, description="replicates behind the intervals")
    ensemble: int = Field(default=8, ge=0, le=50, description="models fitted again on resampled subjects")
    seed: int = Field(default=7, ge=0, le=2**31 - 1, description="seed of every draw")
    threads: int = Field(default=1, ge=1, le=64, exclude=True, description="threads of the fit")
