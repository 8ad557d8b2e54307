"""What changed since the list before, the bars of reasons, and triggers in words."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from fixtures.graded import every_place_of

from serving.desk.answered import answered_reasons, answered_trigger, change_of
from serving.desk.list_view import ListView, reference_of
from serving.desk.parties import Parties
from serving.desk.problems import NotFound
from serving.relationship.marker_words import Days
from serving.relationship.reasons import ThemeReason
from threat.asof import DAY, parse_as_of
from threat.errors import UsageError
from threat.history.sightings import NO_PERSON, Rows
from threat.release.documents.scored_list import About, Basis, TriggerEvent

AS_OF = parse_as_of("2024-06-08")
WEEK_AGO = AS_OF - 7 * DAY


def basis(**changed: Any) -> Basis:
    values: dict[str, Any] = {
        "as_of": AS_OF, "snapshot": "S-1", "ranking": "rule", "ranking_id": "rule:x", "ranking_title": "A rule",
        "ranking_note": "", "demonstration": False, "capacity": 3, "catalogue": "c", "policy": "p",
        "started_at": AS_OF, "previous": "L-1", "previous_as_of": WEEK_AGO, "previous_ranking_id": "rule:x",
        "attrition": (),
    }  # fmt: skip
    return Basis(**values | changed)


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
        ("threat_to_kill", "pair", 1, 0.5, "Threat to kill on 7 June 2024, recorded 1 day ago"),
        ("threat_to_kill", "pair", 2, 1, "Threat to kill on 6 June 2024, recorded 1 day ago"),
        ("suicidal_ideation", "person_at_risk", 5, 2.9,
         "Suicidal ideation on 3 June 2024, about the person at risk, recorded 3 days ago"),
        ("release", "subject", -1, 30, "Release from custody expected on 9 June 2024, about the subject"),
        ("release", "subject", 0, 30, "Release from custody expected on 8 June 2024, about the subject"),
        ("release", "subject", 1, 30, "Release from custody on 7 June 2024, about the subject, recorded 4 weeks ago"),
    ],
)  # fmt: skip
def test_triggers_in_words(kind: str, about: About, occurred: float, recorded: float, sentence: str) -> None:
    trigger = TriggerEvent(
        event_id=5,
        kind=kind,
        about=about,
        occurred_at=AS_OF - int(occurred * DAY),
        recorded_at=AS_OF - int(recorded * DAY),
    )
    assert answered_trigger(trigger, Days(AS_OF, "UTC")).sentence == sentence


def test_a_reference_as_the_log_writes_it() -> None:
    assert reference_of("R-00000000000000ff") == "R-00000000000000ff"
    with pytest.raises(UsageError):
        reference_of("P-00000000000000ff")


class SmallSnapshot:
    """Four relationships: of S and P both ways, of S and nobody known, and of nobody known and P; one more later."""

    def __init__(self, second_stands: bool = True) -> None:
        recorded = np.array([AS_OF - 5, AS_OF - 1, AS_OF - 5, AS_OF - 5, AS_OF], np.int64)
        self.relationships = SimpleNamespace(
            relationship_id=np.array([1, 2, 3, 4, 5], np.int64),
            recorded_at=recorded,
            since=lambda as_of: recorded,
            standing=lambda as_of: (recorded < as_of) & np.array([True, second_stands, True, True, True]),
        )

    subject = np.array([11, 12, 11, NO_PERSON, 13], np.int64)
    at_risk = np.array([12, 11, NO_PERSON, 11, 11], np.int64)

    def rows(self, relationship_ids: Any, as_of: int) -> Rows:
        ids = np.asarray(relationship_ids, np.int64)
        return Rows(ids, self.subject[ids - 1], self.at_risk[ids - 1], np.full(len(ids), as_of))


def view_of(snapshot: SmallSnapshot) -> ListView:
    nothing_ranked = pa.table({"relationship_id": pa.array([], pa.int64())})
    listed = SimpleNamespace(basis=basis(ranking_note=""), must_see=[], safeguarding=[], rows=nothing_ranked)
    return ListView(listed, snapshot, ranking=None)  # type: ignore[arg-type]


def test_a_relationship_recorded_at_the_as_of_is_not_in_view_yet() -> None:
    view = view_of(SmallSnapshot())
    assert view.recorded("R-0000000000000002") == 2
    for reference in ("R-0000000000000005", "R-0000000000000009"):
        with pytest.raises(NotFound):
            view.recorded(reference)


def test_the_other_way_round() -> None:
    view = view_of(SmallSnapshot())
    assert view.other_way(1, Parties(11, 12)) == "R-0000000000000002"
    assert view.other_way(2, Parties(12, 11)) == "R-0000000000000001"
    assert view.other_way(3, Parties(11, NO_PERSON)) == ""  # nobody known is not one person who is in two relationships


@pytest.mark.parametrize(("second_stands", "reference"), [(True, "R-0000000000000002"), (False, "")])
def test_a_relationship_withdrawn_before_the_as_of_is_nobody_s_other_way(second_stands: bool, reference: str) -> None:
    assert view_of(SmallSnapshot(second_stands)).other_way(1, Parties(11, 12)) == reference


def test_a_relationship_for_safeguarding_has_that_for_its_band_and_no_other_unranked_one(desk):
    view = desk.view()
    places = every_place_of(view)
    ranked, safeguarded = view.listed.rows["relationship_id"].to_pylist(), view.listed.safeguarding
    assert [places.band(item.relationship_id) for item in safeguarded] == ["safeguarding"] * len(safeguarded)
    assert places.band(ranked[0]) == "review"
    unranked = set(view.in_force.relationship_id.tolist()) - {*ranked, *(item.relationship_id for item in safeguarded)}
    assert {places.band(relationship_id) for relationship_id in unranked} == {"not_ranked"}
