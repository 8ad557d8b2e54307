"""``docs/ceiling.md``, its chart and its JSON, from what was measured."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pages.ceiling_bars import LEAST_BOUND, MARGIN, SHARE, OverSeeds
from pages.ceiling_cache import TakenStep
from pages.ceiling_ledger import Opening, unseen_sentence
from pages.ceiling_measure import RULE, MeasuredWorld
from pages.ceiling_plan import Plan
from pages.ceiling_table import TableRow, WorldTable, table_of
from pages.published_odds import TITLE, published_factors

from threat.charts import Point, points_with_intervals
from training.truth.recipes import TITLES as RECIPES

NOT_A_MEASUREMENT = "not a measurement"
_WIDTH = 98
"""Characters of a line of the page."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the page is written from. ``seen``: openings of these forces before, with other evidence."""

    plan: Plan
    worlds: tuple[MeasuredWorld, ...]
    steps: tuple[TakenStep, ...]
    seen: tuple[Opening, ...]
    date: str
    commit: str

    @property
    def standing(self) -> str:
        """Say whether the figures measure anything: they do on the forces of the ledger alone."""
        return "measured" if self.plan.unseen else NOT_A_MEASUREMENT


def document(evidence: Evidence) -> dict[str, Any]:
    """Return the figures as JSON values."""
    tables = [table_of(measured) for measured in evidence.worlds]
    return {
        "standing": evidence.standing,
        "date": evidence.date,
        "commit": evidence.commit,
        "seeds": list(evidence.plan.seeds),
        "opened_before": [asdict(opening) for opening in evidence.seen],
        "bars": [asdict(table.bar) for table in tables],
        "worlds": [_world_document(*pair) for pair in zip(evidence.worlds, tables, strict=True)],
        "steps": [asdict(step) for step in evidence.steps],
    }


def _world_document(measured: MeasuredWorld, table: WorldTable) -> dict[str, Any]:
    return {
        "world": measured.world.name,
        "rows": measured.rows,
        "places": measured.places,
        "expected_outcomes": measured.expected_outcomes,
        "expected_deadly_outcomes": measured.expected_deadly_outcomes,
        "ceiling": measured.ceiling.model_dump(mode="json"),
        "above_the_ceiling": list(table.above),
        "rankings": [asdict(row) for row in table.rows],
        "fixed": {name: _texts(met) for name, met in measured.fixed.items()},
        "forces": [
            {
                "seed": force.seed,
                "evidence": force.evidence,
                "trained": asdict(force.trained),
                "captures": {name: _texts(met) for name, met in force.captures.items()},
                "deadly": {name: _texts(met) for name, met in force.deadly.items()},
            }
            for force in measured.forces
        ],
    }


def _texts(by_length: dict[int, float]) -> dict[str, float]:
    return {str(size): value for size, value in by_length.items()}


def page(evidence: Evidence) -> str:
    """Return the page as Markdown."""
    plan = evidence.plan
    tables = [table_of(measured) for measured in evidence.worlds]
    lines = ["# How close to the ceiling", ""]
    if evidence.standing == NOT_A_MEASUREMENT:
        lines += _paragraph(
            f"**This is {NOT_A_MEASUREMENT}.** The forces are small or have been looked at before; the figures show "
            "only that everything runs."
        )
    lines += _paragraph(
        f"Made by `make ceiling` on {evidence.date} at commit {evidence.commit}. On a synthetic force the true risk "
        "of every relationship is known (`docs/truth.md`), so a list can be compared with the best that its records "
        f"allow. Models are trained as `threat train` trains them on {len(plan.seeds)} forces of "
        f"{plan.trained_relationships:,} relationships and {plan.years:g} years in each world, and rank one list of an "
        f"independent force of {plan.large_relationships:,}, the same share listed. The ceiling is the best of "
        f"{len(RECIPES)} recipes taught the true risk itself on {plan.reference_rows:,} rows of a second independent "
        "force."
    )
    lines += _paragraph(unseen_sentence(evidence.seen)) if plan.unseen else []
    lines += ["## The bars", "", "| world | asked | measured | verdict |", "|---|---|---|---|"]
    lines += [
        f"| {table.bar.world} | {table.bar.asked} | {over_seeds(table.bar.measured)} | **{table.bar.verdict}** |"
        for table in tables
    ]
    lines += ["", *_paragraph(_rules_of_the_bars()), *_chart_lines(), ""]
    for measured, table in zip(evidence.worlds, tables, strict=True):
        lines += _world(measured, table)
    lines += [*_reading(), *published_lines(), *_steps(evidence.steps)]
    return "\n".join(lines).rstrip() + "\n"


