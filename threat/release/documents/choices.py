"""``choices.json``: what was tried and chosen before the test was opened."""

from __future__ import annotations

import json
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from threat.release.documents.chosen import OptionChoice
from threat.release.documents.comparison import ComparisonPlan
from threat.release.documents.document import Document, Part, json_object
from threat.release.documents.prior import PriorSource
from threat.release.documents.settings import Approach
from threat.release.documents.validation_bar import ValidationBar


class ChosenTrees(Part):
    """Hyper-parameters of the model; LightGBM's names."""

    num_leaves: int = Field(ge=2, description="leaves of a tree")
    min_data_in_leaf: int = Field(ge=1, description="least rows of a leaf")
    lambda_l2: float = Field(ge=0, description="L2 penalty on leaves")
    learning_rate: float = Field(gt=0, description="share of each tree that is added")
    feature_fraction: float = Field(gt=0, description="share of features each tree may use")
    bagging_fraction: float = Field(gt=0, description="share of rows each tree is grown on")
    rounds: int = Field(ge=1, description="trees")


class TriedTrees(ChosenTrees):
    """One candidate and what it came to."""

    log_loss: float = Field(
        ge=0, description="pooled log loss on the validation rows; of distilled trees the distance from the base"
    )
    by_fold: tuple[float, ...] = Field(default=(), description="the same by validation fold")


class ApproachChoice(Part):
    """The candidate and rounds of one approach, by the least pooled log loss."""

    approach: Approach = Field(description="distilled from the base, on_base or from scratch")
    seeds: int = Field(ge=1, description="models of different seeds averaged into one")
    start_log_loss: float | None = Field(
        ge=0, description="pooled log loss of the base that trees are added to; null: they are added to nothing"
    )
    compared: bool = Field(description="false: no round on the base lowered its log loss, so it is no candidate")
    chosen: ChosenTrees = Field(description="the candidate of the least log loss")
    tried: tuple[TriedTrees, ...] = Field(min_length=1, description="every candidate")
    warnings: tuple[str, ...] = Field(default=(), description="in words: choices on the edge of what was tried")


class TriedPenalty(Part):
    """One penalty of the regression and what it came to."""

    penalty: float = Field(gt=0, description="share of the least penalty that leaves every coefficient at 0")
    log_loss: float = Field(ge=0, description="pooled log loss on the validation rows")
    by_fold: tuple[float, ...] = Field(default=(), description="the same by validation fold")


class PenaltyChoice(Part):
    """The regression's penalty."""

    chosen: float = Field(gt=0, description="the penalty of the least log loss")
    tried: tuple[TriedPenalty, ...] = Field(min_length=1, description="every penalty")
    warnings: tuple[str, ...] = Field(default=(), description="in words: a choice on the edge of what was tried")


class TriedMultiple(Part):
    """One penalty of the base and what it came to, across groups of subjects within the fit rows."""

    multiple: float = Field(gt=0, description="penalty as a multiple of the fit rows with an outcome")
    log_loss: float = Field(ge=0, description="pooled log loss of the rows left out")
    difference: float = Field(ge=0, description="log loss minus the least log loss of any penalty")
    standard_error: float = Field(ge=0, description="standard error of the difference, resampling subjects")


class TriedLiberty(Part):
    """One pair of the policy values for time at liberty, and what the base's lists come to with the pair."""

    unknown_release_share: float = Field(gt=0, le=1, description="share at liberty, in custody, release unknown")
    least_liberty_share: float = Field(gt=0, le=1, description="least share at liberty of anyone")
    list_kept: float = Field(ge=0, le=1, description="share of the places at capacity that keep their people")
    mean_recall: float | None = Field(description="mean recall on validation; null: no outcome to recall")


