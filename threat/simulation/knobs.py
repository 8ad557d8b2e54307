"""Faults a sound system must notice, each off by default: what is thinned, added, changed or planted, and for whom."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from threat.asof import DAY, instant, parse_as_of, seconds
from threat.errors import ThreatError, UsageError, raise_all
from threat.simulation import parameters
from threat.simulation.records.book import Book
from threat.simulation.records.characteristics import BROAD_CODES, ethnicity
from threat.simulation.records.ledger import Ledger, number
from threat.simulation.world import chance, states
from threat.simulation.world.population import DAYS_PER_YEAR, Population
from threat.simulation.world.states import OFFENCES

_ABH, _ARMED_INJURY = OFFENCES.index("assault_with_injury"), OFFENCES.index("injury_with_weapon")
_LEAK = 9


@dataclass(frozen=True, slots=True)
class Knobs:
    """Everything off. Shares are in [0, 1].

    ``group``: whom the group knobs touch, ``sex=female`` or ``ethnicity=B`` (the person at risk's; the subject's for
    ``over_policing``). ``thin_history``: share of the group's incidents short of severe never recorded.
    ``thin_labels``: share of the group's severe incidents never recorded. ``over_policing``: extra police-made records
    a year for each of the group's subjects. ``reviewed``, ``plan_factor``: share of incidents after which the unit
    makes a plan, and what a plan does to every harm hazard. ``drift_at``, ``drift``: from when the grave and deadly
    hazards are multiplied by what. ``label_noise``: share of severe incidents recorded as lesser, as many lesser ones
    as severe. ``duplicates``: share of persons recorded twice, never linked. ``leak``: share of severe incidents that
    leave a row dated before them.
    """

    group: str = ""
    thin_history: float = 0.0
    thin_labels: float = 0.0
    over_policing: float = 0.0
    reviewed: float = 0.0
    plan_factor: float = 1.0
    drift_at: datetime | None = None
    drift: float = 1.0
    label_noise: float = 0.0
    duplicates: float = 0.0
    leak: float = 0.0

    def __post_init__(self) -> None:
        for name in ("thin_history", "thin_labels", "reviewed", "label_noise", "duplicates", "leak"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise UsageError("A share lies between 0 and 1.", value=getattr(self, name), where=name)
        for name in ("over_policing", "plan_factor", "drift"):
            if not 0.0 <= getattr(self, name) < math.inf:
                raise UsageError("A rate or ratio is a number and not negative.", value=getattr(self, name), where=name)
        if (self.thin_history or self.thin_labels or self.over_policing) and not self.group:
            raise UsageError("This knob needs a group.", way_out="for example group=ethnicity=B")
        if self.group:
            self._group()
        if self.drift != 1.0 and self.drift_at is None:
            raise UsageError("Drift needs a date.", way_out="give drift_at, with a time zone")

    def _group(self) -> tuple[str, str]:
        characteristic, _, code = self.group.partition("=")
        allowed = {"sex": ("female", "male"), "ethnicity": BROAD_CODES}
        if code not in allowed.get(characteristic, ()):
            raise UsageError(
                "Not a group this simulation can treat apart.",
                value=self.group,
                way_out="sex=female, sex=male or " + ", ".join(f"ethnicity={c}" for c in BROAD_CODES),
            )
        return characteristic, code

    def overrides(self, epoch: int) -> dict[str, float]:
        """The mechanism's parameters that these knobs change."""
        found = {"plan_share": self.reviewed, "plan_factor": self.plan_factor}
        if self.drift_at is not None:
            found |= {"drift_day": (seconds(self.drift_at) - epoch) / DAY, "drift_factor": self.drift}
        return found

    def untreated(self) -> Knobs:
        """The same force with plans that do nothing."""
        return replace(self, plan_factor=1.0)

    def member(self, people: Population) -> NDArray[np.bool_]:
        """Per person row: in the group."""
        if not self.group:
            return np.zeros(len(people.person_keys), bool)
        characteristic, code = self._group()
        if characteristic == "sex":
            return people.male == (code == "male")
        broad, names = ethnicity(people)
        return broad == names.index(code)


