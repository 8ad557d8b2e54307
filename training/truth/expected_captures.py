"""Expected captures: how many outcomes a RUN's lists would meet on average, by the truth of a synthetic force.

A list of k relationships is worth the sum of their true risks: the mean number of outcomes it meets over every way
things could have gone from there, instead of the few that happened to. Ranked by the latent oracle it is the most any
ranking can reach; ranked by the ceiling it is about what the records allow. Each true relation counts once in a list,
by the row of it that is ranked first (second records, repeated index incidents): the others take up a place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from threat.asof import show
from threat.errors import UsageError
from threat.history.sightings import Rows
from threat.measuring.estimates import What, measure
from threat.measuring.ranked import Labelled, Ranked
from threat.measuring.resampling import Draws, Resampling, auc, capture, ratio, totals
from threat.release.documents.evaluation import Evaluation
from threat.release.runs import Run
from threat.simulation.truth.oracle import HORIZONS, Risks, risks
from threat.simulation.truth.retraced import verified_settings
from training.evaluation.table import ladder

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ORACLE, CEILING = "oracle", "ceiling"


@dataclass(frozen=True, slots=True)
class Lists:
    """A RUN's test lists with the truth of every row: ``risk`` (n) over the RUN's horizon; ``halves`` (n, 2)."""

    rows: Rows
    cycle: Ints
    subject: Ints
    label: NDArray[np.uint8]
    risk: Floats
    error: Floats
    halves: Floats
    true_relation: Ints
    scores: dict[str, tuple[str, Floats]]
    capacity: int
    horizon_days: int

    def __len__(self) -> int:
        return len(self.cycle)


def read_lists(
    run: Run,
    force_directory: Path,
    *,
    draws: int = 32,
    seed: int = 0,
    threads: int = 1,
    advance: Callable[[float], None] = lambda amount: None,
) -> Lists:
    """A RUN's complete test cohort and the latent risk of each row.

    Raises UsageError for a RUN that the oracle can't judge, BadInput when it is of another force.
    """
    evaluation = run.read(Evaluation)
    days = evaluation.horizon_days
    require_known(evaluation.rung, days, str(run.directory))
    table = pq.read_table(run.path("predictions.parquet"))
    column = {name: table.column(name).to_numpy() for name in table.column_names}
    found = truth_of(
        force_directory,
        column["relationship_id"],
        column["as_of"],
        draws=draws,
        seed=seed,
        threads=threads,
        advance=advance,
    )
    which = HORIZONS.index(days)
    scores = {ranking.name: (ranking.title, column[ranking.name].astype(np.float64)) for ranking in evaluation.rankings}
    subject = column["subject_id"]
    return Lists(
        Rows(column["relationship_id"], subject, column["person_at_risk_id"], column["as_of"]),
        column["fold"].astype(np.int64),
        np.where(subject < 0, -1 - np.arange(len(subject)), subject),
        column["label"],
        found.risk[:, which],
        found.error[:, which],
        found.halves[:, which, :],
        found.true_relation,
        scores,
        evaluation.capacity,
        days,
    )


def require_known(rung: str, horizon_days: int, where: str) -> None:
    """Raise UsageError for a question that the latent oracle has no answer to."""
    if rung != "Y2" or horizon_days not in HORIZONS:
        raise UsageError(
            "The latent oracle knows severe harm (Y2) within 180 or 365 days.",
            value=f"{rung} within {horizon_days} days",
            where=where,
            way_out="train for Y2 within 180 or 365 days",
        )


def truth_of(force_directory: Path, relationship_id: Ints, as_of: Ints, **how: Any) -> Risks:
    """The latent risk of rows of a force that was written. Raises BadInput for rows of another force."""
    return risks(verified_settings(force_directory), relationship_id, as_of, **how)


def compare(
    lists: Lists,
    extra: Sequence[tuple[str, str, Floats]] = (),
    *,
    capacity: int | None = None,
    replicates: int = 300,
    seed: int = 7,
) -> dict[str, Any]:
    """Expected captures of every ranking of the RUN, of ``extra`` ones (name, title, scores) and of the oracle.

    ``{capacity, horizon_days, n, relations, realised_rows, expected_outcomes_per_list, mean_risk,
    mean_monte_carlo_error, rankings: [{name, title, figures, lists: [{as_of, n, captures}]}]}``. Captures are per list;
    intervals are over subjects, paired between rankings. The oracle ranks on one half of the draws and is judged on the
    other, both ways, so that luck in its own draws never flatters it.
    """
    k = capacity or lists.capacity
    number = len(np.unique(lists.cycle))
    whole = _labelled(lists, lists.risk / _sharers(lists))
    draws = Draws.of(whole.persons, Resampling(replicates=replicates, seed=seed))
    everything = totals(whole.credit, whole.person, draws) / number
    held: dict[str, tuple[str, dict[int, Floats], Floats]] = {}
    sizes = ladder(k)
    for name, title, scores in [(n, t, s) for n, (t, s) in lists.scores.items()] + list(extra):
        ranked = Ranked(rows=_labelled(lists, credit(lists, scores, lists.risk)), score=scores)
        held[name] = title, {size: capture(ranked, draws, size).events / number for size in sizes}, scores
    halves = []
    for mine, other in ((0, 1), (1, 0)):
        order = _once(lists, lists.halves[:, mine])
        judged = Ranked(rows=_labelled(lists, credit(lists, order, lists.halves[:, other])), score=order)
        halves.append({size: capture(judged, draws, size).events for size in sizes})
    best = {size: (halves[0][size] + halves[1][size]) / 2 / number for size in sizes}
    held[ORACLE] = "Latent oracle (the most any ranking can reach)", best, lists.risk
    rankings = [
        {
            "name": name,
            "title": title,
            "figures": _figures(lists, draws, found, scores, k, everything, best, held.get(CEILING)),
            "lists": _by_list(lists, draws, scores, lists.risk, k)
            if name != ORACLE
            else _oracle_lists(lists, draws, k),
        }
        for name, (title, found, scores) in held.items()
    ]
    return {
        "capacity": k,
        "horizon_days": lists.horizon_days,
        "n": len(lists),
        "relations": len(np.unique(lists.true_relation)),
        "realised_rows": int(lists.label.sum()),
        "expected_outcomes_per_list": float(everything[0]),
        "mean_monte_carlo_error": float(lists.error.mean()),
        "mean_risk": float(lists.risk.mean()),
        "rankings": rankings,
    }


def _figures(
    lists: Lists,
    draws: Draws,
    found: dict[int, Floats],
    scores: Floats,
    k: int,
    everything: Floats,
    best: dict[int, Floats],
    ceiling: tuple[str, dict[int, Floats], Floats] | None,
) -> list[dict[str, Any]]:
    n, events, at = len(lists), int(lists.label.sum()), {"capacity": k}
    means = np.mean([ratio(found[size], everything) for size in found], axis=0)
    best_means = np.mean([ratio(best[size], everything) for size in best], axis=0)

    def made(name: str, title: str, values: Floats, restricted: dict[str, Any]) -> dict[str, Any]:
        what = What(name=name, title=title, n=n, events=events, slice=restricted)
        return measure(what, values).model_dump(mode="json")

    out = [
        made("expected_captures", "Expected outcomes met by a list", found[k], at),
        made("expected_recall", "Of the risk in the cohort", ratio(found[k], everything), at),
        made("share_of_oracle", "Of what the oracle reaches", ratio(found[k], best[k]), at),
        made("mean_share_of_oracle", "Same, k/4 to 4k", ratio(means, best_means), {}),
    ]
    if ceiling is not None:
        _, theirs, _ = ceiling
        out.append(made("share_of_ceiling", "Of what the ceiling reaches", ratio(found[k], theirs[k]), at))
    realised = Ranked(rows=_labelled(lists, lists.label.astype(np.float64)), score=scores)
    out.append(made("auc", "AUC on realised outcomes", auc(realised, draws), {}))
    return out


def _labelled(lists: Lists, credit: Floats) -> Labelled:
    """The rows with their realised outcomes, credited by the truth instead."""
    return Labelled.of(label=lists.label, credit=credit, person=lists.subject, cycle=lists.cycle)


def _sharers(lists: Lists) -> Floats:
    """Rows of the same true relation in the same list, per row."""
    pair = np.stack([lists.cycle, lists.true_relation], axis=1)
    _, back, count = np.unique(pair, axis=0, return_inverse=True, return_counts=True)
    return count[back.ravel()].astype(np.float64)


def credit(lists: Lists, scores: Floats, risk: Floats) -> Floats:
    """Each relation's risk, given to the row of it that a list ranks first; rows tied for that share it."""
    _, pair = np.unique(np.stack([lists.cycle, lists.true_relation], axis=1), axis=0, return_inverse=True)
    pair = pair.ravel()
    best = np.full(int(pair.max(initial=-1)) + 1, -np.inf)
    np.maximum.at(best, pair, scores)
    first = scores == best[pair]
    tied = np.bincount(pair[first], minlength=len(best))
    return np.where(first, risk / np.maximum(tied[pair], 1), 0.0)


