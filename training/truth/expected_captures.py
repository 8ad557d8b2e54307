"""Expected captures: how many outcomes lists would meet on average, by the truth of a synthetic force.

A list of k relationships is worth the sum of their true risks: the mean number of outcomes it meets over every way
things could have gone from there, instead of the few that happened to. Ranked by the latent oracle it is the most any
ranking can reach; ranked by the ceiling it is about what the records allow. Each true relation counts once in a list,
by the row of it that is ranked first (second records, repeated index incidents): the others take up a place. Lists for
severe harm (Y2) are judged by the deadly part of it (Y1) too: the rarer and graver outcome, by the same places.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from threat.asof import show
from threat.measuring.estimates import What, measure
from threat.measuring.figure import Figure
from threat.measuring.list_length import ListLength
from threat.measuring.ranked import Ranked
from threat.measuring.resampling import Draws, Resampling, auc, capture, ratio, totals
from threat.release.documents.expected_captures import (
    CeilingFit,
    DeadlyRisk,
    ExpectedCaptures,
    ListCaptures,
    ParticleCheck,
    RankingCaptures,
)
from training.evaluation.table import Ranking
from training.truth.judged_lists import JudgedLists, Lookahead

Floats = NDArray[np.float64]

ORACLE, CEILING, DEADLY_ORACLE = "oracle", "ceiling", "oracle_deadly"
_ORACLE_TITLE = "Latent oracle (the most any ranking can reach)"
_DEADLY_ORACLE_TITLE = "Latent oracle of deadly harm"
_HALVES = ((0, 1), (1, 0))
"""(half of the draws that ranks, half that judges), both ways: luck in its own draws would flatter the oracle."""

Captures = dict[int, Floats]
"""Expected outcomes met by a list, by its length: the sample, then its replicates."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Rankings judged by the truth: those of the lists in their order, then further ones, the oracles last.

    ``deadly``: what a list's cohort holds of deadly risk; None where that was not asked for.
    """

    lists: JudgedLists
    capacity: int
    outcomes_per_list: float
    deadly: DeadlyRisk | None
    rankings: tuple[RankingCaptures, ...]

    def document(
        self, run_id: str, how: Lookahead, ceiling: CeilingFit | None = None, check: ParticleCheck | None = None
    ) -> ExpectedCaptures:
        """Return the annex of the RUN."""
        lists = self.lists
        return ExpectedCaptures(
            run_id=run_id,
            draws=how.draws,
            seed=how.seed,
            capacity=self.capacity,
            rung="Y1" if lists.outcome.rung == "Y1" else "Y2",
            horizon_days=lists.outcome.horizon_days,
            n=int(lists.counted.sum()),
            relations=len(np.unique(lists.true_relation)),
            realised_rows=int(lists.label.sum()),
            expected_outcomes_per_list=self.outcomes_per_list,
            mean_risk=float(lists.truth.risk[lists.counted].mean()),
            mean_monte_carlo_error=float(lists.truth.error[lists.counted].mean()),
            deadly=self.deadly,
            rankings=self.rankings,
            ceiling=ceiling,
            particle_check=check,
        )


def compare(
    lists: JudgedLists,
    extra: Sequence[Ranking] = (),
    *,
    capacity: int | None = None,
    resampling: Resampling = Resampling(replicates=300, seed=7),  # noqa: B008 frozen, so one for all calls is safe
) -> Compared:
    """Judge every ranking of the lists, ``extra`` rankings and the oracle by the truth.

    Captures are per list; intervals are over subjects, paired between rankings.
    """
    judged = _Judged.of(lists, capacity or lists.capacity, resampling)
    deadly = _Deadly.of(lists, judged.capacity, resampling)
    rankings = [*lists.rankings, *extra]
    met = {ranking.name: judged.captures(ranking.scores) for ranking in rankings}
    best = judged.best()
    ceiling = met.get(CEILING)
    captures = [
        RankingCaptures(
            name=ranking.name,
            title=ranking.title,
            figures=(
                *judged.figures(ranking.scores, met[ranking.name], best, ceiling),
                *(() if deadly is None else deadly.figures(deadly.judged.captures(ranking.scores))),
            ),
            lists=judged.by_list(ranking.scores),
        )
        for ranking in rankings
    ]
    return Compared(
        lists,
        judged.capacity,
        float(judged.everything[0]),
        None if deadly is None else deadly.risk(),
        (*captures, *_oracles(judged, deadly, best, ceiling)),
    )


def captures_by_length(
    lists: JudgedLists, rankings: Sequence[Ranking], *, capacity: int
) -> dict[str, dict[int, float]]:
    """Return the expected outcomes that a list of each ranking, and of the oracle, meets at every length of the ladder.

    Without intervals: for comparisons over forces, whose own spread is the interval.
    """
    judged = _Judged.of(lists, capacity, Resampling(replicates=0, seed=0))
    met = {ranking.name: judged.captures(ranking.scores) for ranking in rankings} | {ORACLE: judged.best()}
    return {name: {size: float(values[0]) for size, values in by_size.items()} for name, by_size in met.items()}


def _oracles(
    judged: _Judged, deadly: _Deadly | None, best: Captures, ceiling: Captures | None
) -> tuple[RankingCaptures, ...]:
    """Return the oracle of the lists' outcome and, where the deadly risk is known, that of deadly harm."""
    risk = judged.lists.truth.risk
    oracle = RankingCaptures(
        name=ORACLE,
        title=_ORACLE_TITLE,
        figures=judged.figures(risk, best, best, ceiling),
        lists=judged.best_by_list(),
    )
    if deadly is None:
        return (oracle,)
    # Each oracle is judged by the other's risk without halves: the draws of the two risks are independent.
    by_severe, by_deadly = (
        _each_relation_once(lists, lists.truth.risk) for lists in (judged.lists, deadly.judged.lists)
    )
    of_deadly = RankingCaptures(
        name=DEADLY_ORACLE,
        title=_DEADLY_ORACLE_TITLE,
        figures=(
            *judged.figures(by_deadly, judged.captures(by_deadly), best, ceiling),
            *deadly.figures(deadly.best),
        ),
        lists=judged.by_list(by_deadly),
    )
    figures = (*oracle.figures, *deadly.figures(deadly.judged.captures(by_severe)))
    return (oracle.model_copy(update={"figures": figures}), of_deadly)


