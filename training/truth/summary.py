"""What the truth says, as text: expected captures, the particle check, the leak."""

from __future__ import annotations

from typing import Any

from training.evaluation.summary import summary_lines


def captures_lines(document: dict[str, Any]) -> str:
    """What ``threat expected-captures`` prints, and ``threat evaluate`` once they are in the RUN."""
    out = [
        f"RUN {document['run_id']}: {document['n']:,} rows, {document['relations']:,} relationships, lists of "
        f"{document['capacity']}, {document['horizon_days']} days.",
        f"By the truth a list's cohort holds {document['expected_outcomes_per_list']:.1f} expected outcomes "
        f"(mean risk {document['mean_risk']:.3%}, Monte Carlo error of one row "
        f"{document['mean_monte_carlo_error']:.3%}); {document['realised_rows']} rows saw one.",
        "",
        f"{'ranking':<28}{'captures a list':>24}{'of the oracle':>24}{'AUC, realised':>22}",
    ]
    for one in document["rankings"]:
        by = {figure["name"]: figure for figure in one["figures"]}
        out.append(
            f"{one['name'][:27]:<28}{_with(by['expected_captures'], '.2f'):>24}"
            f"{_with(by['share_of_oracle'], '.0%'):>24}{_with(by['auc'], '.3f'):>22}"
        )
        if "share_of_ceiling" in by and one["name"] == "score":
            out.append(f"{'  of the ceiling':<28}{_with(by['share_of_ceiling'], '.0%'):>24}")
    shown = [one for one in document["rankings"] if one["name"] in ("score", "ceiling", "oracle")]
    out += ["", f"{'list':<28}" + "".join(f"{one['name']:>12}" for one in shown)]
    for lists in zip(*(one["lists"] for one in shown), strict=True):
        out.append(f"{lists[0]['as_of'][:10]:<28}" + "".join(f"{one['captures']:>12.2f}" for one in lists))
    if document.get("ceiling"):
        fit = document["ceiling"]
        out += [
            "",
            f"Ceiling: {fit['rows']:,} rows of the reference force, {fit['rounds']} trees; it explains "
            f"{fit['deviance_explained']:.0%} of the deviance of the latent risk on held-out subjects.",
        ]
    if document.get("particle_check"):
        one = document["particle_check"]
        out += [
            "",
            f"Particle filter: {one['rows']} rows ({sum(one['left_out'].values())} left out); mean risk "
            f"{one['mean_risk']['filter']:.3%} by the filter, {one['mean_risk']['oracle']:.3%} by the oracle.",
            f"{'ranking':<28}{'AUC by the true risk':>24}{'risk in the top 5%':>24}",
        ]
        for ranking in one["rankings"]:
            by = {figure["name"]: figure for figure in ranking["figures"]}
            row = f"{_with(by['soft_auc'], '.3f'):>24}{_with(by['top_share'], '.0%'):>24}"
            out.append(f"{ranking['name'][:27]:<28}{row}")
    return "\n".join(out)


def evaluation_lines(document: dict[str, Any]) -> str:
    """What ``threat evaluate`` prints: the RUN's figures and, of a synthetic force, the share of the reachable."""
    text = summary_lines(document)
    return f"{text}\n\n{captures_lines(document['expected_captures'])}" if "expected_captures" in document else text


def leak_lines(document: dict[str, Any]) -> str:
    """What ``threat show-leak`` prints."""
    out = [
        f"Severe harm within {document['settings']['horizon_days']} days, LightGBM. To the naive builder an event "
        "counts from when it happened; by `features` from when it was recorded.",
        "",
        f"{'force':<18}{'builder':<12}{'AUC':>22}{'recall at capacity':>24}{'expected captures':>24}",
    ]
    for row in document["rows"]:
        by = row["figures"]
        out.append(
            f"{row['force']:<18}{row['builder']:<12}{_with(by['auc'], '.3f'):>22}"
            f"{_with(by['recall_at_capacity'], '.1%'):>24}{_with(by['expected_captures'], '.2f'):>24}"
        )
    first = document["rows"][0]
    out.append(f"\n{first['n']:,} rows, {first['events']} outcome events on the force without the leak.")
    return "\n".join(out)


def _with(figure: dict[str, Any], form: str) -> str:
    if figure["value"] is None:
        return "not defined"
    text = format(figure["value"], form)
    if figure["interval"]:
        text += f" [{format(figure['interval'][0], form)}, {format(figure['interval'][1], form)}]"
    return text
