"""How a key ends, and what ends with it: the rule by which a line of the key list that ends a key is followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from threat.trust.belief import Heads, earlier_of
from threat.trust.chain import Head
from threat.trust.keys import Keys, KeyState, PublicKey

_ENDS: Final[Mapping[str, KeyState]] = {"retire": "retired", "revoke": "revoked"}
"""State of a key after each action that ends the key."""


@dataclass(frozen=True, slots=True)
class End:
    """How a key ends. ``until``: the head of each chain up to which what the key signed stays believed.

    ``keep``: ids of keys that a revoked governance key registered and that stay in force: whoever signs the end vouches
    for them. ``at``: int64 UTC seconds.
    """

    reason: str
    at: int
    until: Heads = field(default_factory=dict)
    keep: tuple[str, ...] = ()


def record_of(key_id: str, action: str, end: End) -> dict[str, Any]:
    """Return the line, not signed yet, that ends a key (``action``: retire or revoke)."""
    heads = {name: {"count": head.count, "hash": head.hash} for name, head in sorted(end.until.items())}
    record = {"action": action, "key_id": key_id, "reason": end.reason, "at": end.at, "until": heads}
    return record | ({"keep": sorted(end.keep)} if action == "revoke" else {})


def ended_by(keys: Keys, record: Mapping[str, Any], by: PublicKey) -> dict[str, PublicKey]:
    """Return the keys that a line ends. A line of before named no heads, and ended one key alone."""
    state = _ENDS[record["action"]]
    key = keys[record["key_id"]]
    if key.state == "revoked":
        raise ValueError(f"the key of {key.name} is revoked already")
    if "until" not in record:
        return {key.key_id: replace(key, state=state)}
    until = {str(name): Head(int(head["count"]), str(head["hash"])) for name, head in record["until"].items()}
    ended = [key]
    if state == "revoked":
        with_it = registered_through(key, keys, by)
        if unknown := sorted(set(record["keep"]) - with_it.keys()):
            raise ValueError(f"it keeps keys that the key of {key.name} did not register: {', '.join(unknown)}")
        ended += registered_through(key, keys, by, tuple(record["keep"])).values()
    return {listed.key_id: replace(listed, state=state, until=earlier_of(listed.until, until)) for listed in ended}


def registered_through(key: PublicKey, keys: Keys, by: PublicKey, keep: tuple[str, ...] = ()) -> dict[str, PublicKey]:
    """Return the keys, not revoked yet, that a key registered, and that those registered in turn.

    ``by``: the key that signs the end, which never ends itself so. ``keep``: ids that stay, with what they registered.
    """
    with_it: dict[str, PublicKey] = {}
    registrars = {key.key_id}
    for listed in keys.values():  # in the order of the list: a registrar comes before what it registered
        stays = listed.key_id in (key.key_id, by.key_id, *keep)
        if listed.registered_by in registrars and not stays:
            registrars.add(listed.key_id)
            if listed.state != "revoked":
                with_it[listed.key_id] = listed
    return with_it
