"""What a value means, in one plain sentence for the reviewer.

A definition's ``sentence`` is a template. ``{value}``: the figure in the unit of the statistic. ``{window}``: the
look-back window ("in the last 90 days", "to date"). ``{s}``, ``{es}``, ``{person}``: the plural of the noun.
``{recorded}``: the word that says a record is all we have. A bar parts the form for a figure from the form for none; a
third part is the form for a fall. Without a bar, none reads "No ...". Missing reads as the definition's ``missing``.

No sentence says how dangerous anyone is: little on record is not little danger.
"""

from __future__ import annotations

import math

from features.definitions import GRADES, Definition
from threat.errors import UsageError

THEMES = {
    "incidents": "Domestic incidents",
    "escalation": "Frequency and severity",
    "strangulation": "Strangulation",
    "weapons": "Weapons and firearms",
    "threats": "Threats to kill or to harm children",
    "stalking": "Stalking and harassment",
    "coercive_control": "Coercive control",
    "sexual": "Sexual violence",
    "separation": "Separation",
    "children": "Children",
    "pregnancy": "Pregnancy and birth",
    "adult_family": "Adult family and caring",
    "self_harm": "Suicidality and self-harm",
    "substance": "Alcohol and drugs",
    "mental_health": "Mental health",
    "circumstances": "Circumstances",
    "breaches": "Breaches",
    "orders": "Orders",
    "custody": "Custody and release",
    "criminal_justice": "Charges and disposals",
    "withdrawal": "Support for a prosecution",
    "prior_harm": "Harm to anyone, and to others",
    "reversed": "Harm recorded the other way round",
    "person_at_risk": "Harm to the person at risk by anyone",
    "assessment": "Officer grades and assessment answers",
    "partner_agency": "Partner agencies",
    "reporting": "Who reported",
    "records": "How much is on record",
}
"""Title of each theme of the catalogue, in the order pages show them."""

TRUNCATED = "the records begin part-way through this period, so there may be more"
"""Said when a window reaches back before the first instant a source covers."""

TOKENS = ("value", "window", "s", "es", "person", "recorded")
"""The placeholders a template may hold."""

_WINDOWS: dict[float, str] = {
    364: "in the last 12 months",
    365: "in the last 12 months",
    548: "in the last 18 months",
    728: "in the last 2 years",
    730: "in the last 2 years",
    1095: "in the last 3 years",
}
_WHOLE = ("count", "incidents", "distinct_counterparts", "rows_visible")
_SHARES = ("share", "late_share")
_RATIOS = ("window_ratio", "gap_ratio", "rate_at_liberty", "recency_weighted", "slope")
_FLAGS = ("in_custody", "order_in_force", "state_yes", "state_unanswered")


def sentence(definition: Definition, value: float, *, truncated: bool = False) -> str:
    """The sentence for one value of the definition; ``truncated`` adds that the records begin inside the window.

    Days are complete days. Raises UsageError for a value the statistic cannot have (a flag of 2, a count below 0).
    """
    text = definition.missing if math.isnan(value) else _say(definition, float(value))
    return f"{text} ({TRUNCATED})" if truncated else text


def window(days: float | None) -> str:
    """A look-back window as people say it."""
    if days is None:
        return "to date"
    return (
        _WINDOWS.get(int(days) if days == int(days) else -1) or f"in the last {days:g} {'day' if days == 1 else 'days'}"
    )


def _say(d: Definition, value: float) -> str:
    if not _possible(d, value):
        raise UsageError(
            f"Not a value that {d.statistic} can have.",
            value=value,
            where=d.name,
            way_out="the matrix and the catalogue do not belong together: build it again",
        )
    forms = d.sentence.split(" | ")
    if value == 0 and len(forms) > 1:
        return _fill(forms[1], "no", d, none=True)
    if value == 0 and d.statistic in _WHOLE:
        return _fill(forms[0], "No", d, none=True) + (" is recorded" if "{recorded}" in forms[0] else "")
    form = forms[2] if value < 0 and len(forms) > 2 else forms[0]
    return _fill(form, _figure(d, value), d, none=False)


def _possible(d: Definition, value: float) -> bool:
    if math.isinf(value):
        return False
    if d.statistic in _FLAGS:
        return value in (0.0, 1.0)
    if d.statistic == "grade":
        return value in GRADES.values()
    if d.statistic in _SHARES:
        return 0.0 <= value <= 1.0
    if d.statistic in _WHOLE:
        return value >= 0 and value == int(value)
    return value >= 0 or d.statistic in ("slope", "sum", "max", "last")


def _figure(d: Definition, value: float) -> str:
    value = abs(value)
    if d.statistic == "grade":
        return next(name for name, number in GRADES.items() if number == value)
    if d.statistic in _SHARES:
        return "less than 1%" if 0 < value < 0.005 else f"{value:.0%}"
    if d.statistic in _RATIOS:
        return _number(value, digits=1 if value >= 1 else 2, strip=False)
    if d.unit == "days" and d.of is None:
        return f"{int(value):,}" if value >= 1 else "less than a"
    return _number(value, digits=0 if value >= 10 else 1)


def _number(value: float, digits: int, *, strip: bool = True) -> str:
    smallest = 10.0**-digits
    if 0 < value < smallest / 2:
        return f"less than {smallest:g}"
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if strip and "." in text else text


def _fill(form: str, figure: str, d: Definition, *, none: bool) -> str:
    one = none or figure in ("1", "less than a")
    words = {
        "value": figure,
        "window": window(d.window_days) if not (none and d.window_days is None) else "",
        "s": "" if one else "s",
        "es": "" if one else "es",
        "person": "person" if one else "people",
        "recorded": "" if none else "recorded",
    }
    text = " ".join(form.format_map(words).split())
    return text[:1].upper() + text[1:]
