"""What a test estimated, in counts: composition, attribution, exposure, and recall without the first days."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from features import Matrix
from threat.asof import NEVER, span, within
from threat.history.sightings import NO_PERSON
from threat.measuring.estimates import What, rate
from threat.measuring.intervals import Evidence
from threat.measuring.ranked import Floats, Labelled, Ranked
from threat.measuring.resampling import Draws, Resampling, capture, totals
from threat.measuring.titles import TITLES
from threat.release.base import liberty_offset
from threat.release.documents.cohort import CompetingDeaths
from threat.release.documents.estimand import Attribution, BlankedRecall, Estimand, Exposure
from threat.release.documents.model import LibertyOffset
from threat.rungs import title_of
from training.cohorts.credit import CreditedOutcomes
from training.cohorts.opening import OpenedTest
from training.config import Settings

GAPS = (0, 1, 7, 14)
"""Days after the as-of whose outcomes are left out. A list is read the morning after, a plan takes a week or two: what
happens before is credited to a list that could not have helped."""


def estimand_of(settings: Settings, opened: OpenedTest, scores: Floats, capacity: int) -> Estimand:
    """Return what the test estimated. ``scores``: of the model (n); ``capacity``: places on each list."""
    resampling = Resampling(replicates=settings.bootstrap, seed=settings.seed)
    return Estimand(
        rung=settings.rung,
        outcome=title_of(settings.rung),
        horizon_days=settings.horizon_days,
        composition=opened.composition,
        attribution=attribution(opened.outcomes.credit_lines),
        exposure=exposure(opened.matrix, opened.competing, settings),
        blanking=blanking(opened.outcomes, scores, capacity, resampling),
    )


def attribution(credit_lines: pd.DataFrame) -> Attribution:
    """Return whom the outcome events are credited to.

    ``credit_lines``: one line for each row, or list without a row, that an event was credited to
    (``training.cohorts.credit.CreditedOutcomes``).
    """
    by_event = credit_lines.groupby("incident")
    parties = credit_lines[["incident", "subject_id", "person_at_risk_id"]].drop_duplicates()
    lists = credit_lines[["incident", "fold"]].drop_duplicates().groupby("incident").size()
    unknown = credit_lines.loc[credit_lines["person_at_risk_id"] == NO_PERSON, "incident"]
    return Attribution(
        events=len(by_event),
        outside_alone=int((by_event["row"].max() < 0).sum()),
        several_relationships=int((parties.groupby("incident").size() > 1).sum()),
        unknown_person_at_risk=unknown.nunique(),
        lists_per_event=float(lists.mean()) if len(lists) else None,
    )


def exposure(matrix: Matrix, competing: CompetingDeaths, settings: Settings) -> Exposure:
    """Return how many rows are in custody at the as-of, what is left of their horizon, and the competing deaths."""
    counted = {"rows": len(matrix), "deaths": competing.rows, "people_who_died": competing.people}
    if not {"in_custody", "days_until_release"} <= set(matrix.names):
        return Exposure(in_custody=None, release_known=None, share_at_liberty=None, **counted)
    custody, release = matrix.column("in_custody"), matrix.column("days_until_release")
    policy = LibertyOffset(
        horizon_days=settings.horizon_days,
        unknown_release_share=settings.base.unknown_release_share,
        least_liberty_share=settings.base.least_liberty_share,
        mean=0.0,
    )
    in_custody = custody > 0
    share = np.exp(liberty_offset(custody, release, policy))
    return Exposure(
        in_custody=int(in_custody.sum()),
        release_known=int((in_custody & ~np.isnan(release)).sum()),
        share_at_liberty=float(share.mean()) if len(share) else None,
        **counted,
    )


def blanking(
    outcomes: CreditedOutcomes, scores: Floats, capacity: int, resampling: Resampling
) -> tuple[BlankedRecall, ...]:
    """Return recall at capacity without the outcomes of the first days after the as-of, for each of GAPS.

    A line of credit whose outcome began before the as-of plus the days is left out, of what the lists held and of
    everything; an event that another list could have foreseen earlier keeps the credit of that list. With 0 days
    nothing is left out: the recall is the headline.
    """
    draws = Draws.of(outcomes.rows.persons, resampling)
    return tuple(_blanked(outcomes, scores, capacity, draws, days) for days in GAPS)


def _blanked(outcomes: CreditedOutcomes, scores: Floats, capacity: int, draws: Draws, days: int) -> BlankedRecall:
    lines = outcomes.credit_lines
    # An outcome that began before its as-of, and was not yet on record, goes with those of the first days.
    kept = lines if not days else lines[within(lines["occurred_at"], lines["as_of"] + span(days), NEVER)]
    rows = left_with(outcomes.rows, lines, kept)
    content = capture(Ranked(rows=rows, score=scores), draws, capacity)
    everything = totals(rows.credit, rows.person, draws) + totals(rows.outside_credit, rows.outside_person, draws)
    people = len(
        np.unique(np.concatenate([rows.person[rows.credit > 0], rows.outside_person[rows.outside_credit > 0]]))
    )
    events = kept["incident"].nunique()
    what = What(
        name="recall_at_capacity",
        title=TITLES["recall_at_capacity"],
        n=rows.n,
        events=events,
        slice={"capacity": capacity, "without_first_days": days},
    )
    recall = rate(what, content.events, everything, Evidence(people=people, clusters=people))
    return BlankedRecall(days=days, events=events, recall=recall)


def left_with(rows: Labelled, lines: pd.DataFrame, kept: pd.DataFrame) -> Labelled:
    """Return the rows with the credit of the lines that are kept; ``lines``: all of them, in the order of the rows'."""
    inside = kept[kept["row"] >= 0]
    outside = lines["row"] < 0
    still = lines.loc[outside].index.isin(kept.index)
    return replace(
        rows,
        credit=np.bincount(
            inside["row"].to_numpy(), weights=inside["credit"].to_numpy(np.float64), minlength=len(rows)
        ).astype(np.float64),
        outside_credit=np.where(still, rows.outside_credit, 0.0),
        keys=None,
    )
