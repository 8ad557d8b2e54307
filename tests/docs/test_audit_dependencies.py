"""Licences under the policy, advisories that were or were not asked for, and a bill of materials that validates."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from pages.audit_dependencies import advisories, audit
from pages.dependency_licences import Locked, locked_packages, read_licences
from pages.dependency_sbom import PRODUCT, bill_of_materials, needed

from threat.errors import BadInput, GateRefused, IntegrityFailure
from threat.files import sha256_of

LOCK = Path(__file__).parents[2] / "requirements.lock"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dist") / "threat_assessment-0.1.0-py3-none-any.whl"
    path.write_bytes(b"a wheel")
    return path


def program(folder: Path, answer: str, code: int = 0) -> str:
    """A program in the place of pip-audit."""
    path = folder / "pip-audit"
    path.write_text(f"#!{sys.executable}\nprint({answer!r})\nraise SystemExit({code})\n")
    path.chmod(0o700)
    return str(path)


NOTHING_KNOWN = json.dumps({"dependencies": [{"name": "numpy", "version": "2.4.6", "vulns": []}]})
ONE_KNOWN = json.dumps(
    {"dependencies": [{"name": "mako", "version": "1.0", "vulns": [{"id": "X-1", "fix_versions": ["1.1"]}]}]}
)


def test_every_locked_licence_is_known_and_accepted() -> None:
    packages = locked_packages(LOCK)
    read = {licence.name: licence for licence in read_licences(packages)}
    assert len(read) == len(packages) > 100
    assert [(licence.name, licence.refused) for licence in read.values() if licence.refused] == []
    assert read["llvmlite"].licence == "BSD-2-Clause AND Apache-2.0 WITH LLVM-exception"
    assert read["hypothesis"].licence == "MPL-2.0"
    assert read["huey"].licence == "MIT"


def test_a_package_that_nothing_is_known_of_is_refused() -> None:
    [unknown] = read_licences([Locked("no-such-package-here", ("1.0",))])
    assert unknown.refused == "no licence is known"


def test_versions_for_several_pythons_are_one_package(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text(
        "a==1 ; python_version < '3.12' \\\n    --hash=sha256:00\na==2 \\\n    --hash=sha256:01\nb==3 \\\n"
    )
    assert locked_packages(tmp_path / "lock") == [Locked("a", ("1", "2")), Locked("b", ("3",))]


def test_advisories_are_none_known_or_not_asked_for(tmp_path: Path) -> None:
    assert advisories(LOCK, program(tmp_path, NOTHING_KNOWN)) == []
    assert advisories(LOCK, program(tmp_path, ONE_KNOWN, 1)) == [
        {"package": "mako", "version": "1.0", "id": "X-1", "fixed_in": ["1.1"]}
    ]
    assert advisories(LOCK, program(tmp_path, "", 1)) is None  # the service was not reached
    assert advisories(LOCK, str(tmp_path / "absent")) is None


def test_what_is_found_decides_how_it_ends(wheel: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    audit(LOCK, wheel, tmp_path / "out", program(tmp_path, NOTHING_KNOWN))
    assert "Advisories: none is known" in capsys.readouterr().out
    with pytest.raises(GateRefused, match="1 advisories are known"):
        audit(LOCK, wheel, tmp_path / "out", program(tmp_path, ONE_KNOWN, 1))
    with pytest.raises(BadInput, match="could not be asked for"):
        audit(LOCK, wheel, tmp_path / "out", program(tmp_path, "", 1))
    assert json.loads((tmp_path / "out" / "advisories.json").read_text()) == {"asked": False, "advisories": []}
    lines = (tmp_path / "out" / "licences.csv").read_text().splitlines()
    assert lines[0] == "package,version,licence,read_in,refused"
    assert len(lines) == len(locked_packages(LOCK)) + 1


def test_a_refused_licence_makes_no_bill_of_materials(wheel: Path, tmp_path: Path) -> None:
    lock = tmp_path / "own.lock"
    lock.write_text("no-such-package-here==1.0 \\\n")
    with pytest.raises(GateRefused, match="1 licences are refused"):
        audit(lock, wheel, tmp_path / "out", program(tmp_path, NOTHING_KNOWN))
    assert not (tmp_path / "out" / "sbom.cdx.json").exists()


def test_the_bill_of_materials_names_what_the_wheel_needs_and_no_more(wheel: Path) -> None:
    licences = read_licences(locked_packages(LOCK))
    text = bill_of_materials(wheel, LOCK, licences)
    document = json.loads(text)
    names = {component["name"] for component in document["components"]}
    assert {"numpy", "lightgbm", "securesystemslib", "cryptography", "fastapi", "starlette", "mlflow"} <= names
    assert not {"ruff", "mypy", "pytest", "uv", "hatchling"} & names
    product = document["metadata"]["component"]
    assert (product["name"], product["version"]) == (PRODUCT, "0.1.0")
    assert product["hashes"] == [{"alg": "SHA-256", "content": sha256_of(wheel)}]
    assert product["properties"] == [{"name": "threat:lock-sha256", "value": sha256_of(LOCK)}]
    below = {line["ref"]: line.get("dependsOn", []) for line in document["dependencies"]}
    assert any(ref.startswith("pkg:pypi/numpy@") for ref in below[f"pkg:pypi/{PRODUCT}@0.1.0"])
    assert text == bill_of_materials(wheel, LOCK, licences)  # no time and no chance in it


def test_a_package_that_the_lock_lacks_is_said(wheel: Path) -> None:
    licences = [licence for licence in read_licences(locked_packages(LOCK)) if licence.name != "duckdb"]
    with pytest.raises(IntegrityFailure, match="does not pin") as caught:
        bill_of_materials(wheel, LOCK, licences)
    assert caught.value.value == "duckdb"


def test_extras_made_of_extras_are_followed() -> None:
    graph = needed(PRODUCT, ["all"])
    assert "lightgbm" in graph[PRODUCT]
    assert "cffi" in graph["cryptography"]
