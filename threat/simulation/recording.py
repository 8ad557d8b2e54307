"""How the police come to record what happened: which rows, with which markers, how late."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from threat.asof import DAY
from threat.simulation import chance, parameters, states
from threat.simulation.ledger import NONE, Ledger, codes, number
from threat.simulation.population import Population
from threat.simulation.states import OFFENCES

I64 = NDArray[np.int64]
U64 = NDArray[np.uint64]

_PRINCIPAL = {
    "strangulation_with_injury": "non_fatal_strangulation",
    "wounding_with_weapon": "wounding",
    "injury_with_weapon": "assault_with_injury",
    "breach": "breach_bail",
}
_ORDER_KINDS = ("non_molestation_order", "protection_order", "restraining_order", "stalking_order")
_BREACHES = ("breach_non_molestation", "breach_protection_order", "breach_restraining_order", "breach_stalking_order")
_GRADES = ("standard", "medium", "high")


def principal_kinds() -> I64:
    """Numbers of the kinds that can be an incident's principal row: one of them makes a relationship known."""
    names = [_PRINCIPAL.get(name, name) for name in OFFENCES]
    return np.array([number(name) for name in (*names, *_BREACHES, "strangulation_reported")])


@dataclass(frozen=True, slots=True)
class Book:
    """One block's raw rows with what every recorder needs: keys, seconds, and when the call was recorded."""

    rows: NDArray[Any]
    keys: U64
    at: I64
    called: I64
    epoch: int
    p: dict[str, Any]

    def take(self, mask: NDArray[np.bool_]) -> Book:
        return Book(self.rows[mask], self.keys[mask], self.at[mask], self.called[mask], self.epoch, self.p)

    def later(self, name: str, mean_days: float) -> I64:
        """``called`` plus an exponential delay."""
        return self.called + (chance.exponential(self.keys, name, mean_days) * DAY).astype(np.int64)

    def until(self) -> I64:
        return self.epoch + np.floor(self.rows["until"] * DAY).astype(np.int64)

    def bit(self, bit: int) -> NDArray[np.bool_]:
        return (self.rows["state"] & bit) > 0


def open_book(population: Population, rows: NDArray[Any], epoch: int) -> Book:
    """Keys, seconds and recording times of raw rows."""
    p = parameters.values("recording")
    keys = chance.derive(population.keys[rows["cluster"]], "raw", rows["ordinal"].astype(np.int64))
    at = epoch + np.floor(rows["at"] * DAY).astype(np.int64)
    lag = chance.exponential(keys, "call lag", p["lag_call"])
    late = chance.chance(keys, "late", p["late_share"]) & (rows["what"] == states.INCIDENT)
    lag = lag + np.where(late, chance.exponential(keys, "late lag", p["late_mean"]), 0.0)
    return Book(rows, keys, at, at + (lag * DAY).astype(np.int64) + 60, epoch, p)


def record(population: Population, rows: NDArray[Any], epoch: int) -> Ledger:
    """Every event row of a block, before the end of the span cuts it off."""
    ledger = Ledger()
    book = open_book(population, rows, epoch)
    incidents(population, ledger, book.take(rows["what"] == states.INCIDENT))
    justice(population, ledger, book)
    circumstances(population, ledger, book)
    return ledger


