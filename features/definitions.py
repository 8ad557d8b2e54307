"""A feature is data. Everything an engine, a reviewer or a governance page needs to know about it is one Definition."""

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
    "count",  # events
    "incidents",  # distinct incident_id
    "sum",  # of value; of harm days when ``of`` is harm (maximum per incident, then summed)
    "max",  # of value or harm
    "last",  # value or harm of the latest event
    "days_since_last",
    "days_since_first",
    "recency_weighted",  # sum of 0.5 ** (age / half_life_days)
    "window_ratio",  # (count in window + 1) / (expected from the long window + 1)
    "slope",  # least-squares slope of counts or harm per equal period of the window
    "share",  # events that match ``kinds`` among those that match ``among``
    "distinct_counterparts",
    "mean_gap",  # mean days between successive incidents
    "last_gap",  # days between the last two incidents
    "gap_ratio",  # last gap over mean gap
    "days_until",  # until the next known-in-advance event
    "rate_at_liberty",  # incidents per 365 days at liberty in the window; no liberty = missing
    "days_in_custody",  # length of the union of stays in the window
    "in_custody",  # 1 when a stay is open at as-of
    "order_in_force",  # 1 when an order's until (or none) lies after as-of
    "breach_after",  # days from the latest event of ``among`` to the first later event of ``kinds``
    "state_yes",  # latest answer: 1 yes, 0 no, missing otherwise
    "state_unanswered",  # latest answer not_known, not_asked or refused: 1; yes or no: 0; missing when never assessed
    "grade",  # latest of standard 1, medium 2, high 3
    "history_days",  # days from the first visible event to as-of
    "rows_visible",  # visible events of any kind
    "late_share",  # share recorded more than 7 days after they occurred
]


@dataclass(frozen=True, slots=True)
class Definition:
    """One feature.

    ``kinds``: vocabulary kinds, or ``@theme`` for all kinds of a theme, or ``@crime``; ``codes``: keep only these codes.
    ``window_days``: look-back window; None = the whole visible history. ``long_window_days``: the second window of a
    ratio. ``periods``: equal parts of the window for a slope. ``domestic``: yes | no | any. ``proactive`` events never
    count (the unit's own contacts are not incidents) unless ``include_proactive``. ``reported_by``: keep only these.
    ``direction``: +1 (more can only raise), -1, or 0 (none); ``policy`` marks a direction set by policy and not evidence.
    ``missing``: what NaN means. ``sensitive``: stands for a protected characteristic and needs ``justification``.
    ``sentence`` is for the reviewer and may use {value}, {window}, {s} (plural).
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
    window_days: int | None = None
    long_window_days: int | None = None
    periods: int | None = None
    half_life_days: float | None = None
    of: Literal["value", "harm"] | None = None
    among: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    domestic: Literal["yes", "no", "any"] = "any"
    reported_by: tuple[str, ...] = ()
    include_proactive: bool = False
    sensitive: bool = False
    justification: str = ""
    factor: int | None = None
