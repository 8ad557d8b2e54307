"""Who is considered at an as-of, and why the others are not: the cohort under ``threat.policy``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from threat.asof import NEVER, span
from threat.history.custody import Custody
from threat.history.deaths import Deaths
from threat.history.gravity import settle
from threat.history.relationships import Relationships
from threat.history.schema import DOMESTIC, RELATIONSHIP_KINDS
from threat.history.sightings import NO_PERSON, ROLE_SUBJECT, Rows, Sightings
from threat.history.snapshot import Snapshot
from threat.history.sorted_ids import position
from threat.policy import Policy, load_policy
from threat.release.documents.cohort import FilterStep
from threat.vocabulary import kinds

# With the policy: whoever asks who is eligible needs both.
__all__ = ["Cohort", "Party", "Policy", "SafeguardingRow", "eligible", "load_policy"]

Party = Literal["subject", "person_at_risk"]


@dataclass(frozen=True, slots=True)
class SafeguardingRow:
    """A relationship that would be considered, of which one or both parties may be under the lower age of the policy.

    ``parties``: which of ``subject`` and ``person_at_risk`` may be. ``known_since``: when the birth year of the party
    first known to be so young was recorded, UTC seconds.
    """

    relationship_id: int
    parties: tuple[Party, ...]
    known_since: int


@dataclass(frozen=True, slots=True)
class Cohort:
    """The eligible rows, the safeguarding queue by relationship id, and what each filter kept and dropped, in order."""

    rows: Rows
    safeguarding: tuple[SafeguardingRow, ...]
    attrition: tuple[FilterStep, ...]


def eligible(snapshot: Snapshot, as_of: int, policy: Policy) -> Cohort:
    """Return the complete cohort at one as-of (int64 UTC seconds), sorted by relationship id, with its attrition.

    Only what is visible at the as-of counts. A merge that makes both parties one person quarantines the relationship. A
    relationship stays when a domestic record of the pair became known in the policy's days, or when the first that was
    ever recorded between the two is new (a first signal). Both are days at liberty of the subject: the clock stands
    still in the stays that the policy names. The death of either party, once on record, ends it. A relationship of
    which a party may be a child goes to the safeguarding queue.

    Relationship 1 had a domestic event three years ago, relationship 2 had one last month, relationship 3 was first
    recorded ten days ago and has no domestic event, relationship 4 is recorded only after the as-of; the subject of
    relationship 5 came out two months ago, after three years in custody for what is recorded of the two:

    >>> import tempfile
    >>> import pyarrow as pa
    >>> from threat.asof import DAY
    >>> from threat.history import Batch, Store
    >>> pairs = pa.Table.from_pylist([
    ...     {"relationship_id": pair, "subject_id": 10 + pair, "person_at_risk_id": 20 + pair, "kind": "unknown",
    ...      "recorded_at": day * DAY}
    ...     for pair, day in [(1, 900), (2, 900), (3, 1990), (4, 2000), (5, 800)]])
    >>> plain = {"domestic": "yes", "proactive": False, "reported_by": "police", "assertion": "fact",
    ...          "source_system": "x"}
    >>> events = pa.Table.from_pylist([
    ...     plain | {"event_id": pair, "record_id": pair, "incident_id": pair, "kind": "assault_with_injury",
    ...              "subject_id": 10 + pair, "person_at_risk_id": 20 + pair, "person_id": None, "until": None,
    ...              "occurred_at": day * DAY, "recorded_at": day * DAY}
    ...     for pair, day in [(1, 900), (2, 1970), (5, 840)]] + [
    ...     plain | {"event_id": 6, "record_id": 6, "incident_id": 6, "kind": "custody",
    ...              "subject_id": None, "person_at_risk_id": None, "person_id": 15, "until": 1940 * DAY,
    ...              "occurred_at": 845 * DAY, "recorded_at": 845 * DAY}])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = Store.create(f"{folder}/history")
    ...     _ = store.append(Batch("example", loaded_at=0), {"relationships": pairs, "events": events})
    ...     cohort = eligible(store.snapshot(), 2000 * DAY, load_policy())
    >>> sorted((cohort.rows.subject - 10).tolist())
    [2, 3, 5]
    >>> [(step.step, step.kept) for step in cohort.attrition if step.dropped]
    [('known', 4), ('window', 3)]
    """
    relationships, sightings, links = snapshot.relationships, snapshot.sightings(), snapshot.links
    rows = snapshot.rows(relationships.relationship_id, as_of)
    recorded = relationships.since(as_of)
    funnel = _Funnel(len(rows))
    drop = funnel.drop
    drop(
        "known",
        relationships.standing(as_of),
        "recorded only later, or all that says the two are related was withdrawn",
    )
    drop("subject", rows.subject != NO_PERSON, "the subject is unknown or an organisation")
    organisation = links.is_organisation(relationships.person_at_risk_id, as_of)
    drop("person_at_risk", ~organisation, "the other party is an organisation")
    drop("one_person", rows.subject != rows.at_risk, "both parties are one person, as the records say by then")
    # After the filters above: a pair's earliest relationship must not be one that they dropped.
    is_first = _first_of_pair(relationships, rows, recorded, funnel.keep)
    drop("twice", is_first, "the same two people as another relationship, as the records say by then")
    deaths = Deaths.of(sightings)
    drop("person_at_risk_dead", ~deaths.on_record(rows.at_risk, as_of), "the person at risk is on record as dead")
    drop("subject_dead", ~deaths.on_record(rows.subject, as_of), "the subject is on record as dead")
    window = _window(sightings, rows, recorded, as_of, policy)
    drop("window", window.considered, window.reason(funnel.keep, policy))
    may_be_child = _may_be_children(snapshot, rows, as_of, policy.lower_age)
    diverted = funnel.keep & may_be_child.either
    drop(
        "safeguarding",
        ~may_be_child.either,
        f"not ranked with adults but in the safeguarding queue: a party may be under {policy.lower_age}",
    )
    return Cohort(rows.take(funnel.keep), may_be_child.rows(rows, diverted), tuple(funnel.steps))


class _Funnel:
    """The mask of the rows that every filter so far kept, and the step of each."""

    def __init__(self, n: int) -> None:
        self.keep = np.ones(n, dtype=bool)
        self.steps = [FilterStep(step="on record", kept=n, dropped=0, reason="relationships on record")]

    def drop(self, step: str, stays: NDArray[np.bool_], reason: str) -> None:
        """Keep what stays, and count the others under the filter's name."""
        before = int(self.keep.sum())
        self.keep &= stays
        kept = int(self.keep.sum())
        self.steps.append(FilterStep(step=step, kept=kept, dropped=before - kept, reason=reason))


