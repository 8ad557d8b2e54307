"""Every published figure as a simulated force shows it, measured from its records as an analyst of a force would."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from threat.asof import DAY
from threat.simulation.calibration.frames import YEAR, ForceRecords
from threat.simulation.calibration.joint import auc, joint_figures
from threat.simulation.records import recording


def measure(records: ForceRecords, female: pd.Series) -> dict[str, float]:
    """Return every figure of ``targets.csv`` by name. ``female``: by person id, where recorded."""
    return {
        **_volumes(records, female),
        **_repeats(records),
        **_harm(records),
        **_deadly(records),
        **_markers(records),
        **_grades(records),
        **joint_figures(records),
    }


def _ratio(a: float, b: float) -> float:
    return float(a) / float(b) if b else math.nan


def _volumes(records: ForceRecords, female: pd.Series) -> dict[str, float]:
    incidents = records.incidents
    crimes = incidents[incidents["crime"]]
    n, n_crime = len(incidents), len(crimes)
    closed = records.of_kind("no_further_action")
    code = closed["code"].astype(str)
    settled = crimes[crimes["occurred_at"] < records.end - YEAR].index
    old_closed = closed["incident_id"].isin(settled)
    recorded_sex = records.relations["person_at_risk_id"].map(female).dropna()
    partner = records.relations[records.relations["kind"].isin(["current_partner", "ex_partner"])]
    of_women = partner[partner["person_at_risk_id"].map(female).eq(True) & partner["subject_id"].map(female).eq(False)]
    change = recording.counting_change()
    near = crimes[(crimes["recorded_at"] - change).abs() < 2 * YEAR]
    before, after = near[near["recorded_at"] < change]["crimes"], near[near["recorded_at"] >= change]["crimes"]
    arrests = records.of_kind("arrest")
    return {
        "not_crimed": 1 - n_crime / n,
        "coercive_share": _ratio(len(records.of_kind("coercive_control")), crimes["crimes"].sum()),
        "arrests_per_crime": _ratio(len(arrests), n_crime),
        "charged": _ratio(records.of_kind("charge")["incident_id"].nunique(), n_crime),
        "not_supporting": _ratio(int((old_closed & (code == "victim_not_supporting")).sum()), len(settled)),
        "evidential": _ratio(int((old_closed & (code == "evidential")).sum()), len(settled)),
        "counting_fall": _ratio(after.mean(), before.mean()) - 1 if len(before) and len(after) else math.nan,
        "conference": _ratio(len(records.of_kind("marac_referral")), n),
        "children_present": _ratio(records.of_kind("child_present")["incident_id"].isin(incidents.index).sum(), n),
        "female_at_risk": float(recorded_sex.mean()),
        "ex_partner": float((of_women["kind"] == "ex_partner").mean()),
        "serial": _serial(records),
    }


def _serial(records: ForceRecords) -> float:
    """Return the share of subjects with two persons at risk first recorded within three years."""
    first = records.incidents.groupby(["subject_id", "person_at_risk_id"])["occurred_at"].min().reset_index()
    first = first.sort_values(["subject_id", "occurred_at"])
    gap = first.groupby("subject_id")["occurred_at"].diff()
    return _ratio(first.loc[gap < 3 * YEAR, "subject_id"].nunique(), first["subject_id"].nunique())


def _repeats(records: ForceRecords) -> dict[str, float]:
    incidents = records.incidents
    pair, at = incidents["pair"].to_numpy(), incidents["occurred_at"].to_numpy()
    gap = np.full(len(incidents), np.inf)
    same = pair[1:] == pair[:-1]
    gap[:-1][same] = (at[1:] - at[:-1])[same] / DAY
    year = at < records.end - YEAR
    first = np.r_[True, ~same]
    begin = at[np.maximum.accumulate(np.where(first, np.arange(len(incidents)), 0))]
    long = begin < records.end - min(5 * YEAR, (records.end - records.start) // 2)
    inside = long & (at < begin + 5 * YEAR)
    count = np.bincount(pair[inside])
    count = count[count > 0]
    crimes = incidents[incidents["crime"]].sort_values(["subject_id", "occurred_at"])
    later = crimes.groupby("subject_id")["occurred_at"].diff(-1).abs() / DAY
    start = ~crimes.duplicated("subject_id") & (crimes["occurred_at"] < records.end - 731 * DAY)
    within = {d: float((gap[year] <= d).mean()) for d in (30, 90, 320, 365)}
    return {
        "repeat_five_years": float((count > 1).mean()),
        "repeat_two_years": float((later[start] <= 731).mean()),
        "repeat_after_report": within[365],
        "repeat_quick": _ratio(within[90], within[320]),
        "repeat_shape": weibull_shape(30, within[30], 320, within[320]),
        "contacts_1": float((count == 1).mean()),
        "contacts_2": float((count == 2).mean()),
        "contacts_3_4": float(((count >= 3) & (count <= 4)).mean()),
        "contacts_5_9": float(((count >= 5) & (count <= 9)).mean()),
        "contacts_10": float((count >= 10).mean()),
    }


def weibull_shape(early: float, by_early: float, late: float, by_late: float) -> float:
    """Return the shape of the Weibull curve through two points (days, share); NaN where a share is 0 or 1.

    >>> round(weibull_shape(30, 0.10, 320, 0.30), 2)
    0.52
    """
    if not (0 < by_early < 1 and 0 < by_late < 1):
        return math.nan
    return (math.log(-math.log(1 - by_late)) - math.log(-math.log(1 - by_early))) / math.log(late / early)


def _top(values: NDArray[np.float64], share: float) -> float:
    values = np.sort(values)[::-1]
    return _ratio(values[: max(1, round(share * len(values)))].sum(), values.sum())


def _harm(records: ForceRecords) -> dict[str, float]:
    incidents = records.incidents
    five = incidents[incidents["occurred_at"] >= records.end - 5 * YEAR]
    two = incidents[incidents["occurred_at"] >= records.end - 2 * YEAR]
    last = incidents[(incidents["occurred_at"] >= records.end - YEAR) & incidents["crime"]]
    size = incidents.groupby("pair")["days"].transform("size")
    chronic = incidents[size >= 5]
    step = chronic.groupby("pair").cumcount() / (size[size >= 5] - 1)
    rank = chronic.groupby("pair")["days"].rank(pct=True)
    trend = float(np.corrcoef(step, rank)[0, 1]) if len(chronic) > 10 else math.nan
    return {
        "harm_top_2": _top(five.groupby("pair")["days"].sum().to_numpy(), 0.02),
        "harm_top_3": _top(two.groupby("subject_id")["days"].sum().to_numpy(), 0.03),
        "light_year": float((last.groupby("subject_id")["days"].sum() <= 11).mean()),
        "severity_trend": trend,
    }


def _deadly(records: ForceRecords) -> dict[str, float]:
    incidents = records.incidents
    # Only cases with three years of records before them: the look-back of the published studies is long.
    cases = incidents[
        incidents["deadly"]
        & (incidents["occurred_at"] >= records.start + min(3 * YEAR, (records.end - records.start) // 2))
    ]
    cases = cases.drop_duplicates("pair")
    same = cases.reset_index()[["pair", "subject_id", "person_at_risk_id", "occurred_at"]].rename(
        columns={"occurred_at": "when"}
    )
    earlier = incidents.merge(same[["pair", "when"]], on="pair")
    earlier = earlier[earlier["recorded_at"] < earlier["when"]]
    contacts = same["pair"].map(earlier.groupby("pair").size()).fillna(0)
    towards = incidents[["subject_id", "recorded_at"]].merge(same[["subject_id", "when", "pair"]], on="subject_id")
    domestic = set(towards.loc[towards["recorded_at"] < towards["when"], "pair"])
    about = records.events[["subject_id", "person_id", "recorded_at", "kind"]]
    whom = about["subject_id"].where(about["subject_id"] >= 0, about["person_id"])
    entries = about.assign(subject_id=whom)[["subject_id", "recorded_at"]].merge(
        same[["subject_id", "when", "pair"]], on="subject_id"
    )
    anything = set(entries.loc[entries["recorded_at"] < entries["when"], "pair"])
    kind = records.relations.drop_duplicates(["subject_id", "person_at_risk_id"]).set_index(
        ["subject_id", "person_at_risk_id"]
    )["kind"]
    kinds_of = pd.Series(
        [kind.get((s, r), "unknown") for s, r in zip(same["subject_id"], same["person_at_risk_id"], strict=True)]
    ).astype(str)
    partner = kinds_of.isin(["current_partner", "ex_partner"]).to_numpy()
    family = ~partner & (kinds_of != "unknown").to_numpy()
    born = same["subject_id"].map(records.persons["birth_year"]).to_numpy(dtype=float)
    age = 1970 + same["when"].to_numpy() / (365.25 * DAY) - born - 0.5
    years = (records.end - records.start) / YEAR
    # Relationships recorded in five years, at the force's mean rate of first records.
    pairs = incidents["pair"].nunique() / years * 5
    # A subject's suicide after a homicide is not the suicide of a person at risk.
    died = records.of_kind("suspected_suicide")["person_id"]
    killers = set(incidents.loc[incidents["homicide"], "subject_id"])
    homicides, suicides = int(incidents["homicide"].sum()), int((~died.isin(killers)).sum())
    return {
        "deadly_no_contact": float((contacts == 0).mean()),
        "deadly_one_contact": float((contacts == 1).mean()),
        "deadly_second": _ratio((contacts == 1).sum(), (contacts > 0).sum()),
        "deadly_known_domestic": float(same["pair"].isin(domestic).mean()),
        "deadly_known": float(same["pair"].isin(anything).mean()),
        "deadly_rate": _ratio(contacts.gt(0).sum() / max((records.end - cases_start(records)) / YEAR, 1e-9), pairs)
        * 1e5,
        "homicide_rate": _ratio(homicides * float((contacts > 0).mean()) / years, pairs) * 1e5,
        "family_deaths": _ratio(family.sum(), (family | partner).sum()),
        "suicide_ratio": _ratio(suicides, homicides),
        "age_family": float(age[family].mean()) if family.any() else math.nan,
        "age_partner": float(age[partner].mean()) if partner.any() else math.nan,
        "strangulation_odds": _odds(records, same, "non_fatal_strangulation", "strangulation_reported"),
        "stalking_odds": _odds(records, same, "stalking"),
    }


def cases_start(records: ForceRecords) -> int:
    """Return from when deadly cases are looked at: they need records before them."""
    return records.start + min(3 * YEAR, (records.end - records.start) // 2)


def _odds(records: ForceRecords, cases: pd.DataFrame, *names: str) -> float:
    """Return the odds ratio of an earlier record of a kind: deadly cases with contact, others known at mid-span."""
    incidents = records.incidents
    marked = records.of_kind(*names)[["incident_id", "recorded_at"]].merge(
        incidents[["pair"]].reset_index(), on="incident_id"
    )
    seen = incidents.merge(cases[["pair", "when"]], on="pair")
    in_contact = seen[seen["recorded_at"] < seen["when"]]["pair"].unique()
    with_mark = marked.merge(cases[["pair", "when"]], on="pair")
    a = with_mark[(with_mark["recorded_at"] < with_mark["when"]) & with_mark["pair"].isin(in_contact)]["pair"].nunique()
    b = len(in_contact) - a
    middle = (cases_start(records) + records.end) // 2
    others = np.setdiff1d(incidents.loc[incidents["recorded_at"] < middle, "pair"].unique(), cases["pair"].to_numpy())
    c = marked.loc[(marked["recorded_at"] < middle) & marked["pair"].isin(others), "pair"].nunique()
    return ((a + 0.5) * (len(others) - c + 0.5)) / ((b + 0.5) * (c + 0.5))


def _markers(records: ForceRecords) -> dict[str, float]:
    marks = records.of_kind("suicidal_ideation")[["person_id", "recorded_at"]].rename(
        columns={"person_id": "subject_id"}
    )
    cases = records.incidents[records.incidents["deadly"] & (records.incidents["occurred_at"] >= cases_start(records))]
    cases = cases.drop_duplicates("subject_id")[["subject_id", "occurred_at"]]
    both = cases.merge(marks, on="subject_id")
    before = both.loc[both["recorded_at"] < both["occurred_at"], "subject_id"].nunique()
    after = both.loc[both["recorded_at"] >= both["occurred_at"], "subject_id"]
    after_only = len(set(after) - set(both.loc[both["recorded_at"] < both["occurred_at"], "subject_id"]))
    subjects = records.incidents.groupby("subject_id")["occurred_at"].first()
    first = marks.groupby("subject_id")["recorded_at"].min()
    middle = (cases_start(records) + records.end) // 2
    earlier_subjects = subjects[subjects < middle].index
    rate = float((first.reindex(earlier_subjects) < middle).mean())
    share = _ratio(before, len(cases))
    return {
        "marker_before": share,
        "marker_after": _ratio(after_only, after_only + before),
        "marker_ratio": _ratio(share, rate),
    }


def _grades(records: ForceRecords) -> dict[str, float]:
    grades = records.of_kind("risk_grade")[["subject_id", "person_at_risk_id", "recorded_at", "code"]].copy()
    key = ["subject_id", "person_at_risk_id"]
    incidents = records.incidents.reset_index()
    deadly = incidents[incidents["deadly"]][[*key, "occurred_at"]]
    high = grades[(grades["code"] == "high") & (grades["recorded_at"] < records.end - YEAR)]
    hit = high.merge(deadly, on=key)
    hit = hit[(hit["occurred_at"] > hit["recorded_at"]) & (hit["occurred_at"] < hit["recorded_at"] + YEAR)]
    seen = deadly.merge(grades, on=key)
    seen = seen[seen["recorded_at"] < seen["occurred_at"]]
    violent = incidents[incidents["violent"]][[*key, "occurred_at"]].sort_values("occurred_at")
    asked = grades[grades["recorded_at"] < records.end - YEAR].sort_values("recorded_at")
    following = pd.merge_asof(
        asked, violent, left_on="recorded_at", right_on="occurred_at", by=key, direction="forward", tolerance=YEAR
    )
    repeat = following["occurred_at"].notna().to_numpy()
    level = following["code"].astype(str).map({"standard": 0, "medium": 1, "high": 2}).to_numpy(dtype=float)
    return {
        "high_deadly": _ratio(len(hit), len(high)),
        "high_recall": _ratio(
            seen.loc[seen["code"] == "high", key].drop_duplicates().shape[0], seen[key].drop_duplicates().shape[0]
        ),
        "grade_auc": auc(level, repeat),
    }
