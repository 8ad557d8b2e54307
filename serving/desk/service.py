"""What one running desk holds: its history, lists, promotions and database, and the published list in view."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import Engine

from serving.audit import database
from serving.desk.problems import NotFound
from serving.desk.responses import Card
from serving.desk.sign_in import Keeper
from threat.errors import BadInput, UsageError
from threat.lists import Published, published

if TYPE_CHECKING:
    from serving.desk.list_view import View
    from threat.release.bundle import Bundle
    from threat.release.promotions import Standing


class TourStep(BaseModel):
    """One stop of the guided tour; ``link`` is a page of the desk to open."""

    model_config = ConfigDict(extra="forbid")

    title: str
    text: str
    link: str = Field(pattern=r"^/[-a-zA-Z0-9/]*$")
    link_text: str


class Tour(BaseModel):
    """What the demonstration says on the pages. An empty one (no status) is no demonstration."""

    model_config = ConfigDict(extra="forbid")

    status: str = ""
    steps: list[TourStep] = []


class CardPage(BaseModel):
    """The model card page: the bundle's card and gate, or, with ``run`` empty, the rule that ranks and why."""

    run: str
    state: str
    demonstration: bool
    ranking_title: str
    ranking_note: str
    card: dict[str, Any]
    checks: list[dict[str, Any]]


class Desk:
    """Shared by all requests; safe for threads.

    ``var``: the folder with ``lists/``, ``promotions.jsonl``, ``keys/``, the database and the session key. ``clock``
    gives UTC seconds. ``tour_path``: the tour of a demonstration, read at each request since it grows as the
    demonstration goes on.
    """

    def __init__(
        self,
        store: str | Path,
        var: str | Path,
        *,
        clock: Callable[[], int],
        database_path: str | Path | None = None,
        tour_path: str | Path | None = None,
    ) -> None:
        self.store = Path(store)
        self.var = Path(var)
        self.clock = clock
        self.engine: Engine = database.connect(database_path or self.var / "desk.sqlite")
        self.keeper = Keeper.from_file(self.var / "desk.key")
        self._tour_path = None if tour_path is None else Path(tour_path)
        self._lock = threading.Lock()
        self._view: View | None = None
        self._note = ""
        self._expires: dict[str, date | None] = {}

    @property
    def lists(self) -> Path:
        """The folder of LISTs."""
        return self.var / "lists"

    @property
    def promotions(self) -> Path:
        """The chain of promotions."""
        return self.var / "promotions.jsonl"

    def published(self) -> Published:
        """What was published; an empty one when nothing was."""
        return published(self.lists)

    def view(self) -> View:
        """The published list with its snapshot, opened and verified once. Raises NotFound when none is published,
        BadInput when what was published is not there.

        A list by a model that is no longer in service (suspended, revoked, replaced, expired) is never shown: the list
        by rule that stands by takes its place at once, and says why.
        """
        from serving.desk.list_view import View

        shown, note = self._shown()
        with self._lock:
            if self._view is None or (self._view.list.id, self._note) != (shown, note):
                try:
                    self._view, self._note = View.open(self.store, self.var, shown, note), note
                except UsageError as error:  # what was published is gone: the keeper's to mend, not the caller's
                    raise BadInput(
                        error.problem,
                        value=error.value,
                        where=error.where,
                        way_out="threat score --publish makes another",
                    ) from None
            return self._view

    def _shown(self) -> tuple[str, str]:
        """The list to show and, when it stands in for a model's, why."""
        from serving.lists import rankings
        from threat.release import promotions

        chosen = self.published()
        if not chosen.list:
            raise NotFound(
                "No list has been published yet.",
                way_out="publish one: threat score --as-of DATE --publish",
            )
        if not chosen.bundle:
            return chosen.list, ""
        now = promotions.current(self.promotions)
        if now.served and now.bundle_sha256 == chosen.bundle:
            if chosen.bundle not in self._expires:  # a hash names one content for ever, so it is opened once
                self._expires[chosen.bundle] = rankings.expires(rankings.opened(self.promotions, now))
            set_aside = rankings.expired(now, self._expires[chosen.bundle], self.clock())
            if set_aside is None:
                return chosen.list, ""
            now = set_aside
        if now.state == "suspended":
            return chosen.standby, rankings.why_a_rule(now)
        return chosen.standby, "The model that ordered the list is no longer in service, and no list was made since."

    def card(self) -> Card:
        """The card of the bundle in service. Raises NotFound while a rule ranks."""
        standing, bundle = self._in_service()
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
        """The same for the page, which also says what ranks while no model does."""
        from serving.lists.rankings import current

        ranking = current(self.promotions, self.clock())
        standing, bundle = self._in_service()
        return CardPage(
            run="" if bundle is None else standing.run_id,
            state=standing.state,
            demonstration=ranking.demonstration,
            ranking_title=ranking.title,
            ranking_note=ranking.note,
            card={} if bundle is None else bundle.card,
            checks=[] if bundle is None else [dict(check) for check in bundle.gate.get("checks", [])],
        )

    def _in_service(self) -> tuple[Standing, Bundle | None]:
        from serving.lists.rankings import in_service

        return in_service(self.promotions, self.clock())

    def tour(self) -> Tour:
        """The demonstration's tour as it stands; empty when this is none. One that can't be read says so."""
        if self._tour_path is None:
            return Tour()
        try:
            return Tour.model_validate(json.loads(self._tour_path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return Tour()
        except (ValueError, ValidationError):
            return Tour(
                status=f"The guided tour cannot be read: {self._tour_path.name} is not what the demonstration wrote."
            )

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()
