"""One training, start to finish: everything is chosen before the test is opened, and the RUN says so."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import pyarrow.parquet as pq

from features import Matrix, load_catalogue
from threat.asof import instant, show
from threat.errors import IntegrityFailure, UsageError
from threat.files import whole_file
from threat.history.store import Store
from threat.measuring.list_length import ListLength
from threat.measuring.resampling import Resampling
from threat.policy import load_policy
from threat.release.documents.ablations import Ablations
from threat.release.documents.choices import Choices
from threat.release.documents.chosen import OptionChoice
from threat.release.documents.cohort import CohortAttrition, SilentDefinitions
from threat.release.documents.config import Config
from threat.release.documents.earlier import Question, question_of
from threat.release.documents.evaluation import Evaluation, TestCohort
from threat.release.documents.evaluation import Resampling as ResamplingSettings
from threat.release.documents.folds import Folds, TestOpening
from threat.release.documents.model import ComparedBase, ModelFeatures
from threat.release.documents.provenance import Provenance
from threat.release.documents.settings import FitRows
from threat.release.documents.snapshot import SnapshotRead
from threat.release.model_files import TREES, model_sha256, ranking_files
from threat.release.openings import Opening, earlier_runs, record_opening
from threat.release.partial_runs import DISCARDED, new_run, reopened
from threat.release.runs import Run
from threat.terminal import progress
from threat.trust.chain import START, Head
from threat.trust.folder import Trust
from threat.unseen import unseen
from training.checks import checks
from training.cohorts.labelled import LabelledCohort, prepare
from training.cohorts.opening import OpenedTest, open_test
from training.cohorts.recent import MONTHS, recent_pairs
from training.config import Settings
from training.evaluation.ablations import ablations, groups_of, recipe_of
from training.evaluation.comparison import compare
from training.evaluation.drift import drift_of
from training.evaluation.estimand import estimand_of
from training.evaluation.global_picture import global_picture
from training.evaluation.predictions import freshness_of, tables_of
from training.evaluation.rankings import RankedTest, matrix_of_rules, rank_test
from training.evaluation.slices import lead_time, replay, short_test
from training.evaluation.stability import stability
from training.evaluation.table import evaluate
from training.models.fit_rows import choose_fit_rows
from training.models.fitted import FittedModels, fit_models
from training.models.prior import shipped_prior, weighted_prior
from training.provenance import provenance


def train(
    store: str | Path, settings: Settings, *, out: str | Path, run_id: str, started_at: int, policy: Path | None = None
) -> Run:
    """Train on the latest snapshot of ``store``; the RUN is ``out / run_id``, sealed. ``started_at``: UTC seconds.

    Raises UsageError or BadInput when the history can't carry this training; no RUN is left then.
    """
    # Before the minutes of work that a name which is taken would waste.
    Run.place(out, run_id)
    _require_prior(settings)
    snapshot = Store.open(Path(store)).snapshot()
    rules = load_policy(policy)
    with progress("training", 6) as advance:
        labelled = prepare(snapshot, settings, rules)
        advance(2)
        length = labelled.list_length(labelled.test_lists.cycle)
        config = Config(settings=settings, capacity=length.places, policy_version=rules.version)
        read = SnapshotRead(
            id=snapshot.id,
            batches=tuple(snapshot.batches),
            started_at=show(started_at),
            catalogue_version=load_catalogue().version,
            signed=snapshot.signed,
            verified=snapshot.verified,
        )
        with new_run(Path(out), run_id, (config, read, provenance(policy))) as run:
            _fill(run, labelled, Path(store), advance)
    return run


def resume_training(directory: str | Path, store: str | Path, *, threads: int = 1, policy: Path | None = None) -> Run:
    """Finish the partial RUN in ``directory``: with its settings, on its snapshot of ``store``; return the RUN, sealed.

    Everything is computed again, and what the RUN holds already must come out again byte for byte: the model that was
    chosen before the kill is the one that the test is opened with, and the sealed RUN is the one that would have been.
    Raises UsageError where the code, the catalogue or a policy is another one by now, and IntegrityFailure where a file
    comes out otherwise; nothing is sealed then.
    """
    with reopened(Path(directory)) as run, progress("training", 6) as advance:
        config, read = run.read(Config), run.read(SnapshotRead)
        snapshot = Store.open(Path(store)).snapshot(read.id)
        _require_prior(config.settings)
        _refuse_other_code(run, provenance(policy), read)
        labelled = prepare(snapshot, config.settings.model_copy(update={"threads": threads}), load_policy(policy))
        advance(2)
        _fill(run, labelled, Path(store), advance)
    return run


def ablate(run: Run, store: str | Path, policy: Path | None = None) -> Ablations:
    """Fit a sealed RUN's model again, less some features or older records; write and return ``ablations.json``.

    On the snapshot that the RUN names, on its validation rows. Raises UsageError where catalogue, policy or prior is
    another than the RUN's, IntegrityFailure where the whole model does not come to the recall that the RUN chose it by.
    """
    config, read, choices = run.read(Config), run.read(SnapshotRead), run.read(Choices)
    rules = load_policy(policy)
    before, now = (read.catalogue_version, config.policy_version), (load_catalogue().version, rules.version)
    if before != now:
        raise UsageError(
            "The RUN was trained with another catalogue or policy than this.",
            value=f"{', '.join(before)}; now {', '.join(now)}",
            where=str(run.directory),
            way_out="ablate it with the version of the product, or the --policy, that trained it, or train again",
        )
    _refuse_other_prior(run, choices)
    labelled = prepare(Store.open(Path(store)).snapshot(read.id), config.settings, rules)
    if choices.fit_rows is not None:
        labelled = labelled.refitted_on(cast(FitRows, choices.fit_rows.chosen))
    options = () if choices.compared is None else choices.compared.options
    chosen_by = next((option.mean_recall for option in options if option.name == choices.approach), None)

    def require(again: float | None) -> None:
        # The same fits on the same rows: only the order of a machine's additions could move the last digits.
        if chosen_by is not None and (again is None or abs(again - chosen_by) > _SAME_RECALL):
            raise IntegrityFailure(
                "The model, fitted again, has another mean recall on validation than the RUN chose it by.",
                value=f"{again}, was {chosen_by}",
                where=str(run.path(Choices.FILE)),
                way_out="do not rely on it; train again",
            )

    # One at a time: each holds a matrix of its own.
    histories = (recent_pairs(labelled, months) for months in MONTHS)
    recipe, pairs = recipe_of(labelled, choices), labelled.pairs()
    with progress("fitting without a part", len(groups_of(labelled.catalogue)) + len(MONTHS)) as advance:
        document = ablations(labelled, recipe, pairs, histories, require=require, advance=advance)
    run.write(document)
    return document


def _require_prior(settings: Settings) -> None:
    """Raise UsageError where the settings ask for a prior that was taught with other features than the base reads."""
    weighted_prior(max(settings.base.prior_weights))


def _refuse_other_prior(run: Run, choices: Choices) -> None:
    """Raise UsageError where the RUN's base was pulled towards another prior than the product's of today."""
    prior = None if choices.base is None else choices.base.prior
    if prior is None or not prior.weight:
        return
    before, now = (source.model_dump(mode="json") for source in (prior.source, shipped_prior().source))
    if different := [name for name in before if before[name] != now[name]]:
        raise UsageError(
            "The RUN was trained with another prior than this.",
            value="; ".join(f"{name}: {before[name]}, now {now[name]}" for name in different),
            where=str(run.path(Choices.FILE)),
            way_out="ablate it with the version of the product that trained it, or train again",
        )


_SAME_RECALL = 1e-9
"""Largest difference between two mean recalls of the same lists."""


def _fill(run: Run, prepared: LabelledCohort, store: Path, advance: Callable[[float], None]) -> None:
    """Choose, fit, open the test, measure and write a RUN that holds what was asked; seal it.

    The opening is in the ledger of ``store``, and its line in the RUN, before anything of the test is read.
    """
    before = run.hashes()
    labelled, fit_rows = choose_fit_rows(prepared)
    length = labelled.list_length(labelled.test_lists.cycle)
    opening = _opening(run, labelled)
    run.write(labelled.folds.document(opening))
    fitted = fit_models(labelled)
    advance(2)
    # Written before the test is opened: the hash in choices.json shows that the model was not changed afterwards.
    _write_model(run, labelled, fitted, fit_rows)
    _refuse_other_bytes(run, before)
    run.write(labelled.folds.document(_recorded(opening, run, store, labelled)))
    opened = open_test(labelled)
    run.write(_cohort_of(labelled, opened))
    of_rules = matrix_of_rules(labelled.sightings, opened.matrix)
    ranked = rank_test(opened, of_rules, fitted, threads=labelled.settings.threads)
    advance(1)
    for name, table in tables_of(opened, ranked.rankings).items():
        with whole_file(run.path(name)) as unfinished:
            pq.write_table(table, unfinished, compression="zstd")
    run.write(evaluation_of(labelled.settings, opened, ranked, length))
    run.write(stability(labelled, fitted.recipe, opened.matrix, ranked.model.scores, length.places))
    run.write(checks(labelled, opened.matrix, fitted.model))
    global_picture(run, labelled, opened.matrix, fitted.model)
    _refuse_other_bytes(run, before)
    run.seal()
    advance(1)


def _refuse_other_code(run: Run, now: Provenance, read: SnapshotRead) -> None:
    """Raise UsageError where a partial RUN cannot be finished by this code: it would be of two makings."""
    before = run.read(Provenance).as_json() | {"catalogue": read.catalogue_version}
    present = now.as_json() | {"catalogue": load_catalogue().version}
    if different := [name for name in before if before[name] != present[name]]:
        raise UsageError(
            "This partial RUN was begun with other code than this.",
            value="; ".join(f"{name}: {before[name]}, now {present[name]}" for name in different),
            where=str(run.directory),
            way_out="finish it where it was begun, or train anew: threat train --discard-partial",
        )


def _refuse_other_bytes(run: Run, before: Mapping[str, str]) -> None:
    """Raise IntegrityFailure where a file that a killed training had written came out otherwise."""
    now = run.hashes()
    # Other RUNs may have opened the test since the kill: that is added to folds.json, and nothing else changes.
    if different := [name for name in before if name != Folds.FILE and now[name] != before[name]]:
        raise IntegrityFailure(
            "The training, resumed, came to other results than before the kill.",
            value=", ".join(different),
            where=str(run.directory),
            way_out="train anew: threat train --discard-partial",
        )


def name_run(settings: Settings, started_at: int) -> str:
    """Return a RUN's id: when it started (UTC), which configuration, and eight digits of what was asked.

    Threads are not asked of a training: they are no part of the settings as JSON.
    """
    asked = hashlib.sha256(settings.model_dump_json().encode()).hexdigest()[:8]
    return f"{instant(started_at):%Y%m%dT%H%M%SZ}-{settings.name}-{asked}"


def evaluation_of(settings: Settings, opened: OpenedTest, ranked: RankedTest, length: ListLength) -> Evaluation:
    """``evaluation.json``: the figures of every ranking, and the model's lists as they would have run."""
    lists, outcomes, scores = opened.lists, opened.outcomes, ranked.model.scores
    relationship = lists.rows.relationship_id
    measured = evaluate(
        outcomes.rows,
        ranked.rankings,
        length=length,
        resampling=Resampling(replicates=settings.bootstrap, seed=settings.seed),
        freshness=freshness_of(opened.matrix),
    )
    return Evaluation(
        rung=settings.rung,
        horizon_days=settings.horizon_days,
        capacity=measured.capacity,
        capacity_share=measured.capacity_share,
        cohort=TestCohort(
            kind=settings.cohort.kind,
            n=len(lists),
            relationships=len(np.unique(relationship)),
            subjects=len(np.unique(lists.rows.subject)),
            lists=len(lists.cycles),
            start=show(lists.cycles[0].start),
            last_as_of=show(lists.cycles[-1].last_as_of),
        ),
        rankings=measured.rankings,
        calibration=measured.calibration,
        no_probability=ranked.no_probability,
        estimand=estimand_of(settings, opened, scores, length.places),
        comparison=compare(measured, settings.comparison, ranked.plan),
        freshness=measured.freshness,
        halves=measured.halves,
        decision=measured.decision,
        replay=replay(outcomes.rows, scores, lists.starts, relationship, length.places),
        lead_time=lead_time(outcomes.credit_lines, lists.cycle, scores, length.places),
        settings=ResamplingSettings(bootstrap=settings.bootstrap, seed=settings.seed),
        warnings=(*short_test(lists), *measured.warnings, *ranked.warnings),
    )


