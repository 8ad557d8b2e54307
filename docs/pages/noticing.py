"""``docs/noticing.md``: does the audit notice harm that was planted, and how often does it cry where there is none?

One synthetic force, thinned a hundred ways: each seed draws who is of the planted group, so that without a plant
nothing is different about the group, and then changes the records of the group in one way.
"""

from __future__ import annotations

import argparse
import tempfile
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pages.noticing_force import HORIZON_DAYS, LOOK_BACK_DAYS, RUNG, ForceRows

from fairness.audit import audit
from fairness.characteristics import Characteristic
from fairness.policy import load_policy
from threat.asof import DAY, seconds
from threat.measuring.ranked import Cut, Labelled, Ranked
from threat.measuring.resampling import Resampling
from threat.release.documents.fairness import Fairness, GroupReport
from threat.release.documents.fairness_policy import FairnessPolicy, FigureName, Gated
from threat.release.documents.fairness_verdict import FairnessVerdict
from threat.simulation.force import Settings, write

FORCE = Settings(relationships=20_000, years=8.0, seed=7)
"""The force of ``docs/results.md``."""

LISTS = 4
"""Lists half a year apart, so that no outcome is in the window of two; the last window ends with the records."""

SHARE = 0.2
"""Share of people of the planted group: a fifth has enough outcomes to notice something by, and is a minority."""

LISTED = 0.1
"""Share of the rows of a list that are on it."""

REPLICATES = 100
"""Bootstrap replicates of each audit: its effective sizes need no more, and there are hundreds of audits."""

PLANTED = "planted"


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """What is on record in a world: incidents that the list goes by, and the outcomes on record."""

    incidents: NDArray[np.int64]
    recorded: NDArray[np.bool_]


Plant = Callable[[np.random.Generator, ForceRows, NDArray[np.bool_]], World]
"""Changes the records of the rows in the mask (of whoever the plant is about)."""


def nothing(_: np.random.Generator, rows: ForceRows, group: NDArray[np.bool_]) -> World:
    """Return the records as they are."""
    return World(rows.incidents, rows.harmed)


def thinned_history(draw: np.random.Generator, rows: ForceRows, group: NDArray[np.bool_]) -> World:
    """Return records of which, of the group, 4 in 10 incidents of the past were written down."""
    return World(np.where(group, draw.binomial(rows.incidents, 0.4), rows.incidents), rows.harmed)


def thinned_labels(draw: np.random.Generator, rows: ForceRows, group: NDArray[np.bool_]) -> World:
    """Return records of which, of the group, 2 in 10 outcomes of people who were not on the list were written down.

    Who is on the list is watched, so the outcome becomes known; of who is not, it often does not.
    """
    missed = group & ~listed(rows.incidents, rows) & (draw.random(len(rows)) < 0.8)
    return World(rows.incidents, rows.harmed & ~missed)


def over_policing(draw: np.random.Generator, rows: ForceRows, group: NDArray[np.bool_]) -> World:
    """Return records in which subjects of the group have 1.5 incidents more, on average, without more harm."""
    return World(rows.incidents + np.where(group, draw.poisson(1.5, len(rows)), 0), rows.harmed)


PLANTS: dict[str, tuple[Plant, str]] = {
    "nothing": (nothing, "at_risk"),
    "thinned history": (thinned_history, "at_risk"),
    "thinned labels": (thinned_labels, "at_risk"),
    "over-policing": (over_policing, "subject"),
}
"""Each plant, and the party whose group it is about."""


def listed(incidents: NDArray[np.int64], rows: ForceRows) -> NDArray[np.bool_]:
    """Mask of the rows with the most incidents, a share of each list; ties by place, for one sure list."""
    order = np.lexsort((np.arange(len(rows)), -incidents, rows.cycle))
    first = np.searchsorted(rows.cycle[order], rows.cycle[order], "left")
    size = np.bincount(rows.cycle)[rows.cycle[order]]
    out = np.zeros(len(rows), dtype=bool)
    out[order] = np.arange(len(rows)) - first < np.floor(LISTED * size)
    return out


@dataclass(frozen=True, slots=True)
class Seen:
    """What one audit of a world said of the planted group; ``recall`` on record, and of all outcomes that happened.

    ``faulty``: a fault was found unasked, with which nothing passes.
    """

    verdicts: dict[str, FairnessVerdict]
    faulty: bool
    calibration_fails: bool
    recall: float
    true_recall: float


