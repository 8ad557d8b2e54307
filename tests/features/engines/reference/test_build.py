"""Lineage and single values by name."""

from __future__ import annotations

import numpy as np
from fixtures.feature_histories import AS_OF, hit, rows, sightings

from features import lineage, value


def test_lineage_and_value_by_name():
    store = sightings([hit(2, 10, domestic="yes"), hit(1, 20, domestic="yes"), hit(3, 40, domestic="yes")])
    asked = rows([(11, 12, AS_OF)])
    assert value(store, asked, "domestic_incidents_30d") == np.float32(2)
    assert lineage(store, asked, 0, "domestic_incidents_30d") == [1, 2]
    assert lineage(store, asked, 0, "days_since_domestic_incident") == [2]
    assert lineage(store, asked, 0, "person_at_risk_suicidality_ever") == []