def incidents(population: Population, ledger: Ledger, book: Book) -> None:
    """Principal offence, its markers, who called, the grade and the form."""
    p, keys, rows = book.p, book.keys, book.rows
    offence, relation = rows["offence"].astype(np.int64), rows["relation"].astype(np.int64)
    principal = np.array([number(_PRINCIPAL.get(name, name)) for name in OFFENCES], np.int16)[offence]
    breach = OFFENCES.index("breach")
    ordered = (offence == breach) & book.bit(states.BIT_ORDER)
    order_kind = (rows["state"] >> states.ORDER_SHIFT) & 3
    principal[ordered] = np.array([number(name) for name in _BREACHES], np.int16)[order_kind[ordered]]
    code = np.full(len(keys), NONE, np.int16)
    code[ordered] = codes(["contact", "registration", "other"])[
        chance.choice(keys[ordered], "breach", [0.6, 0.25, 0.15])
    ]
    verbal = offence == 0
    code[verbal] = codes(["verbal", "other"])[chance.choice(keys[verbal], "verbal", [0.75, 0.25])]
    by = chance.choice(keys, "reported by", p["reported_by"]).astype(np.int8)
    common = {"incident": keys, "occurred": book.at, "recorded": book.called, "relation": relation, "reported_by": by}
    uncrimed = (offence == OFFENCES.index("non_fatal_strangulation")) & chance.chance(
        keys, "uncrimed", p["not_crimed_strangulation"]
    )
    principal[uncrimed] = number("strangulation_reported")
    called = np.isin(offence, states.NOT_CRIMED)
    for source, mask in (("calls", called), ("crime", ~called)):
        ledger.add(
            principal[mask], keys[mask], source=source, code=code[mask], **{k: v[mask] for k, v in common.items()}
        )

    def mark(
        kind: str, mask: NDArray[np.bool_], code: NDArray[np.int16] | None = None, person: I64 | None = None
    ) -> None:
        fields: dict[str, Any] = {k: v[mask] for k, v in common.items()}
        if person is not None:
            fields["relation"], fields["person"] = NONE, person[mask]
        ledger.add(
            kind,
            keys[mask],
            source="crime",
            code=None if code is None else code[mask],
            record=chance.derive(keys[mask], "record crime"),
            **fields,
        )

    def name(*names: str) -> NDArray[np.bool_]:
        return np.isin(offence, [OFFENCES.index(n) for n in names])

    deadly = name("gbh_with_intent", "attempted_murder")
    mark(
        "injury",
        (name("assault_with_injury", "injury_with_weapon") & chance.chance(keys, "injury", p["injury"]))
        | name("strangulation_with_injury", "wounding_with_weapon", "gbh_with_intent"),
    )
    mark(
        "hospital_admission",
        (deadly & chance.chance(keys, "hospital", p["hospital"]))
        | (
            name("wounding_with_weapon", "strangulation_with_injury")
            & chance.chance(keys, "hospital", p["hospital_grave"])
        ),
    )
    weapon = codes(["knife", "blunt", "household", "vehicle", "other"])[
        chance.choice(keys, "weapon", p["weapon_kinds"])
    ]
    mark(
        "weapon_used",
        name("wounding_with_weapon", "injury_with_weapon")
        | ((offence >= states.FIRST_DEADLY) & chance.chance(keys, "weapon deadly", p["weapon_deadly"])),
        weapon,
    )
    threat = name("threat_to_kill")
    shown = np.where(weapon == codes(["vehicle"])[0], codes(["other"])[0], weapon)
    mark(
        "weapon_threatened",
        ~called
        & (offence < states.FIRST_GRAVE)
        & chance.chance(keys, "weapon shown", np.where(threat, p["weapon_threat_to_kill"], p["weapon_threat"])),
        shown,
    )
    mark(
        "child_present",
        (population.relations["children"][relation] > 0) & chance.chance(keys, "child", p["child_present"]),
    )
    drinks = population.subjects["substance"][rows["subject"]] > 0
    mark(
        "alcohol_marker",
        drinks & chance.chance(keys, "alcohol", p["alcohol"]),
        person=population.subject_person[relation],
    )
    assess(population, ledger, book, offence, relation, common)


