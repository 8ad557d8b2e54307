"""The comparison planned before the test was opened, as a part of the results page; what was lost comes first."""

from __future__ import annotations

from collections.abc import Mapping

from pages.results_cells import LEAST, number
from pages.results_evidence import MeasuredRun

from threat.release.documents.comparison import PROMISE, VERDICT_WORDS
from threat.release.documents.evaluation import Evaluation


def losses(runs: Mapping[str, MeasuredRun], *, public: bool) -> list[str]:
    """Return a line for each RUN whose model loses to the regression; ``public``: of enough outcomes to be printed."""
    lines = []
    for name, run in runs.items():
        comparison = run.evaluation.comparison
        if comparison is not None and comparison.lost and (not public or comparison.events >= LEAST):
            lines.append(f"- **`{name}`: {comparison.lost}**")
    return lines


def comparison_lines(evaluation: Evaluation, *, public: bool) -> list[str]:
    """Return the terms of the comparison with their power first, then its verdicts; nothing for a RUN of before."""
    comparison = evaluation.comparison
    if comparison is None:
        return []
    withheld = public and comparison.events < LEAST
    lines = [
        f"The planned comparison is withheld: it is of fewer than {LEAST} outcomes." if withheld else comparison.terms,
        "",
    ]
    if withheld:
        return lines
    lines += ["| model minus | mean recall | verdict on the model | found at 80% power |", "|---|---|---|---|"]
    for line in evaluation.compared_lines:
        ranking = line.row
        power = "-" if ranking.power is None else f"{ranking.power.detectable:.3f}"
        difference = number(ranking.difference, 3, signed=True)
        lines.append(f"| {line.title} | {difference} | {VERDICT_WORDS[ranking.verdict]} | {power} |")
    return [*lines, "", PROMISE, ""]
