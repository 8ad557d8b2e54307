"""The card says what base the trees were added to, or that there is none."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from fixtures import evidence
from fixtures.cards import documents, value
from fixtures.drawn_bases import base_model
from fixtures.drawn_priors import source

from model_cards.base_facts import LARGEST, base_field, sensitivity_lines
from model_cards.card import build
from model_cards.page import page
from threat.release.documents.card import Card
from threat.release.documents.choices import BaseChoice, Choices, PriorChoice, TriedLiberty
from threat.release.documents.chosen import ComparedOption, OptionChoice
from threat.release.documents.model import BaseColumn, ComparedBase
from threat.release.evidence import RunDocuments

WEIGHTS = ("0", "0.3", "1")
TRIED = tuple(
    TriedLiberty(unknown_release_share=share, least_liberty_share=0.02, list_kept=kept, mean_recall=recall)
    for share, kept, recall in ((0.15, 1.0, 0.2), (0.05, 0.99, 0.1984), (0.4, 0.953, 0.207))
)


def card_of(read: RunDocuments) -> Card:
    return build(read, run_id="run-1", manifest_sha256="b" * 64)


def test_a_model_without_a_base_says_so() -> None:
    card = card_of(documents())
    assert value(card, "model.base") == "None: the trees are the whole model."
    assert "added to" not in str(value(card, "model.kind"))


def test_a_base_is_said_with_its_strength_its_coefficients_and_its_policy_values() -> None:
    card = card_of(replace(documents(), base=base_model()))
    assert "added to a sign-bound regression, the base" in str(value(card, "model.kind"))
    assert value(card, "model.base") == (
        "Ridge logistic regression on 2 features that the catalogue tags for it; no coefficient goes against the "
        "direction that the catalogue gives its feature",
        "Fitted on 600 rows, 60 with an outcome; penalty 12, the strongest within one standard error across groups of "
        "subjects",
        "Largest coefficients, log odds per standard deviation: incidents +0.400; days_since -0.300; incidents missing "
        "-0.100",
        "Time at liberty is a known offset, not fitted: the log of the share of the 180 days that the subject is "
        "recorded to be out of custody for. Policy values: a share of 0.15 for a subject in custody without a known "
        "release, and at least 0.02 for anyone",
    )
    assert "Largest coefficients" in page(card)


def test_a_base_that_the_model_was_distilled_from_is_said_to_be_no_part_of_it() -> None:
    choice = {"chosen": 2.0, "tried": [], "liberty": [tried.as_json() for tried in TRIED]}
    teacher = ComparedBase(**base_model().model_dump())
    scratch = evidence.choices("model").as_json()
    approaches = [approach | {"approach": "distilled"} for approach in scratch["approaches"]]
    distilled = scratch | {"approach": "distilled", "approaches": approaches, "base": choice}
    read = replace(
        documents(), compared_base=teacher, choices=Choices.parse(json.dumps(distilled).encode(), "choices.json")
    )
    card = card_of(read)
    assert "distilled from a sign-bound regression, the base" in str(value(card, "model.kind"))
    lines = value(card, "model.base")
    assert lines[0] == "No part of the model, whose trees are the whole score"
    assert lines[-2:] == sensitivity_lines(TRIED)
    assert lines[4] == "No prior taught by simulation was used"


@pytest.mark.parametrize(
    ("weight", "said"),
    [
        (
            0.3,
            "The penalty of the base pulls towards 0.3 of a prior taught by simulation, not by records: 450,000 rows "
            "of simulated forces (world default, Y2 within 180 days), built on published odds; the weight was chosen "
            "of 0, 0.3, 1 by the lists of validation",
        ),
        (0.0, "No prior taught by simulation was used: of the weights 0, 0.3, 1 the lists of validation chose 0"),
    ],
)
def test_a_prior_is_said_with_its_weight_how_it_was_chosen_and_what_it_was_taught_by(weight: float, said: str) -> None:
    options = [ComparedOption(name=name, mean_recall=0.2, difference=0.0, standard_error=0.01) for name in WEIGHTS]
    compared = OptionChoice(
        chosen=str(weight), best="0.3", options=tuple(options), rows=900, rows_with_outcome=30, subjects=80, lists=4,
        places=(5, 10),
    )  # fmt: skip
    choice = BaseChoice(
        chosen=2.0, tried=(), prior=PriorChoice(weight=weight, source=source(), compared=compared, warnings=("edge",))
    )
    choices = evidence.choices("model").model_copy(update={"base": choice})
    assert "edge" in choices.warnings
    card = card_of(replace(documents(), base=base_model(), choices=choices))
    assert value(card, "model.base")[3] == said
    assert said in page(card)


def test_at_most_ten_coefficients_are_named_and_none_that_is_0() -> None:
    columns = tuple(
        BaseColumn(
            feature=f"f{number:02}",
            reads="value",
            fill=0.0,
            mean=0.0,
            scale=1.0,
            direction=0,
            coefficient=(-1) ** number * number / 100,
        )
        for number in range(13)
    )
    lines = base_field(replace(documents(), base=base_model().model_copy(update={"columns": columns})))
    assert isinstance(lines, tuple)
    named = lines[2].partition(": ")[2].split("; ")
    assert len(named) == LARGEST
    assert named[:2] == ["f12 +0.120", "f11 -0.110"]
    assert "f00" not in lines[2]


def test_few_outcomes_are_not_counted_on_a_card() -> None:
    few = base_model().model_copy(update={"events": 7})
    lines = base_field(replace(documents(), base=few))
    assert isinstance(lines, tuple)
    assert "fewer than 10 with an outcome" in lines[1]


def test_each_other_policy_value_has_a_line() -> None:
    assert sensitivity_lines(TRIED) == (
        "With the shares 0.05 and 0.02 the base keeps 99% of the places of its lists on validation; mean recall 0.198",
        "With the shares 0.4 and 0.02 the base keeps 95% of the places of its lists on validation; mean recall 0.207",
    )
