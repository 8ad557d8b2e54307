"""Forms of values: which values a figure can have, and how a figure is said in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from features.definitions import Definition


@dataclass(frozen=True)
class Form:
    """The values that a figure can have, and how a value is said."""

    least: float = 0.0
    most: float = float("inf")
    whole: bool = False
    """Only whole numbers; none of them is said as "No ..."."""

    choices: Mapping[float, str] = field(default_factory=lambda: MappingProxyType({}))
    """Every value, with its word, where there are few."""

    percent: bool = False
    relative: bool = False
    """A ratio or rate, said to one digit and never stripped: 2.0 is not 2 of anything."""

    def allows(self, value: float) -> bool:
        """Return True for a value that the figure can have; never for an infinite one."""
        if self.choices:
            return value in self.choices
        return self.least <= value <= self.most and abs(value) != float("inf") and not (self.whole and value % 1)

    def say(self, d: Definition, value: float) -> str:
        """Return the words for a value that the form allows; a sign is for the sentence to say.

        >>> NUMBER.say(None, 0.123), RATIO.say(None, 2.0), SHARE.say(None, 0.004)
        ('0.1', '2.0', 'less than 1%')
        """
        value = abs(value)
        if self.choices:
            return self.choices[value]
        if self.percent:
            return "less than 1%" if 0 < value < 0.005 else f"{value:.0%}"
        if self.relative:
            return number(value, digits=1 if value >= 1 else 2, strip=False)
        if d is not None and d.unit == "days" and d.of is None:
            return f"{int(value):,}" if value >= 1 else "less than a"
        return number(value, digits=0 if value >= 10 else 1)


def number(value: float, digits: int, *, strip: bool = True) -> str:
    """Return a number to so many digits, with thousands parted by commas.

    ``strip`` takes zeros off the end. A number that would round to 0 is said to be less than the smallest one shown.

    >>> number(1234.5, 0), number(2.0, 1), number(2.0, 1, strip=False), number(0.04, 1)
    ('1,234', '2', '2.0', 'less than 0.1')
    """
    smallest = 10.0**-digits
    if 0 < value < smallest / 2:
        return f"less than {smallest:g}"
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if strip and "." in text else text


NUMBER = Form()
AMOUNT = Form(least=float("-inf"))
"""A sum or a value as recorded, which may be below 0."""

COUNT = Form(whole=True)
FLAG = Form(choices=MappingProxyType({0.0: "0", 1.0: "1"}))
SHARE = Form(most=1.0, percent=True)
RATIO = Form(relative=True)
CHANGE = Form(least=float("-inf"), relative=True)
"""A change from period to period, which may be a fall."""
