"""What is in force around a relationship at an as-of: custody or detention, bail, orders, a release to come, death.

Stated on every row of a list, whichever ranking made it: a ranking may not read them, or may read them as one of many
figures, and a reviewer must not have to search the records for them. What is not stated is not on record; it is never
said to be absent.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from serving.relationship.reasons import IN_FORCE, FeatureSentence, ThemeReason
from threat.asof import NEVER, ended, happened
from threat.dates import NO_DAY, day
from threat.history.custody import Lasting, ends
from threat.history.deaths import dead_rows
from threat.history.sightings import NO_PERSON, ROLE_AT_RISK, ROLE_SUBJECT, Rows, Sightings
from threat.history.sorted_ids import is_in
from threat.policy import load_policy
from threat.vocabulary import Kind, kinds

What = Literal["custody", "bail", "order", "release_due", "death"]
Whom = Literal["subject", "person_at_risk", "pair"]

_KINDS = tuple(kinds().values())
_ENDED_BY = {"bail_granted": "bail_end", "hold": "release"} | {
    kind.name: "order_expiry" for kind in _KINDS if kind.theme == "order" and kind.lasts == "order"
}
"""What has no end of its own is over from the first record of this kind that follows it. Not so custody: a release may
be from another stay, so an open stay is stated, with the release that followed it; and what has an end of its own that
is still to come is stated with the recorded end that came before, which may be that of another."""

_END_WORDS = {"custody": "a release", "bail": "an end of bail", "order": "an expiry"}
"""What a recorded end is called in a sentence, by what it ends."""

_WHERE = {"hold": "held for another authority", "mental_health_detention": "detained under mental-health powers"}
"""Where a person in a stay is, where the words are other than "in custody"."""

_WHOSE = {"subject": "The subject", "person_at_risk": "The person at risk"}


@dataclass(frozen=True, slots=True)
class Circumstance:
    """One thing in force. ``until``: UTC seconds, None for no end on record. ``text``: in words.

    ``code``: as the record has it, empty for none. ``since``: when it began; of a release, when it is due; of a death,
    when it happened. ``whom`` it concerns: an order between the two concerns the pair.
    """

    what: What
    kind: str
    code: str
    whom: Whom
    since: int
    until: int | None
    event_id: int
    text: str

    def as_row(self) -> dict[str, Any]:
        """Return the circumstance as ``rows.parquet`` holds it."""
        return asdict(self)


def circumstances(
    sightings: Sightings,
    rows: Rows,
    as_of: int,
    zone: str,
    stays: Lasting | None = None,
    *,
    undated: Collection[int] = frozenset(),
) -> list[tuple[Circumstance, ...]]:
    """Return what is in force at ``as_of`` (UTC seconds) for each row: what comes first matters most.

    ``zone``: in which days are said. ``stays``: how long a stay without an end on record lasts, as ``Policy.stays``
    gives it (None: of the policy shipped); after that it is not stated. ``undated``: ids of the deaths of no known day,
    as ``Snapshot.undated`` has them, of which no day is said.

    Custody or detention, bail and a coming release of either party; orders on the subject towards the person at risk;
    the death of a party; and a homicide of somebody else that either party is on record for.
    """
    lasting = load_policy().stays if stays is None else stays
    by_person = _in_force(sightings, np.unique(np.concatenate([rows.subject, rows.at_risk])), as_of, zone, lasting)
    undated = frozenset(undated)
    out = []
    for subject, at_risk in zip(rows.subject.tolist(), rows.at_risk.tolist(), strict=True):
        # Two systems may write down one stay or order: the same words are said once.
        stated: dict[str, Circumstance] = {}
        parties: tuple[tuple[int, Whom, int], ...] = (
            (subject, "subject", at_risk),
            (at_risk, "person_at_risk", subject),
        )
        for person, whom, other in parties:
            for record in by_person.get(person, ()):
                circumstance = record.stated(whom, other, is_dated=record.event_id not in undated)
                if circumstance is not None:
                    stated.setdefault(circumstance.text, circumstance)
        out.append(tuple(sorted(stated.values(), key=_order)))
    return out


def as_reason(stated: Sequence[Circumstance]) -> tuple[ThemeReason, ...]:
    """Return what is in force as a reason that adds nothing to the score; none where nothing is stated."""
    sentences = tuple(FeatureSentence(fact.what, fact.text, (fact.event_id,)) for fact in stated)
    return (ThemeReason(IN_FORCE, 0.0, sentences),) if sentences else ()


@dataclass(frozen=True, slots=True)
class _Record:
    """One record in force that may be stated: its kind, code and role, the other person of it, and its times.

    ``zone``: in which days are said. ``is_of_dead``: its person is the dead. ``ended_at``: a recorded
    end that followed, such as a release from custody, where the record itself goes on; 0 for none.
    """

    what: What
    kind: Kind
    code: str
    role: int
    other: int
    since: int
    until: int
    event_id: int
    zone: str
    is_of_dead: bool
    ended_at: int

    def stated(self, whom: Whom, other: int, *, is_dated: bool) -> Circumstance | None:
        """Return the circumstance of a party; None where it is not to be stated.

        ``other``: the other party. ``is_dated``: False for a death of no known day.
        """
        if self.what == "order":
            # An order on the subject for the protection of somebody else is no protection of this person.
            concerned = whom == "subject" and self.role == ROLE_SUBJECT and self.other in (other, NO_PERSON)
            return self._with("pair", self._order_text()) if concerned else None
        if self.what == "death":
            by_party = self.kind.death_of == "person_at_risk" and self.role == ROLE_SUBJECT and self.other != other
            return self._with(whom, self._death_text(whom, is_dated=is_dated)) if self.is_of_dead or by_party else None
        if self.role == ROLE_AT_RISK:  # of the other party: a stay for what was done to this person
            return None
        if self.what == "release_due":
            return self._with(whom, f"{_WHOSE[whom]} is due for release{self._code()} on {self._day(self.since)}")
        return self._with(whom, self._custody_text(whom) if self.what == "custody" else self._bail_text(whom))

    def _with(self, whom: Whom, text: str) -> Circumstance:
        until = None if self.until == NEVER or self.what in ("release_due", "death") else self.until
        return Circumstance(self.what, self.kind.name, self.code, whom, self.since, until, self.event_id, text)

    def _custody_text(self, whom: Whom) -> str:
        where = _WHERE.get(self.kind.name, f"in custody{self._code()}")
        return f"{_WHOSE[whom]} is {where} since {self._day(self.since)}, {self._until()}"

    def _bail_text(self, whom: Whom) -> str:
        return f"{_WHOSE[whom]} is on bail{self._code()} since {self._day(self.since)}, {self._until()}"

    def _order_text(self) -> str:
        of = " towards this person" if self.other != NO_PERSON else " on the subject"
        return f"{self.kind.title}{self._code()}{of} since {self._day(self.since)}, {self._until()}"

    def _death_text(self, whom: Whom, *, is_dated: bool) -> str:
        if self.is_of_dead:
            since = f" since {self._day(self.since)}" if is_dated else f", {NO_DAY}"
            return f"{_WHOSE[whom]} is on record as dead{since} ({self.kind.title.lower()})"
        on = f"on {self._day(self.since)}" if is_dated else NO_DAY
        return f"{_WHOSE[whom]} is on record for the homicide of another person {on}"

    def _until(self) -> str:
        said = "no end is recorded" if self.until == NEVER else f"until {self._day(self.until)}"
        # A source may never correct the end it first wrote: its row alone would say "in custody" of somebody who is
        # out, and "order in force" of one that lapsed.
        return (
            f"{said}, but {_END_WORDS[self.what]} is recorded on {self._day(self.ended_at)}" if self.ended_at else said
        )

    def _day(self, at: int) -> str:
        return day(at, self.zone)

    def _code(self) -> str:
        return f" ({self.code.replace('_', ' ')})" if self.code else ""


def _what(kind: Kind) -> What | None:
    """Return what a kind is stated as; None for a kind that is not stated."""
    if kind.death_of:
        return "death"
    if kind.name == "release":
        return "release_due"
    if kind.lasts == "stay":
        return "custody"
    if kind.theme == "custody" and kind.lasts == "order":
        return "bail"
    return "order" if kind.theme == "order" and kind.lasts == "order" else None


_STAYS = tuple(kind.name for kind in _KINDS if kind.lasts == "stay")
_IS_STAY = np.array([kind.lasts == "stay" for kind in _KINDS])
_WHAT = tuple(_what(kind) for kind in _KINDS)
_FIRST: tuple[What, ...] = ("death", "custody", "release_due", "bail", "order")


def _order(circumstance: Circumstance) -> tuple[int, int, int, str]:
    """Most important first, then the latest; the text settles equal times, so that a replay gives the same order."""
    first = circumstance.whom == "person_at_risk"
    return _FIRST.index(circumstance.what), int(first), -circumstance.since, circumstance.text


def _in_force(
    sightings: Sightings, persons: NDArray[np.int64], as_of: int, zone: str, lasting: Lasting
) -> dict[int, list[_Record]]:
    """Return the records in force at ``as_of`` that may be stated, by person."""
    stated = np.array([what is not None for what in _WHAT])
    death, ahead = np.array([what == "death" for what in _WHAT]), np.array([what == "release_due" for what in _WHAT])
    rows = np.flatnonzero(stated[sightings.kind])
    rows = rows[sightings.visible_at(as_of, rows)]
    kind, has_happened = sightings.kind[rows], happened(sightings.occurred_at[rows], as_of)
    in_force = np.where(ahead[kind], ~has_happened, has_happened)
    # Of a kind that stops no clock by the policy, an open stay lasts.
    over = ended(ends(sightings, rows, dict.fromkeys(_STAYS, NEVER) | dict(lasting)), as_of)
    in_force &= death[kind] | ahead[kind] | ~np.where(_IS_STAY[kind], over, ended(sightings.until[rows], as_of))
    # The unit's own entries open nothing and state nothing; a death is a fact, whoever wrote it down.
    in_force &= death[kind] | ~sightings.proactive[rows]
    rows = rows[in_force]
    owners, others = sightings.ids_of(sightings.owners(rows)), sightings.ids_of(sightings.counterpart[rows])
    of_persons = is_in(owners, persons)
    dead = set(dead_rows(sightings).tolist())
    out: dict[int, list[_Record]] = {}
    columns = (rows[of_persons], owners[of_persons], others[of_persons])
    for row, owner, other in zip(*(column.tolist() for column in columns), strict=True):
        record = _record(sightings, row, (owner, other), as_of, zone, is_of_dead=row in dead)
        if not ended(record.until, as_of) or record.what in ("death", "release_due"):
            out.setdefault(owner, []).append(record)
    return out


def _record(
    sightings: Sightings, row: int, persons: tuple[int, int], as_of: int, zone: str, *, is_of_dead: bool
) -> _Record:
    """Return a row of the sightings as a record. ``persons``: whose the row is, and the other person of it."""
    owner, other = persons
    kind = _KINDS[int(sightings.kind[row])]
    what = _WHAT[kind.number]
    assert what is not None  # _in_force chose the kinds
    since, until, end = int(sightings.occurred_at[row]), int(sightings.until[row]), NEVER
    ended_by = "release" if kind.name == "custody" else _ENDED_BY.get(kind.name)
    if ended_by is not None:
        end = _first_after(sightings, owner, other if what == "order" else None, ended_by, since, as_of)
    if until == NEVER and kind.name in _ENDED_BY:
        until, end = end, NEVER
    code = int(sightings.code[row])
    return _Record(
        what=what,
        kind=kind,
        code=sightings.code_names[code] if code >= 0 else "",
        role=int(sightings.role[row]),
        other=other,
        since=since,
        until=until,
        event_id=int(sightings.event_id[row]),
        zone=zone,
        is_of_dead=is_of_dead,
        ended_at=end if happened(end, as_of) else 0,
    )


def _first_after(sightings: Sightings, owner: int, other: int | None, name: str, since: int, as_of: int) -> int:
    """Return when the first visible record of a kind about a person, and ``other``, follows ``since``; else NEVER."""
    rows = sightings.rows_of(owner)
    at = np.asarray(sightings.occurred_at[rows])
    chosen = (
        (sightings.kind[rows] == kinds()[name].number) & sightings.visible_at(as_of, rows) & ~happened(at, since + 1)
    )
    if other is not None:
        counterpart = sightings.counterpart[rows]
        chosen &= sightings.ids_of(np.asarray(counterpart)) == other
    return int(at[chosen].min()) if chosen.any() else NEVER
