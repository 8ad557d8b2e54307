"""What was received: a delivery is loaded, what it opens is opened, and the answer is kept under the sender's key.

A delivery that comes again (a lost answer, a retry) gets the first answer and changes nothing. Where the desk was
stopped between the load and the answer, the repeat finds the batch loaded, and opens what is not open yet.
"""

from __future__ import annotations

import json
import secrets
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
from sqlalchemy import Column, Connection, ForeignKey, Row, String, Table, insert, select

from serving.audit.log import Entry, append
from serving.casework.act import Casework, vouched
from serving.casework.opening import ListToOpen, open_arrived
from serving.casework.published import by_relationship, severe_of
from serving.casework.refer import RecordedEvent
from serving.desk.events.delivery import Delivery, canonical, check, write_files
from serving.desk.events.services import Service
from serving.desk.problems import Denied
from serving.desk.responses.events import MustSeeRows, Quarantined, Received
from serving.desk.service import Desk
from serving.lists.arrivals import find_arrived
from serving.storage import METADATA, UTC_SECONDS, append_only, reading, writing
from threat.asof import instant
from threat.errors import BadInput, UsageError
from threat.history import quarantine
from threat.history.batches import Entry as Batch
from threat.history.intake.load import load
from threat.history.intake.profile import load_profile
from threat.history.intake.report import LoadReport
from threat.history.snapshot import Snapshot
from threat.history.store import Store
from threat.history.tables import read_parts
from threat.ids import show_id
from threat.policy import load_policy

DELIVERIES = append_only(
    Table(
        "deliveries",
        METADATA,
        Column("service_id", String, ForeignKey("services.id"), primary_key=True, comment="The system that sent it."),
        Column("key", String, primary_key=True, comment="The Idempotency-Key that the system gave it."),
        Column("id", String, nullable=False, unique=True, comment="D- and 16 hexadecimal digits, random."),
        Column("content_sha256", String, nullable=False, comment="Hash of the rows that were sent."),
        Column("at", UTC_SECONDS, nullable=False, comment="When it was taken, UTC seconds."),
        Column("batch_id", String, comment="The batch of the history that it became; null where nothing was new."),
        Column("answer", String, nullable=False, comment="What was answered: references and counts, no record."),
        Column("audit", UTC_SECONDS, nullable=False, unique=True, comment="Number of its entry in the audit log."),
    )
)


