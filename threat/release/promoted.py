"""Opening a bundle that is promoted: the first record that names its hash says how the keys in it are judged."""

from __future__ import annotations

from pathlib import Path

from threat.errors import IntegrityFailure
from threat.release import bundle as bundles
from threat.release.documents.document import json_object
from threat.release.ledger import Ledger, Standing
from threat.trust.belief import PROMOTIONS
from threat.trust.folder import Trust
from threat.trust.signing import verify


def judged_by(standing: Standing, trust: Trust) -> Trust:
    """Return the trust by which the bundle of a standing is judged: by the first record that names its hash.

    The keys of the bundle and of its approvals count although they were revoked since, as far as they are believed up
    to that record.
    """
    return trust.for_record(PROMOTIONS, *standing.named_in)


def open_promoted(standing: Standing, trust: Trust, *, to_serve: bool = True) -> bundles.Bundle:
    """Open the bundle of a standing. Raises as ``bundle.open`` does, and IntegrityFailure where none is named.

    ``to_serve``: False to read what was released, where people no longer approve it.
    """
    if standing.bundle is None:
        raise IntegrityFailure("The promotions serve a RUN without naming a bundle.", value=standing.run_id)
    judged = judged_by(standing, trust) if to_serve else trust.with_revoked_keys()
    return bundles.open(standing.bundle, judged, expected_sha256=standing.bundle_sha256, to_serve=to_serve)


def open_to_promote(built: Path, ledger: Ledger, trust: Trust) -> bundles.Bundle:
    """Open a bundle that is to be promoted. Raises IntegrityFailure for a new bundle by a key that was ended.

    A bundle that a believed record names goes on although its key was ended since: it was there before.
    """
    place = ledger.named_in.get(bundles.hash_of(built)) if (built / bundles.MANIFEST).is_file() else None
    if place is not None:
        return bundles.open(built, trust.for_record(PROMOTIONS, *place))
    opened = bundles.open(built, trust)
    in_force = {key_id: key for key_id, key in trust.keys.items() if key.in_force}
    envelope = json_object(opened.files[bundles.SIGNATURE], bundles.SIGNATURE)
    verify(envelope, bundles.PAYLOAD_TYPE, in_force, verb="promotion")
    return opened
