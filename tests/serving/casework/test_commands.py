"""``threat casework open`` and ``check``, as whoever runs the desk types them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import text

from serving.storage import connect, writing


@pytest.fixture
def published(rule_var: Path, tmp_path: Path) -> Path:
    var = tmp_path / "var"
    shutil.copytree(rule_var, var)
    return var


def test_open_puts_the_list_before_the_unit_once_and_check_finds_it_as_written(threat, golden_store, published):
    options = ("--store", str(golden_store), "--var", str(published))
    code, opened, _ = threat("casework", "open", *options)
    assert (code, opened["opened"], opened["must_see"], opened["for_review"], opened["questions"]) == (0, True, 2, 1, 0)
    code, again, _ = threat("casework", "open", *options)
    assert (code, again) == (0, {"list": opened["list"], "opened": False})
    code, checked, _ = threat("casework", "check", "--var", str(published))
    assert (code, checked) == (0, {"cases": 3, "referrals": 3, "drafts_deleted": 0})


def test_check_ends_with_5_and_names_what_differs(threat, golden_store, published):
    threat("casework", "open", "--store", str(golden_store), "--var", str(published))
    engine = connect(published / "desk.sqlite")
    with writing(engine) as connection:
        connection.execute(text("UPDATE cases SET state = 'closed' WHERE id = (SELECT min(id) FROM cases)"))
    engine.dispose()
    code, said, _ = threat("casework", "check", "--var", str(published))
    assert (code, said["error"]) == (5, "IntegrityFailure")
    assert said["problem"].startswith("1 of 3 cases and 3 referrals are not as their facts say")
    assert said["value"].endswith("is closed, and its facts say waiting")


@pytest.mark.parametrize(
    ("command", "said"),
    [("open", "No list is published yet."), ("check", "There is no database of the desk.")],
)
def test_a_folder_with_nothing_in_it(threat, tmp_path, command, said):
    code, problem, _ = threat("casework", command, "--var", str(tmp_path))
    assert (code, problem["problem"]) == (2, said)
