"""Referrals recorded lately and licences about to end: of the case and no other, at the edges of their windows."""

from __future__ import annotations

import pytest
from fixtures.feature_histories import Happening, rows, sightings

from serving.relationship.notices import notices
from threat.asof import DAY

AS_OF = 1_000 * DAY
S, V, W = 1, 2, 3
PAIR = {"subject": S, "at_risk": V}


def noticed(*happenings: Happening) -> list[tuple[str, int]]:
    numbered = [
        Happening(**{name: getattr(each, name) for name in Happening.__dataclass_fields__} | {"event_id": number})
        for number, each in enumerate(happenings, 1)
    ]
    (of_row,) = notices(sightings(numbered), rows([(S, V, AS_OF)]), AS_OF, recorded_days=7, ahead_days=7)
    return [(notice.what, notice.event_id) for notice in of_row]


@pytest.mark.parametrize(
    ("recorded_at", "is_noticed"),
    [(AS_OF - 7 * DAY, True), (AS_OF - 7 * DAY - 1, False), (AS_OF - 1, True), (AS_OF, False)],
)
def test_a_referral_is_noticed_by_when_it_was_recorded(recorded_at: int, is_noticed: bool) -> None:
    referral = Happening("marac_referral", AS_OF - 900 * DAY, recorded_at, **PAIR)
    assert noticed(referral) == ([("referral", 1)] if is_noticed else [])


@pytest.mark.parametrize(
    ("ends_at", "is_noticed"),
    [(AS_OF - 1, False), (AS_OF, True), (AS_OF + 7 * DAY - 1, True), (AS_OF + 7 * DAY, False)],
)
def test_a_licence_is_noticed_before_it_ends(ends_at: int, is_noticed: bool) -> None:
    licence = Happening("licence_end", ends_at, AS_OF - 90 * DAY, about=S)
    assert noticed(licence) == ([("licence_end", 1)] if is_noticed else [])


def test_a_referral_of_another_case_is_not_noticed() -> None:
    at = AS_OF - DAY
    assert noticed(
        Happening("idva_referral", at, at, subject=S, at_risk=W),
        Happening("idva_referral", at, at, subject=W, at_risk=V),
        Happening("probation_alert", at, at - DAY, about=S),
        Happening("health_referral", at, at, subject=V, at_risk=S),
        Happening("social_care_referral", at, at, withdrawn_at=at + 1, **PAIR),
    ) == [("referral", 4), ("referral", 3)]
