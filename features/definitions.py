"""A feature is data: a Definition is all that an engine, a reviewer or a governance page needs to know about it.

Which events a definition reads. *Visible* at as-of: ``visible_from < as_of <= visible_until``. A look-back window of d
days holds ``as_of - d <= occurred_at < as_of`` (``window_days`` None: everything before as-of). Kinds known in advance
never enter a look-back window; ``@theme``, ``@crime`` and ``@any`` leave them out. Record-keeping kinds are never read.
Proactive events (the unit's own) are read only with ``include_proactive``. ``scope`` picks role and counterpart;
``codes``, ``domestic`` and ``reported_by`` narrow ``kinds`` and never ``among``. Where the person at risk is unknown,
scope ``relationship`` means events towards unknown persons, ``subject_others`` means every known person, and every
statistic of ``reversed``, ``at_risk_*`` and ``about_at_risk`` is missing.

Order and arithmetic. The total order is (occurred_at, recorded_at, event_id); *latest* and *first* mean in that order.
An incident is at its latest matching event. Harm is the highest days-of-harm among an incident's matching events,
then summed over incidents. Sums are float64 in one thread, newest event first; results are float32. Days are
seconds / 86,400, with their fraction. An event without ``value`` takes no part in sum, max or last of value.

``statistic`` says what is made of the events. Each is a file of ``features.statistics``, with its exact meaning, what
it needs, and what it is with no such event.
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
    "subject_all",  # the subject as subject, towards anyone or nobody, and single-person events about the subject
    "subject_unnamed",  # of those, the ones that name no known person at risk
    "at_risk_anyone",  # the person at risk as person at risk, from anyone
    "at_risk_others",  # the person at risk as person at risk, from any known person but the subject
    "at_risk_subject",  # the person at risk as subject, towards anyone
    "about_at_risk",  # single-person events about the person at risk
]

AT_RISK_SCOPES = ("at_risk_anyone", "at_risk_others", "at_risk_subject", "about_at_risk")
"""Scopes read from the person at risk's own history; the others are read from the subject's."""

NEEDS_PERSON_AT_RISK = ("reversed", *AT_RISK_SCOPES)
"""Scopes that say nothing (missing) when the person at risk is unknown."""

DOMESTIC_READ = {
    "yes": ("yes",),
    "no": ("no", "unknown"),
    "any": ("no", "yes", "unknown"),
}
"""Values of an event's ``domestic`` that each filter reads. Sightings hold the flag as it is read: an event without a
flag is ``yes`` while the two it names stand in a relationship, and unknown before. So every event is either ``yes`` or
``no``."""


@dataclass(frozen=True, slots=True)
class Definition:
    """One feature.

    ``statistic``: a name of ``features.statistics.STATISTICS``. ``kinds``: vocabulary kinds, or ``@theme`` for all
    kinds of a theme, or ``@crime``, or ``@any``; ``codes``: keep only these codes. ``among``: the second kinds, and
    ``among_scope`` whose events they mean (None: those of ``scope``). ``window_days``: look-back window; None = the
    whole visible history. ``long_window_days``: the second window, of a ratio or of ``among``. ``periods``: equal parts
    of the window for a slope. ``domestic``: yes | no (all that is not domestic) | any.
    ``include_proactive``: read the unit's own contacts too, which are otherwise not incidents. ``reported_by``: keep
    only these. ``relationship_kinds``: the figure is missing unless the latest stated kind of the relationship, other
    than unknown, is one of these. ``direction``: +1 (more can only raise), -1, or 0 (none); ``policy`` marks a
    direction set by policy and not evidence. ``missing``: what NaN means. ``sensitive``: stands for a protected
    characteristic and needs ``justification``. ``sentence`` is for the reviewer (``features.sentences``). ``factor``:
    row of the risk-factor evidence it serves; ``source``: where the evidence is. ``read_by_model``: False for a figure
    that a harm on record can move either way, and so can lower a score: a model reads it only where a configuration
    names it (``features_with``), to measure what leaving it out costs. ``base``: the base of the model reads it
    (``training.models.base``), as far as a model reads it.
    """

    name: str
    theme: str
    scope: Scope
    statistic: str
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
    among_scope: Scope | None = None
    codes: tuple[str, ...] = ()
    domestic: Literal["yes", "no", "any"] = "any"
    reported_by: tuple[str, ...] = ()
    include_proactive: bool = False
    relationship_kinds: tuple[str, ...] = ()
    sensitive: bool = False
    justification: str = ""
    factor: int | None = None
    read_by_model: bool = True
    base: bool = False
