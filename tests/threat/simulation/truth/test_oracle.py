"""The latent oracle against brute force, against what was known of the path, and against its own rules."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from fixtures.brute_force import brute_force

from threat.asof import DAY, instant
from threat.errors import BadInput, IntegrityFailure, UsageError
from threat.simulation import force
from threat.simulation.force import Settings
from threat.simulation.knobs import Knobs
from threat.simulation.records.pairs import relationship_ids, unknown_persons
from threat.simulation.truth.monthly import write_truth
from threat.simulation.truth.oracle import HORIZONS, TARGETS, Drawing, drawn_risks, risks
from threat.simulation.truth.retraced import verified_settings
from threat.simulation.world import states

SMALL = Settings(relationships=1200, years=3, seed=5)
DAY_OF_FORCE = 700.4  # not a month start: the state between two of the grid's days


@pytest.fixture(scope="module")
def asked() -> tuple[Any, Any]:
    """Every relation of the force with an incident before the day, and the day."""
    ids = []
    for number, size in force.plan(SMALL):
        people = force.draw(SMALL, number, size)
        entered = people.relations["entry"] < DAY_OF_FORCE
        ids.append(relationship_ids(people, unknown_persons(people))[:, 0][entered])
    everyone = np.concatenate(ids)
    return everyone, np.full(len(everyone), SMALL.epoch + int(DAY_OF_FORCE * DAY))


def test_agrees_with_brute_force(asked: tuple[Any, Any]) -> None:
    """The share of unsuppressed paths with a severe incident is the same number, within both Monte Carlo errors."""
    soft = risks(SMALL, *asked, draws=200)
    hard = brute_force(SMALL, *asked, draws=1000, seed=1)
    assert 0.0005 < soft.risk[:, 0].mean() < 0.01
    assert (soft.risk[:, 1] >= soft.risk[:, 0]).all()
    for h in range(len(HORIZONS)):
        # A share's own error comes from the risk, not from the share: rows without any hit would claim none.
        variance = soft.risk[:, h] * (1 - soft.risk[:, h]) / 1000 + soft.error[:, h] ** 2
        gap = hard.risk[:, h] - soft.risk[:, h]
        assert abs(gap.sum()) < 3.5 * np.sqrt(variance.sum())
        rank = np.argsort(np.argsort(soft.risk[:, h])) * 5 // len(gap)
        for fifth in range(5):
            assert abs(gap[rank == fifth].sum()) < 4 * np.sqrt(variance[rank == fifth].sum())
        seen = soft.risk[:, h] * 1000 > 5
        assert seen.sum() > 50
        assert np.mean(gap[seen] ** 2 / variance[seen]) == pytest.approx(1.0, abs=0.35)
    # Suppressing is worth its while: far less noise from a fifth of the draws.
    assert soft.error.mean() < hard.error.mean() / 2


def test_the_deadly_risk_agrees_with_brute_force(asked: tuple[Any, Any]) -> None:
    """Deadly incidents alone are suppressed: the grave incidents before them happen, and change what follows."""
    chance = drawn_risks(SMALL, *asked, Drawing(4, 9, TARGETS["Y1"])).risk[:, 0]
    likeliest = np.argsort(-chance)[:400]
    ids, as_of = asked[0][likeliest], asked[1][likeliest]
    soft = drawn_risks(SMALL, ids, as_of, Drawing(100, 0, TARGETS["Y1"]))
    hard = brute_force(SMALL, ids, as_of, draws=1000, seed=1, target=TARGETS["Y1"])
    severe = risks(SMALL, ids, as_of, draws=20)
    np.testing.assert_array_equal(soft.true_relation, severe.true_relation)
    for h in range(len(HORIZONS)):
        variance = soft.risk[:, h] * (1 - soft.risk[:, h]) / 1000 + soft.error[:, h] ** 2
        gap = hard.risk[:, h] - soft.risk[:, h]
        assert hard.risk[:, h].sum() * 1000 > 50  # deadly incidents counted
        assert abs(gap.sum()) < 3.5 * np.sqrt(variance.sum())
        assert abs(gap[:50].sum()) < 4 * np.sqrt(variance[:50].sum())
        assert soft.risk[:, h].mean() < 0.5 * severe.risk[:, h].mean()


def test_retraces_the_path_that_was() -> None:
    """Risk of those in custody for the whole horizon, or dead, on the force's own path is 0; of others it is not."""
    imprisoned, dead, free = [], [], []
    day, end = DAY_OF_FORCE, DAY_OF_FORCE + HORIZONS[0]
    for number, size in force.plan(SMALL):
        people = force.draw(SMALL, number, size)
        rows = force.run(people, SMALL, {})
        ids = relationship_ids(people, unknown_persons(people))[:, 0]
        stays = (rows["what"] == states.CUSTODY) & (rows["at"] < day) & (rows["until"] > end)
        inside = np.isin(people.relations["subject"] + people.subject_offsets[people.cluster], rows["subject"][stays])
        began = people.relations["entry"] < day - 30
        killed = rows["relation"][
            (rows["what"] == states.INCIDENT) & (rows["offence"] >= states.FIRST_HOMICIDE) & (rows["at"] < day)
        ]
        gone = np.isin(np.arange(len(ids)), killed)
        imprisoned.append(ids[inside & began])
        dead.append(ids[gone])
        free.append(ids[began & ~inside & ~gone])
    ids = np.concatenate(imprisoned + dead)
    as_of = np.full(len(ids), SMALL.epoch + int(day * DAY))
    assert len(np.concatenate(imprisoned)) > 3
    assert (risks(SMALL, ids, as_of, draws=4).risk[:, 0] == 0.0).all()
    others = np.concatenate(free)
    assert np.mean(risks(SMALL, others, np.full(len(others), as_of[0]), draws=4).risk[:, 0] > 0.0) > 0.9