class Receiver:
    """Takes deliveries into the history of a desk, one at a time: a history has one writer."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._policy = load_policy()
        self._lock = threading.Lock()

    @property
    def _casework(self) -> Casework:
        return self._desk.casework

    def receive(self, service: Service, key: str, delivery: Delivery, at: int) -> Received:
        """Load a delivery, open what it opens, and return the answer. ``at``: UTC seconds.

        Raises UsageError for rows that no file of the profile could have, and for a key that was used for other rows;
        Denied (503) while another process writes the history, and where this one holds no key of intake. Rows that do
        not fit are quarantined and counted.
        """
        trust = self._desk.trust
        if trust.exists and trust.may_sign("intake") is None:
            raise Denied(
                "This desk may not write the history: it holds no key of intake. Nothing was taken.",
                status=503,
                way_out="send to the desk that runs under the account of intake",
            )
        with self._lock:
            first = self._taken(service, key, delivery)
            if first is not None:
                return first
            report = self._load(service, delivery, at)
            snapshot = Store.open(self._desk.store).snapshot()
            batch = next((entry for entry in snapshot.entries if entry.batch_id == report.batch_id), None)
            return self._open(service, key, delivery, _Loaded(report, snapshot, batch), at)

    def _taken(self, service: Service, key: str, delivery: Delivery) -> Received | None:
        """Return the answer of a delivery that was taken before under this key; None for a new one."""
        with reading(self._casework.engine) as connection:
            row = _row_of(connection, service, key)
        if row is None:
            return None
        if row.content_sha256 != delivery.sha256:
            raise UsageError(
                "This key was used for a delivery of other rows.",
                value=key,
                where="Idempotency-Key",
                way_out="give each delivery a key of its own; the same key is for sending the same rows again",
            )
        return Received(**(json.loads(row.answer) | {"repeated": True}))

    def _load(self, service: Service, delivery: Delivery, at: int) -> LoadReport:
        profile = load_profile(service.profile)
        check(delivery, profile)
        with tempfile.TemporaryDirectory(prefix="threat-delivery-") as folder:
            write_files(delivery, profile, Path(folder))
            try:
                report = load(profile, folder, self._desk.store, at)
            except UsageError as error:  # another process writes: the rows are fine, the moment is not
                raise Denied(
                    "The history is being written to by another process: nothing was taken.",
                    status=503,
                    value=error.problem,
                    way_out="send the same delivery again under the same key",
                ) from None
            except BadInput as error:
                raise UsageError(error.problem, value=error.value, where="body", way_out=error.way_out) from None
        if report.refused:
            raise UsageError(
                "The delivery meets nothing of the history: nothing was taken.",
                value=report.refused,
                where="body",
                way_out="send the references that the history has",
            )
        return report

    def _open(self, service: Service, key: str, delivery: Delivery, loaded: _Loaded, at: int) -> Received:
        # The rule of time is strict: a record of this very second is visible from the next on.
        items = find_arrived(loaded.snapshot, loaded.event_ids(), at + 1, self._policy)
        delivery_id = f"D-{secrets.token_hex(8)}"
        with writing(self._casework.engine) as connection:
            arrived = ListToOpen(delivery_id, at, by_relationship(items), (), loaded.severe())
            opened = open_arrived(connection, self._casework, arrived, self._desk.sealer, at)
            answer = Received(
                delivery=delivery_id,
                batch=loaded.report.batch_id or "",
                received_at=instant(at),
                rows=loaded.report.rows_in,
                kept=loaded.report.rows_kept,
                quarantined=loaded.quarantined(),
                must_see=[
                    MustSeeRows(
                        relationship=show_id("R", item.relationship_id) if item.relationship_id else "",
                        events=[show_id("E", trigger.event_id) for trigger in item.triggers],
                    )
                    for item in items
                ],
                opened=opened.must_see + opened.questions,
                repeated=False,
            )
            detail: dict[str, object] = {
                "batch": answer.batch,
                "rows": answer.rows,
                "quarantined": len(answer.quarantined),
                "must_see": opened.must_see,
                "questions": opened.questions,
            }
            entry = Entry(service.who, "system", "collection", "send records", delivery_id, detail=detail)
            sequence, digest = append(connection, entry, at)
            connection.execute(
                insert(DELIVERIES).values(
                    service_id=service.id,
                    key=key,
                    id=delivery_id,
                    content_sha256=delivery.sha256,
                    at=at,
                    batch_id=loaded.report.batch_id,
                    answer=canonical(answer.model_dump(mode="json")),
                    audit=sequence,
                )
            )
        vouched(self._casework, [*opened.entries, (sequence, digest)], at)
        return answer


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A delivery that is in the history: ``batch`` is None where nothing of it was new."""

    report: LoadReport
    snapshot: Snapshot
    batch: Batch | None

    def event_ids(self) -> list[int]:
        """Return the events of the batch."""
        if self.batch is None:
            return []
        paths = [str(self.snapshot.store_path / path) for path, _, _ in self.batch.parts.get("events", ())]
        ids: list[int] = read_parts("events", paths, ["event_id"]).column(0).to_pylist()
        return ids

    def severe(self) -> list[RecordedEvent]:
        """Return the severe rows of the batch that did not fit."""
        return [] if self.batch is None else severe_of(self.snapshot, self.batch)

    def quarantined(self) -> list[Quarantined]:
        """Return the rows of the batch that did not fit, and why; nothing of what they say."""
        path = None if self.batch is None else quarantine.file_of(self.snapshot, self.batch)
        if path is None:
            return []
        rows = pq.read_table(path, columns=["file", "row", "reason", "severe"]).to_pylist()
        return [Quarantined(**row, meaning=quarantine.REASONS[row["reason"]]) for row in rows]


def _row_of(connection: Connection, service: Service, key: str) -> Row[tuple[object, ...]] | None:
    query = select(DELIVERIES).where(DELIVERIES.c.service_id == service.id, DELIVERIES.c.key == key)
    return connection.execute(query).first()
