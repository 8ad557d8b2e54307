"""The drawn tables of ``spec`` hold on both engines, and their events are the lineage."""

from __future__ import annotations

import numpy as np
import pytest
from feature_histories import catalogue
from spec_tables import Spec, read, read_folder

from features.build import build
from features.reference import lineage, value

SAMPLE = """
# A sample

## Known before as-of
The second was recorded at as-of itself, the third is not in the window.

```yaml
scope: relationship
statistic: count
kinds: [assault_with_injury]
window_days: 30
```

| event | kind                | subject | person at risk | occurred   | recorded         |
|-------|---------------------|---------|----------------|------------|------------------|
| a     | assault_with_injury | S       | P              | 2024-05-20 | 2024-05-21       |
| b     | assault_with_injury | S       | P              | 2024-05-31 | 2024-06-01 00:00 |
| c     | assault_with_injury | S       | P              | 2024-05-01 |                  |

| subject | person at risk | as of      | value | events |
|---------|----------------|------------|-------|--------|
| S       | P              | 2024-06-01 | 1     | a      |
| P       | S              | 2024-06-01 | 0     |        |
"""


def ask(spec: Spec) -> None:
    """Assert the expected values on both engines, to float32, and the events where the table names them."""
    wanted = np.array(spec.values, np.float32)
    fast = build(spec.store, spec.rows, catalogue([spec.definition]), parallel=False).values[:, 0]
    np.testing.assert_allclose(fast, wanted, rtol=1e-6, err_msg="fold engine")
    np.testing.assert_allclose(value(spec.store, spec.rows, spec.definition), wanted, rtol=1e-6, err_msg="reference")
    for i, events in enumerate(spec.events):
        if events is not None:
            behind = lineage(spec.store, spec.rows, i, spec.definition)
            assert sorted(spec.letters[e] for e in behind) == sorted(events), f"events behind row {i}"


@pytest.mark.parametrize("spec", read_folder(), ids=lambda spec: spec.title)
def test_spec(spec):
    ask(spec)


def test_sample():
    [spec] = read(SAMPLE)
    assert (spec.title, spec.values, spec.events) == ("Known before as-of", (1.0, 0.0), (("a",), ()))
    ask(spec)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (SAMPLE.replace("| 1     |", "| 2     |"), "fold engine"),
        (SAMPLE.replace("| a      |", "| b      |"), "events behind"),
    ],
)
def test_a_wrong_table_fails(wrong, message):
    with pytest.raises(AssertionError, match=message):
        ask(read(wrong)[0])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (SAMPLE.replace("recorded  ", "learned   "), "not a column: learned"),
        (SAMPLE.replace("```yaml", "```"), "needs a yaml block"),
        (SAMPLE.replace("2024-05-20", "20 May"), "Known before as-of"),
    ],
)
def test_a_table_nobody_understands(wrong, message):
    with pytest.raises(ValueError, match=message):
        read(wrong)
