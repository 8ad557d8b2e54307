"""Evidence signed by the job that made it: an in-toto statement on every file of a RUN, in a DSSE envelope.

The training signs every sealed file, with what went in: snapshot, code, lock file, policies, settings. Each later job
(audit, comparison, ablation) signs the annexes that the job itself wrote. Nothing is signed that the signing job did
not make: an annex that somebody put there stays unsigned, and the gate says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from threat.errors import IntegrityFailure
from threat.files import sha256_of
from threat.release.documents.approvals import Approvals
from threat.release.documents.attestations import Attestations, SignedEvidence
from threat.release.documents.card import Card, Human
from threat.release.documents.config import Config
from threat.release.documents.gate import Gate
from threat.release.documents.manifest import RunManifest
from threat.release.documents.provenance import Execution, Provenance
from threat.release.documents.snapshot import SnapshotRead
from threat.release.runs import MANIFEST, Run
from threat.trust.chain import canonical
from threat.trust.folder import Trust
from threat.trust.keys import PublicKey
from threat.trust.signing import Signer, sign

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
STATEMENT: Final = "https://in-toto.io/Statement/v1"
TRAINING: Final = "urn:threat:training:v1"
ANNEX: Final = "urn:threat:annex:v1"
"""Types of the two predicates: names, not addresses, because nothing is looked up in a police network."""

VERB: Final = "evidence"

NOT_EVIDENCE: Final = frozenset(
    {Attestations.FILE, Approvals.FILE, Gate.FILE, Card.FILE, "card.html", Human.FILE, Execution.FILE}
)
"""Annexes that no job signs: people sign statements, the release signs gate and card in the bundle, approvals bind what
people provide, and nothing depends on how long a training took."""


def attest_training(run: Run, trust: Trust) -> bool:
    """Sign every file of a RUN that this process has just sealed; return False where no trust folder exists.

    Raises UsageError where a trust folder exists and this process has no key for evidence.
    """
    if not trust.exists:
        return False
    signer = trust.signer(VERB)
    files = run.read(RunManifest).files
    digests = {name: facts.sha256 for name, facts in files.items()} | {MANIFEST: run.manifest_sha256}
    config, read = run.read(Config), run.read(SnapshotRead)
    predicate = {
        "run_id": run.id,
        "snapshot": {"id": read.id, "batches": list(read.batches)},
        "catalogue_version": read.catalogue_version,
        "started_at": read.started_at,
        "code": run.read(Provenance).as_json(),
        "settings": config.settings.model_dump(mode="json"),
        "seeds": {"draws": config.settings.seed},
    }
    run.write(Attestations.of([_signed(TRAINING, digests, predicate, signer)]))
    return True


def attest_annexes(run: Run, names: Sequence[str], trust: Trust) -> bool:
    """Sign annexes that this process has just written, after the statements signed before them.

    Return False where no trust folder exists. Raises UsageError where this process has no key for evidence.
    """
    if not trust.exists:
        return False
    signer = trust.signer(VERB)
    earlier = run.find(Attestations)
    envelopes = [] if earlier is None else [envelope.model_dump(mode="json") for envelope in earlier.envelopes]
    digests = {name: sha256_of(run.path(name)) for name in names}
    predicate = {
        "run_id": run.id,
        "run_manifest_sha256": run.manifest_sha256,
        "previous": sha256_of(canonical(envelopes[-1])) if envelopes else None,
    }
    run.write(Attestations.of([*envelopes, _signed(ANNEX, digests, predicate, signer)]))
    return True


def _signed(kind: str, digests: dict[str, str], predicate: dict[str, Any], signer: Signer) -> dict[str, Any]:
    subject = [{"name": name, "digest": {"sha256": digest}} for name, digest in sorted(digests.items())]
    statement = {"_type": STATEMENT, "subject": subject, "predicateType": kind, "predicate": predicate}
    return sign(statement, PAYLOAD_TYPE, signer)


def signed_evidence(run: Run, trust: Trust) -> SignedEvidence:
    """Verify the statements on a RUN's files against the key list, and return what came of that."""
    attestations = run.find(Attestations)
    if attestations is None:
        return SignedEvidence(state="unsigned", reason="no job signed the RUN: it was made without a trust folder")
    if not trust.exists:
        return SignedEvidence(
            state="unsigned", reason="no trust folder exists here, so that no signature on the RUN can be verified"
        )
    envelopes = [envelope.model_dump(mode="json") for envelope in attestations.envelopes]
    try:
        training, annexes, keys = _verified(run, envelopes, trust)
    except IntegrityFailure as failure:
        said = failure.problem if failure.value is None else f"{failure.problem} ({failure.value})"
        return SignedEvidence(state="wrong", reason=said[:1].lower() + said[1:].rstrip("."))
    by, key_ids = (tuple(dict.fromkeys(names)) for names in zip(*((key.name, key.key_id) for key in keys), strict=True))
    environment = training.environment
    present = {entry.name: entry.sha256 for entry in run.annexes() if entry.name not in NOT_EVIDENCE}
    unsigned = sorted(name for name, digest in present.items() if digest != annexes.get(name))
    if unsigned:
        reason = f"no job signed {', '.join(unsigned)}"
        return SignedEvidence(state="incomplete", environment=environment, by=by, key_ids=key_ids, reason=reason)
    reason = f"every file signed by {', '.join(by)}"
    return SignedEvidence(state="signed", environment=environment, by=by, key_ids=key_ids, reason=reason)


