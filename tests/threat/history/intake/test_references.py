"""References: words that name nobody, digits that are lost, spellings that only look alike."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
import yaml
from fixtures.case_force import Force, ev, pid
from fixtures.standard_export import GOOD, NOW, events, profile_text, write
from hypothesis import given, settings
from hypothesis import strategies as st

from threat.history import Store, quarantine
from threat.history.intake.load import load
from threat.history.intake.references import EMPTY_WORDS, is_empty_word, look_alikes, read_references

NOBODY = [
    *("NULL", "null", "N/A", "n/a", "NA", "(none)", "NIL", "Unknown", "UNKNOWN.", "UNK", "-", "--", "---", "?", "??"),
    *(".", "...", "0", "00000", "0.0", "-1", "TBC", "Not known", "#N/A", "<NA>", "None", "[unknown male]", "*"),
    *("Unknown  Male", "unknown_female", "NOT-KNOWN", "No-one", "VICTIM UNKNOWN", "suspect not known", "None known"),
    *("Unknown offender", "UNIDENTIFIED (MALE)", "Not yet identified"),
]
SOMEBODY = [
    *("1", "10", "-10", "01", "anna", "null1", "unknown 7", "E3", "3E10", "o", "Nan Smith", "N", "x", "A-1"),
    *("N A", "U-K", "Victim 7", "Unknown male 2"),
]


def test_words_that_name_nobody() -> None:
    assert [word for word in NOBODY if not is_empty_word(pa.array([word]), EMPTY_WORDS)[0].as_py()] == []
    assert [word for word in SOMEBODY if is_empty_word(pa.array([word]), EMPTY_WORDS)[0].as_py()] == []


BARE = [word for word in EMPTY_WORDS if "#" not in word]


@settings(deadline=None)  # a busy machine is no fault
@given(st.sampled_from(BARE), st.sampled_from(["", " ", "'", "(", '"', ".", "<"]), st.booleans())
def test_case_and_punctuation_around_a_word_do_not_matter(word: str, around: str, upper: bool) -> None:
    text = f"{around}{word.upper() if upper else word}{around}"
    assert is_empty_word(pa.array([text]), EMPTY_WORDS).to_pylist() == [True]


@pytest.mark.parametrize("word", ["NULL", "n/a", "-", "0", "-1", "00000", "UNKNOWN"])
def test_nobody_is_no_person_in_any_column(word: str) -> None:
    force = Force(
        {
            "persons": [{"person": word, "recorded_at": "2024-01-01"}, {"person": "s0", "recorded_at": "2024-01-01"}],
            "relationships": [
                {"relationship": word, "subject": "s0", "person_at_risk": "v", "recorded_at": "2024-01-01"},
                {"relationship": word, "subject": "s1", "person_at_risk": "w", "recorded_at": "2024-01-01"},
                {"relationship": "R", "subject": word, "person_at_risk": "w", "recorded_at": "2024-01-01"},
            ],
            "person_links": [{"source_person": "s0", "person": word, "recorded_at": "2024-01-01"}],
            "events": [
                ev("stalking", "2024-01-02", s="s0", v=word, record=word, incident=word, supersedes=word, event=word),
                ev("stalking", "2024-01-03", s="s1", v=word, record=word, incident=word, supersedes=word, event=word),
                ev("stalking", "2024-01-03", s=word, v=word),
            ],
        }
    )
    assert force.reasons() == {"missing_value": 3, "names_nobody": 1}
    for name in ("subject_id", "person_at_risk_id", "person_id"):
        people = force.q(f"SELECT {name} AS person FROM events UNION SELECT person_id FROM persons")
        assert pid(word) not in {row["person"] for row in people}
    ids = force.q("SELECT count(DISTINCT event_id) AS e, count(DISTINCT record_id) AS r, "
                  "count(DISTINCT incident_id) AS i, count(supersedes_event_id) AS s FROM events "
                  "WHERE kind = 'stalking'")  # fmt: skip
    assert ids == [{"e": 2, "r": 2, "i": 2, "s": 0}]
    read_as_empty = force.reports[0]["empty_words"]
    assert read_as_empty["events"]["person_at_risk"] == {word: 3}
    assert read_as_empty["persons"] == {"person": {word: 1}}
    assert f"person: {word} is read as empty" in [
        e["detail"] for r in force.reports[0]["reasons"] for e in r["examples"]
    ]


def test_other_columns_are_empty_only_where_the_profile_says_so(tmp_path: Path) -> None:
    export = write(tmp_path / "export", events=events(GOOD | {"kind": "risk_grade", "code": "NULL"}))
    assert load("standard_csv", export, tmp_path / "store", NOW).rows_quarantined == 1
    document = yaml.safe_load(profile_text("standard_csv"))
    document["files"]["events"]["columns"]["code"] = {"empty_words": True}
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(document))
    assert load(str(tmp_path / "own.yaml"), export, tmp_path / "other", NOW).rows_quarantined == 0


LONG_NUMBERS = ["1.23E+12", "1.2e+05", "1.23456E12", "3E10", "1E5"]


def test_a_reference_whose_digits_a_spreadsheet_lost(tmp_path: Path) -> None:
    rows = [GOOD | {"event": f"E{i}", "subject": text} for i, text in enumerate(LONG_NUMBERS)]
    report = load("standard_csv", write(tmp_path / "export", events=events(*rows)), tmp_path / "store", NOW)
    assert [(item.reason, item.rows) for item in report.reasons] == [("damaged_reference", 3)]
    details = quarantine.read(Store.open(tmp_path / "store").snapshot())["detail"].tolist()
    assert details == ["subject: 1.23E+12", "subject: 1.2e+05", "subject: 1.23456E12"]


def test_a_reference_that_the_profile_calls_a_number(tmp_path: Path) -> None:
    document = yaml.safe_load(profile_text("standard_csv"))
    columns = document["files"]
    for file, name in (("events", "subject"), ("events", "person_at_risk"), ("events", "person")):
        columns[file]["columns"][name] = {"reference": "number"}
    document["files"] = {"events": columns["events"]}
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(document))
    people = [("00123", "7"), ("123", "007"), ("123.0", "7.00"), ("12A", "7"), ("1.2E+3", "7")]
    rows = [GOOD | {"event": f"E{i}", "subject": s, "person_at_risk": v} for i, (s, v) in enumerate(people)]
    export = write(tmp_path / "export", events=events(*rows))
    report = load(str(tmp_path / "own.yaml"), export, tmp_path / "store", NOW)
    assert {item.reason: item.rows for item in report.reasons} == {"unreadable_number": 1, "damaged_reference": 1}
    kept = Store.open(tmp_path / "store").snapshot().table("events", ["subject_id", "person_at_risk_id"]).to_pylist()
    assert len(kept) == 3
    assert kept[0] == kept[1] == kept[2] == {"subject_id": pid("123"), "person_at_risk_id": pid("7")}


def test_forms_of_unicode_are_one_reference_and_spellings_are_not() -> None:
    forms = ["Zo\u00eb", "Zoe\u0308", "Zo\u00eb\u200b", "Zo\u00eb\u00a0", "\ufeffZo\u00eb"]
    forms_as_persons = Force({"events": [ev("stalking", f"2024-01-0{i + 1}", s=form) for i, form in enumerate(forms)]})
    assert forms_as_persons.q("SELECT DISTINCT subject_id FROM events") == [{"subject_id": pid("Zo\u00eb")}]
    spellings = ["00123", "123", "123.0", "A 1", "a 1", "A  1", "B.", "B"]
    many = Force({"events": [ev("stalking", "2024-01-01", s=text, event=f"e-{text}") for text in spellings]})
    assert len(many.q("SELECT DISTINCT subject_id FROM events")) == len(spellings)
    said = " ".join(many.reports[0]["notices"])
    assert "00123, 123, 123.0" in said
    assert "A  1, A 1, a 1" in said


def test_one_sign_repeated_is_said_and_kept() -> None:
    force = Force({"events": [ev("stalking", "2024-01-01", s=text, event=text) for text in ("9999999", "xxxx", "777")]})
    assert force.reports[0]["rows_kept"] == 3
    assert "2 references of persons are one sign repeated: 9999999, xxxx." in " ".join(force.reports[0]["notices"])


def test_a_number_after_a_word_for_unknown_is_said_and_kept() -> None:
    people = ("Unknown male 2", "UNK17", "Unknowles", "not known-3")
    force = Force({"events": [ev("stalking", "2024-01-01", s=text, event=f"e-{text}") for text in people]})
    assert force.reports[0]["rows_kept"] == 4
    assert (
        "3 references of persons begin with a word for unknown: UNK17, Unknown male 2, not known-3. "
        "If they mean nobody, add them to empty_words in the profile."
    ) in force.reports[0]["notices"]


@settings(deadline=None)  # a busy machine is no fault
@given(st.lists(st.sampled_from(["7", "07", "7.0", "7.", "a7", "A7", "a 7", "a  7", "70", "\uff17"]), unique=True))
def test_look_alikes_are_groups_of_different_texts(texts: list[str]) -> None:
    groups = look_alikes(pa.array(texts, pa.string()))
    assert all(len(group) > 1 for group in groups)
    named = [text for group in groups for text in group]
    assert len(named) == len(set(named))
    assert set(named) <= set(texts)
    sevens = {"7", "07", "7.0", "7.", "\uff17"} & set(texts)
    assert any(set(group) == sevens for group in groups) == (len(sevens) > 1)


@settings(deadline=None)  # a busy machine is no fault
@given(st.lists(st.sampled_from([*NOBODY, *SOMEBODY]) | st.none()))
def test_a_text_is_kept_or_counted(texts: list[str | None]) -> None:
    read = read_references(pa.array(texts, pa.string()), "text", EMPTY_WORDS)
    kept = [text for text in read.texts.to_pylist() if text is not None]
    assert kept == [text for text in texts if text in SOMEBODY]
    assert sum(read.counts().values()) == len([text for text in texts if text in NOBODY])
