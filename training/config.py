"""What a training is asked to do: YAML checked against a schema, every problem reported at once.

Presets are data files in ``training/presets/``; a user's file may start from one with ``extends: demo``.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from threat.errors import UsageError, raise_all

Share = Annotated[float, Field(gt=0, le=1)]
Count = Annotated[int, Field(ge=1)]
_DEEPEST = 3
"""Files that may extend each other: ours, theirs, a preset. Deeper, nobody can say where a value came from."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class CohortSettings(_Part):
    """Who is scored when.

    ``monthly``: everyone eligible on the first of each month. ``incident``: each relationship ``after_seconds`` after
    a domestic incident was recorded.
    """

    kind: Literal["monthly", "incident"] = "monthly"
    after_seconds: Annotated[int, Field(ge=1, le=86_400)] = 3_600


class CalendarSettings(_Part):
    """Days and cycles of the folds. A cycle is one list: a calendar month or a week from Monday.

    ``look_back_days``: history wanted before the first fit as-of. ``embargo_days``: time after a label window for late
    records to arrive before the fit date. ``validation_folds`` 0: the history is too short for forward-chained
    validation; choose and calibrate across groups of subjects within the fit rows instead.
    """

    cycle: Literal["month", "week"] = "month"
    look_back_days: Annotated[int, Field(ge=0)] = 365
    embargo_days: Annotated[int, Field(ge=0)] = 30
    test_cycles: Count = 6
    validation_folds: Annotated[int, Field(ge=0)] = 2
    validation_cycles: Count = 3


class SamplingSettings(_Part):
    """Fit rows: every row with an outcome, and this many without for each of them (at least ``floor``), reweighted."""

    negatives_per_positive: Count = 20
    floor: Count = 20_000


class TreeCandidate(_Part):
    """One set of tree hyper-parameters to try on the validation folds."""

    num_leaves: Annotated[int, Field(ge=2, le=63)]
    min_data_in_leaf: Annotated[int, Field(ge=1)]
    lambda_l2: Annotated[float, Field(ge=0)]
    learning_rate: Share = 0.03
    feature_fraction: Share = 0.5
    bagging_fraction: Share = 0.7


class TreeSettings(_Part):
    """Regularised LightGBM: candidates, and the most rounds any may use (the number is chosen on validation folds)."""

    candidates: Annotated[list[TreeCandidate], Field(min_length=1)]
    max_rounds: Annotated[int, Field(ge=10, le=5_000)] = 400


class LinearSettings(_Part):
    """Elastic-net logistic regression: penalties to try and the share of L1.

    A penalty is a share of the least penalty that leaves every coefficient at 0.
    """

    penalties: Annotated[list[Annotated[float, Field(gt=0, lt=1)]], Field(min_length=1)] = [0.5, 0.2, 0.1, 0.05]
    l1_ratio: Annotated[float, Field(ge=0, le=1)] = 0.5


class Settings(_Part):
    """A whole training.

    ``capacity`` None: the policy's. ``new_charges_only``: an outcome must bring a severe kind that no earlier incident
    of the subject carried (sensitivity for records where the same case returns). ``ensemble``: how many times the
    chosen model is fitted again on resampled subjects, to see how stable the lists are.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title: str
    rung: Literal["Y0", "Y1", "Y2", "Y4", "Y5"] = "Y2"
    horizon_days: Count = 180
    capacity: Count | None = None
    cohort: CohortSettings = CohortSettings()
    calendar: CalendarSettings = CalendarSettings()
    sampling: SamplingSettings = SamplingSettings()
    trees: TreeSettings
    linear: LinearSettings = LinearSettings()
    new_charges_only: bool = False
    features_without: list[str] = []
    bootstrap: Annotated[int, Field(ge=0, le=10_000)] = 500
    ensemble: Annotated[int, Field(ge=0, le=50)] = 8
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 7
    threads: Annotated[int, Field(ge=1, le=64)] = 1


def presets() -> list[str]:
    """Return the names of the presets that come with the package, sorted."""
    folder = files("training") / "presets"
    return sorted(item.name.removesuffix(".yaml") for item in folder.iterdir() if item.name.endswith(".yaml"))


def load(config: str | Path, **changes: Any) -> Settings:
    """Read a preset by name, or a YAML file by path, and check it.

    ``changes`` replace top-level values (None is ignored). Raises one UsageError that lists every problem.
    """
    document = _document(config)
    document |= {name: value for name, value in changes.items() if value is not None}
    try:
        return Settings.model_validate(document)
    except ValidationError as error:
        raise_all(
            [
                UsageError(
                    f"{problem['msg'].removeprefix('Value error, ')}.",
                    value=None if problem["type"] == "missing" else problem["input"],
                    where=f"{config}: {'.'.join(str(part) for part in problem['loc']) or 'top level'}",
                )
                for problem in error.errors()
            ]
        )
        raise


def _document(config: str | Path, depth: int = 0) -> dict[str, Any]:
    if str(config) in presets():
        text = (files("training") / "presets" / f"{config}.yaml").read_text(encoding="utf-8")
    else:
        path = Path(config)
        if not path.is_file():
            raise UsageError(
                f"{config} is neither a preset nor a file.",
                way_out=f"one of {', '.join(presets())}, or the path of a file",
            )
        text = path.read_text(encoding="utf-8")
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UsageError("The configuration is not YAML.", value=error, where=str(config)) from None
    if not isinstance(document, dict):
        raise UsageError("The configuration is not a mapping of names to values.", where=str(config))
    base = document.pop("extends", None)
    if base is None:
        return document
    if depth > _DEEPEST:
        raise UsageError(
            f"The configuration extends more than {_DEEPEST} files deep, or in a circle.", value=base, where=str(config)
        )
    return _merged(_document(base, depth + 1), document)


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    both = {
        key: _merged(base[key], value) if isinstance(value, dict) and isinstance(base.get(key), dict) else value
        for key, value in over.items()
    }
    return base | both