def _rules_of_the_bars() -> str:
    return (
        f"A share of the ceiling is met where the mean over the forces is at least {SHARE:.2f} and the lower bound of "
        f"its t-interval at least {LEAST_BOUND:.2f}; it is not met where the whole interval is below {SHARE:.2f}. *Not "
        f"worse* is met where the lower bound of the paired difference, in shares of the ceiling, is above "
        f"-{MARGIN:.2f}, and not met where the whole interval is below 0. Anything else is not enough evidence."
    )


def _chart_lines() -> list[str]:
    return ["![Share of the ceiling at k by ranking and world, with intervals over forces](images/ceiling.svg)"]


def chart(evidence: Evidence) -> str:
    """Return the chart as an SVG image: the trained rankings' shares of the ceiling at k, and the best rule's."""
    points = []
    for measured in evidence.worlds:
        rows = table_of(measured).rows
        best_rule = max((row for row in rows if row.name.startswith(RULE)), key=lambda row: row.share.mean)
        for row in (*(row for row in rows if row.share.n > 1), best_rule):
            low, high = row.share.low, row.share.high
            label = f"{measured.world.name}: {row.title.replace('*', '')}"
            none = float("nan")
            points.append(
                Point(label, row.share.mean, none if low is None else low, none if high is None else high, SHARE)
            )
    sentence = f"Expected captures at k as a share of the ceiling's; intervals over forces ({evidence.standing})."
    figure = points_with_intervals(
        "How close to the ceiling", sentence, points, unit="share of the ceiling", target_name=f"bar of {SHARE:.2f}"
    )
    # An image of its own has no page around it: a width, and paper below the dark text.
    drawing = figure[figure.index("<svg ") : figure.index("<details>")].replace('width="100%"', 'width="720"', 1)
    start = drawing.index("</desc>") + len("</desc>")
    return f'{drawing[:start]}<rect width="100%" height="100%" fill="#ffffff"/>{drawing[start:]}\n'


def _world(measured: MeasuredWorld, table: WorldTable) -> list[str]:
    """Return the section of one world."""
    fit, world = measured.ceiling, measured.world
    lines = [f"## {world.title[0].upper()}{world.title[1:]}", ""]
    lines += _paragraph(
        f"The judged list holds {measured.rows:,} relationships and {measured.expected_outcomes:.1f} expected outcomes "
        f"of severe harm within 180 days ({measured.expected_deadly_outcomes:.1f} of them deadly); k = "
        f"{measured.places:,}. The ceiling is the recipe *{RECIPES[fit.recipe]}*: of those whose lists held as much "
        f"risk as any on the reference's subjects left out, it explains most of the deviance, "
        f"{fit.deviance_explained:.0%}."
    )
    lines += [
        "| ranking | captures at k | share of the ceiling at k | k/2 | 4k | deadly captures | of the ceiling's |",
        "|---|---|---|---|---|---|---|",
        *(_cells(row) for row in table.rows),
        "",
    ]
    if table.above:
        lines += _paragraph(
            f"**The ceiling is no ceiling here**: {'; '.join(title.replace('*', '') for title in table.above)} reach "
            "more than it at k."
        )
    lines += _chosen(measured)
    lines += [
        "| recipe | trees | deviance explained | risk listed, k/4 to 4k | error of the difference from the most |",
        "|---|---|---|---|---|",
        *(
            f"| {recipe.title} | {recipe.rounds:,} | {recipe.deviance_explained:.1%} | {recipe.captured:.2%} | "
            f"{recipe.standard_error:.2%} |"
            for recipe in fit.tried
        ),
        "",
        *_paragraph(f"Recipes on the subjects left out, of {fit.rows:,} rows with {fit.draws} runs forward each."),
    ]
    return lines


