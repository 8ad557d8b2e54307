"""The checks of a public archive: the card is built again from documents that hold no row and no withheld count."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from fairness.published.page import public_page
from model_cards.atrs import record as record_of
from model_cards.card import build as build_card
from model_cards.page import page as card_page
from threat.errors import IntegrityFailure
from threat.measuring.figure import Verdict
from threat.release.card_statement import card_signed
from threat.release.documents.attestations import CardStatement
from threat.release.documents.card import Card, Status
from threat.release.documents.document import JsonFile
from threat.release.documents.fairness_public import PublicCharacteristic, PublicFairness
from threat.release.evidence import RunDocuments
from threat.trust.chain import canonical
from training.archive.build import AUDIT_PAGE, CARD_PAGE, RECORD, RUN
from training.archive.opened import Archive

_Document = TypeVar("_Document", bound=JsonFile)


def card(archive: Archive) -> str:
    """Check that card and page, made again from the documents in the archive, have the same bytes."""
    made = _card(archive)
    same = made.encode() == (archive.folder / RUN / Card.FILE).read_bytes()
    if not same or card_page(made) != _text(archive, CARD_PAGE):
        raise IntegrityFailure("The card, made again from the documents in the archive, has other bytes.")
    passed = archive.gate.verdict == Verdict.PASS
    if passed != (made.summary.status == Status.PASSED):
        raise IntegrityFailure("The card says another verdict than the gate's.", value=made.summary.status)
    # The documents here are reduced, so the statement's, which are whole, are not compared with them.
    path = archive.folder / RUN / CardStatement.FILE
    statement = CardStatement.parse(path.read_bytes(), CardStatement.FILE) if path.is_file() else None
    signed = card_signed(statement, made.encode(), archive.trust, {})
    return f"made again from the documents here, the card has the same bytes: {made.summary.status}; {signed}"


def audit(archive: Archive) -> str:
    """Check that the page of the public audit is made of its report."""
    if public_page(_documents(archive)[1]) != _text(archive, AUDIT_PAGE):
        raise IntegrityFailure("The page of the public audit differs from its report.")
    return "the page of the audit is made of its report"


def record(archive: Archive) -> str:
    """Check that the draft transparency record is made of the card."""
    if canonical(record_of(_card(archive))) != (archive.folder / RECORD).read_bytes():
        raise IntegrityFailure("The draft transparency record differs from the card.")
    return "the draft transparency record is made of the card"


def totals(archive: Archive) -> str:
    """Check that whatever the archive says more than once it says alike, and that groups add up to everybody."""
    documents, report = _documents(archive)
    said: dict[str, tuple[object, ...]] = {
        "RUN": (archive.index["run_id"], report.run_id, archive.gate.run_id),
        "manifest": (
            archive.index["run_manifest_sha256"],
            report.run_manifest_sha256,
            archive.gate.run_manifest_sha256,
        ),
    }
    evaluation = documents.evaluation
    if evaluation is not None:
        headline = evaluation.headline
        events, recall = (None, None) if headline is None else (headline.events, headline.value)
        said["rows"] = (evaluation.cohort.n, report.overall.rows)
        said["outcomes"] = (events, report.overall.events)
        said["places"] = (evaluation.capacity, report.capacity)
        said["recall"] = tuple(_rounded(value) for value in (recall, report.overall.recall))
    wrong = [f"{what}: {', '.join(map(str, values))}" for what, values in said.items() if len(set(values)) > 1]
    wrong += _off(report)
    if wrong:
        raise IntegrityFailure("Some of what is said twice differs:", value="; ".join(wrong))
    return f"{', '.join(said)} are said alike; the groups of {len(report.characteristics)} tables add up"


def _rounded(value: float | None) -> float | None:
    """Return a share to nine digits, as figures that were computed twice are compared."""
    return None if value is None else float(f"{value:.9g}")


def _off(report: PublicFairness) -> Iterator[str]:
    """Name the tables whose published rows cannot be those of everybody, rounded as the report says."""
    for table in report.characteristics:
        shown = [group.rows for group in table.groups if group.rows is not None]
        slack = len(shown) * report.step / 2
        below = report.overall.rows - sum(shown)
        if below < -slack or (_is_whole(table) and below > slack):
            yield f"{table.party}/{table.characteristic}: {sum(shown):,.0f} of {report.overall.rows:,} rows"


def _is_whole(table: PublicCharacteristic) -> bool:
    return all(group.rows is not None for group in table.groups)


def _card(archive: Archive) -> Card:
    """Return the card that the documents in the archive make."""
    index = archive.index
    return build_card(_documents(archive)[0], run_id=index["run_id"], manifest_sha256=index["run_manifest_sha256"])


def _documents(archive: Archive) -> tuple[RunDocuments, PublicFairness]:
    """Return every document in the archive, and the public audit. Raises IntegrityFailure without an audit."""

    def find(kind: type[_Document]) -> _Document | None:
        path = archive.folder / RUN / kind.FILE
        return kind.parse(path.read_bytes(), kind.FILE) if path.is_file() else None

    documents = RunDocuments.read_by(find)
    if documents.fairness_public is None:
        raise IntegrityFailure("The archive has no public audit.")
    if documents.fairness is not None:
        raise IntegrityFailure("The archive holds the whole audit, which may not be published.")
    return documents, documents.fairness_public


def _text(archive: Archive, name: str) -> str:
    return (archive.folder / name).read_text(encoding="utf-8")