def policy() -> FairnessPolicy:
    """Return the product's policy with the planted groups as what decides."""
    at_risk: tuple[FigureName, ...] = ("recall",)
    subject: tuple[FigureName, ...] = ("precision", "false_positive_rate")
    gate = (
        Gated(party="person_at_risk", characteristic=PLANTED, figures=at_risk),
        Gated(party="subject", characteristic=PLANTED, figures=subject),
    )
    return load_policy().model_copy(update={"gate": gate})


def audited(rows: ForceRows, plant: str, seed: int) -> Seen:
    """Return what the audit of a world sees, in which one plant changed the records of a group drawn with the seed."""
    draw = np.random.default_rng(seed)
    change, about = PLANTS[plant]
    groups = {
        party: np.isin(people, drawn_people(draw, people))
        for party, people in (("at_risk", rows.at_risk), ("subject", rows.subject))
    }
    world = change(draw, rows, groups[about])
    on_list = listed(world.incidents, rows)
    ranked = Ranked(
        rows=Labelled.of(label=world.recorded.astype(float), person=rows.subject, cycle=rows.cycle),
        score=on_list.astype(float),
        probability=expected(rows)[np.minimum(world.incidents, rows.incidents.max())],
    )
    items = [
        Characteristic(PLANTED, "person_at_risk", np.where(groups["at_risk"], PLANTED, "others")),
        Characteristic(PLANTED, "subject", np.where(groups["subject"], PLANTED, "others")),
    ]
    report = audit(
        ranked,
        items,
        cut=Cut(threshold=0.5),
        policy=policy(),
        resampling=Resampling(replicates=REPLICATES, seed=seed),
        with_rates=False,
    )
    return _seen(report, about, float(on_list[groups[about] & rows.harmed].mean()))


