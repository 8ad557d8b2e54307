"""Ethnicity rolled up from codes of any scheme."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from fixtures.group_history import AS_OF, NOBODY, ids

from fairness.groups.ethnicity import ethnicity_table
from fairness.groups.every import characteristics
from fairness.groups.parties import Parties
from fairness.policy import load_policy
from threat.history.batches import Batch
from threat.history.store import Store


def test_the_roll_up_table() -> None:
    table = ethnicity_table()
    by_group: dict[str, list[str]] = {}
    for (scheme, code), row in table.items():
        if scheme == "18+1":
            by_group.setdefault(row["group"], []).append(code)
    assert {group: len(codes) for group, codes in by_group.items()} == {"W": 4, "M": 4, "A": 5, "B": 3, "O": 2, "NS": 1}
    assert table["16+1", "O1"]["group"] == "A"
    assert ("18+1", "O1") not in table


@pytest.mark.parametrize(
    ("code", "scheme", "group"),
    [
        ("White", "5+1", "W"),
        ("B", "5+1", "B"),
        ("X", "5+1", "X (not in the roll-up table)"),
        ("W4", "18+1", "W4 (not in the roll-up table)"),
        ("hispanic", "jail_race", "hispanic"),
    ],
)
def test_only_observed_ethnicity_is_used_and_said(tmp_path: Path, code: str, scheme: str, group: str) -> None:
    store = Store.create(tmp_path / "history")
    store.append(
        Batch(profile="test", loaded_at=AS_OF),
        {
            "persons": pa.table({"person_id": [11], "kind": ["person"], "recorded_at": [0]}),
            "protected": pa.table(
                {
                    "person_id": [11], "characteristic": ["ethnicity"], "code": [code], "scheme": [scheme],
                    "source": ["observed"], "recorded_at": [1], "withdrawn_at": pa.nulls(1, pa.int64()),
                }
            ),
        },
    )  # fmt: skip
    rows = Parties(ids(1), ids(11), ids(-1), ids(AS_OF))
    divided = {(item.party, item.name): item for item in characteristics(store.snapshot(), rows, NOBODY, load_policy())}
    item = divided["person_at_risk", "ethnicity_group"]
    assert list(item.codes) == [group]
    assert "observed by an officer" in item.note
    assert ("person_at_risk", "ethnicity_observed") not in divided
