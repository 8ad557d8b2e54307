"""Every ranking of one world in one table: expected captures and shares of the ceiling, over seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pages.ceiling_bars import Bar, OverSeeds, not_worse_bar, share_bar
from pages.ceiling_measure import RECIPE, RULE, MeasuredWorld
from pages.published_odds import PUBLISHED_ODDS
from pages.published_odds import TITLE as PUBLISHED_TITLE

from features.rules import RULES
from threat.release.documents.evaluation import MODEL
from training.truth.expected_captures import ORACLE
from training.truth.recipes import TITLES as RECIPES

TITLES = {
    MODEL: "**the model** (by the one rule)",
    "distilled": "LightGBM distilled from the base",
    "on_base": "LightGBM on the base",
    "scratch": "LightGBM from scratch",
    "base": "the base alone",
    "elastic_net": "elastic net",
    PUBLISHED_ODDS: PUBLISHED_TITLE,
    ORACLE: "latent oracle (an upper bound)",
}
"""Rankings by name, but for rules and recipes, which have titles of their own."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """One ranking: its captures at k, its shares of the ceiling at k, k/2 and 4k, and the same of deadly harm."""

    name: str
    title: str
    captures: float
    share: OverSeeds
    half: OverSeeds
    four: OverSeeds
    deadly: float
    deadly_share: OverSeeds


@dataclass(frozen=True, slots=True)
class WorldTable:
    """The table of a world, its bar, and the rankings that reach more than the ceiling at k."""

    rows: tuple[TableRow, ...]
    bar: Bar
    above: tuple[str, ...]


def table_of(measured: MeasuredWorld) -> WorldTable:
    """Return the table of one world: trained rankings, rules and published odds, recipes of the ceiling, oracle."""
    k = measured.places
    trained = [_trained_row(measured, name) for name in _trained_names(measured)]
    fixed = [
        _row(measured, name, [measured.fixed[name]], [measured.fixed_deadly[name]])
        for name in sorted(measured.fixed, key=lambda name: (_order(name), -measured.fixed[name][k]))
    ]
    rows = (*trained, *fixed)
    above = tuple(row.title for row in rows if row.name not in (ORACLE, measured.best) and row.share.mean > 1)
    return WorldTable(rows, _bar(measured), above)


def _trained_names(measured: MeasuredWorld) -> list[str]:
    """Return the rankings that any trained force has, in the order of TITLES."""
    names = dict.fromkeys(name for force in measured.forces for name in force.captures)
    return sorted(names, key=lambda name: list(TITLES).index(name) if name in TITLES else len(TITLES))


def _trained_row(measured: MeasuredWorld, name: str) -> TableRow:
    """Return the row of a trained ranking.

    An approach that no round helped on a force's validation folds is not fitted there, and the row says in how many
    forces it was.
    """
    forces = [force for force in measured.forces if name in force.captures]
    row = _row(measured, name, [force.captures[name] for force in forces], [force.deadly[name] for force in forces])
    if len(forces) == len(measured.forces):
        return row
    return replace(row, title=f"{row.title} (on {len(forces)} of {len(measured.forces)} forces)")


def _order(name: str) -> int:
    """Rules and published odds first, then recipes, then the oracle."""
    return 2 if name == ORACLE else 1 if name.startswith(RECIPE) else 0


def _title(name: str, ceiling: str) -> str:
    if name.startswith(RULE):
        return RULES[name.removeprefix(RULE)].title
    if name.startswith(RECIPE):
        return f"{'**ceiling**' if name == ceiling else 'recipe'}: {RECIPES[name.removeprefix(RECIPE)]}"
    return TITLES.get(name, name)


def _row(
    measured: MeasuredWorld,
    name: str,
    captures: Sequence[Mapping[int, float]],
    deadly: Sequence[Mapping[int, float]],
) -> TableRow:
    """Return the row of one ranking; one entry of ``captures`` and ``deadly`` for each seed."""
    best, k = measured.best, measured.places
    ceiling, deadly_ceiling = measured.fixed[best], measured.fixed_deadly[best]
    ladder = measured.ladder
    half, four = max(1, round(k / 2)), ladder[-1]
    share, share_half, share_four = (
        OverSeeds.of([met[size] / ceiling[size] for met in captures]) for size in (k, half, four)
    )
    return TableRow(
        name=name,
        title=_title(name, best),
        captures=OverSeeds.of([met[k] for met in captures]).mean,
        share=share,
        half=share_half,
        four=share_four,
        deadly=OverSeeds.of([met[k] for met in deadly]).mean,
        deadly_share=OverSeeds.of([met[k] / deadly_ceiling[k] for met in deadly]),
    )


def _bar(measured: MeasuredWorld) -> Bar:
    """Return the bar of the world with its verdict."""
    k, title = measured.places, measured.world.title
    ceiling = measured.fixed[measured.best][k]
    model, net = ([force.captures[name][k] / ceiling for force in measured.forces] for name in (MODEL, "elastic_net"))
    return share_bar(title, model) if measured.world.bar == "ceiling" else not_worse_bar(title, model, net)
