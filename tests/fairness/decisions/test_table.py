"""What a table of decisions must have, and must not."""

from __future__ import annotations

from pathlib import Path

import pytest

from fairness.decisions.table import read_decisions
from threat.asof import parse_as_of
from threat.errors import BadInput
from threat.ids import show_id

REFERENCE = show_id("R", 2**62 + 1)
OTHER = show_id("R", 2**62 + 2)
HEAD = "list_as_of,relationship,listed,taken"


def table(folder: Path, *lines: str, head: str = HEAD) -> Path:
    path = folder / "decisions.csv"
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return path


def test_a_table_is_read_whole(tmp_path: Path) -> None:
    decisions = read_decisions(table(tmp_path, f"2024-06-01,{REFERENCE},1,0", f"2024-06-01,{OTHER},0,1"))
    assert decisions is not None
    assert decisions.as_of.tolist() == [parse_as_of("2024-06-01")] * 2
    assert decisions.relationship.tolist() == [2**62 + 1, 2**62 + 2]
    assert (decisions.listed.tolist(), decisions.taken.tolist()) == ([True, False], [False, True])
    assert decisions.of_list().relationship.tolist() == [2**62 + 1]


def test_no_file_and_no_row_are_no_decision_yet(tmp_path: Path) -> None:
    assert read_decisions(tmp_path / "decisions.csv") is None
    assert read_decisions(table(tmp_path)) is None


@pytest.mark.parametrize(
    ("head", "line", "said"),
    [
        (f"{HEAD},decided_by", f"2024-06-01,{REFERENCE},1,0,PC 1", "a column that it must not have"),
        (HEAD, f"2024-06-01,{REFERENCE},1,2", "neither 1 nor 0"),
        (HEAD, f"2024-06-01,{REFERENCE},,1", "neither 1 nor 0"),
        (HEAD, "2024-06-01,R-1,1,1", "cannot be read"),
        (HEAD, f"soon,{REFERENCE},1,1", "cannot be read"),
        ("list_as_of,relationship,listed", f"2024-06-01,{REFERENCE},1", "no such column"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, head: str, line: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        read_decisions(table(tmp_path, line, head=head))


def test_two_decisions_on_one_case_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="a case twice for one list") as error:
        read_decisions(table(tmp_path, f"2024-06-01,{REFERENCE},1,0", f"2024-06-01,{REFERENCE},1,1"))
    assert "line 3" in error.value.where
