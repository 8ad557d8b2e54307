"""How close the model comes to the best that records allow, on forces whose truth is known: ``docs/ceiling.md``.

Takes about an hour of CPU time and 5 GB of memory the first time; what an earlier run of the same code and settings
made is reused. The six forces of the ledger are opened by ``--open`` alone (``make ceiling``).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from pages.ceiling_cache import Cache
from pages.ceiling_ledger import Ledger, Opening
from pages.ceiling_measure import MeasuredWorld, WorldSteps
from pages.ceiling_page import Evidence, chart, document, page
from pages.ceiling_plan import QUICK, REHEARSAL, WORLDS, Plan, chosen_worlds

from threat.files import write_whole

_OPENED = "expected captures of every ranking on the judged list"


def measure(plan: Plan, worlds: list[str], cache: Cache, ledger: Ledger, command: str) -> Evidence:
    """Measure the worlds (all without a name) and enter every opening of an unseen force into the ledger."""
    date, commit = datetime.now(tz=UTC).date().isoformat(), commit_of_checkout()
    seen: list[Opening] = []
    measured: list[MeasuredWorld] = []
    for world in chosen_worlds(worlds):

        def before_opening(seed: int, evidence: str, name: str = world.name) -> None:
            if not plan.unseen:
                return
            seen.extend(ledger.seen_before(name, seed, evidence))
            ledger.write(Opening(date, commit, name, seed, _OPENED, evidence, command))

        measured.append(WorldSteps(cache, plan, world).measured(before_opening))
    return Evidence(plan, tuple(measured), tuple(cache.taken), tuple(seen), date, commit)


def commit_of_checkout() -> str:
    """Return the commit that is checked out, and whether files differ from it; "unknown" outside a checkout."""
    # What this command itself writes is no change of the code.
    status = ["git", "status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs/ceiling*", ":!docs/images"]
    commands = (["git", "rev-parse", "--short", "HEAD"], status)
    try:
        commit, changed = (
            subprocess.run(words, capture_output=True, text=True, check=True).stdout for words in commands
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit.strip() + (" with changes" if changed.strip() else "")


def main(arguments: list[str] | None = None) -> int:
    """Measure, and write the page, its chart and its JSON."""
    parser = argparse.ArgumentParser(prog="make ceiling", description=__doc__)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--open", action="store_true", help="open the six unseen forces, and write so into the ledger")
    which.add_argument("--rehearse", action="store_true", help="the whole size on two forces to develop with")
    which.add_argument("--quick", action="store_true", help="tiny forces, to see that everything runs")
    parser.add_argument(
        "--prepare", action="store_true", help="only judged lists and ceilings: opens and writes nothing"
    )
    parser.add_argument("--worlds", nargs="*", default=[], help=f"some of {', '.join(WORLDS)}; all without any")
    parser.add_argument("--threads", type=int, default=None, help="of every step; 1 where worlds are made side by side")
    parser.add_argument("--cache", type=Path, default=Path("var/ceiling"), help="folder of finished steps")
    parser.add_argument("--out", type=Path, default=None, help="folder of the page; docs with --open, else the cache")
    chosen = parser.parse_args(arguments)
    plan = Plan() if chosen.open else REHEARSAL if chosen.rehearse else QUICK
    plan = plan if chosen.threads is None else replace(plan, threads=chosen.threads)
    out = chosen.out or (Path("docs") if chosen.open else chosen.cache)
    started = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - started:6.0f} s  {text}", file=sys.stderr, flush=True)

    if not chosen.quick:
        say("20 minutes of CPU time and 2 GB of disk for each world, 5 GB of memory; finished steps stay")
    if chosen.prepare:
        for world in chosen_worlds(chosen.worlds):
            WorldSteps(Cache(chosen.cache, say), plan, world).prepared()
        return 0
    command = "make ceiling" if arguments is None else " ".join(arguments)
    evidence = measure(plan, chosen.worlds, Cache(chosen.cache, say), Ledger(out / "ceiling_ledger.csv"), command)
    (out / "images").mkdir(parents=True, exist_ok=True)
    write_whole(out / "ceiling.md", page(evidence))
    write_whole(out / "ceiling.json", json.dumps(document(evidence), indent=1) + "\n")
    write_whole(out / "images" / "ceiling.svg", chart(evidence))
    print(page(evidence))
    return 0


if __name__ == "__main__":
    sys.exit(main())
