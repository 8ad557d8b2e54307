"""``make prior``: teach the base's coefficients by simulated forces, whose latent risk is known, and write them.

The prior is data of the product (``training/models/prior.json``). It is made again when a feature that the base reads,
or a parameter of the simulation, changes.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

import numpy as np

from threat.asof import DAY
from threat.errors import UsageError
from threat.files import sha256_of, write_whole
from threat.history.store import Store
from threat.release.documents.prior import PriorColumn, PriorSource, SimulatedPrior
from threat.simulation.force import Settings, write
from threat.simulation.knobs import Knobs
from threat.simulation.truth.oracle import HORIZONS
from threat.simulation.truth.retraced import verified_settings
from training.cohorts.folds import cycles
from training.config import BaseSettings, CohortSettings
from training.models.prior import base_catalogue
from training.truth.ceiling import cohort_of, draw_rows, features_of
from training.truth.judged_lists import Lookahead, risks_of
from training.truth.recipes import SOFT_PENALTY, SoftRows, Teaching, fit_soft_base

_EMBARGO_DAYS = 30
"""Days after a window that the last list leaves, as in a training: late records have arrived by then."""
_DIGITS = 6
"""Significant digits written, as of the base itself."""
UNSEEN_SEEDS = frozenset({4127, 5303, 6011, 7219, 8461, 9337})
"""Seeds of the forces that the model is measured on unseen (``docs/ceiling_ledger.csv``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What a prior is taught by: forces, and rows of their last monthly lists.

    ``world``: of the simulation; "" is the calibrated one. ``rows``: of each force, at most. ``lists``: the last of
    each force whose windows close. ``draws``: runs forward behind a label.
    """

    seeds: tuple[int, ...] = (1103, 1109, 1117)
    relationships: int = 60_000
    years: float = 6.0
    world: str = ""
    rows: int = 150_000
    lists: int = 24
    draws: int = 8
    horizon_days: int = 180
    threads: int = 1

    def force(self, seed: int) -> Settings:
        """Return the settings of a force. Raises UsageError for a seed that the model is measured on unseen."""
        if seed in UNSEEN_SEEDS:
            raise UsageError(
                "The seed cannot teach the prior: the model is measured on its force unseen.",
                value=seed,
                way_out="teach the prior by other forces",
            )
        return Settings(relationships=self.relationships, years=self.years, seed=seed, knobs=Knobs(world=self.world))


def teach(lesson: Lesson, folder: Path) -> SimulatedPrior:
    """Fit the base to the latent risk of severe harm (Y2), and return its coefficients on the raw scale.

    ``folder``: where the forces are kept, a folder for each seed; one that is there already is used again.
    """
    catalogue = base_catalogue()
    rows = _joined([_rows_of(lesson, lesson.force(seed), folder) for seed in lesson.seeds])
    # Lists are compared by no fit here, so their share is no matter.
    teaching = Teaching(base=BaseSettings(), horizon_days=lesson.horizon_days, list_share=1.0)
    base = fit_soft_base(rows, tuple(catalogue), teaching)
    columns = tuple(
        PriorColumn(
            feature=column.feature,
            reads=column.reads,
            coefficient=float(f"{column.coefficient / column.scale:.{_DIGITS}g}"),
        )
        for column in base.document.columns
    )
    parameters = files("threat.simulation").joinpath("parameters.yaml").read_bytes()
    source = PriorSource(
        world=lesson.world or "default",
        seeds=lesson.seeds,
        relationships=lesson.relationships,
        years=lesson.years,
        rung="Y2",
        horizon_days=lesson.horizon_days,
        rows=len(rows.label),
        mean_risk=float(f"{rows.label.mean():.{_DIGITS}g}"),
        draws=lesson.draws,
        penalty=SOFT_PENALTY,
        catalogue_version=catalogue.version,
        parameters_sha256=sha256_of(parameters),
    )
    return SimulatedPrior(source=source, columns=columns)


def _rows_of(lesson: Lesson, settings: Settings, folder: Path) -> SoftRows:
    """Return the drawn rows of one force, which is simulated where it is not in ``folder`` yet."""
    place = folder / f"{lesson.world or 'default'}-{settings.seed}"
    if not place.exists():
        write(settings, place)
    if verified_settings(place) != settings:
        raise UsageError(
            "The folder holds another force than the lesson asks for.", where=str(place), way_out="remove the folder"
        )
    snapshot = Store.open(place / "history").snapshot()
    last = settings.now - (lesson.horizon_days + _EMBARGO_DAYS) * DAY
    lists = cycles(settings.epoch, last, "month", spread=False)[-lesson.lists :]
    drawn = draw_rows(cohort_of(snapshot, lists, CohortSettings()), lesson.rows, settings.seed)
    how = Lookahead(draws=lesson.draws, seed=settings.seed, threads=lesson.threads)
    risk = risks_of(settings, drawn.rows, how, "Y2").risk[:, HORIZONS.index(lesson.horizon_days)]
    values = features_of(snapshot, drawn.rows, base_catalogue(), threads=lesson.threads).values
    # Every row is fitted on: nothing is stopped or compared here.
    return replace(drawn.labelled(values, risk), fitted=len(risk))


def _joined(parts: list[SoftRows]) -> SoftRows:
    """Return the rows of several forces, one after another."""
    values, label, cycle, person = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("values", "label", "cycle", "person")
    )
    return SoftRows(values, label, cycle, person, len(label))


def main(arguments: list[str] | None = None) -> int:
    """Write the prior."""
    parser = argparse.ArgumentParser(prog="make prior", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("training/models") / SimulatedPrior.FILE, help="the document")
    parser.add_argument("--forces", type=Path, default=Path("var/prior"), help="folder of the simulated forces")
    parser.add_argument("--threads", type=int, default=2, help="threads of the oracle and of the features")
    chosen = parser.parse_args(arguments)
    prior = teach(Lesson(threads=chosen.threads), chosen.forces)
    write_whole(chosen.out, prior.encode())
    print(f"{len(prior.columns)} coefficients, taught by {prior.source.words}, in {chosen.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
