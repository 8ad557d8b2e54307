"""Two cards on one page: what changed, figure by figure with intervals, in words alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from fixtures import evidence
from fixtures.card_commands import run_card
from fixtures.cards import human, made
from fixtures.evidence import at_capacity, figure, ranking
from fixtures.said import wrongly_said

from model_cards.compared import compare, compared_page
from threat.release.documents.card import Card


def card(recall: float, low: float, high: float, **changes: Any) -> Card:
    score = ranking("score", at_capacity("recall_at_capacity", recall, low, high, events=120), title="LightGBM")
    auc = figure("auc", 0.7, 0.6, 0.8)
    score = score.model_copy(update={"figures": (*score.figures, auc)})
    return made(evaluation=evidence.evaluation(rankings=(score,), **changes))


def test_a_figure_that_changed_has_both_intervals_and_what_changed_in_words() -> None:
    compared = compare(card(0.4, 0.3, 0.5), card(0.6, 0.52, 0.7))
    assert compared.figures_table is not None
    assert compared.figures_table.rows == (
        (
            "Recall at capacity: LightGBM",
            "0.40 (0.30 to 0.50)",
            "0.60 (0.52 to 0.70)",
            "Higher by 0.2; the intervals do not overlap",
        ),
    )
    assert compared.same_figures == len(card(0.4, 0.3, 0.5).figures) - 1
    assert compared.cautions[0] == "Both were measured on the same cohort, outcome and length of list."
    assert "None is of the difference between the two cards" in compared.cautions[1]


def test_figures_of_one_card_alone_are_there_and_other_questions_are_said() -> None:
    compared = compare(card(0.4, 0.3, 0.5), card(0.4, 0.3, 0.5, horizon_days=90).model_copy(update={"figures": ()}))
    assert compared.figures_table is not None
    assert {row[3] for row in compared.figures_table.rows} == {"Only before"}
    assert compared.cautions[0].startswith("Not the same question: Horizon differ")


def test_a_card_compared_with_itself_changed_nothing() -> None:
    compared = compare(made(), made())
    assert (compared.figures_table, compared.first_page, compared.fields) == (None, None, ())
    html = compared_page(compared)
    assert "No figure changed." in html
    assert f"{len(made().figures)} figures are the same in both." in html


def test_fields_and_the_first_page_are_compared_too() -> None:
    compared = compare(made(gate=None), made(human=human(identity__contact="the <unit>")))
    titles = [change.title for change in compared.fields]
    assert "Identity and ownership: Contact" in titles
    assert "Sign-off: Release gate" in titles
    assert compared.first_page is not None
    assert ("Status", "Draft", "Passed the gate") in compared.first_page.rows
    html = compared_page(compared)
    assert "the &lt;unit&gt;" in html
    assert wrongly_said(re.sub(r"<[^>]+>", "\n", html)) == []
    assert "color:" not in re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)


def test_the_command_compares_two_runs_and_writes_the_page(tmp_path: Path) -> None:
    before, after = (evidence.audited_run(tmp_path / "runs", name) for name in ("run-1", "run-2"))
    result = run_card(after.directory, "--compare", before.directory, "--out", tmp_path / "two.html")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("From run-1 to run-2:\n")
    assert "changed: Identity and ownership: RUN" in result.stdout
    assert "Two model cards on one page" in (tmp_path / "two.html").read_text()
    assert after.has("card.json")
    assert not before.has("card.json")
