"""Lines of ``docs/results.md`` on how a test held over its months: both halves, and how its features drifted."""

from __future__ import annotations

from pages.results_cells import LEAST, number, percent

from threat.release.documents.cohort import CohortAttrition
from threat.release.documents.evaluation import MODEL, Evaluation

_NAMED = 5
"""Features named of those that shifted most; ``cohort.json`` has all."""


def halves_lines(evaluation: Evaluation, public: bool) -> list[str]:
    """Return a table with the model and the regression on each half of the test; no lines for a single list.

    Withheld where a half, or what both halves together would give away of it, has fewer than ten outcome events.
    """
    starts = {replayed.cycle: replayed.start[:10] for replayed in evaluation.replay}
    if not evaluation.halves:
        return []
    if public and min(half.events for half in evaluation.halves) < LEAST:
        return [f"- Halves of the test: one has fewer than {LEAST} outcomes, withheld."]
    lines = [
        # After a list, a paragraph without an empty line before it would be read as part of the last item.
        "",
        "Each half of the test by itself; slope and observed over expected are 1 where the probabilities are right:",
        "",
        "| half | ranking | recall | mean recall | AUC | slope | observed over expected |",
        "|---|---|---|---|---|---|---|",
    ]
    shown = {line.row.name: line.title for line in evaluation.lines if line.row.name in (MODEL, "elastic_net")}
    for half in evaluation.halves:
        first, last = (starts.get(half.cycles[end], "") for end in (0, -1))
        for name, title in shown.items():
            recall, mean, area = (half.figure(name, figure) for figure in ("recall_at_capacity", "mean_recall", "auc"))
            calibrated = half.calibration if name == MODEL else None
            slope, ratio = (
                ("-", "-")
                if calibrated is None
                else (
                    number(calibrated.slope, 2, public=public),
                    number(calibrated.observed_over_expected, 2, public=public),
                )
            )
            credited = (recall.value or 0.0) * recall.events if recall is not None else 0.0
            caught = f"on fewer than {LEAST}" if public and credited < LEAST else percent(recall)
            cells = [caught, percent(mean, public=public), number(area, 3, public=public)]
            said = f"{half.half}, lists of {first} to {last}, {half.events} events"
            lines.append("| " + " | ".join([said, title, *cells, slope, ratio]) + " |")
    return [*lines, ""]


def drift_lines(cohort: CohortAttrition, public: bool) -> list[str]:
    """Return a line on the length of record and the features that shifted most; none where not known."""
    drift = cohort.drift
    if drift is None:
        return []
    shifted = [
        f"`{feature.feature}` {feature.shift:+.2f}"
        for feature in drift.features
        if abs(feature.shift) > drift.least_shift
    ]
    line = (
        f"- Length of record: {drift.shifted} of {len(drift.features)} features that vary shifted by over "
        f"{drift.least_shift:g} standard deviations from fit to test"
    )
    line += f" ({', '.join(shifted[:_NAMED])}{', ...' if len(shifted) > _NAMED else ''})" if shifted else ""
    record = drift.length_of_record
    if record is not None and record.share_beyond is not None:
        few = public and 0 < record.beyond < LEAST
        beyond = f"fewer than {LEAST}" if few else f"{record.beyond:,} ({record.share_beyond:.0%})"
        line += f"; {beyond} of {record.test_rows:,} rows of the test are longer on record than 99% of the fit rows"
    return [line + "."]
