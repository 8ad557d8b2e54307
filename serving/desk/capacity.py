"""How full the cycle is, said aloud: what the unit can review, what it has graded and seen, what still waits."""

from __future__ import annotations

from sqlalchemy import Connection

from serving.casework import views
from serving.desk.list_view import ListView
from serving.desk.words import counted
from threat.asof import DAY


def capacity_said(connection: Connection, view: ListView, at: int) -> str:
    """Return how full the cycle is at ``at`` (UTC seconds), and by how much it is over."""
    days, capacity = view.policy.cycle_days, view.listed.basis.capacity
    used = views.used_since(connection, at - days * DAY)
    waiting = len(views.must_see_waiting(connection)) + len(views.triage_waiting(connection))
    cycle = "This week" if days == 7 else f"In {counted(days, 'day')}"
    said = f"{cycle}: {counted(capacity, 'place')}; {used.graded:,} used; must-see took {used.seen:,}; "
    said += f"{waiting:,} waiting."
    if used.graded + waiting > capacity:
        said += f" That is {used.graded + waiting - capacity:,} more than the unit reviews: tell your supervisor."
    return said
