"""The bar on validation of every preset on real records, as a part of the results page."""

from __future__ import annotations

from collections.abc import Mapping

from pages.results_cells import LEAST
from pages.results_evidence import MeasuredRun

from threat.release.documents.validation_bar import ValidationBar


def bar_lines(runs: Mapping[str, MeasuredRun], *, public: bool) -> list[str]:
    """Return a row for each RUN that has a bar; ``public``: withheld where few outcomes were compared."""
    bars = {name: run.choices.bar for name, run in runs.items() if run.choices.bar is not None}
    if not bars:
        return []
    margin = next(iter(bars.values())).margin
    lines = [
        "Before the test was opened: mean recall on the pooled validation rows, the model minus the better of LightGBM "
        "from scratch and the elastic net (of a model from scratch, the elastic net), paired. The bar is met where "
        f"the whole interval is above -{margin:g}. The model was chosen on these "
        "rows, which flatters it; the better of the two was picked on them too, which makes the bar harder.",
        "",
        "| preset | model | minus | rows with an outcome | mean recall | verdict | found at 80% power "
        "| a model exactly as good is found not worse in |",
        "|---" * 8 + "|",
    ]
    return [*lines, *(_row(name, bar, public) for name, bar in bars.items()), ""]


def _row(name: str, bar: ValidationBar, public: bool) -> str:
    events = bar.difference.events
    if public and events < LEAST:
        cells = [f"fewer than {LEAST}", *["withheld"] * 4]
    else:
        power = ["-", "-"] if bar.power is None else [f"{bar.power.detectable:.3f}", f"{bar.power.not_worse:.0%}"]
        # Why the interval is not read, and not an interval that nobody should read.
        difference = bar.reason or bar.difference_words
        cells = [f"{events:,}", difference, bar.result, *power]
    return "| " + " | ".join([f"`{name}`", bar.model.title, bar.better_ranking.title, *cells]) + " |"
