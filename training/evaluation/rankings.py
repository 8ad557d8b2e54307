"""Every order of the test rows: the model, what it is compared with, the model without the sensitive features."""

from __future__ import annotations

from dataclasses import dataclass

from features import Matrix, build, load_catalogue
from features.rules import RULES
from threat.history.sightings import Sightings
from threat.release.documents.comparison import ComparisonPlan
from threat.release.documents.evaluation import MODEL
from threat.release.scorer import kinds_in, probability
from training.cohorts.opening import OpenedTest
from training.evaluation.table import Ranking
from training.models.fitted import FittedModels


@dataclass(frozen=True, slots=True)
class RankedTest:
    """The orders of the test rows, the model's first and the elastic net's second.

    ``warnings``: of the level of the probabilities, and of rules left out.
    ``no_probability``: why the model gives no probability; empty where it gives one. ``plan``: of the comparison.
    """

    rankings: list[Ranking]
    warnings: list[str]
    no_probability: str
    plan: ComparisonPlan | None

    @property
    def model(self) -> Ranking:
        """The model's own order."""
        return self.rankings[0]


def matrix_of_rules(sightings: Sightings, matrix: Matrix) -> Matrix:
    """Return the rows of ``matrix`` with every feature that a rule reads.

    Settings that keep a feature from the model keep it from no rule: the strongest rule would be out of the way.
    """
    reads = {name for rule in RULES.values() for name in rule.reads}
    if reads <= set(matrix.names):
        return matrix
    whole = load_catalogue()
    return build(sightings, matrix.rows, whole.only(name for name in whole.names if name in reads))


def rule_rankings(of_rules: Matrix) -> tuple[list[Ranking], list[str]]:
    """Return the order of every rule that has something on record to go by, and a warning for every other rule."""
    rankings, warnings = [], []
    for name, rule in RULES.items():
        unranked = int(rule.unranked(of_rules).sum())
        if unranked == len(of_rules):
            warnings.append(f"{rule.title}: left out, nothing on record to rank by.")
            continue
        rankings.append(Ranking(f"rule_{name}", rule.title, rule.score(of_rules), None, unranked))
    return rankings, warnings


def rank_test(opened: OpenedTest, of_rules: Matrix, fitted: FittedModels, *, threads: int) -> RankedTest:
    """Order the test rows by everything that was fitted, and by every rule that has something on record to go by.

    ``of_rules``: the same rows with what the rules read (``matrix_of_rules``).
    """
    matrix = opened.matrix
    raw = fitted.model.raw_score(matrix.values, threads=threads)
    line, base = fitted.regression.score(matrix.values), fitted.base.base.score(matrix.values)
    kinds = kinds_in(matrix.names, matrix.values)
    line_probability = probability(fitted.linear_calibrator, line, kinds)
    rankings = [
        Ranking(MODEL, fitted.title, raw, probability(fitted.calibrator, raw, kinds)),
        Ranking("elastic_net", "Elastic-net logistic regression", line, line_probability),
        Ranking("base", "The base alone", base, probability(fitted.base_calibrator, base, kinds)),
    ]
    by_rule, left_out = rule_rankings(of_rules)
    rankings += by_rule
    warnings = [*fitted.warnings, *left_out]
    if fitted.without_sensitive is not None:
        ablated = fitted.without_sensitive.raw_score(matrix.values, threads=threads)
        rankings.append(Ranking("without_sensitive", "The model without the sensitive features", ablated))
    return RankedTest(rankings, warnings, fitted.calibrator.why_none, fitted.plan)
