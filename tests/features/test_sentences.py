"""The sentence a reviewer reads, for every definition and every value it can have."""

from __future__ import annotations

import math
import re

import pytest
from fixtures.definition_values import values

from features.definitions import Definition
from features.load import load_catalogue
from features.sentences import THEMES, TRUNCATED, sentence, window
from threat.errors import UsageError

CATALOGUE = load_catalogue()
NAN = math.nan

REASSURING = re.compile(r"\b(low[- ]risk|low danger|safe|harmless|no risk|not dangerous|unlikely)\b", re.IGNORECASE)


V = "the person at risk"
BY = "{} recorded as by the subject"
ANYONE = "against anyone (named or not)"
SAID: list[tuple[str, float, str]] = [
    ("domestic_incidents_90d", 3, f"3 domestic incidents against {V} recorded in the last 90 days"),
    ("domestic_incidents_90d", 1, f"1 domestic incident against {V} recorded in the last 90 days"),
    ("domestic_incidents_30d", 0, f"No domestic incident against {V} in the last 30 days is recorded"),
    ("domestic_incidents_ever", 0, f"No domestic incident against {V} is recorded"),
    ("domestic_incidents_ever", 1234, f"1,234 domestic incidents against {V} recorded to date"),
    ("days_since_domestic_incident", 12.7, f"Last domestic incident against {V} 12 days before this date"),
    ("days_since_domestic_incident", 1.0, f"Last domestic incident against {V} 1 day before this date"),
    ("days_since_domestic_incident", 0.2, f"Last domestic incident against {V} less than a day before this date"),
    ("days_since_domestic_incident", NAN, f"No domestic incident against {V} is recorded"),
    ("order_breaches_365d", 1, f"1 breach of bail or an order protecting {V} recorded in the last 12 months"),
    ("order_breaches_365d", 2, f"2 breaches of bail or an order protecting {V} recorded in the last 12 months"),
    ("order_breaches_365d", 0, f"No breach of bail or an order protecting {V} in the last 12 months is recorded"),
    ("persons_at_risk_1095d", 1, "1 person recorded as at risk from the subject in the last 3 years"),
    ("persons_at_risk_1095d", 2, "2 people recorded as at risk from the subject in the last 3 years"),
    ("persons_at_risk_1095d", 0, "No known person recorded as at risk from the subject in the last 3 years"),
    ("latest_grade", 2, "Latest officer grade is medium"),
    ("latest_grade", NAN, "Never graded"),
    ("answer_frightened", 1, f"Latest answer is yes: {V} is frightened"),
    ("answer_frightened", 0, f"Latest answer is no to whether {V} is frightened"),
    ("answer_frightened", NAN, f"No yes or no in the last 12 months to whether {V} is frightened"),
    ("unanswered_frightened", 1, f"Latest assessment leaves unanswered whether {V} is frightened"),
    ("unanswered_frightened", NAN, f"Not asked in the last 12 months whether {V} is frightened"),
    ("in_custody", 0, "The subject is not recorded as in custody at this date"),
    ("days_until_release", 3.0, "Release from custody is due 3 days after this date"),
    ("days_until_release", NAN, "No coming release is known"),
    ("subject_domestic_share", 0.25, "25% of the subject's recorded crimes are domestic"),
    ("subject_domestic_share", 0, "None of the subject's recorded crimes is domestic"),
    ("domestic_incident_slope_364d", -0.5, "Domestic incidents fell by 0.50 each quarter in the last 12 months"),
    ("domestic_incident_slope_364d", 0, "Domestic incidents neither rose nor fell in the last 12 months"),
    ("harm_sum_ever", 1, f"Incidents against {V} to date add to 1 day on the harm index"),
    ("harm_sum_ever", 0, f"Incidents against {V} add to no days on the harm index"),
    ("harm_sum_365d", 2555, f"Incidents against {V} in the last 12 months add to 2,555 days on the harm index"),
    ("subject_harm_max_ever", 1, f"The worst {BY.format('crime')} {ANYONE} carries 1 day on the harm index"),
    ("subject_domestic_incidents_90d", 2, f"2 {BY.format('domestic incidents')} {ANYONE} in the last 90 days"),
    ("subject_domestic_incidents_90d", 0, f"No {BY.format('domestic incident')} {ANYONE} in the last 90 days"),
    ("subject_domestic_incidents_ever", 0, f"No {BY.format('domestic incident')} {ANYONE}"),
    ("living_together", 0, "Living together at this date is not recorded"),
    ("days_living_together", 12.7, "Living together, or reconciled, since 12 days before this date"),
    ("cohabitation_ever", 1, "Living together is recorded to date"),
    ("kind_ex_partner", 1, "The two are recorded as former partners at this date"),
    ("days_since_ex_partner", 1, "The two are recorded as former partners since 1 day before this date"),
    ("days_from_order_to_breach", 2, "Order breached 2 days after one was made or served, the shortest time on record"),
    ("pregnancy_or_birth_548d", 0, f"No pregnancy or birth of {V} in the last 18 months is recorded"),
    ("disclosure_application_open", 1, "A disclosure scheme application made in the last 35 days is open"),
    ("supervision_breaches_365d", 1, f"1 {BY.format('breach of licence or supervision')} in the last 12 months"),
    (
        "subject_other_offending_365d",
        1,
        f"1 {BY.format('crime')} outside domestic abuse with no person at risk named in the last 12 months",
    ),
    ("domestic_incident_rate_at_liberty_365d", NAN, "The subject was in custody for the whole period"),
]


