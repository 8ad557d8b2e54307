"""How often the rule of the fairness audit is wrong: shares of simulated audits, the table of docs/fairness.md.

``python -P benchmarks/fairness_rule.py``; about a minute on one core. Five characteristics divide the same number of
events (18 cells); everything is seeded. ``clustered`` audits whole drawn tables in which each person has three rows.
"""

from __future__ import annotations

import numpy as np

from fairness.audit import audit
from fairness.characteristics import Characteristic
from fairness.figures import FIGURES
from fairness.operating import Sizes, cell_rates, own_rates
from fairness.policy import load_policy
from threat.measuring.intervals import wilson
from threat.measuring.ranked import Cut, Labelled, Ranked
from threat.release.documents.fairness_verdict import FairnessVerdict

FIVE = ((140, 60), (120, 40, 20, 12, 8), (20, 40, 50, 40, 30, 20), (170, 30), (180, 12, 8))
"""Of 200 events: sex, ethnicity, age, disability, couples; sizes as a force has them."""

TIMES = (1, 4, 20)
RATES = (0.01, 0.06, 0.1, 0.3, 0.6)


def table() -> list[str]:
    """Return the lines of the table: events, recall, and shares with 95% intervals."""
    policy = load_policy()
    lines = [
        "| events | recall | wholly fair: fails | fails or alerts | passes at 0.6, worst | fails at 0.6, 60 of 200 |",
        "|---|---|---|---|---|---|",
    ]
    for times in TIMES:
        for rate in RATES:
            sizes = [
                Sizes(FIGURES["recall"], np.array(cases) * times, rate, np.ones(len(cases), np.bool_)) for cases in FIVE
            ]
            powers = [cell_rates(size, policy, cells=18) for size in sizes]
            own = own_rates(sizes, policy, powers)
            assert own is not None
            fails, alerts, passes = (
                f"{share.value:.1%} ({share.interval[0]:.1%} to {share.interval[1]:.1%})"
                for share in (own.false_fail, own.false_alert, own.false_pass)
            )
            lines.append(
                f"| {200 * times:,} | {rate:g} | {fails} | {alerts} | {passes} | {powers[0][1].power[1].fails:.0%} |"
            )
    return lines


def clustered(draws: int = 120) -> list[str]:
    """Return how often a wholly fair ranking of three rows a person fails, with rows as persons and as independent."""
    policy = load_policy().model_copy(update={"draws": 100})
    fails = {"rows of one person belong together": 0, "rows taken as independent": 0}
    for seed in range(draws):
        draw = np.random.default_rng(seed)
        people = 1_500
        sex, age = draw.choice(["F", "M"], people, p=[0.7, 0.3]), draw.choice(list("abcde"), people)
        harmed = draw.random(people) < 0.08
        listed = draw.random(people) < np.where(harmed, 0.4, 0.05)
        columns = [np.repeat(column, 3) for column in (sex, age, harmed.astype(float), listed.astype(float))]
        items = [Characteristic(name, "column", codes) for name, codes in zip(("sex", "age"), columns, strict=False)]
        for name, person in zip(fails, (np.repeat(np.arange(people), 3), None), strict=True):
            ranked = Ranked(rows=Labelled.of(label=columns[2], person=person), score=columns[3])
            report = audit(ranked, items, cut=Cut(threshold=0.5), policy=policy, with_rates=False)
            fails[name] += report.verdict == FairnessVerdict.FAIL
    lines = []
    for name, count in fails.items():
        low, high = wilson(count, draws)
        lines.append(f"- {name}: {count} of {draws} fail, {count / draws:.1%} ({low:.1%} to {high:.1%})")
    return lines


if __name__ == "__main__":
    print("\n".join([*table(), "", *clustered()]))
