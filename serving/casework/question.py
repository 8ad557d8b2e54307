"""Answering a question of identity: whom a record is about, or whether two cases are about the same two people.

A record that no relationship covers has no case yet. Linking happens where records are kept; when it comes in from
there, the list answers the question by itself (``serving.casework.opening``).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import select

from serving.casework.act import Act, Casework, Content, Done, Work, acting
from serving.casework.case import NotAllowed, begin, move
from serving.casework.referral import answer
from serving.casework.tables import ANSWERS, REFERRALS, SIGHTS
from serving.casework.transitions import Refused, allowed
from serving.casework.words import code_to_write
from threat.errors import UsageError


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person answers: the question (``F-...``), a code of ``question_answer``, and the words of why."""

    referral_id: str
    answer: str
    note: str


def answer_question(casework: Casework, act: Act, given: Answer) -> Done:
    """Write the answer to a question of identity; return it.

    Raises UsageError for what is no question, is answered already, or lacks its note; NotAllowed for who may not.
    """
    codes = {"referral": given.referral_id, "answer": given.answer}
    content = Content("answer_question", "alteration", "", codes, {"note": given.note})

    def write(work: Work) -> str:
        referral = work.connection.execute(select(REFERRALS).where(REFERRALS.c.id == given.referral_id)).first()
        if referral is None or referral.kind != "link_question":
            raise UsageError(
                "There is no question of identity of this reference.",
                value=given.referral_id,
                way_out="start from Today",
            )
        if referral.case_id is None:
            may = allowed("answer_question", "waiting", work.act.actor)
            if isinstance(may, Refused):
                raise NotAllowed(may.reason, value=referral.id, where="answer_question", way_out=may.way_out)
            head = None
        else:
            head = begin(work, "answer_question", referral.case_id)
        answered = select(ANSWERS.c.referral_id).where(ANSWERS.c.referral_id == referral.id)
        if work.connection.execute(answered).first() is not None:
            raise UsageError("The question is answered already.", value=referral.id, way_out="start from Today")
        if "note" in code_to_write("question_answer", given.answer).requires and not given.note:
            raise UsageError("The note is missing: say what you found.", where="note")
        answer_id = f"S-{secrets.token_hex(8)}"
        work.keep(SIGHTS, id=answer_id, referral_id=referral.id, result=given.answer, text_id=work.text_id("note"))
        answer(work, [referral.id], "sight", answer_id)
        if head is not None:
            move(work, head, head.state)
        return answer_id

    return acting(casework, act, content, write)
