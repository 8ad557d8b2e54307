"""The one transaction: all of an act or nothing, once however often it is sent, and no word of it in the log."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fixtures.casework_unit import ANN, BEN, MORNING, Unit, event
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import DatabaseError

from serving.audit.log import verify
from serving.audit.tables import AUDIT_ENTRIES
from serving.casework import act as acts
from serving.casework import grade as grades
from serving.casework.act import Conflict
from serving.casework.tables import ACTS, ANSWERS, CASES, GRADE_FACTS, GRADES, REFERRALS, TEXTS
from serving.casework.texts import erase, texts_of
from serving.storage import connect, reading, writing
from serving.storage.address import Address
from threat.errors import UsageError

ACT_ID = "7d3b8a52-2f3c-4a1e-9d53-0a6f0c2f8a11"


@pytest.fixture
def unit(database: Address) -> Iterator[Unit]:
    """A unit at work, once on each kind of database."""
    engine = connect(database)
    yield Unit(engine)
    engine.dispose()


def test_the_same_act_again_is_the_same_answer_and_writes_nothing(unit: Unit):
    case_id = unit.waiting_case()
    first = unit.grade(case_id, version=1, act_id=ACT_ID, note="He came back.")
    before = unit.rows()
    again = unit.grade(case_id, version=1, act_id=ACT_ID, note="He came back.")
    assert (again.result, again.repeated, first.repeated) == (first.result, True, False)
    assert unit.rows() == before
    assert verify(unit.engine).entries == before[1]


@pytest.mark.parametrize(
    "other", [{"chosen": "act_today"}, {"note": "He went away."}, {"note": ""}, {"facts": ("domestic_incident",)}]
)
def test_the_same_act_with_other_content_is_refused(unit: Unit, other):
    case_id = unit.waiting_case()
    unit.grade(case_id, version=1, act_id=ACT_ID, note="He came back.")
    before = unit.rows()
    with pytest.raises(UsageError, match="written already, with other content"):
        unit.grade(case_id, **{"version": 1, "act_id": ACT_ID, "note": "He came back."} | other)
    assert unit.rows() == before


def test_the_same_act_by_somebody_else_is_refused(unit: Unit):
    case_id = unit.waiting_case()
    unit.grade(case_id, version=1, act_id=ACT_ID, note="He came back.")
    before = unit.rows()
    with pytest.raises(UsageError, match="written already, by somebody else"):
        unit.grade(case_id, version=1, act_id=ACT_ID, note="He came back.", person=BEN)
    assert unit.rows() == before


def test_a_repeat_after_its_text_is_erased_is_known(unit: Unit):
    case_id = unit.waiting_case()
    first = unit.grade(case_id, version=1, act_id=ACT_ID, note="He came back.")
    with writing(unit.engine) as connection:
        ids = list(connection.execute(select(TEXTS.c.id)).scalars())
        assert texts_of(connection, ids) == {ids[0]: "He came back."}
        assert erase(connection, ids, "U-9", MORNING) == 1
        assert erase(connection, ids, "U-8", MORNING + 1) == 0
        assert texts_of(connection, ids) == {}
        [row] = connection.execute(select(TEXTS)).all()
    assert (row.body, row.erased_at, row.erased_by) == (None, MORNING, "U-9")
    assert unit.grade(case_id, version=1, act_id=ACT_ID, note="He came back.").result == first.result
    assert verify(unit.engine).entries == unit.rows()[1]


def test_no_text_is_in_a_fact_a_head_or_the_log(unit: Unit):
    unit.refer(1, why="Zanzibar waits outside.")
    case_id = unit.case_of(1)
    unit.grade(case_id, facts=("not_on_record",), note="Zanzibar has a key.")
    with reading(unit.engine) as connection:
        for table in (ACTS, CASES, REFERRALS, GRADES, GRADE_FACTS, ANSWERS, AUDIT_ENTRIES):
            assert "Zanzibar" not in repr(connection.execute(select(table)).all()), table.name
        assert sorted(connection.execute(select(TEXTS.c.body)).scalars()) == [
            "Zanzibar has a key.",
            "Zanzibar waits outside.",
        ]


def test_each_act_names_its_entry_and_each_entry_its_act(unit: Unit):
    case_id = unit.waiting_case()
    unit.grade(case_id)
    with reading(unit.engine) as connection:
        joined = select(ACTS, AUDIT_ENTRIES).join(AUDIT_ENTRIES, AUDIT_ENTRIES.c.sequence == ACTS.c.audit)
        rows = connection.execute(joined.order_by(ACTS.c.audit)).all()
    assert [(row.act, row.action, row.operation) for row in rows] == [
        ("refer", "refer", "collection"),
        ("open_list", "open list", "combination"),
        ("grade", "grade", "alteration"),
    ]
    assert all(row.act_id in row.detail for row in rows)
    assert (rows[-1].subject, rows[-1].who, rows[-1].by) == (case_id, "U-1 shown", "U-1")


@pytest.mark.parametrize("broken", ["append", "keep_texts", "insert"])
def test_any_part_that_fails_undoes_all(unit: Unit, monkeypatch: pytest.MonkeyPatch, broken: str):
    case_id = unit.waiting_case()
    before = unit.rows()

    def full(*_: object, **__: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(acts, broken, full)
        with pytest.raises(OSError, match="disk full"):
            unit.grade(case_id, act_id=ACT_ID, note="He came back.")
    assert (unit.rows(), unit.case(case_id).version) == (before, 1)
    with reading(unit.engine) as connection:
        assert connection.execute(select(TEXTS)).all() == []
        assert connection.execute(select(GRADES)).all() == []
    unit.grade(case_id, act_id=ACT_ID, note="He came back.")
    assert verify(unit.engine).entries == before[1] + 1


def test_a_fact_without_its_act_is_refused_by_the_database(unit: Unit):
    case_id = unit.waiting_case()
    row = {"referral_id": unit.case(case_id).referrals[0].id, "act_id": ACT_ID, "fact": "grade", "fact_id": "G-0"}
    with pytest.raises(DatabaseError), writing(unit.engine) as connection:
        connection.execute(insert(ANSWERS).values(**row))


@pytest.mark.parametrize("table", [ACTS, REFERRALS], ids=lambda table: table.name)
def test_facts_are_never_changed(unit: Unit, table):
    unit.waiting_case()
    for statement in (update(table).values(act_id=ACT_ID), delete(table)):
        with pytest.raises(DatabaseError, match="append-only"), writing(unit.engine) as connection:
            connection.execute(statement)


def test_a_new_referral_is_seen_before_a_grade_from_an_older_page_is_saved(unit: Unit):
    case_id = unit.waiting_case()
    unit.publish("L-2", must_see={1: [event(7)]})
    with pytest.raises(Conflict) as conflict:
        unit.grade(case_id, version=1)
    assert [(since.who, since.act) for since in conflict.value.since] == [("the desk", "refer")]


def test_two_people_on_one_version(unit: Unit):
    case_id = unit.waiting_case()
    unit.grade(case_id, "act_today", version=1, person=ANN, note="Ann's reason.")
    with pytest.raises(Conflict) as conflict:
        unit.grade(case_id, "keep_in_view", version=1, person=BEN, note="Ben's reason.")
    assert dict(conflict.value.since[0].texts) == {"note": "Ann's reason."}
    assert conflict.value.yours is not None
    assert dict(conflict.value.yours.codes)["grade"] == "keep_in_view"
    assert grades.NOT_ON_RECORD not in dict(conflict.value.yours.codes)["facts"]  # type: ignore[operator]
