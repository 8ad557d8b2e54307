"""What pages read of casework, from the day before the first list on."""

from __future__ import annotations

from pathlib import Path

from serving.casework import views
from serving.storage import connect, reading


def test_an_empty_desk_has_nothing_waiting_and_shows_no_place(tmp_path: Path) -> None:
    engine = connect(tmp_path / "desk.sqlite")
    with reading(engine) as connection:
        assert views.must_see_waiting(connection) == ()
        assert views.triage_waiting(connection) == ()
        assert views.decision_waiting(connection) == ()
        assert views.kinds_waiting(connection) == {}
        assert views.used_since(connection, 0) == views.Used(0, 0, 0)
        assert views.places(connection) == views.Places(frozenset(), frozenset())
        assert views.places(connection).closed_because(7) == "ungraded"
        assert views.case_now(connection, "C-0000000000000000") is None
        assert views.referral_now(connection, "F-0000000000000000") is None
        assert views.cases_of(connection, [7]) == {}
        assert views.history(connection, "C-0000000000000000") == ()
    engine.dispose()