@dataclass(frozen=True, slots=True)
class _Judged:
    """Lists with their draws: ``everything`` is the expected outcomes of a list's whole cohort, per replicate."""

    lists: JudgedLists
    capacity: int
    draws: Draws
    everything: Floats

    @classmethod
    def of(cls, lists: JudgedLists, capacity: int, resampling: Resampling) -> _Judged:
        relation = lists.relation_on_list
        # Second records of a relation share its risk, so that the cohort's sum holds each relation once.
        sharers = np.bincount(relation)[relation]
        whole = lists.credited(lists.truth.risk / sharers)
        draws = Draws.of(whole.persons, resampling)
        return cls(lists, capacity, draws, totals(whole.credit, whole.person, draws) / lists.number)

    def captures(self, scores: Floats) -> Captures:
        """Expected outcomes met by a list, ranked by ``scores`` and judged by the truth, at every length."""
        met = self._of_all_lists(scores, self.lists.truth.risk)
        return {size: events / self.lists.number for size, events in met.items()}

    def _of_all_lists(self, scores: Floats, risk: Floats) -> Captures:
        """Expected outcomes met by all lists together."""
        ranked = Ranked(rows=self.lists.credited(credit_relations(self.lists, scores, risk)), score=scores)
        return {size: capture(ranked, self.draws, size).events for size in ListLength(self.capacity).ladder}

    def best(self) -> Captures:
        """Expected outcomes met by the oracle's list: the mean of ranking on one half and judging on the other."""
        halves = self.lists.truth.halves
        first, second = (
            self._of_all_lists(_each_relation_once(self.lists, halves[:, ranks]), halves[:, judges])
            for ranks, judges in _HALVES
        )
        return {size: (first[size] + second[size]) / 2 / self.lists.number for size in first}

    def figures(self, scores: Floats, met: Captures, best: Captures, ceiling: Captures | None) -> tuple[Figure, ...]:
        """Figures of one ranking: what its lists meet, and the shares of what can be reached."""
        k, everything, at = self.capacity, self.everything, {"capacity": self.capacity}
        means, best_means = (
            np.mean([ratio(captures[size], everything) for size in captures], axis=0) for captures in (met, best)
        )
        realised = Ranked(rows=self.lists.credited(self.lists.label.astype(np.float64)), score=scores)
        measured = [
            ("expected_captures", "Expected outcomes met by a list", met[k], at),
            ("expected_recall", "Of the risk in the cohort", ratio(met[k], everything), at),
            ("share_of_oracle", "Of what the oracle reaches", ratio(met[k], best[k]), at),
            ("mean_share_of_oracle", "Same, k/4 to 4k", ratio(means, best_means), {}),
        ]
        if ceiling is not None:
            measured.append(("share_of_ceiling", "Of what the ceiling reaches", ratio(met[k], ceiling[k]), at))
        measured.append(("auc", "AUC on realised outcomes", auc(realised, self.draws), {}))
        n, events = int(self.lists.counted.sum()), int(self.lists.label.sum())
        return tuple(
            measure(What(name=name, title=title, n=n, events=events, slice=restricted), values)
            for name, title, values, restricted in measured
        )

    def by_list(self, scores: Floats, risk: Floats | None = None) -> tuple[ListCaptures, ...]:
        """Captures of each list by itself, without intervals: lists share their subjects. ``risk``: else the truth."""
        lists = self.lists
        risk = lists.truth.risk if risk is None else risk
        rows = lists.credited(credit_relations(lists, scores, risk))
        sample = Draws(self.draws.counts[:, :1])
        captures = []
        for cycle in np.unique(lists.cycle):
            on_list = lists.cycle == cycle
            met = capture(Ranked(rows=rows.part(on_list), score=scores[on_list]), sample, self.capacity).events[0]
            as_of = show(int(lists.rows.as_of[on_list].min()))
            captures.append(ListCaptures(as_of=as_of, n=int(on_list.sum()), captures=float(met)))
        return tuple(captures)

    def best_by_list(self) -> tuple[ListCaptures, ...]:
        """Captures of each of the oracle's lists by itself."""
        halves = self.lists.truth.halves
        both = (
            self.by_list(_each_relation_once(self.lists, halves[:, ranks]), halves[:, judges])
            for ranks, judges in _HALVES
        )
        return tuple(
            first.model_copy(update={"captures": (first.captures + second.captures) / 2})
            for first, second in zip(*both, strict=True)
        )


