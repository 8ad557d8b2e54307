"""Crimes against people outside the clusters: who commits them, how often, and when not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from threat.simulation import parameters
from threat.simulation.world import outside, population, states
from threat.simulation.world.chance import log
from threat.simulation.world.states import RAW

BLOCK = population.ContactBlock(seed=2, number=0, clusters=20_000, first_day=0.0, days=30.0, start_year=2017)
PEOPLE = population.draw(BLOCK)
NOTHING = np.zeros(0, RAW)
FIRST = PEOPLE.relation_offsets[:-1]
"""Main relationship of each cluster."""
MAIN_SUBJECT = PEOPLE.subject_offsets[:-1]


def test_some_never_offend_outside_and_a_few_do_so_often() -> None:
    rate = PEOPLE.outside_rate
    assert (rate == 0).mean() == pytest.approx(0.40, abs=0.01)  # a propensity below -0.25 standard deviations
    rows, _ = outside.crimes(PEOPLE, NOTHING, 8 * 365.0)
    count = np.bincount(rows["subject"], minlength=len(rate))
    assert (count[rate == 0] == 0).all()
    assert count.sum() == pytest.approx((rate * 8 * 365).sum(), rel=0.03)
    assert (count == 0).mean() > 0.6
    assert (count >= 5).mean() > 0.01


@pytest.mark.parametrize("planted", [0.0, 0.4, 0.8])
def test_the_propensity_goes_with_severity_as_strongly_as_planted(
    planted: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(parameters.values("population"), "outside_severity", planted)
    monkeypatch.setitem(parameters.values("population"), "outside_least", -9.0)
    people = population.draw(BLOCK)
    assert people.relations.tobytes() == PEOPLE.relations.tobytes()  # nothing domestic moves with it
    pair = log(people.relations["severity"][FIRST]), log(people.outside_rate[MAIN_SUBJECT])
    assert np.corrcoef(*pair)[0, 1] == pytest.approx(planted, abs=0.025)


def test_the_second_subject_of_a_mutual_pair_has_a_propensity_from_the_mirror(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(parameters.values("population"), "outside_severity", 0.9)
    monkeypatch.setitem(parameters.values("population"), "outside_least", -9.0)
    people = population.draw(BLOCK)
    mutual = np.flatnonzero(people.relations["mirror"][FIRST] >= 0)
    severity = log(people.relations["severity"])
    second = log(people.outside_rate[MAIN_SUBJECT[mutual] + 1])
    assert np.corrcoef(severity[FIRST[mutual] + 1], second)[0, 1] > 0.85
    assert abs(np.corrcoef(severity[FIRST[mutual]], second)[0, 1]) < 0.12


def test_more_days_add_crimes_and_change_none() -> None:
    short, short_keys = outside.crimes(PEOPLE, NOTHING, 700.0)
    long, long_keys = outside.crimes(PEOPLE, NOTHING, 1400.0)
    inside = long["at"] < 700.0
    assert short.tobytes() == long[inside].tobytes()
    assert np.array_equal(short_keys, long_keys[inside])
    assert len(np.unique(long_keys)) == len(long) > 1.8 * len(short)


def test_room_for_the_rows_is_found_however_many_there_are() -> None:
    often = replace(PEOPLE, outside_rate=np.where(np.arange(len(PEOPLE.subjects)) == 5, 3.0, 0.0))
    rows, _ = outside.crimes(often, NOTHING, 365.0)
    assert len(rows) == pytest.approx(3 * 365, abs=120)
    assert set(rows["subject"]) == {5}


def test_neither_the_imprisoned_nor_the_dead_offend() -> None:
    often = replace(PEOPLE, outside_rate=np.where(np.arange(len(PEOPLE.subjects)) < 3, 0.5, 0.0))
    raw = np.zeros(3, RAW)
    raw["what"] = [states.CUSTODY, states.CUSTODY, states.DEATH]
    raw["subject"], raw["relation"] = [0, 0, 1], -1
    # A long stay that begins first covers the short one inside it.
    raw["at"], raw["until"] = [100.0, 150.0, 200.0], [300.0, 160.0, states.NO_END]
    rows, _ = outside.crimes(often, raw, 1000.0)
    at = [rows["at"][rows["subject"] == k] for k in range(3)]
    assert not ((at[0] >= 100) & (at[0] < 300)).any()
    assert (at[0] < 100).sum() > 25
    assert (at[0] > 300).sum() > 250
    assert at[1].max() < 200
    assert ((at[2] >= 100) & (at[2] < 300)).sum() > 60
