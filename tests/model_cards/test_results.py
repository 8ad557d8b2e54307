"""What the card says of the bar on validation."""

from __future__ import annotations

from fixtures import evidence
from fixtures.validation_bars import bar

from model_cards.results import validation_bar_field
from threat.release.evidence import RunDocuments


def test_the_bar_on_validation_is_a_sentence_with_what_favours_whom() -> None:
    documents = RunDocuments(choices=evidence.choices("model", bar=bar()))
    assert validation_bar_field(documents) == (bar().sentence, bar().how_to_read)
    few = RunDocuments(choices=evidence.choices("model", bar=bar(events=9)))
    assert validation_bar_field(few) == "withheld (under 10 rows with an outcome)"
    assert validation_bar_field(RunDocuments(choices=evidence.choices("model"))) is None
    assert validation_bar_field(RunDocuments()) is None
