"""The base: a ridge regression on the features tagged for it, sign-bound, with a known offset for time at liberty.

Signs: a coefficient may not go against the direction that the catalogue gives its feature, and being missing may not
raise a score where the feature has a direction, so a first record never lowers one. Strength: the penalty is chosen
across groups of subjects within the fit rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from features.definitions import Definition
from threat.release.base import Base, filled, liberty_offset, signed_log
from threat.release.documents.choices import BaseChoice, TriedMultiple
from threat.release.documents.model import DAYS_UNTIL_RELEASE, IN_CUSTODY, BaseColumn, BaseModel, LibertyOffset
from training.cohorts.sample import Sample
from training.config import BaseSettings
from training.models.prior import WeightedPrior
from training.models.ridge import Problem, minimise

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_DIGITS = 6
"""Significant digits written: far more than the records know, and few enough that processors whose linear algebra
differs in the last bits write the same file."""
_LEAST_SPREAD = 1e-6
"""Standard deviation under which a column never varies, and is left out."""
_CHOOSING_ROWS = 20_000
"""Rows without an outcome that the penalty is chosen on, at most; the final fit reads every row. What a row without an
outcome adds to a difference of two log losses is small, and a choice on 100,000 rows took five times as long."""


@dataclass(frozen=True, slots=True)
class FittedBase:
    """A base, how its penalty was chosen, and the document that serving reads."""

    base: Base
    choice: BaseChoice

    @property
    def document(self) -> BaseModel:
        """The document ``model/base.json``."""
        return self.base.document


def fit_base(
    sample: Sample,
    definitions: Iterable[Definition],
    settings: BaseSettings,
    *,
    horizon_days: int,
    seed: int,
    prior: WeightedPrior | None = None,
) -> FittedBase:
    """Choose the penalty across groups of subjects, then fit the base on every row of ``sample``.

    ``definitions``: of the sample's columns, in their order; those tagged ``base`` are read. ``prior``: what the
    penalty pulls the coefficients towards; None: towards 0. Linear algebra runs on one
    thread: on more, a fit of these few columns took 29 CPU seconds instead of 1.6, most of them waiting.
    """
    with threadpool_limits(1, user_api="blas"):
        frame = _frame(sample, definitions, settings, horizon_days, prior)
        choice = _choose(_chosen_from(frame, sample.person, seed), settings, seed)
        return FittedBase(_fitted(frame, choice.chosen), choice)


def fit_base_at(
    multiple: float,
    sample: Sample,
    definitions: Iterable[Definition],
    settings: BaseSettings,
    *,
    horizon_days: int,
    prior: WeightedPrior | None = None,
) -> Base:
    """Fit the base with a penalty of ``multiple`` times the rows with an outcome."""
    with threadpool_limits(1, user_api="blas"):
        return _fitted(_frame(sample, definitions, settings, horizon_days, prior), multiple)


@dataclass(frozen=True, slots=True)
class _Frame:
    """The base's columns, their coefficients still 0, and the regression that gives them."""

    base: Base
    problem: Problem


def _frame(
    sample: Sample,
    definitions: Iterable[Definition],
    settings: BaseSettings,
    horizon_days: int,
    prior: WeightedPrior | None,
) -> _Frame:
    """Return the columns of the tagged features that vary in the sample, and the offset."""
    definitions = tuple(definitions)
    names = [definition.name for definition in definitions]
    columns = [
        column
        for position, definition in enumerate(definitions)
        if definition.base
        for column in _columns(definition, sample.values[:, position], sample.weight)
    ]
    document = BaseModel(
        penalty=1.0,
        rows=len(sample.label),
        events=int(sample.label.sum()),
        intercept=0.0,
        columns=tuple(columns),
        liberty=_liberty(sample, names, settings, horizon_days),
        prior=None if prior is None else prior.used,
    )
    base = Base.of(document, names)
    problem = Problem(
        columns=base.standardised(sample.values),
        label=sample.label.astype(np.float64),
        weight=sample.weight,
        offset=base.offset(sample.values),
        signs=np.array([column.direction for column in columns], dtype=np.int8),
        centre=np.zeros(len(columns)) if prior is None else prior.centre(columns),
    )
    return _Frame(base, problem)


