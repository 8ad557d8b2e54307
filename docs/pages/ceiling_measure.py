"""One world of ``make ceiling``: forces, the ceiling, trained models and the judged list, each step kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pages.ceiling_cache import Cache, code_of
from pages.ceiling_plan import HORIZON_DAYS, Plan, World
from pages.ceiling_training import Trained, train_and_score
from pages.published_odds import PUBLISHED_ODDS, TITLE, published_scores

from features import Matrix, load_catalogue
from features.rules import RULES
from threat.history.sightings import Rows
from threat.history.store import Store
from threat.measuring.list_length import ListLength
from threat.release.documents.expected_captures import CeilingFit
from threat.simulation.force import Settings, write
from training.evaluation.table import Ranking
from training.truth.ceiling import ReferenceRows, ceiling_of, cohort_of, draw_rows, features_of
from training.truth.expected_captures import ORACLE, captures_by_length
from training.truth.judged_lists import DEADLY, AskedOutcome, JudgedLists, Lookahead, TrueRisk, risks_of
from training.truth.recipes import Teaching

Floats = NDArray[np.float64]
RULE, RECIPE = "rule_", "recipe_"
"""What the names of rules and of recipes begin with: a recipe and a trained ranking may share the rest."""
_ROWS = ("relationship_id", "subject", "at_risk", "as_of")


@dataclass(frozen=True, slots=True)
class MeasuredForce:
    """What was measured of one trained force: captures by ranking and length, severe and deadly, and what was chosen.

    ``evidence``: hash of everything that the figures were made by.
    """

    seed: int
    evidence: str
    trained: Trained
    captures: dict[str, dict[int, float]]
    deadly: dict[str, dict[int, float]]


@dataclass(frozen=True, slots=True)
class MeasuredWorld:
    """Everything measured in one world.

    ``fixed``, ``fixed_deadly``: captures of the rankings that no trained force has a part in: rules, recipes of the
    ceiling, oracle.
    """

    world: World
    rows: int
    places: int
    expected_outcomes: float
    expected_deadly_outcomes: float
    ceiling: CeilingFit
    fixed: dict[str, dict[int, float]]
    fixed_deadly: dict[str, dict[int, float]]
    forces: tuple[MeasuredForce, ...]

    @property
    def best(self) -> str:
        """The name, among ``fixed``, of the recipe that is the ceiling."""
        return f"{RECIPE}{self.ceiling.recipe}"

    @property
    def ladder(self) -> list[int]:
        """The lengths of list that captures are known for."""
        return ListLength(self.places).ladder


@dataclass(frozen=True, slots=True)
class WorldSteps:
    """The steps of one world. Each returns what it made, or what an earlier run of the same code and settings made."""

    cache: Cache
    plan: Plan
    world: World

    def measured(self, before_opening: Callable[[int, str], None]) -> MeasuredWorld:
        """Measure the world. ``before_opening`` is called with a seed and its evidence before its figures are made."""
        plan, prepared = self.plan, self.prepared()
        judged, matrix, risks, ceiling = prepared.judged, prepared.matrix, prepared.risks, prepared.ceiling
        fixed = [Ranking(f"{RECIPE}{name}", name, scores) for name, scores in prepared.recipe_scores.items()]
        fixed += [
            Ranking(f"{RULE}{name}", rule.title, rule.score(matrix))
            for name, rule in RULES.items()
            if not rule.unranked(matrix).all()
        ]
        odds = published_scores(matrix, plan.training.base, HORIZON_DAYS)
        fixed.append(Ranking(PUBLISHED_ODDS, TITLE, odds))
        lists = self._lists(judged.rows, risks)
        places = plan.places(plan.large_relationships)
        deadly = lists.by_deadly_risk()
        assert deadly is not None  # both risks were asked for
        forces = []
        for seed in plan.seeds:
            trained, scores, key = self._trained(seed, judged, matrix)
            evidence = _hash([key, judged.key, *(risks[rung].key for rung in risks)])
            before_opening(seed, evidence)
            rankings = [Ranking(name, name, of_rows) for name, of_rows in scores.items()]
            forces.append(
                MeasuredForce(
                    seed,
                    evidence,
                    trained,
                    _without_oracle(captures_by_length(lists, rankings, capacity=places)),
                    _without_oracle(captures_by_length(deadly, rankings, capacity=places)),
                )
            )
        return MeasuredWorld(
            world=self.world,
            rows=len(judged.rows),
            places=places,
            expected_outcomes=_once(lists),
            expected_deadly_outcomes=_once(deadly),
            ceiling=ceiling,
            fixed=captures_by_length(lists, fixed, capacity=places),
            fixed_deadly=captures_by_length(deadly, fixed, capacity=places),
            forces=tuple(forces),
        )

    def prepared(self) -> PreparedWorld:
        """Make everything that no trained force has a part in: the judged list, its truth, the ceiling."""
        judged = self._judged_rows()
        matrix = self._matrix("judged list", self.plan.judged(self.world), judged)
        risks = {rung: self._risks(judged, rung) for rung in ("Y2", DEADLY)}
        return PreparedWorld(judged, matrix, risks, *self._ceiling(judged, matrix))

    def _force(self, settings: Settings, what: str) -> Path:
        """Return the folder of a force."""

        def make(folder: Path) -> None:
            write(settings, folder)

        inputs = {"settings": asdict(settings), "code": _code("simulation")}
        return self.cache.step("force", self._words(what), inputs, make)

    def _judged_rows(self) -> KeptRows:
        """Return the rows of the list that every ranking is judged on."""
        settings = self.plan.judged(self.world)
        return self._rows("judged list", settings, lists=1, most=settings.relationships)

    def _rows(self, what: str, settings: Settings, *, lists: int, most: int) -> KeptRows:
        """Return rows of the last ``lists`` lists of a force, at most so many."""
        plan = self.plan

        def make(folder: Path) -> None:
            snapshot = Store.open(self._force(settings, what) / "history").snapshot()
            cohort = cohort_of(snapshot, plan.lists(settings)[-lists:], plan.training.cohort)
            drawn = draw_rows(cohort, most, settings.seed)
            columns = {name: getattr(drawn.rows, name) for name in _ROWS}
            share = plan.places(settings.relationships) * lists / len(cohort)
            np.savez(folder / "rows.npz", cycle=drawn.cycle, fitted=drawn.fitted, share=share, **columns)

        inputs = {
            "settings": asdict(settings),
            "lists": [cycle.start for cycle in plan.lists(settings)[-lists:]],
            "most": most,
            "code": _code("simulation", "cohorts"),
        }
        return KeptRows.read(self.cache.step("rows", self._words(what), inputs, make))

    def _matrix(self, what: str, settings: Settings, kept: KeptRows) -> Matrix:
        """Return the features of rows, memory-mapped."""
        catalogue = load_catalogue()

        def make(folder: Path) -> None:
            snapshot = Store.open(self._force(settings, what) / "history").snapshot()
            matrix = features_of(snapshot, kept.rows, catalogue, threads=self.plan.threads)
            np.save(folder / "values.npy", matrix.values)

        inputs = {"rows": kept.key, "catalogue": catalogue.version, "code": _code("features")}
        folder = self.cache.step("features", self._words(what), inputs, make)
        return Matrix.of(np.load(folder / "values.npy", mmap_mode="r"), kept.rows, catalogue)

    def _risks(self, kept: KeptRows, rung: str) -> KeptRisk:
        """Return the latent risk of the judged rows, by many draws."""
        return self._risk("judged list", self.plan.judged(self.world), kept, (rung, self.plan.judged_draws))

    def _risk(self, what: str, settings: Settings, kept: KeptRows, asked: tuple[str, int]) -> KeptRisk:
        """Return the latent risk of rows of a force; ``asked``: rung, and runs forward for each row."""
        rung, draws = asked

        def make(folder: Path) -> None:
            how = Lookahead(draws=draws, seed=settings.seed, threads=self.plan.threads)
            risks = risks_of(settings, kept.rows, how, rung)
            truth = TrueRisk.of(risks, HORIZON_DAYS, np.ones(len(kept.rows), np.bool_))
            np.savez(
                folder / "risk.npz",
                risk=truth.risk,
                error=truth.error,
                halves=truth.halves,
                true_relation=risks.true_relation,
            )

        inputs = {"rows": kept.key, "rung": rung, "draws": draws, "code": _code("simulation")}
        return KeptRisk.read(self.cache.step("risk", f"{self._words(what)}, {rung}", inputs, make))

    def _ceiling(self, judged: KeptRows, matrix: Matrix) -> tuple[CeilingFit, dict[str, Floats]]:
        """Return how the recipes did, and every recipe's scores of the judged rows."""
        plan, settings = self.plan, self.plan.reference(self.world)
        kept = self._rows("reference", settings, lists=plan.reference_lists, most=plan.reference_rows)
        draws = plan.reference_draws

        def make(folder: Path) -> None:
            label = self._risk("reference", settings, kept, ("Y2", draws)).truth.risk
            # Read whole: LightGBM and the regressions pass over the rows many times.
            values = np.asarray(self._matrix("reference", settings, kept).values[:])
            teaching = Teaching(
                base=plan.training.base,
                horizon_days=HORIZON_DAYS,
                list_share=kept.share,
                seed=plan.reference_seed,
                threads=plan.threads,
                most_rounds=plan.most_rounds,
            )
            rows = ReferenceRows(kept.rows, kept.cycle, kept.fitted).labelled(values, label)
            ceiling = ceiling_of(rows, load_catalogue(), teaching, draws)
            (folder / "ceiling.json").write_text(ceiling.fit.model_dump_json(indent=1), encoding="utf-8")
            scores = {
                recipe.name: recipe.score(np.asarray(matrix.values), threads=plan.threads) for recipe in ceiling.recipes
            }
            np.savez(folder / "scores.npz", allow_pickle=False, **scores)

        inputs = {
            "rows": [kept.key, judged.key],
            "draws": draws,
            "most_rounds": plan.most_rounds,
            "catalogue": load_catalogue().version,
            "training": plan.training.base.model_dump(),
            "code": _code("simulation", "features", "recipes"),
        }
        folder = self.cache.step("ceiling", self._words("recipes"), inputs, make)
        ceiling = CeilingFit.model_validate_json((folder / "ceiling.json").read_text(encoding="utf-8"))
        with np.load(folder / "scores.npz") as scores:
            return ceiling, {name: scores[name] for name in scores.files}

    def _trained(self, seed: int, judged: KeptRows, matrix: Matrix) -> tuple[Trained, dict[str, Floats], str]:
        """Return what a training on one force chose, every model's scores of the judged rows, and the step's key."""
        settings, training = self.plan.trained(self.world, seed), self.plan.training
        what = f"trained on seed {seed}"

        def make(folder: Path) -> None:
            store = self._force(settings, what) / "history"
            trained, scores = train_and_score(store, training, matrix)
            (folder / "trained.json").write_text(json.dumps(asdict(trained), indent=1), encoding="utf-8")
            np.savez(folder / "scores.npz", allow_pickle=False, **scores)

        inputs = {
            "settings": asdict(settings),
            "training": training.model_dump(mode="json"),
            "judged": judged.key,
            "catalogue": load_catalogue().version,
            "code": _code("simulation", "features", "cohorts", "training"),
        }
        folder = self.cache.step("scores", self._words(what), inputs, make)
        trained = Trained(**json.loads((folder / "trained.json").read_text(encoding="utf-8")))
        with np.load(folder / "scores.npz") as scores:
            return trained, {name: scores[name] for name in scores.files}, folder.name

    def _lists(self, rows: Rows, risks: Mapping[str, KeptRisk]) -> JudgedLists:
        """Return the judged list with both risks; what happened on it is not asked."""
        n = len(rows)
        severe, deadly = risks["Y2"], risks[DEADLY]
        return JudgedLists(
            rows=rows,
            cycle=np.zeros(n, np.int64),
            subject=np.unique(rows.subject, return_inverse=True)[1],
            label=np.zeros(n, np.uint8),
            left_out=np.zeros(n, np.bool_),
            outcome=AskedOutcome(horizon_days=HORIZON_DAYS),
            truth=severe.truth,
            deadly=deadly.truth,
            true_relation=severe.true_relation,
            rankings=(),
            capacity=self.plan.places(self.plan.large_relationships),
        )

    def _words(self, what: str) -> str:
        return f"{what}, {self.world.name}"


