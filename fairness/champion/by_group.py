"""Two rankings of the same rows, group by group: recall of either, the paired difference, and the places that move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from fairness.characteristics import Characteristic
from fairness.policy import Policy
from fairness.reports import recall_of
from fairness.verdicts import holm
from threat.measuring.by_group import Counts, counts_by_group
from threat.measuring.counts import plural
from threat.measuring.estimates import What, measure
from threat.measuring.figure import Figure
from threat.measuring.intervals import ENOUGH_TO_RESAMPLE, PAIRED
from threat.measuring.power import standard_error_of
from threat.measuring.ranked import Cut, Floats, Labelled, Ranked
from threat.measuring.resampling import Resampling, places_of, ratio
from threat.measuring.titles import recall_title
from threat.release.documents.fairness_champion import CharacteristicChange, GroupChange, ServedVerdict

_LEVEL = 0.05
"""Level at which a group is said to be served otherwise, two-sided, after the adjustment: that of a 95% interval."""


@dataclass(frozen=True, slots=True)
class TwoRankings:
    """Challenger and champion of the same rows, both cut at ``capacity`` places of each list.

    Raises ValueError where they are of different rows.
    """

    challenger: Ranked
    champion: Ranked
    capacity: int

    def __post_init__(self) -> None:
        if self.challenger.rows is not self.champion.rows:
            raise ValueError("challenger and champion rank different rows")

    @property
    def rows(self) -> Labelled:
        """The rows that both rank."""
        return self.challenger.rows


@dataclass(frozen=True, slots=True)
class Changes:
    """What changes for everybody together, and for each group of each characteristic, in the order given."""

    everyone: GroupChange
    characteristics: tuple[CharacteristicChange, ...]


@dataclass(frozen=True, slots=True)
class _Group:
    """One group as it was measured: counts on both models' lists, columns last, and the places that move.

    ``people``: persons with an outcome event. ``rows``: mask of its rows.
    """

    code: str
    title: str
    challenger: Counts
    champion: Counts
    people: int
    rows: NDArray[np.bool_]


def changes(
    rankings: TwoRankings, characteristics: Sequence[Characteristic], policy: Policy, resampling: Resampling
) -> Changes:
    """Return what changes by group where the challenger replaces the champion.

    Both see the same draws of subjects, so that differences are paired. A group with fewer than ``least_events`` people
    with an outcome, or of whom neither model caught ten outcomes, is not enough evidence whatever its interval says.
    Raises BadInput where a characteristic has more or fewer codes than there are rows.
    """
    rows, cut = rankings.rows, Cut(capacity=float(rankings.capacity))
    everyone = Characteristic("everyone", "column", ["Everyone"] * len(rows), ["Everyone"] * len(rows.outside_person))
    every = [everyone, *characteristics]
    groupings = [item.grouping(rows) for item in every]
    of_challenger, of_champion = (
        counts_by_group(ranked, groupings, cut, resampling) for ranked in (rankings.challenger, rankings.champion)
    )
    of_every = []
    for item, grouping, challenger, champion in zip(every, groupings, of_challenger, of_champion, strict=True):
        people = grouping.people_with_events(rows)
        of_every.append(
            [
                _Group(code, item.title_of(code), challenger.of(i), champion.of(i), int(people[i]), grouping.row == i)
                for i, code in enumerate(grouping.codes)
            ]
        )
    gained = places_of(rankings.challenger, rankings.capacity) - places_of(rankings.champion, rankings.capacity)
    judged = [_judged(groups, gained, rankings, policy) for groups in of_every]
    gated = {(gate.party, gate.characteristic) for gate in policy.gate}
    return Changes(
        judged[0][0],
        tuple(
            CharacteristicChange(
                party=item.party,
                characteristic=item.name,
                gate=(item.party, item.name) in gated,
                note=item.note,
                groups=groups,
            )
            for item, groups in zip(characteristics, judged[1:], strict=True)
        ),
    )


def _judged(groups: Sequence[_Group], gained: Floats, rankings: TwoRankings, policy: Policy) -> tuple[GroupChange, ...]:
    """Judge the groups of one characteristic together: the more are compared, the less one alone can show."""
    differences = [_difference(group, rankings.capacity) for group in groups]
    unread = [_unread(group, difference, policy) for group, difference in zip(groups, differences, strict=True)]
    p_values = {i: _p_value(differences[i]) for i, reason in enumerate(unread) if not reason}
    plain = list(p_values.values())
    adjusted = dict(zip(p_values, holm(plain) if policy.multiplicity == "holm" else plain, strict=True))
    places = [sum(float(getattr(group, model).selected[0]) for group in groups) for model in ("challenger", "champion")]
    out = []
    for i, group in enumerate(groups):
        verdict, reason = _verdict(differences[i], unread[i], adjusted.get(i), len(adjusted))
        on, off = (np.where(group.rows, np.maximum(way * gained, 0.0), 0.0) for way in (1, -1))
        out.append(
            GroupChange(
                code=group.code,
                title=group.title,
                n=round(float(group.challenger.rows[0])),
                events=round(float(group.challenger.events[0])),
                people_with_events=group.people,
                challenger=_recall(group, group.challenger, rankings.capacity),
                champion=_recall(group, group.champion, rankings.capacity),
                difference=differences[i],
                p_value=p_values.get(i),
                p_adjusted=adjusted.get(i),
                challenger_share=_share(group.challenger, places[0]),
                champion_share=_share(group.champion, places[1]),
                moved_on=float(on.sum()),
                moved_off=float(off.sum()),
                events_on=float((on * rankings.rows.credit).sum()),
                events_off=float((off * rankings.rows.credit).sum()),
                verdict=verdict,
                reason=reason,
            )
        )
    return tuple(out)


def _what(name: str, title: str, group: _Group) -> What:
    counts = group.challenger  # rows and events are those of the cohort, whoever ranks it
    n, events = round(float(counts.rows[0])), round(float(counts.events[0]))
    return What(name=name, title=title, n=n, events=events, slice={"group": group.code})


def _recall(group: _Group, counts: Counts, capacity: int) -> Figure:
    return recall_of(_what("recall", recall_title(capacity), group), counts, group.people, alone=False)


def _difference(group: _Group, capacity: int) -> Figure:
    """Return recall of the group, challenger minus champion; the columns of both are of the same draws."""
    recall, of_champion = (ratio(counts.captured, counts.events) for counts in (group.challenger, group.champion))
    what = _what("recall_difference", f"{recall_title(capacity)}, challenger minus champion", group)
    return measure(what, recall - of_champion, method=PAIRED)


def _unread(group: _Group, difference: Figure, policy: Policy) -> str:
    """Return why the interval of a group is not read; empty where it is.

    Where both lists caught few, nearly every replicate says that they differ by nothing.
    """
    if difference.value is None:
        return "no outcome event in this group: recall cannot be measured"
    if group.people < policy.least_events:
        return f"on fewer than {policy.least_events} people with an outcome"
    if max(float(counts.captured[0]) for counts in (group.challenger, group.champion)) < ENOUGH_TO_RESAMPLE:
        return f"neither list caught {ENOUGH_TO_RESAMPLE} outcomes"
    return "" if difference.interval is not None else difference.reason


def _p_value(difference: Figure) -> float:
    """Return the two-sided p-value of no difference, normal theory on the interval; 1 where nothing differs."""
    error = standard_error_of(difference.interval or (0.0, 0.0))
    if error == 0:
        return 0.0 if difference.value else 1.0
    return 2 * (1 - NormalDist().cdf(abs(difference.value or 0.0) / error))


def _verdict(difference: Figure, unread: str, p_adjusted: float | None, compared: int) -> tuple[ServedVerdict, str]:
    """Return better or worse where the interval leaves out 0 and the adjusted p-value agrees; else why not."""
    if unread or p_adjusted is None or difference.interval is None:
        return "not_enough_evidence", unread
    low, high = difference.interval
    if low <= 0 <= high:
        return "not_enough_evidence", "the interval of the difference holds 0"
    if p_adjusted >= _LEVEL:
        return (
            "not_enough_evidence",
            "the interval leaves out 0, but not at the 5% level after adjusting for "
            f"{plural(compared, 'group')} compared: look closer",
        )
    return ("better", "the interval is wholly above 0") if low > 0 else ("worse", "the interval is wholly below 0")


def _share(counts: Counts, places: float) -> float | None:
    return float(counts.selected[0]) / places if places else None
