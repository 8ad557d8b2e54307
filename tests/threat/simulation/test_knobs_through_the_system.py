"""Each fault, switched on, is noticed by the system itself: store, cohort, features, rule, outcomes, audit.

A small force is written with the knob off and with it on, from the same seed, so that the same people are harmed on the
same days; only the fault differs. Severe harm is raised in both (a drift from before the first record), for a few
thousand relationships to hold enough of it. The truth is read where only the truth can tell.

Elsewhere: ``leak`` through the feature engine in ``tests/training/truth/test_planted_leak.py``; ``reviewed`` and
``plan_factor``, whose effect only both potential outcomes show, in ``tests/threat/simulation/test_knobs.py`` and, on
the latent risk, in ``tests/threat/simulation/truth/test_oracle.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from fairness.audit import audit
from fairness.characteristics import Characteristic
from fairness.groups.every import characteristics
from fairness.groups.parties import Parties
from fairness.policy import load_policy
from features import build, load_catalogue
from features.matrix import Matrix
from features.rules import RULES, Rule
from threat.asof import DAY, instant, seconds
from threat.eligibility import eligible
from threat.history.sightings import Rows
from threat.history.store import Store
from threat.measuring.figure import Figure
from threat.measuring.ranked import Cut, Labelled, Ranked
from threat.measuring.resampling import Draws, Resampling
from threat.outcomes import occurrences
from threat.policy import load_policy as eligibility_policy
from threat.release.documents.fairness import GroupReport
from threat.simulation.force import Settings, write
from threat.simulation.knobs import Knobs
from threat.simulation.world import states
from training.cohorts.cohort import Lists
from training.cohorts.credit import OutcomeEvents, credit_outcomes
from training.cohorts.folds import Cycle
from training.evaluation.calibration import calibration
from training.evaluation.slices import listed, replay

pytestmark = pytest.mark.slow  # five forces of thousands of relationships

SEED = 21
HORIZON = 91
FIRST = seconds(datetime(2022, 1, 1, tzinfo=UTC))
LISTS = [Cycle(i, start, start + HORIZON * DAY, start) for i, start in enumerate(FIRST + HORIZON * DAY * np.arange(11))]
LAST = len(LISTS) - 1
HARSH = Knobs(drift=8.0, drift_at=datetime(2015, 1, 1, tzinfo=UTC))
SEVERE = states.OFFENCES[states.FIRST_GRAVE :]
RECORDS = Rule(
    name="records",
    title="Count of the subject's records in a year, whoever made them",
    reads=("subject_domestic_incidents_365d", "subject_other_offending_365d"),
    missing="Never missing",
    source="Naive on purpose: it counts what the police alone record",
    formula=lambda columns: np.nan_to_num(columns).sum(axis=1),
)
READS = {name for rule in (RECORDS, RULES["prior_count"], RULES["trailing_year_harm"]) for name in rule.reads}


@dataclass(frozen=True)
class Seen:
    """What the system makes of a force: eleven quarterly lists, end to end, with the outcomes of each quarter."""

    rows: Rows
    matrix: Matrix
    labelled: Labelled
    groups: list[Characteristic]
    true_relation: NDArray[np.int64]
    truly_harmed: NDArray[np.bool_]

    def on(self, number: int) -> NDArray[np.bool_]:
        """Rows of one list."""
        return self.labelled.cycle == number

    def column(self, name: str) -> NDArray[np.float32]:
        return self.matrix.values[:, list(self.matrix.names).index(name)]

    def sex(self, party: str) -> Characteristic:
        return next(item for item in self.groups if (item.party, item.name) == (party, "sex"))

    def sex_is(self, code: str) -> NDArray[np.bool_]:
        """Rows whose person at risk is recorded as of this sex."""
        return np.asarray(self.sex("person_at_risk").codes, dtype=object) == code

    def audited(self, party: str, rule: Rule, capacity: int) -> dict[str, GroupReport]:
        """The audit's groups by sex of a party."""
        ranked = Ranked(rows=self.labelled, score=rule(self.matrix).astype(np.float64))
        report = audit(ranked, [self.sex(party)], cut=Cut(capacity=capacity), policy=load_policy())
        return {group.code: group for group in report.characteristics[0].groups}


Look = Callable[..., Seen]


@pytest.fixture(scope="module")
def look(tmp_path_factory: pytest.TempPathFactory) -> Look:
    @cache
    def written(knobs: Knobs) -> Path:
        out = tmp_path_factory.mktemp("knob")
        write(Settings(relationships=5000, years=5, seed=SEED, knobs=knobs), out)
        return out

    @cache
    def made(knobs: Knobs, rung: str = "Y2") -> Seen:
        return _seen(written(knobs), rung)

    return made


