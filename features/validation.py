"""Checks of a set of definitions. Every problem is found before any is raised."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import get_args

from features.definitions import AT_RISK_SCOPES, DOMESTIC_READ, Definition, Scope
from features.kinds_read import NEVER_READ, RELATIONSHIP_RECORDED, expand
from features.statistics import STATISTICS
from features.statistics.base import PARTS
from threat.errors import ThreatError, UsageError, raise_all
from threat.history.schema import REPORTED_BY
from threat.vocabulary import Kind, kinds

LONGEST_WINDOW = 36_525
"""Days, a hundred years: longer than any record. A longer window is a slip of the hand; no window means all history."""

_DAYS = ("window_days", "long_window_days", "half_life_days")
_WORDS = ("sentence", "source", "unit", "missing", "theme")

_NO_DIRECTION_THEMES = {
    "custody": "arrests and custody are what the system did",
    "order": "orders are what the system did",
    "criminal_justice": "disposals are what the system did",
    "assessment": "assessments are judgements",
    "mental_health": "mental health may not move a rank one way",
    "pregnancy": "pregnancy may not move a rank one way",
    "unit": "proactive contact is what the unit did",
    "partner_agency": "service use is not risk",
}
"""Themes of kinds that may never have a direction, and why; statistics say so for themselves."""

_POLICY_KINDS = frozenset({"retraction", "victim_withdrawal"})
"""Kinds whose direction may be set by policy: a retraction never lowers risk."""


def read_kinds(definition: Definition) -> frozenset[str]:
    """Return the kind names that the definition reads, as its statistic reads them."""
    return STATISTICS[definition.statistic].kinds_read(definition)


def validate(definitions: Sequence[Definition], *, where: str = "") -> None:
    """Raise one UsageError that lists every problem of the definitions; do nothing when there is none."""
    problems: list[ThreatError] = []
    for name, times in Counter(definition.name for definition in definitions).items():
        if times > 1:
            problems.append(
                UsageError(
                    f"The name is taken by {times} definitions.",
                    value=name,
                    where=where,
                    way_out="rename all but one",
                )
            )
    for definition in definitions:
        place = f"{where}: {definition.name}" if where else definition.name
        problems += [
            UsageError(error.problem, value=error.value, where=place, way_out=error.way_out)
            for error in _problems(definition)
        ]
    raise_all(problems)


def _problems(d: Definition) -> Iterator[UsageError]:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", d.name):
        yield UsageError("The name is not lower-case words joined by underscores.", value=d.name)
    for field, names in (
        ("scope", get_args(Scope)),
        ("among_scope", get_args(Scope)),
        ("statistic", tuple(STATISTICS)),
    ):
        given = getattr(d, field)
        if given not in names and not (field == "among_scope" and given is None):
            near = get_close_matches(str(given), names, n=3)
            yield UsageError(
                f"There is no {field} of this name.",
                value=given,
                way_out=f"did you mean {' or '.join(near)}?" if near else f"one of {', '.join(names)}",
            )
    if d.statistic not in STATISTICS:
        return
    yield from _of_kinds(d)
    yield from _of_parts(d)
    yield from _of_filters(d)
    for field in _WORDS:
        if not str(getattr(d, field)).strip():
            yield UsageError(f"The definition lacks its {field}.")
    if d.sensitive and not d.justification.strip():
        yield UsageError(
            "The definition is sensitive but has no justification.",
            way_out="say why the feature is necessary, or leave it out",
        )
    if d.direction and (reason := forbidden_direction(d)):
        yield UsageError(
            "This definition may not have a direction.", value=d.direction, way_out=f"set direction: 0 ({reason})"
        )
    elif d.direction == -STATISTICS[d.statistic].more_events:
        yield UsageError(
            f"This direction is against the way that one more event moves a figure of {d.statistic}.",
            value=d.direction,
            way_out=f"set direction: {-d.direction}, or 0",
        )


def _of_filters(d: Definition) -> Iterator[UsageError]:
    for field, values in (("domestic", tuple(DOMESTIC_READ)), ("direction", (-1, 0, 1))):
        if getattr(d, field) not in values:
            yield UsageError(
                f"This is not a value of {field}.",
                value=getattr(d, field),
                way_out=f"one of {', '.join(map(str, values))}",
            )
    stated = [code for code in kinds()[RELATIONSHIP_RECORDED].codes if code != "unknown"]
    for code in d.relationship_kinds:
        if code not in stated:
            yield UsageError(
                "There is no kind of relationship of this name.", value=code, way_out=f"one of {', '.join(stated)}"
            )
    for reporter in d.reported_by:
        if reporter not in REPORTED_BY:
            yield UsageError(
                "There is no reporter of this name.", value=reporter, way_out=f"one of {', '.join(REPORTED_BY)}"
            )


def _of_kinds(d: Definition) -> Iterator[UsageError]:
    unknown = list(_unknown_kinds(d))
    yield from unknown
    if unknown:
        return
    statistic = STATISTICS[d.statistic]
    if not d.kinds and statistic.names_kinds:
        yield UsageError("The definition names no kind.", value=d.statistic, way_out="name at least one")
        return
    for kind in [kinds()[name] for name in sorted(read_kinds(d) | expand(d.among))]:
        if kind.name == NEVER_READ:
            yield UsageError("Record-keeping rows are never read.", value=kind.name)
        elif kind.known_in_advance and not statistic.reads_ahead:
            yield UsageError(
                "This kind is known in advance, and never enters a look-back window.",
                value=kind.name,
                way_out="use days_until, or read the end of the stay or order with days_since_end",
            )
        elif problem := statistic.kind_problem(kind):
            yield UsageError(problem, value=kind.name)
    yield from _of_codes(d, [kinds()[name] for name in read_kinds(d)])


def _unknown_kinds(d: Definition) -> Iterator[UsageError]:
    for name in (*d.kinds, *d.among):
        try:
            expand((name,))
        except UsageError as error:
            yield error


def _of_codes(d: Definition, read: Sequence[Kind]) -> Iterator[UsageError]:
    """Codes that no kind has. A kind without a list of codes takes any, but never those its statistic reads."""
    listed = {code for kind in read for code in kind.codes}
    any_code = any(not kind.codes for kind in read)
    for code in dict.fromkeys((*d.codes, *STATISTICS[d.statistic].codes)):
        if code not in listed and not (any_code and code in d.codes):
            yield UsageError(
                "None of the kinds has this code.",
                value=code,
                way_out=f"one of {', '.join(sorted(listed)) or 'none'}",
            )


def _of_parts(d: Definition) -> Iterator[UsageError]:
    problems = [*_of_given(d), *_of_numbers(d)]
    yield from problems
    if problems:
        return  # what follows compares the parts, so they must be sound
    for problem, value in STATISTICS[d.statistic].problems(d):
        yield UsageError(problem, value=value)


def _of_given(d: Definition) -> Iterator[UsageError]:
    statistic = STATISTICS[d.statistic]
    for part in PARTS:
        given = getattr(d, part) not in (None, ())
        if part in statistic.needs and not given:
            yield UsageError(f"{d.statistic} needs {part}, which is missing.")
        elif given and part not in statistic.needs | statistic.takes:
            yield UsageError(f"{d.statistic} takes no {part}.", value=getattr(d, part), way_out="leave it out")
    if d.among_scope and not d.among:
        yield UsageError("The definition has an among_scope but no among.", value=d.among_scope)
    elif d.among_scope and (d.among_scope in AT_RISK_SCOPES) != (d.scope in AT_RISK_SCOPES):
        yield UsageError(
            "among_scope reads the history of the other person.", value=d.among_scope, where=f"scope {d.scope}"
        )
    if statistic.of and d.of not in statistic.of:
        choices = ", ".join(str(choice) for choice in statistic.of if choice)
        yield UsageError(f"This is not what {d.statistic} can be of.", value=d.of, way_out=f"one of {choices}")


def _of_numbers(d: Definition) -> Iterator[UsageError]:
    for part in _DAYS:
        days = getattr(d, part)
        if days is None:
            continue
        if isinstance(days, bool) or not isinstance(days, int | float) or not days > 0:
            yield UsageError(f"{part} is not a number of days above 0.", value=days)
        elif part != "half_life_days" and days > LONGEST_WINDOW:
            yield UsageError(
                f"{part} is more than 100 years.", value=days, way_out="leave the window out for all history"
            )


def forbidden_direction(d: Definition) -> str:
    """Return why the definition may not have a direction; the empty string when it may.

    Reasons: the figure measures what the system did, or a judgement, or may honestly move either way, or reads such
    kinds, in ``among`` too unless a time only starts there. Retraction may have a direction as a labelled policy only.
    """
    if reason := STATISTICS[d.statistic].no_direction or _forbidden_by_filter(d):
        return reason
    read = read_kinds(d)
    if read <= _POLICY_KINDS:
        return "" if d.policy else "a direction for retraction is a policy: mark it policy: true"
    deciding = read if STATISTICS[d.statistic].among_starts_time else read | expand(d.among)
    themes = (kinds()[name].theme for name in sorted(deciding))
    return next((_NO_DIRECTION_THEMES[theme] for theme in themes if theme in _NO_DIRECTION_THEMES), "")


def _forbidden_by_filter(d: Definition) -> str:
    if d.include_proactive:
        return "proactive contact is what the unit did"
    if "third_party" in d.reported_by:
        return "third-party contact measures who calls"
    if d.sensitive:
        return "a figure that stands for a protected characteristic may not move a rank one way"
    return ""
