"""The decision: what a person judges of the threat, in the order of the National Decision Model, and why.

Everything that is chosen is a code in fact rows, everything typed is a text. A decision is never changed; another
supersedes it, with the reason. It reads the records and the grade, and nothing of any order.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import insert

from serving.casework.act import Work
from serving.casework.clocks import Clocks, Due
from serving.casework.decided import LEVELS, InEffect, is_lower
from serving.casework.decision_tables import DECISION_OPTIONS, DECISION_POWERS, DECISION_STRATEGIES, DECISIONS
from serving.casework.options import options
from serving.casework.policy import Rule
from serving.casework.voice import Recorded
from serving.casework.words import code, code_to_write, title
from threat.errors import ThreatError, UsageError

DecisionAct = Literal["decide_plan", "decide_watch", "decide_accept"]
"""What a decision comes to: an act of the table."""

REVIEWS: Mapping[str, Rule] = {
    "immediate": "review_immediate_at_first",
    "serious": "review_serious",
    "present": "review_present",
    "not_shown": "review_watching",
}
"""The clock within which a decision of each level is looked at again."""

PLANS: Mapping[str, Rule] = {"immediate": "plan_immediate", "serious": "plan_serious", "present": "plan_present"}
"""The clock within which a plan is active after a decision of each level."""


@dataclass(frozen=True, slots=True)
class Power:
    """A power that was considered; ``said``: its reference or why, where the code asks for one."""

    power: str
    said: str = ""


@dataclass(frozen=True, slots=True)
class Considered:
    """An option that was considered: for the plan (``taken``), or not and why.

    ``said``: why it is not taken; of an option that needs an authority and is taken, the reference of that authority.
    """

    option: str
    taken: bool
    said: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision as a person writes it; see the columns of ``decisions``. ``version``: of the case that it is made on.

    ``protective``: what protects them, or empty with ``none_protective``. ``life_threat``: whether a threat to life was
    considered, None where nothing is chosen; ``life_threat_said``: its reference, or why not. ``review_at``: UTC
    seconds. ``supersedes``: the decision before, with ``supersedes_why``.
    """

    case_id: str
    version: int
    act: DecisionAct
    level: str = ""
    threat: str = ""
    vulnerability: str = ""
    protective: str = ""
    none_protective: bool = False
    not_known: str = ""
    confidence: str = ""
    confidence_why: str = ""
    voice_id: str = ""
    powers: tuple[Power, ...] = ()
    life_threat: bool | None = None
    life_threat_said: str = ""
    considered: tuple[Considered, ...] = ()
    strategies: tuple[str, ...] = ()
    review_at: int | None = None
    supersedes: str = ""
    supersedes_why: str = ""
    why: str = ""

    def codes(self) -> dict[str, object]:
        """Return everything that was chosen: what a repeat is known by."""
        names = ("version", "level", "confidence", "life_threat", "review_at", "supersedes")
        return {name: getattr(self, name) for name in names} | {
            "voice": self.voice_id,
            "none_protective": self.none_protective,
            "powers": [each.power for each in self.powers],
            "options": {each.option: each.taken for each in self.considered},
            "strategies": list(self.strategies),
        }

    def texts(self) -> dict[str, str]:
        """Return everything that was typed, by field."""
        names = ("threat", "vulnerability", "protective", "not_known", "confidence_why", "life_threat_said")
        texts = {name: getattr(self, name) for name in (*names, "supersedes_why", "why")}
        texts |= {f"power.{each.power}": each.said for each in self.powers}
        return texts | {f"option.{each.option}": each.said for each in self.considered}


@dataclass(frozen=True, slots=True)
class Standing:
    """What a decision is judged against: the time (UTC seconds), the views that count, and the decision before."""

    at: int
    clocks: Clocks
    voice: Recorded | None
    earlier: InEffect | None


def problems(given: Decision, now: Standing) -> list[ThreatError]:
    """Return everything that is missing or does not fit, each with its field, in the order of the form."""
    return [
        *_of_information(given),
        *_of_voice(given, now),
        *_of_powers(given),
        *_of_options(given),
        *_of_strategy(given),
        *_of_review(given, now),
        *_of_earlier(given, now),
    ]


def lowers(given: Decision, earlier: InEffect | None) -> bool:
    """Tell whether a decision is of a lower level than the one before: nobody makes such a decision alone (D1)."""
    return earlier is not None and given.level in LEVELS and is_lower(given.level, earlier.level)


