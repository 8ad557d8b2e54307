"""In which order ungraded cases come: by a keyed hash of the sitting, never by rank; most read files last."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from serving.casework.views import CaseWaiting


def in_order(
    waiting: Sequence[CaseWaiting], place: Callable[[str], str], is_hard: Callable[[CaseWaiting], bool], *, tired: bool
) -> list[CaseWaiting]:
    """Return cases in the order of one sitting: must-see records by their clocks, then the others by ``place``.

    ``place``: a keyed hash of the sitting and the reference of a case, so that the order is another in every sitting
    and nobody can tell a rank from it. ``is_hard``: hard to read; ``tired``: the reader has read many such already, and
    is given others first. Nothing is left out.
    """
    must_see = [case for case in waiting if "must_see" in case.kinds]
    others = sorted((case for case in waiting if "must_see" not in case.kinds), key=lambda case: place(case.id))
    ordered = [*sorted(must_see, key=lambda case: (case.due_at, case.id)), *others]
    return rotated(ordered, is_hard) if tired else ordered


def rotated(cases: Iterable[CaseWaiting], is_hard: Callable[[CaseWaiting], bool]) -> list[CaseWaiting]:
    """Return cases with those that are hard to read last; the order of either stays."""
    return sorted(cases, key=is_hard)