def _first_of_pair(
    relationships: Relationships, rows: Rows, recorded: NDArray[np.int64], among: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Mask of the earliest recorded of the rows, among those given, that resolve to one pair.

    Of those recorded in one second the one recorded under the ids that the parties are known by is taken, then the one
    whose kind ``RELATIONSHIP_KINDS`` names first; the id decides only between rows that are equal in this.
    """
    out = np.zeros(len(rows), dtype=bool)
    renamed = (rows.subject != relationships.subject_id) | (rows.at_risk != relationships.person_at_risk_id)
    order = np.flatnonzero(among)
    keys = (rows.relationship_id, renamed, recorded, rows.at_risk, rows.subject)
    order = order[np.lexsort(tuple(key[order] for key in keys))]
    same = np.ones(max(len(order) - 1, 0), dtype=bool)
    for key in keys[1:]:
        same &= key[order[1:]] == key[order[:-1]]

    def kind(tied: NDArray[np.int64]) -> tuple[NDArray[np.int64]]:
        kinds_of = relationships.kind_at(rows.relationship_id[tied], rows.as_of[tied])
        return (np.array([RELATIONSHIP_KINDS.index(name) for name in kinds_of], dtype=np.int64),)

    settle(order, same, kind)
    new = np.ones(len(order), dtype=bool)
    new[1:] = (np.diff(rows.subject[order]) != 0) | (np.diff(rows.at_risk[order]) != 0)
    out[order[new]] = True
    return out


@dataclass(frozen=True, slots=True)
class _Window:
    """Masks of the rows: who is considered, who only because of time not at liberty, and who only by a late report."""

    considered: NDArray[np.bool_]
    by_custody: NDArray[np.bool_]
    by_late_report: NDArray[np.bool_]

    def reason(self, among: NDArray[np.bool_], policy: Policy) -> str:
        """Return the rule in words, and how many of the rows it keeps for either reason alone."""
        by_custody, by_late_report = (int((among & mask).sum()) for mask in (self.by_custody, self.by_late_report))
        return (
            f"no domestic record that became known in the last {policy.known_within_days_at_liberty} days, and first "
            f"recorded over {policy.first_signal_within_days_at_liberty} days ago, without days of the subject in "
            f"custody or detention (of those kept, {by_custody:,} only because such days do not count, "
            f"{by_late_report:,} only by a late report of what happened before)"
        )


def _window(sightings: Sightings, rows: Rows, recorded: NDArray[np.int64], as_of: int, policy: Policy) -> _Window:
    """Return who is in the window.

    The records are those of the subject towards the person at risk. What is known in advance lies ahead, what the unit
    did itself (proactive) is no sign from outside, and a row about the relationship is no event, so none of them opens
    the window; all count as known before. A course of conduct needs no rule of its own: it reaches no further than its
    recording, so what reaches into the window became known in it.
    """
    custody = Custody.at(sightings, as_of, policy.stays)
    no_sign = np.array([kind.known_in_advance or kind.theme == "record_keeping" for kind in kinds().values()])
    seen = np.flatnonzero((sightings.role == ROLE_SUBJECT) & sightings.visible_at(as_of))
    domestic = seen[
        (sightings.domestic[seen] == DOMESTIC.index("yes"))
        & ~no_sign[sightings.kind[seen]]
        & ~sightings.proactive[seen]
    ]
    became_known = _latest(sightings, rows, domestic, sightings.visible_from)
    happened_last = _latest(sightings, rows, domestic, sightings.occurred_at)
    # The earliest is the latest of the negated times.
    first_seen = -_latest(sightings, rows, seen, -np.asarray(sightings.recorded_at))
    first = np.minimum(recorded, np.where(first_seen == -_NOTHING, recorded, first_seen))

    def within(days: int, at: NDArray[np.int64], *, at_liberty: bool = True) -> NDArray[np.bool_]:
        # Nothing happened: as long ago as can be. Clipped, so that the difference does not overflow.
        at = np.maximum(at, -NEVER // 2)
        elapsed = custody.seconds_at_liberty(rows.subject, at) if at_liberty else as_of - at
        return np.asarray(elapsed <= span(days))

    known_days, first_days = policy.known_within_days_at_liberty, policy.first_signal_within_days_at_liberty
    first_signal = within(first_days, first)
    considered = within(known_days, became_known) | first_signal
    on_the_calendar = within(known_days, became_known, at_liberty=False) | within(first_days, first, at_liberty=False)
    by_what_happened = within(known_days, happened_last) | first_signal
    return _Window(considered, considered & ~on_the_calendar, considered & ~by_what_happened)


_NOTHING = -NEVER
"""Time of what never was, in a maximum of times."""


def _latest(sightings: Sightings, rows: Rows, where: NDArray[np.int64], times: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the latest of ``times`` among some sightings of each row's pair, int64[n]; ``_NOTHING`` without any."""
    n = len(sightings.persons) + 1
    # Owner and counterpart as one number; + 1, so that NO_PERSON (-1) is a pair of its own and not another's.
    pair = sightings.owners(where) * n + sightings.counterpart[where] + 1
    pairs, inverse = np.unique(pair, return_inverse=True)
    latest = np.full(len(pairs) + 1, _NOTHING, dtype=np.int64)
    np.maximum.at(latest, inverse, np.asarray(times)[where])
    subject, at_risk = position(rows.subject, sightings.persons), position(rows.at_risk, sightings.persons)
    never_seen = (subject < 0) | ((at_risk < 0) & (rows.at_risk != NO_PERSON))
    return latest[position(np.where(never_seen, -1, subject * n + at_risk + 1), pairs)]


@dataclass(frozen=True, slots=True)
class _MayBeChildren:
    """Masks of the rows by party, and when each party's birth year was recorded."""

    by_party: dict[Party, NDArray[np.bool_]]
    known_since: dict[Party, NDArray[np.int64]]

    @property
    def either(self) -> NDArray[np.bool_]:
        return self.by_party["subject"] | self.by_party["person_at_risk"]

    def rows(self, rows: Rows, chosen: NDArray[np.bool_]) -> tuple[SafeguardingRow, ...]:
        """Return the chosen rows as the safeguarding queue."""
        out = []
        for i in np.flatnonzero(chosen).tolist():
            parties = tuple(party for party, mask in self.by_party.items() if mask[i])
            since_when = min(int(self.known_since[party][i]) for party in parties)
            out.append(SafeguardingRow(int(rows.relationship_id[i]), parties, since_when))
        return tuple(out)


def _may_be_children(snapshot: Snapshot, rows: Rows, as_of: int, lower_age: int) -> _MayBeChildren:
    years = snapshot.births.at(as_of)
    parties: dict[Party, NDArray[np.int64]] = {"subject": rows.subject, "person_at_risk": rows.at_risk}
    return _MayBeChildren(
        {party: years.may_be_under(persons, lower_age) for party, persons in parties.items()},
        {party: years.since_when(persons) for party, persons in parties.items()},
    )
