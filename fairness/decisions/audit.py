"""Audit what people decided about a list, next to the list: three audits, and what the decisions change by group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fairness.audit import audit
from fairness.characteristics import Characteristic
from fairness.policy import Policy
from threat.errors import BadInput
from threat.measuring.by_group import Counts, Grouping, counts_by_group
from threat.measuring.ranked import Cut, Floats, Labelled, Ranked
from threat.measuring.resampling import Resampling
from threat.release.documents.decisions_audit import DecisionsAudit, Effect, GapChange
from threat.release.documents.fairness import MISSING, Fairness

_TAKEN = Cut(threshold=0.5)
"""Cases are taken up or not: nothing competes for a place, so a score of 1 is on the list and 0 is not."""

_LEAST_CAUGHT = 10
"""Fewest outcomes on the list, and taken up, of a group and of everybody else: of two small numbers nearly every
replicate says that the ratio is what it is."""


@dataclass(frozen=True, slots=True, eq=False)
class DecidedRows:
    """Cases as rows to measure: their outcomes and persons, and whether each was listed and taken up, bool[n]."""

    rows: Labelled
    listed: np.ndarray
    taken: np.ndarray

    def of_list(self) -> tuple[Labelled, np.ndarray]:
        """The rows of the listed cases, and which of those were taken up."""
        kept, rows = self.listed, self.rows
        columns = {name: getattr(rows, name)[kept] for name in ("label", "credit", "person", "cycle", "left_out")}
        return replace(rows, **columns), self.taken[kept]


def audit_decisions(
    decided: DecidedRows, characteristics: Sequence[Characteristic], policy: Policy, *, dataset: str = ""
) -> DecisionsAudit:
    """Return the audits of the list, of people's decisions on the listed cases, and of both together.

    *Person*: of the cases listed, those taken up, so what people do with what the list offers. *Both*: of all cases,
    those taken up, whether listed or added by people, so what came of it. Raises BadInput where there is no case.
    """
    if not len(decided.rows):
        raise BadInput("There is no case to audit.", where=dataset)
    of_list, taken = decided.of_list()
    changed = _changes(decided, characteristics, policy)
    return DecisionsAudit(
        decisions=len(decided.rows),
        unknown_outcomes=int(np.isnan(decided.rows.label).sum()),
        model=_audit(decided.rows, decided.listed, characteristics, policy, "the model's list", dataset),
        person=None
        if not len(of_list)
        else _audit(of_list, taken, [_cut(item, decided.listed) for item in characteristics], policy,
                    "decisions on the listed cases", dataset),
        both=_audit(decided.rows, decided.taken, characteristics, policy, "list and decisions together", dataset),
        changes=changed,
    )  # fmt: skip


def _audit(
    rows: Labelled, selected: np.ndarray, items: Sequence[Characteristic], policy: Policy, title: str, dataset: str
) -> Fairness:
    ranked = Ranked(rows=rows, score=selected.astype(np.float64))
    report = audit(ranked, items, cut=_TAKEN, policy=policy, ranking="decisions", dataset=dataset)
    return report.model_copy(update={"title": title})


def _cut(item: Characteristic, kept: np.ndarray) -> Characteristic:
    return replace(item, codes=np.asarray(item.codes, dtype=object)[kept])


def _changes(decided: DecidedRows, characteristics: Sequence[Characteristic], policy: Policy) -> tuple[GapChange, ...]:
    """Compare recall of the list with recall of the decisions by group, in the same replicates."""
    gated = {(gate.party, gate.characteristic) for gate in policy.gate}
    items = [item for item in characteristics if item.party == "column" or (item.party, item.name) in gated]
    groupings = [item.grouping(decided.rows) for item in items]
    if not items:
        return ()
    resampling = Resampling(replicates=policy.draws, seed=policy.seed)
    listed, taken = (
        counts_by_group(Ranked(rows=decided.rows, score=selected.astype(np.float64)), groupings, _TAKEN, resampling)
        for selected in (decided.listed, decided.taken)
    )
    return tuple(
        _change(item, grouping, code, _pair(of_list, i, others), _pair(of_taken, i, others), policy)
        for item, grouping, of_list, of_taken in zip(items, groupings, listed, taken, strict=True)
        for i, code in enumerate(grouping.codes)
        for others in [np.array([code not in (MISSING, other) and other != MISSING for other in grouping.codes])]
        if code != MISSING
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Pair:
    """Events and those caught of a group and of everybody else, each with its replicates (column 0 the sample)."""

    events: Floats
    caught: Floats
    events_of_others: Floats
    caught_of_others: Floats

    @property
    def ratio(self) -> Floats:
        """Ratio of the group's recall to that of all others, in sample and replicates; not finite where undefined."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return (self.caught / self.events) / (self.caught_of_others / self.events_of_others)

    @property
    def is_enough(self) -> bool:
        return bool(min(self.caught[0], self.caught_of_others[0]) >= _LEAST_CAUGHT)


def _pair(counts: Counts, group: int, others: np.ndarray) -> _Pair:
    of_others = [counted[others].sum(axis=0) for counted in (counts.events, counts.captured)]
    return _Pair(counts.events[group], counts.captured[group], *of_others)


def _change(
    item: Characteristic, grouping: Grouping, code: str, listed: _Pair, taken: _Pair, policy: Policy
) -> GapChange:
    before, after = listed.ratio, taken.ratio
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(after) - np.log(before)
    effect: Effect = "not_enough_evidence"
    interval = None
    if listed.events[0] < policy.least_events or not (listed.is_enough and taken.is_enough):
        reason = (
            f"fewer than {policy.least_events} outcomes, or fewer than {_LEAST_CAUGHT} of them listed or taken up, of "
            "the group or of everybody else"
        )
    else:
        low, high = np.quantile(logs[1:][np.isfinite(logs[1:])], (0.025, 0.975))
        interval = (float(np.exp(low)), float(np.exp(high)))
        effect, reason = _effect(float(np.log(before[0])), float(np.log(after[0])), (float(low), float(high)))
    return GapChange(
        party=item.party,
        characteristic=item.name,
        code=code,
        title=item.title_of(code),
        events=round(float(listed.events[0])),
        listed=round(float(listed.caught[0]), 3),
        taken=round(float(taken.caught[0]), 3),
        ratio_of_list=_finite(before[0]),
        ratio_of_decisions=_finite(after[0]),
        change=_finite(np.exp(logs[0])) if np.isfinite(logs[0]) else None,
        change_interval=interval,
        effect=effect,
        reason=reason,
    )


def _effect(before: float, after: float, change: tuple[float, float]) -> tuple[Effect, str]:
    """Say what a change of the log ratio does to the gap, where its interval leaves out no change.

    A group listed at 0.6 of everybody else's share, of whose cases people take up more:

    >>> _effect(np.log(0.6), np.log(0.9), (0.2, 0.6))[0], _effect(np.log(0.6), np.log(0.4), (-0.6, -0.2))[0]
    ('narrows', 'widens')
    >>> _effect(np.log(0.6), np.log(0.9), (-0.1, 0.9))[0]
    'not_enough_evidence'
    """
    low, high = change
    if low <= 0 <= high:
        return "not_enough_evidence", "the interval of the change has no change in it"
    way = "more" if low > 0 else "fewer"
    if abs(after) < abs(before):
        return "narrows", f"people take up {way} of the group's cases than of others', nearer to equal than the list"
    return "widens", f"people take up {way} of the group's cases than of others', further from equal than the list"


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