def _columns(definition: Definition, values: NDArray[np.float32], weight: Floats) -> Iterator[BaseColumn]:
    """Yield the columns of one feature that vary: its value, and whether it is missing."""
    logs = signed_log(values)
    present = np.isfinite(logs)
    if not present.any():
        return
    direction = definition.direction
    fill = _written(_fill(logs[present], weight[present], direction))
    value = filled(logs, fill, direction)
    mean, scale = _moments(value, weight)
    if scale > _LEAST_SPREAD:
        yield BaseColumn(
            feature=definition.name,
            reads="value",
            fill=fill,
            mean=mean,
            scale=scale,
            direction=direction,
            coefficient=0.0,
        )
    mean, scale = _moments((~present).astype(np.float64), weight)
    if scale > _LEAST_SPREAD:
        yield BaseColumn(
            feature=definition.name,
            reads="missing",
            mean=mean,
            scale=scale,
            # The fill is the end of least risk: being missing may be worth less than the end, never more.
            direction=-1 if direction else 0,
            coefficient=0.0,
        )


def _fill(logs: Floats, weight: Floats, direction: int) -> float:
    """Return what a missing value counts as.

    The end of least risk of a feature with a direction, else the weighted median.
    """
    if direction:
        return float(logs.min() if direction > 0 else logs.max())
    order = np.argsort(logs, kind="stable")
    total = np.cumsum(weight[order])
    return float(logs[order][np.searchsorted(total, total[-1] / 2)])


def _moments(x: Floats, weight: Floats) -> tuple[float, float]:
    """Weighted mean and standard deviation, as they are written."""
    mean = float(weight @ x / weight.sum())
    return _written(mean), _written(float(np.sqrt(weight @ (x - mean) ** 2 / weight.sum())))


def _written(number: float) -> float:
    """Round to the digits that are written."""
    return float(f"{number:.{_DIGITS}g}")


def _liberty(sample: Sample, names: Sequence[str], settings: BaseSettings, horizon_days: int) -> LibertyOffset | None:
    """The offset of the sample's rows; None where a feature that it is read from was left out."""
    if not {IN_CUSTODY, DAYS_UNTIL_RELEASE} <= set(names):
        return None
    custody, release = (sample.values[:, names.index(name)] for name in (IN_CUSTODY, DAYS_UNTIL_RELEASE))
    liberty = LibertyOffset(
        horizon_days=horizon_days,
        unknown_release_share=settings.unknown_release_share,
        least_liberty_share=settings.least_liberty_share,
        mean=0.0,
    )
    mean = _written(float(sample.weight @ liberty_offset(custody, release, liberty) / sample.weight.sum()))
    return liberty.model_copy(update={"mean": min(mean, 0.0)})


def _fitted(frame: _Frame, multiple: float) -> Base:
    """Fit at one penalty and return the base with its coefficients as they are written."""
    penalty = _penalty(multiple, frame.problem)
    solution = minimise(frame.problem, penalty)
    document, written = frame.base.document, [_written(number) for number in solution.tolist()]
    columns = tuple(
        column.model_copy(update={"coefficient": coefficient})
        for column, coefficient in zip(document.columns, written[1:], strict=True)
    )
    document = document.model_copy(update={"penalty": _written(penalty), "intercept": written[0], "columns": columns})
    return replace(frame.base, document=document)


def _penalty(multiple: float, problem: Problem) -> float:
    # Without any outcome (a draw of very few subjects) a penalty of 0 would leave the columns without a fit.
    return multiple * max(problem.events, 1.0)


@dataclass(frozen=True, slots=True)
class _Grouped:
    """Rows to choose the penalty on, and the subject of each, numbered from 0."""

    problem: Problem
    person: Ints


