"""The repository's own rules, run by ``make check``: names, sizes, front doors, what no tracked file may hold."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("threat", "features", "training", "serving", "fairness", "model_cards")
FORBIDDEN_NAMES = {"utils", "util", "common", "helpers", "helper", "core", "manager", "misc"}
MAX_LINES = {"tests": 300, "product": 400}
"""A file that says one thing fits; `docs/pages` and `benchmarks` count as the product."""
MAX_EXPORTS = 10
FORCE_EXPORT = "docs/example_force/export/"
"""Files as a force's systems write them; everything else is UTF-8."""
UNSAFE = re.compile(r"pickle\.loads?\b|joblib\.load|cloudpickle|yaml\.load\(")
# Split so that this file does not hold what it looks for.
PATHS = re.compile("/" + "work/(main|shared)|/" + "root/|/tmp/" + "bash_jobs")
UNFINISHED = re.compile("TO" + "DO|FIX" + "ME|XX" + "X")
BUILT = {".css", ".js", ".mjs"}
"""A file of these kinds with a line longer than ``MAX_WIDTH`` is a build's output: its source belongs here instead."""
MAX_WIDTH = 500
ADDRESS_IN_LOCK = re.compile(r"https?://|index-url|find-links|\"resolved\"")


def tracked() -> list[Path]:
    out = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in out.split("\0") if name and (ROOT / name).exists()]


def exports(source: str) -> list[str]:
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
            return list(ast.literal_eval(node.value))
    return []


def problems_in(path: Path) -> list[str]:
    name = path.relative_to(ROOT).as_posix()
    found: list[str] = []
    if path.suffix in {".png", ".parquet", ".gz", ".bin", ".woff2"}:
        return found
    text = path.read_text(encoding="cp1252" if name.startswith(FORCE_EXPORT) else "utf-8")
    if PATHS.search(text):
        found.append(f"{name}: names a path of the machine it was written on")
    if name.endswith((".lock", "package-lock.json")) and ADDRESS_IN_LOCK.search(text):
        found.append(f"{name}: a lock file carries an address")
    if path.suffix in BUILT and any(len(line) > MAX_WIDTH for line in text.splitlines()):
        found.append(f"{name}: has a line over {MAX_WIDTH} wide, as built files have; no built file is committed")
    if path.suffix != ".py":
        return found
    if set(path.relative_to(ROOT).with_suffix("").parts) & FORBIDDEN_NAMES:
        found.append(f"{name}: says nothing by its name; call it what it holds")
    if path.parent.name == path.stem.rstrip("s") or path.parent.name == path.stem:
        found.append(f"{name}: repeats its package's name")
    lines, most = text.count("\n"), MAX_LINES["tests" if name.startswith("tests/") else "product"]
    if lines > most:
        found.append(f"{name}: {lines} lines, the limit is {most}; does it still say one thing?")
    if UNFINISHED.search(text):
        found.append(f"{name}: says of itself that it is not finished")
    if path.parts[len(ROOT.parts)] in PACKAGES:
        if UNSAFE.search(text):
            found.append(f"{name}: loads data in a way that can run code")
        if path.name == "__init__.py" and len(exports(text)) > MAX_EXPORTS:
            found.append(f"{name}: exports {len(exports(text))} names, the front door has room for {MAX_EXPORTS}")
    return found


def main() -> int:
    found = [problem for path in tracked() for problem in problems_in(path)]
    for problem in found:
        print(problem)
    print(f"repository rules: {len(tracked())} files read, {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
