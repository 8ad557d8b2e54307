"""How often the rule of the fairness audit is wrong: shares of simulated audits, the tables of docs/fairness.md.

``python -P benchmarks/fairness_rule.py``; about two minutes on one core. Five characteristics divide the same events
(18 cells); everything is seeded. A report judges its alerts by simulated audits in which the characteristics are drawn
apart (``fairness.operating``); here one drawing of events is divided by all five, with seeds of its own.
``--choosing`` compares ways of weighing alerts, on the seeds on which the way was chosen; the tables use others.
``clustered`` audits whole drawn tables in which each person has three rows.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from fairness.alerts import Marked, exceeded
from fairness.audit import audit
from fairness.characteristics import Characteristic
from fairness.figures import FIGURES
from fairness.operating import alerts_beyond_chance, cell_rates, fails, fair, judged, own_rates
from fairness.policy import load_policy
from fairness.sizes import Sizes
from threat.measuring.intervals import wilson
from threat.measuring.ranked import Cut, Floats, Labelled, Ranked
from threat.release.documents.fairness_verdict import FairnessVerdict

FIVE = ((140, 60), (120, 40, 20, 12, 8), (20, 40, 50, 40, 30, 20), (170, 30), (180, 12, 8))
"""Of 200 events: sex, ethnicity, age, disability, couples; sizes as a force has them."""

TIMES = (1, 4, 20)
RATES = (0.01, 0.06, 0.1, 0.3, 0.6)
CHOOSING, REPORTING = 9_001, 7_411
"""Seeds of the audits on which a rule is chosen, and of those that are reported."""

POPULATIONS, AUDITS = 8, 250
"""Drawings of who is of which group, and audits of each."""

Unfair = Mapping[tuple[int, int], float]
"""True ratios of groups that are treated worse, by place of the characteristic and of the group."""

ONE = {(1, 1): 0.6}
"""The second group of the second characteristic: 40 of 200 events."""

SIXTY = {(0, 1): 0.6}
"""The smaller group of the first characteristic: 60 of 200 events."""

WEIGHTS: Mapping[str, Callable[[Marked], Floats]] = {
    "number of alerts": lambda audits: audits.number,
    "smallest probability": lambda audits: -np.log(np.maximum(audits.p_none.min(axis=-1), 1e-12)),
    "truncated product": lambda audits: audits.weight,
}
"""The ways that were compared; the third is the product's."""


def sizes_of(times: int, rate: float) -> list[Sizes]:
    """Return the sizes of an audit of 200 events or as many times more."""
    return [Sizes(FIGURES["recall"], np.array(cases) * times, rate, np.ones(len(cases), np.bool_)) for cases in FIVE]


def audits(sizes: list[Sizes], seed: Sequence[int], *, together: float = 0.0, unfair: Unfair | None = None) -> Marked:
    """Return audits of drawn events that every characteristic divides.

    ``together``: how far the characteristics of a person go together (correlation of what orders them).
    """
    randoms = [np.random.default_rng([*seed, population]) for population in range(POPULATIONS)]
    parts = [_of_population(sizes, random, together, unfair or {}) for random in randoms]
    return Marked(np.vstack([part.p_none for part in parts]), np.vstack([part.alerts for part in parts]))


def _of_population(sizes: list[Sizes], random: np.random.Generator, together: float, unfair: Unfair) -> Marked:
    policy, events = load_policy(), int(sizes[0].cases.sum())
    latent = random.normal(size=events)
    codes = []
    for size in sizes:
        order = np.argsort(together**0.5 * latent + (1 - together) ** 0.5 * random.normal(size=events))
        code = np.empty(events, np.int64)
        code[order] = np.repeat(np.arange(len(size.cases)), size.cases)
        codes.append(code)
    rate = np.full(events, sizes[0].rate)
    for (which, group), ratio in unfair.items():
        rate = np.where(codes[which] == group, ratio * rate, rate)
    caught = random.random((AUDITS, events)) < rate
    seen = []
    for code, size in zip(codes, sizes, strict=True):
        hits = np.column_stack([caught[:, code == group].sum(axis=1) for group in range(len(size.cases))])
        seen.append(judged(hits, size, policy))
    return Marked(np.hstack([some.p_none for some in seen]), np.hstack([some.alerts(policy) for some in seen]))


