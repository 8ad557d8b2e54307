"""The particle filter: what it is told by drawn records, and (long) that its posterior is calibrated to the oracle."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from threat.asof import DAY
from threat.simulation import force
from threat.simulation.force import Settings
from threat.simulation.records.pairs import relationship_ids, unknown_persons
from threat.simulation.truth import evidence
from threat.simulation.truth.oracle import risks
from threat.simulation.truth.particles import Answers, Records, posterior
from threat.simulation.world import states
from threat.simulation.world.states import PAST, RAW

FORCE = Settings(relationships=3000, years=4, seed=3)
NO_ANSWERS = Answers(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros((0, len(evidence.CONDITIONS))))


def drawn(*rows: tuple[int, int, int, float, float, int]) -> Records:
    """Raw rows (what, relation, offence, at, until, state) of one subject, all on record."""
    raw = np.zeros(len(rows), RAW)
    for i, (what, relation, offence, at, until, state) in enumerate(rows):
        raw[i] = (0, relation, 0, i, what, offence, state, at, until)
    recorded = np.arange(len(rows), dtype=np.int64)
    people: Any = None
    return Records(FORCE, people, raw, recorded, NO_ANSWERS, {})


ENTRY = states.BIT_ENTRY


def test_what_the_filter_reads_from_records() -> None:
    records = drawn(
        (states.INCIDENT, 0, 1, 10.0, -1, ENTRY),
        (states.SEPARATION, 0, 0, 10.0, -1, 0),  # part of that incident
        (states.CUSTODY, 0, states.POLICE, 10.0, 10.8, 0),
        (states.GRIEVANCE, 0, 0, 12.0, -1, 0),  # never on record: nothing to read
        (states.RECONCILIATION, 0, 0, 30.0, -1, 0),
        (states.INCIDENT, 0, 15, 40.0, -1, 0),
        (states.SUICIDE, 0, 0, 50.0, -1, 0),
    )
    seen = records._observations(np.arange(7), 0, 0)
    assert seen["what"].tolist() == [
        evidence.SEEN_INCIDENT,
        evidence.SEEN_CUSTODY,
        evidence.SEEN_PARTING,
        evidence.SEEN_INCIDENT,
        evidence.SEEN_DEATH,
    ]
    assert seen["entry"].tolist() == [1, 0, 0, 0, 0]
    assert seen["parted"].tolist() == [1, 0, 0, 0, 0]
    assert seen["offence"].tolist()[2:4] == [0, 15]


@pytest.mark.parametrize(
    ("what", "relation", "expected"),
    [(states.DEATH, -1, -1), (states.SUBJECT_SUICIDE, -1, -1), (states.DEATH, 0, 0), (states.SUICIDE, 0, 0)],
)
def test_a_death_on_record_is_observed_as_of_the_party_that_died(what: int, relation: int, expected: int) -> None:
    seen = drawn((what, relation, 0, 50.0, -1, 0))._observations(np.arange(1), 0, 0)
    assert seen[["what", "relation", "at"]].tolist() == [(evidence.SEEN_DEATH, expected, 50.0)]


@pytest.mark.parametrize(
    ("as_of_day", "remand_until", "pending"),
    [
        (60.0, 90.0, [[0.0, 10.0, 90.0]]),  # in remand: a sentence may follow it directly
        (100.0, 90.0, []),  # remand over: the court has decided
        (60.0, None, [[0.0, 10.0, PAST]]),  # charged and free: the trial may yet come
    ],
)
def test_charges_that_are_not_decided(as_of_day: float, remand_until: float | None, pending: list[list[float]]) -> None:
    rows = [(states.INCIDENT, 0, 15, 10.0, -1.0, ENTRY)]
    if remand_until is not None:
        rows.append((states.CUSTODY, 0, states.REMAND, 10.8, remand_until, 0))
    rows.append((states.CHARGE, 0, 15, 11.0, -1.0, 0))
    charges = drawn(*rows)._pending(np.arange(len(rows)), as_of_day, as_of=1000, s0=0)
    assert charges[:, :3].tolist() == pending


@pytest.mark.long
def test_posterior_is_calibrated_to_the_oracle() -> None:
    """Rows that the filter ranks high carry more true risk, and on average as much as it says."""
    day = 1250
    ids = []
    for number, size in force.plan(FORCE):
        people = force.draw(FORCE, number, size)
        inside = (people.relations["entry"] > 0) & (people.relations["entry"] < day - 1)
        ids.append(relationship_ids(people, unknown_persons(people))[:, 0][inside])
    everyone = np.concatenate(ids)
    chosen = np.random.default_rng(0).permutation(everyone)[:700]
    as_of = np.full(len(chosen), FORCE.epoch + day * DAY)
    answers = posterior(FORCE, chosen, as_of, particles=500, looks=200)
    used = np.isfinite(answers.risk[:, 0])
    assert used.mean() > 0.8
    assert set(np.array(answers.why)[~used]) <= {
        "began before the records",
        "its first incident is not on record",
        "every particle was ruled out",
    }
    truth = risks(FORCE, chosen, as_of, draws=50).risk[used, 1]
    said = answers.risk[used, 1]
    error = truth.std() / np.sqrt(len(truth))
    assert said.mean() == pytest.approx(truth.mean(), abs=4 * error)
    top = said >= np.quantile(said, 0.8)
    assert truth[top].mean() > 1.5 * truth[~top].mean()
    assert said[top].mean() == pytest.approx(truth[top].mean(), abs=4 * truth[top].std() / np.sqrt(top.sum()))
