"""One page of a force's distributions next to the published figures."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from threat.asof import DAY, show
from threat.charts import Point, bars, lines, points_with_intervals
from threat.history import protected
from threat.history.store import Store
from threat.simulation.calibration.frames import YEAR, ForceRecords
from threat.simulation.calibration.measures import measure
from threat.simulation.calibration.targets import Comparison, targets
from threat.simulation.force import read_settings
from threat.simulation.records.recording import principal_kinds
from threat.simulation.world.chance import exp, log
from threat.vocabulary import kinds

_PUBLISHED_SHAPE, _PUBLISHED_SCALE = 0.48, 2440.0
"""Weibull shape and scale (days) that the evidence derives for a third repeating within a year."""
_CHARTED = (
    (
        "Volumes and disposals",
        "not_crimed arrests_per_crime charged not_supporting evidential conference children_present",
    ),
    ("Who", "female_at_risk ex_partner serial family_deaths"),
    ("Repeats", "repeat_five_years repeat_two_years repeat_after_report repeat_quick repeat_shape"),
    ("Concentration of harm", "harm_top_2 harm_top_3 light_year"),
    (
        "Before a deadly case",
        "deadly_no_contact deadly_one_contact deadly_second deadly_known_domestic deadly_known marker_before "
        "marker_after",
    ),
    (
        "How often and how badly",
        "severe_share_0 severe_share_1 severe_share_2 severe_share_3_4 severe_share_5 severe_share_many deadly_auc",
    ),
    ("Odds and rates", "marker_ratio strangulation_odds stalking_odds deadly_rate homicide_rate"),
)


def write_report(out: Path) -> Path:
    """Write ``report.html`` in the folder of a force; returns its path. Raises UsageError when there is no force."""
    settings = read_settings(out)
    snapshot = Store.open(Path(out) / "history").snapshot()
    tables = {name: snapshot.table(name) for name in ("events", "relationships", "persons")}
    sex = protected.read(snapshot)
    sex = sex[sex["characteristic"] == "sex"].drop_duplicates("person_id")
    female = sex.set_index("person_id")["code"] == "female"
    records = ForceRecords.of(tables, settings.epoch, settings.now)
    values = measure(records, female)
    comparisons = {t.name: Comparison(t, (values[t.name],)) for t in targets()}
    parts = [
        "<h1>A synthetic force next to the published figures</h1>",
        f"<p>{len(records.relations):,} relationships, {tables['events'].num_rows:,} events, recorded from "
        f"{escape(show(settings.epoch)[:10])} to {escape(show(settings.now)[:10])}, seed {settings.seed}. "
        "No person in it lives. A single small force strays from the published figures by chance, most where few "
        "deadly cases are behind a figure; the calibration over several forces is in the documentation.</p>",
    ]
    for title, names in _CHARTED:
        charted = [comparisons[name] for name in names.split()]
        points = [_point(comparison) for comparison in charted]
        parts.append(points_with_intervals(title, tolerance_sentence(charted), points, target_name="published figure"))
    parts += [_time_to_repeat(records), _contacts(values), _concentration(records), _mix(records), _delays(records)]
    page = Path(out) / "report.html"
    page.write_text(_PAGE.format(body="\n".join(parts)), encoding="utf-8")
    return page


_PAGE = """<!doctype html>
<html lang="en-GB"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>A synthetic force next to the published figures</title></head>
<body><main>
{body}
</main></body></html>
"""


def tolerance_sentence(comparisons: list[Comparison]) -> str:
    """Return how many of the figures of a chart are within tolerance.

    >>> from threat.simulation.calibration.targets import Target
    >>> target = Target("charged", "Crimes charged", "share", 0.09, 0.07, 0.125, True, "[V S91]")
    >>> tolerance_sentence([Comparison(target, (0.10,)), Comparison(target, (0.14,))])
    '1 of 2 are within tolerance (the line).'
    """
    within = sum(comparison.within for comparison in comparisons)
    return f"{within} of {len(comparisons)} are within tolerance (the line)."


def _point(comparison: Comparison) -> Point:
    target = comparison.target
    note = target.source + (" (weak)" if target.weak else "")
    return Point(target.title, comparison.mean, target.low, target.high, target.target, note)


def _time_to_repeat(records: ForceRecords) -> str:
    incidents = records.incidents
    gap = incidents.groupby("pair")["occurred_at"].diff(-1).abs().to_numpy() / DAY
    old = incidents["occurred_at"].to_numpy() < records.end - YEAR
    days = np.array([1, 3, 7, 14, 30, 60, 90, 120, 180, 240, 300, 365], dtype=float)
    gap = np.where(np.isnan(gap), np.inf, gap)[old]
    ours = [(float(d), float((gap <= d).mean())) for d in days]
    weibull = [(float(d), float(1 - exp(-exp(_PUBLISHED_SHAPE * log(d / _PUBLISHED_SCALE))))) for d in days]
    return lines(
        "Time to the next incident",
        "The share of incidents followed by another rises steeply at first, then slowly.",
        {"simulated": ours, "published shape 0.48, a third within a year": weibull},
        x_name="days after an incident",
        y_name="share followed by another",
    )


def _contacts(values: dict[str, float]) -> str:
    names = {"contacts_1": "one", "contacts_2": "two", "contacts_3_4": "three or four", "contacts_5_9": "five to nine"}
    names["contacts_10"] = "ten or more"
    reference = {names[t.name]: t.target for t in targets() if t.name in names}
    rows = [(label, values[name]) for name, label in names.items()]
    sentence = "Most relationships come to notice once in five years."
    return bars("Incidents in five years", sentence, rows, unit="share of relationships", reference=reference)


def _concentration(records: ForceRecords) -> str:
    total = np.sort(records.incidents.groupby("pair")["days"].sum().to_numpy())[::-1]
    share = np.cumsum(total) / total.sum()
    at = np.unique(np.round(np.linspace(0, 0.2, 21) * len(total)).astype(int).clip(1, len(total)))
    line = [(0.0, 0.0)] + [(float(i / len(total)), float(share[i - 1])) for i in at]
    return lines(
        "Concentration of harm",
        "A few relationships hold most of the harm; the published point is 80% in the top 2%.",
        {"simulated": line, "published point": [(0.019, 0.79), (0.02, 0.8), (0.021, 0.81)]},
        x_name="share of relationships, most harm first",
        y_name="share of harm",
    )


def _mix(records: ForceRecords) -> str:
    order = list(kinds())
    heads = records.events[records.events["kind"].isin([order[i] for i in principal_kinds()])]
    common = heads["kind"].astype(str).value_counts().head(20)
    rows = [(kinds()[str(name)].title, float(n)) for name, n in common.items()]
    return bars("What incidents are recorded as", "No published figure is used here.", rows, unit="rows")


def _delays(records: ForceRecords) -> str:
    events: Any = records.events
    delay = (events["recorded_at"] - events["occurred_at"]) / DAY
    groups = {
        "assault with injury": ["assault_with_injury"],
        "coercive control": ["coercive_control"],
        "rape": ["rape"],
        "suicidal ideation": ["suicidal_ideation"],
        "order served": ["order_served"],
    }
    rows = []
    for label, names in groups.items():
        delays = delay[events["kind"].isin(names)]
        rows.append((label, float(pd.Series(delays).quantile(0.9)) if len(delays) else float("nan")))
    sentence = "Nine in ten rows are on record within this many days; assumptions, no published figure."
    return bars("How late records are", sentence, rows, unit="days")
