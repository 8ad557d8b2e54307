"""What puts relationships in order: the model in service, or, labelled, a rule.

A bundle is used only when the promotions say it is in service and nothing its release depends on has expired. With none
released, or while it is suspended, a rule ranks. When the chain of promotions or the bundle does not verify, nothing is
scored at all (exit 5).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from features import Catalogue, Matrix, load_catalogue
from features.rules import DEFAULT_RULE, RULES
from threat import rungs
from threat.dates import as_of_day
from threat.errors import IntegrityFailure, UsageError
from threat.release import bundle as bundles
from threat.release import kept, promoted, promotions
from threat.release.approved import NotApproved
from threat.release.documents.scored_list import Basis
from threat.release.lapses import foundations, lapsed
from threat.release.ledger import Standing
from threat.release.ranking_model import Contributions
from threat.trust.folder import Trust


class Ranking(Protocol):
    """An order of rows: higher scores are reviewed first."""

    @property
    def kind(self) -> Literal["model", "rule"]: ...

    @property
    def id(self) -> str:
        """The name of this very ranking, for ever: the SHA-256 of the bundle, or ``rule:`` and the rule's name."""
        ...

    @property
    def title(self) -> str: ...

    @property
    def note(self) -> str: ...

    @property
    def demonstration(self) -> bool: ...

    def catalogue(self) -> Catalogue:
        """Return the definitions that the ranking reads."""
        ...

    def score(self, matrix: Matrix) -> NDArray[np.float64]:
        """Return the raw scores, float64[n]."""
        ...

    def contributions(self, matrix: Matrix, chosen: NDArray[np.intp]) -> tuple[tuple[str, ...], Contributions]:
        """Return a model's feature names (d) and the exact contributions of the chosen rows.

        Raises TypeError for a rule, which has none.
        """
        ...

    def reads(self) -> tuple[str, ...]:
        """Return the names of the features that the ranking reads."""
        ...


@dataclass(frozen=True)
class RuleRanking:
    """A rule of ``features.rules``, shown as what it is."""

    name: str
    note: str
    kind: Literal["model", "rule"] = "rule"
    demonstration: bool = False

    @property
    def id(self) -> str:
        return f"rule:{self.name}"

    @property
    def title(self) -> str:
        return RULES[self.name].title

    def catalogue(self) -> Catalogue:
        return load_catalogue()

    def score(self, matrix: Matrix) -> NDArray[np.float64]:
        return np.asarray(RULES[self.name].score(matrix), dtype=np.float64)

    def contributions(self, matrix: Matrix, chosen: NDArray[np.intp]) -> tuple[tuple[str, ...], Contributions]:
        raise TypeError("a rule has no contributions; serving.relationship.reasons.explain_rule gives its reasons")

    def reads(self) -> tuple[str, ...]:
        return RULES[self.name].reads


@dataclass(frozen=True)
class ModelRanking:
    """The model of an opened bundle."""

    bundle: bundles.Bundle
    state: str
    since: int
    kind: Literal["model", "rule"] = "model"

    @property
    def id(self) -> str:
        return self.bundle.sha256

    @property
    def title(self) -> str:
        release = self.bundle.released
        outcome, days = rungs.title_of(release.rung), release.horizon_days
        return f"Model {self.bundle.manifest.run_id}: how likely {outcome} is to be recorded within {days} days"

    @property
    def note(self) -> str:
        if self.bundle.revoked:
            return "Revoked: for replay alone."
        return f"In service ({self.state}) since {as_of_day(self.since)}."

    @property
    def demonstration(self) -> bool:
        return self.bundle.environment == "demonstration"

    def catalogue(self) -> Catalogue:
        return load_catalogue()

    def score(self, matrix: Matrix) -> NDArray[np.float64]:
        return self.bundle.model.raw_score(self._values(matrix, slice(None)))

    def contributions(self, matrix: Matrix, chosen: NDArray[np.intp]) -> tuple[tuple[str, ...], Contributions]:
        return self.reads(), self.bundle.model.contributions(self._values(matrix, chosen))

    def _values(self, matrix: Matrix, rows: NDArray[np.intp] | slice) -> NDArray[np.float32]:
        at = {name: i for i, name in enumerate(matrix.names)}
        columns = [at[name] for name in self.reads()]
        return np.ascontiguousarray(matrix.values[rows][:, columns])

    def reads(self) -> tuple[str, ...]:
        return self.bundle.features.names


