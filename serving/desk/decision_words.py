"""Views, decisions and proposals in words, for the pages of deciding; and what is to mend in their forms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from serving.casework.clocks import Clocks, due_in_words
from serving.casework.decided import decided
from serving.casework.decision import PLANS, REVIEWS, Decision
from serving.casework.decision_read import read_decision
from serving.casework.options import options
from serving.casework.proposal import SAID, Proposal, proposal_now, proposals, waiting_for
from serving.casework.texts import texts_of
from serving.casework.transitions import transitions
from serving.casework.voice import voices_of
from serving.casework.words import title, vocabulary
from serving.desk.reason_form import FieldError
from serving.identity.person import Person
from threat.dates import day, moment
from threat.errors import ThreatError

Pairs = list[tuple[str, str]]

NOT_SHOWN = "written, not shown to your role"
"""In the place of what a person typed, for readers who may open no names: whoever types may name somebody."""


@dataclass(frozen=True)
class VoiceSaid:
    """Views of the person at risk in words. ``late``: that they were to have been asked by now; else empty."""

    id: str
    title: str
    lines: Pairs
    recorded: str
    late: str


@dataclass(frozen=True)
class LevelSaid:
    """What a threat level means and which clocks it starts."""

    code: str
    title: str
    meaning: str


def errors_of(problems: Iterable[ThreatError]) -> tuple[FieldError, ...]:
    """Return problems as a form shows them, each at its field, with its way out."""
    return tuple(
        FieldError(
            each.problem if not each.way_out else f"{each.problem} {each.way_out[:1].upper()}{each.way_out[1:]}.",
            each.where or "form",
        )
        for each in problems
    )


def bodies_of(connection: Connection, ids: Sequence[str], *, typed: bool) -> dict[str, str]:
    """Return the bodies of texts by id, an erased one left out; each as not shown where ``typed`` is false."""
    bodies = texts_of(connection, ids)
    return bodies if typed else dict.fromkeys(bodies, NOT_SHOWN)


def without_texts(given: Decision) -> Decision:
    """Return a decision with every text that a person typed as not shown; what was chosen stays."""
    return replace(
        given,
        powers=tuple(replace(each, said=_hidden(each.said)) for each in given.powers),
        considered=tuple(replace(each, said=_hidden(each.said)) for each in given.considered),
        threat=_hidden(given.threat),
        vulnerability=_hidden(given.vulnerability),
        protective=_hidden(given.protective),
        not_known=_hidden(given.not_known),
        confidence_why=_hidden(given.confidence_why),
        life_threat_said=_hidden(given.life_threat_said),
        supersedes_why=_hidden(given.supersedes_why),
        why=_hidden(given.why),
    )


def _hidden(text: str) -> str:
    return NOT_SHOWN if text else ""


def voices_said(connection: Connection, case_id: str, at: int, zone: str, *, typed: bool = True) -> list[VoiceSaid]:
    """Return the views of a case in words, the latest first: that one counts. ``at``: UTC seconds.

    ``typed``: whether the reader may read what people typed.
    """
    voices = voices_of(connection, case_id)
    ids = [text for voice in voices for text in (voice.what, voice.why, voice.asked_by) if text is not None]
    bodies = bodies_of(connection, ids, typed=typed)
    out = []
    for voice in voices:
        lines = [("In their words", bodies.get(voice.what, "erased"))] if voice.what else []
        lines += [("Why", bodies.get(voice.why, "erased"))] if voice.why else []
        if voice.asked_at is not None:
            who = ", ".join(filter(None, (bodies.get(voice.asked_by or "", ""), _agency(voice.agency))))
            lines.append(("Asked by", f"{who}, {day(voice.asked_at, zone)}"))
        if voice.by_when is not None:
            lines.append(("To be asked", due_in_words(voice.by_when, at, zone)))
        late = "They were to have been asked by now." if voice.is_late(at) else ""
        recorded = f"Recorded by {voice.who}, {moment(voice.at, zone)}"
        out.append(VoiceSaid(voice.id, title("voice", voice.state), lines, recorded, late))
    return out


def _agency(agency: str | None) -> str:
    return options().owners.get(agency or "", "")


def levels_said(clocks: Clocks, at: int, zone: str) -> list[LevelSaid]:
    """Return every level with what it means and the clocks that it starts now. ``at``: UTC seconds."""
    out = []
    for name, code in vocabulary("threat_level").in_use().items():
        looked = due_in_words(clocks.due(REVIEWS[name], at).at, at, zone)
        said = f"{code.meaning} Looked at again {looked} at the latest."
        if name in PLANS:
            said += f" A plan is active {due_in_words(clocks.due(PLANS[name], at).at, at, zone)}."
        out.append(LevelSaid(name, code.title, said))
    return out


def decision_said(given: Decision, voices: Iterable[VoiceSaid], zone: str) -> Pairs:
    """Return a decision in words, in the order of the form."""
    powers = [_with(title("power", each.power), each.said) for each in given.powers if each.power in _powers()]
    taken = [_with(_option(each.option), each.said) for each in given.considered if each.taken]
    left = [_with(_option(each.option), each.said) for each in given.considered if not each.taken]
    voice = next((f"{each.title}. {each.recorded}" for each in voices if each.id == given.voice_id), "Not recorded")
    considered = {True: "Considered", False: "Not considered", None: "Nothing chosen"}[given.life_threat]
    pairs = [
        ("Decision", transitions().act(given.act).title),
        ("Threat", given.threat),
        ("What makes them vulnerable", given.vulnerability),
        ("What protects them", given.protective or "Nothing is recorded that protects them"),
        ("Not known", given.not_known),
        ("Confidence in the information", _with(_title("confidence", given.confidence), given.confidence_why)),
        ("Views of the person at risk", voice),
        ("Powers considered", "; ".join(powers)),
        ("Threat to life", _with(considered, given.life_threat_said)),
        ("Options for the plan", "; ".join(taken) or "None"),
        ("Options not taken, and why", "; ".join(left) or "None"),
        ("Working strategy", ", ".join(_title("strategy", each) for each in given.strategies) or "None"),
        ("Level", _title("threat_level", given.level)),
        ("Looked at again", "" if given.review_at is None else f"by the end of {day(given.review_at - 1, zone)}"),
    ]
    pairs += [("Why there is another decision", given.supersedes_why)] if given.supersedes else []
    return [*pairs, *([("Why", given.why)] if given.why else [])]


def proposal_said(connection: Connection, proposal: Proposal, at: int, zone: str, *, typed: bool = True) -> Pairs:
    """Return a proposal in words: what, by whom, why, until when, and where it stands. ``at``: UTC seconds.

    ``typed``: whether the reader may read what people typed.
    """
    bodies = bodies_of(connection, list(filter(None, (proposal.why, proposal.message))), typed=typed)
    pairs = [
        ("What", f"{title('proposal_kind', proposal.kind)}: {transitions().act(proposal.act).title.lower()}"),
        ("Proposed by", f"{proposal.who}, {moment(proposal.at, zone)}"),
        ("Why", bodies.get(proposal.why, "erased")),
        ("Stands", SAID[proposal.standing]),
    ]
    if proposal.is_open:
        pairs.append(("Can be answered", due_in_words(proposal.expires_at, at, zone)))
    if proposal.answered_at is not None:
        said = f"{proposal.answered_by}, {moment(proposal.answered_at, zone)}"
        pairs.append(("Answered by", said))
    if proposal.message is not None:
        pairs.append(("Message", bodies.get(proposal.message, "erased")))
    return pairs


def waiting_said(connection: Connection, person: Person, at: int, zone: str) -> list[tuple[str, str, str]]:
    """Return what waits for a person's answer: case, sentence and address of each. ``at``: UTC seconds."""
    return [
        (
            each.case_id,
            f"{title('proposal_kind', each.kind).lower()}, proposed by {each.who}, waits for you "
            f"{due_in_words(each.expires_at, at, zone)}",
            f"/proposals/{each.id}",
        )
        for each in waiting_for(connection, person, at)
    ]