def _seen(out: Path, rung: str) -> Seen:
    snapshot = Store.open(out / "history").snapshot()
    cohorts = [eligible(snapshot, each.start, eligibility_policy()).rows for each in LISTS]
    names = ("relationship_id", "subject", "at_risk", "as_of")
    rows = Rows(*(np.concatenate([getattr(cohort, name) for cohort in cohorts]) for name in names))
    cycle = np.repeat(np.arange(len(LISTS)), [len(cohort) for cohort in cohorts])
    catalogue = load_catalogue()
    wanted = catalogue.only([name for name in catalogue.names if name in READS])
    matrix = build(snapshot.sightings(), rows, wanted, parallel=False)
    events = OutcomeEvents.of(occurrences(snapshot, rung))
    outcomes = credit_outcomes(snapshot, events, Lists(tuple(LISTS), rows, cycle), HORIZON)
    units = outcomes.credit_lines
    away = units[units["row"] < 0]
    outside = Parties(
        away["subject_id"].to_numpy(np.int64),
        away["person_at_risk_id"].to_numpy(np.int64),
        np.full(len(away), -1),
        away["as_of"].to_numpy(np.int64),
    )
    inside = Parties(rows.subject, rows.at_risk, rows.relationship_id, rows.as_of)
    groups = characteristics(snapshot, inside, outside, load_policy())
    relations = pq.read_table(out / "truth" / "relationships.parquet").to_pandas().set_index("relationship_id")
    true = relations["true_relation"].reindex(rows.relationship_id).to_numpy(np.int64)
    incidents = pq.read_table(out / "truth" / "incidents.parquet").to_pandas()
    return Seen(rows, matrix, outcomes.rows, groups, true, _harmed(incidents, true, rows.as_of))


