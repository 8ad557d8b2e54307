"""The stops of the guided tour, chosen from a LIST: one that rose, one beyond capacity, the gate at work."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from serving.desk.tour import TourStep
from threat.ids import show_id
from threat.lists import ScoredList
from threat.measuring.figure import Verdict
from threat.release.documents.gate import Gate
from threat.rungs import title_of
from threat.vocabulary import kind
from threat.yaml_text import read_shipped

_ACCEPTED_AS = re.compile(r" \(\w+/\w+\)")
"""The name that an acceptance of a group goes by, in brackets after the group in words."""


def tour_steps(listed: ScoredList, gate: Gate) -> list[TourStep]:
    """Return up to six stops. ``gate``: what the release gate said of the model."""
    rows = listed.rows.select(["relationship_id", "rank", "previous_rank", "new_records"]).to_pylist()
    stops = [_rose(listed, rows), _beyond(listed), _taught(listed), _gate(gate), _stop(listed), _log()]
    return [stop for stop in stops if stop is not None]


def _rose(listed: ScoredList, rows: Iterable[dict[str, Any]]) -> TourStep | None:
    """The row that rose furthest on new records, one for review if any did; a new one when none rose."""
    fresh = [row for row in rows if row["new_records"] > 0]
    chosen = [row for row in fresh if row["rank"] <= listed.basis.capacity]
    rose = _risen(chosen) or _risen(fresh)
    if rose:
        row = max(rose, key=lambda row: (row["previous_rank"] - row["rank"], -row["rank"]))
        what = f"It went from rank {row['previous_rank']:,} to {row['rank']:,} in a week"
    else:
        new = [row for row in chosen if row["previous_rank"] is None]
        if not new:
            return None
        row = new[0]
        what = f"It was not on last week's list and is ranked {row['rank']:,} today"
    records = f"{row['new_records']} new record{'' if row['new_records'] == 1 else 's'}"
    return TourStep(
        title="One that rose",
        text=f"{what}, after {records}. What is new is marked, and each reason links to the records behind it.",
        link=f"/relationships/{show_id('R', row['relationship_id'])}",
        link_text="Open the relationship",
    )


def _risen(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["previous_rank"] is not None and row["previous_rank"] > row["rank"]]


def _beyond(listed: ScoredList) -> TourStep | None:
    """A must-see item beyond capacity, the lowest in the order."""
    placed = [(listed.row(item.relationship_id), item) for item in listed.must_see]
    beyond = [(row["rank"], item) for row, item in placed if row is not None and row["rank"] > listed.basis.capacity]
    if not beyond:
        return None
    rank, item = max(beyond, key=lambda pair: pair[0])
    what = kind(item.triggers[0].kind).title.lower()
    return TourStep(
        title="One beyond capacity that still matters",
        text=f"Ranked {rank:,} when the unit reviews {listed.basis.capacity}: the order alone would never show it. "
        f"It is must-see all the same ({what}). Being beyond the capacity is not a sign of safety.",
        link=f"/relationships/{show_id('R', item.relationship_id)}",
        link_text="Open the relationship",
    )


def _taught(listed: ScoredList) -> TourStep | None:
    if listed.basis.ranking != "model":
        return None
    training = read_shipped("serving.demonstration", "training.yaml")
    return TourStep(
        title="What this model was taught",
        text="A unit ranks by severe harm. A force this small has too few such outcomes to learn from or to judge by, "
        f"so the demonstration's model was taught {title_of(training['rung'])}, and its card says so.",
        link="/model-card",
        link_text="Open the model card",
    )


def for_reviewers(reason: str) -> str:
    """Return the reason of a check as a reviewer's page says it: without the name that an acceptance goes by.

    >>> for_reviewers("treated worse than the line allows, by age of the subject (subject/age)")
    'treated worse than the line allows, by age of the subject'
    """
    return _ACCEPTED_AS.sub("", reason)


def _gate(gate: Gate) -> TourStep:
    needed = [check for check in gate.checks if check.required]
    passed = sum(check.verdict == Verdict.PASS for check in needed)
    stopped = [check for check in needed if check.verdict != Verdict.PASS]
    said = (
        f"{passed} of {len(needed)} checks passed. The figures are this force's own; the signatures are DEMONSTRATION "
        "ones and count nowhere else."
        if not stopped
        else f"{passed} of {len(needed)} checks passed. Stopped by {stopped[0].title.lower()}: "
        f"{for_reviewers(stopped[0].reason)}. So a rule orders the list, and the page says so."
    )
    shown = "" if gate.show_probability else " Calibration does not allow a probability, so ranks only are shown."
    return TourStep(title="The gate at work", text=said + shown, link="/model-card", link_text="Open the model card")


def _stop(listed: ScoredList) -> TourStep | None:
    if listed.basis.ranking != "model":
        return None
    return TourStep(
        title="Stopping the model",
        text="threat suspend --var var/demo --reason 'a drill' (the folder of the demonstration) puts a list by rule "
        "in the model's place at once, labelled; threat resume brings it back.",
        link="/",
        link_text="Open the review list",
    )


def _log() -> TourStep:
    return TourStep(
        title="Everything you opened was recorded",
        text="Every page you opened is an entry in a chain of hashes. Sign in as Gail Governance to check it.",
        link="/sign-in",
        link_text="Sign in as somebody else",
    )
