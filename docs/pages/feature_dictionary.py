"""The data dictionary, ``docs/features.md``: what the model may read, in words a governance board can sign.

``make docs`` writes the page; with ``--check`` it only compares, and exits 1 when the page is stale. Everything on the
page comes from the catalogue, the statistics, the factor table and the drawn tables that the tests run.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

import yaml
from pages.dictionary_words import WORDS

from features.definitions import Definition
from features.factors import factors, references
from features.load import Catalogue, load_catalogue
from features.rules import DEFAULT_RULE, RULES
from features.sentences import THEMES, sentence
from features.statistics import STATISTICS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "features.md"
SPEC = ROOT / "tests" / "spec" / "features"
WRITTEN_BY = "<!-- Written by `make docs`. Change the catalogue or the drawn tables, then run it. -->"

_SCOPES = {
    "relationship": "the subject, towards this person at risk",
    "subject_anyone": "the subject, towards anyone, named or not",
    "subject_others": "the subject, towards any other known person",
    "reversed": "the person at risk as subject, towards the subject",
    "subject_at_risk": "the subject as the one at risk, from anyone",
    "about_subject": "the subject alone",
    "subject_all": "the subject, towards anyone, named or not, and alone",
    "subject_unnamed": "the subject, towards nobody named, and alone",
    "at_risk_anyone": "the person at risk, from anyone",
    "at_risk_others": "the person at risk, from any other known person",
    "at_risk_subject": "the person at risk as subject, towards anyone",
    "about_at_risk": "the person at risk alone",
}
_COLUMNS = (
    "Definition",
    "The reviewer reads",
    "Figure",
    "Unit",
    "Direction",
    "When missing",
    "Sensitive",
    "Base",
    "Source",
)
_DOMESTIC = {"yes": "domestic", "no": "not domestic"}
SENSITIVE_HARM = "honour_based_abuse_ever"
"""The one figure that a harm moves and that may have no direction."""

_DIRECTIONS = {1: "may only raise", 0: "none", -1: "more may only lower"}


def page(catalogue: Catalogue | None = None, spec: Path = SPEC) -> str:
    """Return the whole page as Markdown. ``spec``: folder of drawn tables."""
    catalogue = load_catalogue() if catalogue is None else catalogue
    parts = [
        _opening(catalogue),
        _sensitive(catalogue),
        _factors(catalogue),
        _kinds_of_figure(catalogue),
        _groups(catalogue),
        _by_theme(catalogue),
        _rules(),
        drawn_tables(spec, "What the figures do: drawn tables", _READING),
        _references(),
    ]
    return "\n\n".join(line for part in parts for line in part) + "\n"


def _opening(catalogue: Catalogue) -> Iterator[str]:
    counts = Counter(d.direction for d in catalogue)
    policies = ", ".join(f"`{d.name}`" for d in catalogue if d.policy)
    unread = [d for d in catalogue if not d.read_by_model]
    yield WRITTEN_BY
    yield "# Features: the data dictionary"
    yield prose(f"""
        A model reads {len(catalogue.read_by_models())} of these {len(catalogue)} figures about a relationship and
        nothing else. This page lists each of them, why it is there, what it means when it is missing, and whether it
        may push a rank one way only. A figure is never a finding about a person: subjects are alleged and records are
        incomplete. A low figure reassures nobody: in one force 55% of deadly cases had no earlier contact with the
        victim on record (Thornton 2017).""")
    hashed = "a hash of everything the definitions say, and of what their statistics mean"
    yield f"Catalogue version `{catalogue.version}` ({hashed})."
    yield "## How to read a definition"
    yield "\n".join(f"- **{word}**: {prose(meaning)}" for word, meaning in WORDS.items())
    yield "## Directions"
    yield grid(
        ("Direction", "Definitions"),
        ((_DIRECTIONS[key], str(counts.get(key, 0))) for key in (1, 0, -1)),
    )
    yield prose(f"""
        A harm on record never lowers a score. So every figure that a domestic harm can move either has a direction,
        the way that one more harm moves it, or is read by no model: {", ".join(f"`{d.name}`" for d in unread)}. The
        exception is `{SENSITIVE_HARM}`, which is sensitive and so has none: what it does is measured for every model
        (`checks.json`, `added_harm`). Where a figure with a direction is missing, a model reads its end of least risk:
        0, or 100 years since the last. Fewer days since a harm can only raise: that says nothing of quiet days in
        custody, which are no clean time, and time at liberty is a part of its own of the score.""")
    yield prose(f"""
        Never given a direction: arrests, orders, custody, disposals, grades and assessment answers, ratios, slopes,
        shares, mental health and suicidality, age, pregnancy, length and richness of the record, proactive and
        third-party contact, service use, recency of anything but harm, counter-allegations. Set by policy and not by
        evidence, since neither a withdrawal nor a harm ever lowers: {policies}. `features.monotone` adds harms one by
        one and reports every score that falls.""")


def _sensitive(catalogue: Catalogue) -> Iterator[str]:
    chosen = [d for d in catalogue if d.sensitive]
    yield "## Sensitive definitions"
    yield prose(f"""
        {len(chosen)} definitions can stand for a protected characteristic. Each needs a justification, has no
        direction, is taken out and measured on the model card, and is covered by the fairness audit. No definition
        reads the protected characteristics themselves: sex, ethnicity, disability, religion, orientation, area and age
        are held apart from everything on this page.""")
    yield grid(
        ("Definition", "Reads", "Justification"),
        ((f"`{d.name}`", _reads(d), d.justification) for d in sorted(chosen, key=lambda d: d.name)),
    )


def _factors(catalogue: Catalogue) -> Iterator[str]:
    yield "## Published risk factors and the definitions that serve them"
    yield prose("""
        Effects are those the cited works give; most were read in abstract. They describe other places and other
        outcomes and are no weights: a model learns its own.""")
    yield grid(
        ("", "Factor", "What was found", "Trap in the records", "Definitions"),
        (
            (
                str(f.number),
                f.title,
                f"{f.finding} ({'; '.join(f.references)})",
                f.trap,
                ", ".join(f"`{d.name}`" for d in catalogue if d.factor == f.number) or "none",
            )
            for f in factors()
        ),
    )
    yield "### What no record carries"
    yield grid(
        ("", "Factor", "Left out, and why"),
        ((str(f.number), f.title, f.beyond) for f in factors() if f.beyond),
    )


def _kinds_of_figure(catalogue: Catalogue) -> Iterator[str]:
    counts = Counter[str](d.statistic for d in catalogue)
    yield "## Kinds of figure"
    yield grid(
        ("Figure", "In words", "With nothing on record", "Of equals, and of an incident", "Definitions"),
        (
            (f"`{name}`", statistic.words, statistic.nothing, statistic.ties, str(counts[name]))
            for name, statistic in STATISTICS.items()
            if counts[name]
        ),
    )


def _groups(catalogue: Catalogue) -> Iterator[str]:
    named = group_names()
    used = {kinds: name for kinds, name in named.items() if any(kinds in (d.kinds, d.among) for d in catalogue)}
    yield "## Groups of kinds"
    yield prose("""
        Kinds are those of `threat/vocabulary.csv`. *every crime* and *every kind* mean all of them but those known in
        advance; *every kind of* a theme, all of that theme.""")
    yield grid(
        ("Group", "Kinds"),
        (
            (f"*{name}*", ", ".join(_kind(kind) for kind in kinds))
            for kinds, name in sorted(used.items(), key=lambda x: x[1])
        ),
    )


@cache
def group_names() -> dict[tuple[str, ...], str]:
    """Return names of the lists of three kinds or more that the shipped catalogue repeats: their YAML anchors."""
    out: dict[tuple[str, ...], str] = {}
    for source in files("features").joinpath("catalogue").iterdir():
        anchor: str | None = None
        kinds: list[str] = []
        for event in yaml.parse(source.read_text(encoding="utf-8")):
            if isinstance(event, yaml.SequenceStartEvent):
                anchor, kinds = event.anchor, []
            elif isinstance(event, yaml.ScalarEvent):
                kinds.append(event.value)
            elif isinstance(event, yaml.SequenceEndEvent):
                if anchor and len(kinds) > 2:
                    out[tuple(kinds)] = anchor.replace("_", " ")
                anchor = None
    return out


def _by_theme(catalogue: Catalogue) -> Iterator[str]:
    yield "## Every definition, by theme"
    members = {theme: [d for d in catalogue if d.theme == theme] for theme in THEMES}
    yield grid(
        ("Theme", "Definitions", "May only raise", "Sensitive"),
        (
            (
                THEMES[theme],
                *(str(n) for n in (len(ds), sum(d.direction > 0 for d in ds), sum(d.sensitive for d in ds))),
            )
            for theme, ds in members.items()
            if ds
        ),
    )
    for theme, chosen in members.items():
        if not chosen:
            continue
        yield f"### {THEMES[theme]}"
        yield grid(
            _COLUMNS,
            (
                (
                    f"`{d.name}`",
                    example(d),
                    _reads(d),
                    d.unit,
                    _direction(d),
                    d.missing,
                    "yes" if d.sensitive else "no",
                    "yes" if d.base else "no",
                    d.source + (f" (factor {d.factor})" if d.factor else ""),
                )
                for d in chosen
            ),
        )


def example(d: Definition) -> str:
    """Return the sentence that a reviewer would read for an ordinary value of the definition."""
    return sentence(d, STATISTICS[d.statistic].shown)


def _direction(d: Definition) -> str:
    """Return which way the figure may move a score, and why where that is a policy; or that no model reads it."""
    if not d.read_by_model:
        return "none; no model reads it"
    return _DIRECTIONS[d.direction] + (", by policy" if d.policy else "")


def _reads(d: Definition) -> str:
    """Return everything that decides the figure, in one cell."""
    what = f"`{d.statistic}`" + (f" of {d.of}" if d.of else "")
    parts = [f"{what}: {_kinds(d.kinds)}"]
    if d.among:
        whose = f" ({_SCOPES[d.among_scope]})" if d.among_scope else ""
        parts.append(f"{STATISTICS[d.statistic].among_words} {_kinds(d.among)}{whose}")
    if d.codes:
        parts.append(f"code {' or '.join(d.codes)}")
    if d.domestic != "any":
        parts.append(_DOMESTIC[d.domestic])
    if d.reported_by:
        parts.append(f"reported by {' or '.join(name.replace('_', ' ') for name in d.reported_by)}")
    parts.append(_SCOPES[d.scope])
    if STATISTICS[d.statistic].has_window:
        parts.append("all history" if d.window_days is None else f"{d.window_days:g} days")
    if d.long_window_days is not None:
        parts.append(f"{STATISTICS[d.statistic].long_window_words} {d.long_window_days:g} days")
    if d.periods is not None:
        parts.append(f"in {d.periods} equal periods")
    if d.half_life_days is not None:
        parts.append(f"half-life {d.half_life_days:g} days")
    if d.relationship_kinds:
        parts.append(f"only where the two are {' or '.join(kind.replace('_', ' ') for kind in d.relationship_kinds)}")
    if d.include_proactive:
        parts.append("with proactive contacts")
    return "; ".join(parts)


def _kinds(kinds: tuple[str, ...]) -> str:
    name = group_names().get(kinds)
    return f"*{name}*" if name else ", ".join(_kind(kind) for kind in kinds)


def _kind(name: str) -> str:
    if not name.startswith("@"):
        return f"`{name}`"
    group = name[1:].replace("_", " ")
    return {"any": "*every kind*", "crime": "*every crime*"}.get(group, f"*every kind of {group}*")


def _rules() -> Iterator[str]:
    yield "## Rule rankings"
    yield prose(f"""
        Plain orders of the same relationships, nothing fitted: the baselines a model must beat, and what is shown when
        no model is released (`{DEFAULT_RULE}`).""")
    yield grid(
        ("Rule", "What it orders by", "Reads", "With nothing to go on", "Source"),
        (
            (f"`{r.name}`", r.title, ", ".join(f"`{name}`" for name in r.reads), r.missing, r.source)
            for r in RULES.values()
        ),
    )


def drawn_tables(spec: Path, title: str, reading: str) -> Iterator[str]:
    """Yield a section of drawn tables: its title, how to read them, and each file of the folder ``spec``."""
    yield f"## {title}"
    yield prose(reading)
    for path in sorted(spec.glob("*.md")):
        yield _deeper(path.read_text(encoding="utf-8").strip())


_READING = """Each table is a test: both engines, the slow one that is obviously right and the fast one, must give these
    values. Times are days from day 0; *recorded* is when the force could first have known. S is the subject, V the
    person at risk, others are third persons, ? an unknown person. Under *more*: `incident` joins records of one
    incident, `replaces` corrects a record, `withdrawn` and `until` are times, `by` says who reported. *events* are
    those behind the value, which the desk shows."""


def _deeper(text: str) -> str:
    """Return the same Markdown with its headings two levels down."""
    return "\n".join(f"##{line}" if line.startswith("#") else line for line in text.splitlines())


def _references() -> Iterator[str]:
    yield "## References"
    yield "\n".join(
        f"- **{r.name}**: {r.title}{f'. <{r.address}>' if r.address else ''}"
        for r in sorted(references().values(), key=lambda r: r.name.lower())
    )


def prose(text: str) -> str:
    """Return the paragraph on a single line."""
    return " ".join(text.split())


def grid(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a Markdown table; a bar in a cell, which would part it, is written as a stroke."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


def main(arguments: list[str] | None = None) -> int:
    """Write the page, or compare it with ``--check``. Returns the exit code: 1 when the page is stale, otherwise 0."""
    parser = argparse.ArgumentParser(prog="make docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when docs/features.md is stale")
    parser.add_argument("--page", type=Path, default=PAGE, help="the page to write or to compare")
    parser.add_argument("--spec", type=Path, default=SPEC, help="the folder of drawn tables")
    chosen = parser.parse_args(arguments)
    if not chosen.spec.is_dir():
        parser.error(f"no drawn tables in {chosen.spec}: run it in a checkout, or say where they are with --spec")
    text = page(spec=chosen.spec)
    if chosen.check:
        if chosen.page.exists() and chosen.page.read_text(encoding="utf-8") == text:
            print(f"{chosen.page.name} is up to date.")
            return 0
        print(f"{chosen.page.name} is stale: run make docs", file=sys.stderr)
        return 1
    chosen.page.write_text(text, encoding="utf-8")
    print(f"{chosen.page.name}: {len(load_catalogue())} definitions, {text.count(chr(10)):,} lines.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
