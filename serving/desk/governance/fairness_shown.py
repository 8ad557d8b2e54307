"""The fairness report of the model in service, in counts: who among those later harmed was on the list, by group."""

from __future__ import annotations

from dataclasses import dataclass

from fairness.words import (
    AT_RISK,
    COUNTED_TWICE,
    HEADS,
    SUBJECTS,
    alerts,
    decimals,
    everybody_caught,
    faults,
    name_of,
    not_shown,
    own_rates,
    power_of_all,
    share_and_ratio,
    shown,
    verdict_of,
)
from serving.desk.service import Desk
from serving.lists import rankings
from threat.characteristics import PARTY_TITLES
from threat.errors import ThreatError
from threat.measuring.counts import caught, percent
from threat.release import promotions
from threat.release.documents.fairness import CharacteristicReport, Coverage, Fairness, OtherRanking
from threat.release.documents.fairness_verdict import FairnessVerdict

NO_MODEL = (
    "No model was ever in service, so no report is here. A rule that ranks is audited within a RUN: "
    "threat audit RUN --ranking NAME."
)


FIGURES_SHOWN = (*AT_RISK, *SUBJECTS)
"""Both sides of the list: what it does for people at risk, and what it costs its subjects."""

HEADS_SHOWN = tuple(HEADS[name] for name in FIGURES_SHOWN)
"""Heads of the columns of the four figures."""

_STRONG = (FairnessVerdict.FAIL, FairnessVerdict.ALERT)
"""Verdicts on a group that the page sets in bold."""


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One group in counts and words. ``figures``: the cells of the columns ``HEADS_SHOWN``."""

    title: str
    figures: tuple[str, ...]
    verdict: str
    failed: bool


@dataclass(frozen=True, slots=True)
class CharacteristicShown:
    """One characteristic: its verdict and why, a row for each group with a figure, a sentence for those without."""

    id: str
    name: str
    verdict: str
    failed: bool
    reason: str
    rows: tuple[GroupRow, ...]
    gaps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FairnessShown:
    """The report as the page shows it. ``missing``: why there is none; all else is empty then."""

    run: str
    missing: str = ""
    verdict: str = ""
    failed: bool = False
    sentences: tuple[str, ...] = ()
    gated: tuple[CharacteristicShown, ...] = ()
    reported: tuple[CharacteristicShown, ...] = ()
    others: tuple[tuple[str, str, str], ...] = ()
    coverage: tuple[tuple[str, str, str, str], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def heads(self) -> list[str]:
        """Heads of the columns of the four figures."""
        return list(HEADS_SHOWN)


def fairness_shown(desk: Desk) -> FairnessShown:
    """Return the report of the model in service, or of the model that a rule stands in for.

    Raises IntegrityFailure when the promotions or the bundle do not verify.
    """
    standing = promotions.current(desk.promotions_path)
    if standing.bundle is None:
        return FairnessShown("", NO_MODEL)
    bundle = rankings.opened(desk.promotions_path, standing, to_serve=False)
    try:
        report = bundle.read(Fairness)
    except ThreatError as error:  # a bundle of an earlier format, or one that was built without an audit
        return FairnessShown(standing.run_id, f"{error.problem} {error.way_out[:1].upper()}{error.way_out[1:]}.")
    return _shown(standing.run_id, report)


def _shown(run: str, report: Fairness) -> FairnessShown:
    characteristics = [(item, _characteristic(item)) for item in report.characteristics]
    return FairnessShown(
        run=run,
        verdict=report.verdict.words,
        failed=report.verdict == FairnessVerdict.FAIL,
        sentences=tuple(sentence for sentence in _sentences(report) if sentence),
        gated=tuple(shown for item, shown in characteristics if item.gate),
        reported=tuple(shown for item, shown in characteristics if not item.gate),
        others=tuple(map(_other, report.others)),
        coverage=tuple(map(_coverage, report.coverage)),
        notes=report.notes,
    )


def _sentences(report: Fairness) -> tuple[str, ...]:
    by_chance = own_rates(report), power_of_all(report)
    return (alerts(report), _everybody(report), *faults(report), COUNTED_TWICE, _line(report), *by_chance)


def _everybody(report: Fairness) -> str:
    overall, listed = report.overall, everybody_caught(report)
    share = percent(overall.recall)
    return (
        f"{listed[0].upper()}{listed[1:]} later harmed were on the list{f', {share}' if share else ''}. "
        f"{overall.outside_events:,} were people no list covered."
    )


def _line(report: Fairness) -> str:
    policy = report.policy
    return (
        f"Each group is compared with everybody else who is recorded. A group fails when its recall or precision is "
        f"below {policy.line:g} of theirs, or its misses or false alarms are above {1 / policy.line:g} of theirs, and "
        "the evidence holds after adjusting for everything compared; a group that only looks so is an alert, which is "
        "never a pass; the report as a whole is an alert where its alerts, taken together, weigh more than what chance "
        "gives. "
        f"A group passes when it probably is within the line, on at least {policy.least_events} "
        f"independent cases. Anything else is not enough evidence. Policy {policy.version}."
    )


def _characteristic(item: CharacteristicReport) -> CharacteristicShown:
    rows = [
        GroupRow(
            title=group.title,
            figures=tuple(share_and_ratio(group, name) for name in FIGURES_SHOWN),
            verdict=verdict_of(group, item),
            failed=group.verdict in _STRONG,
        )
        for group in shown(item)
    ]
    return CharacteristicShown(
        id=f"{item.party}-{item.characteristic}".replace("_", "-"),
        name=name_of(item),
        verdict=item.verdict.words,
        failed=item.verdict == FairnessVerdict.FAIL,
        reason=f"{item.reason[:1].upper()}{item.reason[1:]}.",
        rows=tuple(rows),
        gaps=tuple(sentence for sentence in (not_shown(item),) if sentence),
    )


def _other(other: OtherRanking) -> tuple[str, str, str]:
    """Return another ranking's title, its counts and its verdict."""
    recall = other.recall
    counts = "" if recall.value is None else caught(recall.value * recall.events, recall.events)
    return other.title, counts or decimals(recall), other.verdict.words


def _coverage(covered: Coverage) -> tuple[str, str, str, str]:
    characteristic = covered.characteristic.replace("_", " ")
    return characteristic, PARTY_TITLES[covered.party], covered.state.replace("_", " "), covered.reason
