"""The headings and fixed sentences around a panel, on pages and on the terminal."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PanelWords:
    """What is said around the panel of one kind of ranking.

    ``raises``: over what raises a place; ``nothing``: in its stead. ``on_record`` and ``limit``: over what is on record
    besides.
    """

    raises: str
    nothing: str
    on_record: str
    limit: str


PANEL_WORDS = {
    "model": PanelWords(
        raises="Raises its place",
        nothing="No record on its own raises its place by much.",
        on_record="On record, given little weight by this order",
        limit="The order adds little for these here. That is a limit of the order, not a sign about the case.",
    ),
    "rule": PanelWords(
        raises="What the rule counts",
        nothing="The rule counts nothing on record here.",
        on_record="On record, not counted by the rule",
        limit="The rule does not read these. That is a limit of the rule, not a sign about the case.",
    ),
}
"""By the kind of the ranking. No heading says that anything lowers a place: see ``serving.relationship.panel``."""

STILL = "What is not on record may still be so."

OTHER_PARTS = "Other parts of the order"

REST = (
    "This is the rest of the sum. It counts what nobody asked or recorded, too: plus or minus, it says nothing about "
    "the case."
)


def sign_of(part: float) -> str:
    """Return whether a part of the sum adds or takes away, as a word without a verdict.

    >>> sign_of(0.2), sign_of(-3.0), sign_of(0.0)
    ('Plus', 'Minus', 'Nothing')
    """
    return "Nothing" if part == 0 else "Plus" if part > 0 else "Minus"