@pytest.mark.parametrize(("name", "value", "said"), SAID)
def test_sentences(name: str, value: float, said: str) -> None:
    assert sentence(CATALOGUE[name], value) == said


def test_no_sentence_states_an_allegation_as_fact() -> None:
    told = [word for d in CATALOGUE if "by the subject" in d.sentence for word in d.sentence.split(" | ")[:1]]
    assert len(told) > 20
    assert [word for word in told if not re.search(r"record(\{s\}|ed)? ", word)] == []


def test_truncated_is_said() -> None:
    said = sentence(CATALOGUE["domestic_incidents_365d"], 2, truncated=True)
    assert said == f"2 domestic incidents against the person at risk recorded in the last 12 months ({TRUNCATED})"


@pytest.mark.parametrize("d", list(CATALOGUE), ids=lambda d: d.name)
def test_every_sentence_reads_well(d: Definition) -> None:
    said = {value: sentence(d, value) for value in [*values(d), NAN]}
    for text in said.values():
        assert text == text.strip()
        assert text[0].isupper() or text[0].isdigit()
        assert not text.endswith(".")
        assert "  " not in text
        assert not re.search(r"[{}|]|\bnan\b|\binf\b", text)
        assert not REASSURING.search(text), text
        assert not re.search(r"(?<![.\d])1 (days|incidents|records|breaches|people|domestic incidents)\b", text), text
    assert said[NAN] == d.missing
    if 2.0 in said and d.statistic not in ("order_in_force", "grade"):
        assert len({said[v] for v in (0.0, 1.0, 2.0) if v in said}) == len([v for v in (0.0, 1.0, 2.0) if v in said])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("in_custody", 2.0),
        ("latest_grade", 4.0),
        ("subject_domestic_share", 1.5),
        ("domestic_incidents_90d", -1.0),
        ("domestic_incidents_90d", 0.5),
        ("days_since_domestic_incident", math.inf),
    ],
)
def test_an_impossible_value_is_refused(name: str, value: float) -> None:
    with pytest.raises(UsageError, match="not a value that"):
        sentence(CATALOGUE[name], value)


def test_every_theme_has_a_title() -> None:
    assert {d.theme for d in CATALOGUE} <= set(THEMES)
    assert len(set(THEMES.values())) == len(THEMES)


def test_a_sum_of_harm_is_not_headed_as_a_rise() -> None:
    assert THEMES[CATALOGUE["harm_sum_365d"].theme] == "Frequency and severity"


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (None, "to date"),
        (1, "in the last 1 day"),
        (7, "in the last 7 days"),
        (365.0, "in the last 12 months"),
        (1.5, "in the last 1.5 days"),
    ],
)
def test_windows(days: float | None, said: str) -> None:
    assert window(days) == said
