"""The drawn tables of ``spec`` hold on every engine, and their events are the lineage."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures.spec_tables import Spec, read, read_folder

from features.engines.contract import Engine, TracingEngine
from features.engines.registry import ENGINES
from features.load import load_catalogue
from features.truncation import truncated

SAMPLE = """
# A sample

## Known before as-of
The second was recorded at as-of itself, the third is not in the window.

| event | kind                | occurred | recorded | more          |
|-------|---------------------|----------|----------|---------------|
| a     | domestic_incident   | -12.5    | -11      | by police     |
| b     | domestic_incident   | -1       | 0        |               |
| c     | domestic_incident   | -31      | -31      |               |

| definition               | row | as-of | value | events |
|--------------------------|-----|-------|-------|--------|
| `domestic_incidents_30d` | S>V | 0     | 1     | a      |
| `domestic_incidents_30d` | V>S | 0     | 0     |        |
| `domestic_incidents_30d` | S>V | +1s   | 2     | a b    |
"""


def ask(spec: Spec, engine: Engine) -> None:
    """Assert every expected row on an engine, to float32, with its events and its mark where the table has them."""
    for x in spec.expected:
        matrix = engine.build(spec.store, x.rows, load_catalogue().only([x.definition]), parallel=False)
        expected = np.float32(x.value)
        np.testing.assert_allclose(matrix.values[0, 0], expected, rtol=1e-6, err_msg=f"{engine.name} engine: {x}")
        if x.events is not None and isinstance(engine, TracingEngine):
            behind = [spec.letters[e] for e in engine.lineage(spec.store, x.rows, 0, x.definition)]
            assert sorted(behind) == sorted(x.events), f"events behind {x}"
        if x.truncated is not None:
            assert truncated(matrix, load_catalogue(), spec.store)[0, 0] == x.truncated, f"truncated: {x}"


every_engine = pytest.mark.parametrize("engine", [pytest.param(engine, id=name) for name, engine in ENGINES.items()])


@every_engine
@pytest.mark.parametrize("spec", read_folder(), ids=lambda spec: spec.title)
def test_spec(spec, engine):
    ask(spec, engine)


@every_engine
def test_sample(engine):
    [spec] = read(SAMPLE)
    assert spec.title == "Known before as-of"
    assert [(x.value, x.events) for x in spec.expected] == [(1.0, ["a"]), (0.0, []), (2.0, ["a", "b"])]
    ask(spec, engine)


@pytest.mark.parametrize(
    ("engine", "wrong", "message"),
    [
        ("fold", SAMPLE.replace("| 1     |", "| 2     |"), "fold engine"),
        ("reference", SAMPLE.replace("| 1     |", "| 2     |"), "reference engine"),
        ("reference", SAMPLE.replace("| a      |", "| b      |"), "events behind"),
    ],
)
def test_a_wrong_table_fails(engine, wrong, message):
    with pytest.raises(AssertionError, match=message):
        ask(read(wrong)[0], ENGINES[engine])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (SAMPLE.replace("| recorded |", "| learned  |"), "not a column: learned"),
        (SAMPLE.replace("| more          |", "| colour        |"), "not a column: colour"),
        (SAMPLE.replace("| -12.5    |", "| 20 May   |"), "Known before as-of: not a time: '20 May'"),
        (SAMPLE.replace("domestic_incidents_30d", "domestic_incidents_31d"), "not in the catalogue"),
        (SAMPLE.replace("by police", "colour blue"), "colour"),
    ],
)
def test_a_table_nobody_understands(wrong, message):
    with pytest.raises(ValueError, match=message):
        read(wrong)
