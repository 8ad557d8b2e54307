"""The whole main job for ``docs/results.md``: real records where they are, and a synthetic force. Aggregates only."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
from pages.results_evidence import LeakWorth, MeasuredRun, RealRecords, SyntheticForce
from pages.results_page import page

from fairness.suppression import public
from threat.history.snapshot import Snapshot
from threat.history.store import Store
from threat.measuring.list_length import ListLength
from threat.measuring.ranked import Labelled
from threat.measuring.resampling import Resampling
from threat.policy import load_policy
from threat.release.documents.checks import Checks
from threat.release.documents.choices import Choices
from threat.release.documents.cohort import CohortAttrition
from threat.release.documents.evaluation import MODEL, Evaluation
from threat.release.documents.expected_captures import ExpectedCaptures
from threat.release.documents.fairness_public import PublicFairness
from threat.release.documents.stability import Stability
from threat.release.runs import Run
from threat.simulation.force import Settings, write
from training.checks import as_if_known_at_once
from training.cohorts.labelled import prepare
from training.config import load
from training.evaluation.table import Ranking, evaluate
from training.job import train
from training.models.fitted import fit_model
from training.truth.expected_captures import compare
from training.truth.judged_lists import Lookahead, read_lists

Say = Callable[[str], None]
REAL = ("real_incident", "real_monthly")
SENSITIVITIES = ("real_incident_new", "real_monthly_new", "real_incident_365", "real_monthly_365")
SYNTHETIC = ("synthetic_incident", "synthetic_monthly")
FORCE = Settings(relationships=20_000, years=8.0, seed=7)
ORACLE_DRAWS = 16


def real_records(folder: Path, work: Path, at: int, say: Say) -> RealRecords:
    """Load the real records into ``work``, train on them and return the aggregates. ``at``: UTC seconds.

    ``work`` then holds rows about people: the caller removes it. Raises BadInput when the records can't be loaded.
    """
    from threat.history.intake.load import load as load_records
    from threat.history.intake.profile import load_profile

    store = work / "real"
    report = load_records(load_profile("multnomah"), folder, store, at)
    say(f"real records loaded: {report.rows_kept:,} of {report.rows_in:,} rows kept")
    runs: dict[str, MeasuredRun] = {}
    snapshot = Store.open(store).snapshot()
    for preset in (*REAL, *SENSITIVITIES):
        run = train(store, load(preset), out=work / "runs", run_id=preset, started_at=at)
        runs[preset] = aggregates(run)
        if preset in REAL:
            leak = leak_worth(run, snapshot, preset)
            runs[preset] = replace(runs[preset], audit=_audit(run, snapshot), leak=leak)
        say(f"trained {preset}")
    return RealRecords(
        rows_in=report.rows_in, rows_kept=report.rows_kept, rows_quarantined=report.rows_quarantined, runs=runs
    )


def synthetic_force(work: Path, at: int, say: Say) -> SyntheticForce:
    """Make a synthetic force in ``work``, train on it, and ask its truth what the lists were worth."""
    force = work / "force"
    made = write(FORCE, force, lambda amount: None)["rows"]
    say(f"synthetic force made: {made['relationships']:,} relationships")
    runs: dict[str, MeasuredRun] = {}
    snapshot = Store.open(force / "history").snapshot()
    for preset in SYNTHETIC:
        run = train(force / "history", load(preset), out=work / "runs", run_id=preset, started_at=at)
        say(f"trained {preset}")
        runs[preset] = replace(aggregates(run), audit=_audit(run, snapshot), truth=_truth(run, force))
        say(f"asked the truth about {preset}")
    return SyntheticForce(
        asked_relationships=FORCE.relationships,
        years=FORCE.years,
        seed=FORCE.seed,
        relationships=made["relationships"],
        events=made["events"],
        runs=runs,
    )


def aggregates(run: Run) -> MeasuredRun:
    """Read what a RUN says of itself."""
    return MeasuredRun(
        evaluation=run.read(Evaluation),
        cohort=run.read(CohortAttrition),
        checks=run.read(Checks),
        choices=run.read(Choices),
        stability=run.read(Stability),
    )


def _audit(run: Run, snapshot: Snapshot) -> PublicFairness:
    """The fairness audit as it may be published: small cells withheld."""
    from fairness.policy import load_policy as fairness_policy
    from fairness.runs import audit_run

    return public(audit_run(run, snapshot, fairness_policy()))


def leak_worth(run: Run, snapshot: Snapshot, preset: str) -> LeakWorth:
    """Measure what the leak of a builder that filters on the date of an event would add to the AUC.

    The same training again with every record known the moment it happened, paired with the honest scores.
    """
    settings = load(preset)
    leaky = prepare(snapshot, settings, load_policy(), as_if_known_at_once(snapshot.sightings()))
    leaky = leaky.refitted_on(run.read(CohortAttrition).fit_rows or leaky.fitted_on)
    scores = fit_model(leaky).raw_score(leaky.test_matrix().values)
    honest = pq.read_table(run.path("predictions.parquet"))
    rows = Labelled.from_tables(honest, pq.read_table(run.path("outcomes.parquet")).to_pandas())
    both = [
        Ranking("leaky", "known at once", scores),
        Ranking(MODEL, "as known", honest.column(MODEL).to_numpy()),
    ]
    sealed = run.read(Evaluation)
    measured = evaluate(
        rows,
        both,
        length=ListLength(sealed.capacity, sealed.capacity_share),
        resampling=Resampling(replicates=settings.bootstrap, seed=settings.seed),
        versus="leaky",
    )
    return LeakWorth(leaky_auc=measured.figure("leaky", "auc"), difference=measured.figure(MODEL, "auc_difference"))


def _truth(run: Run, force: Path) -> ExpectedCaptures:
    """Expected captures of every ranking by the latent oracle of the force."""
    how = Lookahead(draws=ORACLE_DRAWS)
    return compare(read_lists(run, force, how)).document(run.id, how)


def main(arguments: list[str] | None = None) -> int:
    """Write the page. What it makes on the way (stores, RUNs) holds rows about people and is removed at the end."""
    parser = argparse.ArgumentParser(prog="make results", description=__doc__)
    parser.add_argument("--real", type=Path, required=True, help="folder of the real records; left out where absent")
    parser.add_argument("--out", type=Path, default=Path("docs/results.md"), help="the page to write")
    chosen = parser.parse_args(arguments)
    at = int(time.time())

    def say(text: str) -> None:
        print(f"{time.time() - at:6.0f} s  {text}", file=sys.stderr, flush=True)

    present = (chosen.real / "bookings.csv.gz").exists()
    if not present:
        say(f"no real records at {chosen.real}: that part is left out")
    Path("var").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir="var", prefix="results-") as folder:
        real = real_records(chosen.real, Path(folder), at, say) if present else None
        synthetic = synthetic_force(Path(folder), at, say)
    text = page(real, synthetic, datetime.fromtimestamp(at, tz=UTC).date().isoformat())
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(text, encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
