"""Must-see triggers as a drawn table: what was recorded, when, about whom, and whether it opens an item."""

from __future__ import annotations

import pyarrow as pa
import pytest

from serving.lists.must_see import find, must_see_kinds
from threat.asof import DAY, parse_as_of
from threat.history.batches import Batch
from threat.history.store import Store

AS_OF = parse_as_of("2024-06-01")
S, P, OTHER, ALONE = 11, 12, 13, 14
PAIR, BACK, WITH_OTHER, UNKNOWN = 101, 102, 103, 104
HOUR = DAY // 24

# kind; who (S>P: from S to P; ~S: about S); occurred and recorded, days before the as-of; {relationship: about}
TABLE = {
    "strangulation yesterday": ("non_fatal_strangulation", "S>P", 1, 1, {PAIR: "pair"}),
    "not crimed, still strangulation": ("strangulation_reported", "S>P", 2, 1, {PAIR: "pair"}),
    "old strangulation reported today": ("non_fatal_strangulation", "S>P", 2000, 0.5, {PAIR: "pair"}),
    "recorded eight days ago": ("non_fatal_strangulation", "S>P", 9, 8, {}),
    "recorded exactly seven days ago": ("threat_to_kill", "S>P", 8, 7, {PAIR: "pair"}),
    "recorded at the as-of": ("threat_to_kill", "S>P", 1, 0, {}),
    "threat to kill": ("threat_to_kill", "S>P", 1, 1, {PAIR: "pair"}),
    "the other way round": ("threat_to_kill", "P>S", 1, 1, {BACK: "pair"}),
    "a weapon used": ("weapon_used", "S>P", 1, 1, {PAIR: "pair"}),
    "a weapon shown": ("weapon_threatened", "S>P", 1, 1, {PAIR: "pair"}),
    "possession alone is no trigger": ("weapon_possession", "~S", 1, 1, {}),
    "towards another person": ("weapon_used", "S>O", 1, 1, {WITH_OTHER: "pair"}),
    "towards an unknown person": ("weapon_used", "S>?", 1, 1, {UNKNOWN: "pair"}),
    "between two whom no relationship covers": ("weapon_used", "O>P", 1, 1, {0: "pair"}),
    "a breach": ("breach_non_molestation", "S>P", 1, 1, {PAIR: "pair"}),
    "the subject suicidal": (
        "suicidal_ideation",
        "~S",
        1,
        1,
        {PAIR: "subject", WITH_OTHER: "subject", UNKNOWN: "subject", BACK: "person_at_risk"},
    ),
    "the person at risk suicidal": ("suicide_attempt", "~P", 1, 1, {PAIR: "person_at_risk", BACK: "subject"}),
    "suicidal, in no relationship": ("suicidal_ideation", "~A", 1, 1, {}),
    "a release in six days": (
        "release",
        "~S",
        -6,
        30,
        {PAIR: "subject", WITH_OTHER: "subject", UNKNOWN: "subject", BACK: "person_at_risk"},
    ),
    "a release three days ago": (
        "release",
        "~S",
        3,
        30,
        {PAIR: "subject", WITH_OTHER: "subject", UNKNOWN: "subject", BACK: "person_at_risk"},
    ),
    "a release in eight days": ("release", "~S", -8, 1, {}),
    "a release nobody knew of yet": ("release", "~S", -2, -1, {}),
    "an ordinary assault is no trigger": ("assault_with_injury", "S>P", 1, 1, {}),
}
WHO = {"S": S, "P": P, "O": OTHER, "A": ALONE, "?": None}


def items(tmp_path, kind, who, occurred, recorded, **changed):
    store = Store.create(tmp_path / "history")
    subject, at_risk = (WHO[who[0]], WHO[who[2]]) if ">" in who else (None, None)
    event = {
        "event_id": 1,
        "record_id": 1,
        "incident_id": 1,
        "subject_id": subject,
        "person_at_risk_id": at_risk,
        "person_id": WHO[who[1]] if who[0] == "~" else None,
        "kind": kind,
        "occurred_at": AS_OF - int(occurred * DAY),
        "recorded_at": AS_OF - int(recorded * DAY),
        "domestic": "yes",
        "proactive": False,
        "reported_by": "police",
        "assertion": "fact",
        "source_system": "drawn",
        **changed,
    }
    events = [event]
    if "withdrawn_after" in changed:
        events[0].pop("withdrawn_after")
        events.append(
            {
                **dict.fromkeys(("subject_id", "person_at_risk_id", "person_id")),
                **{name: event[name] for name in ("record_id", "incident_id", "occurred_at", "domestic", "proactive")},
                **{name: event[name] for name in ("reported_by", "assertion", "source_system")},
                "event_id": 2,
                "supersedes_event_id": 1,
                "kind": "withdrawn",
                "recorded_at": AS_OF - HOUR,
            }
        )
    pairs = {PAIR: (S, P), BACK: (P, S), WITH_OTHER: (S, OTHER), UNKNOWN: (S, None)}
    long_ago = AS_OF - 900 * DAY
    columns = list(dict.fromkeys(name for one in events for name in one))
    types = {"supersedes_event_id": pa.int64(), "subject_id": pa.int64(), "person_at_risk_id": pa.int64()}
    store.append(
        Batch(profile="drawn", loaded_at=AS_OF),
        {
            "persons": pa.table(
                {
                    "person_id": [S, P, OTHER, ALONE],
                    "kind": ["person"] * 4,
                    "recorded_at": [long_ago] * 4,
                }
            ),
            "relationships": pa.table(
                {
                    "relationship_id": list(pairs),
                    "recorded_at": [long_ago] * 4,
                    "subject_id": [subject for subject, _ in pairs.values()],
                    "person_at_risk_id": pa.array([at_risk for _, at_risk in pairs.values()], pa.int64()),
                    "kind": ["unknown"] * 4,
                }
            ),
            "events": pa.table(
                {
                    name: pa.array(
                        [one.get(name) for one in events],
                        pa.int64() if name in {*types, "person_id"} else None,
                    )
                    for name in columns
                }
            ),
        },
    )
    snapshot = store.snapshot()
    rows = snapshot.rows(list(pairs), AS_OF)
    found = find(snapshot.sightings(), rows, AS_OF, recorded_days=7, release_days=7)
    return {item.relationship_id: item.triggers[0].about for item in found}


@pytest.mark.parametrize("name", TABLE)
def test_trigger(tmp_path, name):
    kind, who, occurred, recorded, expected = TABLE[name]
    assert items(tmp_path, kind, who, occurred, recorded) == expected


def test_a_trigger_withdrawn_before_the_as_of_opens_nothing(tmp_path):
    assert items(tmp_path, "threat_to_kill", "S>P", 1, 1, withdrawn_after=True) == {}


def test_the_unit_s_own_contact_opens_nothing(tmp_path):
    assert items(tmp_path, "threat_to_kill", "S>P", 1, 1, proactive=True) == {}


def test_the_vocabulary_marks_what_the_unit_must_see():
    assert {
        "non_fatal_strangulation",
        "threat_to_kill",
        "weapon_used",
        "firearm_used",
        "breach_non_molestation",
        "release",
        "suicidal_ideation",
        "suicide_attempt",
    } <= must_see_kinds()