def _verified(
    run: Run, envelopes: list[dict[str, Any]], trust: Trust
) -> tuple[PublicKey, dict[str, str], list[PublicKey]]:
    """Return the key of the training, the digest last signed of each annex, and every key in order.

    Raises IntegrityFailure for a signature that does not verify, a statement about other files, and a broken order.
    """
    keys: list[PublicKey] = []
    annexes: dict[str, str] = {}
    for number, envelope in enumerate(envelopes):
        statement, key = trust.verify(envelope, PAYLOAD_TYPE, VERB)
        digests = _digests(statement, TRAINING if number == 0 else ANNEX)
        keys.append(key)
        if number == 0:
            files = {name: facts.sha256 for name, facts in run.read(RunManifest).files.items()}
            if digests != files | {MANIFEST: run.manifest_sha256}:
                raise IntegrityFailure("The statement of the training is about other files than those of the RUN.")
            continue
        predicate = statement["predicate"]
        previous = sha256_of(canonical(envelopes[number - 1]))
        if (predicate.get("run_manifest_sha256"), predicate.get("previous")) != (run.manifest_sha256, previous):
            raise IntegrityFailure("The statement on annexes belongs to another RUN or another place.")
        # The last statement on a name counts: an earlier report that was put back is not the one signed last.
        annexes |= digests
    return keys[0], annexes, keys


def _digests(statement: dict[str, Any], kind: str) -> dict[str, str]:
    """Return the SHA-256 of every subject. Raises IntegrityFailure for a statement of another kind or form."""
    try:
        if (statement["_type"], statement["predicateType"]) != (STATEMENT, kind):
            raise IntegrityFailure("The statement on the RUN is of another kind.", value=statement["predicateType"])
        if not isinstance(statement["predicate"], dict):
            raise TypeError("predicate")
        return {str(item["name"]): str(item["digest"]["sha256"]) for item in statement["subject"]}
    except (KeyError, TypeError) as error:
        raise IntegrityFailure("The statement on the RUN has not the form of in-toto.", value=error) from None


def job_trust() -> Trust:
    """Return the trust of a job that makes evidence. Raises UsageError where it exists and the job has no key."""
    trust = Trust.open()
    if trust.exists:
        # Before the minutes of work that a missing key would waste.
        trust.signer(VERB)
    return trust