def next_step_due(given: Decision, now: Standing, *, running: bool) -> Due:
    """Return when the next step of a decision is due. ``running``: its plan is active already.

    A decision that follows another of the same or a lower level does not put off a plan that was due earlier, unless
    two people lowered the level.
    """
    assert given.review_at is not None
    looked = now.clocks.due(REVIEWS[given.level], now.at)
    if given.act != "decide_plan" or running:
        return Due(given.review_at, looked.rule, looked.calendar)
    due = now.clocks.due(PLANS[given.level], now.at)
    before = now.earlier
    if before is None or before.taken_back or before.decision != given.act or lowers(given, before):
        return due
    return due if due.at <= before.due_at else Due(before.due_at, before.due_rule, due.calendar)  # type: ignore[arg-type]


def keep_decision(work: Work, given: Decision) -> str:
    """Write the rows of a decision in an act, and return its reference. It is in effect only once a row says so."""
    decision_id = f"DE-{secrets.token_hex(8)}"
    text_ids = {
        f"{name}_text_id": work.text_id(name) for name in ("threat", "vulnerability", "protective", "not_known")
    }
    work.keep(
        DECISIONS,
        id=decision_id,
        case_id=given.case_id,
        decision=given.act,
        level=given.level,
        confidence=given.confidence,
        confidence_text_id=work.text_id("confidence_why"),
        life_threat=given.life_threat,
        life_threat_text_id=work.text_id("life_threat_said"),
        voice_id=given.voice_id,
        review_at=given.review_at,
        review_rule=REVIEWS[given.level],
        supersedes=given.supersedes or None,
        supersedes_text_id=work.text_id("supersedes_why"),
        why_text_id=work.text_id("why"),
        **text_ids,
    )
    of_decision = {"decision_id": decision_id, "act_id": work.act.act_id}
    for table, rows in (
        (DECISION_STRATEGIES, [{"strategy": strategy} for strategy in given.strategies]),
        (DECISION_POWERS, [{"power": p.power, "text_id": work.text_id(f"power.{p.power}")} for p in given.powers]),
        (
            DECISION_OPTIONS,
            [
                {"option": o.option, "taken": o.taken, "text_id": work.text_id(f"option.{o.option}")}
                for o in given.considered
            ],
        ),
    ):
        if rows:
            work.connection.execute(insert(table), [of_decision | row for row in rows])
    return decision_id


def _missing(given: Decision, sentences: Mapping[str, str]) -> list[ThreatError]:
    return [UsageError(said, where=field) for field, said in sentences.items() if not getattr(given, field)]


def _of_information(given: Decision) -> list[ThreatError]:
    out = _missing(
        given,
        {
            "threat": "The threat is not described.",
            "vulnerability": "What makes the person at risk vulnerable is not described.",
            "not_known": "It is not said what is not known.",
        },
    )
    if bool(given.protective) == given.none_protective:
        said = (
            "What protects them is not described."
            if not given.protective
            else "What protects them is described, and said not to be recorded."
        )
        out.append(UsageError(said, where="protective", way_out="write it, or tick that nothing is recorded"))
    out += _of_code("confidence", given.confidence, "confidence")
    out += _missing(given, {"confidence_why": "It is not said why the information has this confidence."})
    return out


def _of_code(
    field: str, given: str, name: Literal["confidence", "threat_level", "strategy", "power"]
) -> list[ThreatError]:
    if not given:
        return [UsageError("Nothing is chosen.", where=field)]
    try:
        code_to_write(name, given)
    except UsageError as error:
        error.where = field
        return [error]
    return []


def _of_voice(given: Decision, now: Standing) -> list[ThreatError]:
    if now.voice is None:
        said, way_out = "The views of the person at risk are not recorded.", "record them, or why they were not asked"
    elif given.voice_id != now.voice.id:
        said, way_out = "The views named are not the latest of the person at risk.", "open the page again and read them"
    elif now.voice.is_late(now.at):
        said, way_out = (
            "They were to have been asked by now.",
            "record their views, or why and by when they will be asked",
        )
    else:
        return []
    return [UsageError(said, where="voice", way_out=way_out)]