def _opening(run: Run, labelled: LabelledCohort) -> TestOpening:
    """Return how often the test was opened, which is once in a RUN that was resumed too: with the same model."""
    test = labelled.folds.test
    earlier = earlier_openings(run.directory.parent, labelled.snapshot.id, labelled)
    begun = run.find(Folds)
    if begun is not None:
        earlier = sorted({*earlier, *begun.test_opening.earlier_runs_that_opened_it})
    return TestOpening(
        times_opened_in_this_run=1,
        earlier_runs_that_opened_it=tuple(name for name in earlier if name != run.id),
        start=show(test.measure[0].start),
        last_as_of=show(test.measure[-1].last_as_of),
    )


def _recorded(opening: TestOpening, run: Run, store: Path, labelled: LabelledCohort) -> TestOpening:
    """Add the opening to the ledger of the history; return it with its line and the RUNs that the ledger names."""
    trust = Trust.open()
    line = record_opening(
        store,
        Opening(
            question=_question(labelled.snapshot.id, labelled),
            run_id=run.id,
            model_sha256=model_sha256(ranking_files(run)),
            at=run.read(SnapshotRead).started_at,
            signed_by="",
            head=Head(0, START),
        ),
        trust,
    )
    earlier = sorted({*opening.earlier_runs_that_opened_it, *earlier_runs(store, line, trust)})
    return opening.model_copy(
        update={
            "earlier_runs_that_opened_it": tuple(earlier),
            "ledger_lines": line.head.count,
            "ledger_sha256": line.head.hash,
        }
    )


