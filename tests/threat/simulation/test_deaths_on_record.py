"""The dead of a force: when they die, how the records learn of it, and that their lives are over."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from threat.asof import DAY
from threat.simulation import force
from threat.simulation.calibration.frames import frame_of
from threat.simulation.force import Settings, blocks
from threat.simulation.truth.oracle import risks
from threat.simulation.world import chance, states
from threat.simulation.world.deaths import death_days

FORCE = Settings(relationships=6000, years=5, seed=11)
HOMICIDES = ("murder", "manslaughter")


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    parts = list(blocks(FORCE))
    history = {name: pd.concat([frame_of(part.history[name]) for part in parts]) for name in ("events", "persons")}
    return history | {name: pd.concat([frame_of(part.truth[name]) for part in parts]) for name in parts[0].truth}


def died_at(events: pd.DataFrame) -> pd.Series:
    """Time of death of each person whose death is on record, int64 seconds."""
    persons = events[events["kind"].isin(["death", "suspected_suicide"])].set_index("person_id")["occurred_at"]
    killed = events[events["kind"].isin(HOMICIDES)].set_index("person_at_risk_id")["occurred_at"]
    return pd.concat([persons, killed]).groupby(level=0).min()


def test_nothing_happens_to_or_by_the_dead(tables: dict[str, pd.DataFrame]) -> None:
    events, died = tables["events"], died_at(tables["events"])
    assert len(died) > 60
    later = 0
    for column in ("subject_id", "person_at_risk_id", "person_id"):
        when = events[column].map(died)
        after = events[(events["occurred_at"] > when) & (events["recorded_at"] > when)]
        later += len(events[events["recorded_at"] > when])
        allowed = {"withdrawn"}
        if column == "person_at_risk_id":  # the case against a living subject goes on
            allowed |= {"charge", "conviction", "no_further_action"}
        assert set(after["kind"]) <= allowed, column
    assert later > 60  # rows about the dead go on coming in: of what happened before


def test_no_incident_of_a_pair_comes_after_the_death_of_a_party(tables: dict[str, pd.DataFrame]) -> None:
    pairs = tables["relationships"].drop_duplicates("true_relation").set_index("true_relation")["ended_at"]
    ended = tables["incidents"]["true_relation"].map(pairs)
    assert pairs.notna().mean() == pytest.approx(0.02, abs=0.007)
    assert ended.notna().sum() > 30
    assert not (tables["incidents"]["occurred_at"] > ended).any()


def test_deaths_by_other_causes_are_recorded_weeks_later_or_never(tables: dict[str, pd.DataFrame]) -> None:
    deaths = tables["events"][tables["events"]["kind"] == "death"]
    assert set(deaths["code"]) == {"natural", "accident", "not_known"}
    assert set(deaths["domestic"]) == {"no"}
    assert deaths["person_id"].is_unique
    lag = (deaths["recorded_at"] - deaths["occurred_at"]) / DAY
    assert lag.min() > 0
    assert 12 < lag.mean() < 40
    died: list[int] = []
    for number, size in force.plan(FORCE):
        people = force.draw(FORCE, number, size)
        rows = force.run(people, FORCE)
        rows = rows[(rows["what"] == states.DEATH) & (rows["at"] > 0) & (rows["at"] < FORCE.days - 120)]
        at_risk = people.at_risk_person[np.maximum(rows["relation"], 0)]
        person = np.where(rows["relation"] >= 0, at_risk, people.subject_rows[rows["subject"]])
        died += chance.ids(people.person_keys[person]).tolist()
    met = np.intersect1d(died, tables["persons"]["person_id"])
    assert len(met) > 60
    assert np.isin(met, deaths["person_id"]).mean() == pytest.approx(0.8, abs=0.1)


def test_the_old_die_more_often(tables: dict[str, pd.DataFrame]) -> None:
    born = tables["persons"].set_index("person_id")["birth_year"].dropna()
    dead = tables["events"].loc[tables["events"]["kind"] == "death", "person_id"].map(born)
    assert dead.mean() < born.mean() - 12


def test_risk_after_death_is_nothing(tables: dict[str, pd.DataFrame]) -> None:
    pairs = tables["relationships"]
    as_of = FORCE.now - 200 * DAY
    ended = pairs[pairs["ended_at"] < as_of]["relationship_id"].to_numpy()
    dying = pairs[(pairs["ended_at"] > as_of + 2 * DAY) & (pairs["recorded_at"] < as_of)]["relationship_id"].to_numpy()
    assert min(len(ended), len(dying)) > 12
    assert (risks(FORCE, ended, np.full(len(ended), as_of), draws=4).risk == 0.0).all()
    # Whoever dies within the horizon had a risk like anybody else's: no run forward knows the day.
    assert (risks(FORCE, dying, np.full(len(dying), as_of), draws=20).risk[:, 0] > 0.0).mean() > 0.8


def test_a_homicide_ends_the_pair_and_the_subject_is_arrested_or_dead() -> None:
    overrides: dict[str, float] = {"deadly_rate": 3e-4, "suicide_after_homicide": 0.4}
    ways: list[Any] = []
    for number, size in force.plan(FORCE)[40:48]:
        people = force.draw(FORCE, number, size)
        rows = force.run(people, FORCE, overrides)
        homicides = rows[(rows["what"] == states.INCIDENT) & (rows["offence"] >= states.FIRST_HOMICIDE)]
        died = death_days(people, rows)
        for killing in homicides:
            day = killing["at"]
            same = rows[(rows["relation"] == killing["relation"]) & (rows["at"] > day)]
            assert not np.isin(same["what"], (states.INCIDENT, states.SEPARATION, states.SELF_HARM, states.DEATH)).any()
            assert died[people.at_risk_person[killing["relation"]]] == day
            subject = rows[(rows["subject"] == killing["subject"]) & (rows["at"] >= day)]
            suicide = (subject["what"] == states.SUBJECT_SUICIDE).any()
            arrested = ((subject["what"] == states.ARREST) & (subject["at"] == day)).any()
            assert not (suicide and arrested)
            if suicide:
                assert (subject["at"] == day).all()
                assert died[people.subject_rows[killing["subject"]]] == day
            ways.append("suicide" if suicide else "arrest" if arrested else "free")
    count = pd.Series(ways).value_counts()
    assert len(ways) > 20
    assert count["suicide"] / len(ways) == pytest.approx(0.4, abs=0.25)
    assert count["arrest"] > count.get("free", 0) * 4
