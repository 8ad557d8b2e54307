"""The pictures of the README are drawn by a command, from the pages themselves."""

from __future__ import annotations

import io

from pages.screenshots import COLOURS, WIDTH, main, pictures
from PIL import Image


def test_today_a_relationship_a_grade_and_the_order_after_it(window_on) -> None:
    window = window_on("model", "reviewer")
    window.page.set_viewport_size({"width": WIDTH, "height": WIDTH})
    drawn = {}
    for name, png in pictures(window.page, window.address):
        drawn[name] = Image.open(io.BytesIO(png))
        assert drawn[name].format == "PNG"
        assert drawn[name].width == WIDTH
        assert 400 < drawn[name].height < 6000
        assert len(drawn[name].getcolors()) <= COLOURS
    assert list(drawn) == ["queue", "relationship", "grade", "order"]
    assert window.page.locator("h1").inner_text() == "The order, and your grade"


def test_without_a_demonstration_it_says_how_to_make_one(tmp_path, capsys) -> None:
    assert main(["--demo", str(tmp_path), "--out", str(tmp_path / "images")]) == 1
    assert capsys.readouterr().err == f"No demonstration is in {tmp_path}. Make one: make demo SERVE=0\n"
    assert not (tmp_path / "images").exists()
