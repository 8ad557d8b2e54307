"""Evidence signed by the job that made it: an in-toto statement on every file of a RUN, in a DSSE envelope.

The training signs every sealed file, with what went in: snapshot, code, lock file, policies, settings. Each later job
(audit, comparison, ablation) signs the annexes that the job itself wrote, and a job that trained the RUN again signs
that every sealed file came out. Nothing is signed that the signing job did
not make: an annex that somebody put there stays unsigned, and the gate says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from threat.errors import IntegrityFailure, UsageError
from threat.files import sha256_of
from threat.release.documents.approvals import Approvals
from threat.release.documents.attestations import Attestations, CardStatement, SignedEvidence
from threat.release.documents.card import Card, Human
from threat.release.documents.config import Config
from threat.release.documents.folds import Folds
from threat.release.documents.gate import Gate
from threat.release.documents.provenance import Execution, Provenance
from threat.release.documents.snapshot import SnapshotRead
from threat.release.runs import MANIFEST, Run
from threat.trust.chain import canonical
from threat.trust.folder import Trust
from threat.trust.keys import PublicKey, same_person
from threat.trust.signing import Signer, sign

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
STATEMENT: Final = "https://in-toto.io/Statement/v1"
TRAINING: Final = "urn:threat:training:v1"
ANNEX: Final = "urn:threat:annex:v1"
RETRAINING: Final = "urn:threat:retraining:v1"
"""Types of the predicates: names, not addresses, because nothing is looked up in a police network."""

VERB: Final = "evidence"

NOT_COMPARED: Final = frozenset({Folds.FILE})
"""Sealed files that a repeated training need not come to: other RUNs may have opened the test meanwhile, and folds.json
names them. Its dates are in evaluation.json too."""

NOT_EVIDENCE: Final = frozenset(
    {
        Attestations.FILE, Approvals.FILE, Gate.FILE, Card.FILE, "card.html", CardStatement.FILE, Human.FILE,
        Execution.FILE,
    }
)  # fmt: skip
"""Annexes that the gate asks no job to sign: people sign statements, the release signs gate and card in the bundle,
approvals bind what people provide, and nothing depends on how long a training took."""


def attest_training(run: Run, trust: Trust) -> bool:
    """Sign every file of a RUN that this process has just sealed; return False where no trust folder exists.

    Raises UsageError where a trust folder exists and this process has no key for evidence.
    """
    if not trust.exists:
        return False
    signer = trust.signer(VERB)
    digests = run.sealed_sha256() | {MANIFEST: run.manifest_sha256}
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


@dataclass(frozen=True, slots=True)
class SecondSigner:
    """Who trained a RUN again. ``training``: SHA-256 of the statement of the first training, as it was verified."""

    signer: Signer
    training: str


def attest_retraining(run: Run, code: Provenance, second: SecondSigner) -> None:
    """Sign that this process trained an opened RUN again, and that every sealed file came out: the caller compared.

    What is signed is the manifest that was verified when the RUN was opened, whatever is in its folder by now.
    ``code``: with which code, libraries and platform. ``second``: see ``second_signer``. Raises IntegrityFailure where
    another statement took the place of the first training's.
    """
    earlier = [envelope.model_dump(mode="json") for envelope in run.read(Attestations).envelopes]
    if not earlier or sha256_of(canonical(earlier[0])) != second.training:
        raise IntegrityFailure(
            "The statement of the training is another than before the training was repeated.",
            where=str(run.path(Attestations.FILE)),
            way_out="find out who writes the RUN's folder, and repeat the training: threat verify-training RUN",
        )
    predicate = {
        "run_id": run.id,
        "run_manifest_sha256": run.manifest_sha256,
        "previous": sha256_of(canonical(earlier[-1])),
        "code": code.as_json(),
    }
    run.write(Attestations.of([*earlier, _signed(RETRAINING, _retrained_files(run), predicate, second.signer)]))


def second_signer(run: Run, trust: Trust, key: Path | None = None) -> SecondSigner:
    """Return who signs a retraining: with a key for evidence, of another holder than the training's.

    Raises UsageError for a key of the same holder, where no key is, and where no job signed the training.
    """
    signer = trust.signer(VERB, key)
    attestations = run.find(Attestations)
    if attestations is None:
        raise UsageError(
            "No job signed the training of the RUN, so there is nothing to vouch for a second time.",
            where=str(run.directory),
            way_out="train again with the key of the training job",
        )
    training = attestations.envelopes[0].model_dump(mode="json")
    _, of_training = trust.verify(training, PAYLOAD_TYPE, VERB)
    if _is_same(signer.key, of_training):
        raise UsageError(
            "The key is of the job that trained the RUN: nobody vouches for their own training.",
            value=signer.key.name,
            way_out="repeat the training where another holder has a key for evidence: threat new-key",
        )
    return SecondSigner(signer, sha256_of(canonical(training)))


def _is_same(key: PublicKey, other: PublicKey) -> bool:
    return key.key_id == other.key_id or same_person(key.name, other.name)


def _retrained_files(run: Run) -> dict[str, str]:
    """Return the SHA-256 of every sealed file that a repeated training must come to."""
    return {name: digest for name, digest in run.sealed_sha256().items() if name not in NOT_COMPARED}


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
        verified = _verified(run, envelopes, trust)
    except IntegrityFailure as failure:
        said = failure.problem if failure.value is None else f"{failure.problem} ({failure.value})"
        return SignedEvidence(state="wrong", reason=said[:1].lower() + said[1:].rstrip("."))
    by = tuple(dict.fromkeys(key.name for key in verified.keys))
    present = {entry.name: entry.sha256 for entry in run.annexes() if entry.name not in NOT_EVIDENCE}
    unsigned = sorted(name for name, digest in present.items() if digest != verified.annexes.get(name))
    return SignedEvidence(
        state="incomplete" if unsigned else "signed",
        environment=verified.training.environment,
        by=by,
        key_ids=tuple(dict.fromkeys(key.key_id for key in verified.keys)),
        retrained_by=verified.retrained_by,
        reason=f"no job signed {', '.join(unsigned)}" if unsigned else f"every file signed by {', '.join(by)}",
    )


@dataclass(slots=True)
class _Verified:
    """What statements come to. ``keys``: of whoever made evidence, the training's first. ``annexes``: the digest last
    signed of each. ``retrainers``: keys of whoever trained the RUN again."""

    keys: list[PublicKey] = field(default_factory=list)
    annexes: dict[str, str] = field(default_factory=dict)
    retrainers: list[PublicKey] = field(default_factory=list)

    @property
    def training(self) -> PublicKey:
        return self.keys[0]

    @property
    def retrained_by(self) -> tuple[str, ...]:
        """Return who trained it again: other holders than the training's, with keys of the same environment."""
        others = [
            key.name
            for key in self.retrainers
            if key.environment == self.training.environment and not _is_same(key, self.training)
        ]
        return tuple(dict.fromkeys(others))


