"""The filter of the MoJ design system: what is chosen is said and can be taken back, and text is escaped."""

from __future__ import annotations

import re

from jinja2 import Environment, PackageLoader, StrictUndefined

from serving.desk.components import govuk

PAGE = """{% import "moj.html" as moj %}
{% call moj.filter("/", "Filter", selected, "/#clear", folded=folded) %}
{{ moj.filter_checkboxes("lane", "Between whom", [("this_way", "This way"), ("other", "<Other>")], ["this_way"]) }}
{{ moj.filter_select("sort", "Order", [("order", "The order"), ("latest", "Latest record")], "latest") }}
{% endcall %}"""


def shown(*, selected: tuple[tuple[str, str, str], ...] = (), folded: bool = False) -> str:
    environment = Environment(
        loader=PackageLoader("serving.desk"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["govuk"] = govuk
    return environment.from_string(PAGE).render(selected=selected, folded=folded)


def test_a_filter_is_a_form_sent_by_get_that_keeps_what_was_chosen() -> None:
    page = shown()
    assert '<form method="get" action="/" class="moj-filter desk-filter" aria-labelledby="filter">' in page
    assert re.findall(r'<input[^>]* value="(\w+)"[^>]* checked', page) == ["this_way"]
    assert re.findall(r'<option value="(\w+)" selected', page) == ["latest"]
    assert "&lt;Other&gt;" in page
    assert "Chosen now" not in page


def test_each_choice_says_its_category_and_leads_to_the_page_without_it() -> None:
    page = shown(selected=(("Lane", "This way", "/?a"), ("Year", "2024", "/?b"), ("Year", "<2023>", "/?c")))
    assert re.findall(r"<strong>(\w+)</strong>", page) == ["Lane", "Year"]
    assert re.findall(r'moj-filter__tag" href="([^"]+)"><span[^>]*>([^<]+)</span>([^<]+)<', page) == [
        ("/?a", "Remove this filter: ", "This way"),
        ("/?b", "Remove this filter: ", "2024"),
        ("/?c", "Remove this filter: ", "&lt;2023&gt;"),
    ]
    assert 'href="/#clear">Clear filters</a>' in page


def test_a_folded_filter_is_open_while_it_holds_a_choice() -> None:
    assert "<details>" in shown(folded=True)
    assert "<details open>" in shown(folded=True, selected=(("Year", "2024", "/"),))
    assert "<details" not in shown()
