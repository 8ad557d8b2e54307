"""The comparison by group of a RUN with its champion: sealed predictions, the champion's scores, recorded groups."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fairness.champion.by_group import TwoRankings, changes
from fairness.groups.every import characteristics
from fairness.policy import Policy
from fairness.runs import AuditedTest, enough_draws
from threat.errors import IntegrityFailure
from threat.files import sha256_of
from threat.history.snapshot import Snapshot
from threat.measuring.ranked import Floats, Ranked
from threat.measuring.resampling import Resampling
from threat.release.documents.champion import CHAMPION, CHAMPION_SCORES, ChampionComparison
from threat.release.documents.evaluation import MODEL
from threat.release.documents.fairness_champion import FairnessWithChampion
from threat.release.runs import Run

NOTES = (
    "Shares of the list are reported and are no goal: base rates and recording differ.",
    "Recorded outcomes only: where harm to a group is recorded less often, this comparison cannot see what is missing.",
)


def compare_run(run: Run, snapshot: Snapshot, policy: Policy) -> FairnessWithChampion:
    """Return who is served better or worse, by group, by a RUN's model than by the champion it was compared with.

    Rows, outcomes, places and draws are those of the RUN's evaluation, as in its audit. Raises UsageError for a RUN
    that was not compared (``threat compare``) or drew fewer than 50 replicates, and IntegrityFailure where the
    champion's scores are not those of the comparison.
    """
    comparison, test = run.read(ChampionComparison), AuditedTest.of(run)
    if comparison.challenger.manifest_sha256 != run.manifest_sha256:
        raise IntegrityFailure(
            "The comparison with the champion is of another RUN.",
            value=f"RUN {comparison.challenger.run_id}, {comparison.challenger.manifest_sha256[:12]}",
            where=str(run.path(ChampionComparison.FILE)),
            way_out=ChampionComparison.MADE_AGAIN,
        )
    enough_draws(run, test.evaluation, policy)
    champion_scores = _champion_scores(run, comparison)
    settings = test.evaluation.settings
    sealed = test.predictions.column(MODEL).to_numpy().astype(np.float64)
    rankings = TwoRankings(
        Ranked(rows=test.rows, score=sealed), Ranked(rows=test.rows, score=champion_scores), test.evaluation.capacity
    )
    changed = changes(
        rankings,
        characteristics(snapshot, test.inside, test.outside, policy),
        policy,
        Resampling(replicates=settings.bootstrap, seed=settings.seed),
    )
    return FairnessWithChampion(
        run_id=run.id,
        run_manifest_sha256=run.manifest_sha256,
        champion=comparison.champion,
        capacity=test.evaluation.capacity,
        policy=policy,
        replicates=settings.bootstrap,
        seed=settings.seed,
        verdict=changed.verdict,
        alerts=changed.alerts,
        everyone=changed.everyone,
        characteristics=changed.characteristics,
        notes=(*comparison.cautions, *NOTES),
    )


def _champion_scores(run: Run, comparison: ChampionComparison) -> Floats:
    path = run.path(CHAMPION_SCORES)
    data = path.read_bytes() if path.is_file() else b""
    if sha256_of(data) != comparison.champion_scores_sha256:
        raise IntegrityFailure(
            "The champion's scores are not those of the comparison.",
            where=str(path),
            way_out=ChampionComparison.MADE_AGAIN,
        )
    return np.asarray(pq.read_table(pa.BufferReader(data)).column(CHAMPION).to_numpy(), np.float64)
