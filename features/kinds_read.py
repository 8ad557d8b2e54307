"""Kinds of the vocabulary that a list of names means: kinds, themes, crimes, any."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache

from threat.errors import UsageError
from threat.vocabulary import Kind, kinds, themes

RECORD_KEEPING = "record_keeping"
"""Theme of rows that say something about other rows (a withdrawal) or about who is who; no group holds them."""

RELATIONSHIP_RECORDED = "relationship_recorded"
"""The kind of row that states what two persons are to each other, by its code; read where a definition names it."""

NEVER_READ = "withdrawn"
"""The kind of row that takes another row back; no definition may name it."""


@cache
def expand(names: tuple[str, ...], *, in_advance: bool = False) -> frozenset[str]:
    """Return the kind names meant by ``names`` (kinds, ``@theme``, ``@crime``, ``@any``; empty means none).

    ``in_advance`` False leaves kinds known in advance out of the groups, True keeps only them there; a kind named
    itself always stays. Raises UsageError for a name that is neither a kind nor a group.

    >>> sorted(expand(("@custody",)) | expand(("murder",)))
    ['arrest', 'bail_granted', 'custody', 'hold', 'murder']
    >>> sorted(expand(("@custody",), in_advance=True))
    ['bail_end', 'licence_end', 'release']
    """
    out: set[str] = set()
    for name in names:
        if not name.startswith("@"):
            if name not in kinds():
                raise _unknown(name, kinds())
            out.add(name)
            continue
        group = name[1:]
        if group not in {"any", "crime", *themes()}:
            raise _unknown(name, [f"@{theme}" for theme in ("any", "crime", *themes())])
        out |= {
            kind.name for kind in kinds().values() if _in_group(kind, group) and kind.known_in_advance == in_advance
        }
    return frozenset(out)


def _in_group(kind: Kind, group: str) -> bool:
    if kind.theme == RECORD_KEEPING:
        return False
    return group == "any" or (group == "crime" and kind.crime) or kind.theme == group


def _unknown(name: str, names: Iterable[str]) -> UsageError:
    near = get_close_matches(name, list(names), n=3)
    return UsageError(
        "This name is not a kind or group of the vocabulary.",
        value=name,
        way_out=f"did you mean {' or '.join(near)}?"
        if near
        else "see threat/vocabulary.csv; groups are @theme, @crime, @any",
    )
