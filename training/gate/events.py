"""How many outcome events each statistical check needs before it can pass: from the policy, by a formula for each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from threat.release.documents.gate_policy import GatePolicy

_NORMAL = NormalDist()
_INTERVAL = _NORMAL.inv_cdf(0.975)
"""Standard errors from the middle to an end of a 95% interval."""
_POWER = _NORMAL.inv_cdf(0.8)
"""Standard errors beyond that end in 80 of 100 tests, where one end decides."""
_POWER_OF_EACH_END = _NORMAL.inv_cdf(0.9)
"""The same where both ends decide: each may be missed in 10 of 100 tests."""

DISCORDANCE = (0.01, 0.05, 0.1)
"""Variance that one outcome event adds to the paired difference of mean recall: of one length of list, the share of the
events that one list holds and the other does not; less over several lengths, because an event is lost at few of them.
On the demonstration's 247 events: 0.013 against recency, 0.058 against the officer's latest grade."""

GAIN = 0.05
"""Gain in mean recall over what officers have today that a unit would change its lists for."""


@dataclass(frozen=True, slots=True)
class Needed:
    """Outcome events that a check needs. ``when``: what is assumed of the truth."""

    check: str
    when: str
    events: int


def not_inferior(discordance: float, margin: float) -> int:
    """Return the events at which a model exactly as good is found not inferior in 80 of 100 tests.

    The paired difference of two recalls has the variance discordance / events (McNemar), so that the margin must be
    2.80 standard errors.

    >>> not_inferior(0.1, 0.02), not_inferior(0.2, 0.02)
    (1963, 3925)
    """
    return math.ceil(discordance * ((_INTERVAL + _POWER) / margin) ** 2)


def calibrated(half_width: float, information: float = 1.0) -> int:
    """Return the events at which an exact model's whole interval is within a half-width in 80 of 100 tests.

    ``information``: of one event, on the scale of the bound: 1 for the logarithm of observed over expected (Poisson),
    the variance of the log odds among events for the slope.

    >>> calibrated(math.log(1.25)), calibrated(0.2)
    (212, 263)
    """
    return math.ceil(((_INTERVAL + _POWER_OF_EACH_END) / half_width) ** 2 / information)


def needed(policy: GatePolicy) -> list[Needed]:
    """Return what each statistical check needs under a policy, check by check."""
    numbers = policy.numbers
    margin = numbers.not_inferior_by or 0.0
    rows = [Needed("local_validation", "always", numbers.least_events)]
    for discordance in DISCORDANCE:
        lists = f"lists differ by {discordance:g} an event"
        if margin:
            rows.append(Needed("usefulness", f"as good as the best; {lists}", not_inferior(discordance, margin)))
        rows.append(Needed("usefulness", f"better by {GAIN:g}; {lists}", not_inferior(discordance, GAIN)))
    low, high = numbers.observed_over_expected
    rows.append(Needed("calibration", "always", numbers.least_calibration_events or 0))
    narrow = min(-math.log(low), math.log(high))
    rows.append(Needed("calibration", "observed over expected is 1", calibrated(narrow)))
    half = min(1 - numbers.slope[0], numbers.slope[1] - 1)
    rows.append(Needed("calibration", "slope is 1, log odds of events spread by 1", calibrated(half)))
    return rows


def table(policy: GatePolicy) -> str:
    """Return the table of ``docs/governance.md``, in Markdown."""
    head = "| check | where in truth | outcome events |\n|---|---|---|\n"
    return head + "\n".join(f"| `{row.check}` | {row.when} | {row.events:,} |" for row in needed(policy))
