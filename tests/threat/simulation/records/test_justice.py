"""What the courts and the custody suite write down of rows drawn by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from fixtures.raw_rows import frame, many, raw_rows

from threat.simulation.records import justice
from threat.simulation.records.event_rows import EventRows
from threat.simulation.world import states


def written(*rows: dict[str, Any], **numbers: Any) -> pd.DataFrame:
    events = EventRows()
    justice.record(events, raw_rows(*rows, **numbers))
    return frame(events)


def stay(kind: int, state: int = 0) -> dict[str, Any]:
    return {"what": states.CUSTODY, "offence": kind, "at": 10.0, "until": 50.0, "state": state}


@pytest.mark.parametrize(
    ("kind", "state", "licence", "code", "way"),
    [
        (states.POLICE, 0, 1.0, "police", "no_further_action"),
        (states.POLICE, states.BIT_BAIL, 1.0, "police", "bail"),
        (states.REMAND, 0, 1.0, "remand", "bail"),
        (states.SENTENCE, 0, 1.0, "sentence", "licence"),
        (states.SENTENCE, states.BIT_BAIL, 0.0, "sentence", "end_of_sentence"),
    ],
)
def test_a_stay_ends_the_way_its_kind_does(kind: int, state: int, licence: float, code: str, way: str) -> None:
    rows = written(stay(kind, state), licence=licence, recall=0.0, hold=0.0).set_index("kind")
    assert rows.loc["custody", "code"] == code
    assert rows.loc["custody", ["occurred", "until"]].tolist() == [10.0, 50.0]
    assert rows.loc["release", "code"] == way
    assert rows.loc["release", "occurred"] == 50.0
    assert ("licence_end" in rows.index) == (way == "licence")


def test_only_the_end_of_a_sentence_is_known_from_its_first_day() -> None:
    numbers = {"licence": 0.0, "hold": 0.0, "recall": 0.0}
    sentence = written(stay(states.SENTENCE), **numbers).set_index("kind")
    assert sentence.loc["release", "recorded"] == sentence.loc["custody", "recorded"] < 20.0
    remand = written(stay(states.REMAND), **numbers).set_index("kind")
    assert remand.loc["release", "recorded"] > 50.0


def test_a_recall_comes_after_release_on_licence_and_is_recorded_the_same_day() -> None:
    rows = written(*many(30, **stay(states.SENTENCE)), licence=1.0, recall=1.0, hold=0.0)
    recalls = rows[rows["kind"] == "breach_supervision"]
    assert len(recalls) == 30
    assert (recalls["occurred"] > 50.0).all()
    assert (recalls["occurred"] == recalls["recorded"]).all()
    assert set(recalls["code"]) == {"recall", "probation"}


def test_only_police_custody_can_hold_somebody_without_more() -> None:
    for kind, expected in ((states.POLICE, 1), (states.REMAND, 0), (states.SENTENCE, 0)):
        assert (written(stay(kind), hold=1.0)["kind"] == "hold").sum() == expected


def test_bail_ends_and_who_does_not_appear_is_missed_at_its_end() -> None:
    bail = {"what": states.BAIL, "at": 10.0, "until": 40.0}
    rows = written(bail, fail_to_appear=1.0).set_index("kind")
    assert rows.loc["bail_granted", ["occurred", "until", "code"]].tolist() == [10.0, 40.0, "conditional"]
    assert rows.loc["bail_end", "occurred"] == 40.0
    assert rows.loc["bail_end", "recorded"] < 40.0  # known in advance
    assert rows.loc["fail_to_appear", "occurred"] == 40.0
    assert rows.loc["fail_to_appear", "recorded"] > 40.0
    assert rows.loc["fail_to_appear", "source"] == "crime"


@pytest.mark.parametrize(
    ("order", "kind", "allowed"),
    [
        (states.NON_MOLESTATION, "non_molestation_order", {None}),
        (states.PROTECTION, "protection_order", {"notice", "order"}),
        (states.RESTRAINING, "restraining_order", {None}),
        (states.STALKING_ORDER, "stalking_order", {"interim", "full"}),
    ],
)
def test_an_order_has_its_own_kind_and_codes(order: int, kind: str, allowed: set[str | None]) -> None:
    rows = written(*many(40, what=states.ORDER, offence=order, at=10.0, until=210.0), order_served=0.0)
    orders = rows[rows["kind"] == kind]
    assert len(orders) == 40
    assert {None if pd.isna(code) else code for code in orders["code"]} == allowed
    assert (orders["until"] == 210.0).all()
    assert set(rows["kind"]) == {kind, "order_expiry"}
    assert (rows.loc[rows["kind"] == "order_expiry", "occurred"] == 210.0).all()


def test_an_order_is_served_before_it_ends_or_never() -> None:
    rows = written(*many(200, what=states.ORDER, at=10.0, until=14.0), order_served=1.0, order_served_mean=4.0)
    served = rows[rows["kind"] == "order_served"]
    assert 80 < len(served) < 180  # 1 - 1/e of them
    assert served["occurred"].between(10.0, 14.0, inclusive="neither").all()
    assert (served["recorded"] > served["occurred"]).all()


def crimes(n: int, offence: str = "assault_with_injury", state: int = 0) -> list[dict[str, Any]]:
    return many(n, what=states.INCIDENT, offence=states.OFFENCES.index(offence), at=10.0, state=state)


def test_crimes_without_a_charge_end_without_support_or_evidence_or_stay_open() -> None:
    shares = {"charged_share": 0.2, "withdrawal": 0.4, "evidential": 0.24, "retraction": 1.0}
    rows = written(*crimes(600), **shares)
    count = rows.groupby(["kind", "code"], dropna=False).size()
    unsupported = count["no_further_action", "victim_not_supporting"]
    assert unsupported == pytest.approx(300, abs=45)
    assert count["no_further_action", "evidential"] == pytest.approx(180, abs=40)
    assert (rows["kind"] == "victim_withdrawal").sum() == (rows["kind"] == "retraction").sum() == unsupported
    said = rows[rows["kind"] == "retraction"]
    assert (said["recorded"] - said["occurred"]).to_numpy() == pytest.approx(1.0)  # the day before it is written


def test_neither_charged_crimes_nor_calls_have_an_outcome() -> None:
    assert written(*crimes(50, state=states.BIT_CHARGED)).empty
    assert written(*crimes(50, "domestic_incident")).empty
