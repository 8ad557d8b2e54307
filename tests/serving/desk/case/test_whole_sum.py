"""The page of the whole sum: every part with its sign, checked, for who may see cases."""

from __future__ import annotations

import math
import re

import pytest
from fixtures.desk_browser import client_of
from fixtures.golden_lists import REFERENCE

from serving.relationship.words_not_said import not_to_be_said
from threat.ids import parse_id

pytestmark = pytest.mark.usefixtures("every_place")

SUM = "/relationships/{}/sum"


def test_the_whole_sum_has_every_part_of_the_api_with_its_figures_and_says_what_it_is_for(open_desk, model_var):
    desk = open_desk(model_var)
    client = client_of(desk)
    for name in ("G01", "G03", "G06"):
        text = client.get(SUM.format(REFERENCE[name])).text
        standing = client.get(f"/api/v1/relationships/{REFERENCE[name]}").json()["standing"]
        assert "Arithmetic, for checking the order. Nothing here says what happened or how dangerous" in text
        totals = [float(total) for total in re.findall(r'data-label="Adds">([-+][\d.]+)<', text)]
        assert totals == [
            round(standing["base"], 3),
            *(round(r["contribution"], 3) for r in standing["reasons"] if r["contribution"]),
        ]
        assert f"Total {standing['score']:+.3f}." in text
    assert desk.view().panel(parse_id(REFERENCE["G01"])).other == pytest.approx(
        _sum(client, "G01", "contribution") - _panel_sum(client, "G01")
    )


def _sum(client, name: str, field: str) -> float:
    standing = client.get(f"/api/v1/relationships/{REFERENCE[name]}").json()["standing"]
    return math.fsum(reason[field] for reason in standing["reasons"])


def _panel_sum(client, name: str) -> float:
    panel = client.get(f"/api/v1/relationships/{REFERENCE[name]}").json()["standing"]["panel"]
    return math.fsum(reason["part"] for reason in panel["raises"])


def test_base_parts_and_the_rest_add_up_to_the_score_in_every_answer(open_desk, rule_var, model_var):
    for var in (rule_var, model_var):
        client = client_of(open_desk(var))
        for name in ("G01", "G02", "G03", "G04", "G06"):
            standing = client.get(f"/api/v1/relationships/{REFERENCE[name]}").json()["standing"]
            panel = standing["panel"]
            parts = [standing["base"], panel["other"], *(reason["part"] for reason in panel["raises"])]
            assert math.fsum(parts) == pytest.approx(standing["score"], abs=1e-6)
            events = [e for item in (*panel["raises"], *panel["on_record"]) for e in item["sentence"]["events"]]
            assert len(events) == len(set(events)), "a record is told once"
            for item in (*panel["raises"], *panel["on_record"]):
                sentence = item["sentence"]
                assert "".join(piece["text"] for piece in sentence["pieces"]) == sentence["text"]
                assert not_to_be_said(sentence["text"]) == []
        for row in client.get("/api/v1/queue").json()["rows"]:
            standing = client.get(f"/api/v1/relationships/{row['relationship']}").json()["standing"]
            assert row["why"] == standing["panel"]["raises"][:2]


def test_a_rule_s_sum_is_what_it_reads(desk):
    text = client_of(desk).get(SUM.format(REFERENCE["G01"])).text
    assert "What the rule reads" in text
    assert "The rule that ranks" in text
    assert "Where every relationship starts" not in text


@pytest.mark.parametrize(
    ("role", "name", "status"),
    [
        ("reviewer", "G01", 200),
        ("analyst", "G01", 200),
        ("governance", "G01", 403),
        ("admin", "G01", 403),
        ("reviewer", "G12", 404),
    ],
)
def test_who_may_see_a_sum_and_where_there_is_none(desk, role, name, status):
    answer = client_of(desk, role).get(SUM.format(REFERENCE[name]))
    assert answer.status_code == status
    if status == 404:
        assert "This relationship was not ranked, so there is no sum." in answer.text
