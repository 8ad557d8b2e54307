"""A report's own rates of false verdicts, recomputed on one drawing of events, and the counts it says it needs."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures.audits import FAST, audited, by_code, counted

from fairness.characteristics import Characteristic
from fairness.figures import FIGURES
from fairness.operating import RATIOS, Sizes, cell_rates, drawn, judged, own_rates

RECALL = FIGURES["recall"]


def sizes(*characteristics: list[int], rate: float = 0.3) -> list[Sizes]:
    return [Sizes(RECALL, np.array(cases), rate, np.ones(len(cases), np.bool_)) for cases in characteristics]


FIVE = ([140, 60], [120, 40, 20, 12, 8], [20, 40, 50, 40, 30, 20], [170, 30], [180, 12, 8])
"""200 events by five characteristics: sex, ethnicity, age, disability, couples."""


@pytest.mark.parametrize("rate", [0.01, 0.3])
def test_a_wholly_fair_ranking_fails_in_at_most_6_of_100(rate: float) -> None:
    own = own_rates(sizes(*FIVE, rate=rate), FAST, [cell_rates(size, FAST, 18) for size in sizes(*FIVE, rate=rate)])
    assert own is not None
    assert (own.cells, own.draws) == (18, 2_000)
    assert own.false_fail.value <= 0.06
    assert own.false_pass.value <= 0.05
    low, high = own.false_fail.interval
    assert low <= own.false_fail.value <= high


def test_the_same_people_divided_five_ways_fail_no_more_often_than_said() -> None:
    """Characteristics are simulated apart; here one drawing of 200 events is divided by all five at once."""
    random = np.random.default_rng(3)
    codes = [random.permutation(np.repeat(np.arange(len(cases)), cases)) for cases in FIVE]
    together = []
    for rate in (0.1,):
        caught = random.random((800, 200)) < rate
        p_none = np.hstack(
            [
                judged(
                    np.column_stack([caught[:, code == group].sum(axis=1) for group in range(len(size.cases))]),
                    size,
                    FAST,
                ).p_none
                for code, size in zip(codes, sizes(*FIVE, rate=rate), strict=True)
            ]
        )
        together.append(float((p_none.min(axis=1) * p_none.shape[1] <= FAST.fail_level).mean()))
        own = own_rates(sizes(*FIVE, rate=rate), FAST, [])
        assert own is not None
        assert together[-1] <= own.false_fail.interval[1] + 0.01


def test_with_as_many_cases_as_needed_8_of_10_audits_tell() -> None:
    [size] = sizes([60, 240])
    rates = cell_rates(size, FAST, cells=10)[0]
    assert rates.needed_to_fail is not None
    assert rates.needed_to_pass is not None
    [grown] = sizes([rates.needed_to_fail, 4 * rates.needed_to_fail])
    [power] = [power for power in cell_rates(grown, FAST, cells=10)[0].power if power.ratio == 0.6]
    assert power.fails == pytest.approx(0.8, abs=0.08)
    [grown] = sizes([rates.needed_to_pass, 4 * rates.needed_to_pass])
    evidence = judged(drawn(np.random.default_rng(1), grown, 0.3, 2_000), grown, FAST)
    assert float(evidence.within(FAST)[:, 0].mean()) == pytest.approx(0.8, abs=0.08)


def test_power_rises_with_cases_and_with_the_breach() -> None:
    few, many = (cell_rates(size, FAST, cells=10)[0].power for size in sizes([40, 160], [400, 1_600]))
    assert tuple(power.ratio for power in few) == RATIOS
    for small, large in zip(few[1:], many[1:], strict=True):
        assert small.fails < large.fails
    assert many[0].fails < many[1].fails < many[2].fails + 1e-9
    assert all(power.passes <= 0.05 for power in many[1:])


def test_of_false_alarms_a_breach_is_a_higher_rate() -> None:
    size = Sizes(FIGURES["false_positive_rate"], np.array([400, 1_600]), 0.1, np.ones(2, np.bool_))
    assert [power.ratio for power in cell_rates(size, FAST, cells=4)[0].power] == pytest.approx([1.25, 1 / 0.6, 2.0])


def test_a_report_says_its_own_rates_of_its_own_sizes() -> None:
    report = counted({"women": (200, 100), "men": (100, 40)})
    assert report.own_rates is not None
    assert report.own_rates.cells == 2  # two groups by recall; nobody of either was listed without an outcome
    cell = by_code(report)["men"].of("recall")
    assert cell is not None
    assert [power.ratio for power in cell.power] == [0.8, 0.6, 0.5]
    assert cell.needed_to_fail is not None
    assert by_code(report)["men"].of("precision").power == ()


def test_without_a_cell_to_compare_there_are_no_rates() -> None:
    items = [Characteristic("x", "column", ["one"] * 4, ())]
    assert audited([4, 3, 2, 1], [1, 0, 1, 0], items, threshold=2.5).own_rates is None
