"""The sentences that the desk composes for people: places, changes, triggers, and what a list cannot tell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from serving.lists.feed_words import feeds_alike, named, reach
from serving.relationship.marker_words import Days
from threat.asof import DAY, ended, happened
from threat.dates import NO_DAY, day, how_long, how_long_ago, local
from threat.release.documents.scored_list import FeedReach, TriggerEvent
from threat.vocabulary import kinds

LIMITS = (
    "Not being on this list is not a sign of safety. In a study of 118 deadly and near-deadly domestic cases in Thames "
    "Valley, 55% had no earlier police contact with the victim (Thornton 2017): there was nothing to rank.",
    "The order supports your decision and does not make it. It depends on what was recorded and known by the date "
    "shown; what you know and the records do not say may matter more.",
    "Subjects are alleged. A record is not a finding, and a reason for a place in the order is not a cause.",
)
"""On the queue and on every relationship: nobody should read an order as a finding."""

NOT_RANKED = (
    "This relationship was not ranked: the filters of the list left it out (Today says which filters). "
    "That is not a finding about it and not a sign of safety."
)

SAFEGUARDED = (
    "This relationship was not ranked: a party may be under the age from which the list ranks adults. It is in the "
    "safeguarding queue. That is not a finding about it and not a sign of safety."
)

NOT_SHOWN: dict[str, str] = {
    "ungraded": "Its place in the order, and why it has that place, are shown after a person has graded it on this "
    "list: first the records and your own grade, then the order.",
    "sealed": "Nothing of the order is shown of this relationship on this list. Some are sealed when a list is "
    "published, so that people's own grades can be compared with the order.",
}
"""Why the place of a ranked relationship is not shown."""

_SILENCE = "What happened since is not in it: silence here is not calm."

_STALE_AFTER_DAYS = 7
"""Days that a list may be old which says nothing of feeds, as lists of version 1: those of the shipped policy."""

STEPS = {
    "on record": "On record",
    "known": "On record in time",
    "subject": "The subject is a known person",
    "person_at_risk": "The other party is a person",
    "one_person": "Two different people",
    "twice": "Counted once",
    "person_at_risk_dead": "The person at risk is not on record as dead",
    "subject_dead": "The subject is not on record as dead",
    "window": "Recent enough",
    "safeguarding": "Both parties adults",
}
"""What stays at each step of eligibility, by its name; a list of before may have a step of another name."""

FIRST_LIST = "There is no earlier list to compare with."

_STAYS = {
    "custody": "Custody",
    "hold": "A hold for another authority",
    "mental_health_detention": "A detention under mental-health powers",
}
"""A stay in the words of a sentence on its end."""

_ABOUT = {"pair": "", "subject": ", about the subject", "person_at_risk": ", about the person at risk"}


def counted(number: int, noun: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "place"), counted(1200, "place")
    ('1 place', '1,200 places')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def ordinal(number: int) -> str:
    """Return a place as people say it.

    >>> [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 102, 1113)]
    ['1st', '2nd', '3rd', '4th', '11th', '12th', '13th', '21st', '102nd', '1,113th']
    """
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"


def sentence_part(title: str) -> str:
    """Return a title as running text says it within a sentence.

    >>> sentence_part("Former partner")
    'former partner'
    """
    return title[:1].lower() + title[1:]


def quarantined(rows: int) -> str:
    """Say how many loaded rows took no part.

    >>> quarantined(1)
    '1 row of the records loaded did not fit and took no part: see the load reports.'
    """
    return f"{counted(rows, 'row')} of the records loaded did not fit and took no part: see the load reports."


def place(rank: int, *, tied: int, ranked: int, capacity: int) -> str:
    """Say where a relationship is in the order. ``tied``: rows that share the rank, this row among them.

    >>> place(7, tied=3, ranked=2150, capacity=50)
    'Ranked 7 of 2,150 relationships, sharing this rank with 2 others. The unit reviews 50.'
    """
    shared = f", sharing this rank with {counted(tied - 1, 'other')}" if tied > 1 else ""
    return f"Ranked {rank:,} of {ranked:,} relationships{shared}. The unit reviews {capacity:,}."


def other_order(since: datetime, new_records: int) -> str:
    """Say that the previous list, of the day ``since``, was ordered in another way."""
    return (
        f"The list of {_day_and_month(since)} was ordered in another way, so places cannot be compared. "
        f"{_came(new_records)}"
    )


def newly_ranked(since: datetime, new_records: int) -> str:
    """Say that the previous list, of the day ``since``, did not hold this relationship."""
    return f"Not on the list of {_day_and_month(since)}. {_came(new_records)}"


def moved(since: datetime, new_records: int, *, previous_rank: int, rank: int) -> str:
    """Say how a place changed since the previous list, of the day ``since``.

    >>> from threat.asof import instant
    >>> week = instant(1_717_200_000)
    >>> moved(week, 2, previous_rank=9, rank=4)
    'Up 5 places since 1 June (from 9 to 4). 2 new records since.'
    >>> moved(week, 0, previous_rank=4, rank=4)
    'Same rank as on 1 June. No new record since.'
    """
    when, came = _day_and_month(since), _came(new_records)
    if previous_rank == rank:
        return f"Same rank as on {when}. {came}"
    direction = "Up" if previous_rank > rank else "Down"
    places = counted(abs(previous_rank - rank), "place")
    return f"{direction} {places} since {when} (from {previous_rank:,} to {rank:,}). {came}"


def trigger(opened_by: TriggerEvent, days: Days, *, says_whom: bool = True) -> str:
    """Say what opened a must-see item at the date of a list, in ``days`` as its sentences say them.

    ``says_whom``: False under a heading that says whom of the relationship the trigger is about.

    >>> event = TriggerEvent(event_id=1, kind="threat_to_kill", about="pair", occurred_at=0, recorded_at=DAY)
    >>> days = Days(3 * DAY, "UTC")
    >>> trigger(event, days)
    'Threat to kill on 1 January 1970, recorded 2 days ago'
    >>> custody = event.model_copy(update={"kind": "custody", "about": "subject", "ends": 4 * DAY})
    >>> trigger(custody, days)
    'Custody is due to end on 5 January 1970, about the subject; no release is recorded'
    >>> trigger(custody, days, says_whom=False)
    'Custody is due to end on 5 January 1970; no release is recorded'
    """
    kind, about = kinds()[opened_by.kind], opened_by.about
    whom = _ABOUT[about] if says_whom else ""
    occurred_at, zone = opened_by.occurred_at, days.zone
    on = NO_DAY if opened_by.event_id in days.undated else f"on {day(occurred_at, zone)}"
    recorded = f"recorded {how_long_ago(opened_by.recorded_at, days.as_of, zone)}"
    if opened_by.ends is not None:
        ends = "ended" if ended(opened_by.ends, days.as_of) else "is due to end"
        stay = f"{_STAYS.get(kind.name, kind.title)} {ends} on {day(opened_by.ends, zone)}{whom}"
        return stay if kind.name == "mental_health_detention" else f"{stay}; no release is recorded"
    if kind.death_of and about != "pair":
        return f"{kind.title} of another person {on}{whom}, {recorded}"
    if kind.known_in_advance and not happened(occurred_at, days.as_of):
        return f"{kind.title} expected {on}{whom}"
    return f"{kind.title} {on}{whom}, {recorded}"


def behind(feeds: Sequence[FeedReach], zone: str) -> str:
    """Say which feeds were further behind than the policy allows when the list was made; empty when none was.

    ``zone``: in which the day of a record is said.

    >>> feed = FeedReach(source="calls", reaches=0, stated=False, latest_recorded_at=0, stale_after_days=7, stale=True)
    >>> orders = feed.model_copy(update={"source": "orders", "reaches": 1_717_200_000})
    >>> sentence = behind([feed, orders], "Europe/London")
    >>> sentence.partition(". ")[0]
    'This list was made from feeds that are behind: the feed calls never came; the feed orders reaches to 1 June 2024'
    """
    late = feeds_alike((feed for feed in feeds if feed.stale), zone)
    if not late:
        return ""
    reaches = "; ".join(f"{named(alike)} {reach(alike, zone)}" for alike in late)
    return f"This list was made from feeds that are behind: {reaches}. {_SILENCE}"


def age_of_list(as_of: int, now: int) -> str:
    """Say of which day a list is and how old at ``now``. Both are UTC seconds; the day is the UTC date of the as-of.

    >>> age_of_list(0, 3 * DAY + 5), age_of_list(0, DAY - 1)
    ('This list is from 1 Jan 1970, 3 days old.', 'This list is from 1 Jan 1970, less than a day old.')
    >>> age_of_list(DAY, 0)
    'This list is from 2 Jan 1970, which is still to come by the clock of this desk.'
    """
    listed_on = f"This list is from {_day_and_year(as_of)}"
    if now < as_of:
        return f"{listed_on}, which is still to come by the clock of this desk."
    days = (now - as_of) // DAY
    return f"{listed_on}, {how_long(days) if days else 'less than a day'} old."


def old_list(as_of: int, now: int, feeds: Sequence[FeedReach]) -> str:
    """Say that a list is too old at ``now``; empty for a list that is not. Times in UTC seconds.

    Too old is older than the feed of its policy that may be the least behind.

    >>> old_list(0, 7 * DAY, ())
    ''
    >>> old_list(0, 7 * DAY + 1, ()).partition(". ")[0]
    'This list is 7 days old: it is from 1 Jan 1970, and records may be at most 7 days behind'
    """
    allowed = min((feed.stale_after_days for feed in feeds), default=_STALE_AFTER_DAYS)
    if now - as_of <= allowed * DAY:
        return ""
    return (
        f"This list is {how_long((now - as_of) // DAY)} old: it is from {_day_and_year(as_of)}, and records may be at "
        f"most {counted(allowed, 'day')} behind. {_SILENCE}"
    )


def safeguarded(parties: Sequence[str], known_since: int, zone: str) -> str:
    """Say which party may be a child, and since when that is on record. ``zone``: in which the day is said.

    >>> safeguarded(["person_at_risk"], 0, "UTC")
    'The person at risk may be a child: the birth year has been on record since 1 January 1970.'
    """
    who = " and ".join(party.replace("_", " ") for party in parties)
    return f"The {who} may be a child: the birth year has been on record since {day(known_since, zone)}."


def _day_and_month(when: datetime) -> str:
    """Return the day of an as-of, which is named by its UTC date, without its year."""
    when = local(when, "UTC")
    return f"{when.day} {when:%B}"


def _day_and_year(as_of: int) -> str:
    when = local(as_of, "UTC")
    return f"{when.day} {when:%b %Y}"


def _came(new_records: int) -> str:
    return f"{counted(new_records, 'new record')} since." if new_records else "No new record since."
