"""state_is: whether the latest code is one of some."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from features.definitions import Definition
from features.statistics.state_yes import PASSED_OVER, Codes, StateYes

SAY_NOTHING = ("", "unknown")
"""Codes that say nothing of a state: an older statement still holds."""


def codes_asked(codes: Iterable[str]) -> Codes:
    """Return the table of a question after some codes: these 1, others 0, and what says nothing is passed over.

    >>> dict(codes_asked(("parent", "child"))[0])["parent"]
    1.0
    """
    return (*((code, PASSED_OVER) for code in SAY_NOTHING), *((code, 1.0) for code in codes)), 0.0


class StateIs(StateYes):
    """1 when the code of the latest matching event in the window is one of ``codes``, 0 when it is another.

    ``codes`` say what is asked for and do not narrow the events. An event without a code, or with the code unknown, is
    passed over for an older one.

    >>> from features.events import ago
    >>> stated = [ago(20, kind="relationship_recorded", code="current_partner")]
    >>> stated += [ago(10, kind="relationship_recorded", code="ex_partner")]
    >>> kinds = {"kinds": ("relationship_recorded",), "codes": ("ex_partner",)}
    >>> StateIs().example(*stated, **kinds), StateIs().example(stated[0], **kinds)
    (1.0, 0.0)
    >>> StateIs().example(*stated, ago(5, kind="relationship_recorded", code="unknown"), **kinds)
    1.0
    """

    name = "state_is"
    words = "1 when the latest code is one of those named, 0 when it is another; unknown is passed over"
    nothing = "missing: never recorded, or only as unknown"
    ties = "of codes recorded for one instant in one second, the one listed first in the vocabulary"
    codes: ClassVar[tuple[str, ...]] = ()
    codes_ask = True
    no_direction = "what two persons are to each other is not what was done"

    def table(self, d: Definition) -> Codes:
        """Return 1 for the definition's codes."""
        return codes_asked(d.codes)

    def problems(self, d: Definition) -> Iterable[tuple[str, object]]:
        """Yield a definition that asks for no code, and a code that is passed over."""
        if not d.codes:
            yield f"{self.name} needs codes, which are missing.", d.codes
        for code in d.codes:
            if code in SAY_NOTHING:
                yield f"{self.name} passes this code over, so that it cannot be asked for.", code
