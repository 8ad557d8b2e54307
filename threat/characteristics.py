"""The words for what an audit divides people by: titles of ``characteristics.csv``, and the parties they describe.

Only words are here; the codes that people were recorded with are read by ``threat.history.protected`` alone.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

PARTY_TITLES = {
    "person_at_risk": "person at risk",
    "subject": "subject (alleged)",
    "relationship": "relationship",
    "column": "column",
}
"""Whom a characteristic describes, in running text. ``column``: a column of a file that someone else scored."""


@cache
def titles() -> dict[str, str]:
    """Return the titles of ``characteristics.csv``, in running text, by characteristic."""
    text = files("threat").joinpath("characteristics.csv").read_text(encoding="utf-8")
    return {row["characteristic"]: row["title"] for row in csv.DictReader(text.splitlines())}


def title_of(characteristic: str, party: str) -> str:
    """Return the title of a party's characteristic, in running text; an unknown characteristic is its own title.

    >>> title_of("sex", "person_at_risk")
    'sex of the person at risk'
    >>> title_of("same_sex", "relationship"), title_of("tenure", "column")
    ('same-sex couple', 'tenure')
    >>> title_of("sex_by_disability", "subject")
    'sex and disability of the subject (alleged)'
    """
    titles_of_data = titles()
    # An intersection is named after the two characteristics that it combines.
    parts = [characteristic] if characteristic in titles_of_data else characteristic.split("_by_")
    title = (
        " and ".join(titles_of_data[part] for part in parts) if titles_of_data.keys() >= set(parts) else characteristic
    )
    return title if party in {"relationship", "column"} else f"{title} of the {PARTY_TITLES[party]}"
