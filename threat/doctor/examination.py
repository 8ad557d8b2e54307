"""The examination: every check, those of other packages too, run so that a broken file is a finding and no traceback.

A package adds checks through the entry-point group ``threat.doctor``; each names a ``threat.doctor.findings.Check``.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from threat.doctor.access import check_modes
from threat.doctor.environment import check_compiled_code, check_installation
from threat.doctor.evidence import check_list, check_release, check_runs, check_store
from threat.doctor.findings import NEEDS_MENDING, Check, Finding, Places
from threat.errors import ThreatError
from threat.extras import extras_with, install_command
from threat.trust.folder import NoTrustFolder, trust_folder

OWN: dict[str, Check] = {
    "product": check_installation,
    "compiled code": check_compiled_code,
    "modes": check_modes,
    "history": check_store,
    "list": check_list,
    "RUNs": check_runs,
    "release": check_release,
}
"""Checks of this package in the order they are shown: what is installed, then what was made, from records to list."""


def examine(places: Places) -> dict[str, Any]:
    """Run every check; returns places, findings, and how many of the findings need mending."""
    findings: list[Finding] = []
    for part, check in OWN.items():
        findings += run_check(part, check, places)
    for point in sorted(entry_points(group="threat.doctor"), key=lambda point: point.name):
        findings += run_check(point.name.replace("_", " "), partial(_loaded, point), places)
    return {
        "places": {
            "store": str(places.store.absolute()),
            "var": str(places.var.absolute()),
            "runs": str(places.runs.absolute()),
            "bundles": str((places.var / "bundles").absolute()),
            "lists": str(places.lists.absolute()),
            "trust": str(trust_folder().absolute()),
            "mlflow": str((places.var / "mlflow.db").absolute()),
        },
        "findings": [finding.as_dict() for finding in findings],
        "need_mending": sum(finding.state in NEEDS_MENDING for finding in findings),
    }


def _loaded(point: EntryPoint, places: Places) -> list[Finding]:
    """Load another package's check and run it: what it needs may not be installed."""
    check: Check = point.load()
    return check(places)


def run_check(part: str, check: Check, places: Places) -> list[Finding]:
    """Run one check; an error becomes a finding, so that one broken file hides no other."""
    try:
        return check(places)
    except NoTrustFolder:
        return []  # said once, with the way out: threat.doctor.access.check_trust
    except ThreatError as error:
        # A way out is in words, and often without the folders examined here: it is said, and is no command to type.
        says = " ".join([error.problem, error.where]).strip()
        return [Finding(part, "broken", f"{says} ({error.way_out})" if error.way_out else says)]
    except ModuleNotFoundError as error:
        extras = extras_with(error.name or "")
        if not extras:
            return [Finding(part, "broken", f"cannot be examined: {error}", "make setup")]
        says = f"not examined: {error.name} is not installed"
        return [Finding(part, "note", says, install_command(extras[0]))]
    except Exception as error:  # files of any kind may be broken in any way; a doctor that dies helps nobody
        says = f"cannot be read: {type(error).__name__}: {error}; restore it from a copy"
        return [Finding(part, "broken", says)]


def lines(document: dict[str, Any]) -> str:
    """Return the examination as people read it: places, then a line for each finding, then what to do."""
    out = [f"  {name:<8} {path}" for name, path in document["places"].items()]
    out.append("")
    for finding in document["findings"]:
        out.append(f"  {finding['state']:<8} {finding['part']}: {finding['says']}")
        if finding["mend"]:
            out.append(f"{'':<11}{finding['mend']}")
    counts = Counter(finding["state"] for finding in document["findings"])
    bad = document["need_mending"]
    summary = ", ".join(f"{counts[state]} {state}" for state in ("ok", "note", "stale", "missing", "broken"))
    out += ["", f"{summary}. " + ("Nothing needs mending." if not bad else f"{bad} to mend, as said above.")]
    return "\n".join(out)
