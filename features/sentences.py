"""The meaning of a value in one plain sentence for the reviewer.

A definition's ``sentence`` is a template. ``{value}``: the figure in the unit of the statistic. ``{window}``: the
look-back window ("in the last 90 days", "to date"). ``{s}``, ``{es}``, ``{person}``: the plural of the noun.
``{recorded}``: the word that says a record is all we have. A bar parts the form for a figure from the form for none; a
third part is the form for a fall. Without a bar, none reads "No ...". Missing reads as the definition's ``missing``.

No sentence says how dangerous anyone is: little on record is not little danger.
"""

from __future__ import annotations

import math

from features.definitions import Definition
from features.statistics import STATISTICS
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
    "relationship": "Kind of the relationship",
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

# Windows of whole weeks are said as the months or years they mean: 364 days is a year of comparable weekdays.
_WINDOWS: dict[float, str] = {
    364: "in the last 12 months",
    365: "in the last 12 months",
    548: "in the last 18 months",
    728: "in the last 2 years",
    730: "in the last 2 years",
    1095: "in the last 3 years",
}


def sentence(definition: Definition, value: float, *, truncated: bool = False) -> str:
    """Return the sentence for a value of the definition; ``truncated`` adds that the records begin inside the window.

    Days are complete days. Raises UsageError for a value the statistic cannot have (a flag of 2, a count below 0).
    """
    text = definition.missing if math.isnan(value) else _say(definition, float(value))
    return f"{text} ({TRUNCATED})" if truncated else text


def window(days: float | None) -> str:
    """Return a look-back window as people say it.

    >>> window(None), window(1), window(90), window(365)
    ('to date', 'in the last 1 day', 'in the last 90 days', 'in the last 12 months')
    """
    if days is None:
        return "to date"
    return (
        _WINDOWS.get(int(days) if days == int(days) else -1) or f"in the last {days:g} {'day' if days == 1 else 'days'}"
    )


def _say(d: Definition, value: float) -> str:
    form_of_value = STATISTICS[d.statistic].form
    if not form_of_value.allows(value):
        raise UsageError(
            f"This is not a value that {d.statistic} can have.",
            value=value,
            where=d.name,
            way_out="the matrix and the catalogue do not belong together: build it again",
        )
    forms = d.sentence.split(" | ")
    if value == 0 and len(forms) > 1:
        return _fill(forms[1], "no", d, none=True)
    if value == 0 and form_of_value.whole:
        return _fill(forms[0], "No", d, none=True) + (" is recorded" if "{recorded}" in forms[0] else "")
    form = forms[2] if value < 0 and len(forms) > 2 else forms[0]
    return _fill(form, form_of_value.say(d, value), d, none=False)


def _fill(form: str, figure: str, d: Definition, *, none: bool) -> str:
    singular = none or figure in ("1", "less than a")
    words = {
        "value": figure,
        "window": window(d.window_days) if not (none and d.window_days is None) else "",
        "s": "" if singular else "s",
        "es": "" if singular else "es",
        "person": "person" if singular else "people",
        "recorded": "" if none else "recorded",
    }
    text = " ".join(form.format_map(words).split())
    return text[:1].upper() + text[1:]
