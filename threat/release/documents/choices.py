"""``choices.json``: what was tried and chosen before the test was opened."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from threat.release.documents.document import Document, Part


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

    log_loss: float = Field(ge=0, description="pooled log loss on the validation rows")


class TreeChoice(Part):
    """The model's hyper-parameters."""

    chosen: ChosenTrees = Field(description="the candidate of the least log loss")
    tried: tuple[TriedTrees, ...] = Field(min_length=1, description="every candidate")


class TriedPenalty(Part):
    """One penalty of the regression and what it came to."""

    penalty: float = Field(gt=0, description="share of the least penalty that leaves every coefficient at 0")
    log_loss: float = Field(ge=0, description="pooled log loss on the validation rows")


class PenaltyChoice(Part):
    """The regression's penalty."""

    chosen: float = Field(gt=0, description="the penalty of the least log loss")
    tried: tuple[TriedPenalty, ...] = Field(min_length=1, description="every penalty")


class Choices(Document):
    """Every choice of a RUN, with the hash of the model it led to."""

    FILE: ClassVar[str] = "choices.json"
    HOW_MADE: ClassVar[str] = "train again: threat train"

    version: Literal[1] = Field(default=1, description="version of this document")
    chosen_on: str = Field(description="what the choices were made on, in words")
    trees: TreeChoice = Field(description="the model's hyper-parameters")
    elastic_net: PenaltyChoice = Field(description="the regression's penalty")
    validation_rows: int = Field(ge=0, description="rows of the validation folds")
    validation_rows_with_outcome: int = Field(ge=0, description="of those, rows with an outcome")
    model_sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="hash of model/model.txt")
