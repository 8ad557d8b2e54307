"""Ablations on the card: groups and lengths of history with their intervals, and no small count."""

from __future__ import annotations

from typing import Any

from fixtures.cards import made, value
from fixtures.evidence import figure

from model_cards.page import page
from threat.release.documents.ablations import Ablations
from threat.release.documents.card import Table

ROWS = "the validation rows"


def ablations(events: int = 80, older: int = 7_200, **fields: Any) -> Ablations:
    """Of a mean recall of .31: two groups, a year of history, and two years beyond which no row has a record."""
    lost = {"method": "bootstrap", "events": events}
    year = {"months": 12, "days": 365, "rows": 9_000, "rows_with_older": older, "fit_rows": 70_000}
    two_years = {"months": 24, "days": 730, "rows": 9_000, "rows_with_older": 0, "fit_rows": 70_000}
    return Ablations(
        measured_on=ROWS,
        places=(12, 25, 50),
        mean_recall=figure("mean_recall", 0.31, 0.26, 0.36, events=events),
        groups=(
            {"name": "prior_harm", "features": ("a", "b"), "lost": figure("lost", 0.0213, 0.004, 0.04, **lost)},
            {"name": "sensitive", "features": ("c",), "lost": figure("lost", -0.004, -0.011, 0.003, **lost)},
        ),
        history=(
            year | {"fit_rows_with_older": 60_000, "lost": figure("lost", 0.0512, 0.02, 0.08, **lost)},
            two_years | {"fit_rows_with_older": 0, "lost": figure("lost", None, reason="no row has an older record")},
        ),
        **fields,
    )


def test_the_table_has_each_group_and_each_length_of_history_with_its_interval() -> None:
    table = value(made(ablations=ablations()), "performance.ablations")
    assert isinstance(table, Table)
    assert table.columns == ("Left out", "What", "Mean recall lost")
    assert table.rows == (
        ("prior harm", "2 features", "+0.0213 (+0.0040 to +0.0400)"),
        ("sensitive", "1 feature", "-0.0040 (-0.0110 to +0.0030)"),
        ("Records older than 12 months", "7,200 of 9,000 rows", "+0.05 (+0.02 to +0.08)"),
        ("Records older than 24 months", "0 of 9,000 rows", "none: no row has an older record"),
    )


def test_the_card_says_what_a_loss_is_of_and_that_a_group_without_one_may_be_needed() -> None:
    card = made(ablations=ablations())
    of, rows, needed = value(card, "performance.ablations_meaning")
    assert of == (
        "Of a mean recall of 0.31 (0.26 to 0.36) over lists of 12, 25, 50, on 80 rows with an outcome; a loss below 0 "
        "is a gain"
    )
    assert rows == f"Measured on {ROWS}"
    assert "may still be needed to explain" in needed
    assert needed in page(card)


def test_a_card_without_ablations_says_in_one_line_how_they_are_measured() -> None:
    card = made()
    assert value(card, "performance.ablations") == (
        "Not measured; measure them: threat evaluate RUN --ablate --store STORE"
    )
    assert value(card, "performance.ablations_meaning") == "Nothing is shown."
    assert card.not_yet_provided == made(ablations=ablations()).not_yet_provided


def test_few_outcomes_are_withheld_and_few_rows_only_called_few() -> None:
    few = made(ablations=ablations(events=9))
    assert value(few, "performance.ablations") == "withheld (under 10 rows with an outcome)"
    assert value(few, "performance.ablations_meaning") == "Nothing is shown."
    table = value(made(ablations=ablations(older=4)), "performance.ablations")
    assert table.rows[2][1] == "fewer than 10 of 9,000 rows"


def test_ablations_of_version_1_are_read_and_have_no_history() -> None:
    before = ablations().model_copy(update={"history": ()}).as_json() | {"version": 1}
    del before["history"]
    read = Ablations.model_validate(before)
    assert (read.version, read.history) == (1, ())
    assert len(value(made(ablations=read), "performance.ablations").rows) == 2
