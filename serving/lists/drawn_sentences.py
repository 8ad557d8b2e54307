"""Sentences of panels drawn at random from the lists of several forces, each with its records, for a person to read.

A test can hold that a sentence is true. Whether it helps a person who has to decide is only seen by reading it next to
the records that it was made from.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from serving.lists.making import log_command
from serving.lists.rankings import Ranking, of_list
from serving.lists.run_ranking import RunRanking
from serving.lists.scoring import ScoringInputs, score
from serving.relationship.case_panel import case_panel, markers_on_record
from serving.relationship.case_records import CaseRecord, case_records
from serving.relationship.panel import Panel
from serving.relationship.panel_words import PANEL_WORDS
from serving.relationship.reasons import ThemeReason
from serving.relationship.record_sentences import RecordSentence
from serving.storage import address_of
from threat import lists
from threat.dates import day
from threat.errors import UsageError
from threat.history.snapshot import Snapshot
from threat.history.store import Store
from threat.ids import show_id
from threat.lists import ScoredList
from threat.policy import load_policy

HISTORIES = ("history", "force/history")
"""Where the history of a force is in its folder: as the commands make it, and as the demonstration does."""


@dataclass(frozen=True, slots=True)
class DrawnSentence:
    """A sentence of a panel, where it is from, and what it was made from.

    ``records``: every record that it counts, the latest first, a line each. ``figures``: what the ranking read of them,
    in the sentences with formulas that no reviewer sees.
    """

    force: str
    order: str
    relationship: str
    heading: str
    titles: tuple[str, ...]
    text: str
    records: tuple[str, ...]
    figures: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the sentence as the command prints it."""
        return asdict(self)


def draw(folders: Sequence[Path], count: int, seed: int, *, at: int, database: str = "") -> list[DrawnSentence]:
    """Draw sentences from the published list of each force, and from the list that the model of its RUN would give.

    ``folders``: the folder of each force (``--var``), with its history in one of HISTORIES. The same number is drawn
    from each list while it has any. ``at``: UTC seconds of the entry in the audit log of each folder, which is written
    before a record is read. ``database``: the desk's, where it is none of a folder. Raises UsageError for a folder
    without a history or a published list.
    """
    for folder in folders:
        listed, _ = _published(folder), _store(folder)  # a folder that lacks either gets no audit log either
        log_command(
            address_of(folder, database), "consultation", "draw sentences", listed.id, at, seed=seed, count=count
        )
    chance = random.Random(seed)  # noqa: S311  a draw to read, nothing to keep secret
    pools = [pool for folder in folders for pool in _pools(folder)]
    for pool in pools:
        chance.shuffle(pool)
    drawn: list[DrawnSentence] = []
    while len(drawn) < count and any(pools):
        drawn += [pool.pop() for pool in pools if pool]
    return drawn[:count]


def _pools(folder: Path) -> Iterator[list[DrawnSentence]]:
    """Return every sentence of each list of a force, a pool a list, in the order of the list."""
    listed = _published(folder)
    snapshot = _store(folder).snapshot(listed.basis.snapshot)
    yield list(_sentences(folder.name, snapshot, listed, of_list(listed.basis, folder / "promotions.jsonl")))
    for run in sorted((folder / "runs").glob("*/manifest.json")) if listed.basis.ranking == "rule" else ():
        ranking = RunRanking.open(run.parent)
        inputs = ScoringInputs(snapshot, listed.basis.as_of, ranking, load_policy(), listed.basis.capacity)
        by_model = ScoredList("", listed.basis, (), score(inputs).rows)
        yield list(_sentences(folder.name, snapshot, by_model, ranking))


def _published(folder: Path) -> ScoredList:
    published = lists.published(folder / "lists").list
    if not published:
        raise UsageError(
            "The folder has no published list.", where=str(folder), way_out="threat score --as-of DATE --publish"
        )
    return lists.open_list(folder / "lists", published)


def _store(folder: Path) -> Store:
    for name in HISTORIES:
        if (folder / name).is_dir():
            return Store.open(folder / name)
    raise UsageError("The folder has no history.", where=str(folder), way_out="threat load, or threat simulate")


def _sentences(force: str, snapshot: Snapshot, listed: ScoredList, ranking: Ranking) -> Iterator[DrawnSentence]:
    as_of, zone, words = listed.basis.as_of, listed.basis.time_zone, PANEL_WORDS[ranking.kind]
    for i in range(listed.selected):
        row = listed.row_at(i)
        reasons = tuple(ThemeReason.from_row(reason) for reason in row["reasons"])
        relationship_id = row["relationship_id"]
        on_record = markers_on_record(snapshot, relationship_id, as_of)
        panel = case_panel(snapshot, relationship_id, as_of, zone, reasons, on_record)
        parties = snapshot.rows([relationship_id], as_of)
        records = case_records(snapshot.sightings(), (int(parties.subject[0]), int(parties.at_risk[0])), as_of)
        for heading, titles, sentence in _of_panel(panel, words.raises, words.on_record):
            yield DrawnSentence(
                force=force,
                order=ranking.title,
                relationship=show_id("R", relationship_id),
                heading=heading,
                titles=titles,
                text=sentence.text,
                records=_lines(sentence, records, zone),
                figures=_figures(sentence, reasons) if heading == words.raises else (),
            )


def _of_panel(panel: Panel, raises: str, on_record: str) -> Iterator[tuple[str, tuple[str, ...], RecordSentence]]:
    for reason in panel.raises:
        yield raises, reason.titles, reason.sentence
    for marker in panel.on_record:
        yield on_record, (marker.title,), marker.sentence


def _lines(sentence: RecordSentence, records: dict[int, CaseRecord], zone: str) -> tuple[str, ...]:
    latest_first = sorted(
        (records[event] for event in sentence.counted),
        key=lambda record: (record.occurred_at, record.event_id),
        reverse=True,
    )
    return tuple(
        f"{day(record.occurred_at, zone)}: {record.kind.title}"
        + (f", {record.code.replace('_', ' ')}" if record.code else "")
        + f" ({record.way.replace('_', ' ')}, {show_id('E', record.event_id)})"
        for record in latest_first
    )


def _figures(sentence: RecordSentence, reasons: Sequence[ThemeReason]) -> tuple[str, ...]:
    return tuple(
        figure.text
        for reason in reasons
        if reason.contribution > 0
        for figure in reason.sentences
        if figure.event_ids and sentence.counted.issuperset(figure.event_ids)
    )