def current(promotions_path: Path, at: int, rule: str = DEFAULT_RULE, *, trust: Trust | None = None) -> Ranking:
    """Return the ranking in service at ``at`` (UTC seconds).

    The model of the promotions, or the rule with the reason why a rule ranks. ``trust``: as in ``promotions.read``.

    Raises IntegrityFailure when the promotions or the bundle do not verify, or the model was made with another
    catalogue.
    """
    standing, bundle = in_service(promotions_path, at, trust=trust)
    if bundle is not None:
        return _model(bundle, standing.state, standing.since)
    return named_rule(rule, why_a_rule(standing) or "No model has been released.")


def in_service(promotions_path: Path, at: int, *, trust: Trust | None = None) -> tuple[Standing, bundles.Bundle | None]:
    """Return the standing of the promotions, and the bundle that is served at ``at`` (UTC seconds), if any.

    A bundle whose release depends on a word that expired or was withdrawn by then, or that people no longer approve, is
    suspended, whatever the promotions say: nobody answers any longer for what could not be shown.
    """
    trust = Trust.open() if trust is None else trust
    try:
        standing, bundle = promotions.open_current(promotions_path, trust)
    except NotApproved as failure:
        return fallen_back(promotions.current(promotions_path, trust), failure.problem.removesuffix(".")), None
    if bundle is None:
        return standing, None
    release = foundations(bundle, trust, promoted.judged_by(standing, trust))
    reason = lapsed(release, promotions_path.parent / kept.FILE, trust, at)
    return (fallen_back(standing, reason), None) if reason else (standing, bundle)


def fallen_back(standing: Standing, reason: str) -> Standing:
    """Return the standing as suspended by nobody: by what the release depends on. ``reason``: without a full stop."""
    return replace(standing, state="suspended", by="", reason=reason)


def why_a_rule(standing: Standing) -> str:
    """Say in a sentence that the model was suspended; empty when the model was not suspended."""
    if standing.state != "suspended":
        return ""
    if not standing.by:  # nobody suspended it: time did, or a withdrawal
        return f"{standing.reason}."
    return f"The model was suspended on {as_of_day(standing.since)} by {standing.by}: {standing.reason}."


def named_rule(name: str, note: str) -> RuleRanking:
    """Return a rule by its name. Raises UsageError, listing the rules, for another name."""
    if name not in RULES:
        raise UsageError(
            "No rule has this name.", value=name, where="features/rules.py", way_out=f"one of {', '.join(RULES)}"
        )
    return RuleRanking(name, note)


def opened(promotions_path: Path, standing: Standing, *, to_serve: bool = True) -> bundles.Bundle:
    """Open the bundle of a standing, verified. Raises IntegrityFailure when it does not verify or there is none.

    ``to_serve``: False to read what was released, where people no longer approve it.
    """
    return promoted.open_promoted(standing, Trust.open(), to_serve=to_serve)


def of_list(basis: Basis, promotions_path: Path) -> Ranking:
    """Return the ranking that a LIST was made with.

    A bundle that was revoked since can still be read for replay. Raises IntegrityFailure when no promotion names it.
    """
    if basis.ranking == "rule":
        return named_rule(basis.ranking_id.removeprefix("rule:"), basis.ranking_note)
    replayed = promotions.open_for_replay(promotions_path, basis.ranking_id)
    if replayed is None:
        raise IntegrityFailure(
            "The list names a bundle that was never promoted.", value=basis.ranking_id, where=str(promotions_path)
        )
    standing, bundle = replayed
    return _model(bundle, standing.state, standing.since)


def _model(bundle: bundles.Bundle, state: str, since: int) -> ModelRanking:
    matching_catalogue(bundle.features.catalogue_version)
    return ModelRanking(bundle, state, since)


def matching_catalogue(made_with: str) -> None:
    """Raise IntegrityFailure when a model was made with another catalogue than the installed one."""
    here = load_catalogue().version
    if made_with != here:
        raise IntegrityFailure(
            "The model was made with another catalogue than the installed one.",
            value=f"model {made_with}, installed {here}",
            way_out="install the version the model was trained with, or train again",
        )
