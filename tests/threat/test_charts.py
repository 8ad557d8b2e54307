"""Charts say in a table and a sentence what they draw, escape what they are given and need no script or style."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from threat.charts import Point, bars, lines, points_with_intervals

CHARTS = {
    "bars": bars("Repeats <b>", "One in four & more.", [("a <i>", 2.0), ("b", 5.5)], unit="%", reference={"b": 4.0}),
    "lines": lines("Time", "It falls.", {"ours": [(0, 1), (10, 0.5)], "theirs": [(0, 1), (10, 0.25)]}, x_name="days"),
    "points": points_with_intervals(
        "Odds", "Near.", [Point("x", 2.0, 1.0, 3.0, 2.5, "weak"), Point("y", 4.0, 3.0, 5.0)]
    ),
    "empty": bars("None", "Nothing was seen.", []),
    "not finite": points_with_intervals(
        "Gap", "One is missing.", [Point("z", float("nan"), float("nan"), float("inf"))]
    ),
}


@pytest.mark.parametrize("name", CHARTS)
def test_well_formed_and_self_contained(name: str) -> None:
    html = CHARTS[name]
    root = ET.fromstring(html)
    assert root.tag == "figure"
    assert "style=" not in html
    assert "<script" not in html
    svg = root.find("{http://www.w3.org/2000/svg}svg")
    assert svg is not None
    assert svg.get("role") == "img"
    named = (svg.get("aria-labelledby") or "").split()
    ids = {e.get("id") for e in svg.iter() if e.get("id")}
    assert set(named) <= ids


def cells(html: str) -> list[list[str]]:
    root = ET.fromstring(html)
    return [["".join(cell.itertext()) for cell in row] for row in root.iter("tr")]


def test_tables_hold_the_numbers() -> None:
    assert cells(CHARTS["bars"]) == [["\xa0", "%", "published"], ["a <i>", "2", ""], ["b", "5.5", "4"]]
    assert cells(CHARTS["lines"])[1:] == [
        ["ours", "0", "1"],
        ["ours", "10", "0.5"],
        ["theirs", "0", "1"],
        ["theirs", "10", "0.25"],
    ]
    assert cells(CHARTS["points"])[1] == ["x", "2", "1", "3", "2.5", "weak"]
    assert cells(CHARTS["not finite"])[1] == ["z", "not known", "not known", "not known"]


def test_two_charts_on_a_page_have_distinct_names() -> None:
    a, b = bars("T", "One.", [("a", 1.0)]), bars("T", "Two.", [("a", 1.0)])
    assert a.split("aria-labelledby")[1][:30] != b.split("aria-labelledby")[1][:30]


SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", ["bars", "points", "empty", "not finite"])
def test_bars_and_points_are_drawn_at_any_width_with_text_of_one_size(name: str) -> None:
    svg = ET.fromstring(CHARTS[name]).find(f"{SVG}svg")
    assert svg is not None
    assert svg.get("viewBox") is None  # a drawing that is scaled has letters of 5 px on a narrow screen
    assert {text.get("font-size") for text in svg.iter(f"{SVG}text")} <= {"14"}
    along = [e.get(side) for e in svg.iter() for side in ("x", "x1", "x2", "cx", "width") if e.get(side)]
    assert all(str(place).endswith("%") and 0 <= float(str(place)[:-1]) <= 100 for place in along)


def test_a_point_is_where_its_value_is_on_the_axis() -> None:
    svg = ET.fromstring(points_with_intervals("Odds", "Near.", [Point("x", 2.0, 1.0, 3.0, 2.5)])).find(f"{SVG}svg")
    assert svg is not None
    dot, interval = next(svg.iter(f"{SVG}circle")), next(svg.iter(f"{SVG}line"))
    assert (dot.get("cx"), interval.get("x1"), interval.get("x2")) == ("42.00%", "2.00%", "82.00%")
    assert next(e for e in svg.iter(f"{SVG}svg") if e.get("x")).get("x") == "62.00%"


def test_a_long_label_is_told_whole_on_several_lines_above_its_bar() -> None:
    label = "Recorded harm by the subject in the trailing year, weighted by its gravity"
    svg = ET.fromstring(bars("Harm", "It is.", [(label, 1.0)])).find(f"{SVG}svg")
    assert svg is not None
    lines = [text for text in svg.iter(f"{SVG}text") if text.get("x") == "0.00%"]
    assert " ".join(str(line.text) for line in lines) == label
    assert max(len(str(line.text)) for line in lines) <= 40
    assert max(float(str(line.get("y"))) for line in lines) < float(str(next(svg.iter(f"{SVG}rect")).get("y")))