def _cells(row: TableRow) -> str:
    cells = (
        row.title,
        f"{row.captures:.2f}",
        over_seeds(row.share),
        over_seeds(row.half),
        over_seeds(row.four),
        f"{row.deadly:.3f}",
        over_seeds(row.deadly_share),
    )
    return f"| {' | '.join(cells)} |"


def over_seeds(measured: OverSeeds) -> str:
    """Write a mean over seeds with its interval.

    >>> over_seeds(OverSeeds(0.8812, 0.8604, 0.902, 6)), over_seeds(OverSeeds(0.39, None, None, 1))
    ('.88 (.86 to .90)', '.39')
    """

    def short(number: float) -> str:
        return f"{number:.2f}".replace("0.", ".", 1) if abs(number) < 1 else f"{number:.2f}"

    if measured.low is None or measured.high is None:
        return short(measured.mean)
    return f"{short(measured.mean)} ({short(measured.low)} to {short(measured.high)})"


def _chosen(measured: MeasuredWorld) -> list[str]:
    """Say what the trainings chose and on how much."""
    forces = measured.forces
    counts = Counter(force.trained.approach for force in forces)
    chosen = ", ".join(f"{approach} in {count}" for approach, count in counts.most_common())
    rows = [force.trained.rows_with_outcome for force in forces]
    return _paragraph(
        f"Of {len(forces)} trainings the rule chose {chosen}. They were fitted on {min(rows):,} to {max(rows):,} rows "
        "with an outcome."
    )


def _reading() -> list[str]:
    return [
        "## How to read this",
        "",
        *_bullets(
            (
                "The intervals are over trained forces alone. The judged list and the reference are one of each in a "
                "world, so what their own luck adds is in no interval.",
                "A ceiling is a lower bound of what records allow: another recipe could reach more. A share above 1 "
                "says that it does.",
                "The simulation is built on published odds, and so are the catalogue's directions. Signs are flattered "
                "by the first two worlds; the third, where a third of the directions are null or reversed, says what "
                "they cost when they are wrong.",
                "Nothing here is about a real force.",
            )
        ),
        "",
    ]


def published_lines() -> list[str]:
    """Return the table that the ranking by published odds is made from."""
    lines = [
        f"## {TITLE[0].upper()}{TITLE[1:]}",
        "",
        "| factor | present where any is above 0 | odds | figure | source |",
        "|---|---|---|---|---|",
    ]
    for factor in published_factors():
        names = " ".join(f"`{name}`" for name in factor.features)
        lines.append(f"| {factor.factor} | {names} | {factor.odds:g} | {factor.figure} | {factor.source} |")
    return [
        *lines,
        "",
        *_paragraph(
            "The score is the sum of the log odds of the factors present, plus the known offset for time at liberty. "
            "Only figures seen in a source are in it; factors that are called strong without a figure (firearms, "
            "weapons, threats to kill, control, sexual violence, separation) are not. The simulation is calibrated to "
            "some of the same figures."
        ),
    ]


def _steps(steps: Sequence[TakenStep]) -> list[str]:
    """Say what was made and what was reused, by kind."""
    lines = ["## What was made, and what was reused", "", "| step | made | reused | CPU seconds |", "|---|---|---|---|"]
    for kind in dict.fromkeys(step.kind for step in steps):
        of_kind = {step.key: step for step in reversed(steps) if step.kind == kind}.values()
        made = [step for step in of_kind if not step.reused]
        seconds = sum(step.cpu_seconds for step in made)
        lines.append(f"| {kind} | {len(made)} | {len(of_kind) - len(made)} | {seconds:,.0f} |")
    return [*lines, ""]


def _paragraph(text: str) -> list[str]:
    return [*textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False), ""]


def _bullets(texts: Sequence[str]) -> Iterator[str]:
    for text in texts:
        yield from textwrap.wrap(
            text, _WIDTH, initial_indent="- ", subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
        )
