"""Print how many mutations of each part were drawn, how many were found, and which were not.

``python tests/attacks/count.py [--draws 90] [--seed 2]``; exit 1 when one went unnoticed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fixtures.attacked import install, targets, unnoticed_rows
from fixtures.mutations import unnoticed
from fixtures.trusted import make_trusted


def main() -> int:
    parser = argparse.ArgumentParser(description="Drawn mutations: how many were found.")
    parser.add_argument("--draws", type=int, default=90, help="mutations of each part")
    parser.add_argument("--seed", type=int, default=2)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        trusted = make_trusted(place)
        os.environ |= {"THREAT_TRUST": str(trusted.folder), "THREAT_KEYS": str(trusted.keys)}
        made = install(place)
        missed = {target.name: unnoticed(target, asked.draws, asked.seed) for target in targets(made)}
        missed["audit log rows"] = unnoticed_rows(made, asked.draws, asked.seed)
    for name, sentences in missed.items():
        print(f"{name:<16} {asked.draws:>5} drawn, {asked.draws - len(sentences):>5} found")
        for sentence in sentences:
            print(f"  NOT FOUND: {sentence}")
    count = sum(len(sentences) for sentences in missed.values())
    print(f"{'all':<16} {asked.draws * len(missed):>5} drawn, {asked.draws * len(missed) - count:>5} found")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
