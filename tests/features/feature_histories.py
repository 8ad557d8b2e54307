"""Small histories for the feature tests: plain events in, sightings out, and Hypothesis strategies over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np
from hypothesis import strategies as st

from features.definitions import Definition, Scope, Statistic
from features.load import Catalogue
from threat.asof import DAY, NEVER
from threat.history.schema import DOMESTIC, REPORTED_BY
from threat.history.sightings import NO_PERSON, ROLE_ABOUT, ROLE_AT_RISK, ROLE_SUBJECT, Rows, Sightings
from threat.vocabulary import kinds

UNKNOWN = NO_PERSON


@dataclass(frozen=True)
class Happening:
    """One event as a test writes it; persons are ids, UNKNOWN for one nobody knows."""

    kind: str
    occurred_at: int
    recorded_at: int
    subject: int = UNKNOWN
    at_risk: int = UNKNOWN
    about: int = UNKNOWN
    event_id: int = 0
    incident_id: int = 0
    code: str = ""
    value: float = float("nan")
    until: int = NEVER
    withdrawn_at: int = NEVER
    domestic: str = "unknown"
    reported_by: str = "unknown"
    proactive: bool = False
    source: str = "records"


@dataclass(frozen=True)
class Link:
    """``source`` is seen as ``person`` from ``recorded_at`` until ``withdrawn_at``."""

    source: int
    person: int
    recorded_at: int
    withdrawn_at: int = NEVER


def sightings(
    happenings: Sequence[Happening], links: Sequence[Link] = (), starts: dict[str, int] | None = None
) -> Sightings:
    """Sightings by the contract of ``threat.history.sightings``."""
    rows = []
    for h in happenings:
        for own, other, role in (
            (h.subject, h.at_risk, ROLE_SUBJECT),
            (h.at_risk, h.subject, ROLE_AT_RISK),
            (h.about, UNKNOWN, ROLE_ABOUT),
        ):
            if own == UNKNOWN:
                continue
            for person, person_from, person_until in (
                (own, -NEVER, NEVER),
                *((k.person, k.recorded_at, k.withdrawn_at) for k in links if k.source == own),
            ):
                for counterpart, other_from, other_until in _known_as(other, links):
                    visible_from = max(h.recorded_at, person_from, other_from)
                    visible_until = min(h.withdrawn_at, person_until, other_until)
                    if visible_from < visible_until:
                        rows.append((person, h, role, counterpart, visible_from, visible_until))
    rows.sort(key=lambda r: (r[0], r[1].occurred_at, r[1].recorded_at, r[1].event_id, r[4]))
    persons = sorted({r[0] for r in rows} | {r[3] for r in rows if r[3] != UNKNOWN})
    place = {person: i for i, person in enumerate(persons)}
    codes = sorted({h.code for h in happenings if h.code})
    sources = tuple(sorted({h.source for h in happenings} | set(starts or {})))
    events = [r[1] for r in rows]

    def column(values, dtype):
        return np.array(list(values), dtype)

    return Sightings(
        persons=np.array(persons, np.int64),
        offsets=np.searchsorted([r[0] for r in rows], [*persons, np.iinfo(np.int64).max]).astype(np.int64),
        event_id=column((e.event_id for e in events), np.int64),
        incident_id=column((e.incident_id for e in events), np.int64),
        occurred_at=column((e.occurred_at for e in events), np.int64),
        until=column((e.until for e in events), np.int64),
        recorded_at=column((e.recorded_at for e in events), np.int64),
        visible_from=column((r[4] for r in rows), np.int64),
        visible_until=column((r[5] for r in rows), np.int64),
        counterpart=column((place.get(r[3], NO_PERSON) for r in rows), np.int32),
        value=column((e.value for e in events), np.float32),
        kind=column((kinds()[e.kind].number for e in events), np.int16),
        code=column((codes.index(e.code) if e.code else -1 for e in events), np.int16),
        role=column((r[2] for r in rows), np.int8),
        domestic=column((DOMESTIC.index(e.domestic) for e in events), np.int8),
        reported_by=column((REPORTED_BY.index(e.reported_by) for e in events), np.int8),
        source=column((sources.index(e.source) for e in events), np.int8),
        proactive=column((e.proactive for e in events), np.bool_),
        assessment=column((False for _ in events), np.bool_),
        code_names=tuple(codes),
        source_names=sources,
        history_start=np.array([(starts or {}).get(s, np.iinfo(np.int64).min) for s in sources], np.int64),
    )


def _known_as(other: int, links: Sequence[Link]) -> list[tuple[int, int, int]]:
    """Who the counterpart was known to be, in adjoining spans: itself, and the survivor while one link stands."""
    spans, since = [], -NEVER
    for k in sorted((k for k in links if k.source == other), key=lambda k: k.recorded_at):
        spans += [(other, since, k.recorded_at), (k.person, k.recorded_at, k.withdrawn_at)]
        since = k.withdrawn_at
    return [*spans, (other, since, NEVER)] if since < NEVER else spans


def rows(pairs: Sequence[tuple[int, int, int]]) -> Rows:
    """Rows from (subject, person at risk, as-of)."""
    array = np.array(pairs, np.int64).reshape(-1, 3)
    return Rows(np.arange(len(array), dtype=np.int64), array[:, 0].copy(), array[:, 1].copy(), array[:, 2].copy())


PEOPLE = (11, 12, 13, 14)
MERGED = 14
"""The person whom generated links merge into person 12; the two never meet in one event."""

AS_OF = 1_700_000_000 // DAY * DAY
_DAYS = st.sampled_from([0, 1, 2, 6, 7, 8, 29, 30, 31, 89, 90, 91, 179, 180, 364, 365, 366, 729, 730, 731, 1500, 3000])
_SECONDS = st.sampled_from([0, 0, 0, 1, -1, 3600, -3600])


def moments(*, ahead: bool = False) -> st.SearchStrategy[int]:
    """Instants around AS_OF that sit on, one second before and one after the edges of windows; half repeat exactly."""
    past = st.builds(lambda d, s: AS_OF - d * DAY + s, _DAYS, _SECONDS)
    return st.builds(lambda d, s: AS_OF + d * DAY + s, _DAYS, _SECONDS) if ahead else past


FEW_KINDS = (
    "assault_with_injury", "non_fatal_strangulation", "weapon_used", "threat_to_kill", "domestic_incident", "murder",
    "breach_restraining_order", "restraining_order", "order_served", "order_expiry", "custody", "custody", "release",
    "arrest", "item_strangled", "risk_grade", "suicidal_ideation", "retraction", "unit_contact", "withdrawn",
)  # fmt: skip
"""Kinds of every sort, few enough that a drawn definition meets drawn events."""


@st.composite
def happenings(draw: st.DrawFn, number: int, names: Sequence[str] = FEW_KINDS) -> Happening:
    """One event of those kinds, known at once, late, or after as-of, sometimes withdrawn, with any mix of parties."""
    kind = kinds()[draw(st.sampled_from(names))]
    ahead = kind.known_in_advance and draw(st.booleans())
    occurred = draw(moments(ahead=ahead))
    lag = draw(st.sampled_from([0, 0, 1, DAY, 7 * DAY, 7 * DAY + 1, 40 * DAY, 400 * DAY]))
    recorded = AS_OF - draw(st.sampled_from([-1, 0, 1, DAY, 100 * DAY])) if ahead else occurred + lag
    if draw(st.integers(0, 9)) == 0:
        recorded = draw(st.sampled_from([AS_OF, AS_OF - 1, AS_OF + 1]))
    if draw(st.integers(0, 9)) == 0:  # dated ahead by mistake: known before as-of, said to happen at it or later
        occurred, recorded = AS_OF + draw(st.sampled_from([0, 0, 1, DAY])), AS_OF - draw(st.sampled_from([1, DAY]))
    parties: dict[str, int] = {}
    if kind.about == "person":
        parties["about"] = draw(st.sampled_from(PEOPLE))
    else:
        known = draw(st.sampled_from([(11, 12), (11, 12), (11, 12), (12, 11), (11, 13), (13, 12), (11, 14), (14, 11)]))
        unknown = draw(st.sampled_from(["", "", "", "", "subject", "at_risk"]))
        parties = {"subject": known[0], "at_risk": known[1]}
        if unknown:
            parties[unknown] = UNKNOWN
    stays = kind.theme in ("custody", "order")
    until = NEVER
    if stays and draw(st.booleans()):
        until = occurred + draw(st.sampled_from([0, 1, DAY, 30 * DAY, 200 * DAY])) if draw(st.booleans()) else AS_OF
    return Happening(
        kind=kind.name,
        occurred_at=occurred,
        recorded_at=recorded,
        event_id=number * 7919 % 10007 + 1,
        incident_id=draw(st.integers(1, 6)),
        code=draw(st.sampled_from(["", *kind.codes])) if kind.codes else "",
        value=draw(st.sampled_from([float("nan"), 0.0, 1.5, -2.25, 1e6])),
        until=until,
        withdrawn_at=draw(st.sampled_from([NEVER] * 6 + [AS_OF, AS_OF - 1, AS_OF + 1])),
        domestic=draw(st.sampled_from(DOMESTIC)),
        reported_by=draw(st.sampled_from(REPORTED_BY)),
        proactive=draw(st.integers(0, 9)) == 0,
        source=draw(st.sampled_from(["records", "custody"])),
        **parties,
    )


@st.composite
def histories(draw: st.DrawFn, most: int = 24, names: Sequence[str] = FEW_KINDS) -> tuple[list[Happening], list[Link]]:
    """Events, some of them exact repeats or corrections of others, and up to two links that may be withdrawn."""
    out = [draw(happenings(number, names)) for number in range(draw(st.integers(0, most)))]
    for number in range(draw(st.integers(0, 4))):
        if out:
            twin = replace(draw(st.sampled_from(out)), event_id=20_000 + number)
            if draw(st.booleans()):  # a correction hides the older row from the moment it is recorded
                at = draw(st.sampled_from([AS_OF - 1, AS_OF, twin.recorded_at + 1]))
                old = draw(st.integers(0, len(out) - 1))
                out[old] = replace(out[old], withdrawn_at=min(out[old].withdrawn_at, at))
                twin = replace(out[old], event_id=twin.event_id, recorded_at=at, withdrawn_at=NEVER)
            out.append(twin)
    links = []
    if draw(st.booleans()):
        at = AS_OF - draw(st.sampled_from([400, 30, 1, 0])) * DAY
        ended = draw(st.sampled_from([NEVER, at + DAY, AS_OF, AS_OF + 1]))
        links.append(Link(MERGED, 12, at, max(ended, at + 1)))
        if ended < AS_OF - DAY and draw(st.booleans()):
            links.append(Link(MERGED, 12, AS_OF - DAY, NEVER))
    return out, links


QUESTIONS = rows(
    [
        (11, 12, AS_OF),
        (12, 11, AS_OF),
        (11, UNKNOWN, AS_OF),
        (11, 12, AS_OF - 30 * DAY),
        (11, 14, AS_OF),
        (13, 99, AS_OF),
    ]
)
"""Both directions, an unknown person at risk, an earlier as-of, a merged person, and one the store never saw."""


_WINDOWS = st.sampled_from([1, 7, 30, 90, 180, 365, 730, 0.5])
_GROUPS = ("@any", "@crime", "@assault", "@custody", "@order", "@breach")
_ADVANCE = ("order_expiry", "release")
_READ = tuple(dict.fromkeys(name for name in FEW_KINDS if name not in (*_ADVANCE, "withdrawn")))


@st.composite
def definitions(draw: st.DrawFn) -> Definition:
    """Any acceptable definition: every statistic, scope, filter and window."""
    statistic = draw(st.sampled_from(get_args(Statistic)))
    scope = draw(st.sampled_from(get_args(Scope)))
    names = tuple(draw(st.lists(st.sampled_from([*_READ, *_GROUPS]), min_size=1, max_size=4, unique=True)))
    parts: dict[str, Any] = {"domestic": draw(st.sampled_from(["any", "any", "yes", "no", "not_no"]))}
    parts["include_proactive"] = draw(st.integers(0, 3)) == 0
    if draw(st.integers(0, 3)) == 0:
        parts["reported_by"] = tuple(draw(st.lists(st.sampled_from(REPORTED_BY), min_size=1, max_size=3, unique=True)))
    window = draw(st.one_of(st.none(), _WINDOWS))
    match statistic:
        case "sum" | "max" | "last":
            parts["of"] = draw(st.sampled_from(["value", "harm"]))
        case "recency_weighted":
            parts["half_life_days"] = draw(st.sampled_from([30, 90.5]))
        case "window_ratio":
            window = draw(_WINDOWS)
            parts["long_window_days"] = window * draw(st.sampled_from([2, 4, 12]))
            parts["of"] = draw(st.sampled_from([None, "incidents", "harm"]))
        case "slope":
            window, parts["periods"] = draw(_WINDOWS), draw(st.sampled_from([2, 3, 4, 7]))
            parts["of"] = draw(st.sampled_from([None, "incidents", "harm"]))
        case "share" | "breach_after":
            parts["among"] = tuple(
                draw(st.lists(st.sampled_from([*_READ, *_GROUPS]), min_size=1, max_size=3, unique=True))
            )
        case "days_until":
            names, window = draw(st.sampled_from([("release",), ("order_expiry", "bail_end"), ("@custody",)])), None
        case "days_since_end" | "order_in_force":
            window = None
        case "in_custody" | "days_in_custody":
            names = draw(st.sampled_from([("custody",), ("custody", "arrest")]))
            window = None if statistic == "in_custody" else window
        case "rate_at_liberty":
            window = draw(_WINDOWS)
            scope = draw(
                st.sampled_from(
                    ["relationship", "subject_anyone", "subject_others", "at_risk_subject", "about_at_risk"]
                )
            )
        case "state_yes" | "state_unanswered":
            names = ("item_strangled",)
        case "grade":
            names = ("risk_grade",)
        case "history_days" | "rows_visible":
            names = draw(st.sampled_from([(), names]))
    read = [name for name in names if not name.startswith("@")]
    codes = sorted({code for name in read for code in kinds()[name].codes})
    if codes and statistic not in ("state_yes", "state_unanswered", "grade") and draw(st.booleans()):
        parts["codes"] = tuple(draw(st.lists(st.sampled_from(codes), min_size=1, max_size=2, unique=True)))
    return define("drawn", statistic=statistic, scope=scope, kinds=names, window_days=window, **parts)


def define(name: str, **parts: Any) -> Definition:
    """A definition with the words a test does not care about filled in."""
    words = {
        "theme": "test",
        "sentence": "{value}",
        "source": "test",
        "unit": "test",
        "missing": "test",
        "scope": "relationship",
    }
    return Definition(name=name, **{**words, **parts})


def catalogue(drawn: Sequence[Definition]) -> Catalogue:
    """The definitions as a catalogue, numbered so that names differ."""
    return Catalogue(tuple(replace(d, name=f"d{i}_{d.statistic}") for i, d in enumerate(drawn)))