def _question(snapshot_id: str, labelled: LabelledCohort) -> Question:
    settings = labelled.settings
    return Question(
        snapshot=snapshot_id,
        test_start=show(labelled.folds.test.measure[0].start),
        rung=settings.rung,
        horizon_days=settings.horizon_days,
        cohort=settings.cohort.kind,
    )


def _cohort_of(labelled: LabelledCohort, opened: OpenedTest) -> CohortAttrition:
    """Return ``cohort.json``: how the rows came about, and what the figures do not hold."""
    return CohortAttrition(
        cycles=tuple(labelled.cohort.attrition),
        fit_rows=labelled.fitted_on,
        fit=labelled.fit_counts,
        test_left_out=opened.left_out,
        competing_deaths=opened.competing,
        unseen_severe=unseen(labelled.snapshot),
        silent_features=silent_features([labelled.complete.matrix, opened.matrix]),
        drift=drift_of(labelled, opened.matrix),
    )


def silent_features(matrices: Sequence[Matrix]) -> SilentDefinitions:
    """Return the features that are missing, or have one value, on every row of matrices of the same features.

    A feature without a record behind it in a store looks like a feature that says "never", so it is named.
    """
    names = np.array(matrices[0].names, dtype=object)
    low, high = np.full((2, len(names)), np.nan, np.float32)
    for matrix in matrices:
        # The least and the greatest that are not missing; NaN where all are.
        low = np.fmin(low, np.fmin.reduce(matrix.values, axis=0, initial=np.nan))
        high = np.fmax(high, np.fmax.reduce(matrix.values, axis=0, initial=np.nan))
    empty = np.isnan(low)
    return SilentDefinitions(empty=tuple(names[empty]), constant=tuple(names[~empty & (low == high)]))


