"""The page of a card stands alone, can be read aloud, and calls nobody safe."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from fixtures import evidence
from fixtures.cards import made
from fixtures.said import texts, wrongly_said

from model_cards.page import page


class Outline(HTMLParser):
    """Tags that are opened and closed, headings, ids and what points at them."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.headings: list[int] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.outside: list[str] = []
        self.scopes = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in {"meta", "br", "rect", "line", "circle", "path", "polyline"}:
            self.open.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if given.get("id"):
            self.ids.append(str(given["id"]))
        for name in ("href", "aria-labelledby"):
            self.targets += [target.removeprefix("#") for target in str(given.get(name) or "").split()]
        self.outside += [str(given[name]) for name in ("src", "srcset", "action") if given.get(name)]
        self.scopes += tag == "th" and "scope" not in given
        assert tag != "script"

    def handle_endtag(self, tag: str) -> None:
        if tag in {"rect", "line", "circle", "path", "polyline"}:
            return
        assert self.open.pop() == tag


def test_the_page_stands_alone_and_can_be_read_aloud() -> None:
    html = page(made())
    parsed = Outline()
    parsed.feed(html)
    assert parsed.open == []
    assert parsed.outside == []
    assert parsed.headings[0] == 1
    assert all(after - before <= 1 for before, after in zip(parsed.headings, parsed.headings[1:], strict=False))
    assert len(parsed.ids) == len(set(parsed.ids))
    assert set(parsed.targets) <= set(parsed.ids)
    assert parsed.scopes == 0
    assert '<html lang="en-GB">' in html
    assert "http" not in re.sub(r'xmlns="[^"]*"', "", html)
    assert "DEMONSTRATION. Signed by nobody; valid nowhere else." in html
    assert "<title>Model card: Severe harm, monthly</title>" in html


def test_a_table_is_a_table_and_a_list_a_list() -> None:
    html = page(made())
    assert '<th scope="col">Filter, list of 2025-02-01</th>' in html
    assert '<th scope="row">in window</th><td data-label="Kept">1,000</td><td data-label="Left out">250</td>' in html
    assert "<li>Slope: 0.90 (0.80 to 1.00)</li>" in html


def test_text_from_the_evidence_is_escaped() -> None:
    html = page(made())
    assert "Latest officer grade &lt;b&gt;" in html
    assert "grade <b>" not in html


def test_no_sentence_says_that_the_tool_decides_or_that_absence_is_safety() -> None:
    text = re.sub(r"<[^>]+>", "\n", page(made()))
    assert wrongly_said(text) == []
    assert [wrong for text in texts(made().as_json()) for wrong in wrongly_said(text)] == []


def test_the_first_page_comes_first_and_has_its_five_parts() -> None:
    html = page(made())
    first = html[html.index('<section class="summary"') : html.index("</section>")]
    assert re.findall("<h3>(.*?)</h3>", first) == [
        "What it is for",
        "What it cannot see",
        "How good it is",
        "For whom",
        "Verdicts, signatures, expiry",
    ]
    assert "<dt>Signed by</dt><dd>DEMONSTRATION SRO (SRO), 2026-06-01" in first
    assert "accepted by DEMONSTRATION SRO (SRO) until 2026-08-30, because: few. Instead: none." in first
    assert "from evidence until 2026-06-01" in html


@pytest.mark.parametrize("phrase", ["low risk", "low-risk", "is safe", "safe to", "perpetrator "])
def test_nobody_is_called_safe(phrase: str) -> None:
    assert phrase not in page(made()).lower()


def test_a_page_outside_the_demonstration_has_no_mark() -> None:
    html = page(made(gate=evidence.gate(environment="force", verdict="not_enough_evidence")))
    assert "Signed by nobody; valid nowhere else. Not for" not in html
    assert "Refused by the gate" in html
