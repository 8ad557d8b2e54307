"""What a public record says of the system around the model: phase, what goes in and comes out, how that is done."""

from __future__ import annotations

from model_cards.words import number
from threat.measuring.figure import Verdict
from threat.release.documents.card import Value
from threat.release.evidence import RunDocuments

CLEANING = (
    "Every row is checked when it is taken in. A row that cannot be right is quarantined with its reason and counts "
    "nowhere; what a later batch withdraws is kept and no longer read."
)
PROCESSING = (
    "Before each list the same features are computed from the records known at that moment as in the training, and "
    "the released model orders the relationships by its score. Nothing is learnt in use."
)
ARCHITECTURE = (
    "A history of records that is only added to; features computed from it; a training whose evidence is sealed; a "
    "release gate; and a desk at which reviewers read the list, the reasons and the records, and write down what they "
    "decided. It works without any service outside the force's machines."
)

_PHASES = {"shadow": "Pre-deployment", "pilot": "Beta or pilot", "live": "Production"}
"""By the state that the gate was asked for, the phase as the publisher of transparency records lists phases."""


def phase_field(documents: RunDocuments) -> Value | None:
    """Return the phase, by the state that the gate released the model to."""
    gate = documents.gate
    if gate is None or gate.verdict != Verdict.PASS:
        return "Pre-deployment: not released"
    return f"{_PHASES[gate.to]} ({gate.to})"


def input_field(documents: RunDocuments) -> Value | None:
    """Say what goes into the system; None where the RUN does not name its features."""
    if documents.features is None:
        return None
    features = number(len(documents.features.names))
    return (
        "Structured records, no free text, pictures or sound: events of both people of a relationship that were on "
        f"record when the list was made, as {features} features of catalogue {documents.features.catalogue_version}."
    )


def output_field(documents: RunDocuments) -> Value | None:
    """Say what comes out of the system; None before it was measured."""
    if documents.evaluation is None:
        return None
    shown = documents.gate is not None and documents.gate.show_probability
    probability = "A probability is shown next to each place." if shown else "No probability is shown, only the place."
    return (
        f"An order of relationships, of which a list shows {number(documents.evaluation.capacity)}, each with the "
        f"reasons for its place and the records behind each reason. {probability}"
    )
