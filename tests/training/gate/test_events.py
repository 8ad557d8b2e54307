"""The events that a check needs are those of a simulation, and the table of the page is printed by the command."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fixtures.release_commands import run_command

from training.gate.events import calibrated, needed, not_inferior, table
from training.gate.policy import load_gate_policy

PAGE = Path(__file__).parents[3] / "docs" / "governance.md"


def test_the_table_of_the_page_is_what_the_command_prints() -> None:
    printed = run_command("gate-events").stdout.strip()
    assert printed == table(load_gate_policy())
    assert printed in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("discordance", [0.05, 0.2])
def test_a_model_exactly_as_good_is_found_not_inferior_in_80_of_100_tests(discordance: float) -> None:
    """Drawn: each event is caught by the model alone, by the ranking alone, or by both or neither."""
    events, margin, tests = not_inferior(discordance, 0.05), 0.05, 4_000
    rng = np.random.default_rng(5)
    alone = rng.multinomial(events, [discordance / 2, discordance / 2, 1 - discordance], size=tests)
    difference = (alone[:, 0] - alone[:, 1]) / events
    error = np.sqrt((alone[:, 0] + alone[:, 1]) / events - difference**2) / np.sqrt(events)
    assert np.mean(difference - 1.96 * error > -margin) == pytest.approx(0.8, abs=0.03)


def test_an_exact_model_is_found_calibrated_in_80_of_100_tests() -> None:
    """Drawn: observed events are Poisson about those expected; the interval is that of their logarithm."""
    events, tests = calibrated(np.log(1.25)), 20_000
    observed = np.random.default_rng(5).poisson(events, size=tests)
    log_ratio, error = np.log(observed / events), 1 / np.sqrt(observed)
    low, high = log_ratio - 1.96 * error, log_ratio + 1.96 * error
    assert np.mean((low >= np.log(0.8)) & (high <= np.log(1.25))) == pytest.approx(0.8, abs=0.03)


def test_what_a_policy_changes_changes_the_table() -> None:
    policy = load_gate_policy()
    numbers = policy.numbers.model_copy(update={"not_inferior_by": 0.04, "least_events": 80})
    changed = needed(policy.model_copy(update={"numbers": numbers}))
    assert changed[0].events == 80
    assert [row.events for row in changed if "as good" in row.when] == [50, 246, 491]
