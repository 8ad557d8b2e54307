"""Every way the history lets the rows of an audit be divided."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from fairness.characteristics import Characteristic
from fairness.groups import age, couples, ethnicity, records
from fairness.groups.column import Column, combined
from fairness.groups.parties import PARTIES, Parties, resolve
from fairness.groups.protected import Recorded, titles_of
from fairness.policy import Policy
from threat.history.schema import RELATIONSHIP_KIND_TITLES
from threat.history.snapshot import Snapshot
from threat.ids import pair_ids


def characteristics(snapshot: Snapshot, rows: Parties, outside: Parties, policy: Policy) -> list[Characteristic]:
    """Every way the history lets rows and events outside be divided, by both parties' characteristics.

    A characteristic recorded for nobody is omitted and listed in ``coverage``; if the gate requires it, it is included
    without codes, so that its verdict is not enough evidence. Rows without a code form the group *not recorded*.
    """
    both = rows + outside
    required = {(gate.party, gate.characteristic): None for gate in policy.gate}
    out = []
    for column in _with_intersections(list(_columns(snapshot, both, policy)), policy):
        wanted = (column.party, column.name) in required
        required.pop((column.party, column.name), None)
        if wanted or column.codes.notna().any():
            out.append(column.cut(len(rows)))
    nobody = pd.Series([None] * len(both), dtype=object)
    out += [Column(name, party, nobody).cut(len(rows)) for party, name in sorted(required)]
    return out


def _with_intersections(columns: list[Column], policy: Policy) -> list[Column]:
    """Return the columns and the combinations that the policy declares; a row lacking either has no combination."""
    by_name = {(column.party, column.name): column for column in columns}
    out = list(columns)
    for intersection in policy.intersections:
        parts = [by_name.get((intersection.party, name)) for name in intersection.of]
        if all(parts):
            first, second = (part for part in parts if part is not None)
            out.append(combined(first, second, intersection.name))
    return out


def _columns(snapshot: Snapshot, both: Parties, policy: Policy) -> Iterator[Column]:
    everyone = np.unique(np.concatenate([both.subject, both.person_at_risk]))
    recorded = Recorded.of(snapshot, everyone[everyone >= 0])
    latest = {party: resolve(snapshot, both.ids(party)) for party in PARTIES}
    for party, ids in latest.items():
        for name in recorded.names():
            if name == "ethnicity":
                yield from ethnicity.columns(recorded, party, ids)
                continue
            codes, note = recorded.preferred(name, ids)
            yield Column(name, party, codes, titles_of(name, codes), note)
        bands = age.age_bands(snapshot, ids, both.as_of, policy.age_bands)
        yield Column("age_band", party, bands, note=age.NOTE)
        bands = records.record_bands(snapshot, ids, both.as_of, policy.richness_bands)
        yield Column("records_before", party, bands, note=records.NOTE)
    # An outcome of people whom no list covered names its parties and no relationship.
    pairs = np.where(both.relationship >= 0, both.relationship, pair_ids(both.subject, both.person_at_risk))
    kind = couples.kinds(snapshot, pairs, both.as_of)
    yield Column("kind", "relationship", kind, RELATIONSHIP_KIND_TITLES)
    first, second = (recorded.preferred("sex", ids)[0] for ids in latest.values())
    yield Column("same_sex", "relationship", couples.same_sex(first, second, kind), note=couples.SAME_SEX_NOTE)
