"""What documents written before they had versions said, for the few things that are still read from them.

A bundle of the format ``threat-bundle/1`` stays in service and its lists replay, and a RUN of before still counts as
having opened the test. Nothing else is read from such documents: they are refused by version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from threat.errors import BadInput, IntegrityFailure
from threat.measuring.figure import Verdict
from threat.release.documents.config import Config
from threat.release.documents.document import document_bytes, json_object
from threat.release.documents.evaluation import Evaluation
from threat.release.documents.folds import Folds
from threat.release.documents.gate import Gate, GateCheck, verdict_in_words
from threat.release.documents.snapshot import SnapshotRead


class _Before(BaseModel):
    """A document of before, of which only the named fields are read."""

    model_config = ConfigDict(frozen=True, extra="ignore")


_AnyBefore = TypeVar("_AnyBefore", bound=_Before)


class _Evaluation(_Before):
    rung: str
    horizon_days: int


class _Acceptance(_Before):
    expires: date


class _Check(_Before):
    title: str = ""
    required: bool = True
    verdict: Verdict = Verdict.NOT_ENOUGH
    reason: str = ""
    accepted: tuple[_Acceptance, ...] = ()


class _Gate(_Before):
    verdict: str
    environment: str
    show_probability: bool = False
    to: str = ""
    checks: tuple[_Check, ...] = ()


class _Opening(_Before):
    start: str = Field(alias="from")


class _Folds(_Before):
    test_opening: _Opening


class _Cohort(_Before):
    kind: str


class _Config(_Before):
    rung: str
    horizon_days: int
    cohort: _Cohort


class _Snapshot(_Before):
    id: str


@dataclass(frozen=True, slots=True)
class ReleasedCheck:
    """One check of the gate that a bundle passed. ``accepted``: acceptances count for the check."""

    title: str
    required: bool
    verdict: Verdict
    reason: str
    accepted: bool

    @property
    def words(self) -> str:
        """The verdict in words; see ``verdict_in_words``."""
        return verdict_in_words(self.verdict, accepted=self.accepted)


@dataclass(frozen=True, slots=True)
class Released:
    """What a bundle's documents say of its release, in either format.

    ``passed``: the gate's verdict was a pass. ``to``: the state it passed for; empty in the oldest bundles.
    ``expires``: last day on which every acceptance it depends on counts, None when it depends on none.
    """

    rung: str
    horizon_days: int
    passed: bool
    environment: str
    to: str
    show_probability: bool
    expires: date | None
    checks: tuple[ReleasedCheck, ...]


def _released_check(check: GateCheck | _Check) -> ReleasedCheck:
    return ReleasedCheck(check.title, check.required, check.verdict, check.reason, bool(check.accepted))


def released(files: Mapping[str, bytes], where: str) -> Released:
    """Return what ``evaluation.json`` and ``gate.json`` of a bundle say, from the format ``threat-bundle/2`` on."""
    evaluation = Evaluation.parse(files[Evaluation.FILE], f"{where}/{Evaluation.FILE}")
    gate = Gate.parse(files[Gate.FILE], f"{where}/{Gate.FILE}")
    return Released(
        rung=evaluation.rung,
        horizon_days=evaluation.horizon_days,
        passed=gate.verdict == "pass",
        environment=gate.environment,
        to=gate.to,
        show_probability=gate.show_probability,
        expires=gate.expires(),
        checks=tuple(map(_released_check, gate.checks)),
    )


def released_before(files: Mapping[str, bytes], where: str) -> Released:
    """Return the same of a bundle of the format ``threat-bundle/1``.

    Raises IntegrityFailure for an acceptance without a date or any other field missing: it was written by the product.
    """
    evaluation = _read(_Evaluation, files[Evaluation.FILE], f"{where}/{Evaluation.FILE}")
    gate = _read(_Gate, files[Gate.FILE], f"{where}/{Gate.FILE}")
    dates = [acceptance.expires for check in gate.checks for acceptance in check.accepted]
    return Released(
        rung=evaluation.rung,
        horizon_days=evaluation.horizon_days,
        passed=gate.verdict == "pass",
        environment=gate.environment,
        to=gate.to,
        show_probability=gate.show_probability,
        expires=min(dates, default=None),
        checks=tuple(map(_released_check, gate.checks)),
    )


@dataclass(frozen=True, slots=True)
class Question:
    """What a RUN asked of its test. ``test_start``: start of the test, UTC."""

    snapshot: str
    test_start: str
    rung: str
    horizon_days: int
    cohort: str


def question_of(run: Path) -> Question | None:
    """Return what the RUN in a folder asked, in either format; None where its documents cannot be read."""
    try:
        folds, config, snapshot = (document_bytes(run / kind.FILE) for kind in (Folds, Config, SnapshotRead))
        where = str(run)
        if json_object(folds, where).get("version") is None:
            old = _read(_Config, config, where)
            return Question(
                snapshot=_read(_Snapshot, snapshot, where).id,
                test_start=_read(_Folds, folds, where).test_opening.start,
                rung=old.rung,
                horizon_days=old.horizon_days,
                cohort=old.cohort.kind,
            )
        settings = Config.parse(config, where).settings
        return Question(
            snapshot=SnapshotRead.parse(snapshot, where).id,
            test_start=Folds.parse(folds, where).test_opening.start,
            rung=settings.rung,
            horizon_days=settings.horizon_days,
            cohort=settings.cohort.kind,
        )
    except (OSError, BadInput, IntegrityFailure):
        return None


def _read(kind: type[_AnyBefore], data: bytes, where: str) -> _AnyBefore:
    json_object(data, where)
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, problem["loc"])) for problem in error.errors())
        raise IntegrityFailure(
            "The document, of an earlier version, lacks a field.", value=fields, where=where
        ) from None
