"""Markers: the drawn tables of ``tests/spec/markers``, and the twelve of ``markers.csv``."""

from __future__ import annotations

import pytest
from fixtures.feature_histories import rows, sightings
from fixtures.marker_tables import MarkersSpec, read_markers

from serving.lists.must_see import must_see_kinds
from serving.relationship.marker_table import marker_definitions, unread_must_see
from serving.relationship.markers import markers
from threat.vocabulary import kinds


@pytest.mark.parametrize("spec", read_markers(), ids=lambda spec: spec.title)
def test_the_drawn_markers(spec: MarkersSpec) -> None:
    assert spec.differences() == []


def test_the_twelve_markers_in_their_fixed_order() -> None:
    assert [definition.title for definition in marker_definitions()] == [
        "Strangulation",
        "Threat to kill",
        "Weapons",
        "Stalking",
        "Sexual violence",
        "Coercive control",
        "Separation",
        "Breach",
        "Suicidality",
        "Pregnancy or new baby",
        "Dispute over contact with children",
        "Harm to others",
    ]
    nobody = markers(sightings([]), rows([(1, 2, 100), (1, -1, 100)]), 100)
    assert [[marker.name for marker in of_row] for of_row in nobody] == [
        [definition.name for definition in marker_definitions()]
    ] * 2
    assert {lane.state for of_row in nobody for marker in of_row for lane in marker.lanes().values()} == {"no_record"}


def test_every_must_see_kind_is_said_by_a_marker_or_next_to_the_markers() -> None:
    said = {name for definition in (*marker_definitions(), *unread_must_see()) for name in definition.kinds}
    ahead = {kind.name for kind in kinds().values() if kind.known_in_advance}
    assert must_see_kinds() - said == must_see_kinds() & ahead == {"release"}
    assert [definition.name for definition in unread_must_see()] == [
        "murder",
        "manslaughter",
        "attempted_murder",
        "gbh_with_intent",
        "kidnap",
        "arson_endangering_life",
        "clares_law_application",
    ]


def test_kinds_of_a_theme_that_a_marker_reads_are_all_read() -> None:
    themes = {"strangulation", "threat_to_kill", "weapon", "stalking", "sexual", "coercive_control", "breach"}
    themes |= {"self_harm", "pregnancy"}
    read = {name for definition in marker_definitions() for name in definition.kinds if definition.whose != "others"}
    assert {kind.name for kind in kinds().values() if kind.theme in themes} <= read


def test_every_question_but_those_of_no_marker_is_asked_of_one() -> None:
    asked = {
        question
        for definition in marker_definitions()
        for question in (*definition.asked_of_subject, *definition.asked_of_person_at_risk)
    }
    questions = {name for name in kinds() if name.startswith("item_")}
    assert questions - asked == {
        "item_frightened",
        "item_fears_being_killed",
        "item_escalating",
        "item_worsening",
        "item_substance",
        "item_money",
    }
    assert asked <= questions
