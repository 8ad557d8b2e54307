"""What a force signs: who is considered, how many are reviewed, and what is shown when (``policy.yaml``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from threat.asof import NEVER
from threat.errors import ThreatError, UsageError, raise_all
from threat.vocabulary import kinds
from threat.yaml_text import parse_yaml

REVEAL_STEPS = ("records", "own_grade", "rank_and_reasons")
_KEYS = {
    "": {
        "version",
        "time_zone",
        "eligibility",
        "capacity",
        "cycle_days",
        "must_see",
        "feeds",
        "reveal_order",
        "casework",
    },
    "eligibility": {
        "known_within_days_at_liberty",
        "first_signal_within_days_at_liberty",
        "not_at_liberty",
        "lower_age",
    },
    "must_see": {"add", "remove", "recorded_within_days", "release_within_days"},
    "feeds": {"stale_after_days", "by_source"},
}


_KEYS_OF_A_STAY = {"open_hours", "because"}

_RENAMED = {
    "domestic_event_within_days": "since 2026.2 it is known_within_days_at_liberty",
    "first_signal_within_days": "since 2026.2 it is first_signal_within_days_at_liberty",
}


@dataclass(frozen=True, slots=True)
class NotAtLiberty:
    """A kind of stay in which the subject is not at liberty, and ``because`` of what.

    ``open_hours``: how long a stay without an end on record lasts; None: to the as-of.
    """

    because: str
    open_hours: int | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """What a force signs. Days are numbers of 86,400 s. ``must_see_kinds`` open an item whatever the rank.

    ``time_zone``: the zone in which days and clock times of records are said (``threat.dates``). ``not_at_liberty``:
    the stays that stop the clock of the days at liberty, by kind.

    ``stale_after_days``: how far a feed may be behind; ``stale_after_days_by_source``: the same for single feeds.

    ``casework``: the section of that name as it stands in the file, for ``serving.casework.policy``, which says what it
    means; empty in a policy of before 2026.4. Nothing that ranks or measures reads it.
    """

    version: str
    time_zone: str
    known_within_days_at_liberty: int
    first_signal_within_days_at_liberty: int
    not_at_liberty: Mapping[str, NotAtLiberty]
    lower_age: int
    capacity: int
    cycle_days: int
    must_see_kinds: tuple[str, ...]
    must_see_recorded_days: int
    must_see_release_days: int
    stale_after_days: int
    stale_after_days_by_source: Mapping[str, int]
    reveal_order: tuple[str, ...]
    casework: Mapping[str, Any] = field(default_factory=dict)

    @property
    def stays(self) -> dict[str, int]:
        """Return how many seconds a stay without an end on record lasts, by kind that stops the clock; NEVER: open."""
        return {
            kind: NEVER if stay.open_hours is None else stay.open_hours * 3_600
            for kind, stay in self.not_at_liberty.items()
        }


def load_policy(path: str | Path | None = None) -> Policy:
    """Read a policy (None: the one shipped). Raises UsageError with every problem when it is wrong."""
    if path is None:
        name, text = "threat/policy.yaml", files("threat").joinpath("policy.yaml").read_text(encoding="utf-8")
    else:
        name = str(path)
        if not Path(path).is_file():
            raise UsageError("There is no policy here.", value=path, way_out="name a YAML file; see threat/policy.yaml")
        text = Path(path).read_text(encoding="utf-8")
    document = parse_yaml(text, "The policy is not YAML.", name)
    if not isinstance(document, dict):
        raise UsageError("The policy is not a mapping.", value=document, where=name, way_out="see threat/policy.yaml")
    problems: list[ThreatError] = _unknown_keys(document, name)
    order = _reveal_order(document, name, problems)
    version = document.get("version")
    if not isinstance(version, str) or not version:
        problems.append(UsageError("The policy has no version, as text.", value=version, where=name))

    def number(*keys: str, least: int = 1) -> int:
        return _number(document, keys, name, problems, least=least)

    policy = Policy(
        version=str(version),
        time_zone=_time_zone(document, name, problems),
        known_within_days_at_liberty=number("eligibility", "known_within_days_at_liberty"),
        first_signal_within_days_at_liberty=number("eligibility", "first_signal_within_days_at_liberty", least=0),
        not_at_liberty=_not_at_liberty(document, name, problems),
        # 0 puts nobody into the queue: a force that has another way for children says so by name.
        lower_age=number("eligibility", "lower_age", least=0),
        capacity=number("capacity"),
        cycle_days=number("cycle_days"),
        must_see_kinds=_triggers(document, name, problems),
        must_see_recorded_days=number("must_see", "recorded_within_days"),
        must_see_release_days=number("must_see", "release_within_days"),
        stale_after_days=number("feeds", "stale_after_days"),
        stale_after_days_by_source=_by_source(document, name, problems),
        reveal_order=order,
        casework=_casework(document, name, problems),
    )
    raise_all(problems)
    return policy


def _number(
    document: dict[str, Any], keys: tuple[str, ...], name: str, problems: list[ThreatError], *, least: int
) -> int:
    """Read a whole number from ``least``; a problem is added where there is none."""
    value: Any = document
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    # In YAML `yes` is a bool, and a bool is an int in Python: `capacity: yes` would mean 1.
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        problems.append(UsageError(f"{'.'.join(keys)} is not a whole number from {least}.", value=value, where=name))
        return least
    return value


def _time_zone(document: dict[str, Any], name: str, problems: list[ThreatError]) -> str:
    """Return the name of the zone in which records are said; a problem is added where there is no such zone."""
    zone = document.get("time_zone")
    if zone is None:
        way_out = "since 2026.3 it says in which zone days are said; a name such as Europe/London"
        problems.append(UsageError("time_zone is missing.", where=name, way_out=way_out))
        return ""
    try:
        ZoneInfo(zone if isinstance(zone, str) else "")
    except (ValueError, OSError, KeyError):
        # A folder of zones (Europe), a name with a path in it, no such zone.
        problems.append(
            UsageError("time_zone is not a time zone.", value=zone, where=name, way_out="a name such as Europe/London")
        )
    return str(zone)


def _by_source(document: dict[str, Any], name: str, problems: list[ThreatError]) -> Mapping[str, int]:
    """Return the days that single feeds may be behind, by source system."""
    section = document.get("feeds")
    by_source = section.get("by_source") if isinstance(section, dict) else None
    if by_source is not None and not isinstance(by_source, dict):
        problems.append(UsageError("feeds.by_source is not a mapping.", value=by_source, where=name))
        return {}
    return {
        str(source): _number(document, ("feeds", "by_source", source), name, problems, least=1)
        for source in by_source or ()
    }


def _not_at_liberty(document: dict[str, Any], name: str, problems: list[ThreatError]) -> dict[str, NotAtLiberty]:
    """Return the stays that stop the clock, by kind, each with its reason."""
    section = document.get("eligibility")
    stays = section.get("not_at_liberty") if isinstance(section, dict) else None
    where = f"{name}: eligibility.not_at_liberty"
    if not isinstance(stays, dict):
        way_out = "since 2026.3 it says which stays stop the clock; see threat/policy.yaml"
        problem = "not_at_liberty is missing." if stays is None else "Not a mapping of kinds of stay."
        problems.append(UsageError(problem, value=stays, where=where, way_out=way_out))
        return {}
    out: dict[str, NotAtLiberty] = {}
    for kind, given in stays.items():
        stay = given if isinstance(given, dict) else {}
        if kind not in kinds() or kinds()[kind].lasts != "stay":
            problems.append(UsageError("Not a kind of the vocabulary that lasts as a stay.", value=kind, where=where))
        if not isinstance(stay.get("because"), str) or not stay["because"].strip():
            problems.append(
                UsageError(f"{kind} has no reason: the key because is missing or empty.", value=given, where=where)
            )
        problems += [
            UsageError("Not a key of a stay.", value=key, where=f"{where}.{kind}")
            for key in sorted({str(key) for key in stay} - _KEYS_OF_A_STAY)
        ]
        hours = None
        if "open_hours" in stay:
            hours = _number(document, ("eligibility", "not_at_liberty", kind, "open_hours"), name, problems, least=1)
        out[str(kind)] = NotAtLiberty(because=str(stay.get("because", "")), open_hours=hours)
    return out


def _casework(document: dict[str, Any], name: str, problems: list[ThreatError]) -> Mapping[str, Any]:
    """Return the section of casework as it is: what it means is no matter of whoever ranks."""
    section = document.get("casework", {})
    if not isinstance(section, dict):
        problems.append(UsageError("casework is not a mapping.", value=section, where=name))
        return {}
    return section


def _triggers(document: dict[str, Any], name: str, problems: list[ThreatError]) -> tuple[str, ...]:
    """Return the kinds that open a must-see item: those of the vocabulary, with what the policy adds and removes."""
    section = document.get("must_see")
    must_see: dict[str, Any] = section if isinstance(section, dict) else {}
    added, removed = ([str(word) for word in must_see.get(key) or ()] for key in ("add", "remove"))
    problems += [
        UsageError("The trigger is not a kind of the vocabulary.", value=word, where=name)
        for word in [*added, *removed]
        if word not in kinds()
    ]
    chosen = ({kind.name for kind in kinds().values() if kind.must_see} | set(added)) - set(removed)
    return tuple(kind for kind in kinds() if kind in chosen)


def _reveal_order(document: dict[str, Any], name: str, problems: list[ThreatError]) -> tuple[str, ...]:
    order = tuple(str(step) for step in document.get("reveal_order") or ())
    if order != REVEAL_STEPS:
        # The desk sends no rank before a grade, whatever a policy says: another order would be a promise not kept.
        problems.append(
            UsageError(
                "The reveal order shows the rank before the person's own grade."
                if sorted(order) == sorted(REVEAL_STEPS)
                else "The reveal order does not name each step once.",
                value=order,
                where=name,
                way_out=f"the desk keeps one order: {', '.join(REVEAL_STEPS)}",
            )
        )
    return order


def _unknown_keys(document: dict[str, Any], name: str) -> list[ThreatError]:
    """Refuse unknown keys: a misspelt ``remove:`` would be ignored and leave every trigger in force."""
    out: list[ThreatError] = []
    for section, keys in _KEYS.items():
        mapping = document.get(section) if section else document
        unknown = sorted({str(key) for key in mapping} - keys) if isinstance(mapping, dict) else []
        where = f"{name}: {section or 'top'}"
        out += [
            UsageError("Not a key of a policy.", value=key, where=where, way_out=_RENAMED.get(key, ""))
            for key in unknown
        ]
    return out
