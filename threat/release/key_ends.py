"""The end of a key: how far what it signed stays believed, and which records of which chain would not be.

The last witness that the ended keys did not sign says how far; with a time, the last one before that time. So nothing
that a thief signed after the theft is believed, however it is dated, and all that governance saw before stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from threat.asof import show
from threat.errors import ThreatError, UsageError, raise_all
from threat.release.chains import Chain, Line, chains
from threat.trust import key_list, witness
from threat.trust.ends import End, ended_by, record_of, registered_through
from threat.trust.folder import Trust
from threat.trust.key_list import KeyList
from threat.trust.keys import Keys, PublicKey
from threat.trust.signing import Signer
from threat.trust.witness import Witnessed

_LEAST_DIGITS = 8
"""Digits of a key id or a record's hash that stand for the whole: fewer could name another by a slip."""

_NAMED = 5
"""Records of a chain that a message names; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked: ``action`` (retire or revoke), the key, why, which keys that it registered stay, and when.

    ``since``: int64 UTC seconds from which on the key may have been in other hands; None: since the last witness.
    ``although``: end the key although records of it are then not believed.
    """

    action: str
    key_id: str
    reason: str
    keep: tuple[str, ...]
    at: int
    since: int | None = None
    although: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """What the end of a key did. ``with_it``: keys that ended with it. ``kept``: keys that it registered and that stay.

    ``last``: the witness up to which the keys stay believed; None where none is. ``not_believed``: by chain.
    """

    key: PublicKey
    with_it: tuple[PublicKey, ...]
    kept: tuple[PublicKey, ...]
    last: Witnessed | None
    not_believed: tuple[tuple[Chain, tuple[Line, ...]], ...]


def end_key(trust: Trust, signer: Signer, asked: Asked, store: Path, var: Path) -> Ended:
    """End a key, and with a revoked governance key those that it registered, and return what that did.

    ``store``, ``var``: where the chains are looked for. Raises UsageError for a key that is not on the list or ended
    already, and, naming every chain, where records would no longer be believed and this was not asked for.
    """
    assert trust.folder is not None  # Trust.signer raised where no trust folder exists
    key = named_key(trust.keys, asked.key_id)
    keep = tuple(named_key(trust.keys, kept).key_id for kept in asked.keep)
    revokes = asked.action == "revoke"
    registered = registered_through(key, trust.keys, signer.key) if revokes else {}
    going = registered_through(key, trust.keys, signer.key, keep) if revokes else {}
    last = _last_witness(trust.witnessed, {key.key_id, *going} if revokes else set(), asked.since)
    end = End(asked.reason, asked.at, witness.heads_until(trust.witnessed, last), keep)
    # A key that is ended already, or kept without reason, is refused where the line is written.
    ended = {} if key.state == "revoked" else _ended(trust, signer, asked.action, key, end)
    lost = tuple(not_believed(replace(trust, keys={**trust.keys, **ended}), store, var, set(ended)))
    if lost and not asked.although:
        raise_all(_stops(asked.action, lost))
    write = key_list.revoke if revokes else key_list.retire
    after: KeyList = write(trust.folder, key.key_id, signer, end)
    kept = tuple(listed for listed in registered.values() if listed.key_id not in going and listed.in_force)
    return Ended(after.keys[key.key_id], tuple(after.keys[listed] for listed in going), kept, last, lost)


def not_believed(
    trust: Trust, store: Path, var: Path, of_keys: set[str] | None = None
) -> list[tuple[Chain, tuple[Line, ...]]]:
    """Return the records of each chain that are not believed. ``of_keys``: only those by one of these keys."""
    named = []
    for chain in chains(store, var, trust):
        lines = chain.not_believed(trust.belief(chain.name))
        mine = tuple(line for line in lines if of_keys is None or line.key_ids & of_keys)
        if mine:
            named.append((chain, mine))
    return named


def named_key(keys: Keys, digits: str) -> PublicKey:
    """Return the one key whose id begins with these digits. Raises UsageError for none, several or too few digits."""
    named = [key for key_id, key in keys.items() if key_id.startswith(digits.lower())]
    if len(digits) < _LEAST_DIGITS or len(named) != 1:
        raise UsageError(
            f"{len(named)} keys of the list begin with these digits."
            if len(digits) >= _LEAST_DIGITS
            else f"A key is named by {_LEAST_DIGITS} digits of its id or more.",
            value=digits,
            way_out="see: threat keys",
        )
    return named[0]


def named_lines(chain: Chain, digits: Sequence[str]) -> list[Line]:
    """Return the records of a chain by the first digits of their hashes, in order. Raises UsageError as above."""
    named = []
    for digest in digits:
        lines = [line for line in chain.lines if line.hash.startswith(digest.lower())]
        if len(digest) < _LEAST_DIGITS or len(lines) != 1:
            raise UsageError(
                f"{len(lines)} records of the {chain.name} begin with these digits."
                if len(digest) >= _LEAST_DIGITS
                else f"A record is named by {_LEAST_DIGITS} digits of its hash or more.",
                value=digest,
                where=str(chain.path),
                way_out="see: threat chains",
            )
        named += lines
    return sorted(named, key=lambda line: line.sequence)


def _ended(trust: Trust, signer: Signer, action: str, key: PublicKey, end: End) -> dict[str, PublicKey]:
    try:
        return ended_by(trust.keys, record_of(key.key_id, action, end), signer.key)
    except ValueError:
        return {}  # said in words by the writing of the line


def _last_witness(witnessed: Sequence[Witnessed], ended: set[str], since: int | None) -> Witnessed | None:
    """Return the last witness that none of the ended keys signed, and that is of before ``since``."""
    return next(
        (
            record
            for record in reversed(witnessed)
            if record.key_id not in ended and (since is None or record.at < since)
        ),
        None,
    )


def _stops(action: str, lost: Sequence[tuple[Chain, tuple[Line, ...]]]) -> list[ThreatError]:
    """Return, for each chain, what would no longer be believed and what to do about it."""
    if action == "retire":
        way_out = "have governance sign a witness first, which covers them: threat witness; then retire the key"
    else:
        way_out = (
            "judge them first, one by one, and nothing stops: threat vouch, threat exclude; or end the key at once "
            "with --although-not-believed and judge them afterwards"
        )
    return [
        UsageError(
            f"Records of the {chain.name} would not be believed ({len(lines)} of them): {chain.effect}.",
            value=said(lines),
            where=str(chain.path),
            way_out=way_out,
        )
        for chain, lines in lost
    ]


def said(lines: Sequence[Line]) -> str:
    """Return records in words: number and first digits of the hash, the first few of them."""
    shown = ", ".join(f"record {line.sequence + 1} ({line.hash[:16]})" for line in lines[:_NAMED])
    return shown + (f" and {len(lines) - _NAMED} more" if len(lines) > _NAMED else "")


def said_of(last: Witnessed | None) -> str:
    """Return in words up to where ended keys stay believed."""
    if last is None:
        return "No witness of before exists: no record of a chain is believed."
    return f"What it signed up to the witness of {show(last.at)} by {last.by} stays believed."
