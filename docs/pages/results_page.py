"""``docs/results.md`` from the evaluations: tables with n, events and intervals, and sentences read off the figures.

Nothing about fewer than ten people or outcomes is printed for real records: such counts, the figures that would give
them away, and figures that rest on fewer than ten outcomes are withheld.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from threat.release.documents.evaluation import MODEL

LEAST = 10
Figure = dict[str, Any]


def found(figures: Sequence[Figure], name: str, capacity: int | None = None) -> Figure | None:
    """The Figure of that name (at that capacity), or None."""
    for figure in figures:
        if figure["name"] == name and (capacity is None or figure["slice"].get("capacity") in {capacity, None}):
            return figure
    return None


def page(real: dict[str, Any] | None, synthetic: dict[str, Any], made_on: str) -> str:
    """The whole page. ``real`` None: the records were not there. ``made_on``: ISO date."""
    lines = [
        "# Results",
        "",
        f"Made by `make results` on {made_on}; not edited by hand. Intervals are 95% cluster bootstrap over subjects. "
        "*Recall* is the share of all outcome events in the window, people outside the cohort included, that the list "
        "held; it is coverage times recall within the cohort. *Mean recall* is its mean over lists of k/4, k/2, k, 2k "
        "and 4k. Baselines stand in the same tables, measured on the same rows with the same resampled subjects. Each "
        "test was opened once per run, after everything had been chosen; `docs/training.md` says how.",
        "",
    ]
    if real is None:
        lines += ["## Real records", "", "They were not beside the checkout when this page was made.", ""]
    else:
        lines += _real(real)
    lines += _synthetic(synthetic)
    return "\n".join(lines).rstrip() + "\n"


def _real(real: dict[str, Any]) -> list[str]:
    loaded, runs = real["loaded"], real["runs"]
    lines = [
        "## Real records: jail bookings of one US county",
        "",
        f"{loaded['rows_in']:,} source rows, {loaded['rows_kept']:,} kept, {loaded['rows_quarantined']:,} put aside "
        "with a reason. De-identified, dates moved by an undisclosed number of weeks; no person at risk is recorded, "
        "so each subject has one relationship with an unknown person at risk. A booking is neither an offence nor a "
        "conviction. Outcome: a later domestic-violence booking that meets the severe rung (Y2: attempted murder, "
        "assault with intent, strangulation with injury, injury with a weapon, rape, kidnap, homicide). This is not "
        "the population, the law or the records of a British force: it shows that the line works on real records, "
        "not how well it would "
        "serve anyone. Only aggregates are printed, and nothing on fewer than ten.",
        "",
    ]
    titles = {
        "real_incident": "Indexed on a domestic-violence booking, 180 days",
        "real_monthly": "Monthly, 180 days",
    }
    for name, title in titles.items():
        lines += _run(title, runs[name], public=True)
    lines += ["### Sensitivities", "", *_sensitivities(runs)]
    lines += ["### No leaks, by construction", "", *_leaks(runs, titles)]
    return lines


def _synthetic(synthetic: dict[str, Any]) -> list[str]:
    made, force = synthetic["force"]["made"], synthetic["force"]
    lines = [
        "## A synthetic force",
        "",
        f"`threat simulate --relationships {force['relationships']} --years {force['years']:g} "
        f"--seed {force['seed']}`: {made['relationships']:,} relationships, {made['events']:,} events. No person in "
        "it lives; what it shows is whether the method finds what is there, because here the truth is known.",
        "",
    ]
    titles = {
        "synthetic_incident": "Indexed on a domestic incident, 180 days",
        "synthetic_monthly": "Monthly, 365 days",
    }
    for name, title in titles.items():
        run = synthetic["runs"][name]
        lines += _run(title, run, public=False)
        lines += _truth(run["truth"])
    return lines


def _run(title: str, run: dict[str, Any], *, public: bool) -> list[str]:
    evaluation, fit = run["evaluation"], run["fit"]["test"]
    k, cohort = evaluation["capacity"], evaluation["cohort"]
    first = evaluation["rankings"][0]["figures"]
    coverage, rate = found(first, "coverage"), found(first, "prevalence")
    assert coverage is not None and rate is not None  # noqa: PT018 (every evaluation has both)
    lines = [
        f"### {title}",
        "",
        f"Test: {cohort['n']:,} rows of {cohort['subjects']:,} subjects on {cohort['lists']} monthly lists "
        f"({cohort['start'][:10]} to {cohort['last_as_of'][:10]}), {rate['events']} outcome events in the cohort, "
        f"{coverage['events']} in all; coverage {percent(coverage)}; {percent(rate)} of rows had an outcome. Fitted on "
        f"{fit['rows']:,} rows of {fit['subjects']:,} subjects, {fit['rows_with_outcome']:,} with an outcome. "
        f"Lists of {k}.",
        "",
        f"| ranking | recall, list of {k} | mean recall | precision | lift | AUC | Brier |",
        "|---|---|---|---|---|---|---|",
    ]
    places = k * cohort["lists"]
    lines += [
        "| " + " | ".join([entry["title"], *_cells(entry["figures"], k, places, public)]) + " |"
        for entry in evaluation["rankings"]
    ]
    lines += ["", *_commentary(evaluation, public), *_reliability(evaluation, public), *_stability(run["stability"])]
    lines += _audit(run["audit"])
    lines += [f"- Note: {warning}" for warning in evaluation["warnings"] if "tie at the cut" not in warning]
    return [*lines, ""]


def _cells(figures: list[Figure], k: int, places: int, public: bool) -> list[str]:
    recall, precision, lift = (found(figures, f"{name}_at_capacity", k) for name in ("recall", "precision", "lift"))
    few = public and few_on_the_list(figures, k, places)
    listed = [percent(recall), percent(precision), number(lift, 1)] if not few else [f"on fewer than {LEAST}"] * 3
    return [
        listed[0],
        percent(found(figures, "mean_recall"), public=public),
        listed[1],
        listed[2],
        number(found(figures, "auc"), 3, public=public),
        number(found(figures, "brier"), 4, public=public),
    ]


def few_on_the_list(figures: list[Figure], k: int, places: int) -> bool:
    """True when the list held fewer than ten rows with an outcome, or fewer than ten events were credited to it."""
    recall, precision = found(figures, "recall_at_capacity", k), found(figures, "precision_at_capacity", k)
    credited = (recall["value"] or 0) * recall["events"] if recall else 0
    rows = (precision["value"] or 0) * places if precision else 0
    return min(credited, rows) < LEAST


def _commentary(evaluation: dict[str, Any], public: bool) -> list[str]:
    """Where the model beats each baseline, where it does not, in words that follow from the intervals."""
    words = (("recall_difference", "recall"), ("mean_recall_difference", "mean recall"), ("auc_difference", "AUC"))
    lines = [
        "LightGBM minus each baseline (paired):",
        "",
        "| baseline | recall | mean recall | AUC |",
        "|---|---|---|---|",
    ]
    beaten: dict[str, dict[str, list[str]]] = {"better": {}, "worse": {}, "undecided": {}}
    k = evaluation["capacity"]
    places = k * evaluation["cohort"]["lists"]
    ours = next(entry for entry in evaluation["rankings"] if entry["name"] == MODEL)["figures"]
    for entry in evaluation["rankings"]:
        if entry["name"] == MODEL:
            continue
        cells = []
        few = public and (few_on_the_list(entry["figures"], k, places) or few_on_the_list(ours, k, places))
        for name, word in words:
            one = found(entry["figures"], name)
            cells.append("withheld" if few and name == "recall_difference" else number(one, 3, signed=True))
            if not entry["name"].startswith("without"):
                beaten[_side(one)].setdefault(entry["title"], []).append(word)
        lines.append(f"| {entry['title']} | " + " | ".join(cells) + " |")
    lines.append("")
    sides = (
        ("better", "LightGBM ranks better than {}."),
        ("worse", "**LightGBM ranks worse than {}.**"),
        ("undecided", "**LightGBM does not beat, as far as these rows can tell, {}.**"),
    )
    for side, sentence in sides:
        if beaten[side]:
            named = [f"{title[0].lower()}{title[1:]} ({_list(words)})" for title, words in beaten[side].items()]
            lines.append(f"- {sentence.format('; '.join(named))}")
    return lines


def _side(one: Figure | None) -> str:
    if one is None or not one["interval"]:
        return "undecided"
    low, high = one["interval"]
    return "better" if low > 0 else "worse" if high < 0 else "undecided"


def _reliability(evaluation: dict[str, Any], public: bool) -> list[str]:
    calibration = evaluation["calibration"]
    lines = []
    if calibration:
        lines.append(
            f"- Calibration: slope {number(calibration['slope'], 2, public=public)}, observed over expected "
            f"{number(calibration['observed_over_expected'], 2, public=public)}."
        )
    bands = []
    few = [band for band in evaluation["freshness"] if band["n"] < LEAST or band["events"] < LEAST]
    # What the withheld bands hold together could be had by subtracting the others from the whole.
    given_away = public and few and min(sum(band[name] for band in few) for name in ("n", "events")) < LEAST
    for band in evaluation["freshness"]:
        name = band["band"]
        area = next(one for one in band["figures"] if one["name"] == "auc" and one["slice"]["ranking"] == MODEL)
        if public and band in few:
            bands.append(f"{name}: fewer than {LEAST} outcomes, withheld")
        elif given_away:
            bands.append(f"{name}: AUC {number(area, 3)} (its counts would give away those withheld)")
        else:
            bands.append(f"{name}: {band['n']:,} rows, {band['events']} events, AUC {number(area, 3)}")
    if bands:
        lines.append(f"- By days since the last domestic incident: {'; '.join(bands)}.")
    lead = evaluation["lead_time"]
    if lead["events"] >= LEAST:
        lines.append(
            f"- Lead time, first list to outcome, over the {lead['events']} events a list held: median "
            f"{lead['median_days']:.0f} days "
            f"(quartiles {lead['quarter_days']:.0f} to {lead['three_quarter_days']:.0f})."
        )
    return lines


def _stability(stable: dict[str, Any]) -> list[str]:
    if stable["kept_mean"] is None:
        return []
    return [
        f"- Fitted again on resampled subjects ({stable['members']} times), the model keeps {stable['kept_mean']:.0%} "
        "of the listed places on average."
    ]


def _audit(report: dict[str, Any]) -> list[str]:
    """Verdicts by characteristic; counts of groups are withheld in the published rendering."""
    words = {"pass": "pass", "fail": "fail", "not_enough_evidence": "not enough evidence"}
    by_verdict: dict[str, list[str]] = {}
    for one in report["characteristics"]:
        absent = one["reason"].startswith("not recorded for anyone")
        verdict = "not recorded for anyone" if absent else words[one["verdict"]]
        name = f"{one['characteristic'].replace('_', ' ')} of the {one['party'].replace('_', ' ')}"
        by_verdict.setdefault(verdict, []).append(name)
    listed = [f"{verdict}: {_list(by_verdict[verdict])}" for verdict in sorted(by_verdict) if verdict != words["pass"]]
    passed = [f"pass: {_list(by_verdict['pass'])}"] if "pass" in by_verdict else []
    return [f"- Fairness audit, recall by group, {words[report['verdict']]}. {'; '.join(listed + passed)}."]


def _sensitivities(runs: dict[str, Any]) -> list[str]:
    titles = {
        "real_incident": "incident, 180 days (as above)",
        "real_incident_new": "incident, 180 days, a *new* severe kind",
        "real_incident_365": "incident, 365 days, look-back 30 days",
        "real_monthly": "monthly, 180 days (as above)",
        "real_monthly_new": "monthly, 180 days, a *new* severe kind",
        "real_monthly_365": "monthly, 365 days, look-back 30 days",
    }
    lines = [
        "Half of later bookings may be the same case returning. *New*: the later booking carries a severe kind that no "
        "earlier booking of the subject carried; that leaves out true repeats of the same kind too, so it errs low. A "
        "year ahead fits into these records only with 30 days of look-back, without validation in time.",
        "",
        "| cohort and outcome | rows | events in cohort | LightGBM | elastic net | prior count | trailing-year harm |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, title in titles.items():
        evaluation = runs[name]["evaluation"]
        by_name = {entry["name"]: entry["figures"] for entry in evaluation["rankings"]}
        area = found(by_name[MODEL], "auc")
        events = area["events"] if area else 0
        cells = [
            number(found(by_name.get(column, []), "auc"), 3, public=True)
            for column in (MODEL, "elastic_net", "rule_prior_count", "rule_trailing_year_harm")
        ]
        n = evaluation["cohort"]["n"]
        shown = str(events) if events >= LEAST else f"fewer than {LEAST}"
        lines.append(f"| {title} | {n:,} | {shown} | " + " | ".join(cells) + " |")
    return [*lines, "", "AUC, with intervals.", ""]


def _leaks(runs: dict[str, Any], titles: dict[str, str]) -> list[str]:
    lines = []
    for name, title in titles.items():
        run = runs[name]
        removed, dates = run["checks"]["future_removed"], run["checks"]["dates"]
        worth = run["leak_worth"]
        order = "label known by the fit date, fit date by the first as-of" if dates["holds"] else "RULE BROKEN"
        lines.append(
            f"- {title}: {removed['features']} features of {removed['rows']} sampled test rows were computed again "
            f"from histories without any later record: {removed['values_that_differ']} values differ. Dates of every "
            f"fold: {order}. A builder that filters on the date of the event, not on the time it became known, would "
            f"have reported an AUC of {number(worth['leaky_auc'], 3)}, "
            f"{number(worth['difference'], 3, signed=True)} against the honest one."
        )
    return [*lines, ""]


def _truth(truth: dict[str, Any]) -> list[str]:
    lines = [
        f"By the truth: lists of {truth['capacity']}, expected captures per list (true risk inside the top k) and the "
        "share of what the latent oracle would capture.",
        "",
        "| ranking | expected captures | share of the oracle |",
        "|---|---|---|",
    ]
    for entry in truth["rankings"]:
        by_name = {one["name"]: one for one in entry["figures"]}
        captures, share = by_name.get("expected_captures"), by_name.get("share_of_oracle")
        lines.append(f"| {entry['title']} | {number(captures, 2)} | {percent(share)} |")
    return [*lines, ""]


def percent(one: Figure | None, *, public: bool = False) -> str:
    """``12.3% (10.1 to 14.5)``; a dash where there is no figure; withheld where it rests on fewer than ten."""
    if one is None or one["value"] is None:
        return "-"
    if public and one["events"] < LEAST:
        return "withheld"
    text = f"{one['value']:.1%}"
    return f"{text} ({one['interval'][0] * 100:.1f} to {one['interval'][1] * 100:.1f})" if one["interval"] else text


def number(one: Figure | None, digits: int, *, signed: bool = False, public: bool = False) -> str:
    """A figure and its interval with so many decimals; rules as in ``percent``."""
    if one is None or one["value"] is None:
        return "-"
    if public and one["events"] < LEAST:
        return "withheld"
    form = f"{'+' if signed else ''}.{digits}f"
    text = format(one["value"], form)
    if one["interval"]:
        low, high = (format(bound, form) for bound in one["interval"])
        text += f" ({low} to {high})"
    return text


def _list(words: Sequence[str]) -> str:
    return ", ".join(words[:-1]) + f" and {words[-1]}" if len(words) > 1 else words[0]
