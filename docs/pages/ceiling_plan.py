"""What ``make ceiling`` measures: worlds, forces and sizes. Chosen before any of the six seeds was opened."""

from __future__ import annotations

from dataclasses import dataclass, field

from threat.asof import DAY
from threat.errors import UsageError
from threat.simulation.force import Settings
from threat.simulation.knobs import Knobs
from training.cohorts.folds import Cycle, cycles
from training.config import Settings as TrainingSettings
from training.config import load

HORIZON_DAYS, EMBARGO_DAYS = 180, 30
"""The outcome's horizon, and the wait for late records after it: the judged list leaves room for both."""
_RELATIONSHIPS_PER_PLACE = 400
"""Relationships of a force for each place on its list: 50 places of 20,000 relationships, 500 of 200,000. On the lists
of such a force are about 9,100 and 91,000 of them."""


@dataclass(frozen=True, slots=True)
class World:
    """A world of the simulation; ``bar``: whether the model is compared with the ceiling or with the elastic net."""

    name: str
    title: str
    knobs: Knobs
    bar: str


WORLDS = {
    world.name: world
    for world in (
        World("default", "the default world", Knobs(), "ceiling"),
        World("strong_links", "stronger links between how often and how badly", Knobs(world="strong_links"), "ceiling"),
        World("contrary", "a third of the directions null or reversed", Knobs(world="contrary"), "elastic_net"),
    )
}
"""The worlds, by name. What each changes is in ``threat/simulation/parameters.yaml``, worlds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Seeds and sizes. ``unseen``: the ``seeds`` are those of the ledger, and opening them is written there.

    ``reference_rows``: rows of the reference, a fifth of which no recipe is fitted on. ``reference_draws`` and
    ``judged_draws``: runs forward behind a row's label, and behind a row's risk on the judged list. With 64 the Monte
    Carlo error of what a list of 150 meets was .5%; with 8 the noise of labels is 1% of their variance.
    ``most_rounds``: of a recipe's trees. ``changes``: of the preset's top-level values.
    """

    seeds: tuple[int, ...] = (4127, 5303, 6011, 7219, 8461, 9337)
    reference_seed: int = 2609
    judged_seed: int = 3571
    unseen: bool = True
    years: float = 6.0
    trained_relationships: int = 20_000
    large_relationships: int = 200_000
    reference_rows: int = 1_250_000
    reference_lists: int = 24
    reference_draws: int = 8
    judged_draws: int = 64
    most_rounds: int = 2_000
    preset: str = "synthetic_monthly"
    threads: int = 2
    changes: dict[str, object] = field(default_factory=dict)

    def force(self, world: World, seed: int, relationships: int) -> Settings:
        """Return the settings of a force of a world."""
        return Settings(relationships=relationships, years=self.years, seed=seed, knobs=world.knobs)

    def trained(self, world: World, seed: int) -> Settings:
        """Return the settings of a force that models are trained on."""
        return self.force(world, seed, self.trained_relationships)

    def reference(self, world: World) -> Settings:
        """Return the settings of the force that the ceiling is fitted on."""
        return self.force(world, self.reference_seed, self.large_relationships)

    def judged(self, world: World) -> Settings:
        """Return the settings of the force on whose list every ranking is judged."""
        return self.force(world, self.judged_seed, self.large_relationships)

    @property
    def training(self) -> TrainingSettings:
        """The settings of each training: the preset, within 180 days, with the force's own length of list."""
        changes = {"horizon_days": HORIZON_DAYS, "capacity": self.places(self.trained_relationships)} | self.changes
        return load(self.preset, threads=self.threads, **changes)

    def places(self, relationships: int) -> int:
        """Return the places on each list of a force: the same share of every force.

        >>> Plan().places(20_000), Plan().places(200_000)
        (50, 500)
        """
        return max(1, round(relationships / _RELATIONSHIPS_PER_PLACE))

    def lists(self, force: Settings) -> list[Cycle]:
        """Return the last monthly lists whose windows close within the records; the last is the list that is judged.

        >>> from threat.asof import show
        >>> plan = Plan()
        >>> lists = plan.lists(plan.judged(WORLDS["default"]))
        >>> len(lists), show(lists[0].start)[:10], show(lists[-1].start)[:10]
        (24, '2022-07-01', '2024-06-01')
        """
        last = force.now - (HORIZON_DAYS + EMBARGO_DAYS) * DAY
        return cycles(force.epoch, last, "month", spread=False)[-self.reference_lists :]


QUICK = Plan(
    seeds=(11, 12),
    reference_seed=13,
    judged_seed=14,
    unseen=False,
    years=4.0,
    trained_relationships=1_200,
    large_relationships=1_600,
    reference_rows=3_000,
    reference_lists=4,
    reference_draws=4,
    judged_draws=8,
    most_rounds=30,
    preset="demo",
    threads=1,
    changes={
        "trees": {
            "candidates": [{"num_leaves": 4, "min_data_in_leaf": 20, "lambda_l2": 10.0}],
            "max_rounds": 20,
            "seeds": 1,
        },
        "base": {"multiples": [5.0, 18.0], "groups": 2},
        "linear": {"penalties": [0.3]},
        "sampling": {"negatives_per_positive": 20, "floor": 1_000},
    },
)
"""Tiny forces, to see that everything runs: what comes out is not a measurement."""

REHEARSAL = Plan(seeds=(901, 902), reference_seed=903, judged_seed=904, unseen=False)
"""The sizes of the measurement on two seeds that may be looked at, to develop with."""


def chosen_worlds(names: list[str]) -> tuple[World, ...]:
    """Return the worlds of these names, all without any. Raises UsageError for a name that has none."""
    unknown = [name for name in names if name not in WORLDS]
    if unknown:
        raise UsageError(
            f"There is no world named {', '.join(unknown)}.", way_out=f"use {', '.join(WORLDS)}, or leave --worlds out"
        )
    return tuple(WORLDS[name] for name in names or WORLDS)
