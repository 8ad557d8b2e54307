"""A challenger and a champion on the rows of the challenger's test: the sealed rows, the sealed outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features import Catalogue, Matrix, build, load_catalogue
from threat.asof import parse_as_of, show
from threat.errors import IntegrityFailure, UsageError
from threat.files import sha256_of
from threat.history.sightings import Rows
from threat.history.store import Store
from threat.ids import show_id
from threat.measuring.intervals import ENOUGH_TO_RESAMPLE
from threat.measuring.list_length import ListLength
from threat.measuring.ranked import Floats, Ints
from threat.measuring.resampling import Resampling, places_of
from threat.release.documents.champion import (
    CHAMPION,
    CHAMPION_SCORES,
    ChampionComparison,
    ComparedModel,
    Moved,
    MovedRelationship,
    MovedRelationships,
)
from threat.release.documents.config import Config
from threat.release.documents.evaluation import MODEL, Evaluation, Measured
from threat.release.documents.snapshot import SnapshotRead
from threat.release.runs import Run
from training.cohorts.feed_lag import delayed, feed_lags
from training.evaluation.champion.lists import highest, moved, overlaps, ranks
from training.evaluation.champion.models import ScoredModel
from training.evaluation.champion.themes import ThemeDifferences, theme_differences
from training.evaluation.comparison import compared_ranking
from training.evaluation.reproduce import SealedTest, sealed_test
from training.evaluation.table import Ranking, evaluate

_SAME_SCORE = 1e-9
"""Largest difference of a raw score, relative to 1 + |score|: another machine may add up in another order."""

_EXAMPLES = 5
"""Examples each way: enough to open at the desk, too few to be taken for the whole."""

_FEW_MOVE = (
    "Of the rows that moved on, or of those that moved off, fewer than {least} had an outcome: which list caught more "
    "of them says little, and the interval of the paired difference says how little."
)
_FLATTERED = "That would flatter the champion, and the difference would be too low for the challenger."


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison, and examples of the relationships that move."""

    comparison: ChampionComparison
    examples: MovedRelationships


def compare_with_champion(run: Run, champion: ScoredModel, store: Path) -> Compared:
    """Rank the test of a sealed RUN by its model and by a champion; write the annexes and return the documents.

    Rows, outcomes, capacity and draws are those the RUN sealed, so the challenger's figures are those of
    ``evaluation.json`` and no eligibility policy is asked again; features are built from the snapshot that the RUN
    names. Annexes: ``comparison_with_champion.json``, ``moved_relationships.json`` and, for the comparison by group,
    the champion's scores in ``champion_scores.parquet``. Raises UsageError for another catalogue than the RUN's or a
    champion whose features the catalogue lacks, IntegrityFailure where the RUN's own scores do not come out again.
    """
    catalogue = load_catalogue()
    read, test = run.read(SnapshotRead), sealed_test(run)
    if read.catalogue_version != catalogue.version:
        raise UsageError(
            "The RUN was trained with another catalogue than this.",
            value=f"{read.catalogue_version}; now {catalogue.version}",
            where=str(run.directory),
            way_out="compare it with the version of the product that trained it, or train again",
        )
    challenger = ScoredModel.of_run(run)
    for scored in (challenger, champion):
        scored.require(catalogue)
    rows = _rows_of(test)
    snapshot = Store.open(store).snapshot(read.id)
    names = {*challenger.model.names, *champion.model.names}
    both = catalogue.only(name for name in catalogue.names if name in names)
    matrix = build(delayed(snapshot.sightings(), feed_lags(snapshot)), rows, both)
    raw = challenger.model.raw_score(challenger.values(matrix))
    sealed = test.predictions.column(MODEL).to_numpy()
    gap = np.abs(raw - sealed) / (1 + np.abs(sealed))
    if not gap.max(initial=0.0) <= _SAME_SCORE:
        raise IntegrityFailure(
            "The RUN's model gives its test other scores than those that were sealed.",
            value=f"{int((gap > _SAME_SCORE).sum())} of {len(gap)} rows, off by up to {gap.max():.3g}",
            where=str(run.path("predictions.parquet")),
            way_out="do not rely on it; train again",
        )
    scores = Scores(sealed, champion.model.raw_score(champion.values(matrix)))
    parquet = _parquet(rows, scores.champion)
    compared = _Comparing(test, matrix, both, challenger, champion, scores).documents(
        run.read(Config).settings.comparison.margin, sha256_of(parquet)
    )
    # The comparison last: it names the scores, and so it is never there without them.
    run.add(CHAMPION_SCORES, parquet)
    run.write(compared.examples)
    run.write(compared.comparison)
    return compared


