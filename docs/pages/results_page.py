"""``docs/results.md`` from the evaluations: tables with n, events and intervals, and sentences read off the figures.

Nothing about fewer than ten people or outcomes is printed for real records: such counts, the figures that would give
them away, and figures that depend on fewer than ten outcomes are withheld.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pages.results_bars import bar_lines
from pages.results_cells import LEAST, number, percent
from pages.results_comparison import comparison_lines, losses
from pages.results_estimand import estimand_lines
from pages.results_evidence import MeasuredRun, RealRecords, SyntheticForce
from pages.results_halves import drift_lines, halves_lines

from threat.measuring.figure import Figure
from threat.measuring.list_length import ListLength
from threat.release.documents.cohort import CohortAttrition
from threat.release.documents.evaluation import MODEL, Evaluation, RankingFigures
from threat.release.documents.expected_captures import ExpectedCaptures
from threat.release.documents.fairness_public import PublicFairness
from threat.release.documents.stability import Stability
from threat.release.documents.table_lines import TableLine, and_list, in_running_text, table_lines


def page(real: RealRecords | None, synthetic: SyntheticForce, made_on: str) -> str:
    """Write the whole page. ``real`` None: the records were not there. ``made_on``: ISO date."""
    lines = [
        "# Results",
        "",
        f"Made by `make results` on {made_on}; not edited by hand. Intervals are 95%: cluster bootstrap over "
        "subjects, and for rates with fewer than ten cases, non-cases or people Jeffreys' on the effective number. "
        "*Recall* is the share of all outcome events in the window, people outside the cohort included, that the list "
        "held; it is coverage times recall within the cohort. *Mean recall* is its mean over lists of k/4, k/2, k, 2k "
        "and 4k; where the list is a share of the rows, of 5, 10, 20, 30 and 40%. Baselines are in the same tables, "
        "measured on the same rows with the same resampled subjects; rankings that order these rows alike are one row, "
        "which says so. What ranks is LightGBM: added to *the base* (a ridge regression on published factors), "
        "distilled from the base, or from scratch, whichever validation chose. Each test was opened once per run, "
        "after everything had been chosen; `docs/training.md` says how.",
        "",
    ]
    # Before anything else: a model that loses to the regression has no reason to be there.
    lost = [] if real is None else losses(real.runs, public=True)
    if lost := [*lost, *losses(synthetic.runs, public=False)]:
        lines += [*lost, ""]
    if real is None:
        lines += ["## Real records", "", "They were not next to the checkout when this page was made.", ""]
    else:
        lines += _real(real)
    lines += _synthetic(synthetic)
    # Written by hand: a comparison with versions of before cannot be made from one checkout.
    lines += ["", *Path(__file__).with_name("what_changed.md").read_text(encoding="utf-8").splitlines()]
    return "\n".join(lines).rstrip() + "\n"


def _real(real: RealRecords) -> list[str]:
    lines = [
        "## Real records: jail bookings of one US county",
        "",
        f"{real.rows_in:,} source rows, {real.rows_kept:,} kept, {real.rows_quarantined:,} quarantined "
        "with a reason. De-identified, dates moved by an undisclosed number of weeks; no person at risk is recorded, "
        "so each subject has one relationship with an unknown person at risk. A booking is neither an offence nor a "
        "conviction. Outcome: a later domestic-violence booking that meets the severe rung (Y2: attempted murder, "
        "assault with intent, strangulation with injury, injury with a weapon, rape, kidnap, homicide). This is not "
        "the population, the law or the records of a British force: it shows that the product runs on real records, "
        "not how well it would serve anyone. Only aggregates are printed, and nothing on fewer than ten.",
        "",
    ]
    titles = {
        "real_incident": "Indexed on a domestic-violence booking, 180 days",
        "real_monthly": "Monthly, 180 days",
    }
    for name, title in titles.items():
        lines += _run(f"{title} (`{name}`)", real.runs[name], public=True)
    if bars := bar_lines(real.runs, public=True):
        lines += ["### Bars on validation", "", *bars]
    lines += ["### Sensitivities", "", *_sensitivities(real.runs)]
    lines += ["### No leaks, by construction", "", *_leaks(real.runs, titles)]
    return lines


def _synthetic(synthetic: SyntheticForce) -> list[str]:
    lines = [
        "## A synthetic force",
        "",
        f"`threat simulate --relationships {synthetic.asked_relationships} --years {synthetic.years:g} "
        f"--seed {synthetic.seed}`: {synthetic.relationships:,} relationships, {synthetic.events:,} events. No person "
        "in it lives; what it shows is whether the method finds what is there, because here the truth is known.",
        "",
    ]
    titles = {
        "synthetic_incident": "Indexed on a domestic incident, 180 days",
        "synthetic_monthly": "Monthly, 365 days",
    }
    for name, title in titles.items():
        run = synthetic.runs[name]
        lines += _run(f"{title} (`{name}`)", run, public=False)
        if run.truth is not None:
            lines += _truth(run.truth, run.evaluation)
    return lines


def _run(title: str, run: MeasuredRun, *, public: bool) -> list[str]:
    evaluation, fit, cohort = run.evaluation, run.cohort.fit["test"], run.evaluation.cohort
    k, places = evaluation.capacity, evaluation.capacity * cohort.lists
    ceiling = {} if run.truth is None else run.truth.shares_of_ceiling
    coverage, rate = (evaluation.rankings[0].figure(name) for name in ("coverage", "prevalence"))
    assert coverage is not None and rate is not None  # noqa: PT018 (every evaluation has both)
    lines = [
        f"### {title}",
        "",
        f"Test: {cohort.n:,} rows of {cohort.subjects:,} subjects on {cohort.lists} monthly lists "
        f"({cohort.start[:10]} to {cohort.last_as_of[:10]}), {rate.events} outcome events in the cohort, "
        f"{coverage.events} in all; coverage {percent(coverage)}; {percent(rate)} of rows had an outcome. Fitted on "
        f"{fit.rows:,} rows of {fit.subjects:,} subjects, {fit.rows_with_outcome:,} with an outcome. Lists of "
        f"{ListLength(k, evaluation.capacity_share).words}.",
        "",
        f"| ranking | recall, list of {k} | in the cohort | coverage |{' of the ceiling |' * bool(ceiling)} "
        "mean recall | precision | lift | AUC | Brier |",
        "|---" * (9 + bool(ceiling)) + "|",
    ]
    lines += [
        "| " + " | ".join([line.title, *_cells(line, k, places, public, ceiling)]) + " |" for line in evaluation.lines
    ]
    lines += [
        "",
        *comparison_lines(evaluation, public=public),
        *_commentary(evaluation, public),
        *halves_lines(evaluation, public),
        *_reliability(evaluation, public),
        *_stability(run.stability),
        *drift_lines(run.cohort, public),
    ]
    lines += _in_no_figure(run.cohort, public)
    if run.audit is not None:
        lines += _audit(run.audit)
    lines += [f"- Note: {warning}" for warning in evaluation.warnings if "tie at the cut" not in warning]
    return [*lines, "", *estimand_lines(evaluation, public=public)]


def _cells(
    line: TableLine[RankingFigures], k: int, places: int, public: bool, ceiling: Mapping[str, Figure]
) -> list[str]:
    ranking = line.row
    recall, precision, lift = (ranking.figure(f"{name}_at_capacity", k) for name in ("recall", "precision", "lift"))
    inside = percent(ranking.figure("in_cohort_recall", k))
    few = public and few_on_the_list(ranking, k, places)
    listed = [percent(recall), inside, percent(precision), number(lift, 1)]
    listed = listed if not few else [f"on fewer than {LEAST}"] * 4
    return [
        listed[0],
        listed[1],
        percent(ranking.figure("coverage"), public=public),
        *([percent(ceiling.get(ranking.name))] if ceiling else []),
        percent(ranking.figure("mean_recall"), public=public),
        listed[2],
        listed[3],
        number(ranking.figure("auc"), 3, public=public),
        _brier(line, public),
    ]


def _brier(line: TableLine[RankingFigures], public: bool) -> str:
    """The Brier score of each ranking of a line that gives probabilities: rows ordered alike may have others."""
    cells = [number(line.row.figure("brier"), 4, public=public)]
    for other, title in zip(line.alike, line.titles, strict=True):
        if other.figure("brier") is not None:
            cells.append(f"{title}: {number(other.figure('brier'), 4, public=public)}")
    return "; ".join(cells)


def few_on_the_list(ranking: RankingFigures, k: int, places: int) -> bool:
    """True when the list held fewer than ten rows with an outcome, or fewer than ten events were credited to it."""
    recall, precision = ranking.figure("recall_at_capacity", k), ranking.figure("precision_at_capacity", k)
    credited = recall.value * recall.events if recall and recall.value else 0
    rows = precision.value * places if precision and precision.value else 0
    return min(credited, rows) < LEAST


def _commentary(evaluation: Evaluation, public: bool) -> list[str]:
    """Say where the model beats each baseline and where not, in words that follow from the intervals."""
    words = (("recall_difference", "recall"), ("mean_recall_difference", "mean recall"), ("auc_difference", "AUC"))
    lines = [
        "LightGBM minus each baseline (paired):",
        "",
        "| baseline | recall | mean recall | AUC |",
        "|---|---|---|---|",
    ]
    beaten: dict[str, dict[str, list[str]]] = {"better": {}, "worse": {}, "undecided": {}}
    k = evaluation.capacity
    places = k * evaluation.cohort.lists
    (model,), others = [
        [line for line in evaluation.lines if (line.row.name == MODEL) is of_model] for of_model in (True, False)
    ]
    for line in others:
        baseline, cells = line.row, []
        few = public and (few_on_the_list(baseline, k, places) or few_on_the_list(model.row, k, places))
        for name, word in words:
            difference = baseline.figure(name)
            cells.append("withheld" if few and name == "recall_difference" else number(difference, 3, signed=True))
            if not baseline.name.startswith("without"):
                beaten[_side(difference)].setdefault(line.title, []).append(word)
        lines.append(f"| {line.title} | " + " | ".join(cells) + " |")
    lines.append("")
    # Its own ablation apart, a baseline on the model's own line ranks as well as the model.
    if equal := [in_running_text(other.title) for other in model.alike if not other.name.startswith("without")]:
        lines.append(f"- **LightGBM orders these rows exactly as {and_list(equal)}: it ranks no better and no worse.**")
    sides = (
        ("better", "LightGBM ranks better than {}."),
        ("worse", "**LightGBM ranks worse than {}.**"),
        ("undecided", "**LightGBM does not beat, as far as these rows can tell, {}.**"),
    )
    for side, sentence in sides:
        if beaten[side]:
            named = [f"{in_running_text(title)} ({and_list(words)})" for title, words in beaten[side].items()]
            lines.append(f"- {sentence.format('; '.join(named))}")
    return lines


def _side(difference: Figure | None) -> str:
    if difference is None or difference.interval is None:
        return "undecided"
    low, high = difference.interval
    return "better" if low > 0 else "worse" if high < 0 else "undecided"


def _reliability(evaluation: Evaluation, public: bool) -> list[str]:
    calibration, lead = evaluation.calibration, evaluation.lead_time
    lines = []
    if calibration is not None:
        lines.append(
            f"- Calibration: slope {number(calibration.slope, 2, public=public)}, observed over expected "
            f"{number(calibration.observed_over_expected, 2, public=public)}; both are 1 where the probabilities are "
            "right."
        )
    elif evaluation.no_probability:
        lines.append(f"- Calibration: {evaluation.no_probability}")
    bands = _freshness(evaluation, public)
    if bands:
        lines.append(f"- By days since the last domestic incident: {'; '.join(bands)}.")
    if lead.events >= LEAST:
        lines.append(
            f"- Lead time, first list to outcome, over the {lead.events} events a list held: median "
            f"{lead.median_days:.0f} days (quartiles {lead.quarter_days:.0f} to {lead.three_quarter_days:.0f})."
        )
    return lines


def _freshness(evaluation: Evaluation, public: bool) -> list[str]:
    """The model's AUC in each band of freshness, in words."""
    few = [band for band in evaluation.freshness if band.n < LEAST or band.events < LEAST]
    # What the withheld bands hold together could be had by subtracting the others from the whole.
    together = min(sum(band.n for band in few), sum(band.events for band in few))
    given_away = public and few and together < LEAST
    words = []
    for band in evaluation.freshness:
        area = next(figure for figure in band.figures if figure.name == "auc" and figure.slice.get("ranking") == MODEL)
        if public and band in few:
            words.append(f"{band.band}: fewer than {LEAST} outcomes, withheld")
        elif given_away:
            words.append(f"{band.band}: AUC {number(area, 3)} (its counts would give away those withheld)")
        else:
            words.append(f"{band.band}: {band.n:,} rows, {band.events} events, AUC {number(area, 3)}")
    return words