def _of_powers(given: Decision) -> list[ThreatError]:
    names = [each.power for each in given.powers]
    out: list[ThreatError] = []
    if not names:
        out.append(UsageError("No power is named that was considered.", where="powers", way_out="or choose No power"))
    if len(set(names)) != len(names):
        out.append(UsageError("The same power is named twice.", where="powers"))
    if "none" in names and len(names) > 1:
        out.append(UsageError("No power is chosen together with a power.", where="powers"))
    for each in given.powers:
        wrong = _of_code("powers", each.power, "power")
        out += wrong
        if not wrong and code("power", each.power).requires and not each.said:
            said = f"{title('power', each.power)}: the reference or the reason is missing."
            out.append(UsageError(said, where=f"power.{each.power}"))
    if given.life_threat is None:
        out.append(UsageError("It is not said whether a threat to life was considered.", where="life_threat"))
    return out + _missing(
        given, {"life_threat_said": "The reference is missing, or why a threat to life was not considered."}
    )


def _of_options(given: Decision) -> list[ThreatError]:
    names = [each.option for each in given.considered]
    out: list[ThreatError] = []
    if not names:
        out.append(UsageError("No option is named that was considered.", where="options"))
    if len(set(names)) != len(names):
        out.append(UsageError("The same option is named twice.", where="options"))
    for each in given.considered:
        out += _of_option(each)
    taken = any(each.taken for each in given.considered)
    if taken and given.act != "decide_plan":
        out.append(UsageError("There is to be no plan, but an option is taken for one.", where="options"))
    if not taken and given.act == "decide_plan":
        out.append(UsageError("No option is taken, but there is to be a plan.", where="options"))
    return out


def _of_option(each: Considered) -> list[ThreatError]:
    field = f"option.{each.option}"
    try:
        option = options().option(each.option)
    except UsageError as error:
        error.where = "options"
        return [error]
    if option.retired is not None:
        return [UsageError("The option is retired.", value=each.option, where=field)]
    if not each.taken and not each.said:
        return [UsageError(f"{option.title}: it is not said why it is not taken.", where=field)]
    if each.taken and option.authority != "none" and not each.said:
        said = f"{option.title}: the reference of the {option.authority}'s authority is missing."
        return [UsageError(said, where=field, way_out=f"it needs the authority of a {option.authority}")]
    return []


def _of_strategy(given: Decision) -> list[ThreatError]:
    out = [wrong for each in given.strategies for wrong in _of_code("strategies", each, "strategy")]
    if len(set(given.strategies)) != len(given.strategies):
        out.append(UsageError("The same strategy is named twice.", where="strategies"))
    if given.act == "decide_plan" and not given.strategies:
        out.append(UsageError("No strategy is chosen for the plan.", where="strategies"))
    if given.act == "decide_accept":
        if given.strategies != ("accept",):
            out.append(UsageError("To accept is decided, but the strategy is not Accept alone.", where="strategies"))
        out += _missing(given, {"why": "The reason is missing: say why the threat is accepted."})
    elif "accept" in given.strategies:
        way_out = "choose to accept as the decision: it needs an inspector"
        out.append(UsageError("Accept is chosen next to another decision.", where="strategies", way_out=way_out))
    return out


def _of_review(given: Decision, now: Standing) -> list[ThreatError]:
    out = _of_code("level", given.level, "threat_level")
    if out:
        return out
    named = title("threat_level", given.level)
    if given.act == "decide_plan" and given.level not in PLANS:
        way_out = "choose another level, or to watch"
        out.append(
            UsageError("No threat is shown, but there is to be a plan.", value=named, where="level", way_out=way_out)
        )
    if given.act == "decide_watch" and given.level in ("immediate", "serious"):
        way_out = "decide to plan, or propose to accept, which needs an inspector"
        out.append(UsageError("This level asks for a plan, not to watch.", value=named, where="level", way_out=way_out))
    latest = now.clocks.due(REVIEWS[given.level], now.at).at
    if given.review_at is None:
        out.append(UsageError("The day on which it is looked at again is missing.", where="review_at"))
    elif not now.at < given.review_at <= latest:
        said = f"The day to look again is past, or later than the level {named} allows."
        out.append(UsageError(said, where="review_at"))
    return out


def _of_earlier(given: Decision, now: Standing) -> list[ThreatError]:
    before = "" if now.earlier is None else now.earlier.id
    if given.supersedes != before:
        way_out = "open the page again: it shows the decision before"
        return [UsageError("This is not the decision that this one follows.", where="supersedes", way_out=way_out)]
    return _missing(given, {"supersedes_why": "It is not said why there is another decision."}) if before else []
