"""The nine protected characteristics, each named for both parties: tested, by proxy only, or not recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from fairness.characteristics import Characteristic
from fairness.groups.parties import PARTIES
from threat.release.documents.fairness import Coverage

_NINE = (
    ("age", "age_band", ""),
    ("disability", "disability", ""),
    ("gender_reassignment", "gender_reassignment", ""),
    ("marriage_civil_partnership", "marriage_civil_partnership", "kind"),
    ("pregnancy_maternity", "pregnancy_maternity", ""),
    ("race", "ethnicity_group", ""),
    ("religion_belief", "religion", ""),
    ("sex", "sex", ""),
    ("sexual_orientation", "orientation", "same_sex"),
)
"""Name in the Equality Act 2010 (section 4), the characteristic that tests it, and a proxy of the relationship."""


def coverage(items: Sequence[Characteristic]) -> list[Coverage]:
    """The nine protected characteristics for both parties: tested, proxy_only or not_recorded; never blank."""
    recorded = {(item.party, item.name) for item in items if pd.notna(np.asarray(item.codes, dtype=object)).any()}
    out = []
    for party in PARTIES:
        for name, test, proxy in _NINE:
            state: Literal["tested", "proxy_only", "not_recorded"] = "not_recorded"
            reason = "the history holds no such record"
            audited_as = ""
            if (party, test) in recorded:
                state, reason, audited_as = "tested", f"audited as {test}", test
            elif ("relationship", proxy) in recorded:
                state, reason = "proxy_only", f"only through {proxy} of the relationship"
            out.append(Coverage(characteristic=name, party=party, state=state, audited_as=audited_as, reason=reason))
    return out