@dataclass(frozen=True, slots=True)
class Scores:
    """Raw scores of the test rows by either model, float64[n], log odds."""

    challenger: Floats
    champion: Floats


@dataclass(frozen=True, slots=True)
class _Comparing:
    """Everything that the documents are made of."""

    test: SealedTest
    matrix: Matrix
    catalogue: Catalogue
    challenger: ScoredModel
    champion: ScoredModel
    scores: Scores

    @property
    def length(self) -> ListLength:
        evaluation = self.test.evaluation
        return ListLength(evaluation.capacity, evaluation.capacity_share)

    def documents(self, margin: float, champion_scores_sha256: str) -> Compared:
        evaluation, labelled = self.test.evaluation, self.test.rows
        challenger, champion = self._rankings()
        ranked = challenger.of(labelled), champion.of(labelled)
        gained = places_of(ranked[0], self.length.places) - places_of(ranked[1], self.length.places)
        on, off = np.maximum(gained, 0.0), np.maximum(-gained, 0.0)
        differences = theme_differences(
            self.challenger, self.champion, self.matrix, self.catalogue, np.flatnonzero(gained),
            seed=evaluation.settings.seed,
        )  # fmt: skip
        of_challenger, of_champion = (ranks(order.score, labelled.cycle) for order in ranked)
        measured = self._measured(challenger, champion)
        seen = may_have_seen(self.champion.facts, evaluation.cohort.start)
        moves = moved(on, labelled, self.matrix.rows), moved(off, labelled, self.matrix.rows)
        comparison = ChampionComparison(
            challenger=self.challenger.facts,
            champion=self.champion.facts,
            rung=evaluation.rung,
            horizon_days=evaluation.horizon_days,
            test_start=evaluation.cohort.start,
            n=len(labelled),
            events=labelled.events,
            cycles=tuple(np.unique(labelled.cycle).tolist()),
            capacity=evaluation.capacity,
            capacity_share=evaluation.capacity_share,
            may_have_seen_the_test=seen,
            cautions=(*cautions(self.challenger.facts, self.champion.facts, evaluation, seen), *few_moved(*moves)),
            overlap=overlaps(*ranked, self.length.ladder),
            moved_on=moves[0],
            moved_off=moves[1],
            themes=differences.means(on, off) if len(differences.rows) else (),
            rows_centred_on=differences.centred_on,
            margin=margin,
            verdict=compared_ranking(measured, CHAMPION, margin),
            challenger_figures=measured.rankings[0].figures,
            champion_figures=measured.rankings[1].figures,
            settings=evaluation.settings,
            champion_scores_sha256=champion_scores_sha256,
        )
        relationship = self.matrix.rows.relationship_id
        on_examples, off_examples = (
            self._examples(highest(places, rank, relationship, _EXAMPLES), of_champion, of_challenger, differences)
            for places, rank in ((on, of_challenger), (off, of_champion))
        )
        examples = MovedRelationships(
            champion_manifest_sha256=self.champion.facts.manifest_sha256, on=on_examples, off=off_examples
        )
        return Compared(comparison, examples)

    def _rankings(self) -> tuple[Ranking, Ranking]:
        same_question = asks_the_same(self.champion.facts, self.test.evaluation)
        of_champion = self.champion.probability(self.matrix, self.scores.champion) if same_question else None
        return (
            Ranking(
                MODEL,
                f"Challenger, {self.challenger.title}",
                self.scores.challenger,
                self.challenger.probability(self.matrix, self.scores.challenger),
            ),
            Ranking(CHAMPION, f"Champion, {self.champion.title}", self.scores.champion, of_champion),
        )

    def _measured(self, challenger: Ranking, champion: Ranking) -> Measured:
        settings = self.test.evaluation.settings
        return evaluate(
            self.test.rows,
            [challenger, champion],
            length=self.length,
            resampling=Resampling(replicates=settings.bootstrap, seed=settings.seed),
        )

    def _examples(
        self, rows: NDArray[np.intp], of_champion: Ints, of_challenger: Ints, differences: ThemeDifferences
    ) -> tuple[MovedRelationship, ...]:
        """Return rows that moved with their ranks by either model, and the theme that moved each most."""
        out = []
        for position in rows:
            by_theme = differences.of(position)
            rose = of_challenger[position] < of_champion[position]
            theme = int(by_theme.argmax() if rose else by_theme.argmin())
            out.append(
                MovedRelationship(
                    relationship=show_id("R", int(self.matrix.rows.relationship_id[position])),
                    as_of=show(int(self.matrix.rows.as_of[position])),
                    champion_rank=int(of_champion[position]),
                    challenger_rank=int(of_challenger[position]),
                    theme=differences.themes[theme],
                    difference=float(by_theme[theme]),
                )
            )
        return tuple(out)