def test_numbers_do_not_depend_on_order_threads_or_company(asked: tuple[Any, Any]) -> None:
    ids, as_of = asked[0][:60], asked[1][:60].copy()
    as_of[::2] += 40 * DAY
    whole = risks(SMALL, ids, as_of, draws=8)
    mixed = np.random.default_rng(1).permutation(60)
    again = risks(SMALL, ids[mixed], as_of[mixed], draws=8, threads=3)
    np.testing.assert_array_equal(again.risk, whole.risk[mixed])
    np.testing.assert_array_equal(risks(SMALL, ids[7:8], as_of[7:8], draws=8).risk, whole.risk[7:8])
    np.testing.assert_allclose(whole.halves.mean(axis=2), whole.risk, rtol=1e-12)


@pytest.mark.parametrize(("after", "low", "high"), [(0, 2.6, 3.05), (90, 1.5, 2.3), (180, 1.0, 1.0)])
def test_drift_is_in_the_risk_from_its_day_on(asked: tuple[Any, Any], after: int, low: float, high: float) -> None:
    """Hazards three times as high from some day of a horizon of 180 days: the rest of the horizon counts thrice."""
    ids, as_of = asked[0][::4], asked[1][::4]
    drifting = replace(SMALL, knobs=Knobs(drift_at=instant(int(as_of[0]) + after * DAY), drift=3.0))
    plain = risks(SMALL, ids, as_of, draws=20).risk[:, 0].mean()
    assert low <= risks(drifting, ids, as_of, draws=20).risk[:, 0].mean() / plain <= high


@pytest.mark.parametrize(("factor", "low", "high"), [(1.0, 0.5, 0.75), (0.0, 0.0, 0.35)])
def test_a_plan_that_stands_holds_back_the_near_risk(factor: float, low: float, high: float) -> None:
    """Every incident is followed by a plan of 180 days, begun within the last 30: it stops the risk of the next 150."""
    settings = replace(SMALL, knobs=Knobs(reviewed=1.0, plan_factor=factor))
    day, ids = DAY_OF_FORCE, []
    for number, size in force.plan(settings):
        people = force.draw(settings, number, size)
        rows = force.run(people, settings, settings.knobs.overrides(settings.epoch))
        recent = (rows["what"] == states.PLAN) & (rows["at"] < day) & (rows["at"] > day - 30)
        ids.append(relationship_ids(people, unknown_persons(people))[:, 0][np.unique(rows["relation"][recent])])
    everyone = np.concatenate(ids)
    near, whole = risks(settings, everyone, np.full(len(everyone), SMALL.epoch + int(day * DAY)), draws=20).risk.T
    assert low <= near.mean() / whole.mean() <= high


