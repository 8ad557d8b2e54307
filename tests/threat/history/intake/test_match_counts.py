"""How the files of an export meet: what is counted, and when the load is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fixtures.case_force import Force, ev, write
from fixtures.standard_export import NOW, profile_text
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from threat.cli import build
from threat.history.intake.load import load


def persons(*references: str) -> list[dict[str, object]]:
    return [{"person": reference, "recorded_at": "2024-01-01"} for reference in references]


def sexes(*references: str) -> list[dict[str, object]]:
    same = {"characteristic": "sex", "code": "F", "scheme": "force", "source": "self", "recorded_at": "2024-01-01"}
    return [{"person": reference, **same} for reference in references]


def crimes(*pairs: tuple[str, str]) -> list[dict[str, object]]:
    return [ev("stalking", "2024-01-02", s=subject, v=at_risk) for subject, at_risk in pairs]


def padded(n: int) -> list[dict[str, Any]]:
    """An export of n persons whose rows have a zero more than the events, but for person 7."""
    rows, named = [f"0{i}" for i in range(n)], [str(i) for i in range(n)]
    return [{"persons": persons(*rows, "7"), "events": crimes(*((name, "x") for name in named))}]


def counts(report: dict[str, Any]) -> dict[tuple[str, str], tuple[int, int]]:
    return {(each["file"], each["what"]): (each["met"], each["unmet"]) for each in report["references"]}


def test_what_meets_is_counted_by_file() -> None:
    force = Force(
        {
            "persons": persons("s", "council", "v"),
            "protected": sexes("s", "stranger"),
            "person_links": [{"source_person": "s2", "person": "s", "recorded_at": "2024-01-01"}],
            "relationships": [{"subject": "s", "person_at_risk": "v", "recorded_at": "2024-01-01"}],
            "events": [
                *crimes(("s", "v"), ("s", "w")),
                ev("harassment", "2024-01-03", event="E1"),
                ev("withdrawn", "2024-01-04", s=None, v=None, supersedes="E1"),
                ev("withdrawn", "2024-01-04", s=None, v=None, supersedes="E2"),
            ],
        }
    )
    assert counts(force.reports[0]) == {
        ("persons", "persons with a row"): (2, 1),
        ("protected", "persons with a row"): (1, 1),
        ("person_links", "persons named"): (1, 1),
        ("relationships", "persons named"): (2, 0),
        ("relationships", "parties"): (2, 0),
        ("person_links", "parties"): (1, 1),
        ("events", "persons named"): (2, 1),
        ("events", "rows superseded"): (1, 1),
    }
    examples = {(e["file"], e["what"]): list(e["unmet_examples"]) for e in force.reports[0]["references"]}
    assert examples["persons", "persons with a row"] == ["council"]
    assert examples["events", "rows superseded"] == ["E2"]
    assert force.reports[0]["refused"] == ""


def test_the_history_counts_as_well() -> None:
    force = Force({"events": crimes(("s", "v"))}, {"persons": persons("s", "x")}, {"events": crimes(("x", "s"))})
    assert counts(force.reports[0]) == {}
    assert counts(force.reports[1]) == {("persons", "persons with a row"): (1, 1)}
    assert counts(force.reports[2]) == {("events", "persons named"): (2, 0)}


@pytest.mark.parametrize(
    ("exports", "refused"),
    [
        ([{"persons": persons("00123", "00456"), "events": crimes(("123", "456"))}], "The file persons"),
        ([{"persons": persons("00123", "456"), "events": crimes(("123", "456"))}], ""),
        ([{"persons": persons("00123"), "relationships": [{"subject": "1", "recorded_at": "2024-01-01"}]}], "persons"),
        ([{"protected": sexes("00123"), "events": crimes(("123", "456"))}], "The file protected"),
        ([{"identities": persons("00123"), "events": crimes(("123", "456"))}], "The file identities"),
        ([{"persons": persons("00123")}], ""),  # nothing to meet yet
        ([{"protected": sexes("00123")}], ""),
        ([{"events": crimes(("123", "456"))}], ""),
        # A later load brings a new person whom nothing names yet: the persons it names have rows already.
        ([{"persons": persons("a", "b"), "events": crimes(("a", "b"))},
          {"persons": persons("c"), "events": crimes(("b", "a"))}], ""),
        ([{"persons": persons("a", "b"), "protected": sexes("a"), "events": crimes(("a", "b"))},
          {"protected": sexes("c"), "events": crimes(("b", "a"))}], ""),
        # Of many, one in twenty-five meets by chance.
        (padded(24), "The file persons"),
        (padded(18), ""),
        # A whole index of persons, of whom few come to notice.
        ([{"persons": persons(*(f"p{i}" for i in range(100))), "events": crimes(("p1", "p2"))}], ""),
    ],
)  # fmt: skip
def test_a_load_of_files_that_do_not_meet_is_refused(exports: list[Any], refused: str) -> None:
    force = Force(*exports)
    report = force.reports[-1]
    assert refused in report["refused"]
    assert bool(report["refused"]) == bool(refused)
    if refused:
        assert (report["new"], report["batch_id"]) == ({}, None)
        assert force.q("SELECT count(*) AS n FROM events") == [{"n": 0}]


def test_the_command_says_so_and_ends_with_3(tmp_path: Path) -> None:
    (tmp_path / "persons.csv").write_text("person,recorded_at\n00123,2024-01-01\n")
    rows = "subject,kind,occurred_at,recorded_at,domestic\n123,stalking,2024-01-02,2024-01-02,no\n"
    (tmp_path / "events.csv").write_text(rows)
    result = CliRunner().invoke(build(), ["load", "standard_csv", str(tmp_path), "--store", str(tmp_path / "store")])
    assert result.exit_code == 3
    assert (
        "persons: 1 persons with a row, 0 of them named by another file or the history, 1 not (00123)" in result.output
    )
    assert "events: 1 persons named, 0 of them with a row of persons, 1 not (123)" in result.output
    assert "REFUSED: The file persons and the rest of the export do not meet" in result.output


def test_relationships_that_meet_no_crime_are_said_and_many_refused() -> None:
    for count, refused in ((9, False), (11, True)):
        rows = [{"subject": f"0{i}", "person_at_risk": f"00{i}", "recorded_at": "2024-01-01"} for i in range(1, count)]
        rows.append({"subject": "x", "person_at_risk": "y", "recorded_at": "2024-01-01"})
        report = Force({"relationships": rows, "events": crimes(("1", "2"))}).reports[0]
        assert counts(report)["relationships", "parties"] == (0, 2 * count)
        assert "Nothing else in the export or the history names a person of relationships." in report["notices"]
        assert ("The file relationships" in report["refused"]) == refused


def test_two_systems_need_not_meet(tmp_path: Path) -> None:
    """A second system numbers persons in its own way: its persons may come before what names them."""
    text = profile_text("standard_csv").replace("name: standard_csv", "name: other")
    (tmp_path / "other.yaml").write_text(text.replace("source_system: standard_csv", "source_system: other"))
    crime = write(tmp_path / "one", {"events": crimes(("1", "2"))})
    rows = write(tmp_path / "two", {"persons": persons("00123"), "protected": sexes("00123")})
    assert load("standard_csv", crime, tmp_path / "store", NOW).refused == ""
    assert load(str(tmp_path / "other.yaml"), rows, tmp_path / "store", NOW).refused == ""


NAMES = st.lists(st.sampled_from([f"n{i}" for i in range(8)]), unique=True, min_size=1)


@settings(max_examples=15, deadline=None)
@given(NAMES, NAMES)
def test_met_and_unmet_are_all_references(rows: list[str], named: list[str]) -> None:
    force = Force({"persons": persons(*rows), "events": crimes(*((name, "v") for name in named))})
    meeting, everyone = counts(force.reports[0]), {*named, "v"}
    assert meeting["persons", "persons with a row"] == (len({*rows} & everyone), len({*rows} - everyone))
    assert meeting["events", "persons named"] == (len({*rows} & everyone), len(everyone - {*rows}))
    assert bool(force.reports[0]["refused"]) == (not {*rows} & everyone)
