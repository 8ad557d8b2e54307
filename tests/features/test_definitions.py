"""Bad input is an error that says what is wrong, before any number is made; all problems come at once."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
from fixtures.feature_definitions import define
from fixtures.feature_histories import AS_OF, UNKNOWN, rows, sightings

from features.engines.fold.build import build
from features.kinds_read import expand
from features.load import Catalogue, load_catalogue, read_catalogue
from features.validation import forbidden_direction
from threat.asof import seconds
from threat.errors import UsageError
from threat.history.sightings import Rows

COUNT = {"statistic": "count", "kinds": ("assault_with_injury",)}


def refused(**parts: object) -> str:
    with pytest.raises(UsageError) as error:
        Catalogue((define(**{"name": "one", **COUNT, **parts}),))
    return str(error.value)


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"kinds": ("asault_with_injury",)}, "did you mean assault_with_injury"),
        ({"kinds": ("@asault",)}, "did you mean @assault"),
        ({"kinds": ()}, "names no kind"),
        ({"kinds": ("withdrawn",)}, "Record-keeping rows are never read"),
        ({"kinds": ("release",)}, "never enters a look-back window"),
        ({"statistic": "days_until"}, "reads only kinds known in advance"),
        ({"window_days": -30}, "window_days is not a number of days above 0"),
        ({"window_days": 0}, "window_days is not a number of days above 0"),
        ({"window_days": float("nan")}, "window_days is not a number of days above 0"),
        ({"window_days": "30"}, "window_days is not a number of days above 0"),
        ({"window_days": 50_000}, "more than 100 years"),
        ({"name": "Assaults 30d"}, "lower-case words"),
        ({"scope": "relationships"}, "did you mean relationship"),
        ({"statistic": "cuont"}, "did you mean count"),
        ({"kinds": ("weapon_used",), "codes": ("knives",)}, "None of the kinds has this code"),
        ({"domestic": "maybe"}, "not a value of domestic"),
        ({"reported_by": ("neighbour",)}, "no reporter of this name"),
        ({"of": "harm"}, "count takes no of"),
        ({"half_life_days": 30}, "count takes no half_life_days"),
        ({"statistic": "sum"}, "sum needs of"),
        ({"statistic": "sum", "of": "incidents"}, "not what sum can be of"),
        ({"statistic": "slope", "window_days": 90}, "slope needs periods"),
        ({"statistic": "slope", "window_days": 90, "periods": 1}, "fewer than two periods"),
        ({"statistic": "window_ratio", "window_days": 90, "long_window_days": 30}, "not longer than its window"),
        ({"statistic": "share"}, "share needs among"),
        ({"statistic": "recency_weighted"}, "recency_weighted needs half_life_days"),
        ({"statistic": "rate_at_liberty"}, "rate_at_liberty needs window_days"),
        ({"statistic": "rate_at_liberty", "window_days": 90, "scope": "reversed"}, "about the person who acts"),
        ({"statistic": "in_custody"}, "reads only kinds of custody"),
        ({"statistic": "grade"}, "None of the kinds has this code"),
        ({"sensitive": True}, "has no justification"),
        ({"sentence": " "}, "lacks its sentence"),
        ({"statistic": "days_since_last", "direction": -1}, "recency across custody is not clean time"),
        ({"kinds": ("arrest",), "scope": "about_subject", "direction": 1}, "what the system did"),
        ({"kinds": ("restraining_order",), "direction": 1}, "orders are what the system did"),
        ({"kinds": ("mental_health_marker",), "scope": "about_subject", "direction": 1}, "mental health"),
        ({"kinds": ("idva_referral",), "direction": 1}, "service use is not risk"),
        ({"reported_by": ("third_party",), "direction": 1}, "who calls"),
        ({"include_proactive": True, "direction": 1}, "what the unit did"),
        ({"kinds": ("retraction",), "direction": 1}, "mark it policy"),
    ],
)
def test_one_wrong_part(parts, says):
    assert says in refused(**parts)


def test_all_problems_at_once():
    wrong = (
        define("same", **COUNT, window_days=-1),
        define("same", statistic="count", kinds=("nothing",)),
        define("fine", **COUNT),
    )
    with pytest.raises(UsageError) as error:
        Catalogue(wrong)
    text = str(error.value)
    assert text.startswith("3 problems:")
    for part in (
        "The name is taken by 2 definitions",
        "window_days is not a number of days above 0",
        "not a kind or group",
    ):
        assert part in text


def test_directions_that_are_allowed():
    assert forbidden_direction(define("harm", statistic="sum", of="harm", kinds=("@crime",), direction=1)) == ""
    assert forbidden_direction(define("r", statistic="count", kinds=("retraction",), direction=1, policy=True)) == ""


def test_groups_leave_out_what_is_known_in_advance_and_record_keeping():
    assert "release" not in expand(("@custody",))
    assert {"release", "bail_end", "licence_end"} == expand(("@custody",), in_advance=True)
    assert "withdrawn" not in expand(("@any",))
    assert "murder" in expand(("@crime",))
    assert "arrest" not in expand(("@crime",))


FILE = """
theme: incidents
definitions:
  - {name: a, scope: relationship, statistic: count, kinds: wounding, domestic: yes, sentence: s, source: s, unit: u,
     missing: m}
