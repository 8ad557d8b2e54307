"""``docs/crosswalks.md``: where on the card each thing is that a published standard asks for, made from the data."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from model_cards.crosswalk import STANDARDS, Crosswalk, crosswalk, titles
from model_cards.outline import outline

_HEAD = """# Crosswalks: what published standards ask for, and where the card says it

Made by `make docs` from `model_cards/crosswalks/` and `model_cards/atrs.yaml`; not edited by hand.

Topics are in our own words and have no numbers of the published texts, which were not at hand:
before a force says that it follows a standard, it checks each line against the text in force. A
line without a field of the card says why. An asterisk marks a field that a person fills.
"""


def page() -> str:
    """Return the whole page."""
    return "\n".join([_HEAD, *(_table(crosswalk(name)) for name in STANDARDS)])


def _table(standard: Crosswalk) -> str:
    by_path = titles()
    human = outline().paths("human")
    lines = [f"## {standard.standard}", "", f"Published: {standard.published}.", "", "| topic | asks | on the card |"]
    lines.append("|---|---|---|")
    for item in standard.items:
        fields = "; ".join(f"{by_path[path]}{'*' if path in human else ''}" for path in item.card)
        lines.append(f"| {item.topic} | {item.asks} | {fields or f'None: {item.why_not}'} |")
    return "\n".join([*lines, ""])


def main(arguments: list[str] | None = None) -> int:
    """Write the page, or with ``--check`` say whether it differs from its data (exit 1)."""
    parser = argparse.ArgumentParser(prog="make docs", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/crosswalks.md"), help="the page")
    parser.add_argument("--check", action="store_true", help="compare with the data; write nothing")
    chosen = parser.parse_args(arguments)
    text = page()
    if chosen.check:
        if chosen.out.is_file() and chosen.out.read_text(encoding="utf-8") == text:
            return 0
        print(f"{chosen.out} is not what its data say. Run: make docs", file=sys.stderr)
        return 1
    chosen.out.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
