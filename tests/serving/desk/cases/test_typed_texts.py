"""What people typed, on the pages of a case: for readers who may open names, and for nobody else."""

from __future__ import annotations

import html

from fixtures.deciding import PLAN, VOICE, Decider, case_to_decide, person
from fixtures.page_text import PageText, wrong_words

from serving.desk.decision_words import NOT_SHOWN

LEFT_OUT = "What people typed is left out for your role"
TYPED = (
    *(PLAN[name] for name in ("threat", "vulnerability", "not_known", "confidence_why", "life_threat_said", "why")),
    PLAN["said.recall"],
    VOICE["what"],
    "An officer asked at the briefing",
)


def test_an_analyst_reads_what_was_chosen_and_no_word_that_was_typed(desk) -> None:
    case = case_to_decide(desk)
    waiting = Decider(person(desk, "rita"), case).decide()
    sue = Decider(person(desk, "sue"), case)
    sue.answer(waiting, "returned", "Ring her sister")
    sue.decide()
    pages = (f"/cases/{case}", f"/cases/{case}/history", waiting)
    typed = {page: html.unescape(sue.client.get(page).text) for page in pages}
    assert [word for word in (*TYPED, "Ring her sister") if not any(word in page for page in typed.values())] == []
    ann = person(desk, "ann")
    for page in pages:
        shown = html.unescape(ann.get(page).text)
        assert [word for word in (*TYPED, "Ring her sister") if word in shown] == []
        assert (LEFT_OUT in shown, LEFT_OUT in typed[page]) == (True, False)
        assert NOT_SHOWN in shown.lower()
        assert wrong_words(PageText(shown).said) == []
    assert f"Moderate: {NOT_SHOWN}" in html.unescape(ann.get(f"/cases/{case}").text)
    assert "Level: Serious" in html.unescape(ann.get(f"/cases/{case}/history").text)
