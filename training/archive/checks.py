"""Checking an archive with nothing but the archive: no history, no service, no network. Each check is red or green."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from fairness.page import page as fairness_page
from fairness.runs import audit_by
from model_cards.card import build as build_card
from model_cards.page import page as card_page
from threat.errors import BadInput, IntegrityFailure, ThreatError
from threat.files import sha256_of
from threat.measuring.figure import Verdict
from threat.release.attestations import signed_evidence
from threat.release.digest import ReleaseParts
from threat.release.documents.card import Card
from threat.release.documents.document import json_object
from threat.release.documents.fairness import Fairness
from threat.release.documents.gate import Gate
from threat.release.evidence import RunDocuments
from threat.release.runs import Run
from threat.trust.chain import canonical
from threat.trust.folder import Trust
from training.archive import groups
from training.archive.build import FORMAT, INDEX, PAYLOAD_TYPE, RUN, SIGNATURE, TRUST, VERB
from training.evaluation.differences import differences, in_words
from training.evaluation.reproduce import reproduce

Colour = Literal["green", "red", "not checked"]


@dataclass(frozen=True, slots=True)
class Line:
    """One check of an archive. ``says``: what was found, in words."""

    check: str
    colour: Colour
    says: str


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive that is being checked. ``trust``: whose keys count; ``carried``: True for the list in the archive."""

    folder: Path
    index: dict[str, Any]
    trust: Trust
    carried: bool

    @property
    def run(self) -> Run:
        """The RUN in a governance archive, verified."""
        return Run.open(self.folder / RUN)


def verify(folder: Path, trust_folder: Path | None = None) -> list[Line]:
    """Check an archive and return a line for each check, those that need nothing else first.

    ``trust_folder``: the key list to go by; None: the one in the archive, whose root must be compared with another
    source. Raises BadInput where the folder is no archive.
    """
    if not (folder / INDEX).is_file() or not (folder / SIGNATURE).is_file():
        raise BadInput("This folder is no archive of a release.", where=str(folder), way_out="threat archive RUN")
    index = json_object((folder / INDEX).read_bytes(), INDEX)
    if index.get("format") != FORMAT:
        raise BadInput("The archive is of another format.", value=index.get("format"), way_out=FORMAT)
    try:
        archive = Archive(folder, index, Trust.open(trust_folder or folder / TRUST), trust_folder is None)
    except ThreatError as error:
        return [Line("keys", "red", _words(error))]
    checks = _GOVERNANCE if index.get("kind") == "governance" else _PUBLIC
    files = _line("files", _files, archive)
    if files.colour == "red":
        # Nothing is computed from files that were changed: the other checks would only repeat that.
        return [files, *(Line(name, "not checked", "files were changed") for name, _ in checks)]
    return [files, *(_line(name, check, archive) for name, check in checks)]


def _line(name: str, check: Callable[[Archive], str], archive: Archive) -> Line:
    try:
        said = check(archive)
    except ThreatError as error:
        return Line(name, "red", _words(error))
    except (KeyError, TypeError, ValueError, OSError) as error:
        # A forged file may be anything at all: whatever it does to a reader, the check did not hold.
        return Line(name, "red", f"cannot be read: {type(error).__name__}: {error}")
    return Line(name, "not checked" if said.startswith("not compared") else "green", said)


def _words(error: ThreatError) -> str:
    return error.problem if error.value is None else f"{error.problem} {error.value}"


def _files(archive: Archive) -> str:
    """Check that the archive holds exactly the files of its index, each with its hash."""
    expected = {str(name): digest for name, digest in archive.index["files"].items()}
    present = dict(_hashes(archive.folder))
    if wrong := sorted(name for name in expected.keys() | present.keys() if expected.get(name) != present.get(name)):
        raise IntegrityFailure("Files were changed, added or removed:", value=", ".join(wrong))
    return f"{len(expected)} files as the index says"


