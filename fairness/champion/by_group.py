"""Two rankings of the same rows, group by group: recall of either, the paired difference, and the places that move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairness.champion.change import Caught, Change, judged_changes
from fairness.characteristics import Characteristic
from fairness.policy import Policy
from fairness.reports import recall_of
from threat.measuring.by_group import Counts, counts_by_group
from threat.measuring.estimates import What, measure
from threat.measuring.figure import Figure
from threat.measuring.intervals import PAIRED
from threat.measuring.ranked import Cut, Floats, Labelled, Ranked
from threat.measuring.resampling import Resampling, places_of, ratio
from threat.measuring.titles import recall_title
from threat.release.documents.fairness import MISSING, Alerts
from threat.release.documents.fairness_champion import CharacteristicChange, GroupChange, ServedVerdict


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
    """What changes for everybody together, and for each group of each characteristic, in the order given.

    ``verdict``, ``alerts``: of the whole, as an audit has them.
    """

    everyone: GroupChange
    characteristics: tuple[CharacteristicChange, ...]
    verdict: ServedVerdict
    alerts: Alerts | None


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

    Both see the same draws of subjects, so that differences are paired. A group is judged by the rule of the audit, by
    its change next to everybody else's (``fairness.champion.change``), and all groups that decide together.
    Raises BadInput where a characteristic has more or fewer codes than there are rows.
    """
    rows, cut = rankings.rows, Cut(capacity=float(rankings.capacity))
    everyone = Characteristic("everyone", "column", ["Everyone"] * len(rows), ["Everyone"] * len(rows.outside_person))
    every = [everyone, *characteristics]
    groupings = [item.grouping(rows) for item in every]
    of_challenger, of_champion = (
        counts_by_group(ranked, groupings, cut, resampling) for ranked in (rankings.challenger, rankings.champion)
    )
    gated = {(gate.party, gate.characteristic) for gate in policy.gate}
    caught = [
        Caught(
            challenger=challenger.captured,
            champion=champion.captured,
            people=grouping.people_with_events(rows),
            recorded=np.array([code != MISSING for code in grouping.codes], np.bool_),
            gate=(item.party, item.name) in gated or item.party == "column",
        )
        for item, grouping, challenger, champion in zip(every, groupings, of_challenger, of_champion, strict=True)
    ]
    judged = judged_changes(caught[1:], policy)
    of_everyone = [Change("not_enough_evidence", "everybody: there is nobody else to compare with")]
    gained = places_of(rankings.challenger, rankings.capacity) - places_of(rankings.champion, rankings.capacity)
    of_every = []
    parts = zip(every, groupings, caught, of_challenger, of_champion, [of_everyone, *judged.changes], strict=True)
    for item, grouping, of_item, challenger, champion, of_groups in parts:
        groups = [
            _Group(
                code, item.title_of(code), challenger.of(i), champion.of(i), int(of_item.people[i]), grouping.row == i
            )
            for i, code in enumerate(grouping.codes)
        ]
        of_every.append(_reported(groups, of_groups, gained, rankings))
    return Changes(
        of_every[0][0],
        tuple(
            CharacteristicChange(
                party=item.party,
                characteristic=item.name,
                gate=(item.party, item.name) in gated,
                note=item.note,
                groups=groups,
            )
            for item, groups in zip(characteristics, of_every[1:], strict=True)
        ),
        judged.verdict,
        judged.alerts,
    )


def _reported(
    groups: Sequence[_Group], changed: Sequence[Change], gained: Floats, rankings: TwoRankings
) -> tuple[GroupChange, ...]:
    """Return the groups of one characteristic: recall of either, the places that move, and what may be said."""
    places = [sum(float(getattr(group, model).selected[0]) for group in groups) for model in ("challenger", "champion")]
    out = []
    for group, change in zip(groups, changed, strict=True):
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
                difference=_difference(group, rankings.capacity),
                change=change.change,
                effective=change.effective,
                p_beyond=change.p_beyond,
                p_adjusted=change.p_adjusted,
                challenger_share=_share(group.challenger, places[0]),
                champion_share=_share(group.champion, places[1]),
                moved_on=float(on.sum()),
                moved_off=float(off.sum()),
                events_on=float((on * rankings.rows.credit).sum()),
                events_off=float((off * rankings.rows.credit).sum()),
                verdict=change.verdict,
                reason=change.reason,
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


def _share(counts: Counts, places: float) -> float | None:
    return float(counts.selected[0]) / places if places else None
