"""The check of what a governance archive says of the promotion: its records, its bundle, and what they are of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from threat.asof import show
from threat.errors import IntegrityFailure
from threat.measuring.counts import plural
from threat.release import bundle, promotions
from threat.release.documents.choices import Choices
from threat.release.documents.gate import Gate
from threat.release.ledger import Ledger
from threat.release.runs import Run
from threat.trust import chain, witness
from threat.trust.belief import PROMOTIONS as CHAIN
from threat.trust.folder import Trust
from training.archive.build import BUNDLE, PROMOTIONS
from training.archive.opened import Archive, NotChecked


def check(archive: Archive) -> str:
    """Check the records of promotions, and that the bundle they name is of this RUN, its model and its verdict."""
    run, path = archive.run, archive.folder / PROMOTIONS
    has_bundle = (archive.folder / BUNDLE).exists()
    if not path.is_file() and not has_bundle:
        return _without_records(archive.trust)
    trust = _of_that_day(archive.trust, chain.head(path))
    ledger = promotions.read(path, trust)
    records = f"{plural(len(ledger.records), 'record')}, {_witnessed(trust)} of them witnessed"
    since = len(archive.trust.witnessed) - len(trust.witnessed)
    later = "; governance has witnessed more since, which is not in here" if since else ""
    if run.id not in ledger.states and not has_bundle:
        return NotChecked(f"the records of promotions in the archive do not name {run.id}: {records}{later}")
    model = ledger.models.get(run.id)
    if model is None or model.run_manifest_sha256 != run.manifest_sha256:
        raise IntegrityFailure("The promotions are of another RUN than the archive's.", value=run.id)
    if model.model_sha256 != run.read(Choices).model_sha256:
        raise IntegrityFailure("The promotion names another model than the RUN's.", value=model.model_sha256)
    record = _last(ledger, run.id)
    _require_bundle(archive, run, trust, record)
    said = f"{record['action'].replace('_', ' ')} on {show(record['at'])[:10]} by {record['by']}: {record['reason']}"
    return f"{run.id} is {ledger.state_of(run.id)} by {records}; {said}{later}"


def _without_records(trust: Trust) -> NotChecked:
    """Say that an archive holds no records. An archive is made with those that there are, whichever RUNs they name.

    Raises IntegrityFailure where governance witnessed some.
    """
    if witnessed := _witnessed(trust):
        raise IntegrityFailure(
            f"The archive holds no records of promotions, and governance witnessed {witnessed}. One that was made "
            "before the first of them must be made again."
        )
    return NotChecked("the archive holds no records of promotions, and governance witnessed none")


def _witnessed(trust: Trust) -> int:
    seen = witness.latest(trust.witnessed, CHAIN)
    return 0 if seen is None else seen.count


def _of_that_day(trust: Trust, head: chain.Head) -> Trust:
    """Return the trust without what governance witnessed after the archive was made: records that are not in it.

    ``head``: of the records in the archive.
    """
    seen = tuple(
        record for record in trust.witnessed if CHAIN not in record.heads or record.heads[CHAIN].count <= head.count
    )
    # A key that was ended since is believed up to records of later: here, up to the last.
    keys = {
        key.key_id: replace(key, until={**key.until, CHAIN: head})
        if key.until and CHAIN in key.until and key.until[CHAIN].count > head.count
        else key
        for key in trust.keys.values()
    }
    return replace(trust, keys=keys, witnessed=seen)


def _last(ledger: Ledger, run_id: str) -> dict[str, Any]:
    return next(record for record in reversed(ledger.records) if record["run_id"] == run_id)


def _require_bundle(archive: Archive, run: Run, trust: Trust, record: dict[str, Any]) -> None:
    """Raise IntegrityFailure unless the bundle opens, and holds the RUN's model and the verdict it was promoted by."""
    opened = bundle.open(
        archive.folder / BUNDLE, trust.with_revoked_keys(), expected_sha256=str(record["bundle_sha256"])
    )
    of_bundle = opened.manifest.run_manifest_sha256, opened.manifest.model_sha256
    if of_bundle != (run.manifest_sha256, run.read(Choices).model_sha256):
        raise IntegrityFailure("The bundle holds another model than the RUN's.", value=opened.manifest.model_sha256)
    verdict = Gate.parse(opened.files[Gate.FILE], Gate.FILE)
    same_release = verdict.release_digest == run.read(Gate).release_digest
    if same_release and opened.files[Gate.FILE] != run.path(Gate.FILE).read_bytes():
        raise IntegrityFailure("The bundle holds another verdict on the same release than the RUN.")