def _in_no_figure(cohort: CohortAttrition, public: bool) -> list[str]:
    """Say what no figure holds: rows left out, competing deaths, severe incidents that no rung counts as severe."""

    def shown(count: int) -> str:
        return f"fewer than {LEAST}" if public and 0 < count < LEAST else f"{count:,}"

    left_out, competing, silent = cohort.test_left_out, cohort.competing_deaths, cohort.silent_features
    unseen = [f"{shown(line.incidents)} {line.title}" for line in cohort.unseen_severe]
    return [
        f"- On the lists and in no figure, because what had happened was not on record yet: a death in "
        f"{shown(left_out.death_not_yet_recorded)} rows, the outcome in {shown(left_out.outcome_not_yet_recorded)}; "
        f"left out of fitting {shown(cohort.fit['test'].left_out.rows)}. Deaths by another cause within the horizon: "
        f"{shown(competing.rows)} rows.",
        f"- Severe incidents that no rung counts, or only a lower one: {'; '.join(unseen) or 'none'}.",
        f"- Features that are missing on every row: {len(silent.empty)}; that have one value: {len(silent.constant)}.",
    ]


def _stability(stability: Stability) -> list[str]:
    if stability.kept_mean is None:
        return []
    return [
        f"- Fitted again on resampled subjects ({stability.members} times), the model keeps {stability.kept_mean:.0%} "
        "of the listed places on average."
    ]


