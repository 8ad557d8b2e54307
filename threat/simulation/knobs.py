"""Faults a sound system must notice, each off by default: what is thinned, added, changed or planted. Other worlds."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from threat.asof import DAY, instant, parse_as_of, seconds
from threat.errors import ThreatError, UsageError, raise_all
from threat.simulation import parameters
from threat.simulation.world.population import BROAD_ETHNICITIES


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
    leave a row dated before them. ``world``: name of a world of ``parameters.yaml``, whose mechanism has some other
    numbers, or of a control force of ``controls.yaml``; "" is the one that the calibration describes.
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
    world: str = ""

    def __post_init__(self) -> None:
        for name in ("thin_history", "thin_labels", "reviewed", "label_noise", "duplicates", "leak"):
            share = getattr(self, name)
            if not 0.0 <= share <= 1.0:
                raise UsageError(f"The share {name} is outside 0 to 1: {share:g}.", where=name)
        for name in ("over_policing", "plan_factor", "drift"):
            rate = getattr(self, name)
            if not 0.0 <= rate < math.inf:
                raise UsageError(f"The rate {name} is negative or not a finite number: {rate:g}.", where=name)
        if (self.thin_history or self.thin_labels or self.over_policing) and not self.group:
            raise UsageError(
                "No group was given for a knob that treats a group differently.",
                way_out="add the group, for example group=ethnicity=B",
            )
        if self.group:
            self.characteristic_and_code()
        if self.world and self.world not in {**parameters.values("worlds"), **parameters.controls()}:
            raise UsageError(
                f"The simulation has no world named {self.world!r}.",
                where="world",
                way_out="use " + ", ".join((*parameters.values("worlds"), *parameters.controls())),
            )
        if self.drift != 1.0 and self.drift_at is None:
            raise UsageError("The knob drift was given without its date.", way_out="give drift_at, with a time zone")

    def characteristic_and_code(self) -> tuple[str, str]:
        """Return the group's characteristic and code. Raises UsageError for a group that cannot be singled out.

        >>> Knobs(group="sex=female").characteristic_and_code()
        ('sex', 'female')
        """
        characteristic, _, code = self.group.partition("=")
        allowed = {"sex": ("female", "male"), "ethnicity": BROAD_ETHNICITIES}
        if code not in allowed.get(characteristic, ()):
            raise UsageError(
                f"The simulation cannot treat the group {self.group!r} differently.",
                way_out="sex=female, sex=male or " + ", ".join(f"ethnicity={c}" for c in BROAD_ETHNICITIES),
            )
        return characteristic, code

    def overrides(self, epoch: int) -> dict[str, float]:
        """Return the mechanism's parameters that these knobs change; ``epoch``: first second of the force."""
        # What a control force has in another way than the mechanism, ``parameters.of_world`` gives.
        of_world = parameters.controls().get(self.world, {}).get("mechanism")
        changed: dict[str, float] = dict(of_world or parameters.values("worlds").get(self.world, {}))
        changed |= {"plan_share": self.reviewed, "plan_factor": self.plan_factor}
        if self.drift_at is not None:
            changed |= {"drift_day": (seconds(self.drift_at) - epoch) / DAY, "drift_factor": self.drift}
        return changed

    def untreated(self) -> Knobs:
        """Return the same knobs with plans that do nothing."""
        return replace(self, plan_factor=1.0)


def read_knobs(settings: list[str]) -> Knobs:
    """Return the knobs that ``name=value`` words ask for. Raises UsageError, listing every fault.

    >>> read_knobs(["leak=0.5", "duplicates=0.1"]).leak
    0.5
    """
    defaults: dict[str, Any] = {entry.name: entry.default for entry in fields(Knobs)}
    values: dict[str, Any] = {}
    problems: list[ThreatError] = []
    for word in settings:
        name, _, text = word.partition("=")
        try:
            values[name] = instant(parse_as_of(text)) if name == "drift_at" else type(defaults[name])(text)
        except (KeyError, ValueError):
            way_out = f"name=value with name one of {', '.join(defaults)}"
            problems.append(UsageError(f"{word!r} is not a knob of the simulation.", way_out=way_out))
    raise_all(problems)
    return Knobs(**values)