@dataclass(frozen=True, slots=True)
class PreparedWorld:
    """The judged list with its features and risks by rung, how the recipes did, and every recipe's scores of it."""

    judged: KeptRows
    matrix: Matrix
    risks: dict[str, KeptRisk]
    ceiling: CeilingFit
    recipe_scores: dict[str, Floats]


@dataclass(frozen=True, slots=True)
class KeptRows:
    """Rows of a force, on which lists they are, how many come before the subjects left out, and the step's key.

    ``share``: of its cohort that a list holds.
    """

    rows: Rows
    cycle: NDArray[np.int64]
    fitted: int
    share: float
    key: str

    @classmethod
    def read(cls, folder: Path) -> KeptRows:
        """Read what the step wrote into ``folder``."""
        with np.load(folder / "rows.npz") as kept:
            rows = Rows(*(kept[name] for name in _ROWS))
            return cls(rows, kept["cycle"], int(kept["fitted"]), float(kept["share"]), folder.name)


@dataclass(frozen=True, slots=True)
class KeptRisk:
    """The latent risk of rows, the relation behind each row, and the step's key."""

    truth: TrueRisk
    true_relation: NDArray[np.int64]
    key: str

    @classmethod
    def read(cls, folder: Path) -> KeptRisk:
        """Read what the step wrote into ``folder``."""
        with np.load(folder / "risk.npz") as kept:
            truth = TrueRisk(risk=kept["risk"], error=kept["error"], halves=kept["halves"])
            return cls(truth, kept["true_relation"], folder.name)


