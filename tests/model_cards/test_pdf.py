"""The PDF of a card is tagged, has title and language, is the same bytes each time, and holds what the card says."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from typing import Any

import pypdf
import pytest
from fixtures import evidence
from fixtures.card_commands import run_card
from fixtures.cards import made
from fixtures.crowded_card import crowded
from fixtures.said import wrongly_said

from model_cards.one_page import on_one_page
from model_cards.pdf import pdf
from threat.release.documents.card import Card


@pytest.fixture(scope="module")
def drawn() -> tuple[Card, bytes]:
    card = made()
    return card, pdf(card)


@pytest.fixture(scope="module")
def read(drawn: tuple[Card, bytes]) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(drawn[1]))


@pytest.fixture(scope="module")
def text(read: pypdf.PdfReader) -> str:
    """The text of all pages in one line, words put together again that were broken at the end of a line."""
    return re.sub(r"\s+", " ", re.sub(r"[-\u00ad\u2010]\n", "", "\n".join(page.extract_text() for page in read.pages)))


def test_it_is_tagged_and_has_title_and_language(read: pypdf.PdfReader) -> None:
    root: Any = read.trailer["/Root"]
    assert root["/Lang"] == "en-GB"
    assert bool(root["/MarkInfo"]["/Marked"])
    assert bool(root["/ViewerPreferences"]["/DisplayDocTitle"])
    assert root["/StructTreeRoot"]["/K"]
    assert read.metadata is not None
    assert read.metadata.title == "Model card: Severe harm, monthly"
    assert b"pdfuaid:part>1<" in read.xmp_metadata.stream.get_data()


def tags(node: Any) -> set[str]:
    """Names of the tags in a structure tree."""
    node = node.get_object()
    if isinstance(node, list):
        return set().union(*map(tags, node)) if node else set()
    if not isinstance(node, dict):
        return set()
    tag = {str(node["/S"])} if "/S" in node else set()
    return tag | (tags(node["/K"]) if "/K" in node else set())


def test_headings_lists_and_heads_of_tables_are_tagged(read: pypdf.PdfReader) -> None:
    root: Any = read.trailer["/Root"]
    tagged = tags(root["/StructTreeRoot"]["/K"])
    assert {"/H1", "/H2", "/H3", "/L", "/LI", "/Table", "/TR", "/TH", "/TD", "/P"} <= tagged


def test_the_same_card_gives_the_same_bytes(drawn: tuple[Card, bytes], tmp_path: Path) -> None:
    card, first = drawn
    again = Card.parse(card.encode(), "card.json")
    assert pdf(again) == first


def test_it_holds_the_figures_of_the_first_page(drawn: tuple[Card, bytes], text: str) -> None:
    card, _ = drawn
    assert "40.0% (30.0% to 50.0%) of the 120 recorded outcomes within 180 days" in text
    assert "0.71 (0.66 to 0.76)" in text
    assert "0.20 (0.10 to 0.30)" in text
    for heading, values in on_one_page(card.summary):
        assert heading in text
        assert all(title in text for title, _ in values)
    assert "DEMONSTRATION. Signed by nobody" in text
    assert text.count("Not yet provided") == sum(
        field.source == "human" and not field.provided for section in card.sections for field in section.fields
    )
    assert wrongly_said(text.replace(". ", ".\n")) == []


def test_the_first_page_is_one_sheet_of_a4_however_much_there_is_to_say(read: pypdf.PdfReader) -> None:
    """Each part and title of it on page 1, and the first section on page 2: of a usual card and of a crowded one."""
    card = crowded()
    for pages, summary in ((read.pages, made().summary), (pypdf.PdfReader(io.BytesIO(pdf(card))).pages, card.summary)):
        width, height = (float(side) / 72 * 25.4 for side in pages[0].mediabox[2:])
        assert (round(width), round(height)) == (210, 297)
        sheet = re.sub(r"\s+", " ", re.sub(r"[-\u00ad\u2010]\n", "", pages[0].extract_text()))
        for heading, values in on_one_page(summary):
            assert heading in sheet
            assert [title for title, _ in values if title not in sheet] == []
        assert "1. Identity and ownership" not in sheet
        assert "1. Identity and ownership" in pages[1].extract_text()
    for said in (
        "and 8 more: see Performance", "and 177 more: see Fairness", "and 4 more: see Fairness",
        "and 10 more: see Monitoring and change and Signoff", "and 15 more: see Signoff", "and 4 more: see Signoff",
        "256 recorded outcomes within 180 days", "of all recorded outcomes on the list", "2026-08-01",
    ):  # fmt: skip
        assert said in sheet.replace("Sign-off", "Signoff"), said


def test_the_command_writes_it_and_writes_nothing_without_typst(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = evidence.audited_run(tmp_path / "runs")
    assert run_card(run.directory, "--pdf", tmp_path / "card.pdf").exit_code == 0
    assert (tmp_path / "card.pdf").read_bytes().startswith(b"%PDF-1.7")
    other = evidence.audited_run(tmp_path / "others")
    monkeypatch.setitem(sys.modules, "typst", None)
    result = run_card(other.directory, "--pdf", tmp_path / "none.pdf")
    assert isinstance(result.exception, ModuleNotFoundError)
    assert result.exception.name == "typst"
    assert not (tmp_path / "none.pdf").exists()
    assert not other.has("card.json")
