"""What a wheel carries of the stylesheets, and what it must never carry."""

from __future__ import annotations

import re
import zipfile
from importlib.resources import files
from pathlib import Path

import pytest
from fixtures.desk_browser import client_of
from fixtures.frontend_build import ROOT, load_build
from hatchling.builders.wheel import WheelBuilder

from serving.desk.service import Desk

STATIC = "serving/desk/static/"
OWN = sorted(path.name for path in (ROOT / STATIC).glob("*.css"))
NEVER = re.compile(rb"GDS.?Transport|@font-face|crown|crest|https?:|sourceMappingURL", re.IGNORECASE)
NEVER_A_NAME = re.compile(
    r"node_modules|\.woff2?$|crown|crest|logotype|favicon|\.min\.|\.map$|\.js$|axe", re.IGNORECASE
)


@pytest.fixture(scope="module")
def carried(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Every file of a wheel built from this checkout."""
    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("wheel")), versions=["standard"])
    with zipfile.ZipFile(wheel) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_the_stylesheets_their_icons_and_licences_are_carried(carried: dict[str, bytes]) -> None:
    names = {name.removeprefix(STATIC) for name in carried if name.startswith(STATIC)}
    assert {
        "desk.css",
        "frontend/govuk-frontend.css",
        "frontend/moj-frontend.css",
        "frontend/licences.txt",
        "frontend/versions.json",
    } <= names
    assert b"Permission is hereby granted" in carried[f"{STATIC}frontend/licences.txt"]
    for name in ("govuk-frontend.css", "moj-frontend.css"):
        images = set(re.findall(rb"url\(([^)]*)\)", carried[f"{STATIC}frontend/{name}"]))
        assert {f"frontend/{image.decode()}" for image in images} <= names


def test_no_typeface_crown_crest_or_address_is_carried(carried: dict[str, bytes]) -> None:
    styles = {name: content for name, content in carried.items() if name.endswith(".css")}
    assert len(styles) == 2 + len(OWN)
    assert {name: match[0] for name, content in styles.items() if (match := NEVER.search(content))} == {}
    assert [name for name in carried if NEVER_A_NAME.search(name)] == []


def test_how_the_stylesheets_are_built_is_not_carried(carried: dict[str, bytes]) -> None:
    assert [name for name in carried if name.startswith("serving/desk/frontend")] == []


def test_a_page_links_the_stylesheets_that_the_build_writes(desk: Desk) -> None:
    client = client_of(desk)
    linked = re.findall(r'<link rel="stylesheet" href="([^"]*)">', client.get("/").text)
    built = [f"/static/frontend/{name}" for name in load_build().STYLESHEETS]
    own = linked[len(built) :]
    assert linked[: len(built)] == built
    assert sorted(own) == [f"/static/{name}" for name in OWN]
    assert (own[0], own[-1]) == ("/static/desk.css", "/static/print.css")  # paper has the last word
    for address in linked:
        answer = client.get(address)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/css; charset=utf-8")


def test_the_installed_stylesheets_are_those_of_the_build(carried: dict[str, bytes]) -> None:
    installed = Path(str(files("serving.desk"))) / "static" / "frontend"
    for path in sorted(installed.rglob("*.*")):
        assert carried[f"{STATIC}frontend/{path.relative_to(installed).as_posix()}"] == path.read_bytes(), path.name
