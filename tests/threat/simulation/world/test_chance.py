"""Randomness: fixed values, exactness of the elementary functions, frequencies."""

from __future__ import annotations

import math

import numpy as np
import pytest

from threat.simulation.world import chance, draws

FIRST_KEYS = [47328711072447469, 17354558996540888817]
FIRST_UNIFORMS = [0.587861204207119, 0.8745022971957317]
FIRST_WAIT = [1.3184765345051066]
KEYS = chance.seed_keys(7, "test", np.arange(20_000))


def test_values_are_fixed() -> None:
    """A change of these numbers changes every force ever made from a seed."""
    assert KEYS[:2].tolist() == FIRST_KEYS
    assert chance.uniform(KEYS[:2], "a purpose").tolist() == FIRST_UNIFORMS
    assert chance.exponential(KEYS[:1], "a wait", 10.0).tolist() == FIRST_WAIT


def test_log_and_exp_are_within_a_few_units_of_the_last_place() -> None:
    x = np.concatenate([np.geomspace(1e-300, 1e300, 3001), 1.0 + np.linspace(-1e-6, 1e-6, 101)])
    ours, of_library = chance.log(x), np.array([math.log(v) for v in x])
    assert np.max(np.abs(ours - of_library) / np.maximum(np.spacing(np.abs(of_library)), 2e-16)) < 4
    y = np.linspace(-600, 600, 4001)
    ours, of_library = chance.exp(y), np.array([math.exp(v) for v in y])
    assert np.max(np.abs(ours / of_library - 1)) < 2e-13


def test_compiled_and_array_functions_agree_to_the_bit() -> None:
    x = np.geomspace(1e-9, 1e9, 501)
    assert [draws.log(v) for v in x] == chance.log(x).tolist()
    y = np.linspace(-40, 40, 501)
    assert [draws.exp(v) for v in y] == chance.exp(y).tolist()


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 1.0])
def test_chance_has_its_frequency(share: float) -> None:
    drawn = chance.chance(KEYS, f"share {share}", share).mean()
    assert abs(drawn - share) <= 4 * math.sqrt(max(share * (1 - share), 0) / len(KEYS))


def test_choice_follows_its_shares() -> None:
    drawn = np.bincount(chance.choice(KEYS, "which", [2.0, 1.0, 1.0]), minlength=3) / len(KEYS)
    assert np.allclose(drawn, [0.5, 0.25, 0.25], atol=0.015)


def test_bell_and_exponential_have_their_moments() -> None:
    bell, wait = chance.bell(KEYS, "bell"), chance.exponential(KEYS, "wait", 3.0)
    assert abs(bell.mean()) < 0.03
    assert abs(bell.std() - 1) < 0.02
    assert abs(wait.mean() - 3.0) < 0.1


def test_purposes_and_keys_are_independent() -> None:
    a, b = chance.uniform(KEYS, "one"), chance.uniform(KEYS, "two")
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.03
    assert abs(np.corrcoef(a[:-1], a[1:])[0, 1]) < 0.03


def test_ids_are_positive_and_distinct() -> None:
    ids = chance.ids(KEYS)
    assert ids.min() >= 0
    assert len(np.unique(ids)) == len(ids)