_TABLES = "threat/*"
"""The policy, the vocabulary, the outcomes and the harm scores."""
_CODE = {
    # The records are written through the store, so its code has a part in every force.
    "simulation": ("threat.simulation", "threat.history", "threat.asof", _TABLES),
    "cohorts": ("training.cohorts", "threat.history", "threat.eligibility", "threat.policy", _TABLES),
    "features": ("features", "threat.history", _TABLES),
    "recipes": (
        "training.truth.recipes",
        "training.truth.ceiling",
        "training.models.base",
        "training.models.ridge",
        "threat.release.base",
    ),
    "training": ("training.models", "threat.release", "threat.measuring", "threat.outcomes"),
}
"""The code that each part of a step depends on. The whole of a package, though a step may read a part of it."""


def _code(*parts: str) -> dict[str, str]:
    """Return hashes of the code of these parts."""
    return {part: code_of(*_CODE[part]) for part in parts}


def _hash(parts: Any) -> str:
    """Return a short hash of JSON."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _without_oracle(captures: dict[str, dict[int, float]]) -> dict[str, dict[int, float]]:
    """Return the captures without the oracle's, which is the same for every force."""
    return {name: by_length for name, by_length in captures.items() if name != ORACLE}


def _once(lists: JudgedLists) -> float:
    """Return the summed risk of a list's cohort, each relation counted once."""
    _, first = np.unique(lists.true_relation, return_index=True)
    return float(lists.truth.risk[first].sum())
