"""Random acts of several people and lists, against everything that must hold whatever they do."""

from __future__ import annotations

import pytest
from fixtures.drawn import limits
from fixtures.random_acts import Acts
from hypothesis.stateful import run_state_machine_as_test


@pytest.mark.drawn
def test_whatever_people_do_it_holds() -> None:
    run_state_machine_as_test(Acts, settings=limits(80, steps=25))
