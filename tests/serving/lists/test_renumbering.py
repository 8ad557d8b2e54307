"""Any numbering of references and persons, and any order of rows, gives the same scores and the same list."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fixtures.desk_browser import STARTED_AT
from fixtures.drawn import drawn
from fixtures.raw_histories import AS_OFS, PEOPLE, histories, stored
from fixtures.raw_reader import NOBODY, RawReader
from fixtures.renumbering import PERSONS, REFERENCES, Renumbered, ambiguous, renumbered
from hypothesis import assume, given
from hypothesis import strategies as st

from serving.lists import rankings
from serving.lists.rankings import Ranking
from serving.lists.scoring import ScoringInputs, basis_of, score
from threat.asof import DAY
from threat.history import Snapshot
from threat.ids import pair_ids
from threat.lists import ScoredList
from threat.policy import load_policy

UNIT = 3 * DAY
"""Seconds of a step of the generated times: some records are within the days that open must-see items."""

PAIRS = [(s, at) for s in PEOPLE for at in (*PEOPLE, NOBODY) if s != at]
IDS = ("relationship_id", "subject_id", "person_at_risk_id", "event_id", "event_ids")
AS_OF = st.sampled_from([at * UNIT for at in AS_OFS[1:]])
KINDS = (
    "stalking", "rape", "threat_to_kill", "custody", "release", "murder", "death", "item_strangled", "risk_grade",
    "restraining_order", "bail_granted", "non_fatal_strangulation", "suicidal_ideation", "assault_with_injury",
)  # fmt: skip


@st.composite
def forces(draw: st.DrawFn) -> RawReader:
    """Generated histories, some of whose persons may be children."""
    raw = draw(histories(scale=UNIT, names=KINDS))
    for row in raw.persons:
        row["birth_year"] = draw(st.sampled_from([None, 1930, 1958]))
    return raw


def listed(snapshot: Snapshot, as_of: int, ranking: Ranking, previous: ScoredList | None) -> ScoredList:
    inputs = ScoringInputs(snapshot, as_of, ranking, load_policy(), capacity=2, previous=previous)
    scored = score(inputs)
    basis = basis_of(inputs, scored, STARTED_AT)
    return ScoredList(f"L-{as_of}", basis, scored.must_see, scored.rows, scored.safeguarding)


def said(lists: Sequence[ScoredList], first: dict[int, str]) -> list[Any]:
    """Everything that lists say, with what each id is in place of it."""

    def named(value: Any, column: str = "") -> Any:
        if isinstance(value, dict):
            return {name: named(part, name) for name, part in value.items()}
        if isinstance(value, list | tuple):
            return [named(part, column) for part in value]
        return first.get(value, value) if column in IDS else value

    out = []
    for each in lists:
        items = [[item.model_dump() for item in part] for part in (each.must_see, each.safeguarding)]
        rows = named(each.rows.to_pylist())
        for sentence in (s for row in rows for reason in row["reasons"] or () for s in reason["sentences"]):
            sentence["event_ids"].sort()  # records that say the same but whom they name come by their ids
        out.append([rows, *named(items)])
    return out


def names(again: Renumbered) -> dict[int, str]:
    """What each id of a numbering is: pairs and persons by their first ids, events and versions by what they say."""
    people = again.people | {NOBODY: NOBODY}
    first = {new: old for old, new in people.items()}
    of_pairs = pair_ids([people[s] for s, _ in PAIRS], [people[at] for _, at in PAIRS]).tolist()
    out = dict(zip(of_pairs, map(str, PAIRS), strict=True)) | {new: f"P-{old}" for old, new in again.people.items()}
    for row in again.raw.events:
        parties = [first[row[name]] for name in PERSONS if row.get(name) is not None]
        content = {name: value for name, value in row.items() if name not in (*REFERENCES, *PERSONS)}
        out[row["event_id"]] = f"{parties} {sorted(content.items(), key=str)}"
    for row in again.raw.relationships:
        version = int(pair_ids([row["relationship_id"]], [row["recorded_at"]])[0])
        out[version] = f"version at {row['recorded_at']}"
    return out


def lists_of(again: Renumbered, folder: str, ranking: Ranking, as_of: int) -> list[ScoredList]:
    """Two lists, the second of which says what changed since the first."""
    snapshot = stored(again.raw, Path(folder))
    before = listed(snapshot, as_of - 2 * UNIT, ranking, None)
    return [before, listed(snapshot, as_of, ranking, before)]


@drawn(40)
@given(forces(), st.integers(0, 1000), st.sampled_from(["model", "latest_grade", "trailing_year_harm"]), AS_OF)
def test_no_numbering_changes_a_score_or_a_list(
    model_var: Path, raw: RawReader, seed: int, name: str, as_of: int
) -> None:
    assume(not ambiguous(raw))
    ranking: Ranking = rankings.current(model_var / "promotions.jsonl", STARTED_AT)
    if name != "model":
        ranking = rankings.named_rule(name, "")
    same = Renumbered(raw, {person: person for person in PEOPLE}, {})
    again = renumbered(raw, seed)
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        before, after = lists_of(same, first, ranking, as_of), lists_of(again, second, ranking, as_of)
    assert said(before, names(same)) == said(after, names(again))
