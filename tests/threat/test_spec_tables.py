"""The drawn tables of ``spec/eligibility`` and ``spec/outcomes`` hold, and what is not understood is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures.drawn_records import time
from fixtures.spec_histories import Drawn, read, read_folder

from threat.eligibility import eligible
from threat.errors import UsageError
from threat.outcomes import label, occurrences, unrecorded
from threat.policy import load_policy

CONSIDERED = {"row", "as-of", "considered", "dropped at"}
OUTCOME = {"rung", "row", "from", "days", "known by", "outcome", "left out", "incidents"}
ELIGIBILITY = read_folder("eligibility", "considered", CONSIDERED)
OUTCOMES = read_folder("outcomes", "outcome", OUTCOME)


def yes(word: str) -> bool:
    return {"yes": True, "no": False}[word]


@pytest.mark.parametrize("drawn", ELIGIBILITY, ids=lambda drawn: drawn.title)
def test_who_is_considered(drawn: Drawn, tmp_path: Path) -> None:
    snapshot, policy = drawn.snapshot(tmp_path), load_policy()
    for row in drawn.expected:
        number = drawn.relationships[row["row"]]
        cohort = eligible(snapshot, time(row["as-of"]), policy)
        assert (number in cohort.rows.relationship_id.tolist()) == yes(row["considered"]), row
        if row.get("dropped at"):
            assert row["dropped at"] in {step.step for step in cohort.attrition if step.dropped}, row


@pytest.mark.parametrize("drawn", OUTCOMES, ids=lambda drawn: drawn.title)
def test_what_is_an_outcome(drawn: Drawn, tmp_path: Path) -> None:
    snapshot = drawn.snapshot(tmp_path)
    for row in drawn.expected:
        cut = time(row["known by"]) if row.get("known by") else None
        met = occurrences(snapshot, row["rung"], cut)
        rows = snapshot.rows([drawn.relationships[row["row"]]], time(row["from"]))
        assert label(met, rows, float(row["days"])).tolist() == [int(yes(row["outcome"]))], row
        if "left out" in row:
            assert unrecorded(met, rows).tolist() == [yes(row["left out"])], row
        if "incidents" in row:
            names = sorted({drawn.incidents[number] for number in met["incident_id"].tolist()})
            assert names == sorted(row["incidents"].split()), row


def test_titles_are_told_apart() -> None:
    titles = [drawn.title for drawn in [*ELIGIBILITY, *OUTCOMES]]
    assert len(titles) == len(set(titles)) > 12


SAMPLE = """
## One

| event | kind | occurred | recorded |
|---|---|---|---|
| a | rape | 1 | 1 |

| rung | row | from | days | outcome |
|---|---|---|---|---|
| Y2 | S>V | 0 | 30 | yes |
"""


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (SAMPLE.replace("| recorded |", "| learned |"), "a.md, One: not a column: learned"),
        (SAMPLE.replace("| 1 | 1 |", "| soon | 1 |"), "a.md, One: not a time: 'soon'"),
        (SAMPLE.replace("rape", "rope"), "Not a kind of the vocabulary"),
        (SAMPLE[: SAMPLE.index("| rung")], "nothing must follow"),
        (SAMPLE.replace("| event |", "| thing |"), "not a table of this kind of page"),
    ],
)
def test_what_is_not_understood_is_refused(document: str, problem: str) -> None:
    with pytest.raises((ValueError, UsageError), match=problem):
        read(document, "a.md", "outcome", OUTCOME)
    assert len(read(SAMPLE, "a.md", "outcome", OUTCOME)) == 1
