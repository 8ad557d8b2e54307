"""The views of the person at risk: what they want, or why they were not asked and by when they will be. Never blank.

Rows are only ever added, and the latest counts. A decision names the views that it was made on.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from serving.casework.act import Act, Casework, Content, Done, Work, acting
from serving.casework.case import begin, move
from serving.casework.clocks import Clocks, overdue
from serving.casework.decision_tables import VOICES
from serving.casework.options import options
from serving.casework.tables import ACTS
from serving.casework.words import code_to_write
from threat.errors import ThreatError, UsageError, raise_all


@dataclass(frozen=True, slots=True)
class Views:
    """The views of the person at risk as somebody writes them down.

    ``state``: a code of ``voice``. ``what``: what they want, in their words where there are any; ``agency``,
    ``asked_by`` and ``asked_at`` (UTC seconds): who asked them, and when. ``why`` and ``by_when`` (UTC seconds): where
    they were not asked.
    """

    case_id: str
    state: str
    what: str = ""
    why: str = ""
    by_when: int | None = None
    agency: str = ""
    asked_by: str = ""
    asked_at: int | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """Views that were recorded, with who recorded them and when (UTC seconds). Texts are ids of ``texts``."""

    id: str
    state: str
    by_when: int | None
    agency: str | None
    asked_at: int | None
    what: str | None
    why: str | None
    asked_by: str | None
    at: int
    who: str

    def is_late(self, at: int) -> bool:
        """Tell whether they were to have been asked by now (``at``: UTC seconds)."""
        return self.by_when is not None and overdue(self.by_when, at)


def record_voice(casework: Casework, act: Act, views: Views) -> Done:
    """Write the views of the person at risk next to those of before; return them.

    Raises UsageError with everything that is missing. It needs no version: nobody's words replace another's.
    """
    codes = {name: getattr(views, name) for name in ("state", "by_when", "agency", "asked_at")}
    texts = {"what": views.what, "why": views.why, "asked_by": views.asked_by}
    content = Content("record_voice", "alteration", views.case_id, codes, texts)

    def write(work: Work) -> str:
        head = begin(work, "record_voice", views.case_id)
        raise_all(problems(views, act.at, casework.clocks))
        voice_id = f"VO-{secrets.token_hex(8)}"
        work.keep(
            VOICES,
            id=voice_id,
            case_id=head.id,
            state=views.state,
            what_text_id=work.text_id("what"),
            why_text_id=work.text_id("why"),
            by_when=views.by_when,
            agency=views.agency or None,
            asked_by_text_id=work.text_id("asked_by"),
            asked_at=views.asked_at,
        )
        move(work, head, head.state)
        return voice_id

    return acting(casework, act, content, write)


def problems(views: Views, at: int, clocks: Clocks) -> list[ThreatError]:
    """Return everything that is missing or does not fit, each with its field. ``at``: UTC seconds."""
    try:
        required = code_to_write("voice", views.state).requires
    except UsageError as error:
        error.where = "state"
        return [error]
    return _asked(views, at) if "what" in required else _not_asked(views, at, clocks)


def _asked(views: Views, at: int) -> list[ThreatError]:
    out: list[ThreatError] = []
    if not views.what:
        out.append(UsageError("It is not written what they said.", where="what", way_out="use their own words"))
    if views.agency not in options().owners:
        out.append(UsageError("It is not said who asked them.", value=views.agency or None, where="agency"))
    if views.asked_at is None or views.asked_at > at:
        out.append(UsageError("The day on which they were asked is missing, or has not come.", where="asked_at"))
    if views.why or views.by_when is not None:
        out.append(UsageError("They were asked, but a reason for not asking is given.", where="why"))
    return out


def _not_asked(views: Views, at: int, clocks: Clocks) -> list[ThreatError]:
    out: list[ThreatError] = []
    if not views.why:
        out.append(UsageError("The reason is missing: say why they were not asked.", where="why"))
    if views.by_when is None or not at < views.by_when <= clocks.due("review_watching", at).at:
        out.append(UsageError("The day by which they are asked is missing, past or too far ahead.", where="by_when"))
    if views.what or views.asked_at is not None:
        out.append(UsageError("They were not asked, but what they said is given.", where="what"))
    return out


def voices_of(connection: Connection, case_id: str) -> tuple[Recorded, ...]:
    """Return the views of a case as they were recorded, the latest first: that one counts."""
    query = select(VOICES, ACTS.c.at, ACTS.c.who).join(ACTS, ACTS.c.act_id == VOICES.c.act_id)
    rows = connection.execute(query.where(VOICES.c.case_id == case_id).order_by(ACTS.c.audit.desc()))
    return tuple(_recorded(row) for row in rows)


def voice_now(connection: Connection, case_id: str) -> Recorded | None:
    """Return the views that count; None before anybody wrote any."""
    return next(iter(voices_of(connection, case_id)), None)


def still_to_ask(connection: Connection) -> list[tuple[str, Recorded]]:
    """Return the cases whose latest views have a day by which the person is asked, with them, the earliest first."""
    query = select(VOICES, ACTS.c.at, ACTS.c.who).join(ACTS, ACTS.c.act_id == VOICES.c.act_id)
    latest = {row.case_id: _recorded(row) for row in connection.execute(query.order_by(ACTS.c.audit))}
    asked = [(case_id, voice) for case_id, voice in latest.items() if voice.by_when is not None]
    return sorted(asked, key=lambda pair: (pair[1].by_when, pair[0]))


def _recorded(row: Row[Any]) -> Recorded:
    texts = (row.what_text_id, row.why_text_id, row.asked_by_text_id)
    return Recorded(row.id, row.state, row.by_when, row.agency, row.asked_at, *texts, row.at, row.who)
