"""Writing an archive: the RUN with the groups of its audit and the public key list, signed as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from fairness.runs import groups_of, snapshot_of
from threat.errors import UsageError
from threat.files import sha256_of, whole_folder
from threat.release.documents.card import Card
from threat.release.documents.fairness import Fairness
from threat.release.documents.gate import Gate
from threat.release.policies import FILE as POLICIES
from threat.release.runs import Run
from threat.trust.chain import canonical
from threat.trust.folder import Trust
from threat.trust.key_list import KEY_LIST, PIN
from threat.trust.signing import Signer, sign
from training.archive import groups

Kind = Literal["governance", "public"]

FORMAT: Final = "threat-archive/1"
PAYLOAD_TYPE: Final = "application/vnd.threat.archive+json"
VERB: Final = "promotion"
INDEX, SIGNATURE = "archive.json", "archive.signature.json"
RUN, TRUST = "run/", "trust/"

PUBLIC: Final = (Card.FILE, "card.html", Gate.FILE, "fairness_public.json")
"""What a public archive takes from the RUN, where the RUN has it: the card withholds small counts itself."""


def write_archive(run: Run, out: Path, kind: Kind, trust: Trust, signer: Signer, store: Path | None) -> Path:
    """Write the archive of a RUN that was before the gate, as the new folder ``out``, and return the folder.

    ``store``: the history, which a governance archive looks the groups of the audit up in. Raises UsageError where the
    RUN has no verdict or card yet, where ``out`` exists, and for a governance archive without a history or an audit.
    """
    if out.exists():
        raise UsageError("There is something here already.", where=str(out), way_out="name a new folder: --out")
    if missing := [name for name in (Gate.FILE, Card.FILE, "card.html") if not run.has(name)]:
        raise UsageError(
            "The RUN was not before the gate yet.", value=f"no {', '.join(missing)}", way_out="threat release RUN"
        )
    files = _governance(run, store) if kind == "governance" else _public(run)
    files |= {f"{TRUST}{name}": data for name, data in _public_keys(trust).items()}
    index = {
        "format": FORMAT,
        "kind": kind,
        "run_id": run.id,
        "run_manifest_sha256": run.manifest_sha256,
        "files": {name: sha256_of(data) for name, data in sorted(files.items())},
    }
    files[INDEX] = canonical(index)
    files[SIGNATURE] = canonical(sign(index, PAYLOAD_TYPE, signer))
    whole_folder(out, files)
    return out


def _governance(run: Run, store: Path | None) -> dict[str, bytes]:
    """Return every file of the RUN, and the groups of its audit."""
    report = run.find(Fairness)
    if store is None or report is None:
        lacking = "the audit" if report is None else "the history"
        raise UsageError(
            f"The groups of the audit are missing: a governance archive needs {lacking}.",
            way_out="threat audit RUN" if report is None else "--store: the history that the RUN was trained on",
        )
    files = {f"{RUN}{name}": (run.directory / name).read_bytes() for name in run.hashes()}
    return files | {groups.FILE: groups.encode(groups_of(run, snapshot_of(run, store), report.policy))}


def _public(run: Run) -> dict[str, bytes]:
    return {f"{RUN}{name}": run.path(name).read_bytes() for name in PUBLIC if run.has(name)}


def _public_keys(trust: Trust) -> dict[str, bytes]:
    """Return the files of the trust folder that a verifier reads: public keys and policies, never a private key."""
    if trust.folder is None:
        return {}
    names = (PIN, KEY_LIST, POLICIES)
    return {name: (trust.folder / name).read_bytes() for name in names if (trust.folder / name).is_file()}