def before_recording(knobs: Knobs, people: Population, rows: NDArray[Any]) -> NDArray[Any]:
    """The raw rows as the police will meet them: thinned, or taken for another offence. The truth is left."""
    if not (knobs.thin_history or knobs.thin_labels or knobs.label_noise):
        return rows
    keys = chance.derive(people.keys[rows["cluster"]], "knob", rows["ordinal"].astype(np.int64))
    incident = rows["what"] == states.INCIDENT
    severe = rows["offence"] >= states.FIRST_GRAVE
    relation = np.maximum(rows["relation"], 0)
    group = knobs.member(people)[people.at_risk_person[relation]] & (rows["relation"] >= 0)
    lost = incident & ~severe & group & chance.chance(keys, "thin history", knobs.thin_history)
    lost |= incident & severe & group & chance.chance(keys, "thin labels", knobs.thin_labels)
    if knobs.label_noise:
        rows = rows.copy()
        grave = incident & severe & (rows["offence"] < states.FIRST_DEADLY)
        lesser = incident & (rows["offence"] == _ABH)
        share = knobs.label_noise * min(1.0, grave.sum() / max(int(lesser.sum()), 1))
        down = grave & chance.chance(keys, "noise down", knobs.label_noise)
        up = lesser & chance.chance(keys, "noise up", share)
        rows["offence"][down] = _ABH
        rows["offence"][up] = _ARMED_INJURY
    return rows[~lost]


def while_recording(knobs: Knobs, ledger: Ledger, book: Book, days: float) -> None:
    """Rows that a fault adds: the planted leak and the over-policing of a group."""
    calls = book.what(states.INCIDENT)
    if knobs.leak:
        found = calls.take((calls.offence >= states.FIRST_GRAVE) & calls.draw("leak", knobs.leak))
        p = parameters.values("knobs")
        back = (1.0 + chance.uniform(found.keys, "leak back") * p["leak_back"]) * DAY
        ledger.add(
            "social_care_referral",
            found.keys,
            source="partners",
            ordinal=_LEAK,
            incident=chance.derive(found.keys, "leak incident"),
            occurred=found.at - back.astype(np.int64),
            recorded=found.after("leak lag", p["leak_lag"]),
            relation=found.relation,
            reported_by="agency",
        )
    if knobs.over_policing:
        _over_police(knobs, ledger, book, days)


def _over_police(knobs: Knobs, ledger: Ledger, book: Book, days: float) -> None:
    """Two candidate rows for each expected one, each kept with probability one half."""
    people = book.people
    member = knobs.member(people)
    subjects = np.unique(people.subject_rows[member[people.subject_rows]])
    candidates = int(np.ceil(2 * knobs.over_policing * days / DAYS_PER_YEAR))
    who = np.repeat(subjects, candidates)
    keys = chance.derive(people.person_keys[who], "over policing", np.tile(np.arange(candidates), len(subjects)))
    kept = chance.chance(keys, "stopped", knobs.over_policing * days / DAYS_PER_YEAR / max(candidates, 1))
    who, keys = who[kept], keys[kept]
    at = book.epoch + np.floor(chance.uniform(keys, "stopped when") * days * DAY).astype(np.int64)
    kinds = np.array([number(name) for name in ("drugs_offence", "resisting_police", "other_crime")], np.int16)
    ledger.add(
        kinds[chance.choice(keys, "stopped for", [1.0, 1.0, 1.0])],
        keys,
        source="crime",
        incident=keys,
        occurred=at,
        recorded=at + 60,
        person=who,
        domestic=False,
        reported_by="police",
    )


def read_knobs(settings: list[str]) -> Knobs:
    """Knobs from ``name=value`` words. Raises UsageError, listing every fault."""
    kinds: dict[str, Any] = {entry.name: entry.default for entry in fields(Knobs)}
    found: dict[str, Any] = {}
    problems: list[ThreatError] = []
    for word in settings:
        name, _, text = word.partition("=")
        try:
            if name == "drift_at":
                found[name] = instant(parse_as_of(text))
            else:
                found[name] = type(kinds[name])(text)
        except (KeyError, ValueError):
            way_out = f"name=value with name one of {', '.join(kinds)}"
            problems.append(UsageError("Not a knob of the simulation.", value=word, way_out=way_out))
    raise_all(problems)
    return Knobs(**found)
