"""The checks of a governance archive: everything in it is computed again from predictions, outcomes and groups."""

from __future__ import annotations

from dataclasses import replace

from fairness.page import page as fairness_page
from fairness.runs import audit_by
from fairness.suppression import public as public_report
from model_cards.card import build as build_card
from model_cards.page import page as card_page
from model_cards.runs import signed_card
from threat.errors import IntegrityFailure
from threat.files import sha256_of
from threat.release.attestations import signed_evidence
from threat.release.digest import ReleaseParts
from threat.release.documents.card import Card
from threat.release.documents.fairness import Fairness
from threat.release.documents.fairness_public import PublicFairness
from threat.release.documents.gate import Gate
from threat.release.evidence import RunDocuments
from training.archive import groups
from training.archive.opened import Archive
from training.evaluation.differences import differences, in_words
from training.evaluation.reproduce import reproduce


def run(archive: Archive) -> str:
    """Check the RUN against its manifest, and the index against the RUN."""
    run = archive.run
    if (run.id, run.manifest_sha256) != (archive.index["run_id"], archive.index["run_manifest_sha256"]):
        raise IntegrityFailure("The archive names another RUN than it holds.", value=archive.index["run_id"])
    return f"{run.id} matches its manifest"


def evidence(archive: Archive) -> str:
    """Check that the force's jobs signed every file of the RUN."""
    signed = signed_evidence(archive.run, archive.trust)
    if signed.state != "signed":
        raise IntegrityFailure("The evidence is not signed by the jobs that made it:", value=signed.reason)
    return signed.reason


def figures(archive: Archive) -> str:
    """Check that every figure comes out of the predictions and outcomes again."""
    again = reproduce(archive.run)
    if again.differences:
        raise IntegrityFailure("Figures do not come out again:", value=in_words(again.differences))
    return "every figure came out of the predictions again"


def audit(archive: Archive) -> str:
    """Check that the audit comes out of predictions and groups again, and its pages and public report out of that."""
    run = archive.run
    report = run.read(Fairness)
    again = audit_by(run, groups.decode((archive.folder / groups.FILE).read_bytes()), report.policy)
    if differing := differences(report.as_json(), again.as_json()):
        raise IntegrityFailure("The audit does not come out again:", value=in_words(differing))
    if run.has("fairness.html") and run.path("fairness.html").read_text(encoding="utf-8") != fairness_page(report):
        raise IntegrityFailure("The page of the audit differs from its report.")
    published = run.find(PublicFairness)
    if published is not None and public_report(report) != published:
        raise IntegrityFailure("The public audit does not come out of the audit again.")
    return "the audit came out of predictions and groups again"


def card(archive: Archive) -> str:
    """Check that the card, made again from the RUN's documents, has the same bytes."""
    run = archive.run
    card = build_card(RunDocuments.of(run), run_id=run.id, manifest_sha256=run.manifest_sha256)
    same = card.encode() == run.path(Card.FILE).read_bytes()
    if not same or card_page(card) != run.path("card.html").read_text(encoding="utf-8"):
        raise IntegrityFailure("The card, made again, has other bytes.")
    signed = signed_card(run, archive.trust)
    return f"made again from the documents, the card has the same bytes; {signed}"


def digest(archive: Archive) -> str:
    """Check that the release digest, which the approvals bind, is that of the RUN, audit, policies and card here."""
    run = archive.run
    gate, documents = run.read(Gate), replace(RunDocuments.of(run), gate=None)
    card = build_card(documents, run_id=run.id, manifest_sha256=run.manifest_sha256)
    report = run.path(Fairness.FILE)
    parts = ReleaseParts(
        run=run.manifest_sha256,
        fairness=sha256_of(report) if report.is_file() else None,
        policies={policy.kind: policy.sha256 for policy in gate.policies},
        card=sha256_of(card.encode()),
        environment=gate.environment,
        state=gate.to,
    )
    if parts.digest != gate.release_digest:
        raise IntegrityFailure("The verdict is about another release than the archive's.", value=gate.release_digest)
    return f"release digest {parts.digest[:16]} binds what is here"
