"""The truth as text: expected captures, the particle check, the leak."""

from __future__ import annotations

from threat.measuring.figure import Figure
from threat.release.documents.evaluation import MODEL
from threat.release.documents.expected_captures import CeilingFit, ExpectedCaptures, ParticleCheck, RankingCaptures
from training.truth.leak_shown import LeakShown

_LIST_BY_LIST = (MODEL, "ceiling", "oracle")
"""Rankings shown list by list: the model between what the records allow and what there is."""


def captures_lines(captures: ExpectedCaptures) -> str:
    """Return the text of ``threat expected-captures``, and of ``threat evaluate`` once the RUN has them."""
    lines = [
        f"RUN {captures.run_id}: {captures.n:,} rows, {captures.relations:,} relationships, lists of "
        f"{captures.capacity}, {captures.horizon_days} days.",
        f"By the truth a list's cohort holds {captures.expected_outcomes_per_list:.1f} expected outcomes "
        f"(mean risk {captures.mean_risk:.3%}, Monte Carlo error of one row "
        f"{captures.mean_monte_carlo_error:.3%}); {captures.realised_rows} rows saw one.",
        "",
        f"{'ranking':<28}{'captures a list':>24}{'of the oracle':>24}{'AUC, realised':>22}",
    ]
    for ranking in captures.rankings:
        cells = (("expected_captures", ".2f", 24), ("share_of_oracle", ".0%", 24), ("auc", ".3f", 22))
        lines.append(f"{ranking.name[:27]:<28}" + "".join(_cell(ranking, *cell) for cell in cells))
        if ranking.name == MODEL and ranking.figure("share_of_ceiling") is not None:
            lines.append(f"{'  of the ceiling':<28}{_cell(ranking, 'share_of_ceiling', '.0%', 24)}")
    lines += _deadly_lines(captures)
    shown = [ranking for ranking in captures.rankings if ranking.name in _LIST_BY_LIST]
    lines += ["", f"{'list':<28}" + "".join(f"{ranking.name:>12}" for ranking in shown)]
    for lists in zip(*(ranking.lists for ranking in shown), strict=True):
        lines.append(f"{lists[0].as_of[:10]:<28}" + "".join(f"{one_list.captures:>12.2f}" for one_list in lists))
    if captures.ceiling is not None:
        lines += [
            "",
            f"Ceiling: {captures.ceiling.rows:,} rows of the reference force, {captures.ceiling.rounds} trees; it "
            f"explains {captures.ceiling.deviance_explained:.0%} of the deviance of the latent risk on held-out "
            "subjects.",
        ]
        lines += recipe_lines(captures.ceiling)
    if captures.particle_check is not None:
        lines += ["", *_particle_lines(captures.particle_check)]
    return "\n".join(lines)


def recipe_lines(ceiling: CeilingFit) -> list[str]:
    """Every recipe of the ceiling on the subjects left out, the chosen recipe marked; nothing where one was fitted."""
    if len(ceiling.tried) < 2:
        return []
    lines = [f"{'recipe':<66}{'trees':>7}{'deviance':>10}{'risk listed':>13}"]
    for recipe in ceiling.tried:
        title = f"{'* ' if recipe.name == ceiling.recipe else '  '}{recipe.title}"
        lines.append(f"{title:<66}{recipe.rounds:>7}{recipe.deviance_explained:>10.1%}{recipe.captured:>13.2%}")
    return lines


def _deadly_lines(captures: ExpectedCaptures) -> list[str]:
    """The deadly part of what the same lists would meet; nothing where it was not asked for."""
    deadly = captures.deadly
    if deadly is None:
        return []
    lines = [
        "",
        f"Of it deadly (Y1): {deadly.expected_outcomes_per_list:.2f} expected outcomes in a list's cohort (mean risk "
        f"{deadly.mean_risk:.4%}, Monte Carlo error of one row {deadly.mean_monte_carlo_error:.4%}).",
        f"{'ranking':<28}{'deadly, a list':>24}{'of the deadly oracle':>24}",
    ]
    for ranking in captures.rankings:
        cells = (("expected_deadly_captures", ".3f", 24), ("share_of_deadly_oracle", ".0%", 24))
        lines.append(f"{ranking.name[:27]:<28}" + "".join(_cell(ranking, *cell) for cell in cells))
    return lines


def _particle_lines(check: ParticleCheck) -> list[str]:
    lines = [
        f"Particle filter: {check.rows} rows ({sum(check.left_out.values())} left out); mean risk "
        f"{check.mean_risk.filter:.3%} by the filter, {check.mean_risk.oracle:.3%} by the oracle.",
        f"{'ranking':<28}{'AUC by the true risk':>24}{'risk in the top 5%':>24}",
    ]
    for ranking in check.rankings:
        figures = {figure.name: figure for figure in ranking.figures}
        row = f"{_with_interval(figures['soft_auc'], '.3f'):>24}{_with_interval(figures['top_share'], '.0%'):>24}"
        lines.append(f"{ranking.name[:27]:<28}{row}")
    return lines


def leak_lines(shown: LeakShown) -> str:
    """Return the text of ``threat show-leak``."""
    lines = [
        f"Severe harm within {shown.settings.horizon_days} days, LightGBM. To the naive builder an event "
        "counts from when it happened; by `features` from when it was recorded.",
        "",
        f"{'force':<18}{'builder':<12}{'AUC':>22}{'recall at capacity':>24}{'expected captures':>24}",
    ]
    cells = (("auc", ".3f", 22), ("recall_at_capacity", ".1%", 24), ("expected_captures", ".2f", 24))
    for row in shown.rows:
        shown_cells = (f"{_with_interval(row.figures[name], form):>{width}}" for name, form, width in cells)
        lines.append(f"{row.force:<18}{row.builder:<12}" + "".join(shown_cells))
    first = shown.rows[0]
    lines.append(f"\n{first.n:,} rows, {first.events} outcome events on the force without the leak.")
    return "\n".join(lines)


def _cell(ranking: RankingCaptures, name: str, form: str, width: int) -> str:
    figure = ranking.figure(name)
    return f"{'-' if figure is None else _with_interval(figure, form):>{width}}"


def _with_interval(figure: Figure, form: str) -> str:
    if figure.value is None:
        return "not defined"
    text = format(figure.value, form)
    if figure.interval is not None:
        text += f" [{format(figure.interval[0], form)}, {format(figure.interval[1], form)}]"
    return text
