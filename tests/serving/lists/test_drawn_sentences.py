"""Sentences drawn to be read, of every list of every force, with the records that they count."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from fixtures.desk_browser import NOW
from fixtures.golden_lists import REFERENCE, published_list

from serving.lists.drawn_sentences import draw
from serving.lists.run_ranking import RunRanking
from serving.relationship.panel_words import PANEL_WORDS
from serving.relationship.words_not_said import not_to_be_said
from threat.errors import IntegrityFailure, UsageError
from threat.release.documents.model import ModelFeatures


@pytest.fixture
def force(golden_store: Path, rule_var: Path, model_var: Path, tmp_path: Path) -> Path:
    """The golden force in a folder: its history, a list by rule, and a RUN whose model no gate let through."""
    folder = tmp_path / "force-1"
    shutil.copytree(golden_store, folder / "history")
    shutil.copytree(rule_var / "lists", folder / "lists")
    shutil.copytree(model_var / "runs", folder / "runs")
    return folder


def test_sentences_are_drawn_from_the_list_and_from_that_of_the_model_with_every_record_they_count(force: Path) -> None:
    drawn = draw([force], 30, seed=1, at=NOW)
    assert {sentence.order for sentence in drawn} == {
        "Recorded harm by the subject in the trailing year",
        "Model of the RUN run-1, not released",
    }
    headings = {words.raises for words in PANEL_WORDS.values()} | {words.on_record for words in PANEL_WORDS.values()}
    for sentence in drawn:
        assert (sentence.force, sentence.heading in headings) == ("force-1", True)
        assert sentence.records
        assert sentence.relationship in REFERENCE.values()
        assert not_to_be_said(sentence.text) == []
    strangled = next(sentence for sentence in drawn if sentence.relationship == REFERENCE["G03"])
    assert "strangulation 24 May" in strangled.text
    assert any(line.startswith("24 May 2024: Non-fatal strangulation") for line in strangled.records)
    assert len({(s.relationship, s.order, s.text) for s in drawn}) == len(drawn)


def test_a_draw_is_an_entry_in_the_audit_log_of_each_folder(force: Path) -> None:
    draw([force], 2, seed=1, at=NOW)
    with closing(sqlite3.connect(force / "desk.sqlite")) as database:
        entries = database.execute("SELECT operation, action, subject FROM audit_entries").fetchall()
    assert entries == [("consultation", "draw sentences", published_list(force).id)]


def test_the_same_seed_draws_the_same_and_another_seed_others(force: Path) -> None:
    assert draw([force], 4, seed=1, at=NOW) == draw([force], 4, seed=1, at=NOW)
    assert draw([force], 4, seed=1, at=NOW) != draw([force], 4, seed=2, at=NOW)
    assert [sentence.order for sentence in draw([force], 2, seed=3, at=NOW)] == [
        "Recorded harm by the subject in the trailing year",
        "Model of the RUN run-1, not released",
    ]


def test_a_folder_without_a_list_or_a_history_is_refused_with_the_way_out(force: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="The folder has no published list"):
        draw([tmp_path], 3, seed=1, at=NOW)
    shutil.rmtree(force / "history")
    with pytest.raises(UsageError, match="The folder has no history"):
        draw([force], 3, seed=1, at=NOW)


def test_a_run_that_was_changed_or_is_of_another_catalogue_gives_no_sentence(force: Path) -> None:
    run = force / "runs" / "run-1"
    assert RunRanking.open(run).kind == "model"
    features = json.loads((run / ModelFeatures.FILE).read_text(encoding="utf-8"))
    (run / ModelFeatures.FILE).write_text(json.dumps(features | {"catalogue_version": "another"}), encoding="utf-8")
    with pytest.raises(IntegrityFailure):
        RunRanking.open(run)


def test_the_command_prints_each_sentence_over_its_records(threat, force: Path, capsys) -> None:
    code, document, _ = threat("sentences", str(force), "--count", "3", "--seed", "5")
    assert (code, document["seed"], len(document["sentences"])) == (0, 5, 3)
    assert {"text", "records", "figures", "titles", "heading"} <= set(document["sentences"][0])
