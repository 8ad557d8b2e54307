"""The posterior mean risk by a particle filter: what the records could at best have said, for some hundreds of rows.

Particles carry the latent states of the row's whole cluster, are weighted by every record visible at the as-of, and
look ahead like the oracle. The filter knows the true parameters, so it estimates the risk that the records themselves
carry: between what a reference model finds in them and what the latent state holds. Approximations: ``docs/truth.md``.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from threat.asof import DAY, on_record
from threat.history.sorted_ids import position
from threat.simulation import force, parameters
from threat.simulation.force import Settings
from threat.simulation.records import recording
from threat.simulation.records.event_rows import codes, number
from threat.simulation.records.pairs import relationship_ids, unknown_persons
from threat.simulation.records.raw_rows import RawRows
from threat.simulation.truth.evidence import (
    CONDITIONS,
    OBSERVATION,
    SEEN_BAIL,
    SEEN_CUSTODY,
    SEEN_DEATH,
    SEEN_INCIDENT,
    SEEN_ORDER,
    SEEN_PARTING,
    SEEN_SIGNAL,
    SEEN_SUICIDAL,
    Evidence,
)
from threat.simulation.truth.filtering import Question, posterior_risk
from threat.simulation.truth.oracle import HORIZONS, laws
from threat.simulation.truth.severity import severities
from threat.simulation.world import states
from threat.simulation.world.population import Population
from threat.simulation.world.states import PAST, Cluster

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]

_NEVER = np.iinfo(np.int64).max
_HIDDEN = 1.0e12
"""A day that never comes: for the filter no relationship off the record exists, and no death is known ahead."""
_SAME = {"distressed_start": "controlling"}
"""Conditions of answers that are another condition of the filter by definition."""
_IGNORED = ("substance", "distressed", "escalating")
"""Conditions that no particle carries; answers that depend on them are not read."""


@dataclass(frozen=True, slots=True)
class Posterior:
    """What the filter says of each row.

    ``risk`` (rows, 2) by HORIZONS, NaN where the filter can't be used; ``effective`` (rows): the least effective number
    of particles on the way; ``why`` (rows): "" or the reason the row was left out.
    """

    risk: F64
    effective: F64
    why: list[str]


@dataclass(frozen=True, slots=True)
class Answers:
    """Form answers and markers of a block: one entry each, sorted by incident row."""

    row: I64
    yes: I64
    base: F64
    added: F64


def posterior(
    settings: Settings,
    relationship_id: I64,
    as_of: I64,
    *,
    particles: int = 1000,
    looks: int = 400,
    seed: int = 0,
    threads: int = 1,
) -> Posterior:
    """Return the posterior mean risk of each (relationship record, as-of in UTC seconds).

    ``particles`` of each row are filtered; ``looks`` of them, at most all, run forward. Any threads give the same
    numbers.
    """
    risk, effective = np.full((len(as_of), len(HORIZONS)), np.nan), np.zeros(len(as_of))
    why = ["not of this force"] * len(as_of)

    def answer_block(block: tuple[int, int]) -> None:
        number_of, size = block
        people = force.draw(settings, number_of, size)
        ids = relationship_ids(people, unknown_persons(people))
        mine = np.flatnonzero(np.isin(relationship_id, ids))
        if not len(mine):
            return
        records = Records.of(settings, people, number_of)
        for i in mine:
            relation = int(np.flatnonzero((ids == relationship_id[i]).any(axis=1))[0])
            out, least, reason = records.row(relation, int(as_of[i]), particles, looks, seed)
            risk[i], effective[i], why[i] = out, least, reason

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(answer_block, [block for block in force.plan(settings) if block[1]]))
    return Posterior(risk, effective, why)


@dataclass(frozen=True, slots=True)
class Records:
    """One block's raw rows, when each was first on record, and what the forms and markers of each said.

    By person row: when access to a firearm was recorded (``firearm``), and each crime against somebody outside
    (``outside``), int64 UTC seconds.
    """

    settings: Settings
    people: Population
    rows: NDArray[Any]
    recorded: I64
    answers: Answers
    firearm: dict[int, int]
    outside: dict[int, list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings, people: Population, number_of: int) -> Records:
        """Run and record the block again; return its records."""
        knobs = settings.knobs
        rows = force.run(people, settings, knobs.overrides(settings.epoch))
        columns = recording.record(people, rows, settings.epoch, settings.days, knobs)
        raw_rows = RawRows.of(people, rows, settings.epoch)
        order = np.argsort(raw_rows.keys)
        place = position(columns["incident"], raw_rows.keys[order])
        raw = np.append(order, -1)[place]
        recorded = np.full(len(rows), _NEVER)
        named = raw >= 0
        np.minimum.at(recorded, raw[named], columns["recorded"][named])
        armed = columns["kind"] == number("firearm_access")
        firearm = dict(zip(columns["person"][armed].tolist(), columns["recorded"][armed].tolist(), strict=True))
        outside: dict[int, list[int]] = {}
        crime = columns["offender"] >= 0
        for person, when in zip(columns["offender"][crime].tolist(), columns["recorded"][crime].tolist(), strict=True):
            outside.setdefault(person, []).append(when)
        return cls(settings, people, rows, recorded, _answers(raw_rows, columns, raw), firearm, outside)

    def row(self, relation: int, as_of: int, particles: int, looks: int, seed: int) -> tuple[F64, float, str]:
        """Return the risk by horizon, the least effective number of particles, and why the row was left out."""
        people, nothing = self.people, np.full(len(HORIZONS), np.nan)
        c = int(people.cluster[relation])
        r0, r1 = int(people.relation_offsets[c]), int(people.relation_offsets[c + 1])
        s0, s1 = int(people.subject_offsets[c]), int(people.subject_offsets[c + 1])
        day = (as_of - self.settings.epoch) / DAY
        first, last = np.searchsorted(self.rows["cluster"], [c, c + 1])
        rows = np.arange(first, last)
        visible = rows[on_record(self.recorded[rows], as_of) & (self.rows["at"][rows] < day)]
        observations = self._observations(visible, r0, s0)
        met = {int(seen["relation"]) for seen in observations if seen["entry"]}
        if relation - r0 not in met:
            return nothing, 0.0, "its first incident is not on record"
        shown = {int(seen["relation"]) for seen in observations if seen["what"] == SEEN_INCIDENT}
        if shown - met or (people.relations["entry"][r0:r1][sorted(met)] < 0).any():
            return nothing, 0.0, "began before the records"
        rng = np.random.default_rng([seed, relation, as_of])
        subjects, rel = self._prior(rng, particles, slice(s0, s1), slice(r0, r1), met, as_of)
        out = np.zeros(len(HORIZONS))
        entries = self.answers
        evidence = Evidence(
            observations,
            entries.yes,
            entries.base,
            entries.added,
            self._pending(rows, day, as_of, s0),
            float(parameters.values("circumstances")["separation_known"]),
            float(parameters.values("recording")["suicide_marker"]),
        )
        question = Question(
            relation - r0,
            day,
            np.array(HORIZONS, np.float64),
            min(looks, particles),
            np.uint64(rng.integers(1 << 63)),
        )
        least = posterior_risk(laws(self.settings), Cluster(subjects, rel), evidence, question, out)
        return (out, least, "") if least > 0 else (nothing, 0.0, "every particle was ruled out")

    def _observations(self, visible: I64, r0: int, s0: int) -> NDArray[Any]:
        """Return the visible raw rows that say something about the latent states, in order (OBSERVATION)."""
        raw = self.rows[visible]
        at = {(float(row["at"]), int(row["relation"])) for row in raw if row["what"] == states.INCIDENT}
        entries = {float(row["at"]) for row in raw if row["state"] & states.BIT_ENTRY or row["what"] == states.SIGNAL}
        parted = {(float(row["at"]), int(row["relation"])) for row in raw if row["what"] == states.SEPARATION}
        kinds = {
            states.INCIDENT: SEEN_INCIDENT,
            states.SIGNAL: SEEN_SIGNAL,
            states.CUSTODY: SEEN_CUSTODY,
            states.BAIL: SEEN_BAIL,
            states.ORDER: SEEN_ORDER,
            states.SUBJECT_SUICIDAL: SEEN_SUICIDAL,
            states.SUICIDE: SEEN_DEATH,
            states.DEATH: SEEN_DEATH,
            states.SUBJECT_SUICIDE: SEEN_DEATH,
        }
        out = []
        for i, row in zip(visible, raw, strict=True):
            what, relation, when = int(row["what"]), int(row["relation"]), float(row["at"])
            offence = int(row["offence"])
            if what in (states.SEPARATION, states.RECONCILIATION):
                if (when, relation) in at or when in entries:
                    continue  # part of that incident
                seen, offence = SEEN_PARTING, int(what == states.SEPARATION)
            elif what in kinds:
                seen = kinds[what]
            else:
                continue
            entry = int(what == states.SIGNAL or (what == states.INCIDENT and bool(row["state"] & states.BIT_ENTRY)))
            first, last = np.searchsorted(self.answers.row, [i, i + 1])
            together = int(what == states.INCIDENT and (when, relation) in parted)
            subject = int(row["subject"]) - s0
            here = relation - r0 if relation >= 0 else -1
            out.append((when, seen, here, subject, offence, row["until"], entry, together, first, last))
        made = np.array(out, dtype=OBSERVATION)
        return made[np.argsort(made["at"], kind="stable")]

    def _pending(self, at: I64, day: float, as_of: int, s0: int) -> F64:
        """Return charges on record that no court has decided, as ``Evidence`` holds them."""
        p = laws(self.settings).future[0]
        out = [np.zeros((0, 5))]
        remand: dict[int, float] = {}
        crime: dict[int, float] = {}
        rows = self.rows
        for i in at:
            what, subject = int(rows["what"][i]), int(rows["subject"][i])
            if what == states.INCIDENT:
                remand[subject], crime[subject] = PAST, float(rows["at"][i])
            elif what == states.CUSTODY and rows["offence"][i] == states.REMAND:
                remand[subject] = float(rows["until"][i])
            elif what == states.CHARGE and on_record(self.recorded[i], as_of) and subject in crime:
                offence, end = int(rows["offence"][i]), remand[subject]
                if PAST < end <= day:
                    continue  # decided when the remand ended
                level = "deadly" if offence >= states.FIRST_DEADLY else "grave"
                level = level if offence >= states.FIRST_GRAVE else "crime"
                share = 1.0 if level == "deadly" else float(p[f"sentence_{level}"])
                mean = float(p[f"sentence_{level}_mean"])
                out.append(np.array([[subject - s0, crime[subject], end, share, mean]]))
        return np.concatenate(out)

    def _prior(
        self, rng: np.random.Generator, n: int, subject_rows: slice, relation_rows: slice, met: set[int], as_of: int
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return ``n`` draws of the cluster: what is on record as it is, what is latent from the population."""
        p, m = parameters.values("population"), laws(self.settings).past[0]
        subjects = np.repeat(self.people.subjects[subject_rows][None, :], n, axis=0)
        rel = np.repeat(self.people.relations[relation_rows][None, :], n, axis=0)
        # Nobody knows the day of a death ahead: those that happened are observed, later ones drawn anew.
        subjects["dies"], rel["dies"] = _HIDDEN, _HIDDEN
        shape = subjects.shape
        subjects["mental"] = rng.random(shape) < p["mental"]
        for k in range(shape[1]):
            person = int(self.people.subject_rows[subject_rows.start + k])
            share = float(parameters.values("background")["firearm"]["share"])
            hidden = p["firearm"] * (1 - share) / (1 - p["firearm"] * share)
            seen = on_record(self.firearm.get(person, _NEVER), as_of)
            subjects["firearm"][:, k] = 1.0 if seen else rng.random(n) < hidden
        onset = m["suicidal_on"] * np.where(subjects["mental"] > 0, m["suicidal_mental"], 1.0)
        subjects["suicidal"] = rng.random(shape) < onset / (onset + m["suicidal_off"])
        subjects["armed"] = rng.random(shape) < m["weapon_on"] / (m["weapon_on"] + m["weapon_off"])
        shape = rel.shape
        frequency = np.array(p["frequency_values"])
        rel["frequency"] = rng.choice(frequency, shape, p=_shares(p["frequency_shares"]))
        rel["control"] = rng.choice(3, shape, p=_shares(p["control_shares"]))
        spread = float(p["severity_spread"])
        rel["severity"] = np.exp(rng.standard_normal(shape) * spread - spread * spread / 2)
        # A subject's first relationship is in the row of the subject: the main one, or its mirror.
        for k in range(subjects.shape[1]):
            crimes = self.outside.get(int(self.people.subject_rows[subject_rows.start + k]), [])
            on_file = sum(on_record(when, as_of) for when in crimes)
            rel["severity"][:, k] = severities(rng, n, int(on_file), (as_of - self.settings.epoch) / DAY)
        for r in range(shape[1]):
            if r not in met:
                rel["entry"][:, r] = _HIDDEN
        return subjects, rel


