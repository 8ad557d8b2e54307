"""What the records do not say, said so that silence never reads as calm."""

from __future__ import annotations

import pytest
from fixtures.feature_histories import Happening, sightings

from serving.desk.case.unknowns import unknowns
from serving.desk.parties import Parties
from threat.asof import DAY, parse_as_of
from threat.dates import how_long
from threat.history.sightings import NO_PERSON

AS_OF = parse_as_of("2024-06-01")
S, P = 11, 12
UNKNOWN_PERSON, NO_ASSESSMENT, NOT_AGAIN = "Who is at risk", "No assessment", "Not assessed again"
UNANSWERED, NO_PARTNERS = "Questions without an answer", "Nothing from other agencies"
QUIET, LATE = "No recent record", "Late records"


def happening(kind: str, days: float = 1, lag: float = 0, **parts: object) -> Happening:
    """An event of ``days`` ago, recorded ``lag`` days later."""
    occurred_at = AS_OF - int(days * DAY)
    recorded_at = occurred_at + int(lag * DAY)
    return Happening(kind, occurred_at, recorded_at, event_id=1, **{"subject": S, "at_risk": P, **parts})  # type: ignore[arg-type]


def said(*happenings: Happening, at_risk: int = P, starts: dict[str, int] | None = None) -> dict[str, str]:
    numbered = [Happening(**{**vars(h), "event_id": number}) for number, h in enumerate(happenings, 1)]
    return {
        unknown.title: unknown.sentence
        for unknown in unknowns(sightings(numbered, starts=starts), Parties(S, at_risk), AS_OF, "Europe/London")
    }


def test_of_an_empty_record_everything_is_unknown() -> None:
    assert list(said(at_risk=NO_PERSON)) == [UNKNOWN_PERSON, NO_ASSESSMENT, NO_PARTNERS]
    assert UNKNOWN_PERSON not in said()


def test_an_assessment_of_another_relationship_is_none_of_this_one() -> None:
    assert NO_ASSESSMENT not in said(happening("risk_grade", code="high"))
    of_none = (
        "No grade and no answer to an assessment question about the subject towards the person at risk is on record"
    )
    assert said()[NO_ASSESSMENT] == f"{of_none}. That is missing, not 'no'."
    the_other_way = said(happening("risk_grade", code="high", subject=P, at_risk=S))[NO_ASSESSMENT]
    assert the_other_way == f"{of_none}, only the other way round. That is missing, not 'no'."


def test_items_whose_latest_answer_is_none_are_named() -> None:
    answered = happening("item_frightened", 30, code="not_asked"), happening("item_frightened", 3, code="yes")
    open_item = happening("item_isolated", 3, code="refused")
    sentences = said(*answered, open_item)
    assert sentences[UNANSWERED] == "Person at risk is isolated (refused). Missing, not 'no'."
    assert UNANSWERED not in said(*answered)


def test_incidents_since_the_latest_assessment_are_said() -> None:
    assessed = happening("risk_grade", 20, code="high", incident_id=1)
    of_it = happening("stalking", 19, incident_id=1)
    since = happening("stalking", 3, incident_id=2), happening("threat_to_kill", 3, incident_id=2)
    back = happening("assault_with_injury", 2, incident_id=3, subject=P, at_risk=S)
    assert NOT_AGAIN not in said(assessed, of_it, back, happening("stalking", 40, incident_id=4))
    assert said(assessed, of_it, *since)[NOT_AGAIN] == (
        "The latest assessment is of 12 May. 1 incident is on record since, and no answer."
    )
    again = happening("stalking", 2, incident_id=5)
    assert "2 incidents are on record since" in said(assessed, *since, again)[NOT_AGAIN]
    assert NOT_AGAIN not in said(*since)


def test_partner_agencies_are_missed_until_one_is_on_record() -> None:
    assert NO_PARTNERS in said(happening("threat_to_kill"))
    assert NO_PARTNERS not in said(happening("marac_referral"))


@pytest.mark.parametrize(("days", "quiet"), [(1, False), (90.9, False), (91, True), (200, True)])
def test_silence_is_said_after_ninety_days(days: float, quiet: bool) -> None:
    sentences = said(happening("threat_to_kill", 400), happening("threat_to_kill", days))
    assert (QUIET in sentences) is quiet
    if quiet:
        assert sentences[QUIET] == (
            f"The latest record was made {how_long(int(days))} before this list. Silence is not a sign of safety."
        )


@pytest.mark.parametrize(("lag", "late"), [(0, False), (7, False), (7.001, True), (30, True)])
def test_late_records_are_counted(lag: float, late: bool) -> None:
    sentences = said(happening("threat_to_kill", 40, lag), happening("threat_to_kill", 2))
    assert (LATE in sentences) is late
    if late:
        assert sentences[LATE].startswith("1 of 2 records here was made more than 7 days after what happened. ")


def test_where_records_begin_is_said_once_a_day_the_latest_first() -> None:
    starts = {"a": AS_OF - 400 * DAY, "b": AS_OF - 400 * DAY + 5, "c": AS_OF - 30 * DAY, "d": AS_OF, "e": 0}
    sentences = said(happening("threat_to_kill", source="a"), starts=starts)
    begins = {title: text for title, text in sentences.items() if title.startswith("Anything before")}
    assert list(begins) == ["Anything before 2 May 2024", "Anything before 28 April 2023"]
    assert begins["Anything before 28 April 2023"].startswith("Records begin then (a, b). What happened before")


def test_records_begin_on_a_day_of_the_zone() -> None:
    starts = {"a": parse_as_of("2023-07-01T00:00+01:00"), "b": parse_as_of("2023-06-30T23:59+01:00")}
    titles = [title for title in said(happening("threat_to_kill", source="a"), starts=starts) if "before" in title]
    assert titles == ["Anything before 1 July 2023", "Anything before 30 June 2023"]
