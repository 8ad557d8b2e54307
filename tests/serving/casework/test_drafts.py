"""Drafts: for their writer alone, for seven days, one an address, and gone when the form is saved."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fixtures.casework_unit import ANN, MORNING, RECORDED, Unit

from serving.casework.drafts import (
    DAYS,
    LARGEST,
    MOST,
    ToKeep,
    draft_of,
    drafts_of,
    drop_draft,
    keep_draft,
    purge_drafts,
)
from serving.casework.grade import Grading, grade
from serving.storage import reading, writing
from threat.errors import UsageError

PATH = "/cases/C-0123456789abcdef/grade"
OVER = MORNING + DAYS * 86_400


def keep(unit: Unit, path: str = PATH, fields: dict[str, list[str]] | None = None, *, at: int = MORNING) -> None:
    with writing(unit.engine) as connection:
        keep_draft(connection, "U-1", ToKeep(path, fields or {"note": ["Zoë\n🚓"]}, "C-0123456789abcdef", 3), at)


def kept(unit: Unit, person: str = "U-1", path: str = PATH, at: int = MORNING) -> object:
    with reading(unit.engine) as connection:
        draft = draft_of(connection, person, path, at)
    return None if draft is None else dict(draft.fields)


def test_a_draft_is_shown_to_its_writer_at_its_form_until_it_is_over(unit: Unit):
    keep(unit)
    assert kept(unit) == {"note": ["Zoë\n🚓"]}
    assert kept(unit, person="U-2") is None
    assert kept(unit, path="/triage") is None
    assert (kept(unit, at=OVER - 1) is None, kept(unit, at=OVER)) == (False, None)
    with reading(unit.engine) as connection:
        [draft] = drafts_of(connection, "U-1", MORNING)
    assert (draft.path, draft.case_id, draft.seen_version) == (PATH, "C-0123456789abcdef", 3)
    assert (draft.saved_at, draft.expires_at) == (MORNING, OVER)


def test_the_later_draft_of_a_form_takes_the_place_of_the_earlier(unit: Unit):
    keep(unit)
    keep(unit, fields={"fact": ["a", "b"]}, at=MORNING + 60)
    assert kept(unit) == {"fact": ["a", "b"]}


def test_what_is_over_is_deleted_and_not_only_hidden(unit: Unit):
    keep(unit)
    with writing(unit.engine) as connection:
        assert purge_drafts(connection, OVER - 1) == 0
        assert purge_drafts(connection, OVER) == 1
    keep(unit)
    keep(unit, "/triage", at=OVER)  # the next to be kept takes it along
    with reading(unit.engine) as connection:
        assert [draft.path for draft in drafts_of(connection, "U-1", MORNING)] == ["/triage"]


def test_a_person_drops_a_draft(unit: Unit):
    keep(unit)
    with writing(unit.engine) as connection:
        drop_draft(connection, "U-2", PATH)
    assert kept(unit) is not None
    with writing(unit.engine) as connection:
        drop_draft(connection, "U-1", PATH)
    assert kept(unit) is None


def test_how_much_is_kept(unit: Unit):
    keep(unit, fields={"note": ["x" * (64 * 1024 - 5)]})  # the largest that a form can carry
    with pytest.raises(UsageError, match="longer than 72 kB"):
        keep(unit, fields={"note": ["x" * LARGEST]})
    for number in range(MOST + 5):
        keep(unit, f"/cases/{number}", at=MORNING + number)
    with reading(unit.engine) as connection:
        paths = [draft.path for draft in drafts_of(connection, "U-1", MORNING)]
    assert paths == [f"/cases/{number}" for number in range(MOST + 4, 4, -1)]


def test_the_act_deletes_the_draft_of_its_form_and_a_refused_act_does_not(unit: Unit):
    case_id = unit.waiting_case()
    keep(unit)
    act = replace(unit.act(ANN), draft=PATH)
    with pytest.raises(UsageError):
        grade(unit.casework, act, Grading(case_id, 1, "act_today"), recorded=RECORDED)
    assert kept(unit) is not None
    grade(unit.casework, act, Grading(case_id, 1, "act_today", ("threat_to_kill",)), recorded=RECORDED)
    assert kept(unit) is None
