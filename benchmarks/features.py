"""The features benchmark: our engine next to those a user could pick instead, then our jobs on a kept store.

    python benchmarks/features.py --shapes S M L

Every engine runs in a process of its own, from the same unsorted Parquet, and must count the same sum before its time
is shown. The rivals pin old libraries, so they live in an environment of their own (``--rivals-python``): the extra
``bench`` of this project installs it, which ``make bench`` does. Writes ``features.json``, ``features.md`` and
``features.png`` to ``docs/benchmarks``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
RIVALS = ("timeseriesflattener", "duckdb", "numpy")
NAMES = {
    "ours": "ours",
    "numpy": "numpy, two searches",
    "timeseriesflattener": "timeseriesflattener 2.5.2",
    "duckdb": "DuckDB, one join",
}
JOBS = {
    "counts-M": ("M, 96 counts, fold alone from the store", "counts-M"),
    "counts-L": ("L, 96 counts, fold alone from the store", "counts-L"),
    "whole-L": ("1 M rows over 25 M events, whole catalogue, from the store", "L"),
    "national": ("4 M relationships over 14 M events, whole catalogue, to disk", "national"),
    "one": ("one relationship, 200 events, whole catalogue", "one"),
}
BARS = {
    "counts-M": "about 0.2 s",
    "counts-L": "about 2 s, 3 GB",
    "whole-L": "60 s, 4 GB",
    "national": "3 min, 6 GB",
    "one": "p95 5 ms",
}


def call(python: str, script: str, *arguments: str, timeout: float = 1_800) -> dict[str, Any]:
    """Run one script in its own process and read its JSON line; a failure becomes ``{"failed": reason}``."""
    command = [python, "-P", str(HERE / script), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        return {"failed": f"stopped after {timeout:.0f} s"}
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or ["no message"])[-1][:200]}
    lines = done.stdout.strip().splitlines()
    return json.loads(lines[-1]) if lines else {}


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def compare(shape: str, pythons: dict[str, str], work: Path, repeats: int) -> list[dict[str, Any]]:
    """Return the best of ``repeats`` processes by engine, the engines taking turns; one process each on L."""
    histories(shape, work)
    times = 1 if shape == "L" else repeats
    runs: dict[str, list[dict[str, Any]]] = {engine: [] for engine in pythons}
    for turn in range(times):
        for engine, python in pythons.items():
            if any("failed" in run for run in runs[engine]):
                continue
            load = os.getloadavg()[0]
            run = call(python, "features_engine.py", engine, shape, str(work)) | {"load": load}
            runs[engine].append(run)
            say(f"{shape} {engine} {turn + 1}/{times}: {run.get('wall', run.get('failed'))}")
    out = []
    for engine, tries in runs.items():
        failed = [run for run in tries if "failed" in run]
        best = failed[0] if failed else min(tries, key=lambda run: run["wall"])
        median = {} if failed else {"median_wall": statistics.median(run["wall"] for run in tries)}
        out.append(best | median | {"engine": engine, "shape": shape, "runs": len(tries)})
    return out


def disagreements(results: list[dict[str, Any]]) -> list[str]:
    """Return the engines whose sum differs from ours, by shape. Times of wrong answers are not worth showing."""
    ours = {r["shape"]: r.get("sum") for r in results if r["engine"] == "ours"}
    return [
        f"{r['engine']} counts {r['sum']} on {r['shape']}, ours {ours[r['shape']]}"
        for r in results
        if "sum" in r and r["sum"] != ours[r["shape"]]
    ]


def keep(store: str, work: Path) -> None:
    """Write a store unless it is there."""
    if (work / store).exists():
        return
    say(f"{store}: writing the store")
    shutil.rmtree(work / f"{store}.partial", ignore_errors=True)
    made = call(sys.executable, "features_store.py", f"make-{store}", str(work))
    if "failed" in made:
        say(made["failed"])


def histories(shape: str, work: Path) -> None:
    """Draw the histories of a shape unless they are there."""
    if not (work / f"{shape}_rows.parquet").exists():
        say(f"{shape}: drawing histories")
        call(sys.executable, "features_shapes.py", shape, str(work))


def jobs(names: list[str], work: Path, repeats: int) -> list[dict[str, Any]]:
    """Return the best of ``repeats`` processes for each job on a kept store."""
    out = []
    for name in names:
        store = JOBS[name][1]
        if store.startswith("counts-"):
            histories(store.removeprefix("counts-"), work)
        keep(store, work)
        tries = [call(sys.executable, "features_store.py", name, str(work)) for _ in range(repeats)]
        failed = [run for run in tries if "failed" in run]
        best = failed[0] if failed else min(tries, key=lambda run: run.get("wall", run.get("p95_ms")))
        say(f"{name}: {best.get('wall', best.get('p95_ms', best.get('failed')))}")
        out.append(best | {"job": name})
    return out


def table(document: dict[str, Any]) -> str:
    """Return the table as Markdown."""
    lines = [
        f"Measured {document['measured']} on {document['machine']}; load average "
        f"{' before, '.join(map(str, document['load']))} after.",
        "",
        "96 counts (24 kinds x 30, 90, 365, 3,650 days) by the date of knowledge, from unsorted Parquet:",
        "",
        "| shape | engine | wall s | CPU s | peak MB | sum of counts | against ours |",
        "|---|---|---|---|---|---|---|",
    ]
    ours = {r["shape"]: r for r in document["engines"] if r["engine"] == "ours"}
    for r in document["engines"]:
        if "failed" in r:
            lines.append(f"| {r['shape']} | {NAMES[r['engine']]} | {r['failed']} | | | | |")
            continue
        base = ours[r["shape"]]
        ratio = (
            ""
            if r["engine"] == "ours"
            else f"{r['wall'] / base['wall']:.1f} x wall, {r['cpu'] / base['cpu']:.1f} x CPU"
        )
        lines.append(
            f"| {r['shape']} | {NAMES[r['engine']]} | {r['wall']:.2f} | {r['cpu']:.2f} | {r['peak_mb']:.0f} "
            f"| {r['sum']:,} | {ratio} |"
        )
    parts = [
        f"{shape}: read {r['parts']['read']:.2f} s, sort {r['parts']['sort']:.2f} s, fold {r['parts']['fold']:.2f} s"
        for shape, r in ours.items()
        if "parts" in r
    ]
    lines += ["", f"Ours by part. {'. '.join(parts)}."]
    inflated = [f"{r['inflated_30d']:.0%} on {r['shape']}" for r in document["engines"] if "inflated_30d" in r]
    if inflated:
        lines += [
            "",
            f"Counting by the date of the event instead inflates non-empty 30-day counts: {', '.join(inflated)}.",
        ]
    if document["jobs"]:
        lines += [
            "",
            f"On the kept store ({document['definitions']} definitions in the whole catalogue):",
            "",
            "| job | bar | wall | CPU s | peak MB |",
            "|---|---|---|---|---|",
        ]
    for r in document["jobs"]:
        title, bar = JOBS[r["job"]][0], BARS[r["job"]]
        if "failed" in r:
            lines.append(f"| {title} | {bar} | {r['failed']} | | |")
        elif "p95_ms" in r:
            wall = f"p50 {r['p50_ms']:.2f} ms, p95 {r['p95_ms']:.2f} ms"
            lines.append(f"| {title} | {bar} | {wall} | p95 {r['cpu_p95_ms']:.2f} ms | {r['peak_mb']:.0f} |")
        else:
            lines.append(f"| {title} | {bar} | {r['wall']:.2f} s | {r['cpu']:.2f} | {r['peak_mb']:.0f} |")
    return "\n".join(lines + profile(document.get("profile", {})))


def profile(measured: dict[str, Any]) -> list[str]:
    """Return the lines of the table of what one thread's time goes on."""
    if "jobs" not in measured:
        return []
    lines = [
        "",
        f"One thread on L, {measured['jobs'][0]['rows']:,} rows: the time of a row without events, of a sighting in a",
        "row's history, and of one whose history is in the processor's cache. The floor is copying the same bytes at "
        f"{measured['copy_gb_per_s']:.0f} GB/s.",
        "",
        "| job | half | definitions | CPU s | row | sighting | in cache | MB moved | floor s | times floor |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for r in measured["jobs"]:
        cells = (
            r["job"],
            r["half"],
            str(r["definitions"]),
            f"{r['cpu']:.2f}",
            f"{r['row_us']:.2f} us",
            f"{r['sighting_ns']:.0f} ns",
            f"{r['sighting_near_ns']:.0f} ns",
            f"{r['moved_mb']:.0f}",
            f"{r['floor']:.3f}",
            f"{r['times_floor']:.0f}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def plot(document: dict[str, Any], path: Path) -> None:
    """Wall seconds by engine, one panel per shape."""
    try:
        import matplotlib as mpl

        mpl.use("Agg")
        from matplotlib import pyplot as plt
    except ModuleNotFoundError:
        say("no picture: matplotlib is not installed (extra: training)")
        return
    shapes = list(dict.fromkeys(r["shape"] for r in document["engines"]))
    figure, axes = plt.subplots(1, len(shapes), figsize=(4 * len(shapes), 2.6), squeeze=False, layout="constrained")
    for axis, shape in zip(axes[0], shapes, strict=True):
        shown = [r for r in document["engines"] if r["shape"] == shape and "failed" not in r][::-1]
        colours = ["#1d70b8" if r["engine"] == "ours" else "#b1b4b6" for r in shown]
        bars = axis.barh([NAMES[r["engine"]] for r in shown], [r["wall"] for r in shown], color=colours)
        axis.bar_label(bars, [f"{r['wall']:.2f} s, {r['peak_mb']:.0f} MB" for r in shown], padding=3, fontsize=8)
        axis.set_title(f"{shape}: {shown[0]['sum']:,} counted" if shown else shape, fontsize=10)
        axis.set_xlim(0, 1.9 * max((r["wall"] for r in shown), default=1))
        axis.tick_params(axis="y", labelleft=shape == shapes[0])
        axis.spines[["top", "right"]].set_visible(False)
        axis.set_xlabel("seconds, lower is better")
    figure.savefig(path, dpi=120)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shapes", nargs="*", choices=["S", "M", "L"], default=["S", "M"])
    parser.add_argument("--jobs", nargs="*", choices=list(JOBS), default=list(JOBS))
    parser.add_argument("--rivals-python", default=str(HERE.parent / ".venv-bench" / "bin" / "python"))
    parser.add_argument("--work", type=Path, default=HERE.parent / "var" / "bench", help="where the histories are kept")
    parser.add_argument("--out", type=Path, default=HERE.parent / "docs" / "benchmarks")
    parser.add_argument("--repeats", type=int, default=3)
    chosen = parser.parse_args()
    chosen.work.mkdir(parents=True, exist_ok=True)
    chosen.out.mkdir(parents=True, exist_ok=True)
    engines = ["ours"]
    if Path(chosen.rivals_python).exists():
        engines += RIVALS
    else:
        say("the rivals are left out: make an environment with `python -m venv .venv-bench` and")
        say("`.venv-bench/bin/pip install '.[bench]'`, or name one with --rivals-python")
    say("ours: compiling, or loading what was compiled before")
    keep("one", chosen.work)
    call(sys.executable, "features_store.py", "one", str(chosen.work))
    pythons = {engine: sys.executable if engine == "ours" else chosen.rivals_python for engine in engines}
    document: dict[str, Any] = {
        "measured": time.strftime("%Y-%m-%d %H:%M", time.gmtime()) + " UTC",
        "machine": f"{len(os.sched_getaffinity(0))} cores, {_processor()}, Python {platform.python_version()}",
        "load": [round(os.getloadavg()[0], 1)],
        "engines": [],
    }
    document["jobs"] = jobs(chosen.jobs, chosen.work, chosen.repeats)
    document["definitions"] = max((r["definitions"] for r in document["jobs"] if "definitions" in r), default=0)
    if {"counts-L", "whole-L"} <= set(chosen.jobs):
        say("profile: what the time goes on")
        document["profile"] = call(sys.executable, "features_profile.py", str(chosen.work))
    for shape in chosen.shapes:
        document["engines"] += compare(shape, pythons, chosen.work, chosen.repeats)
        wrong = disagreements(document["engines"])
        if wrong:
            say("\n".join(wrong))
            return 1
        save(document, chosen.out)  # a long run that is stopped keeps what it has
    save(document, chosen.out)
    print(table(document))
    return 0


def save(document: dict[str, Any], out: Path) -> None:
    """Write what has been measured so far: JSON, table and picture."""
    document["load"] = [document["load"][0], round(os.getloadavg()[0], 1)]
    (out / "features.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    (out / "features.md").write_text(table(document) + "\n", encoding="utf-8")
    if document["engines"]:
        plot(document, out / "features.png")


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


if __name__ == "__main__":
    sys.exit(main())
