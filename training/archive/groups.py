"""The groups of an audit as a file: with the predictions, all that the audit can be computed again from."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

from fairness.characteristics import Characteristic
from threat.errors import IntegrityFailure
from threat.release.documents.document import json_object
from threat.trust.chain import canonical

FILE = "groups.json"


def encode(groups: list[Characteristic]) -> bytes:
    """Return the groups as canonical JSON: of each characteristic, the code of every row and of every event outside.

    >>> sex = Characteristic("sex", "subject", np.array(["F", None], object), titles={"F": "Female"})
    >>> [(item.name, list(item.codes), item.titles) for item in decode(encode([sex]))]
    [('sex', ['F', None], {'F': 'Female'})]
    """
    return canonical({"characteristics": [_as_json(item) for item in groups]})


def _as_json(item: Characteristic) -> dict[str, Any]:
    return {
        "name": item.name,
        "party": item.party,
        "codes": _plain(item.codes),
        "outside": _plain(item.outside),
        "titles": None if item.titles is None else dict(item.titles),
        "note": item.note,
    }


def _plain(codes: Any) -> list[str | None]:
    """Return codes as texts; None where nothing is recorded."""
    values = pd.Series(np.asarray(codes, dtype=object))
    return [None if missing else str(value) for value, missing in zip(values, values.isna(), strict=True)]


def decode(data: bytes) -> list[Characteristic]:
    """Return the groups that a file holds. Raises IntegrityFailure for a file of another form."""
    try:
        return [
            Characteristic(
                name=str(item["name"]),
                party=item["party"],
                codes=np.array(item["codes"], dtype=object),
                outside=np.array(item["outside"], dtype=object),
                titles=item["titles"],
                note=str(item["note"]),
            )
            for item in json_object(data, FILE)["characteristics"]
        ]
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise IntegrityFailure("The file of groups has another form.", value=error, where=FILE) from None
