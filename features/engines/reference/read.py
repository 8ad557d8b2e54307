"""The reference engine: one relationship, one definition, one event at a time. Slow, and meant to be obviously right.

It also answers which events made a value. The table in ``features.definitions`` is the specification of both engines.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.definitions import (
    AT_RISK_SCOPES,
    DOMESTIC_READ,
    GRADES,
    LATE_DAYS,
    NEEDS_PERSON_AT_RISK,
    STAY,
    Definition,
)
from features.harm import harm_days
from features.load import load_catalogue
from features.validation import expand, read_kinds
from threat.asof import DAY, in_look_back, visible
from threat.history.schema import DOMESTIC, REPORTED_BY
from threat.history.sightings import NO_PERSON, ROLE_ABOUT, ROLE_AT_RISK, ROLE_SUBJECT, Rows, Sightings
from threat.vocabulary import kinds

MISSING = math.nan


@dataclass(frozen=True, slots=True)
class Seen:
    """One visible event in one person's history; ``counterpart`` is a person id or NO_PERSON."""

    occurred_at: int
    recorded_at: int
    event_id: int
    incident_id: int
    until: int
    kind: str
    code: str
    value: float
    role: int
    counterpart: int
    domestic: str
    reported_by: str
    proactive: bool

    @property
    def harm(self) -> float:
        return harm_days().get(self.kind, 0.0)


Answer = tuple[float, list[Seen]]
"""A value (NaN: missing) and the events behind it."""


def value(sightings: Sightings, rows: Rows, name: str | Definition) -> NDArray[np.float32]:
    """One feature for every row: float32 (n,), NaN = missing. ``name``: of the shipped catalogue, or a definition.

    Raises UsageError for a name that is not in the catalogue.
    """
    definition = _definition(name)
    return np.array([answers(sightings, rows, i, [definition])[0][0] for i in range(len(rows))], dtype=np.float32)


def lineage(sightings: Sightings, rows: Rows, i: int, name: str | Definition) -> list[int]:
    """Ids of the events behind one feature's value in row ``i``, oldest first, each once."""
    [(_, seen)] = answers(sightings, rows, i, [_definition(name)])
    return list(dict.fromkeys(event.event_id for event in sorted(seen, key=_order)))


def _definition(name: str | Definition) -> Definition:
    return name if isinstance(name, Definition) else load_catalogue()[name]


def answers(sightings: Sightings, rows: Rows, i: int, definitions: Iterable[Definition]) -> list[Answer]:
    """Value and events of each definition in row ``i``, by the table of ``features.definitions``."""
    subject, at_risk, as_of = int(rows.subject[i]), int(rows.at_risk[i]), int(rows.as_of[i])
    of_subject, of_at_risk = known_history(sightings, subject, as_of), known_history(sightings, at_risk, as_of)
    out: list[Answer] = []
    for d in definitions:
        if at_risk == NO_PERSON and d.scope in NEEDS_PERSON_AT_RISK:
            out.append((MISSING, []))
        elif d.scope in AT_RISK_SCOPES:
            out.append(_answer(d, of_at_risk, subject, as_of))
        else:
            out.append(_answer(d, of_subject, at_risk, as_of))
    return out


def _answer(d: Definition, history: list[Seen], other: int, as_of: int) -> Answer:
    """``history``: everything visible of the person the scope reads; ``other``: the other party of the row."""
    in_scope = [e for e in history if _in_scope(e, d.scope, other) and (d.include_proactive or not e.proactive)]
    targets = [e for e in in_scope if _wanted(e, d)]
    if d.statistic == "days_until":
        return _days_until(targets, as_of)
    in_scope = [e for e in in_scope if e.kind in expand(("@any",))]
    return _look_back(d, [e for e in targets if e.kind in expand(("@any",))], in_scope, history, as_of)


def known_history(sightings: Sightings, person: int, as_of: int) -> list[Seen]:
    """What was visible of one person at as-of, in the total order."""
    names = list(kinds())
    where = sightings.rows_of(person)
    columns = (getattr(sightings, name)[where].tolist() for name in _READ)
    out = []
    for (
        visible_from, visible_until, occurred_at, recorded_at, event_id, incident_id, until, kind, code, value, role,
        counterpart, domestic, reported_by, proactive,
    ) in zip(*columns, strict=True):  # fmt: skip
        if visible(visible_from, visible_until, as_of):
            out.append(
                Seen(
                    occurred_at=occurred_at,
                    recorded_at=recorded_at,
                    event_id=event_id,
                    incident_id=incident_id,
                    until=until,
                    kind=names[kind],
                    code=sightings.code_names[code] if code >= 0 else "",
                    value=value,
                    role=role,
                    counterpart=int(sightings.persons[counterpart]) if counterpart >= 0 else NO_PERSON,
                    domestic=DOMESTIC[domestic],
                    reported_by=REPORTED_BY[reported_by],
                    proactive=proactive,
                )
            )
    return sorted(out, key=_order)


