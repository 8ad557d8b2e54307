"""What a training costs, by part: CPU seconds, and the peak of memory when the part was over. One table.

The whole job runs, as `threat train` runs it, in this process on one thread; its parts are timed where the job calls
them. A part that calls another holds the other's seconds too.

    OMP_NUM_THREADS=1 python -P benchmarks/training.py [--force FOLDER] [--relationships 65000] [--preset default]

Without --force a force is simulated under var/benchmarks/ and kept there.
"""

from __future__ import annotations

import argparse
import importlib
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any

from threat.simulation.force import Settings as ForceSettings
from threat.simulation.force import write
from training.config import load
from training.job import train

PARTS = {
    "read, label, features": ("training.job", "prepare"),
    "rows to fit on": ("training.job", "choose_fit_rows"),
    "choose and fit every model": ("training.job", "fit_models"),
    "of that: approaches": ("training.models.fitted", "compare_approaches"),
    "of that: elastic net, penalties": ("training.models.linear", "choose"),
    "of that: without sensitive features": ("training.models.fitted", "without"),
    "open the test": ("training.job", "open_test"),
    "evaluation": ("training.job", "evaluation_of"),
    "stability": ("training.job", "stability"),
    "checks": ("training.job", "checks"),
    "global picture": ("training.job", "global_picture"),
}
"""By title, the module in which the job looks a part up, and its name there."""


@dataclass
class Costs:
    """CPU seconds by part, and the peak of memory in MB when the part was over."""

    seconds: dict[str, float] = field(default_factory=dict)
    peaks: dict[str, float] = field(default_factory=dict)

    def timed(self, title: str, part: Callable[..., Any]) -> Callable[..., Any]:
        """Return ``part`` with its cost added up under ``title``."""

        @wraps(part)
        def run(*args: Any, **kwargs: Any) -> Any:
            started = time.process_time()
            try:
                return part(*args, **kwargs)
            finally:
                self.seconds[title] = self.seconds.get(title, 0.0) + time.process_time() - started
                self.peaks[title] = peak_memory_mb()

        return run


def peak_memory_mb() -> float:
    """Return the peak of this process's memory so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # kilobytes on Linux


def main() -> None:
    """Train once and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--force", type=Path)
    parser.add_argument("--relationships", type=int, default=65_000)
    parser.add_argument("--preset", default="default")
    asked = parser.parse_args()
    force = asked.force or Path("var") / "benchmarks" / f"force-{asked.relationships}"
    if not (force / "history").exists():
        write(ForceSettings(relationships=asked.relationships), force, lambda _: None)
    costs = Costs()
    for title, (module, name) in PARTS.items():
        place = importlib.import_module(module)
        setattr(place, name, costs.timed(title, getattr(place, name)))
    started = time.process_time()
    with tempfile.TemporaryDirectory() as out:
        train(force / "history", load(asked.preset), out=out, run_id="benchmark", started_at=int(time.time()))
    whole = time.process_time() - started
    print("| part | CPU s | peak MB |\n|---|---|---|")
    for title, seconds in costs.seconds.items():
        print(f"| {title} | {seconds:.1f} | {costs.peaks[title]:,.0f} |")
    print(f"| whole | {whole:.1f} | {peak_memory_mb():,.0f} |")


if __name__ == "__main__":
    main()
