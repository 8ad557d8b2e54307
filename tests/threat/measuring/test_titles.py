"""A figure has one title wherever it is shown: training, fairness and cards read the same table."""

import re
from pathlib import Path

from threat.measuring.titles import TITLES, recall_title, title_of_difference, title_within

PRODUCT = Path(__file__).parents[3]


def test_a_part_and_a_difference_begin_with_the_words_of_the_figure() -> None:
    for name, title in TITLES.items():
        assert title_within(name, "band") == f"{title}, within the band"
        assert title_of_difference(name).startswith(f"{title}, model minus this ranking")
    assert title_of_difference("brier") == "Brier score, model minus this ranking (below 0: model better)"
    assert (recall_title(50), recall_title(None)) == ("Recall at capacity", "Recall at threshold")


def test_recall_is_titled_nowhere_else() -> None:
    shown = re.compile(r"""["'](Outcomes on the list|Share of outcome events|Recall (at|over|of))""")
    titled = [
        path.relative_to(PRODUCT).as_posix()
        for package in ("threat", "training", "fairness", "model_cards", "serving")
        for path in (PRODUCT / package).rglob("*.py")
        if shown.search(path.read_text(encoding="utf-8"))
    ]
    assert titled == ["threat/measuring/titles.py"]
