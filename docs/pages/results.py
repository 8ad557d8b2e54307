"""The whole main job for ``docs/results.md``: real records where they are, and a synthetic force. Aggregates only."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from pages.results_page import page

from threat.eligibility import load_policy
from threat.history.snapshot import Snapshot
from threat.history.store import Store
from threat.measuring.ranked import Labelled
from threat.measuring.resampling import Resampling
from threat.release.documents.evaluation import MODEL
from threat.release.runs import Run
from training.checks import as_if_known_at_once
from training.cohorts.labelled import prepare
from training.config import load
from training.evaluation.table import Ranking, evaluate
from training.job import train
from training.models.fitted import fit_trees

Say = Callable[[str], None]
REAL = ("real_incident", "real_monthly")
SENSITIVITIES = ("real_incident_new", "real_monthly_new", "real_incident_365", "real_monthly_365")
SYNTHETIC = ("synthetic_incident", "synthetic_monthly")
FORCE = {"relationships": 20_000, "years": 8.0, "seed": 7}
ORACLE_DRAWS = 16


def real_records(folder: Path, work: Path, at: int, say: Say) -> dict[str, Any]:
    """Load the real records into ``work`` and train on them. ``at``: UTC seconds. Returns evaluations and checks.

    ``work`` then holds rows about people: the caller removes it. Raises BadInput when the records can't be loaded.
    """
    from threat.history.intake.load import load as load_records
    from threat.history.intake.profile import load_profile

    store = work / "real"
    report = load_records(load_profile("multnomah"), folder, store, at)
    say(f"real records loaded: {report.rows_kept:,} of {report.rows_in:,} rows kept")
    loaded = {name: getattr(report, name) for name in ("rows_in", "rows_kept", "rows_quarantined")}
    out: dict[str, Any] = {"loaded": loaded, "runs": {}}
    snapshot = Store.open(store).snapshot()
    for preset in (*REAL, *SENSITIVITIES):
        run = train(store, load(preset), out=work / "runs", run_id=preset, started_at=at)
        out["runs"][preset] = _aggregates(run)
        if preset in REAL:
            out["runs"][preset]["audit"] = _audit(run, snapshot)
            out["runs"][preset]["leak_worth"] = leak_worth(run, snapshot, preset)
        say(f"trained {preset}")
    return out


def synthetic_force(work: Path, at: int, say: Say) -> dict[str, Any]:
    """Make a synthetic force in ``work``, train on it, and ask its truth what the lists were worth."""
    from threat.simulation.force import Settings, write

    force = work / "force"
    made = write(Settings(**FORCE), force, lambda amount: None)  # type: ignore[arg-type]
    say(f"synthetic force made: {made['rows']['relationships']:,} relationships")
    out: dict[str, Any] = {"force": FORCE | {"made": made["rows"]}, "runs": {}}
    snapshot = Store.open(force / "history").snapshot()
    for preset in SYNTHETIC:
        run = train(force / "history", load(preset), out=work / "runs", run_id=preset, started_at=at)
        out["runs"][preset] = _aggregates(run)
        out["runs"][preset]["audit"] = _audit(run, snapshot)
        say(f"trained {preset}")
        out["runs"][preset]["truth"] = _truth(run, force)
        say(f"asked the truth about {preset}")
    return out


def _aggregates(run: Run) -> dict[str, Any]:
    config = run.read_json("config.json")
    return {
        "title": config["settings"]["title"],
        "capacity": config["capacity"],
        "evaluation": run.read_json("evaluation.json"),
        "folds": run.read_json("folds.json"),
        "fit": run.read_json("cohort.json")["fit"],
        "choices": run.read_json("choices.json"),
        "checks": run.read_json("checks.json"),
        "stability": run.read_json("stability.json"),
    }


def _audit(run: Run, snapshot: Snapshot) -> dict[str, Any]:
    """The fairness audit as it may be published: small cells withheld."""
    from fairness.policy import load_policy as fairness_policy
    from fairness.runs import audit_run
    from fairness.suppression import public

    return public(audit_run(run, snapshot, fairness_policy())).as_json()


def leak_worth(run: Run, snapshot: Snapshot, preset: str) -> dict[str, Any]:
    """What the leak of a builder that filters on the date of an event would add: the AUC Figure of the difference.

    The same training again with every record known the moment it happened, paired with the honest scores.
    """
    settings = load(preset)
    leaky = prepare(snapshot, settings, load_policy(), as_if_known_at_once(snapshot.sightings()))
    scores = fit_trees(leaky, leaky.pairs()).score(leaky.test_matrix.values)
    honest = pq.read_table(run.path("predictions.parquet"))
    rows = Labelled.from_tables(honest, pq.read_table(run.path("outcomes.parquet")).to_pandas())
    both = [
        Ranking("leaky", "known at once", scores),
        Ranking(MODEL, "as known", honest.column(MODEL).to_numpy()),
    ]
    capacity = run.read_json("evaluation.json")["capacity"]
    measured = evaluate(
        rows,
        both,
        capacity=capacity,
        resampling=Resampling(replicates=settings.bootstrap, seed=settings.seed),
        versus="leaky",
    )
    figures = {
        "leaky_auc": measured.figure("leaky", "auc"),
        "honest_auc": measured.figure(MODEL, "auc"),
        "difference": measured.figure(MODEL, "auc_difference"),
    }
    return {name: None if figure is None else figure.model_dump(mode="json") for name, figure in figures.items()}


def _truth(run: Run, force: Path) -> dict[str, Any]:
    """Expected captures of every ranking by the latent oracle of the force."""
    from training.truth.expected_captures import compare
    from training.truth.judged_lists import Lookahead, read_lists

    how = Lookahead(draws=ORACLE_DRAWS)
    return compare(read_lists(run, force, how)).document(run.id, how).as_json()


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
        known = real_records(chosen.real, Path(folder), at, say) if present else None
        made = synthetic_force(Path(folder), at, say)
    text = page(known, made, datetime.fromtimestamp(at, tz=UTC).date().isoformat())
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(text, encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
