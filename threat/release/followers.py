"""Who is told after a change of what is served: other packages follow the promotions, and never decide on them.

A package adds a follower through the entry-point group ``threat.promotions``; each names a ``Follower``.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path

Follower = Callable[[Path], str | None]
"""Given the folder of the promotions, returns a sentence on what was brought in step, or None."""

GROUP = "threat.promotions"


def tell_followers(var: Path) -> list[str]:
    """Tell every follower that the promotions in ``var`` changed; return their sentences.

    The change is signed and recorded already: a follower that fails is named in a sentence, and nothing is raised.
    """
    sentences = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            follower: Follower = point.load()
            sentence = follower(var)
        except Exception as error:  # a library that is missing, a server that is down: neither undoes a suspension
            first = str(error).partition("\n")[0]
            sentence = f"{point.name} did not follow ({type(error).__name__}: {first}). Later: threat mirror"
        if sentence is not None:
            sentences.append(sentence)
    return sentences
