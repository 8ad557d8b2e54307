"""Every way a history drawn by hand lets its rows be divided, and what of it covers the protected characteristics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fixtures.group_history import AS_OF, NOBODY, OUTSIDE, ROWS, ids, written

from fairness.characteristics import Characteristic
from fairness.groups.coverage import coverage
from fairness.groups.every import characteristics
from fairness.groups.parties import Parties
from fairness.policy import load_policy
from threat.history.snapshot import Snapshot
from threat.history.store import Store


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return written(tmp_path_factory.mktemp("store") / "history")


@pytest.fixture(scope="module")
def divided(snapshot: Snapshot) -> dict[tuple[str, str], Characteristic]:
    return {(item.party, item.name): item for item in characteristics(snapshot, ROWS, OUTSIDE, load_policy())}


@pytest.mark.parametrize(
    ("party", "name", "codes", "outside"),
    [
        ("subject", "sex", ["M", "F", None, None], ["F"]),  # one's own answer before an officer's
        ("person_at_risk", "sex", ["F", "F", "M", None], ["F"]),
        (
            "person_at_risk",
            "ethnicity",
            ["W3", "O1", None, None],
            ["O1"],
        ),  # merged record found; observed never imputes
        ("person_at_risk", "ethnicity_group", ["W", "A", None, None], ["A"]),  # O1 of the older scheme is Chinese
        ("person_at_risk", "ethnicity_observed", ["White", None, "Asian", None], [None]),
        ("person_at_risk", "white_minority", ["White minority", None, None, None], [None]),
        ("subject", "ethnicity_group", ["O1 (not in the roll-up table)", "NS", "B", None], ["NS"]),
        ("subject", "age_band", ["25-34", "65 or over", None, None], ["65 or over"]),
        ("person_at_risk", "age_band", ["under 18", "18-24", "25-34", None], ["18-24"]),
        ("subject", "records_before", ["2-3", "1", "none", "none"], ["1"]),
        ("person_at_risk", "records_before", ["2-3", "1", "none", None], ["1"]),
        ("relationship", "kind", ["ex_partner", "current_partner", "parent", None], [None]),
        ("relationship", "same_sex", ["different-sex couple", "same-sex couple", "family", None], [None]),
        ("person_at_risk", "disability", [None] * 4, [None]),  # the gate rests on it, so it is there, empty
    ],
)
def test_codes(divided: Any, party: str, name: str, codes: list[str | None], outside: list[str | None]) -> None:
    item = divided[party, name]
    assert [None if code is None or code != code else code for code in item.codes] == codes
    assert [None if code is None or code != code else code for code in item.outside] == outside


def test_notes_say_where_a_code_comes_from(divided: Any) -> None:
    assert divided["subject", "sex"].note == "self-defined where recorded, otherwise observed"
    assert divided["person_at_risk", "ethnicity"].note == "self-defined"
    assert divided["person_at_risk", "ethnicity"].titles["W3"] == "White: Gypsy or Irish Traveller"


def test_an_empty_history_still_names_what_the_gate_rests_on(tmp_path: Path) -> None:
    snapshot = Store.create(tmp_path / "history").snapshot()
    rows = Parties(ids(1, -1), ids(-1, -1), ids(5, 6), ids(AS_OF, AS_OF))
    items = characteristics(snapshot, rows, NOBODY, load_policy())
    gated = {(gate.party, gate.characteristic) for gate in load_policy().gate}
    assert {(item.party, item.name) for item in items} >= gated


def test_coverage_is_never_blank(divided: Any) -> None:
    table = coverage(list(divided.values()))
    assert len(table) == 18
    states = {(covered.party, covered.characteristic): covered.state for covered in table}
    assert states["person_at_risk", "sex"] == "tested"
    assert states["person_at_risk", "race"] == "tested"
    assert states["person_at_risk", "disability"] == "not_recorded"
    assert states["person_at_risk", "sexual_orientation"] == "proxy_only"
    assert states["subject", "marriage_civil_partnership"] == "proxy_only"
    assert states["subject", "pregnancy_maternity"] == "not_recorded"
    assert all(covered.reason for covered in table)
