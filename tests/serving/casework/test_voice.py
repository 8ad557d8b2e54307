"""The views of the person at risk and safe contact: what each state requires, and where nobody ever reads them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fixtures.casework_decisions import DAY, NOT_ASKED, PAT, PLAN, TOLD, DecidingUnit
from fixtures.casework_people import somebody
from fixtures.casework_unit import HOUR, MORNING

from serving.casework import views
from serving.casework.act import Conflict
from serving.casework.case import NotAllowed
from serving.casework.decide import decide
from serving.casework.voice import still_to_ask
from serving.storage import reading
from threat.errors import UsageError


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        (replace(TOLD, state=""), "state", "Not a code"),
        (replace(TOLD, what=""), "what", "not written what they said"),
        (replace(TOLD, agency=""), "agency", "not said who asked"),
        (replace(TOLD, agency="neighbours"), "agency", "not said who asked"),
        (replace(TOLD, asked_at=None), "asked_at", "missing, or has not come"),
        (replace(TOLD, asked_at=MORNING + HOUR), "asked_at", "missing, or has not come"),
        (replace(TOLD, why="Busy."), "why", "a reason for not asking is given"),
        (replace(TOLD, by_when=MORNING + DAY), "why", "a reason for not asking is given"),
        (replace(NOT_ASKED, why=""), "why", "reason is missing"),
        (replace(NOT_ASKED, by_when=None), "by_when", "missing, past or too far"),
        (replace(NOT_ASKED, by_when=MORNING), "by_when", "missing, past or too far"),
        (replace(NOT_ASKED, by_when=MORNING + 30 * DAY), "by_when", "missing, past or too far"),
        (replace(NOT_ASKED, what="He goes."), "what", "what they said is given"),
    ],
)
def test_what_each_state_requires(deciding: DecidingUnit, given, field, said):
    for state in ("told_us", "disagrees") if given.state == "told_us" else ("not_asked_yet", "not_safe_to_ask"):
        case_id = deciding.waiting_case() if not deciding.rows()[0] else deciding.case_of(1)
        before = deciding.rows()
        with pytest.raises(UsageError, match=said) as refused:
            deciding.voice(case_id, replace(given, state=state if given.state else ""))
        assert (refused.value.where, deciding.rows()) == (field, before)


def test_rows_are_only_added_and_the_latest_counts(deciding: DecidingUnit):
    case_id = deciding.waiting_case()
    deciding.voice(case_id, NOT_ASKED)
    deciding.voice(case_id, person=PAT)
    assert [(each.state, each.who) for each in deciding.voices(case_id)] == [
        ("told_us", "U-4 shown"),
        ("not_asked_yet", "U-1 shown"),
    ]
    with reading(deciding.engine) as connection:
        assert still_to_ask(connection) == []
        assert views.history(connection, case_id)[-1].texts["what"] == TOLD.what


def test_who_is_still_to_be_asked_comes_by_date(deciding: DecidingUnit):
    for relationship, days in ((1, 3), (2, 1)):
        case_id = deciding.waiting_case(relationship)
        deciding.voice(case_id, replace(NOT_ASKED, by_when=MORNING + days * DAY))
    with reading(deciding.engine) as connection:
        asked = still_to_ask(connection)
    assert [case for case, _ in asked] == [deciding.case_of(2), deciding.case_of(1)]
    assert [voice.is_late(MORNING + DAY) for _, voice in asked] == [True, False]


def test_reviewers_and_supervisors_record_them(deciding: DecidingUnit):
    case_id = deciding.waiting_case()
    for role in ("analyst", "governance", "admin", "partner", "engine"):
        with pytest.raises(NotAllowed):
            deciding.voice(case_id, person=somebody(role))


@pytest.mark.parametrize(
    ("state", "texts", "field"),
    [
        ("agreed", {"how": "By text."}, "when"),
        ("agreed", {"when": "At six."}, "how"),
        ("agreed", {"how": "By text.", "when": "At six.", "why": "No."}, "why"),
        ("none_safe", {"how": "By text."}, "why"),
        ("not_known", {"code_word": "Rose"}, "why"),
        ("perhaps", {"how": "By text."}, "state"),
    ],
)
def test_what_a_safe_contact_requires(deciding: DecidingUnit, state, texts, field):
    case_id = deciding.waiting_case()
    with pytest.raises(UsageError) as refused:
        deciding.safe_contact(case_id, 7, state, **texts)
    assert field in (refused.value.where or str(refused.value))
    assert deciding.opened(7) == ()


def test_r3_it_is_of_a_person_and_never_opened_for_another(deciding: DecidingUnit):
    """The one at risk in case 1 is the subject of case 2: whose safe contact is asked for there is the other's."""
    first, second = deciding.waiting_case(1), deciding.waiting_case(2)
    deciding.safe_contact(first, 7, how="By her sister.", when="After 6.", code_word="Rose")
    deciding.safe_contact(second, 8, "none_safe", why="He reads his post.")
    [opened] = deciding.opened(7)
    assert (opened.case_id, opened.state, opened.who) == (first, "agreed", "U-1 shown")
    assert opened.texts == {"how": "By her sister.", "when": "After 6.", "code_word": "Rose"}
    assert [each.case_id for each in deciding.opened(8)] == [second]
    assert deciding.opened(9) == ()


def test_nothing_that_was_typed_of_it_is_in_history_log_texts_or_a_conflict(deciding: DecidingUnit):
    case_id = deciding.graded_case()
    given = deciding.ready(case_id, PLAN)
    deciding.safe_contact(case_id, 7, how="By her sister.", when="After 6.", code_word="Rose")
    deciding.decide(case_id)
    with pytest.raises(Conflict) as conflict:
        decide(deciding.casework, deciding.act(PAT), given)
    with reading(deciding.engine) as connection:
        shown = str(views.history(connection, case_id)) + str(conflict.value.since)
        for table in ("texts", "audit_entries", "acts", "safe_contacts", "cases"):
            shown += str(connection.exec_driver_sql(f"SELECT * FROM {table}").all())
    assert "record_safe_contact" in shown
    assert [word for word in ("sister", "After 6", "Rose") if word in shown] == []


def test_a_safe_contact_sent_again_is_one_and_another_text_is_refused(deciding: DecidingUnit):
    case_id, act_id = deciding.waiting_case(), "22222222-2222-4222-8222-222222222222"
    first = deciding.safe_contact(case_id, 7, act_id=act_id, how="By text.", when="At six.")
    again = deciding.safe_contact(case_id, 7, act_id=act_id, how="By text.", when="At six.")
    assert (again.result, again.repeated, len(deciding.opened(7))) == (first.result, True, 1)
    with pytest.raises(UsageError, match="with other content"):
        deciding.safe_contact(case_id, 7, act_id=act_id, how="By post.", when="At six.")
