"""What one running desk holds: its history, lists, promotions and database, and the published list in view."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from sqlalchemy import Connection, Engine

from serving.audit.checkpoints import Checkpoints
from serving.audit.log import Entry, append, record, vouch
from serving.casework.act import Casework
from serving.casework.clocks import Clocks
from serving.casework.policy import load_casework_policy
from serving.casework.published import open_published
from serving.casework.sealing import KEY_FILE, Sealer
from serving.desk import words
from serving.desk.list_view import ListView
from serving.desk.problems import NotFound
from serving.desk.responses.governance import Card
from serving.desk.tour import Tour, read_tour
from serving.identity.settings import SignIn
from serving.identity.signing import Signer
from serving.lists import rankings
from serving.lists.publishing import PublishedList
from serving.storage import address_of, connect, writing
from threat.errors import BadInput, IntegrityFailure, ThreatError, UsageError
from threat.history.manifest import FILE as MANIFEST
from threat.history.store import RowsErased, Store
from threat.lists import Published
from threat.policy import load_policy
from threat.release import kept, promotions
from threat.release.approved import NotApproved
from threat.release.documents.earlier import ReleasedCheck
from threat.release.lapses import Foundations, foundations, lapsed
from threat.release.ledger import Standing
from threat.release.promoted import judged_by
from threat.trust.folder import Trust

if TYPE_CHECKING:
    from serving.identity.provider import Provider

_REPLACED = "The model that ordered the list is no longer in service, and no list was made since."
_DAMAGED = "The list that the model ordered did not open as it was published, so the list by rule of that day is shown."


class CardPage(BaseModel):
    """The model card page: the bundle's card and gate, or, with ``run`` empty, the rule that ranks and why."""

    run: str
    demonstration: bool
    ranking_title: str
    ranking_note: str
    card: dict[str, Any]
    checks: tuple[ReleasedCheck, ...]


@dataclass(frozen=True, slots=True)
class AgeOfList:
    """How old the list in view is, in sentences. ``stale``: that it or its feeds are too old; empty otherwise."""

    age: str = ""
    stale: str = ""


@dataclass(slots=True)
class LoggedChange:
    """A change of the database under way: its ``connection``, and the ``entry`` that the caller sets before its end."""

    connection: Connection
    entry: Entry = field(init=False)