_READ = (
    "visible_from", "visible_until", "occurred_at", "recorded_at", "event_id", "incident_id", "until", "kind", "code",
    "value", "role", "counterpart", "domestic", "reported_by", "proactive",
)  # fmt: skip


def _order(e: Seen) -> tuple[int, int, int]:
    return e.occurred_at, e.recorded_at, e.event_id


def _in_scope(e: Seen, scope: str, other: int) -> bool:
    """``other``: the other party of the row, seen from the person whose history this is."""
    if scope in ("about_subject", "about_at_risk"):
        return e.role == ROLE_ABOUT
    if scope in ("subject_at_risk", "at_risk_anyone"):
        return e.role == ROLE_AT_RISK
    if scope in ("subject_anyone", "at_risk_subject"):
        return e.role == ROLE_SUBJECT
    if scope == "relationship":
        return e.role == ROLE_SUBJECT and e.counterpart == other
    if scope == "reversed":
        return e.role == ROLE_AT_RISK and e.counterpart == other
    role = ROLE_SUBJECT if scope == "subject_others" else ROLE_AT_RISK
    return e.role == role and e.counterpart not in (NO_PERSON, other)


def _wanted(e: Seen, d: Definition) -> bool:
    return (
        e.kind in read_kinds(d)
        and (not d.codes or e.code in d.codes)
        and e.domestic in DOMESTIC_READ[d.domestic]
        and (not d.reported_by or e.reported_by in d.reported_by)
    )


def _window(events: Iterable[Seen], as_of: int, days: float | None) -> list[Seen]:
    if days is None:
        return [e for e in events if e.occurred_at < as_of]
    return [e for e in events if in_look_back(e.occurred_at, as_of, days)]


def _days_until(events: list[Seen], as_of: int) -> Answer:
    ahead = [e for e in events if kinds()[e.kind].known_in_advance and e.occurred_at >= as_of]
    return ((ahead[0].occurred_at - as_of) / DAY, ahead[:1]) if ahead else (MISSING, [])


def _look_back(d: Definition, targets: list[Seen], in_scope: list[Seen], history: list[Seen], as_of: int) -> Answer:
    found = _window(targets, as_of, d.window_days)
    match d.statistic:
        case "count" | "rows_visible":
            return float(len(found)), found
        case "incidents":
            return float(len(_incidents(found))), found
        case "sum":
            return _total(found, str(d.of))
        case "max":
            return _highest(found, str(d.of))
        case "last":
            carrying = found if d.of == "harm" else [e for e in found if not math.isnan(e.value)]
            return (_carried(carrying[-1], str(d.of)), carrying[-1:]) if carrying else (MISSING, [])
        case "days_since_last":
            return ((as_of - found[-1].occurred_at) / DAY, found[-1:]) if found else (MISSING, [])
        case "days_since_first" | "history_days":
            return ((as_of - found[0].occurred_at) / DAY, found[:1]) if found else (MISSING, [])
        case "days_since_end":
            ended = [e for e in found if e.until <= as_of]
            latest = max(ended, key=lambda e: (e.until, _order(e)), default=None)
            return ((as_of - latest.until) / DAY, [latest]) if latest else (MISSING, [])
        case "recency_weighted":
            assert d.half_life_days is not None
            weights = [0.5 ** ((as_of - e.occurred_at) / DAY / d.half_life_days) for e in reversed(found)]
            return float(sum(weights)), found
        case "window_ratio":
            assert d.window_days is not None
            assert d.long_window_days is not None
            longer = _window(targets, as_of, d.long_window_days)
            expected = _amount(longer, d.of) * d.window_days / d.long_window_days
            return (_amount(found, d.of) + 1.0) / (expected + 1.0), longer
        case "slope":
            return _slope(d, found, as_of), found
        case "share":
            among = [e for e in _window(in_scope, as_of, d.window_days) if e.kind in expand(d.among)]
            both = [e for e in found if e.kind in expand(d.among)]
            return (len(both) / len(among), both) if among else (MISSING, [])
        case "distinct_counterparts":
            known = [e for e in found if e.counterpart != NO_PERSON]
            return float(len({e.counterpart for e in known})), known
        case "mean_gap" | "last_gap" | "gap_ratio":
            return _gaps(d.statistic, _incidents(found))
        case "rate_at_liberty":
            assert d.window_days is not None
            stays = _window(
                [e for e in history if e.kind == STAY and e.role == ROLE_ABOUT and not e.proactive], as_of, None
            )
            liberty = int(d.window_days * DAY) - _covered(stays, as_of, d.window_days)
            return (len(_incidents(found)) * 365.0 / (liberty / DAY), found) if liberty > 0 else (MISSING, [])
        case "days_in_custody":
            stays = _window(targets, as_of, None)
            start = as_of - int(d.window_days * DAY) if d.window_days else -(1 << 62)
            return _covered(stays, as_of, d.window_days) / DAY, [
                e for e in stays if e.until > max(start, e.occurred_at)
            ]
        case "in_custody" | "order_in_force":
            standing = [e for e in found if e.until > as_of]
            return (1.0 if standing else 0.0), standing
        case "breach_after":
            return _breach_after(
                [e for e in _window(in_scope, as_of, d.window_days) if e.kind in expand(d.among)], found
            )
        case "state_yes":
            return ({"yes": 1.0, "no": 0.0}.get(found[-1].code, MISSING), found[-1:]) if found else (MISSING, [])
        case "state_unanswered":
            return (0.0 if found[-1].code in ("yes", "no") else 1.0, found[-1:]) if found else (MISSING, [])
        case "grade":
            graded = [e for e in found if e.code in GRADES]
            return (GRADES[graded[-1].code], graded[-1:]) if graded else (MISSING, [])
        case "late_share":
            late = [e for e in found if e.recorded_at - e.occurred_at > LATE_DAYS * DAY]
            return (len(late) / len(found), late) if found else (MISSING, [])
    raise AssertionError(d.statistic)