def asks_the_same(champion: ComparedModel, evaluation: Evaluation) -> bool:
    """Tell whether a champion was fitted to the outcome, and calibrated on the kind of rows, that are measured.

    Only then is its probability of them.
    """
    asked = (evaluation.rung, evaluation.horizon_days, evaluation.cohort.kind)
    return (champion.rung, champion.horizon_days, champion.cohort) == asked


def may_have_seen(champion: ComparedModel, test_start: str) -> bool | None:
    """Tell whether a champion may have been fitted on outcomes of a test; None where its dates are not known.

    A test's outcomes come after its first as-of, so a champion whose fit date is no later has seen none.
    """
    if champion.fit_date is None:
        return None
    return parse_as_of(champion.fit_date) > parse_as_of(test_start)


def cautions(
    challenger: ComparedModel, champion: ComparedModel, evaluation: Evaluation, seen: bool | None
) -> tuple[str, ...]:
    """Return in sentences what a reader must know: who may have seen the test, what differs besides the model."""
    said = [_who_saw_the_test(champion, evaluation.cohort.start[:10], seen)]
    if not asks_the_same(champion, evaluation):
        asked = f"{champion.rung} within {champion.horizon_days} days" if champion.rung else "an outcome not known"
        rows = f"{champion.cohort} rows" if champion.cohort else "rows not known"
        said.append(
            f"The champion was fitted to {asked} and calibrated on {rows}; measured is {evaluation.rung} within "
            f"{evaluation.horizon_days} days on {evaluation.cohort.kind} rows, so its probabilities are not compared."
        )
    if champion.catalogue_version != challenger.catalogue_version:
        said.append(
            f"The champion was fitted with the catalogue {champion.catalogue_version}: its features are matched by "
            f"name and built as the catalogue {challenger.catalogue_version} defines them now."
        )
    return tuple(said)


def few_moved(on: Moved, off: Moved) -> tuple[str, ...]:
    """Return a sentence where rows moved, and one way or the other fewer had an outcome than an interval needs."""
    few = min(on.rows_with_outcome, off.rows_with_outcome) < ENOUGH_TO_RESAMPLE
    return (_FEW_MOVE.format(least=ENOUGH_TO_RESAMPLE),) if few and on.places else ()


def _who_saw_the_test(champion: ComparedModel, start: str, seen: bool | None) -> str:
    date = "" if champion.fit_date is None else champion.fit_date[:10]
    if seen is None:
        return (
            f"When the champion was fitted is not known. If it was after the test starts ({start}), it may have learnt "
            f"from outcomes that are measured here. {_FLATTERED}"
        )
    if not seen:
        return f"The champion was fitted on nothing learnt after {date}; the test starts on {start}."
    fitted = (
        f"The champion was fitted on what was learnt by {date}"
        if champion.fit_date_is == "exact"
        else f"The champion's bundle says only that it was fitted before {date}"
    )
    return (
        f"{fitted}, and the test starts on {start}: it may have learnt from outcomes that are measured here. "
        f"{_FLATTERED}"
    )


def _rows_of(test: SealedTest) -> Rows:
    """Return the sealed rows as features are built of them."""
    names = ("relationship_id", "subject_id", "person_at_risk_id", "as_of")
    return Rows(*(test.predictions.column(name).to_numpy().astype(np.int64) for name in names))


def _parquet(rows: Rows, scores: Floats) -> bytes:
    """Return the table of the champion's scores: relationship and as-of of every test row, and the score."""
    table = pa.table({"relationship_id": rows.relationship_id, "as_of": rows.as_of, CHAMPION: scores})
    out = pa.BufferOutputStream()
    pq.write_table(table, out, compression="zstd")
    return bytes(out.getvalue())
