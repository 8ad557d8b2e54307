"""Drawn mutations of everything that is served or trusted: none goes unnoticed, and none ends in a traceback.

Those of the history (parts, manifest, arrays) are in test_store_mutations.py. ``python tests/attacks/count.py`` prints
how many were drawn and found.
"""

from __future__ import annotations

import pytest
from fixtures.attacked import Installation, targets, unnoticed_rows
from fixtures.mutations import drawn, unnoticed

NAMES = ("list", "current.json", "audit log files", "keys", "promotions", "bundle", "RUN")
QUICK, MANY = 12, 90
"""Mutations of each target: a few in the suite, and with the rows of the log over 700 behind ``long``."""


def missed(made: Installation, count: int, seed: int) -> list[str]:
    found = [sentence for target in targets(made) for sentence in unnoticed(target, count, seed)]
    return found + unnoticed_rows(made, count, seed)


def test_no_drawn_mutation_goes_unnoticed(made: Installation) -> None:
    assert missed(made, QUICK, seed=1) == []


@pytest.mark.long
@pytest.mark.parametrize("seed", [2, 3])
def test_none_of_many_drawn_mutations_goes_unnoticed(made: Installation, seed: int) -> None:
    assert missed(made, MANY, seed) == []


def test_every_part_is_a_target_and_a_draw_changes_its_file(made: Installation) -> None:
    parts = targets(made)
    assert tuple(target.name for target in parts) == NAMES
    for target in parts:
        mutations = list(drawn(target, 20, seed=4))
        assert len(mutations) == 20
        assert all(mutation.content != mutation.path.read_bytes() for mutation in mutations)
    assert (len(NAMES) + 1) * MANY >= 500