def _incidents(found: list[Seen]) -> list[Seen]:
    """Each incident's latest matching event, in order."""
    return sorted({e.incident_id: e for e in found}.values(), key=_order)


def _carried(e: Seen, of: str) -> float:
    return e.harm if of == "harm" else e.value


def _gravest(found: list[Seen]) -> list[Seen]:
    """Each incident's event of highest harm (the latest of equals), in order."""
    best: dict[int, Seen] = {}
    for e in found:
        if e.incident_id not in best or e.harm >= best[e.incident_id].harm:
            best[e.incident_id] = e
    return sorted(best.values(), key=_order)


def _total(found: list[Seen], of: str) -> Answer:
    carrying = _gravest(found) if of == "harm" else [e for e in found if not math.isnan(e.value)]
    return float(sum(_carried(e, of) for e in reversed(carrying))), carrying


def _highest(found: list[Seen], of: str) -> Answer:
    carrying = found if of == "harm" else [e for e in found if not math.isnan(e.value)]
    if not carrying:
        return (0.0 if of == "harm" else MISSING), []
    best = max(reversed(carrying), key=lambda e: _carried(e, of))
    return _carried(best, of), [best]


def _amount(found: list[Seen], of: str | None) -> float:
    if of == "harm":
        return _total(found, "harm")[0]
    return float(len(_incidents(found)) if of == "incidents" else len(found))


def _slope(d: Definition, found: list[Seen], as_of: int) -> float:
    """6 sum((2p - (P - 1)) y_p) / (P (P^2 - 1)), p = 0 the oldest period: the closed form of least squares."""
    assert d.window_days is not None
    assert d.periods is not None
    span, periods = int(d.window_days * DAY), d.periods
    reached = [
        _amount([e for e in found if (as_of - e.occurred_at - 1) * periods // span < newest], d.of)
        for newest in range(periods + 1)
    ]
    total = 0.0
    for back in range(periods):
        total += (periods - 1 - 2 * back) * (reached[back + 1] - reached[back])
    return 6.0 * total / (periods * (periods * periods - 1))


def _gaps(statistic: str, incidents: list[Seen]) -> Answer:
    if len(incidents) < 2:
        return MISSING, []
    last = (incidents[-1].occurred_at - incidents[-2].occurred_at) / DAY
    mean = (incidents[-1].occurred_at - incidents[0].occurred_at) / DAY / (len(incidents) - 1)
    if statistic == "last_gap":
        return last, incidents[-2:]
    if statistic == "mean_gap":
        return mean, incidents
    return (last / mean, incidents) if mean > 0 else (MISSING, [])


def _covered(stays: list[Seen], as_of: int, days: float | None) -> int:
    """Seconds of the union of stays within the window; a stay still open runs to as-of."""
    start = as_of - int(days * DAY) if days is not None else -(1 << 62)
    total, reached = 0, start
    for stay in sorted(stays, key=_order):
        end = min(stay.until, as_of)
        begin = max(stay.occurred_at, reached)
        if end > begin:
            total += end - begin
            reached = end
    return total


def _breach_after(among: list[Seen], breaches: list[Seen]) -> Answer:
    if not among:
        return MISSING, []
    later = [e for e in breaches if e.occurred_at > among[-1].occurred_at]
    if not later:
        return MISSING, []
    return (later[0].occurred_at - among[-1].occurred_at) / DAY, [among[-1], later[0]]
