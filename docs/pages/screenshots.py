"""``docs/images/*.png``: the desk of the demonstration, as Chromium draws its pages: Today, a case, grade and order."""

from __future__ import annotations

import argparse
import io
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from pages.chromium import chromium, program, served, sign_in
from PIL import Image
from playwright.sync_api import Page

from serving.desk.service import Desk
from threat.trust import demonstration

WIDTH = 1000
"""Pixels. What a README shows without making the text smaller than it is on a page."""

COLOURS = 64
"""The pages have a dozen colours; the rest are the grey edges of letters. A picture is a third of its size with 64."""


def pictures(page: Page, address: str) -> Iterator[tuple[str, bytes]]:
    """Draw pages for somebody who is signed in and grades a case; give the name and the PNG of each.

    Today down to what waits for a grade; the first relationship that is must-see, down to its markers; the page of a
    grade; and, after the grade, where the order had the case.
    """
    _open(page, f"{address}/")
    yield "queue", _down_to(page, _end_of(page, "triage"))
    link = page.locator("section[aria-labelledby=must-see] a[href^='/relationships/']").first.get_attribute("href")
    _open(page, f"{address}{link}")
    place = page.locator("section[aria-labelledby=place]").bounding_box()
    assert place is not None
    yield "relationship", _down_to(page, place["y"])
    for _ in range(_MOST_SEALED):
        _open(page, f"{address}/triage/next")
        grade = _down_to(page, _end_of(page, "own"))
        page.get_by_label("Look closer").check()
        page.locator("input[name=fact]").first.check()
        page.get_by_role("button", name="Save my grade").click()
        if page.url.endswith("/order"):
            yield "grade", grade
            yield "order", _down_to(page, _end_of(page, "second"))
            return
    raise RuntimeError(f"{_MOST_SEALED} cases were graded, and the order was shown of none.")


_MOST_SEALED = 12
"""Cases graded before giving up: nothing is shown of those that are sealed, one in ten."""


def _end_of(page: Page, section: str) -> float:
    box = page.locator(f"section[aria-labelledby={section}]").bounding_box()
    assert box is not None
    return box["y"] + box["height"]


def _open(page: Page, address: str) -> None:
    answer = page.goto(address)
    if answer is None or answer.status != 200:
        raise RuntimeError(f"The page {address} did not load: {answer and answer.status}.")


def _down_to(page: Page, height: float) -> bytes:
    return quantised(page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": int(height)}))


def quantised(png: bytes) -> bytes:
    """Return a PNG with few colours and the same look."""
    out = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(
        out, "PNG", optimize=True
    )
    return out.getvalue()


def main(arguments: list[str] | None = None) -> int:
    """Write the pictures of a demonstration that has run (``make demo SERVE=0``)."""
    parser = argparse.ArgumentParser(prog="make screenshots", description=__doc__)
    parser.add_argument("--demo", type=Path, default=Path("var/demo"), help="folder of the demonstration")
    parser.add_argument("--out", type=Path, default=Path("docs/images"), help="folder of the pictures")
    chosen = parser.parse_args(arguments)
    if not (chosen.demo / "lists").is_dir():
        print(f"No demonstration is in {chosen.demo}. Make one: make demo SERVE=0", file=sys.stderr)
        return 1
    if not program():
        print("Chromium is not installed. Install it, on Debian by: apt-get install chromium", file=sys.stderr)
        return 1
    chosen.out.mkdir(parents=True, exist_ok=True)
    os.environ.update(demonstration.place_of(chosen.demo).variables)
    with tempfile.TemporaryDirectory() as folder:  # an audit log of its own: nobody read these pages
        desk = Desk(
            chosen.demo / "force" / "history",
            chosen.demo,
            clock=lambda: int(time.time()),
            database_path=Path(folder) / "desk.sqlite",
            tour_path=chosen.demo / "tour.json",
        )
        with closing(desk), served(desk) as address, chromium() as browser:
            context = browser.new_context(viewport={"width": WIDTH, "height": WIDTH})
            sign_in(context, desk, address, "reviewer")
            for name, png in pictures(context.new_page(), address):
                (chosen.out / f"{name}.png").write_bytes(png)
                print(f"{chosen.out / name}.png: {len(png) // 1024} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
