"""G1 and G5: a grade is written without any order being read, and no field of it says whether it agrees with one."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields

import pyarrow.parquet as pq
import pytest
from fixtures.casework_unit import Unit
from sqlalchemy import event

from serving.casework.grade import Grading
from serving.casework.second_look import Look
from serving.casework.tables import GRADES, SECOND_LOOKS
from threat import lists

LOADS_NO_ORDER = """
import sys
from serving.casework import correction, grade, sight
orders = [name for name in sys.modules if name.startswith(("serving.lists", "features", "lightgbm"))]
print([*orders, *({"threat.lists", "threat.release.documents.scored_list"} & set(sys.modules))])
"""


def test_what_grades_loads_nothing_that_holds_an_order():
    loaded = subprocess.run([sys.executable, "-c", LOADS_NO_ORDER], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"


def test_a_grade_reads_no_list_and_no_column_that_tells_a_place(unit: Unit, monkeypatch: pytest.MonkeyPatch):
    case_id = unit.waiting_case()
    read: list[str] = []

    def opened(*given: object, **_: object) -> None:
        raise AssertionError(f"a grade opened {given}")

    monkeypatch.setattr(lists, "open_list", opened)
    monkeypatch.setattr(pq, "read_table", opened)

    @event.listens_for(unit.engine, "before_cursor_execute")
    def _note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        read.append(statement)

    unit.grade(case_id, "act_today")
    # The second look holds the place that was shown; what reads its other columns before a grade names them.
    assert len(read) > 5
    assert [statement for statement in read if "rank" in statement] == []


def test_no_field_says_agreement():
    names = [field.name for kind in (Grading, Look) for field in fields(kind)]
    names += [column.name for table in (GRADES, SECOND_LOOKS) for column in table.columns]
    assert [name for name in names if "agree" in name or "concur" in name] == []
    assert {"rank", "score", "band", "shown"} & {column.name for column in GRADES.columns} == set()