def assess(
    population: Population, ledger: Ledger, book: Book, offence: I64, relation: I64, common: dict[str, Any]
) -> None:
    """The officer's grade, the form's items, referrals that follow a high grade."""
    p, keys = book.p, book.keys
    graded = chance.chance(keys, "graded", p["grade_share"])
    q = population.relations[relation]
    pull = (
        0.6 * (q["control"] > 0)
        + 0.5 * (offence >= states.FIRST_GRAVE)
        + 0.5 * np.isin(offence, [5, 8, 9])
        + 0.2 * (q["severity"] > 1.5)
    )
    noisy = chance.uniform(keys, "grade") - 0.12 * pull
    high = noisy < p["grades"][2] - 0.05
    medium = noisy < p["grades"][2] + p["grades"][1] - 0.08
    grade = np.where(high, 2, np.where(medium, 1, 0))
    fields = {k: v[graded] for k, v in common.items()}
    fields["reported_by"] = "police"
    ledger.add(
        "risk_grade",
        keys[graded],
        source="forms",
        assessment=True,
        code=codes(_GRADES)[grade[graded]],
        value=grade[graded].astype(float),
        **fields,
    )
    form = graded & chance.chance(keys, "form", p["form_share"])
    answers = codes(["yes", "no", "not_known", "not_asked", "refused"])
    fields = {k: v[form] for k, v in common.items()}
    fk, fq = keys[form], q[form]
    truth = {
        "item_frightened": 0.45 + 0.2 * (fq["control"] > 0),
        "item_fears_being_killed": 0.08 + 0.12 * fq["control"],
        "item_isolated": 0.08 + 0.12 * fq["control"],
        "item_separated": 0.1 + 0.75 * (fq["separated"] > 0),
        "item_child_contact": 0.4 * (fq["children"] > 0),
        "item_stalked": 0.06 + 0.15 * fq["control"],
        "item_pregnant": np.full(len(fk), 0.07),
        "item_escalating": 0.15 + 0.3 * (fq["frequency"] > 0.3),
        "item_worsening": 0.15 + 0.15 * (fq["severity"] > 1.2),
        "item_controlling": 0.12 + 0.3 * fq["control"],
        "item_weapon": 0.05 + 0.1 * (fq["severity"] > 1.2),
        "item_threat_to_kill": 0.07 + 0.07 * fq["control"],
        "item_strangled": 0.05 + 0.06 * fq["control"],
        "item_sexual": 0.03 + 0.04 * fq["control"],
        "item_hurt_others": np.full(len(fk), 0.12),
        "item_hurt_children": 0.08 * (fq["children"] > 0),
        "item_substance": np.full(len(fk), 0.35),
        "item_subject_suicidal": 0.06 + 0.3 * (book.bit(states.BIT_SUICIDAL)[form]),
        "item_person_suicidal": 0.08 + 0.4 * (book.bit(states.BIT_DISTRESSED)[form]),
        "item_breached": 0.05 + 0.4 * (book.bit(states.BIT_ORDER)[form]),
        "item_money": np.full(len(fk), 0.15),
    }
    fields["reported_by"] = "person_at_risk"
    for item, share in truth.items():
        missing = chance.choice(fk, item + " missing", [0.8, 0.07, 0.09, 0.04])
        answer = np.where(missing == 0, np.where(chance.uniform(fk, item) < share, 0, 1), missing + 1)
        ledger.add(item, fk, source="forms", assessment=True, code=answers[answer], **fields)
    refer = graded & chance.chance(keys, "referral", np.where(grade == 2, p["referral_high"], p["referral_other"]))
    sent = {k: v[refer] for k, v in common.items()}
    sent["recorded"] = book.take(refer).later("referral lag", 3.0)
    sent["occurred"] = sent["recorded"]
    sent["reported_by"] = "agency"
    ledger.add("marac_referral", keys[refer], source="partners", **sent)