class PriorChoice(Part):
    """The weight of the prior taught by simulation: the smallest within one standard error of the best."""

    weight: float = Field(ge=0, le=1, description="share of the prior's coefficients; 0: no prior")
    source: PriorSource = Field(description="what the prior was taught by")
    compared: OptionChoice | None = Field(description="the weights by the lists of the base; null: one weight")
    warnings: tuple[str, ...] = Field(default=(), description="in words: a choice on the edge of what was tried")

    @property
    def words(self) -> str:
        """The weight and how it was chosen, in a clause; what the prior was taught by where one is used."""
        tried = "" if self.compared is None else ", ".join(option.name for option in self.compared.options)
        if self.weight == 0:
            return f"No prior taught by simulation was used: of the weights {tried} the lists of validation chose 0"
        how = f"chosen of {tried} by the lists of validation" if tried else "set and not compared with others"
        return (
            f"The penalty of the base pulls towards {self.weight:g} of a prior taught by simulation, not by records: "
            f"{self.source.words}, built on published odds; the weight was {how}"
        )


class BaseChoice(Part):
    """The base's penalty: the strongest whose log loss is within one standard error of the least."""

    chosen: float = Field(gt=0, description="the multiple")
    tried: tuple[TriedMultiple, ...] = Field(description="every multiple, weakest first; empty: too few outcomes")
    warnings: tuple[str, ...] = Field(default=(), description="in words: a choice on the edge of what was tried")
    liberty: tuple[TriedLiberty, ...] = Field(
        default=(), description="other policy values for time at liberty; the first entry is that of the settings"
    )
    prior: PriorChoice | None = Field(
        default=None, description="weight of the prior taught by simulation; null: none was tried"
    )

    @property
    def prior_words(self) -> str:
        """The share of a prior that the base was pulled towards, in a clause."""
        return "No prior taught by simulation was used" if self.prior is None else self.prior.words


class Choices(Document):
    """Every choice of a RUN, with the hash of the model it led to.

    Version 1, of models that were trees from scratch alone, is read as such.
    """

    FILE: ClassVar[str] = "choices.json"
    HOW_MADE: ClassVar[str] = "train again: threat train"
    VERSIONS_READ: ClassVar[tuple[int, ...]] = (1, 2)

    version: Literal[2] = Field(default=2, description="version of this document")
    chosen_on: str = Field(description="what the choices were made on, in words")
    approach: Approach = Field(description="the approach of the model that ranks")
    approaches: tuple[ApproachChoice, ...] = Field(min_length=1, description="every approach, the simplest first")
    compared: OptionChoice | None = Field(description="the approaches by their lists; null: of a version 1")
    base: BaseChoice | None = Field(description="the base's penalty on the test's fit rows; null: of a version 1")
    elastic_net: PenaltyChoice = Field(description="the regression's penalty")
    fit_rows: OptionChoice | None = Field(
        default=None, description="the rows to fit on, by the lists of the base; null: one candidate"
    )
    comparison: ComparisonPlan | None = Field(
        default=None, description="what the planned comparison was expected to tell; null in a RUN of before"
    )
    bar: ValidationBar | None = Field(
        default=None,
        description="the model against the better of what else was fitted, on validation; null in a RUN of before",
    )
    validation_rows: int = Field(ge=0, description="rows of the validation folds")
    validation_rows_with_outcome: int = Field(ge=0, description="of those, rows with an outcome")
    model_sha256: str = Field(
        pattern=r"^[0-9a-f]{64}$", description="hash of the model: of model.txt, and base.json where there is one"
    )

    @classmethod
    def parse(cls, data: bytes, where: str) -> Self:
        """Return the document, as ``Document.parse`` does; one of version 1 as the version 2 that says the same."""
        document = json_object(data, where)
        if document.get("version") == 1 and isinstance(document.get("trees"), dict):
            of_trees = {"approach": "scratch", "seeds": 1, "start_log_loss": None, "compared": True}
            document["approaches"] = [of_trees | document.pop("trees")]
            document |= {"version": 2, "approach": "scratch", "compared": None, "base": None}
            data = json.dumps(document).encode()
        return super().parse(data, where)

    @property
    def model(self) -> ApproachChoice:
        """The choices of the approach that ranks."""
        return next(choice for choice in self.approaches if choice.approach == self.approach)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Say in words every choice of what was fitted that is on the edge of what was tried."""
        of_base = () if self.base is None else self.base.warnings
        of_prior = () if self.base is None or self.base.prior is None else self.base.prior.warnings
        return (*self.model.warnings, *of_base, *of_prior, *self.elastic_net.warnings)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.approach not in {choice.approach for choice in self.approaches}:
            raise ValueError("the approach that ranks is among the approaches")
        return self
