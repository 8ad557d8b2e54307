"""Statements in their envelopes: read from an approvals file, verified against the key list, signed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from threat.errors import BadInput, IntegrityFailure, ThreatError, UsageError
from threat.files import sha256_of
from threat.release.documents.approvals import Approvals
from threat.release.statements import BODY, Said, Statement
from threat.trust.chain import canonical
from threat.trust.folder import Trust
from threat.trust.signing import Signer, sign

STATEMENT_TYPE = "application/vnd.threat.statement+json"

Envelopes = list[dict[str, Any]]


def read_envelopes(path: Path) -> Envelopes:
    """Read the signed statements of an approvals file.

    Raises UsageError when the file is missing, BadInput when it is malformed.
    """
    if not path.is_file():
        raise UsageError("The approvals file is missing.", where=str(path), way_out="make it: threat approve RUN")
    try:
        return Approvals.read_file(path).envelopes()
    except ThreatError as error:
        raise BadInput(
            "The approvals file cannot be read.",
            value=error.value or error.problem,
            where=str(path),
            way_out="make it with: threat approve RUN",
        ) from None


def verified_statements(envelopes: Iterable[Any], trust: Trust) -> list[Statement]:
    """Return each statement with the name and role its *key* has, and the holder who registered that key.

    A statement by a key that was revoked since is returned too, marked ``revoked``: it is shown, and does not count.
    Raises IntegrityFailure when a signature does not hold, BadInput for a statement of another form, such as an
    acceptance of a check by the number it had before checks had names.
    """
    statements, vouched = [], trust.with_revoked_keys()
    for envelope in envelopes:
        said, key = vouched.verify(envelope, STATEMENT_TYPE, "approval")
        try:
            body = BODY.validate_python(said)
        except ValidationError as error:
            problems = [
                f"{'.'.join(map(str, problem['loc']))}: {problem['msg'].removeprefix('Value error, ')}"
                for problem in error.errors(include_url=False)
            ]
            raise BadInput(
                f"The statement signed by {key.name} has not the form of a statement.",
                value="; ".join(problems),
                way_out="take the statement out of the approvals file and sign again: threat approve RUN",
            ) from None
        registrar = trust.keys.get(key.registered_by)
        statements.append(
            Statement(
                by=key.name,
                role=key.role,
                environment=key.environment,
                body=body,
                key_id=key.key_id,
                registered_by="" if registrar is None else registrar.name,
                sha256=sha256_of(canonical(said)),
                revoked=trust.keys[key.key_id].state == "revoked",
            )
        )
    return statements


def lost_statements(earlier: Envelopes, given: Envelopes, trust: Trust) -> list[Statement]:
    """Return the statements of earlier envelopes that none of the given envelopes holds.

    Raises what ``verified_statements`` raises for the given envelopes. An earlier envelope that no key on the list
    ever verified (of another trust) is nobody's word, and may go.
    """
    present = {(signed.sha256, signed.key_id) for signed in verified_statements(given, trust)}
    lost = []
    for envelope in earlier:
        try:
            [signed] = verified_statements([envelope], trust)
        except (BadInput, IntegrityFailure):
            continue
        if (signed.sha256, signed.key_id) not in present:
            lost.append(signed)
    return lost


def statement(body: Said, signer: Signer) -> dict[str, Any]:
    """Return a signed statement (a DSSE envelope)."""
    return sign(body.model_dump(mode="json", exclude_none=True), STATEMENT_TYPE, signer)
