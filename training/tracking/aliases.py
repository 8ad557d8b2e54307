"""Aliases of the registered model follow the promotions: shadow, pilot, live and suspended name a version each.

The chain of promotions decides what is served and is never read from MLflow; the aliases show to those who look there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threat.release import promotions
from threat.release.documents.manifest import BundleManifest
from threat.release.ledger import Ledger
from training.tracking.mirror import version_of
from training.tracking.store import MODEL, connected, exists

ALIASES = ("shadow", "pilot", "live", "suspended")
"""States that have an alias: one model is in each at most. Draft, validated and retired are tags of a version alone."""


@dataclass(frozen=True, slots=True)
class Followed:
    """What the aliases came to: version by alias, and the RUNs that were promoted but are not in MLflow."""

    aliases: dict[str, str]
    absent: tuple[str, ...]

    def __str__(self) -> str:
        """Return one sentence for the terminal."""
        named = ", ".join(f"{alias} is version {version}" for alias, version in self.aliases.items()) or "no alias"
        if not self.absent:
            return f"MLflow: {named}."
        return f"MLflow: {named}; not in MLflow: {', '.join(self.absent)} (threat mirror)."


def follow(var: Path) -> str | None:
    """Bring the aliases in step with the promotions in ``var``; None where nothing was ever mirrored to MLflow."""
    return str(follow_promotions(var)) if exists(var) else None


def follow_promotions(var: Path) -> Followed:
    """Set every alias to what the verified promotions say, remove the others, and tag each version with its state.

    Raises IntegrityFailure when the promotions do not verify: then no alias changes.
    """
    ledger = promotions.read(var / "promotions.jsonl")
    seals = _seals(ledger, var)
    with connected(var) as tracking:
        client = tracking.client
        versions = {run_id: version_of(client, seal) for run_id, seal in seals.items()}
        wanted: dict[str, str] = {}
        # In the order of their latest promotion: of two models in one state, the later has the alias.
        for run_id in seals:
            version, state = versions[run_id], ledger.states[run_id]
            if version is None:
                continue
            client.set_model_version_tag(MODEL, version.version, "state", state)
            if state in ALIASES:
                wanted[state] = str(version.version)
        _set_aliases(client, wanted)
    absent = tuple(run_id for run_id, version in versions.items() if version is None)
    return Followed({alias: wanted[alias] for alias in ALIASES if alias in wanted}, absent)


def _seals(ledger: Ledger, var: Path) -> dict[str, str]:
    """Return the hash of each promoted RUN's manifest, by id, in the order of their latest promotion."""
    seals: dict[str, str] = {}
    for record in ledger.records:
        if record["action"] != "promote":
            continue
        manifest = var / record["bundle"] / BundleManifest.FILE
        # A bundle may have been taken away since: its state is past, and no alias can need it.
        if manifest.is_file():
            seals.pop(record["run_id"], None)
            parsed = BundleManifest.parse(manifest.read_bytes(), str(manifest))
            seals[record["run_id"]] = parsed.run_manifest_sha256
    return seals


def _set_aliases(client: Any, wanted: Mapping[str, str]) -> None:
    registered = client.search_registered_models(f"name = '{MODEL}'")
    if not registered:
        return
    present = {alias: str(version) for alias, version in registered[0].aliases.items()}
    for alias in ALIASES:
        if alias in wanted and present.get(alias) != wanted[alias]:
            client.set_registered_model_alias(MODEL, alias, wanted[alias])
        elif alias in present and alias not in wanted:
            client.delete_registered_model_alias(MODEL, alias)
