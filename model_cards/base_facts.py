"""What the card says of the base, inside the model or next to it: what it reads, how strong, and its policy values."""

from __future__ import annotations

from collections.abc import Sequence

from model_cards.words import count, number
from threat.release.documents.card import Value
from threat.release.documents.choices import TriedLiberty
from threat.release.documents.model import BaseColumn, BaseModel, LibertyOffset
from threat.release.evidence import RunDocuments

LARGEST = 10
"""Coefficients named on a card: past ten they are small, and every one is in ``base.json``."""


def kind_field(documents: RunDocuments) -> Value | None:
    """Say what kind of model ranks."""
    if documents.base is not None:
        return (
            "Gradient-boosted decision trees (LightGBM), regularised, added to a sign-bound regression, the base; "
            "ranked by the sum of both."
        )
    if documents.choices is not None and documents.choices.approach == "distilled":
        return (
            "Gradient-boosted decision trees (LightGBM), regularised, distilled from a sign-bound regression, the "
            "base; ranked by raw score."
        )
    return "Gradient-boosted decision trees (LightGBM), regularised; ranked by raw score."


def base_field(documents: RunDocuments) -> Value | None:
    """Say what the base is: its penalty, its largest coefficients, its offset and how much that matters."""
    if documents.features is None:
        return None
    base = documents.base or documents.compared_base
    if base is None:
        return "None: the trees are the whole model."
    choice = None if documents.choices is None else documents.choices.base
    features = len({column.feature for column in base.columns})
    return (
        *(() if documents.base is not None else ("No part of the model, whose trees are the whole score",)),
        f"Ridge logistic regression on {number(features)} features that the catalogue tags for it; no coefficient goes "
        "against the direction that the catalogue gives its feature",
        f"Fitted on {number(base.rows)} rows, {count(base.events)} with an outcome; penalty {base.penalty:,g}, the "
        "strongest within one standard error across groups of subjects",
        f"Largest coefficients, log odds per standard deviation: {'; '.join(map(_coefficient, _largest(base)))}",
        *(() if choice is None else (choice.prior_words,)),
        *(() if base.liberty is None else _liberty(base.liberty)),
        *(() if choice is None else sensitivity_lines(choice.liberty)),
    )


def _largest(base: BaseModel) -> list[BaseColumn]:
    in_use = [column for column in base.columns if column.coefficient]
    return sorted(in_use, key=lambda column: (-abs(column.coefficient), column.feature))[:LARGEST]


def _coefficient(column: BaseColumn) -> str:
    missing = " missing" if column.reads == "missing" else ""
    return f"{column.feature}{missing} {column.coefficient:+.3f}"


def _liberty(liberty: LibertyOffset) -> tuple[str, ...]:
    return (
        f"Time at liberty is a known offset, not fitted: the log of the share of the {number(liberty.horizon_days)} "
        "days that the subject is recorded to be out of custody for. Policy values: a share of "
        f"{liberty.unknown_release_share:g} for a subject in custody without a known release, and at least "
        f"{liberty.least_liberty_share:g} for anyone",
    )


def sensitivity_lines(tried: Sequence[TriedLiberty]) -> tuple[str, ...]:
    """Say what other policy values would change of the base's lists on validation; nothing where none was tried.

    >>> from threat.release.documents.choices import TriedLiberty
    >>> def values(unknown, least, kept, recall):
    ...     return TriedLiberty(
    ...         unknown_release_share=unknown, least_liberty_share=least, list_kept=kept, mean_recall=recall)
    >>> sensitivity_lines([values(0.15, 0.02, 1.0, 0.21), values(0.4, 0.02, 0.97, None)])[0]
    'With the shares 0.4 and 0.02 the base keeps 97% of the places of its lists on validation'
    """
    return tuple(
        f"With the shares {values.unknown_release_share:g} and {values.least_liberty_share:g} the base keeps "
        f"{values.list_kept:.0%} of the places of its lists on validation"
        + ("" if values.mean_recall is None else f"; mean recall {values.mean_recall:.3f}")
        # The first entry is that of the settings themselves.
        for values in tried[1:]
    )