"""


def test_a_file_of_definitions():
    catalogue = read_catalogue([("a.yaml", FILE)])
    assert (catalogue.names, catalogue["a"].kinds, catalogue["a"].domestic) == (("a",), ("wounding",), "yes")
    assert catalogue.version == read_catalogue([("b.yaml", FILE)]).version
    assert catalogue.version != read_catalogue([("a.yaml", FILE.replace("wounding", "murder"))]).version


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[a: b: c", "not YAML"),
        ("just words", "neither a list nor a mapping"),
        ("- word", "definition is not a mapping"),
        (FILE.replace("kinds", "kind"), "did you mean kinds"),
        (FILE.replace("statistic: count, ", ""), "lacks a field"),
        (FILE.replace("relationship", "relation").replace("wounding", "wound"), "2 problems"),
    ],
)
def test_a_file_nobody_understands(text, says):
    with pytest.raises(UsageError, match=says):
        read_catalogue([("a.yaml", text)])


def test_problems_of_several_files_come_at_once():
    with pytest.raises(UsageError) as error:
        read_catalogue([("a.yaml", "- word"), ("b.yaml", "just words")])
    assert "a.yaml" in str(error.value)
    assert "b.yaml" in str(error.value)


def test_a_folder_without_definitions(tmp_path):
    with pytest.raises(UsageError, match=r"holds no \.yaml file"):
        load_catalogue(tmp_path)


def test_a_name_outside_the_catalogue():
    with pytest.raises(UsageError, match="did you mean domestic_incidents_30d"):
        load_catalogue()["domestic_incident_30d"]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (rows([(UNKNOWN, 12, AS_OF)]), "rows have no subject"),
        (rows([(11, 12, AS_OF), (11, 11, AS_OF)]), "not another than the person at risk"),
        (
            Rows(np.arange(1), np.array([11]), np.array([12]), np.array([AS_OF], np.float64)),
            "not int64 ids",
        ),
        (
            Rows(np.arange(1), np.array([11]), np.array([12]), np.array(["2023-11-14"], "datetime64[s]")),
            "not int64 ids",
        ),
        (
            Rows(np.arange(2), np.array([11, 12]), np.array([12]), np.array([AS_OF, AS_OF])),
            "one entry per relationship",
        ),
    ],
)
def test_rows_nobody_can_score(asked, says):
    with pytest.raises(UsageError, match=says):
        build(sightings([]), asked, parallel=False)


def test_an_as_of_needs_a_time_zone():
    with pytest.raises(UsageError, match="has no time zone"):
        seconds(datetime(2024, 6, 1))  # noqa: DTZ001