def justice(population: Population, ledger: Ledger, book: Book) -> None:
    """Arrests, stays, bail, charges, convictions, orders, and what becomes of crimes without a charge."""
    what = book.rows["what"]
    person = population.subject_rows[book.rows["subject"]]

    def about(mask: NDArray[np.bool_]) -> dict[str, Any]:
        """Rows about the subject; the incident is their own unless they follow one."""
        return {
            "incident": book.keys[mask],
            "occurred": book.at[mask],
            "recorded": book.called[mask],
            "person": person[mask],
        }

    for raw, kind in ((states.ARREST, "arrest"),):
        mask = what == raw
        ledger.add(kind, book.keys[mask], source="custody", **about(mask))
    stay = what == states.CUSTODY
    until = book.until()
    which = book.rows["offence"].astype(np.int64)
    ledger.add(
        "custody",
        book.keys[stay],
        source="custody",
        code=codes(["police", "remand", "sentence"])[which[stay]],
        until=until[stay],
        **about(stay),
    )
    ahead = about(stay)
    ahead["recorded"] = np.where(which[stay] == states.SENTENCE, book.called[stay], until[stay])
    ahead["occurred"] = until[stay]
    ledger.add(
        "release",
        book.keys[stay],
        source="custody",
        code=codes(["no_further_action", "bail", "licence"])[which[stay]],
        **ahead,
    )
    bail = what == states.BAIL
    ledger.add("bail_granted", book.keys[bail], source="custody", code="conditional", until=until[bail], **about(bail))
    end = about(bail)
    end["occurred"] = until[bail]
    ledger.add("bail_end", book.keys[bail], source="custody", **end)
    relation = book.rows["relation"].astype(np.int64)
    for raw, kind in ((states.CHARGE, "charge"), (states.CONVICTION, "conviction")):
        mask = (what == raw) & (relation >= 0)
        fields = about(mask) | {"person": NONE, "relation": relation[mask]}
        ledger.add(kind, book.keys[mask], source="crime", **fields)
    mask = what == states.ORDER
    fields = about(mask) | {"person": NONE, "relation": relation[mask]}
    code = np.full(int(mask.sum()), NONE, np.int16)
    code[which[mask] == 1] = codes(["order"])[0]
    code[which[mask] == 3] = codes(["full"])[0]
    ledger.add(
        np.array([number(name) for name in _ORDER_KINDS], np.int16)[which[mask]],
        book.keys[mask],
        source="orders",
        code=code,
        until=until[mask],
        **fields,
    )
    expiry = fields | {"occurred": until[mask]}
    ledger.add("order_expiry", book.keys[mask], source="orders", **expiry)
    served = book.take(mask)
    delay = served.later("served", 2.0)
    ok = chance.chance(served.keys, "served", book.p["order_served"])
    fields = {k: v[ok] if isinstance(v, np.ndarray) else v for k, v in fields.items()} | {
        "occurred": delay[ok],
        "recorded": delay[ok],
    }
    ledger.add("order_served", served.keys[ok], source="orders", **fields)
    crime = (what == states.INCIDENT) & ~np.isin(which, states.NOT_CRIMED) & ~book.bit(states.BIT_CHARGED)
    open_ = book.take(crime)
    when = open_.later("outcome", book.p["outcome_mean"])
    fate = chance.choice(
        open_.keys,
        "fate",
        [book.p["withdrawal"], book.p["evidential"], 1 - book.p["withdrawal"] - book.p["evidential"]],
    )
    for number_, kind, code_ in ((0, "victim_withdrawal", None), (1, "no_further_action", "evidential")):
        pick = fate == number_
        ledger.add(
            kind,
            open_.keys[pick],
            source="crime",
            incident=open_.keys[pick],
            occurred=when[pick],
            recorded=when[pick],
            relation=open_.rows["relation"].astype(np.int64)[pick],
            code=code_,
        )


def circumstances(population: Population, ledger: Ledger, book: Book) -> None:
    """Separation, suicidality of either party, other crime of the subject, weapons."""
    what = book.rows["what"]
    relation = book.rows["relation"].astype(np.int64)
    subject = population.subject_rows[book.rows["subject"]]
    at_risk = np.where(relation >= 0, population.at_risk_person[np.maximum(relation, 0)], NONE)
    p = book.p

    def plain(mask: NDArray[np.bool_], person: I64 | None = None) -> dict[str, Any]:
        whom = {"relation": relation[mask]} if person is None else {"person": person[mask]}
        return {"incident": book.keys[mask], "occurred": book.at[mask], "recorded": book.called[mask], **whom}

    for raw, kind in ((states.SEPARATION, "separation"), (states.RECONCILIATION, "reconciliation")):
        mask = (what == raw) & chance.chance(book.keys, "known", p["separation_known"])
        ledger.add(kind, book.keys[mask], source="intelligence", **plain(mask))
    mask = what == states.NEW_PARTNER
    ledger.add("new_partner", book.keys[mask], source="intelligence", domestic=False, **plain(mask, subject))
    mask = (what == states.SUBJECT_SUICIDAL) & chance.chance(book.keys, "marked", p["suicide_marker_before"] * 4)
    ledger.add("suicidal_ideation", book.keys[mask], source="intelligence", domestic=False, **plain(mask, subject))
    for raw, kind in (
        (states.SELF_HARM, "self_harm"),
        (states.ATTEMPT, "suicide_attempt"),
        (states.SUICIDE, "suspected_suicide"),
    ):
        mask = what == raw
        ledger.add(kind, book.keys[mask], source="calls", domestic=False, **plain(mask, at_risk))
    mask = what == states.CRIME
    kinds = np.array(
        [number(n) for n in ("other_crime", "drugs_offence", "driving_offence", "drink_driving", "resisting_police")],
        np.int16,
    )
    ledger.add(
        kinds[chance.choice(book.keys[mask], "crime kind", [0.5, 0.18, 0.14, 0.1, 0.08])],
        book.keys[mask],
        source="crime",
        domestic=False,
        **plain(mask, subject),
    )
