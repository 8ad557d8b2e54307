"""The card signed by the job that made it: an in-toto statement on its bytes, with what went in and with which code.

The card is made again by whoever checks, so the statement adds who made it, of which documents, at which commit and
with which lock file. It is no evidence of the gate: the gate reads the documents, never the card.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from threat.checkout import code
from threat.errors import IntegrityFailure, UsageError
from threat.files import sha256_of
from threat.measuring.counts import plural
from threat.release.attestations import PAYLOAD_TYPE, STATEMENT, VERB
from threat.release.documents.attestations import CardStatement
from threat.release.documents.card import Card
from threat.release.evidence import RunDocuments
from threat.release.runs import Run
from threat.trust.folder import Trust
from threat.trust.signing import sign

CARD: Final = "urn:threat:card:v1"
PAGE: Final = "card.html"
UNSIGNED: Final = "no job signed this card"


def attest_card(run: Run, trust: Trust) -> bool:
    """Sign the card that this process has just written into a RUN; return False where it has no key for evidence.

    A person without such a key makes a card too: it is then signed by no job, and says so where it is checked.
    """
    if not trust.exists:
        return False
    try:
        signer = trust.signer(VERB)
    except UsageError:
        return False
    inputs = {document.FILE: sha256_of(run.path(document.FILE)) for document in RunDocuments.of(run).present()}
    statement = {
        "_type": STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": sha256_of(run.path(name))}} for name in (Card.FILE, PAGE)],
        "predicateType": CARD,
        "predicate": {
            "run_id": run.id,
            "run_manifest_sha256": run.manifest_sha256,
            "inputs": inputs,
            "code": asdict(code()),
        },
    }
    run.write(CardStatement.model_validate({"envelope": sign(statement, PAYLOAD_TYPE, signer)}))
    return True


def card_signed(statement: CardStatement | None, card: bytes, trust: Trust, inputs: dict[str, str]) -> str:
    """Say which job made a card, of what and with which code; that none signed it, where none did.

    ``card``: the bytes of ``card.json``. ``inputs``: SHA-256 of the documents that are here, by name; those that the
    statement does not name, and that are not here, are not compared. Raises IntegrityFailure for a signature that does
    not verify, and for a statement on this card that names other documents.
    """
    if statement is None:
        return UNSIGNED
    if not trust.exists:
        return f"{UNSIGNED} that a key here could verify"
    signed, key = trust.verify(statement.envelope.model_dump(mode="json"), PAYLOAD_TYPE, VERB)
    try:
        digests = {str(item["name"]): str(item["digest"]["sha256"]) for item in signed["subject"]}
        predicate: dict[str, Any] = signed["predicate"]
        named, made_with = dict(predicate["inputs"]), predicate["code"]
        commit, lock = made_with["commit"], made_with["lock_sha256"]
    except (KeyError, TypeError, ValueError) as error:
        raise IntegrityFailure("The statement on the card has not the form of in-toto.", value=error) from None
    if digests.get(Card.FILE) != sha256_of(card):
        return f"{UNSIGNED}; {key.name} signed an earlier one"
    if other := sorted(name for name in inputs.keys() & named.keys() if inputs[name] != named[name]):
        raise IntegrityFailure("The statement on the card names other documents.", value=", ".join(other))
    where = f"commit {commit[:12]}, lock file {lock[:12]}" if commit and lock else "an installed product"
    return f"made by {key.name} of {plural(len(named), 'document')}, with {where}"