def _verified(run: Run, envelopes: list[dict[str, Any]], trust: Trust) -> _Verified:
    """Verify every statement and return what they come to.

    Raises IntegrityFailure for a signature that does not verify, a statement about other files, and a broken order.
    """
    verified = _Verified()
    for number, envelope in enumerate(envelopes):
        statement, key = trust.verify(envelope, PAYLOAD_TYPE, VERB)
        again = number > 0 and statement.get("predicateType") == RETRAINING
        digests = _digests(statement, TRAINING if number == 0 else RETRAINING if again else ANNEX)
        if number == 0:
            verified.keys.append(key)
            if digests != run.sealed_sha256() | {MANIFEST: run.manifest_sha256}:
                raise IntegrityFailure("The statement of the training is about other files than those of the RUN.")
            continue
        predicate = statement["predicate"]
        previous = sha256_of(canonical(envelopes[number - 1]))
        if (predicate.get("run_manifest_sha256"), predicate.get("previous")) != (run.manifest_sha256, previous):
            raise IntegrityFailure("The statement after the training belongs to another RUN or another place.")
        if again:
            if digests != _retrained_files(run):
                raise IntegrityFailure("The statement of a repeated training is about other files than the RUN's.")
            verified.retrainers.append(key)
            continue
        verified.keys.append(key)
        # The last statement on a name counts: an earlier report that was put back is not the one signed last.
        verified.annexes |= digests
    return verified


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
