"""Who is on a list and who is not, from a CSV export: late reports, custody, death, children, feeds that stopped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fixtures.case_force import Force, ev, pid

from serving.lists.making import ListOptions, make_list, replay_list
from threat import lists
from threat.asof import parse_as_of
from threat.errors import BadInput
from threat.history.sightings import NO_PERSON
from threat.release.documents.scored_list import ListFile

NOW = parse_as_of("2026-01-02")


def about(kind: str, person: str, when: str, **more: object) -> dict[str, object]:
    return {"kind": kind, "person": person, "occurred_at": when, "recorded_at": when, "domestic": "unknown", **more}


def pairs(*names: str) -> list[tuple[int, int]]:
    return sorted((pid(name[0]), pid(name[1])) for name in names)


def test_old_abuse_disclosed_today_and_a_release_after_years_are_on_the_list() -> None:
    force = Force(
        {
            "events": [
                ev("domestic_incident", "2012-01-10", s="a", v="b"),
                ev("coercive_control", "2012-05-10", "2024-05-20", s="a", v="b"),
                ev("attempted_murder", "2020-01-10", s="c", v="d"),
                about("custody", "c", "2020-01-11", code="sentence", until="2024-05-28"),
                ev("stalking", "2020-01-10", s="e", v="f"),
            ]
        }
    )
    assert sorted(force.rows("2024-06-01")) == pairs("ab", "cd")
    reason = next(step.reason for step in force.cohort("2024-06-01").attrition if step.step == "window")
    assert "1 only because such days do not count, 1 only by a late report" in reason
    assert [[trigger.kind for trigger in item.triggers] for item in force.must_see("2024-06-01")] == [["custody"]]


def test_the_murdered_the_dead_subject_and_the_others_of_a_murderer() -> None:
    force = Force(
        {
            "events": [
                *(ev("stalking", "2024-05-01", s=pair[0], v=pair[1]) for pair in ("sv", "sw", "tx", "yz")),
                ev("murder", "2024-05-28T10:00", s="s", v="v"),
                about("death", "t", "2024-05-20", code="natural"),
            ]
        }
    )
    assert sorted(force.rows("2024-05-15")) == pairs("sv", "sw", "tx", "yz")
    scored = force.scored("2024-06-01")
    stated = {row["person_at_risk_id"]: row["circumstances"] for row in scored.rows.to_pylist()}
    assert sorted(stated) == sorted([pid("w"), pid("z")])
    assert [fact["text"] for fact in stated[pid("w")]] == [
        "The subject is on record for the homicide of another person on 28 May 2024"
    ]
    assert {step.step: step.dropped for step in scored.attrition if "dead" in step.step} == {
        "person_at_risk_dead": 1,
        "subject_dead": 1,
    }
    assert [[(t.kind, t.about) for t in item.triggers] for item in scored.must_see] == [[("murder", "subject")]]


def test_records_of_one_person_under_the_name_of_subject_count_the_same() -> None:
    """Some sources have no column for the one person that a record is about."""
    force = Force(
        {
            "events": [
                ev("attempted_murder", "2020-01-10T10:00"),
                ev("custody", "2020-01-11T10:00", v=None, domestic="unknown", until="2024-05-28T10:00"),
                ev("suicidal_ideation", "2024-05-30T10:00", v=None, domestic="unknown"),
            ]
        }
    )
    (item,) = force.must_see("2024-06-01")
    assert [(trigger.kind, trigger.about) for trigger in item.triggers] == [
        ("suicidal_ideation", "subject"),
        ("custody", "subject"),
    ]
    assert [(row.subject.tolist(), row.at_risk.tolist()) for row in [force.cohort("2024-06-01").rows]] == [
        ([pid("s")], [pid("v")])
    ]
    inside = Force({"events": [ev("stalking", "2024-05-01"), ev("custody", "2024-05-02T10:00", domestic="unknown")]})
    (row,) = inside.scored("2024-06-01").rows.to_pylist()
    assert [fact["text"] for fact in row["circumstances"]] == [
        "The subject is in custody since 2 May 2024, no end is recorded"
    ]


def test_a_stay_and_a_release_of_the_day_on_which_clocks_go_back_are_one_trigger() -> None:
    """Dated by the day alone, one is its last second and the other its first, twenty-five hours earlier."""
    force = Force(
        {
            "events": [
                ev("stalking", "2024-05-01"),
                about("custody", "s", "2024-06-01", code="remand", until="2024-10-27"),
                about("release", "s", "2024-10-27", code="bail"),
            ]
        }
    )
    assert [[trigger.kind for trigger in item.triggers] for item in force.must_see("2024-10-29")] == [["release"]]


CHILD = {
    "persons": [{"person": "v", "kind": "person", "birth_year": "2009", "recorded_at": "2024-01-01T10:00"}],
    "events": [ev("threat_to_kill", "2024-05-30"), ev("stalking", "2024-05-30", s="t", v="w")],
}


def test_a_child_is_in_the_safeguarding_queue_and_not_ranked() -> None:
    force = Force(CHILD)
    scored = force.scored("2024-06-01")
    assert scored.rows["person_at_risk_id"].to_pylist() == [pid("w")]
    (queued,) = scored.safeguarding
    assert (queued.parties, queued.known_since) == (("person_at_risk",), parse_as_of("2024-01-01T10:00+00:00"))
    assert [trigger.kind for trigger in queued.triggers] == ["threat_to_kill"]
    assert [(step.kept, step.dropped) for step in scored.attrition if step.step == "safeguarding"] == [(1, 1)]
    # Must-see asks nobody's age: whatever the rank, whatever the queue.
    assert queued.relationship_id in {item.relationship_id for item in scored.must_see}
    before = force.scored("2024-01-01").safeguarding
    assert before == ()


def made(force: Force, as_of: str, **options: Any) -> lists.ScoredList:
    var = Path(force.dir.name) / "var"
    return make_list(force.store, var, parse_as_of(as_of), ListOptions(**options), started_at=NOW)


def test_a_list_holds_the_queue_the_feeds_and_the_circumstances_and_replays() -> None:
    force = Force(CHILD)
    frozen = made(force, "2024-06-01")
    opened = lists.open_list(Path(force.dir.name) / "var" / "lists", frozen.id)
    assert opened.safeguarding == frozen.safeguarding
    assert len(opened.safeguarding) == 1
    assert [(feed.source, feed.stale, feed.stated) for feed in opened.basis.feeds] == [("standard_csv", False, False)]
    assert opened.rows["circumstances"].to_pylist() == [[]]
    replayed = replay_list(force.store, Path(force.dir.name) / "var", frozen.id, started_at=NOW)
    assert (replayed["same"], replayed["differences"]) == (True, [])


def test_a_list_from_a_stopped_feed_is_not_published_without_a_word() -> None:
    force = Force({"events": [ev("stalking", "2024-05-01T10:00", source_system="calls"), ev("stalking", "2024-05-30")]})
    assert made(force, "2024-06-01").basis.stale_ok is False
    with pytest.raises(BadInput) as refused:
        made(force, "2024-06-01", publish=True)
    assert refused.value.problem == (
        "The feed calls is 30 days old: its latest record is of 1 May 2024 (7 days are allowed)."
    )
    assert lists.published(Path(force.dir.name) / "var" / "lists").list == ""
    shown = made(force, "2024-06-01", publish=True, stale_ok=True)
    assert shown.basis.stale_ok
    assert [(feed.source, feed.stale) for feed in shown.basis.feeds] == [("calls", True), ("standard_csv", False)]
    # The word is marked only where it was needed.
    assert not made(force, "2024-05-07", stale_ok=True).basis.stale_ok


def test_feeds_that_stopped_on_one_day_are_named_in_one_sentence() -> None:
    rows = [ev("stalking", "2024-05-01T10:00", source_system=source) for source in ("calls", "orders")]
    force = Force({"events": [*rows, ev("stalking", "2024-05-20")]})
    with pytest.raises(BadInput) as refused:
        made(force, "2024-06-01", publish=True)
    assert refused.value.problem == (
        "The feeds calls and orders are 30 days old: their latest record is of 1 May 2024 (7 days are allowed). "
        "The feed standard_csv is 11 days old: its latest record is of 20 May 2024 (7 days are allowed)."
    )


def test_the_command_says_the_age_of_every_feed_and_refuses_with_exit_3(threat: Any) -> None:
    force = Force({"events": [ev("stalking", "2024-05-01T10:00")]})
    var = str(Path(force.dir.name) / "var")
    asked = ("score", "--as-of", "2024-06-01", "--store", str(force.store), "--var", var)
    code, said, _ = threat(*asked)
    assert code == 0
    (feed,) = said["feeds"]
    assert feed["says"] == (
        "The feed standard_csv is 30 days old: its latest record is of 1 May 2024 (7 days are allowed)."
    )
    assert threat(*asked, "--publish")[0] == 3
    assert threat(*asked, "--publish", "--stale-ok")[0] == 0


def test_each_version_of_a_list_has_its_own_fields() -> None:
    force = Force(CHILD)
    path = Path(force.dir.name) / "var" / "lists" / made(force, "2024-06-01").id / "list.json"
    document = json.loads(path.read_text())
    assert document["version"] == 3
    for version, dropped in (
        (1, ("time_zone", "stays")),
        (2, ("feeds", "time_zone", "stays")),
        (2, ()),
        (2, ("time_zone",)),
        (3, ("time_zone",)),
        (3, ("stays",)),
        (1, ("feeds", "stale_ok", "safeguarding", "time_zone", "stays")),
    ):
        wrong = {name: value for name, value in document.items() if name not in dropped} | {"version": version}
        with pytest.raises(Exception, match=f"version {version} has"):
            ListFile.parse(json.dumps(wrong).encode(), "list.json")


def by_names(force: Force, as_of: str, names: dict[int, str]) -> list[tuple[Any, ...]]:
    rows = force.scored(as_of).rows.to_pylist()
    plain = [
        (
            row["rank"],
            row["tied"],
            row["score"],
            names[row["subject_id"]],
            names.get(row["person_at_risk_id"] or NO_PERSON),
        )
        for row in rows
    ]
    return sorted(plain, key=str)


def test_other_references_give_the_same_list_up_to_them_and_ties_stay_ties() -> None:
    def force(suffix: str) -> tuple[Force, dict[int, str]]:
        people = [f"{name}{suffix}" for name in "abcdefgh"]
        events = [ev("stalking", "2024-05-01", s=s, v=v) for s, v in zip(people[::2], people[1::2], strict=True)]
        events.append(ev("threat_to_kill", "2024-05-20", s=people[2], v=people[3]))
        return Force({"events": events}), {pid(name): name.removesuffix(suffix) for name in people}

    lists_of = [by_names(*(one[0], "2024-06-01", one[1])) for one in (force(""), force("-7"), force("x9"))]
    assert lists_of[0] == lists_of[1] == lists_of[2]
    assert [row[:2] for row in lists_of[0]] == [(1, 1), (2, 3), (2, 3), (2, 3)]