def _hashes(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            raise IntegrityFailure("The archive is wrong: a link is in it.", value=name)
        if path.is_file() and name not in {INDEX, SIGNATURE}:
            yield name, sha256_of(path)


def _signature(archive: Archive) -> str:
    """Check that a key for promotion signed the index."""
    envelope = json_object((archive.folder / SIGNATURE).read_bytes(), SIGNATURE)
    signed, key = archive.trust.verify(envelope, PAYLOAD_TYPE, VERB)
    if canonical(signed) != (archive.folder / INDEX).read_bytes():
        raise IntegrityFailure("The signature is of another index than the archive's.")
    return f"signed by {key.name} ({key.environment})"


def _keys(archive: Archive) -> str:
    """Say whose keys were gone by."""
    root = next((key for key in archive.trust.keys.values() if key.registered_by == key.key_id), None)
    fingerprint = "no root" if root is None else f"root {root.name}, {root.key_id}"
    if archive.carried:
        return f"not compared: the archive's own key list, {fingerprint}; compare that with the force's own word"
    return f"the key list that was named, {fingerprint}"


def _run(archive: Archive) -> str:
    """Check the RUN against its manifest, and the index against the RUN."""
    run = archive.run
    if (run.id, run.manifest_sha256) != (archive.index["run_id"], archive.index["run_manifest_sha256"]):
        raise IntegrityFailure("The archive names another RUN than it holds.", value=archive.index["run_id"])
    return f"{run.id} matches its manifest"


def _evidence(archive: Archive) -> str:
    signed = signed_evidence(archive.run, archive.trust)
    if signed.state != "signed":
        raise IntegrityFailure("The evidence is not signed by the jobs that made it:", value=signed.reason)
    return signed.reason


def _figures(archive: Archive) -> str:
    again = reproduce(archive.run)
    if again.differences:
        raise IntegrityFailure("Figures do not come out again:", value=in_words(again.differences))
    return "every figure came out of the predictions again"


def _audit(archive: Archive) -> str:
    run = archive.run
    report = run.read(Fairness)
    again = audit_by(run, groups.decode((archive.folder / groups.FILE).read_bytes()), report.policy)
    if differing := differences(report.as_json(), again.as_json()):
        raise IntegrityFailure("The audit does not come out again:", value=in_words(differing))
    if run.has("fairness.html") and run.path("fairness.html").read_text(encoding="utf-8") != fairness_page(report):
        raise IntegrityFailure("The page of the audit differs from its report.")
    return "the audit came out of predictions and groups again"


def _card(archive: Archive) -> str:
    """Check that the card, made again from the RUN's documents, has the same bytes."""
    run = archive.run
    card = build_card(RunDocuments.of(run), run_id=run.id, manifest_sha256=run.manifest_sha256)
    same = card.encode() == run.path(Card.FILE).read_bytes()
    if not same or card_page(card) != run.path("card.html").read_text(encoding="utf-8"):
        raise IntegrityFailure("The card, made again, has other bytes.")
    return "made again from the documents, the card has the same bytes"


def _digest(archive: Archive) -> str:
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


def _verdict(archive: Archive) -> str:
    """Check that the verdict follows from its checks, and say what it is."""
    gate = _gate_of(archive)
    follows = Verdict.all_of(check.verdict for check in gate.checks if check.required)
    required = {check.name for check in gate.checks if check.required}
    if follows != gate.verdict or required != set(gate.policy.required[gate.to]):
        raise IntegrityFailure("The verdict does not follow from its checks.", value=gate.verdict.value)
    dissent = f"; {len(gate.dissents)} dissents" if gate.dissents else ""
    return f"{gate.verdict.words.lower()} for {gate.to} in the {gate.environment}, on {gate.on}{dissent}"


def _gate_of(archive: Archive) -> Gate:
    return Gate.parse((archive.folder / RUN / Gate.FILE).read_bytes(), Gate.FILE)


def _page(archive: Archive) -> str:
    """Check that the public card's page is made of the card, and that the card's status is the verdict's."""
    card = Card.parse((archive.folder / RUN / Card.FILE).read_bytes(), Card.FILE)
    if card_page(card) != (archive.folder / RUN / "card.html").read_text(encoding="utf-8"):
        raise IntegrityFailure("The page of the card differs from the card.")
    passed = _gate_of(archive).verdict == Verdict.PASS
    if passed != (card.summary.status == "passed the gate"):
        raise IntegrityFailure("The card says another verdict than the gate's.", value=card.summary.status)
    return f"the page is made of the card: {card.summary.status}"


_Checks = tuple[tuple[str, Callable[[Archive], str]], ...]
_PUBLIC: _Checks = (
    ("signature", _signature),
    ("keys", _keys),
    ("verdict", _verdict),
    ("card", _page),
)
_GOVERNANCE: _Checks = (
    ("signature", _signature),
    ("keys", _keys),
    ("run", _run),
    ("evidence", _evidence),
    ("figures", _figures),
    ("audit", _audit),
    ("card", _card),
    ("digest", _digest),
    ("verdict", _verdict),
)
"""The checks of each kind of archive, in the order they are shown: what is cheap and decides all else first."""
