"""``docs/options.md``: what can be done about a threat, from the catalogue that plans choose from.

``make docs`` writes the page; with ``--check`` it only compares, and exits 1 when the page is stale.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from pages.casework import wrapped
from pages.feature_dictionary import grid

from serving.casework.options import STRENGTHS, Catalogue, Option, options
from serving.casework.words import title
from threat.vocabulary import kind

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "options.md"
WRITTEN_BY = "<!-- Written by `make docs`. Change serving/casework/options.yaml, then run it. -->"


def page() -> str:
    """Return the whole page as Markdown."""
    return "\n\n".join(_parts(options())) + "\n"


def _parts(catalogue: Catalogue) -> Iterator[str]:
    yield WRITTEN_BY
    yield "# Options"
    yield wrapped(f"""
        What a plan can choose from: version {catalogue.version} of the catalogue, {len(catalogue.options)} options.
        The records of a case suggest some of them, with why; none is ticked beforehand and none is a rule. An action of
        an option that can raise danger says what is done about that; of an option with a power, which it uses.""")
    yield wrapped("""
        How an option can raise danger is the judgement of the authors where no source is named: a force confirms or
        corrects it. Where nothing was seen that measures an option, its row says so. What is widely said of an option
        and was not seen in a source is marked *not verified*.""")
    head = (
        "Option",
        "Does",
        "Needs",
        "Owners",
        "Power",
        "About",
        "How it can raise danger",
        "Evidence",
        "Suggested by",
    )
    yield grid(head, (_row(option, catalogue) for option in catalogue.options))


def _row(option: Option, catalogue: Catalogue) -> tuple[str, ...]:
    retired = "" if option.retired is None else f" (retired {option.retired})"
    strategies = ", ".join(title("strategy", strategy).lower() for strategy in option.strategies)
    authority = "" if option.authority == "none" else f"; authority of a {option.authority}"
    not_verified = "" if option.not_verified is None else f" Not verified: {option.not_verified}"
    return (
        f"`{option.option}`{retired} {option.title} ({strategies})",
        option.does,
        option.needs + not_verified,
        ", ".join(catalogue.owners[owner] for owner in option.owners),
        ("-" if option.power is None else title("power", option.power)) + authority,
        ", ".join(title("action_about", about) for about in option.about)
        + ("; the subject notices" if option.facing_subject else ""),
        "-" if option.danger is None else option.danger.how + _source(option.danger.source),
        f"{STRENGTHS[option.evidence.strength]}. {option.evidence.says}{_source(option.evidence.source)}"
        if option.evidence.source
        else STRENGTHS[option.evidence.strength] + ".",
        ", ".join(kind(name).title.lower() for name in option.facts) or "-",
    )


def _source(source: str) -> str:
    return f" ({source})" if source else ""


def main(arguments: list[str] | None = None) -> int:
    """Write the page, or compare it with ``--check``. Returns the exit code: 1 when stale, otherwise 0."""
    parser = argparse.ArgumentParser(prog="make docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when docs/options.md is stale")
    parser.add_argument("--page", type=Path, default=PAGE, help="the page to write or to compare")
    chosen = parser.parse_args(arguments)
    text = page()
    if not chosen.check:
        chosen.page.write_text(text, encoding="utf-8")
        print(f"{chosen.page.name}: {len(options().options)} options, {text.count(chr(10)):,} lines.")
        return 0
    if chosen.page.exists() and chosen.page.read_text(encoding="utf-8") == text:
        print(f"{chosen.page.name} is up to date.")
        return 0
    print(f"{chosen.page.name} is stale: run make docs", file=sys.stderr)
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