def _audit(report: PublicFairness) -> list[str]:
    """Verdicts by characteristic; counts of groups are withheld in the published rendering."""
    by_verdict: dict[str, list[str]] = {}
    for characteristic in report.characteristics:
        absent = characteristic.reason.startswith("not recorded for anyone")
        verdict = "not recorded for anyone" if absent else characteristic.verdict.words.lower()
        party = str(characteristic.party).replace("_", " ")
        name = f"{characteristic.characteristic.replace('_', ' ')} of the {party}"
        by_verdict.setdefault(verdict, []).append(name)
    listed = [f"{verdict}: {and_list(by_verdict[verdict])}" for verdict in sorted(by_verdict) if verdict != "pass"]
    passed = [f"pass: {and_list(by_verdict['pass'])}"] if "pass" in by_verdict else []
    verdict = report.verdict.words.lower()
    return [f"- Fairness audit of recall by group: {verdict}. By characteristic: {'; '.join(listed + passed)}."]


def _sensitivities(runs: dict[str, MeasuredRun]) -> list[str]:
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
        "| preset, cohort and outcome | rows | events in cohort | LightGBM | elastic net | prior count "
        "| trailing-year harm |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, title in titles.items():
        evaluation = runs[name].evaluation
        area = evaluation.figure(MODEL, "auc")
        events = area.events if area else 0
        cells = [
            number(evaluation.figure(column, "auc"), 3, public=True)
            for column in (MODEL, "elastic_net", "rule_prior_count", "rule_trailing_year_harm")
        ]
        n = evaluation.cohort.n
        shown = str(events) if events >= LEAST else f"fewer than {LEAST}"
        lines.append(f"| `{name}`: {title} | {n:,} | {shown} | " + " | ".join(cells) + " |")
    return [*lines, "", "AUC, with intervals.", ""]