def _once(lists: Lists, scores: Floats) -> Floats:
    """Scores that put every row but one of each relation last: what an ideal list would do."""
    order = np.lexsort((-scores, lists.true_relation, lists.cycle))
    same = (np.diff(lists.cycle[order]) == 0) & (np.diff(lists.true_relation[order]) == 0)
    out = scores.copy()
    out[order[1:][same]] = -np.inf
    return out


def _by_list(lists: Lists, draws: Draws, scores: Floats, risk: Floats, k: int) -> list[dict[str, Any]]:
    """Captures of each list by itself (no interval: lists share their subjects)."""
    labelled = _labelled(lists, credit(lists, scores, risk))
    sample = Draws(draws.counts[:, :1])
    out = []
    for cycle in np.unique(lists.cycle):
        mine = lists.cycle == cycle
        captured = capture(Ranked(rows=labelled.part(mine), score=scores[mine]), sample, k).events[0]
        out.append(
            {"as_of": show(int(lists.rows.as_of[mine].min())), "n": int(mine.sum()), "captures": float(captured)}
        )
    return out


def _oracle_lists(lists: Lists, draws: Draws, k: int) -> list[dict[str, Any]]:
    both = [
        _by_list(lists, draws, _once(lists, lists.halves[:, mine]), lists.halves[:, other], k)
        for mine, other in ((0, 1), (1, 0))
    ]
    return [one | {"captures": (one["captures"] + two["captures"]) / 2} for one, two in zip(*both, strict=True)]
