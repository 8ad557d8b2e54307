"""Who there is: clusters, the two directions of a pair, kinds, persons and ages."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from threat.simulation import parameters
from threat.simulation.world import population
from threat.simulation.world.population import CHILD, CURRENT, EX, PARENT, ContactBlock, relation_keys

BLOCK = ContactBlock(seed=1, number=3, clusters=6000, first_day=90.0, days=30.0, start_year=2017)
PEOPLE = population.draw(BLOCK)
MIRROR = np.flatnonzero(PEOPLE.relations["mirror"] == 0)
"""Relationships that are the main one the other way round; the main one is the row before."""


def test_a_mirror_is_the_same_pair_the_other_way_round_and_lives_as_it_does() -> None:
    main = MIRROR - 1
    assert len(MIRROR) == pytest.approx(BLOCK.clusters * parameters.values("population")["both_ways"], rel=0.2)
    assert (PEOPLE.relations["mirror"][main] == 1).all()
    assert (PEOPLE.subject_person[MIRROR] == PEOPLE.at_risk_person[main]).all()
    assert (PEOPLE.at_risk_person[MIRROR] == PEOPLE.subject_person[main]).all()
    for shared in ("intimate", "children", "separated"):
        assert (PEOPLE.relations[shared][MIRROR] == PEOPLE.relations[shared][main]).all()
    swapped = {PARENT: CHILD, CHILD: PARENT}
    assert PEOPLE.kind[MIRROR].tolist() == [swapped.get(kind, kind) for kind in PEOPLE.kind[main].tolist()]
    assert (PEOPLE.relations["entry"][MIRROR] >= PEOPLE.relations["entry"][main]).all()


def test_ex_partners_and_nobody_else_are_separated_from_the_start() -> None:
    assert (PEOPLE.relations["separated"] == (PEOPLE.kind == EX)).all()
    assert (PEOPLE.relations["intimate"] == np.isin(PEOPLE.kind, [CURRENT, EX])).all()


def test_clusters_have_one_or_two_subjects_and_persons_of_their_own() -> None:
    subjects, relations = np.diff(PEOPLE.subject_offsets), np.diff(PEOPLE.relation_offsets)
    assert set(subjects) == {1, 2}
    assert relations.max() <= 4
    assert len(PEOPLE.subjects) == subjects.sum()
    assert (PEOPLE.subject_person != PEOPLE.at_risk_person).all()
    for party in (PEOPLE.subject_person, PEOPLE.at_risk_person):
        assert (PEOPLE.person_cluster[party] == PEOPLE.cluster).all()
    named = np.concatenate([PEOPLE.subject_person, PEOPLE.at_risk_person])
    assert (np.unique(named) == np.arange(len(PEOPLE.person_keys))).all()
    assert len(np.unique(PEOPLE.person_keys)) == len(PEOPLE.person_keys)
    assert len(np.unique(relation_keys(PEOPLE))) == len(PEOPLE.relations)


def test_first_contacts_fall_in_the_block() -> None:
    main = PEOPLE.relations["entry"][PEOPLE.relation_offsets[:-1]]
    assert main.min() >= 90.0
    assert main.max() < 120.0


def test_subjects_are_old_enough_and_parents_older_than_children() -> None:
    born = PEOPLE.born
    age = 2017 - born[PEOPLE.subject_person[PEOPLE.relation_offsets[:-1]]]
    youngest, oldest, _, _ = parameters.values("population")["ages"]
    assert age.min() >= youngest
    assert age.max() <= oldest
    older = born[PEOPLE.subject_person] - born[PEOPLE.at_risk_person]
    parents = older[PEOPLE.kind == PARENT]  # the person at risk is the subject's parent
    children = older[PEOPLE.kind == CHILD]
    assert np.median(parents) > 15
    assert np.median(children) < -10


def test_couples_are_of_two_sexes_but_for_a_share() -> None:
    couples = np.flatnonzero((PEOPLE.kind <= EX) & (PEOPLE.relations["mirror"] != 0))
    same = PEOPLE.male[PEOPLE.subject_person[couples]] == PEOPLE.male[PEOPLE.at_risk_person[couples]]
    assert same.mean() == pytest.approx(parameters.values("population")["same_sex"], abs=0.012)


def test_another_number_or_seed_is_another_block_and_size_only_adds() -> None:
    again, shorter = population.draw(BLOCK), population.draw(replace(BLOCK, clusters=100))
    assert again.relations.tobytes() == PEOPLE.relations.tobytes()
    assert (shorter.keys == PEOPLE.keys[:100]).all()
    assert shorter.relations.tobytes() == PEOPLE.relations[: len(shorter.relations)].tobytes()
    for other in (replace(BLOCK, number=4), replace(BLOCK, seed=2)):
        assert not np.isin(population.draw(other).keys, PEOPLE.keys).any()
