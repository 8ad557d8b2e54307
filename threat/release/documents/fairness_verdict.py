"""The four verdicts of a fairness audit."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class FairnessVerdict(StrEnum):
    """What an audit says of a group, a characteristic or a ranking.

    The values of a pass, a fail and not enough evidence are those of ``threat.measuring.figure.Verdict``, so that
    verdicts of the two kinds compare equal. An alert is a group that looks worse than the line before the adjustment
    for how many groups were looked at: no proof, and never a pass.
    """

    PASS = "pass"  # noqa: S105 a verdict, no password
    FAIL = "fail"
    ALERT = "alert"
    NOT_ENOUGH = "not_enough_evidence"

    @property
    def words(self) -> str:
        """The verdict in words, for pages and cards."""
        return _TITLES[self]

    @classmethod
    def all_of(cls, verdicts: Iterable[FairnessVerdict]) -> FairnessVerdict:
        """Combine verdicts: any fail fails, otherwise any alert alerts, and all must pass for a pass.

        >>> FairnessVerdict.all_of([FairnessVerdict.PASS, FairnessVerdict.NOT_ENOUGH, FairnessVerdict.ALERT]).value
        'alert'
        >>> FairnessVerdict.all_of([FairnessVerdict.PASS, FairnessVerdict.NOT_ENOUGH]).value
        'not_enough_evidence'
        >>> FairnessVerdict.all_of([]).value
        'not_enough_evidence'
        """
        given = set(verdicts)
        return next((verdict for verdict in WORST_FIRST if verdict in given), cls.NOT_ENOUGH)


WORST_FIRST = (
    FairnessVerdict.FAIL,
    FairnessVerdict.ALERT,
    FairnessVerdict.NOT_ENOUGH,
    FairnessVerdict.PASS,
)
"""The order in which verdicts are combined and listed."""

_TITLES = {
    FairnessVerdict.PASS: "Pass",
    FairnessVerdict.FAIL: "Fail",
    FairnessVerdict.ALERT: "Alert",
    FairnessVerdict.NOT_ENOUGH: "Not enough evidence",
}
