"""Reasons, changes, triggers and what is in force, as the API answers them and the pages show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from serving.desk import words
from serving.desk.responses.reasons import Change, Circumstance, Reason, Sentence, Trigger
from serving.relationship.circumstances import Circumstance as Stated
from serving.relationship.marker_words import Days
from serving.relationship.reasons import ThemeReason, squares, theme_title
from threat.asof import instant
from threat.ids import show_id
from threat.release.documents.scored_list import Basis, TriggerEvent
from threat.vocabulary import kind


def answered_circumstance(stated: Stated) -> Circumstance:
    """Return what is in force around a relationship as the API answers it."""
    return Circumstance(
        what=stated.what,
        kind=stated.kind,
        code=stated.code,
        whom=stated.whom,
        since=instant(stated.since),
        until="" if stated.until is None else instant(stated.until),
        event=show_id("E", stated.event_id),
        sentence=stated.text,
    )


def answered_reasons(reasons: tuple[ThemeReason, ...]) -> list[Reason]:
    """Return the reasons of a row as the API answers them, with the length of each bar."""
    return [
        Reason(
            theme=reason.theme,
            title=theme_title(reason.theme),
            direction=_direction(reason.contribution),
            strength=0 if reason.contribution == 0 else squares(reason.contribution, reasons),
            contribution=reason.contribution,
            sentences=[
                Sentence(text=sentence.text, events=[show_id("E", event) for event in sentence.event_ids])
                for sentence in reason.sentences
            ],
        )
        for reason in reasons
    ]


def _direction(contribution: float) -> Literal["raises", "lowers", "none"]:
    if contribution == 0:
        return "none"
    return "raises" if contribution > 0 else "lowers"


def answered_trigger(trigger: TriggerEvent, days: Days, *, says_whom: bool = True) -> Trigger:
    """Return a must-see trigger of ``list.json`` as the API answers it, with its sentence in ``days``.

    ``says_whom``: whether the sentence says which party it is about.
    """
    what = kind(trigger.kind)
    return Trigger(
        event=show_id("E", trigger.event_id),
        kind=what.name,
        title=what.title,
        about=trigger.about,
        sentence=words.trigger(trigger, days, says_whom=says_whom),
        occurred_at=instant(trigger.occurred_at),
        recorded_at=instant(trigger.recorded_at),
    )


def change_of(basis: Basis, row: Mapping[str, Any]) -> Change:
    """Return what changed since the list that changes are compared with.

    Places are compared only within one ranking: two rankings order by different questions.
    """
    if not basis.previous:
        return Change(kind="first_list", places=0, new_records=0, sentence=words.FIRST_LIST)
    since, new_records, previous_rank = instant(basis.previous_as_of), row["new_records"], row["previous_rank"]
    if basis.previous_ranking_id != basis.ranking_id:
        sentence = words.other_order(since, new_records)
        return Change(kind="another_ranking", places=0, new_records=new_records, sentence=sentence)
    if previous_rank is None:
        sentence = words.newly_ranked(since, new_records)
        return Change(kind="new", places=0, new_records=new_records, sentence=sentence)
    places = previous_rank - row["rank"]
    return Change(
        kind="same" if places == 0 else "rose" if places > 0 else "fell",
        places=abs(places),
        new_records=new_records,
        sentence=words.moved(since, new_records, previous_rank=previous_rank, rank=row["rank"]),
    )
