"""The checks that ``serving`` adds to ``threat doctor``: the audit log and its witness, and the model in service."""

from __future__ import annotations

from pathlib import Path

from serving.audit.checkpoints import verify_log
from serving.lists.rankings import in_service
from serving.storage import open_read_only
from threat.doctor.findings import Finding, Places, command
from threat.release import promotions
from threat.trust.folder import Trust


def check_audit_log(places: Places) -> list[Finding]:
    """Read the whole chain of the audit log next to its witness file."""
    path = places.var / "desk.sqlite"
    if not path.is_file():
        serve = command("serve", "--store", places.store, "--var", places.var)
        return [Finding("audit log", "note", f"none yet: the first list or page makes {path}", serve)]
    witness = Path(f"{path}.witness")
    engine = open_read_only(path)
    try:
        verified = verify_log(engine, Trust.open(), witness=witness if witness.is_file() else None)
    finally:
        engine.dispose()
    findings = [Finding("audit log", "ok", f"{verified.entries:,} entries in {path}, one unbroken chain")]
    if verified.torn:
        says = "the last line of the witness is torn, and its entry is in the log: the next entry completes it"
        findings.append(Finding("audit log", "note", says))
    if not witness.is_file():
        says = f"no witness file {witness}: a log cut short would not be noticed; restore it from where it is shipped"
        findings.append(Finding("audit log", "missing", says, command("audit-log", "verify", "--var", places.var)))
    elif verified.witnessed < verified.entries:
        says = f"the witness vouches for {verified.witnessed:,} of {verified.entries:,} entries"
        mend = command("audit-log", "verify", "--var", places.var, "--witness", "COPY")
        findings.append(Finding("audit log", "stale", says, mend))
    return findings


def check_service(places: Places) -> list[Finding]:
    """Open and verify the bundle of the model in service, and see whether its release has run out."""
    promoted = promotions.current(places.promotions)
    if not promoted.served:
        return []
    standing, bundle = in_service(places.promotions, places.now)
    if bundle is None:
        says = f"{promoted.run_id} is not in service ({standing.reason}), a rule is: release it again, or train another"
        return [Finding("model", "stale", says, places.release_command(promoted.run_id, promoted.environment))]
    return [Finding("model", "ok", f"the bundle of {promoted.run_id} verifies: {bundle.sha256[:16]}")]