def _shares(weights: list[float]) -> F64:
    return np.array(weights) / sum(weights)


def _answers(raw_rows: RawRows, columns: dict[str, NDArray[Any]], raw: I64) -> Answers:
    """Return every answer given and every marker an incident could have had, with what its chance depends on."""
    yes, no = codes(["yes"])[0], codes(["no"])[0]
    parts = []
    incident = raw_rows.raw["what"] == states.INCIDENT
    for item, entry in parameters.values("items").items():
        mine = (columns["kind"] == number(item)) & (raw >= 0) & np.isin(columns["code"], [yes, no])
        extras = {name: share for name, share in entry.items() if name != "base"}
        parts.append(_entries(raw_rows, raw[mine], columns["code"][mine] == yes, float(entry["base"]), extras))
    markers = parameters.values("markers")
    for name, entry in markers.items():
        condition = entry.get("if", "")
        if not condition:
            continue
        offences = _offences(entry["with"])
        others = [o for other, o in markers.items() if other != name and o["kind"] == entry["kind"]]
        taken = set().union(*(_offences(other["with"]) for other in others)) if others else set()
        applies = np.flatnonzero(incident & np.isin(raw_rows.raw["offence"], sorted(offences - taken)))
        there = np.zeros(len(raw_rows), bool)
        there[raw[(columns["kind"] == number(entry["kind"])) & (raw >= 0)]] = True
        parts.append(_entries(raw_rows, applies, there[applies], 0.0, {condition: float(entry["share"])}))
    row, said, base, added = (np.concatenate([part[k] for part in parts]) for k in range(4))
    order = np.argsort(row, kind="stable")
    return Answers(row[order], said[order].astype(np.int64), base[order], added[order])