def _harmed(incidents: pd.DataFrame, relation: NDArray[np.int64], as_of: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Rows whose relationship truly had a severe incident within the horizon, recorded or not."""
    severe = incidents[incidents["offence"].isin(SEVERE)]
    out = np.zeros(len(relation), bool)
    for start in np.unique(as_of):
        within = severe[(severe["occurred_at"] >= start) & (severe["occurred_at"] < start + HORIZON * DAY)]
        rows = as_of == start
        out[rows] = np.isin(relation[rows], within["true_relation"])
    return out


def recall_ratio(groups: dict[str, GroupReport]) -> float:
    """Recall of women at risk over that of men."""
    return float(groups["female"].recall.value / groups["male"].recall.value)


def test_thinned_history_shows_as_a_group_served_worse(look: Look) -> None:
    """The same women are harmed; fewer are on a list, because less was written down about them before."""
    thinned = replace(HARSH, group="sex=female", thin_history=0.9)
    off, on = (look(k).audited("person_at_risk", RULES["prior_count"], 1200) for k in (HARSH, thinned))
    for group in ("female", "male"):
        assert on[group].events == off[group].events
    assert off["female"].events > 300
    assert recall_ratio(on) < 0.85 * recall_ratio(off)
    beyond_off, beyond_on = (side["female"].of("recall").p_beyond for side in (off, on))
    assert beyond_on > (beyond_off or 0.0) + 0.2  # .24 and .02
    assert on["female"].verdict != "pass"
    assert on["female"].n < 0.7 * off["female"].n


def test_thinned_labels_are_seen_by_the_truth_alone(look: Look) -> None:
    """Three in ten of the women's severe incidents were never recorded. On one and the same lists, recall of what is on
    record is the recall of what happened: it cannot tell that anything is missing. Only the truth counts the rest.

    (Against the other force recall does move a little, because a severe record is also history.)
    """
    off, on = look(HARSH), look(replace(HARSH, group="sex=female", thin_labels=0.3))
    rule = RULES["prior_count"]
    before, after = (seen.audited("person_at_risk", rule, 1200) for seen in (off, on))
    assert after["female"].verdict != "fail"
    assert recall_ratio(after) > 0.7 * recall_ratio(before)
    women, label = on.sex_is("female"), on.labelled.label.astype(bool)
    on_list = listed(rule(on.matrix), on.labelled.cycle, 1200)
    recorded, true = on_list[women & label].mean(), on_list[women & on.truly_harmed].mean()
    assert recorded == pytest.approx(true, abs=0.1)
    for sex, least, most in (("female", 0.6, 0.82), ("male", 0.9, 1.0)):
        group = on.sex_is(sex) & on.truly_harmed
        assert least < label[group].mean() <= most
        assert off.labelled.label[off.sex_is(sex) & off.truly_harmed].mean() > 0.9
    # Of the men, who lost nothing, the same few are missing in both forces: their harm was on record too late.
    men, men_before = (seen.labelled.label[seen.sex_is("male") & seen.truly_harmed] for seen in (on, off))
    assert men.mean() == pytest.approx(men_before.mean())
    assert after["male"].events == before["male"].events
    assert after["female"].events == pytest.approx(0.7 * before["female"].events, rel=0.1)


def test_over_policing_shows_as_lists_filled_with_the_group_and_less_harm_on_them(look: Look) -> None:
    """Records that the police alone make put a group on a list that counts them; the shipped rules count none."""
    policed = replace(HARSH, group="sex=female", over_policing=3.0)
    off, on = (look(knobs, "Y4").audited("subject", RECORDS, 300)["female"] for knobs in (HARSH, policed))
    assert on.events == off.events
    assert on.selection_rate.value > 2 * off.selection_rate.value
    assert on.precision.value < 0.8 * off.precision.value
    assert on.false_positive_rate.value > 2 * off.false_positive_rate.value
    for name in ("prior_count", "trailing_year_harm"):
        rates = [
            look(knobs, "Y4").audited("subject", RULES[name], 300)["female"].selection_rate.value
            for knobs in (HARSH, policed)
        ]
        assert rates[1] == pytest.approx(rates[0], abs=0.01)


def test_drift_shows_in_the_figures_of_each_list_and_against_what_was_expected(look: Look) -> None:
    """Expected: each list goes on as the lists before the turn did."""
    turn = 6
    drifting = Knobs(drift_at=instant(LISTS[turn].start), drift=12.0)
    starts = {each.number: each.start for each in LISTS}
    harmed: dict[str, list[int]] = {}
    figure: dict[str, Figure] = {}
    for name, knobs in (("off", Knobs()), ("on", drifting)):
        seen = look(knobs)
        lists = replay(seen.labelled, RULES["prior_count"](seen.matrix), starts, seen.rows.relationship_id, 300)
        harmed[name] = [replayed.with_outcome for replayed in lists]
        before = seen.labelled.cycle < turn
        after = seen.labelled.part(~before)
        expected = np.full(len(after), seen.labelled.label[before].mean())
        figure[name] = calibration(
            Ranked(rows=after, score=expected, probability=expected),
            Draws.of(after.persons, Resampling(replicates=100, seed=1)),
        ).observed_over_expected
    assert harmed["on"][:turn] == harmed["off"][:turn]
    assert min(harmed["on"][turn:]) > 1.5 * max(harmed["off"])
    assert figure["on"].value > 4.0
    assert figure["on"].interval[0] > 2.0
    assert figure["off"].value < 1.5


def test_label_noise_shows_as_labels_that_disagree_with_the_truth(look: Look) -> None:
    """Missed at about the set rate (a few deadly ones are never mistaken), and harm on record that never happened."""
    off, on = look(HARSH), look(replace(HARSH, label_noise=0.4))

    def missed_and_made_up(seen: Seen) -> tuple[float, float]:
        label = seen.labelled.label.astype(bool)
        return float(np.mean(~label[seen.truly_harmed])), float(np.mean(~seen.truly_harmed[label]))

    assert off.truly_harmed.sum() == pytest.approx(on.truly_harmed.sum(), rel=0.05)
    assert max(missed_and_made_up(off)) < 0.05
    missed, made_up = missed_and_made_up(on)
    assert 0.27 < missed < 0.5
    assert 0.1 < made_up < 0.45


def test_duplicates_show_as_more_people_each_with_a_thinner_history(look: Look) -> None:
    off, on = look(HARSH), look(replace(HARSH, duplicates=0.4))

    def figures(seen: Seen) -> tuple[float, float, float]:
        now = seen.on(LAST)
        true = len(np.unique(seen.true_relation[now]))
        subjects = len(np.unique(seen.rows.subject[now]))
        return float(now.sum() / true), subjects / true, float(seen.column("domestic_incidents_ever")[now].mean())

    (rows_off, subjects_off, records_off), (rows_on, subjects_on, records_on) = figures(off), figures(on)
    assert rows_off < 1.03
    assert rows_on > 1.10
    assert subjects_on > 1.05 * subjects_off
    assert records_on < 0.88 * records_off
