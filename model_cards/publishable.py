"""The documents of a RUN as they may be published: what a card is made of, and what a public archive holds.

What no card says is left out. Where a card does not say a count, 9 stands for it, and of a part that would leave a
small rest, its whole less 1 (``threat.measuring.counts``). Shares are as the card prints them. So a card made of these
documents has the same bytes as one made of the whole ones, and whoever has them knows no more of a small group than
whoever reads the card. Reducing twice changes nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from threat.measuring.counts import LEAST, hidden, is_given_away, stand_ins
from threat.measuring.figure import Figure
from threat.release.documents.ablations import Ablations
from threat.release.documents.checks import Checks
from threat.release.documents.cohort import CohortAttrition, CycleAttrition
from threat.release.documents.estimand import Estimand
from threat.release.documents.evaluation import MODEL, Calibration, Evaluation, FreshnessBand
from threat.release.documents.gate import Gate
from threat.release.documents.model import Calibrator
from threat.release.evidence import RunDocuments

_NOT_SHOWN: Final = "not shown"
_WITHHELD: Final = f"withheld (under {LEAST} outcomes, or next to such a band)"


def publishable(documents: RunDocuments) -> RunDocuments:
    """Return the documents of a RUN as they may be published.

    Of a RUN that was audited before there was a public report, the whole report stays: its card withholds by itself,
    and no public archive is made of it.
    """
    return replace(
        documents,
        cohort=None if documents.cohort is None else _cohort(documents.cohort),
        evaluation=None if documents.evaluation is None else _evaluation(documents.evaluation),
        ablations=None if documents.ablations is None else _ablations(documents.ablations),
        checks=None if documents.checks is None else _checks(documents.checks),
        calibrator=None if documents.calibrator is None else _calibrator(documents.calibrator),
        fairness=documents.fairness if documents.fairness_public is None else None,
        gate=None if documents.gate is None else _gate(documents.gate),
    )


def _small(count: int) -> int:
    """Return a count that is in no sum with others: a small one as 9."""
    return LEAST - 1 if 0 < count < LEAST else count


def _part(part: int, whole: int) -> int:
    """Return a part of a published whole: one that gives a small rest away as the whole less 1."""
    return whole - 1 if is_given_away(part, whole) else _small(part)


def _as_printed(figure: Figure) -> Figure:
    """Return a figure of a part of the cohort with the decimals that a card prints."""
    if figure.value is None:
        return figure
    decimals = 4 if abs(figure.value) < 0.05 else 2
    ends = None if figure.interval is None else tuple(round(end, decimals) for end in figure.interval)
    return figure.model_copy(update={"value": round(figure.value, decimals), "interval": ends})


def _cohort(cohort: CohortAttrition) -> CohortAttrition:
    """Return the filters of the last list alone, as the card has them."""
    left_out, deaths = cohort.test_left_out, cohort.competing_deaths
    return cohort.model_copy(
        update={
            "cycles": tuple(_filters(cycle) for cycle in cohort.cycles[-1:]),
            "fit": {},
            "test_left_out": left_out.model_copy(
                update={
                    "death_not_yet_recorded": _small(left_out.death_not_yet_recorded),
                    "outcome_not_yet_recorded": _small(left_out.outcome_not_yet_recorded),
                }
            ),
            "competing_deaths": deaths.model_copy(
                update={"rows": _small(deaths.rows), "people": _small(deaths.people)}
            ),
            "unseen_severe": tuple(
                unseen.model_copy(update={"incidents": _small(unseen.incidents)}) for unseen in cohort.unseen_severe
            ),
            "drift": None,
        }
    )


def _filters(cycle: CycleAttrition) -> CycleAttrition:
    """Return the filters of a list. Where one left few out, what each kept is to the nearest ten: the difference of two
    would be the few."""
    few = any(0 < step.dropped < LEAST for step in cycle.steps)
    return cycle.model_copy(
        update={
            "steps": tuple(
                step.model_copy(
                    update={
                        "kept": (step.kept + LEAST // 2) // LEAST * LEAST if few else step.kept,
                        "dropped": _small(step.dropped),
                    }
                )
                for step in cycle.steps
            )
        }
    )


def _evaluation(evaluation: Evaluation) -> Evaluation:
    calibration, estimand = evaluation.calibration, evaluation.estimand
    return evaluation.model_copy(
        update={
            "calibration": None if calibration is None else _calibration(calibration),
            "freshness": _freshness(evaluation.freshness),
            "halves": (),
            "replay": (),
            "estimand": None if estimand is None else _estimand(estimand),
        }
    )


def _calibration(calibration: Calibration) -> Calibration:
    """Return calibration with the bands of probability that a card draws: outcomes of the others are not to be had."""
    unsaid = hidden([band.observed.events for band in calibration.bins])
    kept = tuple(
        band.model_copy(update={"observed": _as_printed(band.observed)})
        for band, hide in zip(calibration.bins, unsaid, strict=True)
        if not hide and band.observed.events >= LEAST
    )
    return calibration.model_copy(update={"bins": kept})


def _freshness(bands: tuple[FreshnessBand, ...]) -> tuple[FreshnessBand, ...]:
    events, rows = (stand_ins([getattr(band, name) for band in bands]) for name in ("events", "n"))
    unsaid = hidden([band.events for band in bands])
    return tuple(
        FreshnessBand(
            band=band.band,
            n=rows[i],
            events=events[i],
            figures=tuple(
                _of_band(figure, rows[i], withhold=unsaid[i])
                for figure in band.figures
                if figure.slice.get("ranking") == MODEL
            ),
        )
        for i, band in enumerate(bands)
    )


def _of_band(figure: Figure, rows: int, *, withhold: bool) -> Figure:
    if not withhold and figure.events >= LEAST:
        return _as_printed(figure).model_copy(update={"n": rows})
    gone = {"value": None, "interval": None, "n": rows, "events": 0, "reason": _WITHHELD}
    return figure.model_copy(update=gone)


def _estimand(estimand: Estimand) -> Estimand:
    credited, exposed = estimand.attribution, estimand.exposure
    met = [line for line in estimand.composition if line.events]
    parts = {
        name: _part(getattr(credited, name), credited.events)
        for name in ("outside_alone", "several_relationships", "unknown_person_at_risk")
    }
    custody, with_release = exposed.in_custody, exposed.release_known
    if with_release is not None and custody is not None:
        with_release = _part(with_release, custody)
    return estimand.model_copy(
        update={
            "composition": tuple(
                line.model_copy(update={"events": events})
                for line, events in zip(met, stand_ins([line.events for line in met]), strict=True)
            ),
            "attribution": credited.model_copy(update=parts),
            "exposure": exposed.model_copy(
                update={
                    "in_custody": None if custody is None else _small(custody),
                    "release_known": with_release,
                    "deaths": _small(exposed.deaths),
                    "people_who_died": _small(exposed.people_who_died),
                }
            ),
            "blanking": tuple(
                line.model_copy(update={"events": _tens(line.events), "recall": _blanked(line.recall)})
                for line in estimand.blanking
            ),
        }
    )


def _tens(count: int) -> int:
    """Return a count to the ten below: of two that follow one another, the few between them are not to be had."""
    return count // LEAST * LEAST


def _blanked(figure: Figure) -> Figure:
    if figure.events >= LEAST:
        return _as_printed(figure).model_copy(update={"events": _tens(figure.events)})
    gone = {"value": None, "interval": None, "events": 0, "reason": f"withheld (under {LEAST} outcomes)"}
    return figure.model_copy(update=gone)


def _ablations(made: Ablations) -> Ablations:
    return made.model_copy(
        update={
            "history": tuple(
                line.model_copy(
                    update={
                        "rows_with_older": _part(line.rows_with_older, line.rows),
                        "fit_rows_with_older": _part(line.fit_rows_with_older, line.fit_rows),
                    }
                )
                for line in made.history
            )
        }
    )


def _checks(checks: Checks) -> Checks:
    """Return the checks without what became known late, which no card says."""
    late = checks.late_known.model_copy(update={"events": 0, "rows_with_any": 0, "share": None, "what": _NOT_SHOWN})
    return checks.model_copy(update={"late_known": late})


def _calibrator(calibrator: Calibrator) -> Calibrator:
    rows, events = (stand_ins([getattr(kind, name) for kind in calibrator.kinds]) for name in ("n", "events"))
    kinds = tuple(
        kind.model_copy(
            update={
                "n": rows[i],
                "events": events[i],
                "people": _small(min(kind.people, events[i])),
                "unshrunk": None if kind.unshrunk is None else round(kind.unshrunk, 2),
                "offset": round(kind.offset, 2),
            }
        )
        for i, kind in enumerate(calibrator.kinds)
    )
    # Its file has only the fields that were given: an empty list of kinds was not.
    return calibrator.model_copy(update={"kinds": kinds}) if kinds else calibrator


def _gate(gate: Gate) -> Gate:
    """Return the verdict without the numbers that it was decided on, which no card says."""
    again = gate.recomputed
    if again is not None and again.differences:
        unsaid = {"sealed": _NOT_SHOWN, "recomputed": _NOT_SHOWN}
        differences = tuple(difference.model_copy(update=unsaid) for difference in again.differences)
        again = again.model_copy(update={"differences": differences})
    checks = tuple(check.model_copy(update={"facts": {}, "figures": ()}) for check in gate.checks)
    return gate.model_copy(update={"checks": checks, "recomputed": again})
