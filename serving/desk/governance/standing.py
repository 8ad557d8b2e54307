"""What ranks now and until when: the model in service or the rule, what its release depends on, and its checks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from serving.desk.service import Desk
from serving.lists import rankings
from threat.asof import instant
from threat.dates import as_of_day, as_of_moment, date_in_words
from threat.errors import ThreatError
from threat.release import promotions
from threat.release.bundle import FORMAT_WITHOUT_VERSIONS, Bundle
from threat.release.documents.earlier import ReleasedCheck
from threat.release.documents.gate import Acceptance, Approval, DissentGiven, Gate

SOON_DAYS = 14
"""Days before an acceptance ends from which its end is marked: two weekly lists, in which to sign another or retest."""

STATE_TITLES = {
    "none": "No model was ever promoted",
    "pilot": "Pilot",
    "live": "Live",
    "suspended": "Suspended: a rule ranks in its place",
}


@dataclass(frozen=True, slots=True)
class AcceptanceInForce:
    """An acceptance that a release depends on. ``days_left``: 0 on its last day, below 0 once it is over."""

    check: str
    acceptance: Acceptance
    days_left: int

    @property
    def words(self) -> str:
        """Days left and the last day, in words."""
        return f"{left(self.days_left)} ({date_in_words(self.acceptance.expires)})"

    @property
    def ends_soon(self) -> bool:
        """True from two weeks before its last day."""
        return self.days_left <= SOON_DAYS


@dataclass(frozen=True, slots=True)
class WhatRanks:
    """What ranks now. ``run`` and ``bundle``: of the model in service, or of the model that a rule stands in for.

    ``since``, ``until``: in words, empty where there is none. While a rule ranks, ``since`` is when a person suspended
    the model, and ``until`` the last day of a release that ended by it; neither where it ended otherwise. ``signed``:
    False for a bundle of an earlier format, of whose acceptances only the last day can be read. ``dissents``,
    ``conditions``: who said what, in words.
    """

    by_model: bool
    title: str
    note: str
    state: str
    environment: str
    run: str
    bundle: str
    since: str
    decided_by: str
    until: str
    until_soon: bool
    acceptances: tuple[AcceptanceInForce, ...]
    dissents: tuple[str, ...]
    conditions: tuple[str, ...]
    signed: bool
    checks: tuple[ReleasedCheck, ...]
    list_shown: str


def left(days: int) -> str:
    """Return how many days an acceptance still counts.

    >>> left(12), left(1), left(0), left(-1)
    ('12 days left', '1 day left', 'today is the last day', 'over')
    """
    if days < 0:
        return "over"
    if days == 0:
        return "today is the last day"
    return f"{days} day{'' if days == 1 else 's'} left"


def what_ranks(desk: Desk) -> WhatRanks:
    """Return what ranks at the time of the desk's clock.

    Raises IntegrityFailure when the promotions or the bundle in service do not verify: then nothing ranks.
    """
    now = desk.clock()
    today = instant(now).date()
    ranking = rankings.current(desk.promotions_path, now)
    standing = promotions.current(desk.promotions_path)
    bundle: Bundle | None = None
    if isinstance(ranking, rankings.ModelRanking):
        bundle = ranking.bundle
    elif standing.bundle is not None:
        bundle = rankings.opened(desk.promotions_path, standing, to_serve=False)
    by_model = ranking.kind == "model"
    # A model whose time is over is in service to the promotions, and nobody suspended it.
    over = standing.served and not by_model
    until = None if bundle is None else bundle.released.expires
    days_left = None if until is None else (until - today).days
    if not by_model and days_left is not None and days_left >= 0:
        until, days_left = None, None  # it ended for another reason, which the note says
    return WhatRanks(
        by_model=by_model,
        title=ranking.title,
        note=ranking.note,
        state=STATE_TITLES["suspended" if over else standing.state],
        environment=standing.environment,
        run=standing.run_id,
        bundle=standing.bundle_sha256,
        since=as_of_day(standing.since) if standing.since and not over else "",
        decided_by="" if over else standing.by,
        until="" if until is None or days_left is None else f"{date_in_words(until)}, {left(days_left)}",
        until_soon=days_left is not None and days_left <= SOON_DAYS,
        acceptances=_acceptances(bundle, today),
        dissents=tuple(
            f"{given.by}, {given.role}, on {date_in_words(given.on)}: {given.reason}" for given in _dissents(bundle)
        ),
        conditions=tuple(
            f"{given.by}, {given.role}: {condition}" for given in _approvals(bundle) for condition in given.conditions
        ),
        signed=bundle is not None and bundle.manifest.format != FORMAT_WITHOUT_VERSIONS,
        checks=() if bundle is None else bundle.released.checks,
        list_shown=_list_shown(desk),
    )


def _acceptances(bundle: Bundle | None, today: date) -> tuple[AcceptanceInForce, ...]:
    """Return the acceptances of a bundle, the first to end first; none of an earlier format, which keeps days alone."""
    if bundle is None or bundle.manifest.format == FORMAT_WITHOUT_VERSIONS:
        return ()
    accepted = [
        AcceptanceInForce(check.title, acceptance, (acceptance.expires - today).days)
        for check in bundle.read(Gate).checks
        for acceptance in check.accepted
    ]
    return tuple(sorted(accepted, key=lambda each: each.days_left))


def _dissents(bundle: Bundle | None) -> tuple[DissentGiven, ...]:
    """Return the dissent on record with a bundle's release; none of an earlier format."""
    return () if bundle is None or bundle.manifest.format == FORMAT_WITHOUT_VERSIONS else bundle.read(Gate).dissents


def _approvals(bundle: Bundle | None) -> tuple[Approval, ...]:
    """Return the approvals of a bundle's release; none of an earlier format."""
    return () if bundle is None or bundle.manifest.format == FORMAT_WITHOUT_VERSIONS else bundle.read(Gate).approvals


def _list_shown(desk: Desk) -> str:
    """Say which list the desk shows; a list that cannot be opened is said to be so, on a page that has no case."""
    try:
        basis = desk.view().listed.basis
    except ThreatError as error:
        return error.problem
    return f"The list of {as_of_moment(basis.as_of)}, ordered by {basis.ranking_title}"