@pytest.mark.parametrize("draws", [0, 1, 7])
def test_refuses_draws_that_do_not_halve(draws: int) -> None:
    with pytest.raises(UsageError, match="is odd or below 2"):
        risks(SMALL, np.array([1]), np.array([SMALL.epoch]), draws=draws)


def test_refuses_a_relationship_of_another_force() -> None:
    with pytest.raises(BadInput, match="not of this force"):
        risks(SMALL, np.array([12345]), np.array([SMALL.epoch]), draws=2)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("force")
    force.write(Settings(relationships=400, years=2, seed=9), out)
    return out


def test_tables_of_the_truth(written: Path) -> None:
    document = write_truth(written, draws=2, sample=120, sample_draws=40)
    monthly = pq.read_table(written / "truth" / "monthly.parquet").to_pandas()
    sample = pq.read_table(written / "truth" / "oracle.parquet").to_pandas()
    records = pq.read_table(written / "truth" / "relationships.parquet").to_pandas()
    assert document["rows"] == len(monthly) == sum(stratum["rows"] for stratum in document["strata"])
    assert not monthly.duplicated(["relationship_id", "as_of"]).any()
    joined = monthly.merge(records, on="relationship_id")
    assert len(joined) == len(monthly)
    assert (joined["recorded_at"] < joined["as_of"]).all()
    assert monthly["latent_risk_365d"].between(0, 1).all()
    assert sample["weight"].sum() == pytest.approx(len(monthly))
    assert sample.groupby("stratum").size().max() <= 120 // len(document["strata"])
    gap = document["weighted_sample_mean"]["latent_risk_365d"] - document["mean"]["latent_risk_365d"]
    assert abs(gap) < 0.5 * document["mean"]["latent_risk_365d"]
    # Unbiased: within a stratum drawn by two-draw risk, many draws come back towards the middle, but in order.
    means = sample.groupby("stratum")["latent_risk_365d"].mean()
    assert means.is_monotonic_increasing


def test_the_truth_is_not_in_the_history(written: Path) -> None:
    from threat.history.schema import TABLES
    from threat.history.store import Store

    snapshot = Store.open(written / "history").snapshot()
    for name in ("monthly", "oracle", "truth", "incidents"):
        with pytest.raises(UsageError):
            snapshot.table(name)
    words = ("latent", "risk_180", "severity", "frequency", "control", "true_relation")
    columns = [column for schema in TABLES.values() for column in schema.names]
    assert columns
    assert not [column for column in columns if any(word in column for word in words)]
    assert not list((written / "history").rglob("*truth*"))


def test_only_the_judging_of_rankings_and_the_teaching_of_the_prior_import_the_truth() -> None:
    import threat

    root = Path(threat.__file__).parents[1]
    packages = [root / name for name in ("features", "fairness", "model_cards", "serving", "threat", "training")]
    sources = [path for package in packages for path in package.rglob("*.py")]
    readers = {path.relative_to(root).as_posix() for path in sources if "simulation.truth" in path.read_text("utf-8")}
    readers_allowed = ("ceiling", "judged_lists", "particle_check", "taught_prior")
    judges = {f"training/truth/{name}.py" for name in readers_allowed}
    assert {name for name in readers if not name.startswith("threat/simulation/truth/")} == judges


def test_a_force_made_with_other_parameters_is_refused(written: Path) -> None:
    assert verified_settings(written).seed == 9
    path = written / "truth" / "force.json"
    text = path.read_text()
    path.write_text(text.replace('"seed": 9', '"seed": 10'))
    try:
        with pytest.raises(IntegrityFailure, match="differs from what today's parameters make"):
            verified_settings(written)
    finally:
        path.write_text(text)
