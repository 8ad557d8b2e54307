"""What the figures of a RUN are figures of, as a part of the results page."""

from __future__ import annotations

from pages.results_cells import percent

from threat.release.documents.evaluation import Evaluation


def estimand_lines(evaluation: Evaluation, *, public: bool) -> list[str]:
    """Return two sentences and a table; nothing for a RUN of before. ``public``: small counts are withheld."""
    estimand = evaluation.estimand
    if estimand is None:
        return []
    rows = [
        *estimand.composition_rows(withhold=public),
        *estimand.exposure_rows(withhold=public),
        *estimand.blanking_rows(lambda figure: percent(figure, public=public)),
    ]
    return [*estimand.sentences, "", "| what | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows), ""]