def table() -> Iterator[str]:
    """Yield the lines of the table: events, recall, and shares with 95% intervals."""
    policy = load_policy()
    yield (
        "| events | recall | wholly fair: fails | some group alerts | fails or alerts | going together "
        "| passes at 0.6, worst | 60 of 200 at 0.6: fails | fails or alerts |"
    )
    yield "|" + "---|" * 9
    for times in TIMES:
        for rate in RATES:
            sizes = sizes_of(times, rate)
            simulated = fair(sizes, policy)
            assert simulated is not None
            own = own_rates(simulated, policy, [cell for size in sizes for cell in cell_rates(size, policy, 18)])
            seed = [REPORTING, times, round(100 * rate)]
            even, worse = audits(sizes, [*seed, 0]), audits(sizes, [*seed, 2], unfair=SIXTY)
            alarms = [
                fails(world, policy) | alerts_beyond_chance(world, simulated, policy)
                for world in (even, audits(sizes, [*seed, 1], together=0.6), worse)
            ]
            low, high = own.false_pass.interval
            cells = (
                f"{200 * times:,}", f"{rate:g}", _share(fails(even, policy)), f"{even.alerts.any(axis=1).mean():.0%}",
                _share(alarms[0]), _share(alarms[1]), f"{own.false_pass.value:.1%} ({low:.1%} to {high:.1%})",
                f"{fails(worse, policy).mean():.0%}", f"{alarms[2].mean():.0%}",
            )  # fmt: skip
            yield f"| {' | '.join(cells)} |"


def choosing() -> Iterator[str]:
    """Yield a table of ways to weigh alerts: shares of audits that fail or alert, fair and with a group at 0.6."""
    policy = load_policy()
    heads = [f"{name}: {what}" for name in WEIGHTS for what in ("fair", "one group", "four groups")]
    yield f"| events | recall | {' | '.join(heads)} |"
    yield "|" + "---|" * (len(heads) + 2)
    four = {(1, group): 0.6 for group in range(1, 5)}
    for times, rate in ((1, 0.06), (1, 0.1), (1, 0.3), (4, 0.1), (4, 0.3)):
        sizes = sizes_of(times, rate)
        simulated = fair(sizes, policy, seed=CHOOSING)
        assert simulated is not None
        worlds = [audits(sizes, [CHOOSING, which], unfair=unfair) for which, unfair in enumerate(({}, ONE, four))]
        shares = [
            (fails(world, policy) | (exceeded(weigh(simulated), weigh(world)) <= policy.alert_level)).mean()
            for weigh in WEIGHTS.values()
            for world in worlds
        ]
        yield f"| {200 * times:,} | {rate:g} | {' | '.join(f'{share:.0%}' for share in shares)} |"


def clustered(draws: int = 120) -> Iterator[str]:
    """Yield how often a wholly fair ranking of three rows a person fails, with rows as persons and as independent."""
    policy = load_policy().model_copy(update={"draws": 100})
    words = {
        "fail": (FairnessVerdict.FAIL,),
        "fail or alert": (FairnessVerdict.FAIL, FairnessVerdict.ALERT),
    }
    names = "rows of one person belong together", "rows taken as independent"
    counts = {(name, word): 0 for name in names for word in words}
    for seed in range(draws):
        draw = np.random.default_rng(seed)
        people = 1_500
        sex, age = draw.choice(["F", "M"], people, p=[0.7, 0.3]), draw.choice(list("abcde"), people)
        harmed = draw.random(people) < 0.08
        listed = draw.random(people) < np.where(harmed, 0.4, 0.05)
        columns = [np.repeat(column, 3) for column in (sex, age, harmed.astype(float), listed.astype(float))]
        items = [Characteristic(name, "column", codes) for name, codes in zip(("sex", "age"), columns, strict=False)]
        for name, person in zip(names, (np.repeat(np.arange(people), 3), None), strict=True):
            ranked = Ranked(rows=Labelled.of(label=columns[2], person=person), score=columns[3])
            report = audit(ranked, items, cut=Cut(threshold=0.5), policy=policy, with_rates=False)
            for word, verdicts in words.items():
                counts[name, word] += report.verdict in verdicts
    for (name, word), count in counts.items():
        low, high = wilson(count, draws)
        yield f"- {name}: {count} of {draws} {word}, {count / draws:.1%} ({low:.1%} to {high:.1%})"


def _share(mask: np.ndarray) -> str:
    low, high = wilson(int(mask.sum()), len(mask))
    return f"{mask.mean():.1%} ({low:.1%} to {high:.1%})"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--choosing", action="store_true")
    for lines in (choosing(),) if parser.parse_args().choosing else (table(), clustered()):
        for line in lines:
            print(line, flush=True)
        print()


if __name__ == "__main__":
    main()
