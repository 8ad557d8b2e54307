"""A feature is data. Everything an engine, a reviewer or a governance page needs to know about it is one Definition.

Which events a definition reads. *Visible* at as-of: ``visible_from < as_of <= visible_until``. A look-back window of d
days holds ``as_of - d <= occurred_at < as_of`` (``window_days`` None: everything before as-of). Kinds known in advance
never enter a look-back window; ``@theme``, ``@crime`` and ``@any`` leave them out. Record-keeping kinds are never read.
Proactive events (the unit's own) are read only with ``include_proactive``. ``scope`` picks role and counterpart;
``codes``, ``domestic`` and ``reported_by`` narrow ``kinds`` and never ``among``. Where the person at risk is unknown,
scope ``relationship`` means events towards unknown persons, ``subject_others`` means every known person, and every
statistic of ``reversed``, ``at_risk_*`` and ``about_at_risk`` is missing.

Order and arithmetic. The total order is (occurred_at, recorded_at, event_id); *latest* and *first* mean in that order.
An incident lies at its latest matching event. Harm is the highest days-of-harm among an incident's matching events,
then summed over incidents. Sums are float64 in one thread, newest event first; results are float32. Days are
seconds / 86,400, with their fraction. An event without ``value`` takes no part in sum, max or last of value.

=================  ==============================================================  ===================================
statistic          exact meaning                                                   with no such event
=================  ==============================================================  ===================================
count              matching events in the window                                   0
incidents          distinct incident_id among them                                 0
sum                of value; of harm                                               0
max                highest value; highest harm                                     missing; 0 for harm
last               value or harm of the latest event that carries one              missing
days_since_last    as_of - latest occurred_at                                      missing
days_since_first   as_of - earliest occurred_at in the window                      missing
days_since_end     as_of - latest ``until`` that is <= as_of (no window)           missing
recency_weighted   sum of 0.5 ** (age in days / half_life_days), per event         0
window_ratio       (n + 1) / (N * window / long_window + 1); n in the window,      1
                   N in the long window, which holds the short one
slope              least-squares slope, per period, over equal periods of the      0
                   window, oldest first; y = what extending the window
                   back by that period adds (count, incidents or harm)
share              matching ``kinds`` and ``among`` / matching ``among``           missing when none match ``among``
distinct_          distinct known counterparts of the matching events              0
counterparts
mean_gap           (latest - earliest incident) / (incidents - 1)                  missing under two incidents
last_gap           between the latest two incidents                                missing under two incidents
gap_ratio          last_gap / mean_gap                                             missing under two, or mean gap 0
days_until         earliest occurred_at >= as_of of a kind known in advance        missing
rate_at_liberty    incidents * 365 / days at liberty in the window: the window     0; missing when never at liberty
                   less the union of visible custody, open stays run to as-of
days_in_custody    length of the union of matching stays within the window         0
in_custody         1 when a matching stay started and its ``until`` > as_of        0
order_in_force     1 when a matching order started and its ``until`` > as_of       0
breach_after       from the latest ``among`` to the first strictly later event     missing
                   of ``kinds``, both in the window
state_yes          code of the latest event: yes 1, no 0, else missing             missing
state_unanswered   code of the latest event: yes or no 0, anything else 1          missing
grade              latest of standard 1, medium 2, high 3; other codes skipped     missing
history_days       as_of - earliest visible event (``kinds`` empty: any kind)      missing
rows_visible       visible events (``kinds`` empty: any kind)                      0
late_share         share of matching events recorded over 7 days after             missing
                   they occurred (recorded_at - occurred_at)
=================  ==============================================================  ===================================

``of`` for ``window_ratio`` and ``slope``: None counts events, ``incidents`` counts incidents, ``harm`` sums harm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Scope = Literal[
    "relationship",  # the subject as subject, towards this person at risk (an unknown one: towards unknown persons)
    "subject_anyone",  # the subject as subject, towards anyone or nobody
    "subject_others",  # the subject as subject, towards any known person but this person at risk
    "reversed",  # this person at risk as subject, towards the subject
    "subject_at_risk",  # the subject as person at risk, from anyone
    "about_subject",  # single-person events about the subject
    "at_risk_anyone",  # the person at risk as person at risk, from anyone
    "at_risk_others",  # the person at risk as person at risk, from any known person but the subject
    "at_risk_subject",  # the person at risk as subject, towards anyone
    "about_at_risk",  # single-person events about the person at risk
]

Statistic = Literal[
    "count",
    "incidents",
    "sum",
    "max",
    "last",
    "days_since_last",
    "days_since_first",
    "days_since_end",
    "recency_weighted",
    "window_ratio",
    "slope",
    "share",
    "distinct_counterparts",
    "mean_gap",
    "last_gap",
    "gap_ratio",
    "days_until",
    "rate_at_liberty",
    "days_in_custody",
    "in_custody",
    "order_in_force",
    "breach_after",
    "state_yes",
    "state_unanswered",
    "grade",
    "history_days",
    "rows_visible",
    "late_share",
]

AT_RISK_SCOPES = ("at_risk_anyone", "at_risk_others", "at_risk_subject", "about_at_risk")
"""Scopes read from the person at risk's own history; the others are read from the subject's."""

NEEDS_PERSON_AT_RISK = ("reversed", *AT_RISK_SCOPES)
"""Scopes that say nothing (missing) when the person at risk is unknown."""

STAY = "custody"
"""The kind whose union of stays is taken off the window by ``rate_at_liberty``."""

LATE_DAYS = 7
"""``late_share``: recorded more than this many days after it occurred."""

DOMESTIC_READ = {"yes": ("yes",), "no": ("no",), "not_no": ("yes", "unknown"), "any": ("no", "yes", "unknown")}
"""Values of an event's ``domestic`` that each filter reads."""

GRADES = {"standard": 1.0, "medium": 2.0, "high": 3.0}


@dataclass(frozen=True, slots=True)
class Definition:
    """One feature.

    ``kinds``: vocabulary kinds, or ``@theme`` for all kinds of a theme, or ``@crime``, or ``@any``; ``codes``: keep
    only these codes. ``window_days``: look-back window; None = the whole visible history. ``long_window_days``: the
    second window of a ratio. ``periods``: equal parts of the window for a slope. ``domestic``: yes | no | not_no (yes
    or unknown: forces leave the flag out) | any. ``include_proactive``: read the unit's own contacts too, which are
    otherwise not incidents. ``reported_by``: keep only these. ``direction``: +1 (more can only raise), -1, or 0 (none);
    ``policy`` marks a direction set by policy and not evidence. ``missing``: what NaN means. ``sensitive``: stands for
    a protected characteristic and needs ``justification``. ``sentence`` is for the reviewer (``features.sentences``).
    ``factor``: row of the risk-factor evidence it serves; ``source``: where the evidence is.
    """

    name: str
    theme: str
    scope: Scope
    statistic: Statistic
    kinds: tuple[str, ...]
    sentence: str
    source: str
    unit: str
    missing: str
    direction: Literal[-1, 0, 1] = 0
    policy: bool = False
    window_days: float | None = None
    long_window_days: float | None = None
    periods: int | None = None
    half_life_days: float | None = None
    of: Literal["value", "harm", "incidents"] | None = None
    among: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    domestic: Literal["yes", "no", "not_no", "any"] = "any"
    reported_by: tuple[str, ...] = ()
    include_proactive: bool = False
    sensitive: bool = False
    justification: str = ""
    factor: int | None = None
