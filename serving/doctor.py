"""The checks that ``serving`` adds to ``threat doctor``: the database, the audit log, the sign-in, and the model."""

from __future__ import annotations

from serving.audit.checkpoints import verify_log
from serving.audit.witness import witness_path
from serving.identity import people
from serving.identity.settings import VARIABLE, sign_in_settings
from serving.lists.rankings import in_service
from serving.storage import address_of, open_read_only, reading
from serving.storage.address import Address
from serving.storage.description import Description, describe
from threat.doctor.findings import Finding, Places, command
from threat.release import promotions
from threat.trust.folder import Trust

_FIRST_WITH_PEOPLE = "0003"
"""The revision of the database that people came with."""


def check_audit_log(places: Places) -> list[Finding]:
    """Say what the desk's database is, and read the whole chain of its audit log next to the witness file."""
    address = address_of(places.var, places.database)
    none = f"none yet: the first list or page makes {address}"
    serve = command("serve", "--store", places.store, "--var", places.var)
    if not address.may_exist:
        return [Finding("audit log", "note", none, serve)]
    engine = open_read_only(address)
    try:
        with reading(engine) as connection:
            described = describe(connection)
        if not described.revision and not address.is_file:
            return [Finding("audit log", "note", none, serve)]
        witness = witness_path(engine)
        verified = verify_log(engine, Trust.open(), witness=witness if witness.is_file() else None)
    finally:
        engine.dispose()
    findings = _of_database(str(address), described)
    findings.append(Finding("audit log", "ok", f"{verified.entries:,} entries in {address}, one unbroken chain"))
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


def _of_database(where: str, described: Description) -> list[Finding]:
    """Which database it is, what it lacks until something opens it to write, and whether it may lose a commit."""
    log = f", journal {described.journal}" if described.journal else ""
    revision = f"revision {described.revision}" if described.revision else "of before revisions"
    findings = [Finding("database", "ok", f"{where}: {described.software}, {revision}{log}")]
    lacks = [f"revision {described.newest}"] if described.revision < described.newest else []
    lacks += ["the write-ahead log"] if described.journal not in {"", "wal"} else []
    lacks += [f"the triggers of {table}" for table in described.without_triggers]
    if lacks:
        says = f"whatever opens it to write next brings it to {', '.join(lacks)}"
        findings.append(Finding("database", "note", says))
    if described.may_lose:
        settings = ", ".join(described.may_lose)
        says = f"the server may lose what was committed when its power fails: switch on {settings}"
        findings.append(Finding("database", "broken", says))
    return findings


def check_sign_in(places: Places) -> list[Finding]:
    """Say how people sign in to the desk, and whether somebody among them may say who does. Asks no provider."""
    sign_in = sign_in_settings()
    if sign_in.provider is None:
        says = f"the development sign-in, on this machine alone; {VARIABLE} names the settings of a force's provider"
        return [Finding("sign-in", "note", says)]
    findings = [Finding("sign-in", "ok", f"people of {sign_in.issuer} sign in to {sign_in.provider.desk}")]
    if not _has_administrator(address_of(places.var, places.database), sign_in.issuer):
        says = f"nobody of {sign_in.issuer} may say who signs in: add the first administrator"
        mend = command("people", "add", "SUBJECT", "--name", "NAME", "--role", "admin", "--var", places.var)
        findings.append(Finding("sign-in", "missing", says, mend))
    return findings


def _has_administrator(address: Address, issuer: str) -> bool:
    if not address.may_exist:
        return False
    engine = open_read_only(address)
    try:
        with reading(engine) as connection:
            if describe(connection).revision < _FIRST_WITH_PEOPLE:
                return False
            return any(person.active and person.may("change_people") for person in people.everybody(connection, issuer))
    finally:
        engine.dispose()


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
