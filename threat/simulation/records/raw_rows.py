"""One block's raw rows with what every recorder needs: keys, seconds, people and the conditions they are under."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from threat.asof import DAY
from threat.simulation import parameters
from threat.simulation.records.event_rows import NONE, EventFields, codes
from threat.simulation.records.pairs import unknown_persons
from threat.simulation.world import chance, states
from threat.simulation.world.population import DAYS_PER_YEAR, PARENT, Population
from threat.simulation.world.states import OFFENCES

I64 = NDArray[np.int64]
U64 = NDArray[np.uint64]
Mask = NDArray[np.bool_]

MINUTE = 60
"""Nothing is on record sooner than a minute after it happened, so that no as-of can see its own event."""
EPOCH_YEAR = 1970
"""Year in which UTC seconds begin."""
LATE_OFFENCES = tuple(OFFENCES.index(name) for name in ("rape", "sexual_assault", "coercive_control"))
"""Offences disclosed weeks late more often than others."""


@dataclass(frozen=True)
class RawRows:
    """Raw rows of a block (``raw``: RAW), a key for each, and the recording parameters (``numbers``)."""

    people: Population
    raw: NDArray[Any]
    keys: U64
    epoch: int
    numbers: dict[str, Any]

    @classmethod
    def of(cls, people: Population, raw: NDArray[Any], epoch: int) -> RawRows:
        """Return every raw row of a block; ``epoch``: first second of the force."""
        keys = chance.derive(people.keys[raw["cluster"]], "raw", raw["ordinal"].astype(np.int64))
        return cls(people, raw, keys, epoch, parameters.values("recording"))

    def __len__(self) -> int:
        return len(self.raw)

    def take(self, mask: Mask) -> RawRows:
        """Return the rows where ``mask`` is true."""
        return RawRows(self.people, self.raw[mask], self.keys[mask], self.epoch, self.numbers)

    def of_type(self, what: int) -> RawRows:
        """Return the rows of one type, a constant of ``states`` such as INCIDENT."""
        return self.take(self.raw["what"] == what)

    @cached_property
    def at(self) -> I64:
        """Times of the happenings, int64 seconds."""
        return self.epoch + np.floor(self.raw["at"] * DAY).astype(np.int64)

    @cached_property
    def until(self) -> I64:
        """Times of their ends, int64 seconds; never before their beginnings."""
        return np.maximum(self.epoch + np.floor(self.raw["until"] * DAY).astype(np.int64), self.at)

    @cached_property
    def relation(self) -> I64:
        """Row of the relationship, or -1."""
        return self.raw["relation"].astype(np.int64)

    @cached_property
    def offence(self) -> I64:
        """The offence, or the kind of stay or order."""
        return self.raw["offence"].astype(np.int64)

    @cached_property
    def subject(self) -> I64:
        """Person row of the subject."""
        return self.people.subject_rows[self.raw["subject"]]

    @cached_property
    def at_risk(self) -> I64:
        """Person row of the person at risk, or -1."""
        return np.where(self.relation >= 0, self.people.at_risk_person[np.maximum(self.relation, 0)], -1)

    def draw(self, name: str, share: Any) -> Mask:
        """Return true with probability ``share``, row by row, for a named purpose."""
        return chance.chance(self.keys, name, share)

    def delayed(self, name: str, mean_days: float, start: I64 | None = None) -> I64:
        """Return ``start`` (by default when the row was first recorded) plus an exponential delay, int64 seconds."""
        wait = (chance.exponential(self.keys, name, mean_days) * DAY).astype(np.int64)
        return (self.first_recorded if start is None else start) + wait + MINUTE

    @cached_property
    def first_recorded(self) -> I64:
        """Times of first record of incidents: minutes later for most, weeks for incidents disclosed late."""
        numbers = self.numbers
        lag = chance.exponential(self.keys, "call lag", numbers["lag_call"])
        incident = self.raw["what"] == states.INCIDENT
        share = np.where(np.isin(self.offence, LATE_OFFENCES), numbers["late_share_hidden"], numbers["late_share"])
        late = incident & self.draw("late", share)
        lag = lag + np.where(late, chance.exponential(self.keys, "late lag", numbers["late_mean"]), 0.0)
        return self.at + (lag * DAY).astype(np.int64) + MINUTE

    def recorded_in(self, source: str) -> I64:
        """Return when another system had the row, int64 seconds."""
        return self.delayed(f"lag {source}", self.numbers["lag_other"][source], self.at)

    def about_subject(self, source: str, *, lag_of: str = "") -> EventFields:
        """Return fields of rows about the subject, as late as the system ``lag_of`` (by default the source) is."""
        return EventFields(self.keys, self.at, self.recorded_in(lag_of or source), source, person=self.subject)

    def about_relationship(self, source: str, *, lag_of: str = "") -> EventFields:
        """Return fields of rows about the relationship, as late as the system ``lag_of`` (by default the source) is."""
        return EventFields(self.keys, self.at, self.recorded_in(lag_of or source), source, relation=self.relation)

    def concerning(self, fields: EventFields, party: str | None) -> EventFields:
        """Return the fields as rows about one party: "subject", "at_risk", or somebody else at the scene.

        Anybody else ("officer", "bystander") is the row's person at risk. Unchanged for None.
        """
        if party is None:
            return fields
        if party not in ("subject", "at_risk"):
            return fields._replace(outsider=chance.derive(self.keys, party))
        return fields._replace(relation=NONE, person=self.subject if party == "subject" else self.at_risk)

    def has_bit(self, bit: int) -> Mask:
        """Return where a bit of the latent state was set at that moment."""
        return (self.raw["state"] & bit) > 0

    def offence_in(self, *names: str) -> Mask:
        """Return where the offence is among ``names``."""
        return np.isin(self.offence, [OFFENCES.index(name) for name in names])

    def draw_code(self, name: str, shares: dict[str, float]) -> NDArray[np.int16]:
        """Return a code per row, drawn by ``shares``."""
        return codes(list(shares))[chance.choice(self.keys, name, list(shares.values()))]

    def condition(self, name: str) -> Mask:
        """Return where a condition holds, by its name in ``parameters.yaml``."""
        return CONDITIONS[name](self)

    def trait(self, field: str) -> NDArray[Any]:
        """Return a fixed field of each row's relationship."""
        return self.people.relations[field][self.relation]

    def age(self, person: I64) -> I64:
        """Return the age, in years, of each row's ``person`` (a person row) at that moment."""
        return np.asarray(EPOCH_YEAR + self.at // int(DAYS_PER_YEAR * DAY) - self.people.born[person])

    def subject_has(self, field: str) -> Mask:
        """Return a fixed yes-or-no field of each row's subject."""
        return np.asarray(self.people.subjects[field][self.raw["subject"]] > 0)

    @property
    def stays_named(self) -> Mask:
        """Mask of rows whose incident names the person at risk for good: that person is known, and it stays a crime."""
        withdrawn = self.draw("no crime", self.numbers["no_crime"])
        return ~unknown_persons(self.people)[self.relation] & ~withdrawn

    @property
    def may_bear(self) -> Mask:
        """Mask of rows in which the person at risk is a woman of child-bearing age and the subject her male partner."""
        youngest, oldest = parameters.values("population")["mother_ages"]
        age = self.age(self.at_risk)
        couple = (self.trait("intimate") > 0) & ~self.people.male[self.at_risk] & self.people.male[self.subject]
        return couple & (age >= youngest) & (age <= oldest)


CONDITIONS: dict[str, Any] = {
    "children": lambda rows: rows.trait("children") > 0,
    "children_apart": lambda rows: (rows.trait("children") > 0) & rows.has_bit(states.BIT_SEPARATED),
    "separated": lambda rows: rows.has_bit(states.BIT_SEPARATED),
    "together": lambda rows: (rows.trait("intimate") > 0) & ~rows.has_bit(states.BIT_SEPARATED),
    "intimate": lambda rows: rows.trait("intimate") > 0,
    "family": lambda rows: rows.trait("intimate") == 0,
    "parent": lambda rows: rows.people.kind[rows.relation] == PARENT,
    "mother": lambda rows: rows.may_bear,
    "controlling": lambda rows: rows.trait("control") > 0,
    "controlling_intimate": lambda rows: (rows.trait("control") > 0) & (rows.trait("intimate") > 0),
    "high_control": lambda rows: rows.trait("control") > 1,
    "severe": lambda rows: rows.trait("severity") > 1,
    "substance": lambda rows: rows.subject_has("substance"),
    "mental": lambda rows: rows.subject_has("mental"),
    "firearm": lambda rows: rows.subject_has("firearm"),
    "armed": lambda rows: rows.has_bit(states.BIT_ARMED),
    "suicidal": lambda rows: rows.has_bit(states.BIT_SUICIDAL),
    "distressed": lambda rows: rows.has_bit(states.BIT_DISTRESSED),
    "distressed_start": lambda rows: rows.trait("control") > 0,
    "ordered": lambda rows: rows.has_bit(states.BIT_ORDER),
    "escalating": lambda rows: rows.has_bit(states.BIT_ESCALATING),
    "arrested": lambda rows: rows.has_bit(states.BIT_ARRESTED),
    "stays_named": lambda rows: rows.stays_named,
}
