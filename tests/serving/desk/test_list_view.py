"""What changed since the list before, the bars of reasons, and triggers in words."""

from __future__ import annotations

from typing import Any

import pytest

from serving.desk.list_view import answered_reasons, answered_trigger, change_of, reference_of
from serving.lists.reasons import ThemeReason
from threat.asof import DAY, parse_as_of
from threat.errors import UsageError
from threat.lists import Basis

AS_OF = parse_as_of("2024-06-08")
WEEK_AGO = AS_OF - 7 * DAY


def basis(**changed: Any) -> Basis:
    values = dict.fromkeys(Basis.__dataclass_fields__, "")
    values |= {"as_of": AS_OF, "ranking_id": "rule:x", "previous_ranking_id": "rule:x", "previous": "L-1"}
    return Basis(**{**values, "previous_as_of": WEEK_AGO, **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("previous_rank", "rank", "kind", "places", "sentence"),
    [
        (9, 4, "rose", 5, "Up 5 places since 1 June (from 9 to 4). 1 new record since."),
        (1200, 1201, "fell", 1, "Down 1 place since 1 June (from 1,200 to 1,201). 1 new record since."),
        (4, 4, "same", 0, "Same rank as on 1 June. 1 new record since."),
        (None, 4, "new", 0, "Not on the list of 1 June. 1 new record since."),
    ],
)
def test_what_changed(previous_rank: int | None, rank: int, kind: str, places: int, sentence: str) -> None:
    change = change_of(basis(), {"previous_rank": previous_rank, "rank": rank, "new_records": 1})
    assert (change.kind, change.places, change.new_records, change.sentence) == (kind, places, 1, sentence)


def test_places_of_two_rankings_are_not_compared() -> None:
    row = {"previous_rank": 9, "rank": 4, "new_records": 0}
    change = change_of(basis(previous_ranking_id="rule:y"), row)
    assert (change.kind, change.places) == ("another_ranking", 0)
    assert change.sentence == (
        "The list of 1 June was ordered in another way, so places cannot be compared. No new record since."
    )


def test_a_first_list_is_compared_with_nothing() -> None:
    change = change_of(basis(previous="", previous_as_of=0), {"previous_rank": None, "rank": 4, "new_records": 3})
    assert (change.kind, change.places, change.new_records) == ("first_list", 0, 0)
    assert change.sentence == "There is no earlier list to compare with."


@pytest.mark.parametrize(
    ("contribution", "direction", "strength"), [(2.0, "raises", 8), (-0.5, "lowers", 2), (0.0, "none", 0)]
)
def test_the_direction_and_bar_of_a_reason(contribution: float, direction: str, strength: int) -> None:
    reasons = (ThemeReason("threats", contribution, ()), ThemeReason("weapons", 2.0, ()))
    answered = answered_reasons(reasons)[0]
    assert (answered.direction, answered.strength, answered.contribution) == (direction, strength, contribution)


@pytest.mark.parametrize(
    ("kind", "about", "occurred", "recorded", "sentence"),
    [
        ("threat_to_kill", "pair", 1, 0.5, "Threat to kill on 7 June 2024, recorded today"),
        ("threat_to_kill", "pair", 2, 1, "Threat to kill on 6 June 2024, recorded 1 day ago"),
        ("suicidal_ideation", "person_at_risk", 5, 2.9,
         "Suicidal ideation on 3 June 2024, about the person at risk, recorded 2 days ago"),
        ("release", "subject", -1, 30, "Release from custody expected on 9 June 2024, about the subject"),
        ("release", "subject", 0, 30, "Release from custody expected on 8 June 2024, about the subject"),
        ("release", "subject", 1, 30, "Release from custody on 7 June 2024, about the subject, recorded 30 days ago"),
    ],
)  # fmt: skip
def test_triggers_in_words(kind: str, about: str, occurred: float, recorded: float, sentence: str) -> None:
    trigger = {"event_id": 5, "kind": kind, "about": about}
    times = {"occurred_at": AS_OF - int(occurred * DAY), "recorded_at": AS_OF - int(recorded * DAY)}
    assert answered_trigger(trigger | times, AS_OF).sentence == sentence


def test_a_reference_as_the_log_writes_it() -> None:
    assert reference_of("R-00000000000000ff") == "R-00000000000000ff"
    with pytest.raises(UsageError):
        reference_of("P-00000000000000ff")