@dataclass(frozen=True)
class Decided:
    """What the page of a case says of deciding: the decision in effect, the views, and what waits or was returned."""

    decision: Pairs
    taken_back: bool
    made: str
    voice: VoiceSaid | None
    proposals: list[tuple[str, str]]


def decided_said(connection: Connection, case_id: str, at: int, zone: str, *, typed: bool) -> Decided:
    """Return what is decided of a case, in words. ``at``: UTC seconds. ``typed``: also what people typed."""
    before, voices = decided(connection, case_id), voices_said(connection, case_id, at, zone, typed=typed)
    said = []
    if before is not None:
        given = read_decision(connection, before.id)
        said = decision_said(given if typed else without_texts(given), voices, zone)
    proposed = proposals(connection, at, case_id)
    last = [each for each in proposed if each.is_open] or [
        each for each in proposed[-1:] if each.standing == "returned"
    ]
    return Decided(
        said,
        before is not None and before.taken_back,
        "" if before is None else f"In effect since {moment(before.at, zone)}, by {before.who}",
        voices[0] if voices else None,
        [(each.id, f"{title('proposal_kind', each.kind)}, by {each.who}. {SAID[each.standing]}") for each in last],
    )


def decision_lines(connection: Connection, fact: str, at: int) -> list[str]:
    """Return what a decision chose, for the history: of a decision, or of what a proposal proposes; else nothing."""
    if fact.startswith("PR-"):
        fact = proposal_now(connection, fact, at).proposed
    if not fact.startswith("DE-"):
        return []
    given = read_decision(connection, fact)
    return [transitions().act(given.act).title, f"Level: {_title('threat_level', given.level)}"]


def who_confirms(act: str) -> str:
    """Return who may answer a proposal of an act, in words."""
    row = transitions().act(act)
    who = " or ".join(transitions().roles[role] for role in row.confirms)
    with_authority = "" if row.confirms_with == "none" else f" with the authority of an {row.confirms_with}"
    return f"{who[:1].upper()}{who[1:]}{with_authority}, other than who proposed it"


def _with(said: str, more: str) -> str:
    return f"{said}: {more}" if more else said


def _powers() -> Iterable[str]:
    return vocabulary("power").codes


def _option(name: str) -> str:
    return next((option.title for option in options().options if option.option == name), name)


def _title(name: str, code: str) -> str:
    codes = vocabulary(name).codes  # type: ignore[arg-type]
    return codes[code].title if code in codes else "Nothing chosen"
