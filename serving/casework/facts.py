"""One act that was done to a case, as the rules read it: no text that a person typed, only codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Fact:
    """One act on a case. ``kind``: the act of ``transitions.yaml``, ``grade``. ``at``: when written, UTC seconds.

    ``by``: reference of who did it (``U-...``, or ``engine``); of an act that needs two, who confirmed it. ``codes``:
    what decides and is counted, ``{"grade": "act_today"}``. ``act_id``: of the form or request, unique.
    """

    kind: str
    at: int
    by: str
    codes: Mapping[str, str] = field(default_factory=dict)
    act_id: str = ""
