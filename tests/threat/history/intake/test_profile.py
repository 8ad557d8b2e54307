"""Profiles: read whole, with every problem at once, its line and the way out."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from fixtures.standard_export import profile_text

from threat.errors import UsageError
from threat.history.intake.profile import load_profile
from threat.history.intake.references import EMPTY_WORDS
from threat.history.intake.sources import source_names

HEAD = """name: own
title: Own
legal_basis: x
source_system: own
time: {zone: Europe/London}
"""
EVENTS = """files:
  events:
    columns:
      kind: {required: true}
      occurred_at: {type: time}
      recorded_at: {type: time}
"""


def problems_of(folder: Path, text: str) -> str:
    path = folder / "own.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as raised:
        load_profile(str(path))
    return str(raised.value).replace(str(path), "own.yaml")


def test_every_problem_at_once(tmp_path: Path) -> None:
    text = problems_of(
        tmp_path,
        yaml.safe_dump(
            {
                "name": "own",
                "title": "Own",
                "legal_basis": "x",
                "source_system": "own",
                "colour": "red",
                "shape": "round",
                "encoding": "morse",
                "time": {"zone": "Mars/Olympus", "ambiguous": "perhaps", "earliest": "long ago"},
                "files": {"events": {"columns": {"kind": {"type": "colour"}, "x": {"tpye": "text"}}, "key": ["y"]}},
            }
        ),
    )
    assert text.startswith("11 problems:")
    for part in ("colour", "round", "morse", "long ago", "Mars/Olympus", "perhaps", "Not a column of events"):
        assert part in text
    for part in ("names no column of the file", "lacks the column occurred_at", "lacks the column recorded_at"):
        assert part in text


def test_names_of_profiles() -> None:
    with pytest.raises(UsageError, match="No profile has this name"):
        load_profile("unheard_of")
    assert source_names() == ["multnomah", "standard_csv"]
    for name in source_names():
        assert load_profile(name).name == name


@pytest.mark.parametrize(
    ("text", "problem", "line", "way_out"),
    [
        (HEAD + EVENTS + "      domestic: {words: {J: yes}}\n", "true or false to YAML", 12, '"yes"'),
        (HEAD + EVENTS + '      domestic: {words: {no: "no"}}\n', "true or false to YAML", 12, '"no"'),
        (HEAD + EVENTS + "empty_words: {add: [NULL]}\n", "nothing to YAML", 12, '"NULL"'),
        (HEAD + EVENTS + "      kind: {column: X}\n", "A key comes twice", 12, "line 9"),
        (HEAD + EVENTS + "name: other\n", "A key comes twice", 12, "line 1"),
        (HEAD + EVENTS + "      cod: text\n", "Not a column of events", 12, "did you mean code?"),
        (HEAD + EVENTS + "  event: {columns: {kind: text}}\n", "Not a file of the shape", 12, "did you mean events?"),
        (HEAD + EVENTS + "feed_lag_hours: abc\n", "not a number from 0 to", 12, "write digits"),
        (HEAD + EVENTS + "feed_lag_hours: .inf\n", "not a number from 0 to", 12, "write digits"),
        (HEAD + EVENTS + "expected: unknown_code\n", "expected is not a list", 12, "[first, second]"),
        (HEAD + EVENTS + "expected: [unknown]\n", "Not a reason for quarantine", 12, "unknown_code"),
        (HEAD + EVENTS + "severe: '('\n", "not a regular expression", 12, "docs/data.md"),
        (HEAD + EVENTS + "code_map: none.csv\n", "code map is missing", 12, "next to the profile"),
        (HEAD + EVENTS + "      value: time\n", "wrong type", 12, "write number"),
        (HEAD + EVENTS + "      domestic: {words: {J: Ja}}\n", "Not a word of events.domestic", 12, "yes"),
        (HEAD + EVENTS + "      code: {column: kind}\n", "read from one", 9, "docs/data.md"),
        (HEAD + EVENTS + "    path: ../crimes.csv\n", "leads out of the export", 12, "crimes.csv"),
        (HEAD + EVENTS + "history_start: last year\n", "history_start cannot be read", 12, "2021-11-01"),
        (HEAD.replace("London}", "London, formats: ['%Q']}") + EVENTS, "Not a format of times", 5, "%d/%m/%Y"),
        (HEAD + "files: [events]\n", "files is not a mapping", 6, "docs/data.md"),
        (HEAD + "files: {events: {columns: [kind]}}\n", "events.columns is not a mapping", 6, "docs/data.md"),
        (HEAD + "files: {events: {columns: {kind: [1]}}}\n", "events.kind is not a mapping", 6, "docs/data.md"),
        (HEAD.replace("title: Own", "title: [Own]") + EVENTS, "title is not a text", 2, "docs/data.md"),
        (HEAD.replace("Europe/London", "Europe") + EVENTS, "Not a time zone", 5, "Europe/London"),
        ("name: a\n  title: b\n", "not YAML", 2, "indent with spaces"),
        ("name: a\n\ttitle: b\n", "not YAML", 2, "indent with spaces"),
    ],
)
def test_a_problem_has_its_line_and_the_way_out(
    tmp_path: Path, text: str, problem: str, line: int, way_out: str
) -> None:
    message = problems_of(tmp_path, text)
    at = next(i for i, words in enumerate(message.splitlines()) if problem in words)
    part = "\n".join(message.splitlines()[at : at + 4])
    assert f"own.yaml, line {line}\n" in part
    assert way_out in part


def test_a_file_that_is_no_profile(tmp_path: Path) -> None:
    assert "not a mapping" in problems_of(tmp_path, "")
    assert "not a mapping" in problems_of(tmp_path, "- a\n- b\n")
    (tmp_path / "own.yaml").write_bytes(b"name: a\ntitle: Caf\xe9\n")
    with pytest.raises(UsageError, match="not UTF-8") as raised:
        load_profile(str(tmp_path / "own.yaml"))
    assert raised.value.where.endswith("own.yaml, line 2")


def test_texts_stay_as_they_are_written(tmp_path: Path) -> None:
    """No octal number, date or letter becomes something else; spaces that nobody sees are plain spaces."""
    words = '      domestic: {column: DV\u00a0flag, words: {Y: "yes", 01: "no", 2024-01-01: unknown, "9": unknown}}\n'
    (tmp_path / "own.yaml").write_text(HEAD + EVENTS + words, encoding="utf-8")
    profile = load_profile(str(tmp_path / "own.yaml"))
    domestic = profile.files[0].column("domestic")
    assert domestic is not None
    assert domestic.source == "DV flag"
    assert domestic.words == {"Y": "yes", "01": "no", "2024-01-01": "unknown", "9": "unknown"}
    assert domestic.default == "unknown"


def test_what_a_profile_leaves_out_is_as_the_shape_has_it(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(HEAD + EVENTS, encoding="utf-8")
    events = load_profile(str(tmp_path / "own.yaml")).files[0]
    shipped = load_profile("standard_csv").files[-1]
    assert {column.name for column in events.columns} == {column.name for column in shipped.columns}
    given = {column.name for column in events.columns if not column.absent}
    assert given == {"kind", "occurred_at", "recorded_at"}
    assert [column.type for column in events.columns if column.name == "recorded_at"] == ["time"]
    assert [column.required for column in events.columns if column.name == "recorded_at"] == [True]


def test_empty_words_of_a_profile(tmp_path: Path) -> None:
    changes = 'empty_words: {add: [Nemo], remove: ["0"]}\n'
    columns = "      code: {empty_words: true}\n      subject: {empty_words: false}\n      record: {empty_words: [x]}\n"
    (tmp_path / "own.yaml").write_text(HEAD + EVENTS + columns + changes, encoding="utf-8")
    profile = load_profile(str(tmp_path / "own.yaml"))
    expected = (set(EMPTY_WORDS) | {"nemo"}) - {"0"}
    assert profile.empty_words == expected
    words = {column.name: column.empty_words for column in profile.files[0].columns}
    assert (words["code"], words["subject"], words["record"]) == (expected, frozenset(), {"x"})
    assert (words["kind"], words["person_at_risk"]) == (frozenset(), set(EMPTY_WORDS))
    assert "Not one of the words" in problems_of(tmp_path, HEAD + EVENTS + "empty_words: {remove: [anna]}\n")


def test_a_reference_is_a_number_everywhere_or_nowhere(tmp_path: Path) -> None:
    both = "      subject: {reference: number}\n      person: text\n"
    assert "a number in one column and a text in another" in problems_of(tmp_path, HEAD + EVENTS + both)


def test_the_shipped_profile_written_by_a_program_is_the_same(tmp_path: Path) -> None:
    text = yaml.safe_dump(yaml.safe_load(profile_text("standard_csv")), allow_unicode=True)
    (tmp_path / "own.yaml").write_text(text, encoding="utf-8")
    columns = [
        {(file.name, column.name): column for file in load_profile(name).files for column in file.columns}
        for name in (str(tmp_path / "own.yaml"), "standard_csv")
    ]
    assert columns[0] == columns[1]
