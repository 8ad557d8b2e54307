"""The form of a decision: one long page in the order of the National Decision Model, read into a ``Decision``."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from serving.casework.decision import Considered, Decision, Power
from serving.casework.options import Option, options, suggested
from serving.casework.transitions import Allowed, allowed, transitions
from serving.casework.views import Case
from serving.casework.words import Code, vocabulary
from serving.desk.deciding.days import end_of
from serving.desk.decision_words import Pairs, who_confirms
from serving.desk.form import Form
from serving.identity.person import Person
from threat.vocabulary import kinds

ACTS = ("decide_plan", "decide_watch", "decide_accept")

TEXTS = (
    "threat",
    "vulnerability",
    "protective",
    "not_known",
    "confidence_why",
    "life_threat_said",
    "supersedes_why",
    "why",
)


@dataclass(frozen=True)
class OptionShown:
    """An option of the catalogue as the form shows it. ``because``: kinds on record that suggest it; else empty."""

    option: str
    title: str
    about: Pairs
    because: str
    asks_authority: str


@dataclass(frozen=True)
class PowerShown:
    """A power as the form shows it. ``asks``: what has to be said with it; empty for nothing."""

    power: str
    title: str
    meaning: str
    asks: str


def decision_of(posted: Form, case_id: str, voice_id: str, zone: str) -> Decision:
    """Return the decision that a form says, as far as it says it: what is missing is empty.

    ``voice_id``: of the views that the page showed. Raises UsageError for a field that was sent twice.
    """
    act = posted.value("decision")
    life = {"yes": True, "no": False}.get(posted.value("life_threat"))
    return Decision(
        case_id=case_id,
        version=posted.version(),
        act=act if act in ACTS else "decide_plan",  # type: ignore[arg-type]
        level=posted.value("level"),
        none_protective=posted.value("none_protective") == "yes",
        confidence=posted.value("confidence"),
        voice_id=voice_id,
        powers=tuple(Power(each, posted.text(f"power.{each}")) for each in posted.all("powers")),
        life_threat=life,
        considered=_considered(posted),
        strategies=posted.all("strategies"),
        review_at=end_of(posted.text("review_at"), zone),
        supersedes=posted.value("supersedes"),
        **{name: posted.text(name) for name in TEXTS},
    )


def _considered(posted: Form) -> tuple[Considered, ...]:
    return tuple(
        Considered(option.option, chosen == "yes", posted.text(f"said.{option.option}"))
        for option in options().options
        if (chosen := posted.value(f"option.{option.option}")) in ("yes", "no")
    )


def decisions_offered(case: Case, person: Person) -> list[tuple[str, str, str]]:
    """Return the decisions that a person may make or propose in a case: code, title, and whether it takes two."""
    out = []
    for name in ACTS:
        answer = allowed(name, case.state, person)  # type: ignore[arg-type]
        if isinstance(answer, Allowed):
            two = f"Waits for another person. {who_confirms(name)}." if not answer.alone else "Takes effect at once."
            lower = " A lower level than before waits for another supervisor." if answer.alone else ""
            out.append((name, transitions().act(name).title, two + lower))
    return out


def powers_offered() -> list[PowerShown]:
    """Return the powers that the form offers."""
    return [
        PowerShown(name, code.title, code.meaning, _asks(code)) for name, code in vocabulary("power").in_use().items()
    ]


def _asks(code: Code) -> str:
    if "reference" in code.requires:
        return "Its reference"
    return "Why no power applies" if code.requires else ""


def options_offered(recorded: Collection[str]) -> tuple[list[OptionShown], list[OptionShown]]:
    """Return the options that kinds on record suggest, and the others; none is chosen beforehand."""
    suggestions = suggested(recorded)
    because = {each.option.option: ", ".join(kinds()[kind].title for kind in each.because) for each in suggestions}
    shown = [_shown(option, because.get(option.option, "")) for option in options().options if option.retired is None]
    return [each for each in shown if each.because], [each for each in shown if not each.because]


def _shown(option: Option, because: str) -> OptionShown:
    about = [("Does", option.does), ("Needs", option.needs)]
    about += [("Can raise danger", option.danger.how)] if option.danger else []
    return OptionShown(
        option.option, option.title, about, because, "" if option.authority == "none" else option.authority
    )