@dataclass(frozen=True, slots=True)
class _Deadly:
    """Lists for severe harm, ``judged`` by the deadly risk, and what the oracle of deadly harm reaches on them."""

    judged: _Judged
    best: Captures

    @classmethod
    def of(cls, lists: JudgedLists, capacity: int, resampling: Resampling) -> _Deadly | None:
        """None where the deadly risk of the lists was not asked for."""
        by_deadly_risk = lists.by_deadly_risk()
        if by_deadly_risk is None:
            return None
        judged = _Judged.of(by_deadly_risk, capacity, resampling)
        return cls(judged, judged.best())

    def risk(self) -> DeadlyRisk:
        """Return how much deadly risk a list's cohort holds."""
        truth, counted = self.judged.lists.truth, self.judged.lists.counted
        return DeadlyRisk(
            expected_outcomes_per_list=float(self.judged.everything[0]),
            mean_risk=float(truth.risk[counted].mean()),
            mean_monte_carlo_error=float(truth.error[counted].mean()),
        )

    def figures(self, met: Captures) -> tuple[Figure, ...]:
        """Figures of the deadly outcomes that one ranking's lists would meet."""
        k, at = self.judged.capacity, {"capacity": self.judged.capacity}
        measured = (
            ("expected_deadly_captures", "Expected deadly outcomes met by a list", met[k]),
            ("expected_deadly_recall", "Of the deadly risk in the cohort", ratio(met[k], self.judged.everything)),
            ("share_of_deadly_oracle", "Of what the oracle of deadly harm reaches", ratio(met[k], self.best[k])),
        )
        n = int(self.judged.lists.counted.sum())
        # No event decides these figures, and the label of the lists is of another rung.
        return tuple(
            measure(What(name=name, title=title, n=n, events=0, slice=at), values) for name, title, values in measured
        )


def credit_relations(lists: JudgedLists, scores: Floats, risk: Floats) -> Floats:
    """Each relation's risk (n), given to the row of it that a list ranks first; rows tied for that share it."""
    relation = lists.relation_on_list
    best = np.full(int(relation.max(initial=-1)) + 1, -np.inf)
    np.maximum.at(best, relation, scores)
    first = scores == best[relation]
    tied = np.bincount(relation[first], minlength=len(best))
    return np.where(first, risk / np.maximum(tied[relation], 1), 0.0)


def _each_relation_once(lists: JudgedLists, scores: Floats) -> Floats:
    """Scores (n) that put every row but one of each relation last: what an ideal list would do."""
    order = np.lexsort((-scores, lists.true_relation, lists.cycle))
    same = (np.diff(lists.cycle[order]) == 0) & (np.diff(lists.true_relation[order]) == 0)
    out = scores.copy()
    out[order[1:][same]] = -np.inf
    return out
