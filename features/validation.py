"""What makes a set of definitions acceptable. Every problem is found before any is raised."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from functools import cache
from typing import get_args

from features.definitions import DOMESTIC_READ, GRADES, Definition, Scope, Statistic
from threat.errors import ThreatError, UsageError, raise_all
from threat.history.schema import REPORTED_BY
from threat.vocabulary import Kind, kinds, themes

NEVER_READ = "record_keeping"
"""Theme of rows that say something about other rows (a withdrawal); no statistic reads them."""

_PARTS = ("window_days", "long_window_days", "periods", "half_life_days", "of", "among")
_NEEDS: dict[str, frozenset[str]] = {
    "sum": frozenset({"of"}),
    "max": frozenset({"of"}),
    "last": frozenset({"of"}),
    "recency_weighted": frozenset({"half_life_days"}),
    "window_ratio": frozenset({"window_days", "long_window_days"}),
    "slope": frozenset({"window_days", "periods"}),
    "share": frozenset({"among"}),
    "rate_at_liberty": frozenset({"window_days"}),
    "breach_after": frozenset({"among"}),
}
_ALSO: dict[str, frozenset[str]] = {"window_ratio": frozenset({"of"}), "slope": frozenset({"of"})}
_NO_WINDOW = ("days_since_end", "days_until", "in_custody", "order_in_force")
_OF: dict[str, tuple[str | None, ...]] = {
    "sum": ("value", "harm"),
    "max": ("value", "harm"),
    "last": ("value", "harm"),
    "window_ratio": (None, "incidents", "harm"),
    "slope": (None, "incidents", "harm"),
}
_ANY_KIND = ("history_days", "rows_visible", "late_share")
_STAYS = ("days_in_custody", "in_custody")

_NO_DIRECTION_STATISTICS = {
    "window_ratio": "ratios may move either way",
    "gap_ratio": "ratios may move either way",
    "slope": "slopes may move either way",
    "share": "shares may move either way",
    "late_share": "shares may move either way",
    "mean_gap": "the gap between incidents includes time in custody",
    "last_gap": "the gap between incidents includes time in custody",
    "days_since_last": "recency across custody is not clean time",
    "days_since_first": "recency across custody is not clean time",
    "days_since_end": "custody and orders are what the system did",
    "recency_weighted": "recency across custody is not clean time",
    "breach_after": "orders are what the system did",
    "days_until": "custody and orders are what the system did",
    "rate_at_liberty": "a rate is a ratio",
    "days_in_custody": "custody is what the system did",
    "in_custody": "custody is what the system did",
    "order_in_force": "orders are what the system did",
    "state_yes": "assessment answers depend on who asked",
    "state_unanswered": "assessment answers depend on who asked",
    "grade": "grades are judgements",
    "history_days": "history length measures the record",
    "rows_visible": "richness measures the record",
}
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
_POLICY_KINDS = frozenset({"retraction", "victim_withdrawal"})
"""Kinds whose direction may be set by policy: a retraction never lowers risk."""


@cache
def expand(names: tuple[str, ...], *, in_advance: bool = False) -> frozenset[str]:
    """Kind names meant by ``names`` (kinds, ``@theme``, ``@crime``, ``@any``; empty means none).

    ``in_advance`` False leaves kinds known in advance out of the groups, True keeps only them there; a kind named
    itself always stays. Raises UsageError for a name that is neither a kind nor a group.
    """
    out: set[str] = set()
    for name in names:
        if not name.startswith("@"):
            if name not in kinds():
                raise _unknown(name, kinds())
            out.add(name)
            continue
        group = name[1:]
        if group not in {"any", "crime", *themes()}:
            raise _unknown(name, [f"@{known}" for known in ("any", "crime", *themes())])
        out |= {
            kind.name for kind in kinds().values() if _in_group(kind, group) and kind.known_in_advance == in_advance
        }
    return frozenset(out)


def read_kinds(definition: Definition) -> frozenset[str]:
    """Kind names the definition reads: its ``kinds``, or any kind where the statistic allows none to be named."""
    names = definition.kinds or (("@any",) if definition.statistic in _ANY_KIND else ())
    return expand(names, in_advance=definition.statistic == "days_until")


def _in_group(kind: Kind, group: str) -> bool:
    if kind.theme == NEVER_READ:
        return False
    return group == "any" or (group == "crime" and kind.crime) or kind.theme == group


def _unknown(name: str, known: Iterable[str]) -> UsageError:
    near = get_close_matches(name, list(known), n=3)
    return UsageError(
        "Not a kind or group of the vocabulary.",
        value=name,
        way_out=f"did you mean {' or '.join(near)}?"
        if near
        else "see threat/vocabulary.csv; groups are @theme, @crime, @any",
    )


def validate(definitions: Sequence[Definition], *, where: str = "") -> None:
    """Raise one UsageError that lists every problem of the definitions; do nothing when there is none."""
    problems: list[ThreatError] = []
    for name, times in Counter(definition.name for definition in definitions).items():
        if times > 1:
            problems.append(
                UsageError("Two definitions have one name.", value=name, where=where, way_out="rename all but one")
            )
    for definition in definitions:
        place = f"{where}: {definition.name}" if where else definition.name
        problems += [
            UsageError(error.problem, value=error.value, where=place, way_out=error.way_out)
            for error in _check(definition)
        ]
    raise_all(problems)


def _check(d: Definition) -> list[UsageError]:
    out: list[UsageError] = []

    def wrong(rule: str, value: object = None, way_out: str = "") -> None:
        out.append(UsageError(rule, value=value, way_out=way_out))

    if not re.fullmatch(r"[a-z][a-z0-9_]*", d.name):
        wrong("A name is lower-case words joined by underscores.", d.name)
    for field, allowed in (("scope", get_args(Scope)), ("statistic", get_args(Statistic))):
        given = getattr(d, field)
        if given not in allowed:
            near = get_close_matches(str(given), allowed, n=3)
            wrong(
                f"Not a {field}.",
                given,
                f"did you mean {' or '.join(near)}?" if near else f"one of {', '.join(allowed)}",
            )
    if d.statistic not in get_args(Statistic):
        return out
    out += _check_kinds(d)
    out += _check_parts(d)
    for field, allowed in (("domestic", tuple(DOMESTIC_READ)), ("direction", (-1, 0, 1))):
        if getattr(d, field) not in allowed:
            wrong(f"Not a value of {field}.", getattr(d, field), f"one of {', '.join(map(str, allowed))}")
    for reporter in d.reported_by:
        if reporter not in REPORTED_BY:
            wrong("Not a reporter.", reporter, f"one of {', '.join(REPORTED_BY)}")
    for field in ("sentence", "source", "unit", "missing", "theme"):
        if not str(getattr(d, field)).strip():
            wrong(f"A definition needs its {field}.")
    if d.sensitive and not d.justification.strip():
        wrong(
            "A sensitive definition needs a justification.", way_out="say why the feature is necessary, or leave it out"
        )
    if d.direction and (reason := forbidden_direction(d)):
        wrong("This definition may not have a direction.", d.direction, f"set direction: 0 ({reason})")
    return out


def _check_kinds(d: Definition) -> list[UsageError]:
    out: list[UsageError] = []
    for field in ("kinds", "among"):
        for name in getattr(d, field):
            try:
                expand((name,))
            except UsageError as error:
                out.append(error)
    if out:
        return out
    if not d.kinds and d.statistic not in _ANY_KIND:
        return [UsageError("A definition names at least one kind.", value=d.statistic)]
    read = [kinds()[name] for name in sorted(read_kinds(d) | expand(d.among))]
    for kind in read:
        if kind.theme == NEVER_READ:
            out.append(UsageError("Record-keeping rows are never read.", value=kind.name))
        elif kind.known_in_advance and d.statistic != "days_until":
            out.append(
                UsageError(
                    "A kind known in advance never enters a look-back window.",
                    value=kind.name,
                    way_out="use days_until, or read the end of the stay or order with days_since_end",
                )
            )
        elif not kind.known_in_advance and d.statistic == "days_until":
            out.append(UsageError("days_until reads only kinds known in advance.", value=kind.name))
        elif d.statistic in _STAYS and kind.theme != "custody":
            out.append(UsageError(f"{d.statistic} reads only kinds of custody.", value=kind.name))
    targets = [kind for kind in read if kind.name in read_kinds(d)]
    wanted = d.codes
    if d.statistic in ("state_yes", "state_unanswered"):
        wanted = (*wanted, "yes", "no")
    elif d.statistic == "grade":
        wanted = (*wanted, *GRADES)
    known_codes = {code for kind in targets for code in kind.codes}
    free = any(not kind.codes for kind in targets)
    ways_out = f"one of {', '.join(sorted(known_codes)) or 'none'}"
    out += [
        UsageError("None of the kinds has this code.", value=code, way_out=ways_out)
        for code in dict.fromkeys(wanted)
        if code not in known_codes and not (free and code in d.codes)
    ]
    return out


def _check_parts(d: Definition) -> list[UsageError]:
    out: list[UsageError] = []
    needed = _NEEDS.get(d.statistic, frozenset())
    allowed = needed | _ALSO.get(d.statistic, frozenset())
    if d.statistic not in _NO_WINDOW:
        allowed |= {"window_days"}
    for part in _PARTS:
        given = getattr(d, part) not in (None, ())
        if part in needed and not given:
            out.append(UsageError(f"{d.statistic} needs {part}."))
        elif given and part not in allowed:
            out.append(UsageError(f"{d.statistic} takes no {part}.", value=getattr(d, part), way_out="leave it out"))
    for part in ("window_days", "long_window_days", "half_life_days"):
        given = getattr(d, part)
        if given is not None and (isinstance(given, bool) or not isinstance(given, int | float) or not given > 0):
            out.append(UsageError(f"{part} is a number of days above 0.", value=given))
        elif given is not None and part != "half_life_days" and given > 36_525:
            out.append(
                UsageError(f"{part} is at most 100 years.", value=given, way_out="leave the window out for all history")
            )
    if d.periods is not None and (not isinstance(d.periods, int) or d.periods < 2):
        out.append(UsageError("A slope has at least two periods.", value=d.periods))
    if d.of not in _OF.get(d.statistic, (d.of,)):
        choices = ", ".join(str(choice) for choice in _OF[d.statistic] if choice)
        out.append(UsageError(f"Not what {d.statistic} can be of.", value=d.of, way_out=f"one of {choices}"))
    if out:
        return out
    if d.long_window_days is not None and d.window_days is not None and d.long_window_days <= d.window_days:
        out.append(UsageError("The long window of a ratio is longer than its window.", value=d.long_window_days))
    if d.statistic == "rate_at_liberty" and d.scope in (
        "reversed",
        "subject_at_risk",
        "at_risk_anyone",
        "at_risk_others",
    ):
        out.append(UsageError("A rate at liberty is about the person who acts.", value=d.scope))
    return out


def forbidden_direction(d: Definition) -> str:
    """Why the definition may not have a direction; the empty string when it may.

    Reasons: the figure measures what the system did, or a judgement, or may honestly move either way. Retraction may
    have a direction as a labelled policy only.
    """
    if d.statistic in _NO_DIRECTION_STATISTICS:
        return _NO_DIRECTION_STATISTICS[d.statistic]
    if d.include_proactive:
        return "proactive contact is what the unit did"
    if "third_party" in d.reported_by:
        return "third-party contact measures who calls"
    if d.sensitive:
        return "a figure that stands for a protected characteristic may not move a rank one way"
    read = read_kinds(d)
    if read <= _POLICY_KINDS:
        return "" if d.policy else "a direction for retraction is a policy: mark it policy: true"
    for name in sorted(read):
        theme = kinds()[name].theme
        if theme in _NO_DIRECTION_THEMES:
            return _NO_DIRECTION_THEMES[theme]
    return ""