class Desk:
    """Shared by all requests; safe for threads.

    ``var``: the folder with ``lists/``, ``promotions.jsonl``, the session key and, unless ``database`` names another,
    the database. ``database_path``: a file for what this desk logs, where several show the lists of one folder; what
    was published is read in the database all the same. ``clock`` gives UTC seconds. ``tour_path``: the tour of a
    demonstration, read at each request since it grows as the demonstration goes on. ``trust``: the keys that count;
    None opens those of this machine. ``sign_in``: how people sign in; without, by the development sign-in.
    """

    def __init__(  # noqa: PLR0913  what a desk is opened with, each by its name
        self,
        store: str | Path,
        var: str | Path,
        *,
        clock: Callable[[], int],
        database: str | Path = "",
        database_path: str | Path | None = None,
        tour_path: str | Path | None = None,
        trust: Trust | None = None,
        sign_in: SignIn = SignIn(),  # noqa: B008 (it is frozen)
    ) -> None:
        self.store = Path(store)
        self.var = Path(var)
        self.clock = clock
        address = address_of(self.var, database)
        self.engine: Engine = connect(Path(database_path) if database_path else address)
        self._given_trust = trust
        self.checkpoints = Checkpoints(self.engine, trust)
        self.casework = Casework(self.engine, Clocks(load_casework_policy()), self.checkpoints.after)
        self._referred = ""  # the list whose referrals are known to be open
        self._published = PublishedList(self.var, trust, address)
        self.sign_in = sign_in
        self.provider = _provider_of(sign_in)
        self.signer = Signer.from_file(self.var / "desk.key")
        self._tour_path = None if tour_path is None else Path(tour_path)
        # One thread opens a list while the others wait: two openings at once would hold the snapshot twice.
        self._opening = threading.Lock()
        self._view: ListView | None = None
        self._opened_at: tuple[int, ...] = ()
        self._viewed_by = self.trust
        self._foundations: dict[str, tuple[Trust, Foundations]] = {}

    def log(self, entry: Entry, at: int) -> None:
        """Write an entry of the audit log, in a transaction of its own. ``at``: UTC seconds."""
        self.checkpoints.after(record(self.engine, entry, at), at)

    @contextmanager
    def logged_change(self, at: int) -> Iterator[LoggedChange]:
        """Run a change of the desk's own database, and write in the same transaction the entry that the caller gives.

        A change without an entry, or an entry of a change that was not made, would both be wrong. ``at``: UTC seconds.
        """
        with writing(self.engine) as connection:
            change = LoggedChange(connection)
            yield change
            sequence, digest = append(connection, change.entry, at)
        vouch(self.engine, sequence, digest, at)
        self.checkpoints.after(sequence, at)

    @property
    def _history_written(self) -> tuple[int, ...]:
        """Time, size and inode of the manifest, which every load and every erasure replaces by another file."""
        facts = (self.store / MANIFEST).stat()
        return facts.st_mtime_ns, facts.st_size, facts.st_ino

    @property
    def promotions_path(self) -> Path:
        """The chain of promotions."""
        return self.var / "promotions.jsonl"

    @property
    def trust(self) -> Trust:
        """Return the keys that count now: a key that is revoked counts no longer from the next request on."""
        return Trust.open() if self._given_trust is None else self._given_trust

    def published(self) -> Published:
        """Read what was published; empty when nothing was. Raises IntegrityFailure for what may not be shown."""
        return self._published.current()

    def view(self) -> ListView:
        """Return the list to show, with its snapshot, opened and verified once.

        A list by a model that is no longer in service (suspended, revoked, replaced, expired) is never shown: the list
        by rule that was published with it takes its place at once, and says why; also where the model's list is damaged
        or not signed. Raises NotFound when no list is published, BadInput when the published list is not there,
        IntegrityFailure when neither may be shown.
        """
        chosen, list_id, note = self._list_to_show()
        try:
            view = self._open(chosen, list_id, note)
        except (IntegrityFailure, BadInput):
            if list_id == chosen.standby or not chosen.standby:
                raise
            # Of the same as-of, published and signed with it: never an older list.
            view = self._open(chosen, chosen.standby, _DAMAGED)
        self._open_referrals(view)
        return view

    @property
    def sealer(self) -> Sealer:
        """Return what tells which cases are of the sealed share."""
        return Sealer.from_file(self.var / KEY_FILE, self.casework.clocks.policy.section.sealed_one_in)

    def _open_referrals(self, view: ListView) -> None:
        """Open the referrals of a list, where whoever published it ended before it had: none may be missing."""
        if self._referred == view.listed.id:
            return
        snapshot, at = view.snapshot, self.clock()
        open_published(self.casework, view.listed, snapshot, load_policy(), self.sealer, at, var=self.var)
        self._referred = view.listed.id

    def _open(self, chosen: Published, list_id: str, note: str) -> ListView:
        with self._opening:
            self._let_go_of_erased()
            # The same object until a file of the trust folder changes, which costs a request three calls of stat: what
            # was opened by other keys is judged anew.
            trust = self.trust
            shown = None if self._view is None else (self._view.listed.id, self._view.given_note)
            if self._view is None or shown != (list_id, note) or self._viewed_by is not trust:
                # Before the list is opened: an erasure in between is seen at the next request.
                written = self._history_written if (self.store / MANIFEST).exists() else ()
                try:
                    opened = ListView.open(self.store, self.var, list_id, note, trust=self._given_trust)
                except RowsErased:
                    # Neither who nor why is said: the record of the erasure is for those who may read it.
                    raise NotFound(
                        "The published list is shown no longer: records that it was made from were erased since.",
                        way_out="ask whoever runs this desk to publish a list of what is left",
                    ) from None
                except UsageError as error:  # the published list is gone: for who runs the desk to mend, not the caller
                    raise BadInput(
                        error.problem,
                        value=error.value,
                        where=error.where,
                        way_out="threat score --publish makes another list",
                    ) from None
                basis = opened.listed.basis
                # The bundle is asked of the promotions at each request, so the list must be that bundle's own.
                if basis.ranking == "model" and (basis.ranking_id != chosen.bundle or list_id == chosen.standby):
                    raise IntegrityFailure(
                        "The published list was ordered by another model than its publication says.",
                        value=basis.ranking_id,
                        where=list_id,
                        way_out="publish today's list again: threat score --publish",
                    )
                self._view, self._viewed_by, self._opened_at = opened, trust, written
            return self._view

    def _let_go_of_erased(self) -> None:
        """Close the list in view where the history was written since and rows of the list were erased.

        The list in view holds names and records of its own: an erasure must take effect on a desk that is running.
        """
        if self._view is None:
            return
        written = self._history_written
        if written == self._opened_at:
            return
        try:
            Store.open(self.store).snapshot(self._view.listed.basis.snapshot)
        except RowsErased:
            self._view = None
        self._opened_at = written

    def age_of_list(self, now: int) -> AgeOfList:
        """Return how old the list to show is at ``now`` (UTC seconds), in words; empty without a list.

        A list that cannot be opened says nothing here: pages that are not of the list, such as the audit log, open all
        the same, and those that are say what is wrong.
        """
        try:
            basis = self.view().listed.basis
        except ThreatError:
            return AgeOfList()
        # The made-up records of a demonstration end on a fixed day: nobody's records are late.
        old = "" if self.tour().status else words.old_list(basis.as_of, now, basis.feeds)
        stale = " ".join(filter(None, (old, words.behind(basis.feeds, basis.time_zone))))
        return AgeOfList(words.age_of_list(basis.as_of, now), stale)

    def _list_to_show(self) -> tuple[Published, str, str]:
        """The publication, the id of the list to show and, when it stands in for a model's list, why."""
        chosen = self.published()
        if not chosen.list:
            raise NotFound(
                "No list has been published yet.",
                way_out="ask whoever runs this desk to publish a list",
            )
        if not chosen.bundle:
            return chosen, chosen.list, ""
        # The chain is read at every request, and it is short: a suspension must take effect at once.
        standing = promotions.current(self.promotions_path)
        if standing.served and standing.bundle_sha256 == chosen.bundle:
            reason = self._lapsed(standing)
            if not reason:
                return chosen, chosen.list, ""
            standing = rankings.fallen_back(standing, reason)
        if standing.state == "suspended":
            return chosen, chosen.standby, rankings.why_a_rule(standing)
        return chosen, chosen.standby, _REPLACED

    def _lapsed(self, standing: Standing) -> str:
        """Return why the release of the bundle in service no longer holds, asked at every request; empty while it does.

        A hash names one content, so what a bundle depends on is read once while the keys stay, and whether it holds
        each time.
        """
        trust, sha256 = self.trust, standing.bundle_sha256
        opened_by, release = self._foundations.get(sha256, (None, None))
        if release is None or opened_by is not trust:
            try:
                bundle = rankings.opened(self.promotions_path, standing)
                release = foundations(bundle, trust, judged_by(standing, trust))
            except NotApproved as failure:
                return failure.problem.removesuffix(".")
            self._foundations[sha256] = trust, release
        return lapsed(release, self.var / kept.FILE, trust, self.clock())

    def card(self) -> Card:
        """Return the card of the bundle in service. Raises NotFound while a rule ranks."""
        standing, bundle = rankings.in_service(self.promotions_path, self.clock())
        if bundle is None:
            raise NotFound(
                "No model is in service: a rule ranks, and a rule has no model card.",
                value=standing.state,
                way_out="release one: threat release RUN",
            )
        return Card.model_validate(
            {
                "bundle": bundle.sha256,
                "run": standing.run_id,
                "state": standing.state,
                "environment": bundle.environment,
                "card": bundle.card,
            }
        )

    def card_page(self) -> CardPage:
        """Return the card for its page, which also says what ranks while no model does."""
        ranking = rankings.current(self.promotions_path, self.clock())
        bundle = ranking.bundle if isinstance(ranking, rankings.ModelRanking) else None
        return CardPage(
            run="" if bundle is None else bundle.manifest.run_id,
            demonstration=ranking.demonstration,
            ranking_title=ranking.title,
            ranking_note=ranking.note,
            card={} if bundle is None else bundle.card,
            checks=() if bundle is None else bundle.released.checks,
        )

    def tour(self) -> Tour:
        """Return the demonstration's tour as it is by now; empty when this is no demonstration."""
        return read_tour(self._tour_path)

    def close(self) -> None:
        """Sign the head of the audit log, where this process may, and close the connections to the database."""
        self.checkpoints.sign(self.clock())
        self._published.close()
        self.engine.dispose()


def _provider_of(sign_in: SignIn) -> Provider | None:
    if sign_in.provider is None:
        return None
    # Not above: a desk of the development sign-in needs no HTTP client.
    from serving.identity.provider import Provider

    return Provider(sign_in.provider)
