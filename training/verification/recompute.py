"""Computing a sealed RUN again: its evaluation from its predictions, audit and test from the snapshot, its model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fairness.page import page
from fairness.runs import audit_run, snapshot_of
from threat.release.documents.evaluation import MODEL, Evaluation
from threat.release.documents.fairness import Fairness
from threat.release.documents.recomputation import FoundDifference, Outcome, Recomputation
from threat.release.runs import Run
from training.evaluation.differences import differences
from training.evaluation.reproduce import reproduce
from training.verification.from_history import Derivation, derive
from training.verification.retraining import Retraining, retrain

_NAMED = 20
"""Differences that the verdict keeps: enough to see what was changed; a forged table has thousands."""

_DIFFERS = "what was computed before differs already"

PAGE = "fairness.html"
"""The audit as people read it: made from fairness.json, and compared byte for byte."""


@dataclass(frozen=True, slots=True)
class Again:
    """How a RUN is computed again.

    ``store``: the history that the RUN was trained on. ``retrain``: whether its training is repeated too. ``policy``:
    the force's own eligibility policy, where the RUN was trained with one.
    """

    store: Path
    retrain: bool = True
    policy: Path | None = None
    threads: int = 1


def recompute(run: Run, again: Again) -> Recomputation:
    """Compute a sealed RUN again and return what came out. Nothing is written.

    Raises IntegrityFailure where the store never held the RUN's snapshot or the repeated training ends early, BadInput
    where the RUN was made by another version of the product, UsageError where it has no predictions.
    """
    figures, audit = tuple(_figures(run)), _audit(run, again.store)
    wrong = (*figures, *(audit or ()))
    # What takes longest comes last: a forged figure is refused within seconds, a repeated training takes its time.
    derived = Derivation("not_asked", _DIFFERS) if wrong else _derived(run, again)
    wrong = (*wrong, *derived.differences)
    if wrong:
        training = Retraining("not_asked", _DIFFERS)
    elif again.retrain:
        training = retrain(run, again.store, policy=again.policy, threads=again.threads)
    else:
        training = Retraining("not_asked", "left out (--no-retrain)")
    differing = (*wrong, *training.differences)
    return Recomputation(
        evaluation="different" if figures else "same",
        audit=_outcome(audit),
        from_history=derived.state,
        why_not_from_history=derived.why_not,
        retrained=training.state,
        why_not_retrained=training.why_not,
        differences=differing[:_NAMED],
        differences_in_all=len(differing),
    )


def _derived(run: Run, again: Again) -> Derivation:
    return derive(run, snapshot_of(run, again.store), policy=again.policy, threads=again.threads)


def _figures(run: Run) -> Iterator[FoundDifference]:
    """Yield each figure of evaluation.json that does not come out of the predictions and outcomes again."""
    for item in reproduce(run).differences or ():
        yield FoundDifference(
            document=Evaluation.FILE, figure=item.figure, sealed=item.sealed, recomputed=item.recomputed
        )


def _audit(run: Run, store: Path) -> list[FoundDifference] | None:
    """Return each figure of fairness.json that does not come out again; None where the RUN was not audited.

    Under the report's own policy: that it is the policy set for the release is another check's question.
    """
    report = run.find(Fairness)
    snapshot = snapshot_of(run, store)
    if report is None:
        return None
    again = audit_run(run, snapshot, report.policy, ranking=MODEL)
    differing = [
        FoundDifference(document=Fairness.FILE, figure=item.figure, sealed=item.sealed, recomputed=item.recomputed)
        for item in differences(report.as_json(), again.as_json())
    ]
    if not differing and run.has(PAGE) and run.path(PAGE).read_text(encoding="utf-8") != page(report):
        differing.append(
            FoundDifference(document=PAGE, figure="the page", sealed="other words", recomputed=Fairness.FILE)
        )
    return differing


def _outcome(differing: list[FoundDifference] | None) -> Outcome:
    if differing is None:
        return "absent"
    return "different" if differing else "same"
