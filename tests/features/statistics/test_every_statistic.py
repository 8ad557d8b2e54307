"""Every statistic: one file, an example that runs, words, a drawn table, and engines that agree on it."""

from __future__ import annotations

import doctest
import sys
from pathlib import Path

import pytest
from fixtures.drawn import drawn
from fixtures.engine_agreement import OTHERS, check
from fixtures.feature_definitions import catalogue, definitions
from fixtures.feature_histories import QUESTIONS, histories, sightings
from fixtures.spec_tables import read_folder
from hypothesis import given
from hypothesis import strategies as st

import features.statistics
from features.load import load_catalogue
from features.statistics import STATISTICS, Statistic
from features.statistics.base import PARTS

ROOM = Path(features.statistics.__file__).parent
SHARED = {"__init__", "base", "forms"}
DRAWN = {load_catalogue()[expected.definition].statistic for spec in read_folder() for expected in spec.expected}

every_statistic = pytest.mark.parametrize("statistic", [pytest.param(s, id=name) for name, s in STATISTICS.items()])


def test_every_file_is_a_statistic_of_the_registry():
    assert {path.stem for path in ROOM.glob("*.py")} - SHARED == set(STATISTICS)
    assert all(type(statistic).__module__ == f"features.statistics.{name}" for name, statistic in STATISTICS.items())


@every_statistic
def test_its_example_runs(statistic: Statistic):
    cls = type(statistic)
    finder = doctest.DocTestFinder(recurse=False, exclude_empty=True)
    [example] = [test for test in finder.find(cls, cls.__name__, sys.modules[cls.__module__]) if test.examples]
    runner = doctest.DocTestRunner(verbose=False)
    runner.run(example)
    assert runner.summarize(verbose=False).failed == 0


@every_statistic
def test_it_has_words(statistic: Statistic):
    assert statistic.words
    assert statistic.nothing
    assert statistic.form.allows(statistic.shown)
    assert statistic.needs | statistic.takes <= set(PARTS)
    assert not statistic.needs & statistic.takes
    assert bool(statistic.of) == ("of" in statistic.needs | statistic.takes)


@every_statistic
def test_it_has_a_drawn_table(statistic: Statistic):
    assert statistic.name in DRAWN, "draw one in tests/spec/features (tests/spec/README.md)"


@every_statistic
@drawn(20)
@given(data=st.data(), history=histories())
def test_every_engine_agrees_on_it(statistic: Statistic, data: st.DataObject, history):
    drawn = data.draw(st.lists(definitions((statistic.name,)), min_size=1, max_size=4))
    for engine in OTHERS.values():
        check(engine, sightings(*history), QUESTIONS, catalogue(drawn))
