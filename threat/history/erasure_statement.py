"""What the two people who erase a person sign: the history, its head, whom and why. Nothing of what is erased."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from threat.errors import IntegrityFailure, UsageError
from threat.trust.folder import Trust
from threat.trust.keys import are_two_people
from threat.trust.signing import Signer, sign

PAYLOAD_TYPE: Final = "application/vnd.threat.erasure-statement+json"
VERB: Final = "approval"
"""A person's word. The key of ``intake`` is a job's: alone it must not be able to erase anybody."""

_SAID = ("environment", "history", "persons", "previous", "reason")


def statements(record: Mapping[str, Any], trust: Trust, signers: Sequence[Signer]) -> list[dict[str, Any]]:
    """Return the statements of two people on an erasure. Raises UsageError where the two are not two people.

    ``record``: the fields of the record that are said (environment, history, persons, previous, reason).
    """
    if len(signers) != 2 or not are_two_people(signers[0].key, signers[1].key, trust.keys):
        raise UsageError(
            "These are not the keys of two people, neither of whom registered either key.",
            value=", ".join(signer.key.name for signer in signers) or "no key",
            way_out="--by FIRST.pem --by SECOND.pem, two keys with the verb approval that a third person registered",
        )
    said = {name: record[name] for name in _SAID}
    return [sign(said, PAYLOAD_TYPE, signer) for signer in signers]


def check_statements(record: Mapping[str, Any], trust: Trust, where: str) -> None:
    """Refuse an erasure that two people did not sign for: these persons, this reason, at this place of the history."""
    said = {name: record[name] for name in _SAID}
    keys = []
    for envelope in record["statements"]:
        document, key = trust.verify(envelope, PAYLOAD_TYPE, VERB)
        if document != said:
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