def _chosen_from(frame: _Frame, person: Ints, seed: int) -> _Grouped:
    """Return every row with an outcome, and at most _CHOOSING_ROWS of the others, reweighted."""
    problem = frame.problem
    _, number = np.unique(person, return_inverse=True)
    without = np.flatnonzero(problem.label == 0)
    if len(without) <= _CHOOSING_ROWS:
        return _Grouped(problem, number)
    drawn = np.random.default_rng(seed).choice(without, _CHOOSING_ROWS, replace=False)
    keep = np.sort(np.concatenate([np.flatnonzero(problem.label > 0), drawn]))
    part = problem.part(keep)
    share = problem.weight[without].sum() / problem.weight[drawn].sum()
    part = replace(part, weight=np.where(part.label > 0, part.weight, part.weight * share))
    return _Grouped(part, np.unique(number[keep], return_inverse=True)[1])


def _choose(grouped: _Grouped, settings: BaseSettings, seed: int) -> BaseChoice:
    """Choose the multiple; the strongest, with a warning, where too few subjects had an outcome to compare."""
    multiples = sorted(set(settings.multiples))
    problem = grouped.problem
    if len(multiples) == 1:
        return BaseChoice(chosen=multiples[0], tried=())
    group = _groups(grouped, settings.groups, seed)
    if group is None:
        warning = f"Fewer than {settings.groups} people had an outcome: the base has the strongest penalty tried."
        return BaseChoice(chosen=multiples[-1], tried=(), warnings=(warning,))
    losses = np.zeros((len(multiples), len(problem.label)))
    for number in range(settings.groups):
        left_out = group == number
        fit, measured = problem.part(~left_out), problem.part(left_out)
        solution = None
        for place in reversed(range(len(multiples))):
            solution = minimise(fit, _penalty(multiples[place], fit), solution)
            losses[place, left_out] = measured.losses(solution)
    by_person = np.array([np.bincount(grouped.person, of_multiple) for of_multiple in losses])
    return strongest_within_one_error(multiples, by_person, float(problem.weight.sum()))


def _groups(grouped: _Grouped, groups: int, seed: int) -> Ints | None:
    """Return the group of each row's subject; None where there are fewer subjects with an outcome than groups.

    Subjects with an outcome are dealt out evenly.
    """
    had = np.bincount(grouped.person, grouped.problem.label) > 0
    if int(had.sum()) < groups:
        return None
    order = np.random.default_rng(seed).permutation(len(had))
    order = order[np.argsort(~had[order], kind="stable")]
    of_person = np.empty(len(had), dtype=np.int64)
    of_person[order] = np.arange(len(had)) % groups
    return of_person[grouped.person]


def strongest_within_one_error(multiples: Sequence[float], losses: Floats, weight: float) -> BaseChoice:
    """Choose the strongest penalty whose loss exceeds the least by at most the standard error of the difference.

    ``multiples`` rising (m); ``losses``: summed log loss of each subject's rows, left out of the fit (m, subjects);
    ``weight``: of all rows. The error is that of a sum over subjects, who are what is drawn.

    >>> losses = np.array([[5.0, 5.0, 5.0, 5.0], [4.0, 5.0, 3.0, 5.0], [4.0, 5.5, 3.0, 4.9], [9.0, 9.0, 9.0, 9.0]])
    >>> strongest_within_one_error([0.5, 2.0, 5.0, 18.0], losses, weight=4.0).chosen
    5.0
    """
    people = losses.shape[1]
    best = int(losses.sum(axis=1).argmin())
    difference = losses - losses[best]
    error = np.sqrt(people * difference.var(axis=1, ddof=1))
    chosen = int(np.flatnonzero(difference.sum(axis=1) <= error).max())
    return BaseChoice(
        chosen=multiples[chosen],
        tried=tuple(
            TriedMultiple(
                multiple=multiple,
                log_loss=float(losses[place].sum() / weight),
                difference=max(float(difference[place].sum() / weight), 0.0),
                standard_error=float(error[place] / weight),
            )
            for place, multiple in enumerate(multiples)
        ),
        warnings=_edge(multiples, chosen),
    )


def _edge(multiples: Sequence[float], chosen: int) -> tuple[str, ...]:
    if 0 < chosen < len(multiples) - 1 or len(multiples) == 1:
        return ()
    end = "weakest" if chosen == 0 else "strongest"
    return (f"The base's penalty, {multiples[chosen]:g} times the outcome rows, is the {end} that was tried.",)
