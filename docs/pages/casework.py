"""The tables of ``docs/casework.md``: states, diagram, acts, checks, clocks and codes, from the files that run.

``make docs`` writes them below the marker of the page and leaves the prose above it; with ``--check`` it only compares,
and exits 1 when the page is stale.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

from pages.feature_dictionary import grid

from serving.casework.policy import CaseworkPolicy, Clock, load_casework_policy
from serving.casework.transitions import NO_CASE, Act, Move, Table, transitions
from serving.casework.words import Words, title, words

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "casework.md"
MARKER = (
    "<!-- From here on written by `make docs`. Change words.yaml and transitions.yaml of serving/casework, or\n"
    "threat/policy.yaml, then run it. -->"
)

_FROM = {"always": "day and night", "unit_hours": "every day", "working": "working days", "days": "local days"}
_OVER = ("closed", "joined")
"""States that the diagram draws an end for: nobody works on the case."""


def tables() -> str:
    """Return everything below the marker, as Markdown."""
    table = transitions()
    parts = [*_states(table, words()), *_acts(table), *_clocks(load_casework_policy()), *_codes(words())]
    return "\n\n".join(parts) + "\n"


def _states(table: Table, said: Words) -> Iterator[str]:
    yield "## States"
    states = said.vocabularies["case_state"].codes
    yield grid(("State", "Means"), ((state.title, state.meaning) for state in states.values()))
    yield wrapped("""
        The diagram is of the whole design: an act that is not in use yet is drawn like the others. Acts that leave the
        state as it is are in the table of acts alone.""")
    yield "\n".join(["```mermaid", *_diagram(table), "```"])


def _diagram(table: Table) -> Iterator[str]:
    yield "stateDiagram-v2"
    edges: dict[tuple[str, str], list[str]] = {}
    for act in table.acts:
        for move in act.moves:
            for state in move.from_states:
                if move.to not in ("same", state):
                    edges.setdefault((state, move.to), []).append(_act_and_code(act, move))
    for (start, to), acts in edges.items():
        yield f"  {'[*]' if start == NO_CASE else start} --> {to}: {', '.join(acts)}"
    for over in _OVER:
        yield f"  {over} --> [*]"


def _act_and_code(act: Act, move: Move) -> str:
    codes = [title("grade", value) for values in move.when.values() for value in values]
    return f"{act.act} ({' or '.join(codes)})" if codes else act.act


def _acts(table: Table) -> Iterator[str]:
    yield "## Acts"
    yield wrapped("""
        An act in brackets is part of the design and not in use yet: it draws no button and is refused. *Asks*: what
        this person writes waits for another, who confirms it. *Goes back*: the kind of record that returns to the
        history.""")
    head = ("Act", "From, to", "Who", "Needs", "Section 62", "Goes back")
    yield grid(head, (_row(act, table) for act in table.acts))
    yield "### What acts need"
    yield grid(("Check", "Holds when"), table.checks.items())
    yield "### The next step"
    yield wrapped("""
        Each page of a case has one primary button: the first line that fits the state of the case, its unanswered
        referrals, and what the person may do. Letting go is never offered as the next step.""")
    rows = (
        (
            ", ".join(title("case_state", state) for state in row.states),
            {"": "-", "any": "any"}.get(row.referral) or title("referral_kind", row.referral),
            table.act(row.act).title,
        )
        for row in table.next_steps
    )
    yield grid(("State", "Unanswered referral", "Next step"), rows)


def _row(act: Act, table: Table) -> tuple[str, ...]:
    return (
        f"`{act.act}` {act.title}" if act.in_use else f"(`{act.act}` {act.title})",
        "; ".join(_move(act, move) for move in act.moves),
        "; ".join(_who(act, table)),
        ", ".join(act.needs) or "-",
        act.operation,
        f"{act.returns} (ends)" if act.ends else act.returns or "-",
    )


def _move(act: Act, move: Move) -> str:
    states = ", ".join("no case" if state == NO_CASE else title("case_state", state) for state in move.from_states)
    codes = " or ".join(title("grade", value) for values in move.when.values() for value in values)
    to = "same" if move.to == "same" else title("case_state", move.to)
    return f"{codes}: {states} → {to}" if codes else f"{states} → {to}"


def _who(act: Act, table: Table) -> Iterator[str]:
    if act.alone:
        yield ", ".join(table.roles[role] for role in act.alone)
    if act.proposes:
        yield f"{', '.join(table.roles[role] for role in act.proposes)} asks"
        authority = "" if act.confirms_with == "none" else f" with the authority of an {act.confirms_with}"
        yield f"another, {' or '.join(table.roles[role] for role in act.confirms)}{authority}, confirms"


def _clocks(policy: CaseworkPolicy) -> Iterator[str]:
    yield "## Clocks and limits"
    yield wrapped(f"""
        Of the policy {policy.version} that is shipped; a force signs its own. `threat/policy.yaml` says what each
        number means. A due time is the first second after the time allowed: what is due by 13:40 is overdue at
        13:40:00. It is kept with its clock and never computed again.""")
    rows = ((f"`{name}`", _clock(clock), _FROM[clock.calendar]) for name, clock in policy.clocks.items())
    yield grid(("Clock", "Due", "Runs"), rows)
    section = policy.section
    limits = (
        ("reviews in a cycle", f"{policy.reviews_per_cycle} in {policy.cycle_days} days"),
        ("plans at once", str(section.plans_at_once)),
        ("longest to keep in view", f"{section.keep_in_view_days} days"),
        ("longest that the system rolls a date on", f"{section.roll_limit_days} days since a person looked"),
        ("moved up", f"more than {section.risen_places} places under the same order"),
        ("sealed", f"one case in {section.sealed_one_in} of a list"),
        ("read by a second person after letting go", f"one in {section.second_reader_one_in}"),
        (
            "sitting",
            f"at most {section.sitting.cases_at_most} cases, {section.sitting.strangulation_at_most} of them with"
            " strangulation on record",
        ),
        ("no closing after a severe record", f"{section.closing.severe_within_days} days"),
        ("no closing before a release or an end", f"{section.closing.end_within_days} days"),
        ("safe contact counts for", f"{section.safe_contact_days} days"),
    )
    yield grid(("Limit", "Is"), limits)


def _clock(clock: Clock) -> str:
    if clock.hours is not None:
        return f"{_count(clock.hours, 'hour')} later"
    if clock.unit_hours is not None:
        return f"{_count(clock.unit_hours, 'hour')} later in unit hours, otherwise after they next begin"
    if clock.working_days is not None:
        at = "the same clock time" if clock.at is None else f"{clock.at:%H:%M}"
        return f"{_count(clock.working_days, 'working day')} later, at {at}"
    if clock.months is not None:
        return f"by the end of the same day, {_count(clock.months, 'month')} later"
    return f"by the end of the day, {_count(clock.days or 0, 'day')} later"


def _count(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _codes(said: Words) -> Iterator[str]:
    yield "## Codes"
    yield wrapped(f"""
        Version {said.version} of the words. A code is never taken out and never gets another meaning; one that is no
        longer written is marked as retired. *With*: what else has to be said.""")
    for name, vocabulary in said.vocabularies.items():
        if name == "case_state":
            continue  # above
        yield f"### {vocabulary.title} (`{name}`)"
        yield wrapped(vocabulary.meaning)
        rows = (
            (
                f"`{key}`" if code.in_use else f"`{key}` (retired {code.retired})",
                code.title,
                code.meaning,
                ", ".join(code.requires) or "-",
            )
            for key, code in vocabulary.codes.items()
        )
        yield grid(("Code", "Title", "Means", "With"), rows)


def wrapped(text: str) -> str:
    """Return a paragraph in lines of at most 100."""
    return textwrap.fill(" ".join(text.split()), 100)


def main(arguments: list[str] | None = None) -> int:
    """Write the tables, or compare them with ``--check``. Returns the exit code: 1 when stale, otherwise 0."""
    parser = argparse.ArgumentParser(prog="make docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when docs/casework.md is stale")
    parser.add_argument("--page", type=Path, default=PAGE, help="the page to write or to compare")
    chosen = parser.parse_args(arguments)
    there = chosen.page.read_text(encoding="utf-8") if chosen.page.exists() else ""
    if MARKER not in there:
        print(f"{chosen.page.name} has no marker below which its tables are written:\n{MARKER}", file=sys.stderr)
        return 1
    text = f"{there.partition(MARKER)[0]}{MARKER}\n\n{tables()}"
    if not chosen.check:
        chosen.page.write_text(text, encoding="utf-8")
        print(f"{chosen.page.name}: {len(transitions().acts)} acts, {text.count(chr(10)):,} lines.")
        return 0
    if text == there:
        print(f"{chosen.page.name} is up to date.")
        return 0
    print(f"{chosen.page.name} is stale: run make docs", file=sys.stderr)
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