def drawn_people(draw: np.random.Generator, people: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a fifth of the distinct people."""
    distinct = np.unique(people)
    return distinct[draw.random(len(distinct)) < SHARE]


def expected(rows: ForceRows) -> NDArray[np.float64]:
    """Return the share later harmed by number of incidents, in the records as they are: what a model would say."""
    counts = np.bincount(rows.incidents)
    harmed = np.bincount(rows.incidents, weights=rows.harmed)
    # A prior of one row at the overall share, for numbers of incidents that nobody has.
    return np.asarray((harmed + rows.harmed.mean()) / (counts + 1))


def _seen(report: Fairness, about: str, true_recall: float) -> Seen:
    by_party = {item.party: {group.code: group for group in item.groups} for item in report.characteristics}
    at_risk, subject = by_party["person_at_risk"][PLANTED], by_party["subject"][PLANTED]
    verdicts = {
        "recall": _verdict(at_risk, "recall"),
        "precision": _verdict(subject, "precision"),
        "false positive rate": _verdict(subject, "false_positive_rate"),
    }
    of_plant = subject if about == "subject" else at_risk
    fails = str(of_plant.calibration_verdict) == "fail"
    return Seen(verdicts, bool(report.faults), fails, of_plant.recall.value or 0.0, true_recall)


def _verdict(group: GroupReport, figure: FigureName) -> FairnessVerdict:
    cell = group.of(figure)
    return FairnessVerdict.NOT_ENOUGH if cell is None else cell.verdict


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Return Wilson's 95% interval of a share.

    >>> [round(end, 2) for end in wilson(5, 100)]
    [0.02, 0.11]
    """
    z = 1.959964
    centre = (hits + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * np.sqrt(hits * (n - hits) / n + z * z / 4)
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def share(hits: int, n: int) -> str:
    """Return a share with its interval in percent, ``5% (2 to 11)``."""
    low, high = wilson(hits, n)
    return f"{hits / n:.0%} ({100 * low:.0f} to {100 * high:.0f})"


def table(seen: dict[str, Sequence[Seen]]) -> list[str]:
    """Return the table of detections: a line a plant, a column what noticed the plant."""
    figures = ("recall", "precision", "false positive rate")
    heads = [f"{figure}: {word}" for figure in figures for word in ("fail", "fail or alert")]
    lines = [
        f"| planted | {' | '.join(heads)} | observed / expected: fail | fault found | recall on record "
        "| recall of all that happened |",
        "|---" * (len(heads) + 5) + "|",
    ]
    for plant, audits in seen.items():
        noticed = [
            sum(audited_world.verdicts[figure] in words for audited_world in audits)
            for figure in figures
            for words in ({FairnessVerdict.FAIL}, {FairnessVerdict.FAIL, FairnessVerdict.ALERT})
        ]
        noticed.append(sum(audited_world.calibration_fails for audited_world in audits))
        noticed.append(sum(audited_world.faulty for audited_world in audits))
        cells = [share(hits, len(audits)) for hits in noticed]
        cells += [
            f"{np.mean([getattr(audited_world, name) for audited_world in audits]):.0%}"
            for name in ("recall", "true_recall")
        ]
        lines.append(f"| {plant} | {' | '.join(cells)} |")
    return lines


def page(rows: ForceRows, seen: dict[str, Sequence[Seen]], *, made_of: str) -> str:
    """Return the whole page."""
    seeds = len(next(iter(seen.values())))
    lines = [
        "# Does the audit notice? Harm planted in a synthetic force",
        "",
        f"Made by `make results` ({made_of}): {len(rows):,} rows of {len(np.unique(rows.cycle))} lists, "
        f"{int(rows.harmed.sum()):,} with an outcome ({RUNG} within {HORIZON_DAYS} days). The list goes by the number "
        f"of domestic incidents on record of the last {LOOK_BACK_DAYS} days and holds {LISTED:.0%} of the rows.",
        "",
        f"In each of {seeds} seeds a fifth of the people at risk, and a fifth of the subjects, are drawn as the "
        "planted group. *Nothing*: what the audit says then is a false alarm. *Thinned history*: of the group's people "
        "at risk 4 in 10 incidents of the past were written down. *Thinned labels*: of those of the group who were not "
        "on the list 2 in 10 outcomes were written down. *Over-policing*: subjects of the group have 1.5 recorded "
        "incidents more on average, and no more harm. Shares of seeds, with 95% intervals (Wilson).",
        "",
        *table(seen),
        "",
        "**What recorded recall cannot see.** Outcomes that nobody recorded are missing from the figure and from its "
        "reference: with thinned labels recall on record is higher than that of all that happened, and the audit of "
        "recall cannot object. Where the ranking gives probabilities, observed over expected can: fewer outcomes are "
        "on record of the group than of others of whom as much is on record. So can the check for faults, where "
        "outcomes break off at the cut: off the list far fewer are on record of the group than of others of like "
        "scores, next to as many on it. Either sees that something is missing, not what; under thinned history "
        "observed over expected moves the other way, because fewer incidents stand for as much harm.",
        "",
        "**What is not noticed either way**: a group that is thinned in history and labels alike, and people who come "
        "to nobody's notice at all. The groups drawn here are of a fifth; of a smaller group less is noticed "
        "(`threat audit-power`).",
        "",
    ]
    return "\n".join(_wrapped(line) for line in lines)


def _wrapped(line: str) -> str:
    """Return prose in lines of 100; a row of a table as it is."""
    return line if line.startswith("|") else "\n".join(textwrap.wrap(line, 100, break_on_hyphens=False))


def measured(rows: ForceRows, seeds: int) -> dict[str, Sequence[Seen]]:
    """Return what the audits saw, by plant."""
    return {plant: [audited(rows, plant, seed) for seed in range(seeds)] for plant in PLANTS}


def as_ofs(settings: Settings) -> list[int]:
    """Return the as-ofs of the lists: half-yearly, and of the last one the outcomes are on record."""
    last = seconds(settings.end) - 2 * HORIZON_DAYS * DAY
    return [last - i * HORIZON_DAYS * DAY for i in range(LISTS)][::-1]


def main(arguments: list[str] | None = None) -> int:
    """Write the page. ``--history``: that of a force of the same settings that is there already."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/noticing.md"))
    parser.add_argument("--history", type=Path)
    parser.add_argument("--seeds", type=int, default=100)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as work:
        history = asked.history
        if history is None:
            write(FORCE, Path(work) / "force", lambda _: None)
            history = Path(work) / "force" / "history"
        rows = ForceRows.of(history, as_ofs(FORCE))
    made_of = f"a synthetic force of {FORCE.relationships:,} relationships and {FORCE.years:g} years, seed {FORCE.seed}"
    text = page(rows, measured(rows, asked.seeds), made_of=made_of)
    asked.out.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
