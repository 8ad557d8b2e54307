"""What the public report says besides counts: verdicts, faults and rates of error, without a number of any group."""

from __future__ import annotations

from typing import Any

from threat.release.documents.fairness import Fairness, OwnRates
from threat.release.documents.fairness_public import PublicAlerts, PublicCell, PublicFault, PublicRanking, PublicRates
from threat.release.documents.fairness_verdict import FairnessVerdict

_WORSE = (FairnessVerdict.FAIL, FairnessVerdict.ALERT)


def _whole_percents(rates: OwnRates) -> PublicRates:
    """Return the rates without their digits: the simulation's seed is known, so these would tell exact sizes."""
    return PublicRates(
        draws=rates.draws,
        cells=rates.cells,
        false_fail=round(100 * rates.false_fail.value),
        false_alert=round(100 * rates.false_alert.value),
        any_alert=round(100 * rates.any_alert.value),
        false_pass=round(100 * rates.false_pass.value),
    )


def said_besides(report: Fairness) -> dict[str, Any]:
    """Return ``worse``, ``alerts``, ``faults``, ``own_rates`` and ``others`` of the public report, fails first."""
    return {
        "worse": tuple(
            PublicCell(
                party=item.party,
                characteristic=item.characteristic,
                group=group.title,
                figure=cell.figure,
                verdict=cell.verdict,
            )
            for verdict in _WORSE
            for item in report.gated
            for group in item.groups
            for cell in group.compared
            if cell.gate and cell.verdict == verdict
        ),
        "alerts": None
        if report.alerts is None
        else PublicAlerts(
            cells=report.alerts.cells,
            alerting=report.alerts.alerting,
            by_chance=round(report.alerts.by_chance),
            beyond_chance=report.alerts.beyond_chance,
        ),
        "faults": tuple(
            PublicFault(kind=fault.kind, cell=fault.cell, way_out=fault.way_out) for fault in report.faults
        ),
        "own_rates": None if report.own_rates is None else _whole_percents(report.own_rates),
        "others": tuple(
            PublicRanking(ranking=other.ranking, title=other.title, verdict=other.verdict) for other in report.others
        ),
    }
