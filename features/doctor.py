"""The checks that ``features`` adds to ``threat doctor``: the catalogue of the served model, and the generated page."""

from __future__ import annotations

from pathlib import Path

from features.load import load_catalogue
from threat.doctor.findings import Finding, Places
from threat.release import promotions
from threat.release.documents.model import ModelFeatures

PAGE = Path("docs/features.md")
"""The data dictionary, in a checkout; absent where the product is only installed."""


def check_catalogue(places: Places) -> list[Finding]:
    """Compare the catalogue version of the served bundle with the catalogue that is installed."""
    installed = load_catalogue().version
    standing = promotions.current(places.promotions)
    if not standing.served or standing.bundle is None:
        return [Finding("catalogue", "ok", f"version {installed}; no model is served")]
    served = ModelFeatures.read_file(standing.bundle / ModelFeatures.FILE).catalogue_version
    if served == installed:
        return [Finding("catalogue", "ok", f"version {installed}, as the served model's")]
    says = f"version {installed}; the served model {standing.run_id} is of version {served}: train and release again"
    return [Finding("catalogue", "stale", says, places.train_command)]


def check_dictionary(places: Places) -> list[Finding]:
    """Compare the catalogue version that the data dictionary names with the catalogue that is installed."""
    if not PAGE.is_file():
        return []
    if load_catalogue().version in PAGE.read_text(encoding="utf-8"):
        return [Finding("pages", "ok", f"{PAGE} is of this catalogue")]
    return [Finding("pages", "stale", f"{PAGE} was made from another catalogue of features", "make docs")]
