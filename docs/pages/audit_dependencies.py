"""``make audit-dependencies``: licences, known advisories where they can be asked for, and the bill of materials.

Writes ``licences.csv``, ``advisories.json`` and ``sbom.cdx.json`` under ``--out``. Exit 0 when every licence is
accepted and no advisory is known; 4 when a licence is refused or an advisory is known; 3 when the advisories could not
be asked for, which is said and is not a pass.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from pages.dependency_licences import LicenceRead, locked_packages, read_licences
from pages.dependency_sbom import bill_of_materials

from threat.errors import BadInput, GateRefused, ThreatError
from threat.files import write_whole

TIMEOUT_SECONDS = 600
"""Of the whole question: some 120 packages, each a request of under a second; a service that hangs is no answer."""


def advisories(lock: Path, program: str) -> list[dict[str, Any]] | None:
    """Return the known advisories of the locked versions; None where they could not be asked for.

    ``program``: pip-audit, which asks the OSV service. Each advisory: ``package``, ``version``, ``id``, ``fixed_in``.
    """
    command = [program, "--requirement", str(lock), "--disable-pip", "--require-hashes"]
    command += ["--vulnerability-service", "osv", "--format", "json", "--progress-spinner", "off"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)
        answered = json.loads(done.stdout)["dependencies"]
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError, TypeError):
        # It ends with 1 both for a service that it cannot reach and for an advisory: only its document tells.
        return None
    return [
        {
            "package": dependency["name"],
            "version": dependency["version"],
            "id": advisory["id"],
            "fixed_in": advisory.get("fix_versions", []),
        }
        for dependency in answered
        for advisory in dependency.get("vulns", [])
    ]


def audit(lock: Path, wheel: Path, out: Path, program: str) -> None:
    """Write the three files and say what was found.

    Raises GateRefused for a refused licence or a known advisory, BadInput where the advisories could not be asked for.
    """
    out.mkdir(parents=True, exist_ok=True)
    licences = read_licences(locked_packages(lock))
    _write_licences(out / "licences.csv", licences)
    refused = [licence for licence in licences if licence.refused]
    print(f"Licences: {len(licences)} packages in {lock.name}, {len(refused)} refused.")
    for licence in refused:
        print(f"  {licence.name} {licence.version}: {licence.refused} ({licence.read_in})")
    if not refused:
        write_whole(out / "sbom.cdx.json", bill_of_materials(wheel, lock, licences))
        print(f"Bill of materials: {out / 'sbom.cdx.json'}, of {wheel.name}, valid under the schema of CycloneDX 1.6.")
    answered = advisories(lock, program)
    write_whole(
        out / "advisories.json", json.dumps({"asked": answered is not None, "advisories": answered or []}, indent=2)
    )
    for advisory in answered or []:
        print(f"  {advisory['package']} {advisory['version']}: {advisory['id']}, fixed in {advisory['fixed_in']}")
    if refused or answered:
        raise GateRefused(
            f"{len(refused)} licences are refused, and {len(answered or [])} advisories are known.",
            where=str(out),
            way_out="replace or update the packages; the policy is docs/pages/licences_accepted.csv",
        )
    if answered is None:
        raise BadInput(
            "The advisories could not be asked for: the OSV service was not reached, so nothing is known of them.",
            where=program,
            way_out="run make audit-dependencies again on a machine that reaches api.osv.dev",
        )
    print("Advisories: none is known for these versions (OSV).")


def _write_licences(path: Path, licences: list[LicenceRead]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["package", "version", "licence", "read_in", "refused"])
        writer.writerows([each.name, each.version, each.licence, each.read_in, each.refused] for each in licences)


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Licences, advisories and the bill of materials.")
    parser.add_argument("--lock", type=Path, default=Path("requirements.lock"))
    parser.add_argument("--wheel", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("var/audit-dependencies"))
    parser.add_argument("--pip-audit", default="pip-audit")
    asked = parser.parse_args()
    try:
        audit(asked.lock, asked.wheel, asked.out, asked.pip_audit)
    except ThreatError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
