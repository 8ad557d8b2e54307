"""What the card says of the features and the older records that the model could do without, on validation."""

from __future__ import annotations

from model_cards.words import PUBLISH, count, figure_words, number, table
from threat.measuring.counts import is_given_away, plural
from threat.release.documents.ablations import Ablations
from threat.release.documents.card import Value
from threat.release.evidence import RunDocuments

_WITHHELD = f"withheld (under {PUBLISH} rows with an outcome)"


def ablations_field(documents: RunDocuments) -> Value | None:
    """Return what the lists lose without each group of features and without older records; withheld under 10 outcomes.

    One line where ablations were never run.
    """
    made = documents.ablations
    if made is None:
        return f"Not measured; {Ablations.HOW_MADE}"
    if made.mean_recall.events < PUBLISH:
        return _WITHHELD
    groups = [
        [group.name.replace("_", " "), plural(len(group.features), "feature"), figure_words(group.lost, signed=True)]
        for group in made.groups
    ]
    older = [
        [
            f"Records older than {history.months} months",
            "not shown"
            if is_given_away(history.rows_with_older, history.rows)
            else f"{count(history.rows_with_older)} of {number(history.rows)} rows",
            figure_words(history.lost, signed=True),
        ]
        for history in made.history
    ]
    return table(["Left out", "What", "Mean recall lost"], groups + older)


def ablations_meaning_field(documents: RunDocuments) -> Value | None:
    """Say what the losses are of and on which rows, and that a group which loses nothing may still be needed."""
    made = documents.ablations
    if made is None or made.mean_recall.events < PUBLISH:
        return "Nothing is shown."
    return (
        f"Of a mean recall of {figure_words(made.mean_recall)} over lists of "
        f"{', '.join(number(places) for places in made.places)}, on {number(made.mean_recall.events)} rows with an "
        "outcome; a loss below 0 is a gain",
        f"Measured on {made.measured_on}",
        "Groups overlap in what they know, so losses do not add up. A group of features that costs nothing may still "
        "be needed to explain an order to a reviewer",
    )
