"""What the figures of a RUN are figures of, as fields of the card; small counts are withheld."""

from __future__ import annotations

from model_cards.words import PUBLISH, figure_words, table
from threat.measuring.figure import Figure
from threat.release.documents.card import Value
from threat.release.documents.estimand import Estimand
from threat.release.evidence import RunDocuments

_BY_DESIGN = "Risk of the recorded outcome within the horizon under usual policing, without a new plan by the unit."


def _estimand(documents: RunDocuments) -> Estimand | None:
    return None if documents.evaluation is None else documents.evaluation.estimand


def estimand_field(documents: RunDocuments) -> Value | None:
    """Say what is estimated, and what no figure is corrected for."""
    estimand = _estimand(documents)
    return _BY_DESIGN if estimand is None else (_BY_DESIGN, *estimand.sentences)


def composition_field(documents: RunDocuments) -> Value | None:
    """Return the outcome events of the test by the gravest rung and the rule they meet."""
    estimand = _estimand(documents)
    return None if estimand is None else table(["Outcome", "Events"], estimand.composition_rows(withhold=True))


def exposure_field(documents: RunDocuments) -> Value | None:
    """Return whom outcomes are credited to, and what competes with an outcome."""
    estimand = _estimand(documents)
    return None if estimand is None else table(["What", "Count"], estimand.exposure_rows(withhold=True))


def blanking_field(documents: RunDocuments) -> Value | None:
    """Return recall at capacity without the outcomes of the first days after the as-of."""
    estimand = _estimand(documents)
    return None if estimand is None else table(["Outcomes counted", "Recall"], estimand.blanking_rows(_shown))


def _shown(figure: Figure) -> str:
    return figure_words(figure) if figure.events >= PUBLISH else f"withheld (under {PUBLISH} outcomes)"