def _leaks(runs: dict[str, MeasuredRun], titles: dict[str, str]) -> list[str]:
    lines = []
    for name, title in titles.items():
        removed, dates, leak = runs[name].checks.future_removed, runs[name].checks.dates, runs[name].leak
        assert leak is not None  # made for each of these presets
        order = (
            "every label was known by the fit date, and no fit date is after the first as-of measured"
            if dates.holds
            else "THE RULE IS BROKEN"
        )
        lines.append(
            f"- {title}: {removed.features} features of {removed.rows} sampled test rows were computed again "
            f"from histories without any later record: {removed.values_that_differ} values differ. Dates of every "
            f"fold: {order}. A builder that filters on the date of the event, not on the time it became known, would "
            f"have reported an AUC of {number(leak.leaky_auc, 3)}, {number(leak.difference, 3, signed=True)} against "
            "the honest one."
        )
    return [*lines, ""]


def _truth(truth: ExpectedCaptures, evaluation: Evaluation) -> list[str]:
    lines = [
        f"By the truth: lists of {truth.capacity}, expected captures per list (true risk inside the top k) and the "
        "share of what the latent oracle would capture; deadly (Y1): what the same lists would meet of deadly harm.",
        "",
        "| ranking | expected captures | share of the oracle | deadly |",
        "|---|---|---|---|",
    ]
    for line in table_lines(truth.rankings, evaluation.first_alike):
        ranking = line.row
        captures, share = ranking.figure("expected_captures"), ranking.figure("share_of_oracle")
        deadly = ranking.figure("expected_deadly_captures")
        lines.append(f"| {line.title} | {number(captures, 2)} | {percent(share)} | {number(deadly, 3)} |")
    return [*lines, ""]