def _offences(where: str | list[str]) -> set[int]:
    everything = set(range(len(states.OFFENCES)))
    if isinstance(where, list):
        return {states.OFFENCES.index(name) for name in where}
    call = set(states.NOT_CRIMED)
    return {"any": everything, "call": call, "crime": everything - call}[where]


def _entries(
    raw_rows: RawRows, row: I64, said: NDArray[np.bool_], base: float, extras: dict[str, float]
) -> tuple[I64, NDArray[np.bool_], F64, F64]:
    """Return row, answer, base chance and additions by latent condition; nothing if no particle carries a condition."""
    start, added = np.full(len(row), base), np.zeros((len(row), len(CONDITIONS)))
    if any(name in _IGNORED for name in extras):
        return row[:0], said[:0], start[:0], added[:0]
    here = raw_rows.take(np.isin(np.arange(len(raw_rows)), row))
    where = np.searchsorted(np.flatnonzero(np.isin(np.arange(len(raw_rows)), row)), row)

    def recorded(name: str) -> NDArray[Any]:
        return np.asarray(here.condition(name), np.float64)[where]

    for name, share in extras.items():
        latent = _SAME.get(name, name)
        if latent in CONDITIONS:
            added[:, CONDITIONS.index(latent)] += share
        elif name == "controlling_intimate":
            added[:, CONDITIONS.index("controlling")] += share * recorded("intimate")
        elif name == "together":
            start += share * recorded("intimate")
            added[:, CONDITIONS.index("separated")] -= share * recorded("intimate")
        elif name == "children_apart":
            added[:, CONDITIONS.index("separated")] += share * recorded("children")
        else:
            start += share * recorded(name)
    return row, said, start, added
