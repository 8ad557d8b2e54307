"""Which event rows a death leaves out of the records."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fixtures.raw_rows import EPOCH, PEOPLE

from threat.asof import DAY
from threat.simulation.records.after_death import without_the_dead
from threat.simulation.records.event_rows import EventFields, EventRows
from threat.simulation.world import chance

SUBJECT, AT_RISK = int(PEOPLE.subject_person[0]), int(PEOPLE.at_risk_person[0])
PAIR: dict[str, Any] = {"relation": np.array([0])}
OF_SUBJECT: dict[str, Any] = {"person": np.array([SUBJECT])}
OF_AT_RISK: dict[str, Any] = {"person": np.array([AT_RISK])}
OUTSIDE: dict[str, Any] = {"offender": np.array([SUBJECT])}
DIED = 100


@pytest.mark.parametrize(
    ("kind", "where", "occurred", "recorded", "of_subject", "of_at_risk"),
    [  # kept after the death of the subject, and of the person at risk
        ("stalking", PAIR, 99, 130, True, True),  # from before, recorded late
        ("murder", PAIR, 100, 100, True, True),  # the death itself
        ("risk_grade", PAIR, 101, 101, False, False),
        ("marac_referral", PAIR, 101, 105, False, False),
        ("charge", PAIR, 121, 122, False, True),
        ("conviction", PAIR, 300, 301, False, True),
        ("victim_withdrawal", PAIR, 130, 131, False, False),
        ("order_expiry", PAIR, 200, 90, True, True),  # on record as a plan before the death
        ("order_served", PAIR, 102, 103, False, False),
        ("release", OF_SUBJECT, 150, 50, True, True),
        ("release", OF_SUBJECT, 150, 151, False, True),
        ("drugs_offence", OF_SUBJECT, 101, 102, False, True),
        ("robbery", OUTSIDE, 101, 102, False, True),
        ("new_birth", OF_AT_RISK, 160, 170, True, False),
        ("withdrawn", OF_SUBJECT, 130, 130, True, True),  # record-keeping
    ],
)
def test_nothing_happens_to_or_by_the_dead(
    kind: str, where: dict[str, Any], occurred: int, recorded: int, of_subject: bool, of_at_risk: bool
) -> None:
    events, key = EventRows(), chance.seed_keys(1, "after death", np.arange(1))
    times = (np.array([EPOCH + day * DAY]) for day in (occurred, recorded))
    events.add(kind, key, EventFields(key, *times, "crime", **where))
    for person, expected in ((SUBJECT, of_subject), (AT_RISK, of_at_risk), (AT_RISK + 1, True)):
        died = np.full(len(PEOPLE.person_keys), np.inf)
        died[person] = DIED
        kept = without_the_dead(PEOPLE, events.columns(), died, EPOCH)
        assert len(kept["event"]) == int(expected), person


def test_nobody_declines_to_support_a_case_after_death() -> None:
    events, keys = EventRows(), chance.seed_keys(1, "after death", np.arange(2))
    when = np.full(1, EPOCH + 130 * DAY)
    for i, code in enumerate(("victim_not_supporting", "evidential")):
        fields = EventFields(keys[i : i + 1], when, when + DAY, "crime", relation=np.array([0]), code=code)
        events.add("no_further_action", keys[i : i + 1], fields)
    died = np.full(len(PEOPLE.person_keys), np.inf)
    died[AT_RISK] = DIED
    kept = without_the_dead(PEOPLE, events.columns(), died, EPOCH)
    assert kept["incident"].tolist() == [keys[1]]
