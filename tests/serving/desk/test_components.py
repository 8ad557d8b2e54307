"""Components: text is escaped, HTML must be markup, and no macro passes through what the check does not know of."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import govuk_frontend_jinja
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import TemplateNotFound
from markupsafe import Markup, escape

from serving.desk.components import govuk

UNSAFE = "<script>&\"'"
TEXTS: list[tuple[str, dict[str, Any]]] = [
    ("back-link", {"text": UNSAFE, "href": UNSAFE}),
    ("button", {"text": UNSAFE, "attributes": {"data-x": UNSAFE}}),
    ("details", {"summaryText": UNSAFE, "text": UNSAFE}),
    ("error-summary", {"titleText": UNSAFE, "errorList": [{"text": UNSAFE, "href": UNSAFE}]}),
    ("generic-header", {"logoText": UNSAFE, "url": UNSAFE}),
    ("inset-text", {"text": UNSAFE}),
    ("phase-banner", {"tag": {"text": UNSAFE}, "text": UNSAFE}),
    ("radios", {"name": "r", "items": [{"value": UNSAFE, "text": UNSAFE}], "errorMessage": {"text": UNSAFE},
                "hint": {"text": UNSAFE}, "fieldset": {"legend": {"text": UNSAFE}}}),
    ("service-navigation", {"navigation": [{"text": UNSAFE, "href": UNSAFE}], "navigationLabel": UNSAFE}),
    ("skip-link", {"text": UNSAFE, "href": UNSAFE}),
    ("summary-list", {"rows": [{"key": {"text": UNSAFE}, "value": {"text": UNSAFE}}]}),
    ("table", {"caption": UNSAFE, "head": [{"text": UNSAFE}], "rows": [[{"text": UNSAFE}]]}),
    ("tag", {"text": UNSAFE, "classes": UNSAFE}),
    ("textarea", {"name": "t", "id": "t", "value": UNSAFE, "label": {"text": UNSAFE}}),
    ("warning-text", {"text": UNSAFE, "iconFallbackText": UNSAFE}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "params"), TEXTS, ids=[name for name, _ in TEXTS])
def test_text_is_escaped(name: str, params: dict[str, Any]) -> None:
    html = govuk(name, params)
    assert isinstance(html, Markup)
    assert "<script" not in html
    assert "&lt;script&gt;" in html


@given(st.text(max_size=40))
def test_any_text_reads_as_it_was_given(text: str) -> None:
    html = govuk("tag", {"text": text})
    assert html == f'<strong class="govuk-tag">\n  {escape(text)}\n</strong>'


@pytest.mark.parametrize(
    ("name", "params", "where"),
    [
        ("tag", {"html": "<b>x</b>"}, "tag.html"),
        ("details", {"summaryHtml": "<b>x</b>"}, "details.summaryHtml"),
        ("service-navigation", {"slots": {"end": "<form>"}}, "service-navigation.slots.end"),
        ("button", {"text": "x", "attributes": ' onclick="x"'}, "button.attributes"),
        ("table", {"rows": [[{"text": "x"}, {"html": "<b>"}]]}, "table.rows[0][1].html"),
        ("radios", {"name": "r", "items": [{"conditional": {"html": "<b>"}}]}, "radios.items[0].conditional.html"),
    ],
)
def test_html_must_be_markup(name: str, params: dict[str, Any], where: str) -> None:
    with pytest.raises(TypeError, match=rf"^{re.escape(where)} is a plain string, and HTML must be Markup: "):
        govuk(name, params)


def test_markup_passes_as_it_is() -> None:
    assert "<b>x</b>" in govuk("tag", {"html": Markup("<b>x</b>")})
    assert "<form>" in govuk("service-navigation", {"slots": {"end": Markup("<form>")}})


def test_a_component_that_is_not_there() -> None:
    with pytest.raises(TemplateNotFound):
        govuk("ticket", {"text": "x"})


def test_every_parameter_that_a_macro_passes_through_is_one_that_must_be_markup() -> None:
    """A new version of the macros with another such parameter fails here."""
    folder = Path(govuk_frontend_jinja.__file__).parent / "templates" / "components"
    through = {
        name
        for path in folder.rglob("macro.html")
        for name in re.findall(r"\b(\w+(?:\.\w+)+) \| safe", path.read_text(encoding="utf-8"))
    }
    assert len(through) > 30
    assert sorted(name for name in through if not re.search(r"\.(html|\w+Html)$|\.slots\.\w+$", name)) == []
