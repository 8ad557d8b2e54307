"""How stable a list is under retraining: the same model fitted again on resampled subjects."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from features import Matrix
from threat.measuring.list_length import listed
from threat.release.documents.stability import Stability
from training.cohorts.labelled import LabelledCohort
from training.models.candidates import Recipe


def stability(
    labelled: LabelledCohort, recipe: Recipe, matrix: Matrix, scores: NDArray[np.float64], capacity: int
) -> Stability:
    """``stability.json``: over ``ensemble`` members, how much of the RUN's lists each member's lists keep.

    A member is fitted on subjects drawn with replacement, by the recipe already chosen. It says how far
    a rank depends on who happened to be in the records, not how uncertain the risk of a person is. ``scores``: of the
    RUN's model on the complete test cohort. Rows that share the last place of a list all stay in.
    """
    settings, folds = labelled.settings, labelled.folds
    lists, values = labelled.test_lists, matrix.values
    cycle = lists.cycle
    sample = labelled.fit_sample(folds.test)
    _, person = np.unique(sample.person, return_inverse=True)
    people = int(person.max()) + 1
    of_run = listed(scores, cycle, capacity)
    votes = np.zeros(len(lists))
    kept = []
    for member in range(settings.ensemble):
        # A generator per member: more members leave the draws of the first as they were.
        rng = np.random.default_rng((settings.seed, member))
        times = np.bincount(rng.integers(0, people, people), minlength=people)[person]
        drawn = replace(sample, weight=sample.weight * times).part(times > 0)
        again = recipe.fit(drawn).raw_score(values, threads=settings.threads)
        of_member = listed(again, cycle, capacity)
        votes += of_member
        kept.append(float((of_run & of_member).sum() / max(int(of_run.sum()), 1)))
    share = votes[of_run] / max(settings.ensemble, 1)
    return Stability(
        what="share of the RUN's places that a model fitted again on resampled subjects fills with the same people",
        members=settings.ensemble,
        capacity=capacity,
        places=int(of_run.sum()),
        kept_mean=float(np.mean(kept)) if kept else None,
        kept_least=min(kept, default=None),
        places_kept_by_three_in_four=float((share >= 0.75).mean()) if kept else None,
        places_kept_by_under_one_in_four=float((share < 0.25).mean()) if kept else None,
    )
