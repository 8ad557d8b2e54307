"""Why a reviewer sees a relationship: a must-see trigger, new records, a referral, the diary; else for review.

Never the place in the order: a row of the list and a row that was drawn at random must read alike, or the reviewer
would know which is which, and the random rows would no longer measure anything.
"""

from __future__ import annotations

from collections.abc import Sequence

from serving.desk import words
from serving.desk.list_view import ListView
from serving.desk.responses.now import SeenFor
from serving.relationship.circumstances import Circumstance
from serving.relationship.kind_words import capitalised, said
from serving.relationship.notices import Notice
from threat.asof import happened, in_label_window
from threat.dates import how_long_ago
from threat.ids import show_id
from threat.release.documents.scored_list import About, TriggerEvent
from threat.vocabulary import kinds

REVIEW = SeenFor(kind="review", title="For review", sentence="", short="", event="")
"""What is said of every relationship that nothing else puts before a reviewer, ranked or not."""

_OF_WHOM: dict[About, str] = {"pair": "", "subject": " of the subject", "person_at_risk": " of the person at risk"}
"""Whose news it is, where it is of one party: a release is another thing of the subject than of the person at risk."""

_ENDS = {"custody": "A stay ends", "bail": "Bail ends", "order": "An order ends"}


def seen_for(view: ListView, relationship_id: int, stated: Sequence[Circumstance], new_records: int) -> list[SeenFor]:
    """Return why a reviewer sees a relationship, what is most pressing first; for review where nothing says more.

    ``stated``: what is in force around it. ``new_records``: records since the list before; 0 without such a list.
    """
    triggers = view.triggers(relationship_id)
    events = {trigger.event_id for trigger in triggers}
    notices = [notice for notice in view.notices(relationship_id) if notice.event_id not in events]
    reasons = [_trigger(view, trigger) for trigger in _one_of_each_kind(triggers)]
    if new_records and view.listed.basis.previous:
        reasons.append(_new(view, new_records))
    reasons += [_referral(view, notice) for notice in notices if notice.what == "referral"]
    reasons += _diary(view, [each for each in stated if each.event_id not in events], notices)
    return reasons or [REVIEW]


def _one_of_each_kind(triggers: Sequence[TriggerEvent]) -> list[TriggerEvent]:
    """Return the trigger of each kind that was recorded last: the others are among the incidents."""
    by_kind: dict[str, TriggerEvent] = {}
    for trigger in triggers:
        by_kind.setdefault(trigger.kind, trigger)
    return list(by_kind.values())


def _trigger(view: ListView, trigger: TriggerEvent) -> SeenFor:
    kind = kinds()[trigger.kind]
    # "Murder 28 May" of a relationship whose subject killed somebody else would read as the murder of this person.
    of_another = kind.death_of and trigger.about != "pair"
    what = f"{said(kind.name)}{' of another person' if of_another else _OF_WHOM[trigger.about]}"
    if trigger.ends is not None:
        short = f"{what}, end {view.days.day(trigger.ends)}"
    else:
        ahead = kind.known_in_advance and not happened(trigger.occurred_at, view.as_of)
        when = view.days.of(trigger.event_id, trigger.occurred_at)
        short = f"{what} {'expected ' if ahead else ''}{when}"
    return SeenFor(
        kind="must_see",
        title="Must see",
        sentence=words.trigger(trigger, view.days),
        short=short,
        event=show_id("E", trigger.event_id),
    )


def _new(view: ListView, number: int) -> SeenFor:
    counted = words.counted(number, "new record")
    since = view.days.day(view.listed.basis.previous_as_of)
    return SeenFor(
        kind="new_record",
        title="New on record",
        sentence=f"{counted} since the list of {since}",
        short=counted,
        event="",
    )


def _referral(view: ListView, notice: Notice) -> SeenFor:
    what, when = said(notice.kind, notice.code), view.days.day(notice.recorded_at)
    ago = how_long_ago(notice.recorded_at, view.as_of, view.zone)
    return SeenFor(
        kind="referral",
        title="Referral",
        sentence=f"{capitalised(what)}, recorded {when}, {ago}",
        short=f"{what} {when}",
        event=show_id("E", notice.event_id),
    )


def _diary(view: ListView, stated: Sequence[Circumstance], notices: Sequence[Notice]) -> list[SeenFor]:
    """Return the releases and the ends of stays, bail, orders and licences within the policy's days, soonest first."""
    due = [(each.since, "A release is due", each.event_id) for each in stated if each.what == "release_due"]
    due += [(each.until, _ENDS[each.what], each.event_id) for each in stated if each.what in _ENDS and each.until]
    due += [(each.occurred_at, "A licence ends", each.event_id) for each in notices if each.what == "licence_end"]
    days = view.policy.must_see_release_days
    near = sorted({at for at in due if in_label_window(at[0], view.as_of, days)})
    return [
        SeenFor(
            kind="diary",
            title="Diary",
            sentence=f"{what} on {view.days.day(at)}",
            short=f"{words.sentence_part(what)} {view.days.day(at)}",
            event=show_id("E", event_id),
        )
        for at, what, event_id in near
    ]