def earlier_openings(directory: Path, snapshot_id: str, labelled: LabelledCohort) -> list[str]:
    """Return ids of RUNs next to this one that opened the same test: same outcome, snapshot and first test date.

    Partial RUNs are among them, and those that were discarded; RUNs elsewhere are in the ledger of the history.

    Choosing among such RUNs by their test figures is tuning on the test; the card and the gate can see how many.
    """
    asked = _question(snapshot_id, labelled)
    folders = [path.parent for place in (directory, directory / DISCARDED) for path in place.glob("*/folds.json")]
    return sorted(folder.name for folder in folders if question_of(folder) == asked)


def _write_model(run: Run, labelled: LabelledCohort, fitted: FittedModels, fit_rows: OptionChoice | None) -> None:
    """Write the model and the choices; ``choices.json`` holds the hash of the model."""
    model = fitted.model
    run.write_text(TREES, model.booster.model_to_string())
    if model.base is not None:
        run.write(model.base.document)
    else:
        run.write(ComparedBase(**fitted.base.document.model_dump()))
    run.write(fitted.calibrator)
    run.write(
        ModelFeatures(
            catalogue_version=load_catalogue().version,
            names=tuple(labelled.catalogue.names),
            constraints=labelled.constraints,
            sensitive=tuple(labelled.sensitive),
        )
    )
    run.write(fitted.regression.document(labelled.catalogue.names))
    run.write(fitted.choices(model_sha256(ranking_files(run))).model_copy(update={"fit_rows": fit_rows}))
