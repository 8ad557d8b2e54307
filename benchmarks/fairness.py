"""The audit beside fairlearn, in one run on the same rows: points that must be equal, CPU seconds, peak memory.

    OMP_NUM_THREADS=1 python -P benchmarks/fairness.py [--rows 100000] [--replicates 200] [--rival-replicates 2]

Rows are drawn: six columns of six groups, an outcome of a few percent, a threshold that lists one row in ten. Either
side runs in a process of its own on one thread and measures recall, precision, false positive rate and share listed by
group, of one column after another, with bootstrap intervals: ``fairness.audit`` and ``fairlearn.metrics.MetricFrame``.
fairlearn's seconds grow with its replicates alone, so few are run and the seconds of one replicate are told.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

COLUMNS, GROUPS = 6, 6
FIGURES = ("recall", "precision", "false_positive_rate", "selection_rate")
ALIKE = 1e-12
"""Largest difference of two points: both are one division of the same counts."""


def drawn(rows: int) -> tuple[Any, Any, Any]:
    """Return scores, outcomes and ``COLUMNS`` columns of groups; the same for the same number of rows."""
    draw = np.random.default_rng(7)
    score = draw.normal(size=rows)
    outcome = draw.random(rows) < 1 / (1 + np.exp(4 - 1.2 * score))
    groups = draw.choice(GROUPS, size=(COLUMNS, rows), p=[0.5, 0.2, 0.15, 0.1, 0.03, 0.02])
    return score, outcome, groups


def ours(rows: int, replicates: int) -> dict[str, Any]:
    """Audit the drawn rows; return CPU seconds and points by column, group and figure."""
    from fairness.audit import audit
    from fairness.characteristics import Characteristic
    from fairness.policy import load_policy
    from threat.measuring.ranked import Cut, Labelled, Ranked
    from threat.measuring.resampling import Resampling

    score, outcome, groups = drawn(rows)
    items = [Characteristic(f"c{i}", "column", codes.astype(str)) for i, codes in enumerate(groups)]
    started = time.process_time()
    report = audit(
        Ranked(rows=Labelled.of(label=outcome.astype(float)), score=score),
        items,
        cut=Cut(threshold=_threshold(score)),
        policy=load_policy(),
        resampling=Resampling(replicates=replicates, seed=7),
        with_rates=False,  # what the audit would say by chance is no figure that the rival has
    )
    seconds = time.process_time() - started
    points = {
        f"{item.characteristic}/{group.code}/{name}": getattr(group, name).value
        for item in report.characteristics
        for group in item.groups
        for name in FIGURES
    }
    return {"seconds": seconds, "points": points}


def fairlearns(rows: int, replicates: int) -> dict[str, Any]:
    """Measure the drawn rows with fairlearn; return CPU seconds and points by column, group and figure."""
    from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate
    from sklearn.metrics import precision_score, recall_score

    score, outcome, groups = drawn(rows)
    metrics = dict(zip(FIGURES, (recall_score, precision_score, false_positive_rate, selection_rate), strict=True))
    listed = score >= _threshold(score)
    points: dict[str, float] = {}
    started = time.process_time()
    for i, codes in enumerate(groups):
        frame = MetricFrame(
            metrics=metrics,
            y_true=outcome,
            y_pred=listed,
            sensitive_features=codes.astype(str),
            n_boot=replicates,
            ci_quantiles=[0.025, 0.975],
            random_state=7,
        )
        for name in FIGURES:
            points |= {f"c{i}/{code}/{name}": float(value) for code, value in frame.by_group[name].items()}
    return {"seconds": time.process_time() - started, "points": points}


def _threshold(score: Any) -> float:
    return float(np.quantile(score, 0.9))


def measured(side: str, rows: int, replicates: int) -> dict[str, Any]:
    """Run one side in a process of its own; its answer, and the peak of its memory in MB."""
    command = [sys.executable, "-P", __file__, "--side", side, "--rows", str(rows), "--replicates", str(replicates)]
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | threads)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def compared(rows: int, replicates: int, rival_replicates: int) -> dict[str, Any]:
    """Run both sides once and compare their points. Raises SystemExit where a point differs."""
    audited, rival = measured("ours", rows, replicates), measured("fairlearn", rows, rival_replicates)
    different = [
        name
        for name, value in rival["points"].items()
        if audited["points"].get(name) is None or abs(audited["points"][name] - value) > ALIKE
    ]
    if different or len(audited["points"]) != len(rival["points"]):
        raise SystemExit(f"{len(different)} of {len(rival['points'])} points differ: {', '.join(different[:5])}")
    per_replicate = {"ours": audited["seconds"] / replicates, "fairlearn": rival["seconds"] / rival_replicates}
    return {
        "rows": rows, "columns": COLUMNS, "groups": GROUPS, "points": len(rival["points"]),
        "replicates": {"ours": replicates, "fairlearn": rival_replicates},
        "seconds": {"ours": audited["seconds"], "fairlearn": rival["seconds"]},
        "peak_mb": {"ours": audited["peak_mb"], "fairlearn": rival["peak_mb"]},
        "seconds_per_replicate": per_replicate,
        "ratio": per_replicate["fairlearn"] / per_replicate["ours"],
    }  # fmt: skip


def table(result: dict[str, Any]) -> str:
    """Return the comparison as a table of Markdown."""
    lines = ["| | replicates | CPU s | CPU s a replicate | peak MB |", "|---|---|---|---|---|"]
    for name, title in (("ours", "`fairness.audit`"), ("fairlearn", "fairlearn `MetricFrame`")):
        numbers = (
            result["replicates"][name], f"{result['seconds'][name]:.1f}",
            f"{result['seconds_per_replicate'][name]:.3f}", f"{result['peak_mb'][name]:,.0f}",
        )  # fmt: skip
        lines.append(f"| {title} | " + " | ".join(map(str, numbers)) + " |")
    said = (
        f"{result['rows']:,} rows, {result['columns']} columns of {result['groups']} groups: all {result['points']} "
        f"points equal; a replicate of fairlearn takes {result['ratio']:,.0f} times ours."
    )
    return "\n".join([said, "", *lines])


def main() -> None:
    """Compare both and print the table; with ``--out``, write the figures as JSON too."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--replicates", type=int, default=200)
    parser.add_argument("--rival-replicates", type=int, default=2)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--side", choices=("ours", "fairlearn"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.side:
        answer = (ours if asked.side == "ours" else fairlearns)(asked.rows, asked.replicates)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # kilobytes on Linux
        print(json.dumps(answer | {"peak_mb": peak}))
        return
    result = compared(asked.rows, asked.replicates, asked.rival_replicates)
    if asked.out:
        asked.out.write_text(json.dumps(result, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    print(table(result))


if __name__ == "__main__":
    main()
