"""Each fault is off by default, and a sound look at the records or the truth notices it when it is on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from threat.asof import DAY
from threat.errors import UsageError
from threat.simulation.calibration.frames import frame_of
from threat.simulation.calibration.joint import auc
from threat.simulation.force import Settings, blocks
from threat.simulation.knobs import Knobs, read_knobs
from threat.simulation.world import states

BASE = Settings(relationships=4000, years=4, seed=21)
SEVERE = set(states.OFFENCES[states.FIRST_GRAVE :])
GRAVE_KINDS = {"rape", "kidnap", "gbh_with_intent", "attempted_murder", "murder", "manslaughter"}


@dataclass(frozen=True)
class Seen:
    events: pd.DataFrame
    relations: pd.DataFrame
    persons: pd.DataFrame
    identities: pd.DataFrame
    group: pd.Series  # sex of each person, where recorded
    truth: dict[str, pd.DataFrame]


@cache
def seen(knobs: Knobs) -> Seen:
    parts = list(blocks(replace(BASE, knobs=knobs)))
    history = {n: pd.concat([frame_of(p.history[n]) for p in parts]) for n in parts[0].history}
    truth = {n: pd.concat([frame_of(p.truth[n]) for p in parts]) for n in parts[0].truth}
    sex = history["protected"]
    sex = sex[sex["characteristic"] == "sex"].set_index("person_id")["code"].astype(str)
    return Seen(history["events"], history["relationships"], history["persons"], history["identities"], sex, truth)


def incidents_per_relation(s: Seen, sex: str) -> float:
    """Recorded incidents short of severe for each relationship whose person at risk has this sex."""
    ordinary = s.events[s.events["kind"].isin(["domestic_incident", "assault_with_injury", "assault_without_injury"])]
    group = s.relations["person_at_risk_id"].map(s.group) == sex
    of_group = ordinary["person_at_risk_id"].map(s.group) == sex
    return ordinary.loc[of_group, "incident_id"].nunique() / group.sum()


def severe_share_recorded(s: Seen, sex: str) -> float:
    """Rapes and kidnaps on record for each that truly happened, by the sex of the person at risk."""
    kinds = {"rape", "kidnap"}
    happened = s.truth["incidents"][s.truth["incidents"]["offence"].isin(kinds)]
    happened = happened[(happened["occurred_at"] >= BASE.epoch) & (happened["occurred_at"] < BASE.now - 200 * DAY)]
    happened = happened[happened["at_risk_male"] == (sex == "male")]
    recorded = s.events[s.events["kind"].isin(kinds) & (s.events["occurred_at"] < BASE.now - 200 * DAY)]
    return (recorded["person_at_risk_id"].map(s.group) == sex).sum() / len(happened)


def test_off_by_default() -> None:
    assert Knobs() == BASE.knobs
    assert Knobs().overrides(0) == {"plan_share": 0.0, "plan_factor": 1.0}


def test_thinned_history_shows_as_fewer_records_with_complete_severe_labels() -> None:
    on, off = seen(Knobs(group="sex=male", thin_history=0.6)), seen(Knobs())
    # Relationships that lose every incident disappear, so the fall per remaining one is smaller than the share lost.
    assert len(on.relations) < 0.95 * len(off.relations)
    female = incidents_per_relation(on, "female") / incidents_per_relation(off, "female")
    assert female == pytest.approx(1.0, abs=0.05)
    male = [
        (s.events["kind"] == "domestic_incident") & (s.events["person_at_risk_id"].map(s.group) == "male")
        for s in (on, off)
    ]
    assert male[0].sum() < 0.55 * male[1].sum()
    kinds = on.events["kind"].isin(GRAVE_KINDS).sum() / off.events["kind"].isin(GRAVE_KINDS).sum()
    assert kinds == pytest.approx(1.0, abs=0.05)


def test_thinned_labels_show_only_in_the_truth() -> None:
    """Recorded recall cannot see what was never recorded: only the truth tells, so a report must say so."""
    on, off = seen(Knobs(group="sex=female", thin_labels=0.5)), seen(Knobs())
    assert severe_share_recorded(off, "female") > 0.8
    assert severe_share_recorded(on, "female") < 0.7 * severe_share_recorded(off, "female")
    ordinary = on.events["kind"].eq("domestic_incident").sum() / off.events["kind"].eq("domestic_incident").sum()
    assert ordinary == pytest.approx(1.0, abs=0.02)
    assert len(on.truth["incidents"]) == len(off.truth["incidents"])


def test_over_policing_shows_as_police_made_records_without_more_harm() -> None:
    on, off = seen(Knobs(group="sex=male", over_policing=1.0)), seen(Knobs())
    minor = [s.events["kind"].isin(["drugs_offence", "resisting_police", "other_crime"]).sum() for s in (on, off)]
    assert minor[0] > 1.5 * minor[1]
    harm = [s.events["kind"].isin(GRAVE_KINDS).sum() for s in (on, off)]
    assert harm[0] == harm[1]
    extra = on.events[on.events["kind"].isin(["drugs_offence"])]
    by_sex = extra["person_id"].map(on.group).value_counts(normalize=True)
    assert by_sex["male"] > 0.9


def test_an_intervention_leaves_its_actions_and_both_outcomes() -> None:
    # Harm is raised so that a small force shows the effect; the share reviewed is all.
    grim = Knobs(reviewed=1.0, plan_factor=0.1, drift=8.0, drift_at=datetime(2021, 1, 1, tzinfo=UTC))
    on = seen(grim)
    actions = on.events[on.events["kind"].isin(["unit_review", "unit_plan"])]
    assert len(actions) > 500
    assert actions["proactive"].all()
    plans = on.truth["plans"].dropna()
    treated, untreated = plans["severe_180d_with"].sum(), plans["severe_180d_without"].sum()
    assert untreated > 15
    assert treated < 0.5 * untreated
    # A naive comparison of those with and without plans cannot see this: plans follow incidents.
    nothing = seen(replace(grim, plan_factor=1.0)).truth["plans"].dropna()
    assert (nothing["severe_365d_with"] == nothing["severe_365d_without"]).all()


def test_drift_shows_as_a_change_of_rate_at_its_date() -> None:
    at = datetime(2023, 6, 1, tzinfo=UTC)
    on, off = seen(Knobs(drift_at=at, drift=4.0)), seen(Knobs())
    since = int(at.timestamp())

    def counts(s: Seen) -> tuple[int, int]:
        severe = s.truth["incidents"]
        severe = severe[severe["offence"].isin(SEVERE) & (severe["occurred_at"] >= BASE.epoch)]
        return int((severe["occurred_at"] < since).sum()), int((severe["occurred_at"] >= since).sum())

    assert counts(on)[0] == counts(off)[0]
    assert counts(on)[1] > 2 * counts(off)[1]


def test_label_noise_shows_against_the_truth() -> None:
    on, off = seen(Knobs(label_noise=0.4)), seen(Knobs())
    rapes = [s.events["kind"].eq("rape").sum() for s in (on, off)]
    assert 0.4 < rapes[0] / rapes[1] < 0.8
    true = [s.truth["incidents"]["offence"].eq("rape").sum() for s in (on, off)]
    assert true[0] == true[1]
    together = on.events[on.events["kind"] == "weapon_used"]
    assert len(together) > 1.1 * len(off.events[off.events["kind"] == "weapon_used"])


def test_duplicates_show_as_birth_dates_and_names_that_return() -> None:
    on, off = seen(Knobs(duplicates=0.3)), seen(Knobs())

    def doubles(s: Seen) -> float:
        end = s.identities["names"].str.split(" ").str[1].str[-4:]
        return float(s.identities.assign(end=end).duplicated(["birth_date", "end"]).mean())

    assert doubles(on) > doubles(off) + 0.03
    per_relation = [
        s.relations["relationship_id"].nunique() / s.truth["relationships"]["true_relation"].nunique()
        for s in (on, off)
    ]
    assert per_relation[0] > per_relation[1] + 0.03
    assert per_relation[1] < 1.03


def leak_aucs(s: Seen) -> dict[str, float]:
    """AUC for a severe incident in 180 days of 'had a partner referral in the last 60 days', counted by either date."""
    as_of = BASE.now - 400 * DAY
    key = ["subject_id", "person_at_risk_id"]
    rows = s.relations[s.relations["recorded_at"] < as_of][key].drop_duplicates()
    grave = s.events[s.events["kind"].isin(GRAVE_KINDS)]
    grave = grave[(grave["occurred_at"] >= as_of) & (grave["occurred_at"] < as_of + 180 * DAY)]
    label = pd.MultiIndex.from_frame(rows).isin(pd.MultiIndex.from_frame(grave[key]))
    sent = s.events[s.events["kind"] == "social_care_referral"]
    sent = sent[(sent["occurred_at"] < as_of) & (sent["occurred_at"] >= as_of - 60 * DAY)]
    out = {}
    for name, visible in (("naive", sent), ("sound", sent[sent["recorded_at"] < as_of])):
        count = visible.groupby(key).size()
        out[name] = auc(pd.MultiIndex.from_frame(rows).map(count.to_dict()).fillna(0).to_numpy(dtype=float), label)
    return out


def test_a_planted_leak_lifts_only_the_builder_that_filters_on_occurred_at() -> None:
    """A severe incident soon after the as-of leaves a row dated before it but recorded after it."""
    settings: dict[str, Any] = {"leak": 1.0}
    on, off = leak_aucs(seen(Knobs(**settings))), leak_aucs(seen(Knobs()))
    assert on["naive"] > off["naive"] + 0.08
    assert on["sound"] == pytest.approx(off["sound"], abs=0.02)
    assert not np.isnan(list(on.values())).any()


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ({"thin_labels": 1.5}, "thin_labels is outside 0 to 1: 1.5"),
        ({"leak": -0.1}, "leak is outside 0 to 1: -0.1"),
        ({"over_policing": -1.0, "group": "sex=male"}, "over_policing is negative"),
        ({"thin_history": 0.1}, "No group was given"),
        ({"group": "age=old"}, "cannot treat the group 'age=old'"),
        ({"drift": 2.0}, "without its date"),
    ],
)
def test_wrong_knobs_are_refused(wrong: dict[str, Any], rule: str) -> None:
    with pytest.raises(UsageError, match=rule):
        Knobs(**wrong)


def test_knobs_are_read_from_words() -> None:
    words = ["group=ethnicity=B", "thin_labels=0.4", "drift_at=2024-01-01", "drift=2"]
    expected = Knobs(group="ethnicity=B", thin_labels=0.4, drift_at=datetime(2024, 1, 1, tzinfo=UTC), drift=2.0)
    assert read_knobs(words) == expected
    with pytest.raises(UsageError, match="2 problems"):
        read_knobs(["nonsense=1", "leak=much"])
