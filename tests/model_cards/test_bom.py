"""The ML-BOM follows CycloneDX 1.7 by the library of CycloneDX, and says what the card says."""

from __future__ import annotations

import json

import pytest
from fixtures.cards import made
from fixtures.said import texts, wrongly_said

from model_cards.bom import bom, encode, fairness_assessments
from threat.errors import IntegrityFailure
from threat.release.documents.card import Card


def test_it_validates_and_the_same_card_gives_the_same_bytes() -> None:
    card = made()
    first = encode(bom(card))
    assert encode(bom(Card.parse(card.encode(), "card.json"))) == first
    document = json.loads(first)
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.7")
    assert document["metadata"]["timestamp"] == "2026-06-01T00:00:00Z"
    assert document["serialNumber"] != bom(made(gate=None))["serialNumber"]
    (component,) = document["components"]
    assert component["type"] == "machine-learning-model"
    assert component["hashes"][0]["content"] == json.loads(card.encode())["sections"][0]["fields"][2]["value"]
    assert [wrong for text in texts(document) for wrong in wrongly_said(text)] == []


def test_a_card_of_little_evidence_validates_too() -> None:
    encode(bom(made(evaluation=None, fairness=None, gate=None, choices=None, snapshot=None, features=None)))


def test_every_figure_is_a_metric_with_its_interval() -> None:
    card = made()
    metrics = bom(card)["components"][0]["modelCard"]["quantitativeAnalysis"]["performanceMetrics"]
    assert len(metrics) == len(card.figures)
    recall = next(metric for metric in metrics if metric["slice"].startswith("LightGBM; 9000 rows, 120 outcomes"))
    assert (recall["type"], recall["value"]) == ("Recall at capacity", "0.4")
    assert recall["confidenceInterval"] == {"lowerBound": "0.3", "upperBound": "0.5"}


def test_every_group_shown_and_everything_untested_is_a_fairness_assessment() -> None:
    shown, untested = fairness_assessments(made())
    assert shown["groupAtRisk"] == "Female (sex of the person at risk)"
    assert "40 of 100" in shown["harms"]
    assert untested["groupAtRisk"] == "age of the subject (alleged)"
    assert untested["harms"].startswith("Recorded, but too few to test")
    assert set(shown) == {"groupAtRisk", "benefits", "harms", "mitigationStrategy"}


def test_what_does_not_follow_the_standard_is_refused() -> None:
    document = bom(made())
    document["components"][0]["modelCard"]["colour"] = "blue"
    with pytest.raises(IntegrityFailure, match=r"does not follow CycloneDX 1\.7"):
        encode(document)
