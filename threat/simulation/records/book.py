"""One block's raw rows with what every recorder needs: keys, seconds, people and the conditions they are under."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from threat.asof import DAY
from threat.simulation import parameters
from threat.simulation.records.ledger import codes
from threat.simulation.world import chance, states
from threat.simulation.world.population import DAYS_PER_YEAR, PARENT, Population
from threat.simulation.world.states import OFFENCES

I64 = NDArray[np.int64]
U64 = NDArray[np.uint64]
Mask = NDArray[np.bool_]

MINUTE = 60
EPOCH_YEAR = 1970
HIDDEN = tuple(OFFENCES.index(name) for name in ("rape", "sexual_assault", "coercive_control"))


@dataclass(frozen=True)
class Book:
    """Raw rows of a block. ``at``: when it happened, int64 seconds; ``p``: the recording parameters."""

    people: Population
    rows: NDArray[Any]
    keys: U64
    epoch: int
    p: dict[str, Any]

    @classmethod
    def open(cls, people: Population, rows: NDArray[Any], epoch: int) -> Book:
        """Every row of a block."""
        keys = chance.derive(people.keys[rows["cluster"]], "raw", rows["ordinal"].astype(np.int64))
        return cls(people, rows, keys, epoch, parameters.values("recording"))

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, mask: Mask) -> Book:
        """The rows where ``mask`` holds."""
        return Book(self.people, self.rows[mask], self.keys[mask], self.epoch, self.p)

    def what(self, raw: int) -> Book:
        """The rows that say ``raw``."""
        return self.take(self.rows["what"] == raw)

    @cached_property
    def at(self) -> I64:
        """When it happened."""
        return self.epoch + np.floor(self.rows["at"] * DAY).astype(np.int64)

    @cached_property
    def until(self) -> I64:
        """When it ended or will end; never before it began."""
        return np.maximum(self.epoch + np.floor(self.rows["until"] * DAY).astype(np.int64), self.at)

    @cached_property
    def relation(self) -> I64:
        """Row of the relationship, or -1."""
        return self.rows["relation"].astype(np.int64)

    @cached_property
    def offence(self) -> I64:
        """The offence, or the kind of stay or order."""
        return self.rows["offence"].astype(np.int64)

    @cached_property
    def subject(self) -> I64:
        """Person row of the subject."""
        return self.people.subject_rows[self.rows["subject"]]

    @cached_property
    def at_risk(self) -> I64:
        """Person row of the person at risk, or -1."""
        return np.where(self.relation >= 0, self.people.at_risk_person[np.maximum(self.relation, 0)], -1)

    def draw(self, name: str, share: Any) -> Mask:
        """True with probability ``share``, row by row, for a named purpose."""
        return chance.chance(self.keys, name, share)

    def after(self, name: str, mean_days: float, start: I64 | None = None) -> I64:
        """``start`` (when it was called in) plus an exponential delay."""
        wait = (chance.exponential(self.keys, name, mean_days) * DAY).astype(np.int64)
        return (self.called if start is None else start) + wait + MINUTE

    @cached_property
    def called(self) -> I64:
        """When an incident was first recorded: minutes for most, weeks for what is disclosed late."""
        p = self.p
        lag = chance.exponential(self.keys, "call lag", p["lag_call"])
        incident = self.rows["what"] == states.INCIDENT
        share = np.where(np.isin(self.offence, HIDDEN), p["late_share_hidden"], p["late_share"])
        late = incident & self.draw("late", share)
        lag = lag + np.where(late, chance.exponential(self.keys, "late lag", p["late_mean"]), 0.0)
        return self.at + (lag * DAY).astype(np.int64) + MINUTE

    def entered(self, source: str) -> I64:
        """When another system had it."""
        return self.after(f"lag {source}", self.p["lag_other"][source], self.at)

    def bit(self, bit: int) -> Mask:
        """A bit of the latent state at that moment."""
        return (self.rows["state"] & bit) > 0

    def offence_in(self, *names: str) -> Mask:
        """True where the offence is one of these."""
        return np.isin(self.offence, [OFFENCES.index(name) for name in names])

    def coded(self, name: str, shares: dict[str, float]) -> NDArray[np.int16]:
        """A code per row, drawn by ``shares``."""
        return codes(list(shares))[chance.choice(self.keys, name, list(shares.values()))]

    def condition(self, name: str) -> Mask:
        """A condition on the people, as ``parameters.yaml`` names it."""
        return CONDITIONS[name](self)

    def latent(self, field: str) -> NDArray[Any]:
        """A fixed field of the relationship."""
        return self.people.relations[field][self.relation]

    @property
    def may_bear(self) -> Mask:
        """The person at risk is a woman of child-bearing age, with a man."""
        youngest, oldest = parameters.values("population")["mother_ages"]
        age = EPOCH_YEAR + self.at // int(DAYS_PER_YEAR * DAY) - self.people.born[self.at_risk]
        couple = (self.latent("intimate") > 0) & ~self.people.male[self.at_risk] & self.people.male[self.subject]
        return couple & (age >= youngest) & (age <= oldest)

    def about_subject(self, field: str) -> Mask:
        """A fixed yes-or-no field of the subject."""
        return np.asarray(self.people.subjects[field][self.rows["subject"]] > 0)


CONDITIONS: dict[str, Any] = {
    "children": lambda b: b.latent("children") > 0,
    "children_apart": lambda b: (b.latent("children") > 0) & b.bit(states.BIT_SEPARATED),
    "separated": lambda b: b.bit(states.BIT_SEPARATED),
    "together": lambda b: (b.latent("intimate") > 0) & ~b.bit(states.BIT_SEPARATED),
    "intimate": lambda b: b.latent("intimate") > 0,
    "family": lambda b: b.latent("intimate") == 0,
    "parent": lambda b: b.people.kind[b.relation] == PARENT,
    "mother": lambda b: b.may_bear,
    "controlling": lambda b: b.latent("control") > 0,
    "controlling_intimate": lambda b: (b.latent("control") > 0) & (b.latent("intimate") > 0),
    "high_control": lambda b: b.latent("control") > 1,
    "severe": lambda b: b.latent("severity") > 1,
    "substance": lambda b: b.about_subject("substance"),
    "mental": lambda b: b.about_subject("mental"),
    "firearm": lambda b: b.about_subject("firearm"),
    "armed": lambda b: b.bit(states.BIT_ARMED),
    "suicidal": lambda b: b.bit(states.BIT_SUICIDAL),
    "distressed": lambda b: b.bit(states.BIT_DISTRESSED),
    "distressed_start": lambda b: b.latent("control") > 0,
    "ordered": lambda b: b.bit(states.BIT_ORDER),
    "escalating": lambda b: b.bit(states.BIT_ESCALATING),
    "arrested": lambda b: b.bit(states.BIT_ARRESTED),
}
