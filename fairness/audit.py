"""Audit any ranking: who among those later harmed was on the list, group by group, and how sure can we be.

Two questions, one for each side. Of the people to whom the outcome happened, what share was on the list (recall), and
of those not listed, how many had an outcome? Of the subjects listed, how many were listed with reason (precision), and
of those without an outcome, how many were listed? Each group is compared with everybody else who is recorded. Groups
are never dropped for being small, and rows without a recorded group are a group.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fairness.alerts import verdict_of_report
from fairness.audited import Audited
from fairness.characteristics import Characteristic
from fairness.delays import Entries
from fairness.faults import faults_of
from fairness.measured import independent, measured
from fairness.policy import Policy, load_policy
from fairness.reports import Terms, not_passing, recall_of, reports_of
from threat.errors import UsageError
from threat.measuring.by_group import Counts, counts_by_group
from threat.measuring.estimates import What
from threat.measuring.ranked import Cut, Ranked
from threat.measuring.resampling import Draws, Resampling, listing, shared_places
from threat.measuring.titles import recall_title
from threat.release.documents.fairness import Fairness, Overall
from threat.release.documents.fairness_verdict import FairnessVerdict


def audit(  # noqa: PLR0913  the ranking, the question, and by name how the answer is made and called
    ranked: Ranked,
    characteristics: Sequence[Characteristic],
    *,
    cut: Cut,
    policy: Policy | None = None,
    resampling: Resampling | None = None,
    ranking: str = "score",
    dataset: str = "",
    with_rates: bool = True,
    entries: Entries | None = None,
) -> Fairness:
    """Return the fairness report of one ranking.

    ``cut``: who is selected. ``policy``: default the product's own. ``resampling``: default the policy's draws and
    seed; the audit of a RUN uses those of its evaluation, so that one figure has one interval. ``ranking``,
    ``dataset``: names for the report. ``with_rates``: simulate the audit's own false verdicts and power.
    ``entries``: when the outcomes happened and were entered, where that is known.

    Raises UsageError without a characteristic, BadInput when a characteristic's codes are not as many as the rows.
    """
    policy = load_policy() if policy is None else policy
    if resampling is None:
        resampling = Resampling(replicates=policy.draws, seed=policy.seed)
    if not characteristics:
        raise UsageError("The audit has no characteristic to compare groups by.", way_out="--group COLUMN")
    groupings = [item.grouping(ranked.rows) for item in characteristics]
    counts = counts_by_group(ranked, groupings, cut, resampling)
    probability = ranked.probability
    terms = Terms(
        policy=policy,
        recall_name=recall_title(cut.capacity),
        with_probability=probability is not None and not np.isnan(probability).all(),
        with_rates=with_rates,
    )
    judged = reports_of(
        [
            measured(item, grouping, of_item, ranked, cut)
            for item, grouping, of_item in zip(characteristics, groupings, counts, strict=True)
        ],
        terms,
    )
    faults = faults_of(Audited(ranked, cut, characteristics, groupings, entries))
    reports = tuple(not_passing(report, faults) for report in judged.characteristics)
    worst = FairnessVerdict.all_of(report.verdict for report in reports if report.gate)
    return Fairness(
        ranking=ranking,
        title="",
        dataset=dataset,
        run_id=None,
        run_manifest_sha256=None,
        capacity=cut.capacity,
        threshold=cut.threshold,
        policy=policy,
        replicates=resampling.replicates,
        seed=resampling.seed,
        verdict=verdict_of_report(worst, judged.alerts),
        overall=_overall(ranked, counts[0].total(), cut),
        characteristics=reports,
        alerts=judged.alerts,
        own_rates=judged.own_rates,
        faults=faults,
        coverage=(),
        others=(),
        notes=tuple(_notes(ranked, cut)),
    )


def _overall(ranked: Ranked, counts: Counts, cut: Cut) -> Overall:
    rows = ranked.rows
    what = What(
        name="recall",
        title=recall_title(cut.capacity),
        n=rows.n,
        events=rows.events,
        slice={"group": "everyone"},
    )
    return Overall(
        n=rows.n,
        events=round(float(counts.events[0])),
        outside_events=round(float(rows.outside_credit.sum())),
        selected=round(float(counts.selected[0]), 3),
        recall=recall_of(what, counts, rows.people_with_events, alone=independent(ranked, cut)),
    )


def _notes(ranked: Ranked, cut: Cut) -> list[str]:
    rows, notes = ranked.rows, []
    if unscored := int((rows.counted & np.isnan(ranked.score)).sum()):
        notes.append(f"{unscored} rows have no score: they stay in every denominator and are never on the list.")
    if left_out := int(rows.left_out.sum()):
        notes.append(
            f"{left_out} rows were on the lists and are in no figure: a party had died, or the outcome was over, "
            "by the as-of, and neither was on record yet."
        )
    if unknown := int((rows.counted & ~rows.has_known_label).sum()):
        notes.append(
            f"{unknown} rows have no known outcome: they take places on the list and count in no rate of outcomes."
        )
    if cut.capacity is not None:
        sample = Draws.of(rows.persons, Resampling(replicates=0, seed=0))
        if tied := shared_places(listing(ranked, sample, cut.capacity)):
            notes.append(f"{tied} rows tie at the cut and share the places left (expected over random orders).")
    if len(rows.outside_person):
        notes.append(
            f"{round(float(rows.outside_credit.sum()))} outcome events are outside the scored rows, those that only "
            "some of their lists covered counted in parts: they count against recall."
        )
    notes.append(
        "Recorded outcomes only: where harm to a group is recorded less often, this audit cannot see what is missing."
    )
    return notes
