"""What the two people who erase a person sign: whom, why, when, at which place, and what becomes of which file.

Of the changes they sign a hash: the files before and after with their hashes, what the rows that are left hash to, and
how many rows went. Nothing of what is erased is in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from threat.errors import IntegrityFailure, UsageError
from threat.files import sha256_of
from threat.trust.chain import canonical
from threat.trust.folder import Trust
from threat.trust.keys import PublicKey, are_two_people
from threat.trust.signing import Signer, sign, verify

PAYLOAD_TYPE: Final = "application/vnd.threat.erasure-statement+json"
VERB: Final = "approval"
"""A person's word. The key of ``intake`` is a job's: alone it must not be able to erase anybody."""

_ASKED: Final = ("environment", "history", "persons", "previous", "reason")
"""What a statement of before said: what was asked, and not what it does to the rows."""


def require_two_people(trust: Trust, signers: Sequence[Signer]) -> None:
    """Raise UsageError unless the signers are two people, neither of whom registered either key."""
    if len(signers) != 2 or not are_two_people(signers[0].key, signers[1].key, trust.keys):
        raise UsageError(
            "These are not the keys of two people, neither of whom registered either key.",
            value=", ".join(signer.key.name for signer in signers) or "no key",
            way_out="--by FIRST.pem --by SECOND.pem, two keys with the verb approval that a third person registered",
        )


def statements(record: Mapping[str, Any], signers: Sequence[Signer]) -> list[dict[str, Any]]:
    """Return the statements of people on an erasure.

    ``record``: the record of the erasure with environment, history and hash of the record before; without statements.
    """
    return [sign(_said(record), PAYLOAD_TYPE, signer) for signer in signers]


def _said(record: Mapping[str, Any]) -> dict[str, Any]:
    asked = {name: record[name] for name in (*_ASKED, "by", "erased_at")}
    return asked | {"changes_sha256": sha256_of(canonical(record["changes"]))}


def check_statements(record: Mapping[str, Any], trust: Trust, where: str) -> list[PublicKey]:
    """Return the keys of the two people who signed for an erasure; whether they are believed there is asked next.

    A statement of before covers these persons and this reason, at this place; one of today also who signs, when, and
    the changes. Raises IntegrityFailure where two people did not sign for what their statements cover.
    """
    said = (_said(record), {name: record[name] for name in _ASKED})
    keys = []
    for envelope in record["statements"]:
        document, key = verify(envelope, PAYLOAD_TYPE, trust.keys, verb=VERB, ended=True)
        if document not in said:
            raise IntegrityFailure(
                "The record of an erasure holds a statement about another erasure.",
                where=where,
                way_out="restore the store",
            )
        keys.append(key)
    if len(keys) != 2 or not are_two_people(keys[0], keys[1], trust.keys):
        raise IntegrityFailure(
            "The erasure was not signed by two people.",
            value=", ".join(key.name for key in keys) or "nobody",
            where=where,
            way_out="restore the store from a copy of before",
        )
    return keys
