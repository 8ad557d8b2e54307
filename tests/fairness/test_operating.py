"""A report's own rates of false verdicts, recomputed on one drawing of events, and the counts it says it needs."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures.audits import FAST, audited, by_code, counted
from scipy.stats import binom

from fairness.alerts import Marked
from fairness.characteristics import Characteristic
from fairness.figures import FIGURES
from fairness.operating import RATIOS, alerts_beyond_chance, cell_rates, fails, fair, judged, own_rates
from fairness.sizes import Sizes
from threat.release.documents.fairness_policy import FigureName

RECALL = FIGURES["recall"]


def sizes(*characteristics: list[int], rate: float = 0.3) -> list[Sizes]:
    return [Sizes(RECALL, np.array(cases), rate, np.ones(len(cases), np.bool_)) for cases in characteristics]


FIVE = ([140, 60], [120, 40, 20, 12, 8], [20, 40, 50, 40, 30, 20], [170, 30], [180, 12, 8])
"""200 events by five characteristics: sex, ethnicity, age, disability, couples."""


CHOOSING, REPORTING = 9_001, 7_411
"""Seeds: the weight of alerts was chosen on the first, beside their number and the smallest probability; what is
asserted here is measured on the second."""


def once(rate: float, draws: int, seed: int, *, together: float = 0.0) -> Marked:
    """Audits of one drawing of 200 events that all five characteristics divide at once.

    ``together``: how far the characteristics of a person go together (correlation of a latent order).
    """
    random = np.random.default_rng(seed)
    latent = random.normal(size=200)
    caught = random.random((draws, 200)) < rate
    evidence = []
    for size in sizes(*FIVE, rate=rate):
        order = np.argsort(together**0.5 * latent + (1 - together) ** 0.5 * random.normal(size=200))
        codes = np.empty(200, np.int64)
        codes[order] = np.repeat(np.arange(len(size.cases)), size.cases)
        hits = np.column_stack([caught[:, codes == group].sum(axis=1) for group in range(len(size.cases))])
        evidence.append(judged(hits, size, FAST))
    return Marked(np.hstack([some.p_none for some in evidence]), np.hstack([some.alerts(FAST) for some in evidence]))


@pytest.mark.parametrize(("rate", "some_alert"), [(0.01, 0.32), (0.1, 0.90)])
def test_a_wholly_fair_ranking_fails_in_at_most_6_of_100_and_alerts_in_10(rate: float, some_alert: float) -> None:
    of_rate = sizes(*FIVE, rate=rate)
    simulated = fair(of_rate, FAST)
    assert simulated is not None
    own = own_rates(simulated, FAST, [rates for size in of_rate for rates in cell_rates(size, FAST, 18)])
    assert (own.cells, own.draws) == (18, 2_000)
    assert own.false_fail.value <= 0.06
    assert own.false_pass.value <= 0.05
    low, high = own.false_fail.interval
    assert low <= own.false_fail.value <= high
    assert own.any_alert.value == pytest.approx(some_alert, abs=0.02)  # of audits that used to say Alert
    assert own.false_alert.value <= 0.11


@pytest.mark.parametrize("together", [0.0, 0.6])
def test_the_same_people_divided_five_ways_err_no_more_often_than_said(together: float) -> None:
    """Characteristics are simulated apart; here one drawing of events is divided by all five at once."""
    audits = once(0.1, 800, REPORTING, together=together)
    simulated = fair(sizes(*FIVE, rate=0.1), FAST)
    assert simulated is not None
    own = own_rates(simulated, FAST, [])
    assert float(fails(audits, FAST).mean()) <= own.false_fail.interval[1] + 0.01
    alarms = fails(audits, FAST) | alerts_beyond_chance(audits, simulated, FAST)
    assert float(alarms.mean()) <= 0.14


@pytest.mark.parametrize(
    ("figure", "cases", "rate"),
    [("recall", (60, 240), 0.06), ("recall", (60, 240), 0.3), ("false_positive_rate", (60, 740), 0.5)],
)
def test_with_as_many_cases_as_needed_8_of_10_audits_tell(
    figure: FigureName, cases: tuple[int, int], rate: float
) -> None:
    size = Sizes(FIGURES[figure], np.array(cases), rate, np.ones(2, np.bool_))
    rates = cell_rates(size, FAST, cells=10)[0]
    for needed, ratio in ((rates.needed_to_fail, 0.6), (rates.needed_to_pass, 1.0)):
        assert needed is not None
        said = independently((needed, needed * cases[1] // cases[0]), rate, ratio, high=figure != "recall")
        assert said["fail" if ratio < 1 else "pass"] == pytest.approx(0.8, abs=0.04)


@pytest.mark.parametrize(("figure", "rate"), [("recall", 0.3), ("false_positive_rate", 0.1)])
def test_power_is_that_of_a_simulation_written_apart(figure: FigureName, rate: float) -> None:
    size = Sizes(FIGURES[figure], np.array([120, 480]), rate, np.ones(2, np.bool_))
    for power, ratio in zip(cell_rates(size, FAST, cells=10)[0].power, RATIOS, strict=True):
        said = independently((120, 480), rate, ratio, high=figure != "recall")
        assert power.fails == pytest.approx(said["fail"], abs=0.06)
        assert power.alerts == pytest.approx(said["alert"], abs=0.06)
        assert power.passes == pytest.approx(said["pass"], abs=0.06)


def independently(
    cases: tuple[int, int], rate: float, ratio: float, *, high: bool, cells: int = 10, draws: int = 1_000
) -> dict[str, float]:
    """Shares of drawn audits that fail, fail or alert, and pass: rates drawn from their posteriors, SciPy's tails."""
    random = np.random.default_rng(REPORTING)
    n, m = cases
    x = random.binomial(n, min(rate / ratio if high else rate * ratio, 1.0), draws)
    y = random.binomial(m, rate, draws)
    pooled = (x + y + 0.5) / (n + m + 1)
    group = random.beta((x + 4 * pooled)[:, None], (n - x + 4 * (1 - pooled))[:, None], (draws, 1_000))
    others = random.beta((y + 4 * pooled)[:, None], (m - y + 4 * (1 - pooled))[:, None], (draws, 1_000))
    beyond = (group > others / 0.8 if high else group < 0.8 * others).mean(axis=1)
    breach = 1 / 0.6 if high else 0.6
    even, worse = n / (n + m), breach * n / (breach * n + m)
    as_much = binom.sf(x - 1, x + y, even) if high else binom.cdf(x, x + y, even)
    as_little = binom.cdf(x, x + y, worse) if high else binom.sf(x - 1, x + y, worse)
    fail = np.maximum(1 - beyond, as_much) * cells <= 0.10
    alert = fail | ((beyond >= 0.75) & (as_much < 0.25))
    passes = ~alert & (1 - beyond >= 0.90) & (as_little <= 0.05) & (n >= 20)
    return {"fail": float(fail.mean()), "alert": float(alert.mean()), "pass": float(passes.mean())}


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
