"""The public rendering of a report: small cells withheld. Governance inside the force sees the whole report."""

from __future__ import annotations

import copy
from typing import Any

_FIGURES = ("recall", "selection_rate", "precision", "false_positive_rate", "calibration")
_COMPARED = ("ratio", "ratio_interval", "p_below", "p_adjusted", "effective_events")
_COUNTS = ("n", "events", "people_with_events", "captured", "selected")


def public(report: dict[str, Any]) -> dict[str, Any]:
    """The report with every count below the policy's ``publish_at_least`` withheld, and all that would give it away.

    Withheld numbers become None and the group says so; verdicts, names and reasons in words stay. Where one group of a
    characteristic is withheld, the next smallest is too, so that it cannot be had by subtracting from the total.
    """
    out = copy.deepcopy(report)
    least = int(report["policy"]["publish_at_least"])
    for characteristic in out["characteristics"]:
        groups = characteristic["groups"]
        withheld = [group for group in groups if _small(group, least)]
        if len(withheld) == 1 and len(groups) > 1:
            withheld.append(min((g for g in groups if g is not withheld[0]), key=lambda g: (g["events"], g["n"])))
        for group in groups:
            group["withheld"] = any(group is other for other in withheld)
            if group["withheld"]:
                _withhold(group, least)
    if _small(out["overall"] | {"captured": out["overall"]["recall"]["events"]}, least):
        for name in ("events", "outside_events", "selected"):
            out["overall"][name] = None
        _blank(out["overall"]["recall"], least)
    elif out["overall"]["outside_events"] < least:
        out["overall"]["outside_events"] = None
    out.pop("others", None)  # their groups hold counts of their own
    out["notes"] = [f"Counts below {least} are withheld, with what would give them away."]
    out["public"] = True
    return out


def _small(group: dict[str, Any], least: int) -> bool:
    """True when rows, outcome events, those on the list, or those missed are fewer than may be published."""
    counts = (group["n"], group["events"], group["captured"], group["events"] - group["captured"])
    return any(count < least for count in counts)


def _withhold(group: dict[str, Any], least: int) -> None:
    for name in (*_COUNTS, *_COMPARED):
        group[name] = None
    for name in _FIGURES:
        _blank(group[name], least)
    group["reason"] = f"withheld: a count is below {least}, or would give one away"


def _blank(figure: dict[str, Any], least: int) -> None:
    figure |= {"value": None, "n": None, "events": None, "interval": None, "method": "none"}
    figure["reason"] = f"withheld: a count is below {least}, or would give one away"
