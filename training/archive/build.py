"""Writing an archive: for governance all that is needed to compute a release again, for the public what may be said."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from fairness.published.page import public_page
from fairness.runs import groups_of, snapshot_of
from model_cards.atrs import record
from model_cards.card import build as build_card
from model_cards.page import page
from model_cards.publishable import publishable
from threat.errors import BadInput, UsageError
from threat.files import sha256_of, whole_folder
from threat.release import checkpoint, promotions
from threat.release.documents.attestations import CardStatement
from threat.release.documents.card import Card
from threat.release.documents.fairness import Fairness
from threat.release.documents.gate import Gate
from threat.release.evidence import RunDocuments
from threat.release.policies import FILE as POLICIES
from threat.release.runs import Run
from threat.trust import chain
from threat.trust.chain import canonical
from threat.trust.folder import Trust
from threat.trust.key_list import KEY_LIST, PIN
from threat.trust.signing import Signer, sign
from threat.trust.witness import FILE as WITNESS
from training.archive import groups

Kind = Literal["governance", "public"]

FORMAT: Final = "threat-archive/1"
PAYLOAD_TYPE: Final = "application/vnd.threat.archive+json"
VERB: Final = "promotion"
INDEX, SIGNATURE = "archive.json", "archive.signature.json"
RUN, TRUST = "run/", "trust/"

CARD_PAGE, AUDIT_PAGE, RECORD = f"{RUN}card.html", f"{RUN}fairness_public.html", "atrs.json"
PROMOTIONS, CHECKPOINT, BUNDLE = "promotions/promotions.jsonl", "promotions/promotions.checkpoint.json", "bundle/"


@dataclass(frozen=True, slots=True)
class Places:
    """What a governance archive is made from besides the RUN. ``store``: the history, which the groups of the audit are
    looked up in. ``promotions``: the records of what was promoted."""

    store: Path | None
    promotions: Path


def write_archive(run: Run, out: Path, kind: Kind, trust: Trust, signer: Signer, places: Places) -> Path:
    """Write the archive of a RUN that was before the gate, as the new folder ``out``, and return the folder.

    Raises UsageError where the RUN has no verdict or card yet, where ``out`` exists, for a governance archive without a
    history or an audit, and for a public one without a public audit or of a card that was not made of the RUN's
    documents; BadInput for a public archive of so few outcomes that its totals would give every group's away.
    """
    if out.exists():
        raise UsageError("There is something here already.", where=str(out), way_out="name a new folder: --out")
    if missing := [name for name in (Gate.FILE, Card.FILE, "card.html") if not run.has(name)]:
        raise UsageError(
            "The RUN was not before the gate yet.", value=f"no {', '.join(missing)}", way_out="threat release RUN"
        )
    files = _governance(run, trust, places) if kind == "governance" else _public(run)
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


def _governance(run: Run, trust: Trust, places: Places) -> dict[str, bytes]:
    """Return every file of the RUN, the groups of its audit, and how it was promoted."""
    report = run.find(Fairness)
    if places.store is None or report is None:
        lacking = "the audit" if report is None else "the history"
        raise UsageError(
            f"The groups of the audit are missing: a governance archive needs {lacking}.",
            way_out="threat audit RUN" if report is None else "--store: the history that the RUN was trained on",
        )
    files = {f"{RUN}{name}": data for name, data in run.verified_whole().items()}
    files |= {groups.FILE: groups.encode(groups_of(run, snapshot_of(run, places.store), report.policy))}
    return files | _promotion(run, trust, places.promotions)


def _promotion(run: Run, trust: Trust, path: Path) -> dict[str, bytes]:
    """Return the records of promotions, whichever RUNs they name, and the bundle that they last name for this one."""
    ledger = promotions.read(path, trust)
    if not chain.head(path).count:
        return {}
    files = {PROMOTIONS: path.read_bytes(), CHECKPOINT: checkpoint.path_of(path).read_bytes()}
    if run.id not in ledger.bundles:
        return files
    sha256 = ledger.bundles[run.id]
    named = next(r["bundle"] for r in reversed(ledger.records) if r["bundle_sha256"] == sha256 and "bundle" in r)
    bundle = path.parent / named
    return files | {
        f"{BUNDLE}{file.relative_to(bundle).as_posix()}": file.read_bytes()
        for file in sorted(bundle.rglob("*"))
        if file.is_file()
    }


def _public(run: Run) -> dict[str, bytes]:
    """Return the card and what it is made of as it may be published, the public audit, and the draft record."""
    documents = publishable(RunDocuments.of(run))
    report = documents.fairness_public
    if report is None:
        raise UsageError("The public audit is missing, which a public archive needs.", way_out="threat audit RUN")
    if report.overall.events is None or report.overall.recall is None:
        raise BadInput(
            f"No public archive may be made of this RUN, because it would give small counts away: fewer than "
            f"{report.least} outcomes were on the list, off it, or in all, and the card says how many.",
            where=run.id,
            way_out="hand on the governance archive, to whoever may see counts of groups",
        )
    card = build_card(documents, run_id=run.id, manifest_sha256=run.manifest_sha256)
    if card.encode() != run.path(Card.FILE).read_bytes():
        raise UsageError(
            "The card of the RUN was made of other documents than it holds now.",
            where=run.id,
            way_out="threat card RUN",
        )
    files = {f"{RUN}{document.FILE}": document.encode() for document in documents.present()}
    files |= {f"{RUN}{Card.FILE}": card.encode(), CARD_PAGE: page(card).encode()}
    if run.has(CardStatement.FILE):
        files[f"{RUN}{CardStatement.FILE}"] = run.path(CardStatement.FILE).read_bytes()
    return files | {AUDIT_PAGE: public_page(report).encode(), RECORD: canonical(record(card))}


def _public_keys(trust: Trust) -> dict[str, bytes]:
    """Return the files of the trust folder that a verifier reads: public keys and policies, never a private key."""
    if trust.folder is None:
        return {}
    names = (PIN, KEY_LIST, POLICIES, WITNESS)
    return {name: (trust.folder / name).read_bytes() for name in names if (trust.folder / name).is_file()}
